# SPDX-License-Identifier: MIT
"""The network server: hears uplinks, knows the devices, answers in their windows."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from lorawan_server import adr, commands, downlink, frames, join, uplink
from lorawan_server.dedup import Collector, Pending
from lorawan_server.device import Command, Device, Downlink, MulticastGroup, Session
from lorawan_server.events import Event, Record
from lorawan_server.link import BadReception, Link, Reception, reception
from lorawan_server.regions import Region
from lorawan_server.sending import Mangle, Sender

# GPS time began then, and is ahead of UTC by the leap seconds since.
GPS_EPOCH = 315_964_800
LEAP_SECONDS = 18
# JoinNonce must grow over restarts of a server that keeps nothing: minutes since 2024.
JOIN_NONCE_EPOCH = 1_704_067_200


@dataclass
class Settings:
    """How the server behaves."""

    net_id: int = 0x000000
    # Seconds to wait for copies from other gateways; 0: take the first at once.
    dedup_s: float = 0.1
    # Seconds in which a copy from another gateway belongs to the same uplink.
    copies_s: float = 1.0
    ack_timeout_s: float = 2.0
    adr: bool = True
    adr_history: int = 20
    commands_on_port_0: bool = False
    # How often a MAC command that got no answer is sent again.
    command_repeats: int = 2
    seed: int | None = None


class NetworkServer:
    """Devices, gateways and the traffic between them; lives in one asyncio loop."""

    def __init__(
        self,
        region: Region,
        settings: Settings | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.region = region
        self.settings = settings or Settings()
        self.clock = clock
        self.record = Record(clock)
        self.link = Link(self._heard, self.record.add, self.settings.ack_timeout_s)
        self.sender = Sender(region, self.link, self.record)
        self.devices: dict[str, Device] = {}
        self.groups: dict[str, MulticastGroup] = {}
        # Every session there was: (DevAddr, NwkSKey, AppSKey), for judges.
        self.sessions: list[Session] = []
        # Told True when an uplink comes in, False when its answer is with the gateway:
        # a simulated clock can be held in between.
        self.thinking: Callable[[bool], None] = lambda busy: None
        self._chance = random.Random(self.settings.seed)
        self._collector = Collector(self.settings.dedup_s, self.settings.copies_s, self._process)
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; the port, also if it was to be any."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: self.link, local_addr=(host, port)
        )
        self.port = int(transport.get_extra_info("sockname")[1])
        return self.port

    async def close(self) -> None:
        """Stop listening; what goes on is dropped."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.link.close()

    @property
    def mangle(self) -> Mangle:
        """For tests: turns a transmission into none, another or several; see faults.py."""
        return self.sender.mangle

    @mangle.setter
    def mangle(self, mangle: Mangle) -> None:
        self.sender.mangle = mangle

    # What an application does.

    def add(self, device: Device) -> Device:
        """Let the server know a device."""
        if device.name in self.devices:
            raise ValueError(f"there are two devices '{device.name}'")
        if device.app_key is None and device.session is None:
            raise ValueError(f"device '{device.name}' has neither app_key nor a session")
        if not device.join_nonce:
            minutes = int(self.clock() - JOIN_NONCE_EPOCH) // 60
            device.join_nonce = max(0, minutes) % join.NONCE_MAX
        self.devices[device.name] = device
        if device.session is not None:
            self.sessions.append(device.session)
        return device

    def add_group(self, group: MulticastGroup) -> MulticastGroup:
        """Let the server know a multicast group."""
        self.groups[group.name] = group
        return group

    def send(
        self, device: Device, port: int | None, payload: bytes = b"", **more: object
    ) -> Downlink:
        """Queue data for a device; see Downlink for more. For window "c", and for a
        Class C device with "auto", it goes at once."""
        down = Downlink(port, payload, **more)  # type: ignore[arg-type]
        if port == 0 or (port is None and payload):
            raise ValueError("application data needs a port of 1 to 255")
        if down.window not in ("auto", "rx1", "rx2", "c"):
            raise ValueError(f"window '{down.window}'; choose auto, rx1, rx2 or c")
        device.queue.append(down)
        if down.window == "c" or (down.window == "auto" and device.device_class == "C"):
            self._spawn(self.sender.class_c(device))
        return down

    def command(self, device: Device, name: str, **values: int) -> Command:
        """Queue a MAC command by liblora's names: command(d, "RXTimingSetupReq", Delay=2)."""
        command = commands.build(name, **values)
        device.commands.append(command)
        return command

    def raw_commands(self, device: Device, raw: bytes) -> None:
        """Queue bytes as they are, sound or not, where MAC commands go."""
        device.commands.append(Command(raw[0], raw, wants_answer=False))

    def link_adr(self, device: Device, channels: set[int] | None = None, **more: int) -> None:
        """Queue one block of LinkADRReq; see commands.link_adr()."""
        session = device.session
        wanted = channels or (session.enabled if session else set())
        plan = session.plan if session else ""
        device.commands.extend(commands.link_adr(self.region, wanted, plan=plan, **more))

    async def multicast(
        self, group: MulticastGroup, port: int, payload: bytes, gateways: list[bytes] | None = None
    ) -> list[str]:
        """Send to a group now, through all gateways or some; what each answered."""
        return await self.sender.multicast(
            group, port, payload, gateways or list(self.link.gateways)
        )

    # What gateways hear.

    def _heard(self, gateway: bytes, rxpk: object) -> None:
        try:
            copy = reception(gateway, rxpk)
        except BadReception as error:
            self.record.add("bad_rxpk", gateway=gateway, text=str(error))
            return
        pending = self._collector.take(copy)
        if pending is None:
            self.record.add("duplicate", gateway=gateway, phy=copy.phy)
            return
        self.thinking(True)
        self._spawn(self._think(pending))

    async def _think(self, pending: Pending) -> None:
        try:
            await self._collector.finish(pending)
        finally:
            self.thinking(False)

    async def _process(self, copies: list[Reception]) -> None:
        heard = copies[0]
        try:
            mtype = frames.mtype_of(heard.phy)
            self.region.uplink_dr(heard.rate)
        except frames.FrameError as error:
            self.record.add("bad_frame", phy=heard.phy, text=str(error))
            return
        except KeyError:
            text = f"{self.region.name} has no uplinks of {heard.rate.datr}"
            self.record.add("bad_frame", phy=heard.phy, text=text)
            return
        if mtype == frames.JOIN_REQUEST and heard.phy[0] == 0:
            await self._join(heard)
        elif mtype in (frames.DATA_UP, frames.CONFIRMED_UP):
            await self._data(heard, copies)
        else:
            self.record.add("bad_frame", phy=heard.phy, text=f"no uplink: MHDR {heard.phy[0]:#x}")

    async def _join(self, heard: Reception) -> None:
        request = frames.read_join_request(heard.phy)
        eui = f"{request.dev_eui:016x}"
        for device in self.devices.values():
            same = (device.dev_eui, device.join_eui) == (request.dev_eui, request.join_eui)
            if same and device.app_key is not None:
                break
        else:
            self.record.add("unknown_device", dev_eui=eui, phy=heard.phy)
            return
        try:
            frames.check_join_request(heard.phy, device.app_key)
            join.check_nonce(device, request.dev_nonce)
        except frames.MicError:
            self.record.add("bad_mic", device.name, phy=heard.phy)
            return
        except join.JoinRefused as refusal:
            self.record.add("join_refused", device.name, text=str(refusal), phy=heard.phy)
            return
        plan = self.region.plan_of_join(heard.freq)
        windows = downlink.join_windows(self.region, heard, plan)
        phy = join.accept(
            self.region,
            device,
            request.dev_nonce,
            self.settings.net_id,
            self._address(device),
            plan,
        )
        session = device.next_session
        assert session is not None
        if windows[1].freq != session.rx2_freq and self.region.plan(plan).joins:
            session.rx2_freq = windows[1].freq
        device.gateway = heard.gateway
        self.sessions.append(session)
        self.record.add(
            "join",
            device.name,
            phy=heard.phy,
            dev_nonce=request.dev_nonce,
            dev_addr=f"{session.dev_addr:08x}",
        )
        await self.sender.first_that_goes(device.name, heard.gateway, windows, phy)

    def _address(self, device: Device) -> int:
        if device.dev_addr is not None:
            return device.dev_addr
        taken = {
            one.dev_addr for known in self.devices.values() for one in uplink.sessions_of(known)
        }
        return join.new_address(self.settings.net_id, taken, self._chance)

    async def _data(self, heard: Reception, copies: list[Reception]) -> None:
        match = uplink.find(heard.phy, self.devices.values())
        if match is None:
            address, fcnt = frames.address_of(heard.phy)
            known = any(
                session.dev_addr == address
                for device in self.devices.values()
                for session in uplink.sessions_of(device)
            )
            kind = "bad_mic" if known else "unknown_device"
            self.record.add(kind, dev_addr=f"{address:08x}", fcnt16=fcnt, phy=heard.phy)
            return
        device, session = match.device, match.session
        if match.kind in ("replay", "fcnt_gap"):
            self.record.add(match.kind, device.name, fcnt=match.fcnt, phy=heard.phy)
            return
        data = frames.read_data(heard.phy, match.fcnt, session.nwk_s_key, session.app_s_key)
        if session is device.next_session:
            device.session, device.next_session = session, None
            device.asked.clear()
        device.gateway = heard.gateway
        wish = downlink.Wish(
            ack=data.confirmed, commands_on_port_0=self.settings.commands_on_port_0
        )
        wish.must_answer = bool(data.fctrl & frames.ADR_ACK_REQ)
        if match.kind == "retransmission":
            session.copies += 1
            self.record.add("retransmission", device.name, fcnt=match.fcnt, phy=heard.phy)
        else:
            session.copies, session.last_uplink = 1, heard.phy
            if match.fcnt <= session.fcnt_up:  # an ABP device that began again
                session.fcnt_down = 0
            session.fcnt_up = match.fcnt
            wish.replies = self._new_data(device, session, data, heard, copies)
        await self.sender.answer(device, session, heard, wish)

    def _new_data(
        self,
        device: Device,
        session: Session,
        data: frames.Data,
        heard: Reception,
        copies: list[Reception],
    ) -> list[Command]:
        """Note everything that a new uplink says; what it asked for."""
        self._acknowledged(device, bool(data.fctrl & frames.ACK))
        session.dr = self.region.uplink_dr(heard.rate)
        session.snr.append(heard.snr)
        options, rest = commands.parse(data.commands, device.version)
        replies = []
        for option in options:
            if option.name.endswith("Ans"):
                outcome = commands.apply_answer(self.region, device, session, option)
                self.record.add(
                    "mac_answer",
                    device.name,
                    name=option.name,
                    outcome=outcome,
                    values=option.values,
                )
            else:
                self.record.add("mac_request", device.name, name=option.name, values=option.values)
                replies += self._reply(option, heard, copies)
        self._unanswered(device)
        if rest:
            self.record.add("mac_unknown", device.name, rest=rest)
        self.record.add(
            "uplink",
            device.name,
            fcnt=data.fcnt,
            port=data.port,
            payload=data.payload if data.port != 0 else b"",
            confirmed=data.confirmed,
            fctrl=data.fctrl,
            fopts=data.fopts,
            freq=heard.freq,
            dr=session.dr,
            gateways=[copy.gateway.hex() for copy in copies],
            phy=heard.phy,
        )
        self._adapt(device, session, bool(data.fctrl & frames.ADR))
        return replies

    def _acknowledged(self, device: Device, ack: bool) -> None:
        waiting, device.unacknowledged = device.unacknowledged, None
        if waiting is None:
            return
        if ack:
            self.record.add("ack", device.name, port=waiting.port, payload=waiting.payload)
        elif waiting.repeats > 0:
            waiting.repeats -= 1
            device.queue.appendleft(waiting)
        else:
            self.record.add("no_ack", device.name, port=waiting.port, payload=waiting.payload)

    def _reply(
        self, option: commands.Option, heard: Reception, copies: list[Reception]
    ) -> list[Command]:
        if option.name == "LinkCheckReq":
            margin = adr.margin(heard.rate, max(copy.snr for copy in copies))
            gateways = len({copy.gateway for copy in copies})
            value = min(254, max(0, math.floor(margin)))
            return [commands.build("LinkCheckAns", Margin=value, GwCnt=gateways)]
        if option.name == "DeviceTimeReq":
            seconds = (
                heard.tmms / 1000
                if heard.tmms is not None
                else self.clock() - GPS_EPOCH + LEAP_SECONDS
            )
            whole = math.floor(seconds)
            return [
                commands.build(
                    "DeviceTimeAns", epoch_secs=whole, frac=int((seconds - whole) * 256)
                )
            ]
        return []  # Class B is not spoken here: no answer says so

    def _adapt(self, device: Device, session: Session, wanted: bool) -> None:
        queued = any(command.cid == commands.LINK_ADR for command in device.commands)
        if queued or not (self.settings.adr and device.adr and wanted):
            return
        choice = adr.decide(self.region, session, self.settings.adr_history)
        if choice is None:
            return
        session.snr.clear()
        self.record.add("adr", device.name, dr=choice[0], power=choice[1])
        self.link_adr(device, dr=choice[0], power=choice[1], nb_trans=session.nb_trans)

    def _unanswered(self, device: Device) -> None:
        """Requests that this uplink should have answered: once more, or given up."""
        for command in reversed(device.asked):
            if command.sent <= self.settings.command_repeats:
                device.commands.appendleft(command)
            else:
                self.record.add("mac_unanswered", device.name, cid=command.cid)
        device.asked.clear()

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            error = task.exception()
            self.record.add("error", text=f"{type(error).__name__}: {error}")

    async def wait(self, kind: str, timeout: float, *, after: int = -1, device: str = "") -> Event:
        """See Record.wait()."""
        return await self.record.wait(kind, timeout, after=after, device=device)
