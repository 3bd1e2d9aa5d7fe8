# SPDX-License-Identifier: MIT
"""Downlinks on their way: which window takes them, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable

from lorawan_server import downlink, frames
from lorawan_server.device import Device, Downlink, MulticastGroup, Session
from lorawan_server.events import Record
from lorawan_server.link import Link, Reception
from lorawan_server.regions import Region

Mangle = Callable[[downlink.Transmission], list[downlink.Transmission]]


def next_for(device: Device, class_c: bool) -> Downlink | None:
    """The first in the queue that this opportunity may carry."""
    unwanted = ("rx1", "rx2") if class_c else ("c",)
    return next((down for down in device.queue if down.window not in unwanted), None)


class Sender:
    """Gives gateways the frames for a device, in the windows it has."""

    def __init__(self, region: Region, link: Link, record: Record) -> None:
        self._region = region
        self._link = link
        self._record = record
        # For tests: turn a transmission into none, another or several.
        self.mangle: Mangle = lambda transmission: [transmission]

    async def answer(
        self, device: Device, session: Session, heard: Reception, wish: downlink.Wish
    ) -> None:
        """What there is to say after an uplink, in RX1 or RX2."""
        wish.application = next_for(device, class_c=False)
        wanted = wish.application.window if wish.application else "auto"
        windows = downlink.data_windows(self._region, session, heard, wanted)
        await self._send(device, session, heard.gateway, windows, wish)

    async def class_c(self, device: Device) -> None:
        """What there is to say, at once, through the gateway that heard the device last."""
        session, gateway = device.session, device.gateway
        if session is None or gateway is None:
            self._record.add("error", device.name, text="Class C, but nothing was heard of it yet")
            return
        window = downlink.Window("c", None, session.rx2_freq, session.rx2_dr)
        wish = downlink.Wish(
            application=next_for(device, class_c=True),
            with_commands=device.commands_in_class_c,
        )
        await self._send(device, session, gateway, [window], wish)

    async def multicast(
        self, group: MulticastGroup, port: int, payload: bytes, gateways: list[bytes]
    ) -> list[str]:
        """Send to a group now; what each gateway answered."""
        data = frames.Data(group.dev_addr, group.fcnt, port, payload, mtype=frames.DATA_DOWN)
        group.fcnt += 1
        phy = frames.write_data(data, group.nwk_s_key, group.app_s_key)
        dr = self._region.rx2_dr if group.dr is None else group.dr
        freq = group.freq or self._region.plan().rx2_freq
        window = downlink.Window("multicast", None, freq, dr)
        self._record.add(
            "multicast", group.name, fcnt=data.fcnt, port=port, payload=payload, phy=phy
        )
        return [await self._transmit(group.name, one, window, phy) for one in gateways]

    async def first_that_goes(
        self, name: str, gateway: bytes, windows: list[downlink.Window], phy: bytes
    ) -> bool:
        """Try the windows in order; whether the gateway took the frame for one."""
        for window in windows:
            if await self._transmit(name, gateway, window, phy) == "NONE":
                return True
        return False

    async def _send(
        self,
        device: Device,
        session: Session,
        gateway: bytes,
        windows: list[downlink.Window],
        wish: downlink.Wish,
    ) -> None:
        rooms = [self._region.longest(one.dr, session.dwell_down) for one in windows]
        application = wish.application
        if application is not None and len(application.payload) > max(rooms):
            device.queue.remove(application)
            wish.application = None
            text = f"{len(application.payload)} bytes, there is room for {max(rooms)}"
            self._record.add("too_long", device.name, port=application.port, text=text)
        content = downlink.compose(device, session, wish, self._room(wish, rooms))
        if content is None:
            return
        fitting = [one for one, room in zip(windows, rooms, strict=True) if content.length <= room]
        self._taken(device, content)
        data = content.data
        if data.fcnt == session.fcnt_down:
            session.fcnt_down += 1
        phy = frames.write_data(data, session.nwk_s_key, session.app_s_key)
        self._record.add(
            "downlink",
            device.name,
            fcnt=data.fcnt,
            port=data.port,
            payload=data.payload,
            fopts=data.fopts,
            fctrl=data.fctrl,
            confirmed=data.confirmed,
            phy=phy,
        )
        if not await self.first_that_goes(device.name, gateway, fitting, phy):
            self._give_back(device, content)

    def _room(self, wish: downlink.Wish, rooms: list[int]) -> int:
        """Of the first window that has room for the data."""
        length = len(wish.application.payload) if wish.application else 0
        return next(room for room in rooms if room >= length)

    def _taken(self, device: Device, content: downlink.Content) -> None:
        """Before the first wait: nothing of the content may go twice."""
        for command in content.sent:
            command.sent += 1
            if command in device.commands:
                device.commands.remove(command)
            if command.wants_answer:
                device.asked.append(command)
        if content.application is not None:
            device.queue.remove(content.application)
            if content.application.confirmed:
                device.unacknowledged = content.application

    def _give_back(self, device: Device, content: downlink.Content) -> None:
        """No gateway took it: what it carried waits for the next chance."""
        for command in reversed(content.sent):
            if command in device.asked:
                device.asked.remove(command)
                device.commands.appendleft(command)
        if content.application is not None:
            if device.unacknowledged is content.application:
                device.unacknowledged = None
            device.queue.appendleft(content.application)

    async def _transmit(
        self, name: str, gateway: bytes, window: downlink.Window, phy: bytes
    ) -> str:
        rate = self._region.downlink(window.dr)
        plain = downlink.Transmission(gateway, window, rate, phy, self._region.power_dbm)
        answer = "NONE"
        for one in self.mangle(plain):
            answer = await self._link.transmit(one.gateway, one.txpk())
            self._record.add(
                "sent" if answer == "NONE" else "not_sent",
                name,
                window=one.window.name,
                tmst=one.window.tmst,
                freq=one.window.freq,
                datr=one.rate.datr,
                answer=answer,
                phy=one.phy,
            )
        return answer
