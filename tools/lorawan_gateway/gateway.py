# SPDX-License-Identifier: MIT
"""The gateway: hears uplinks on the air, speaks with the server, sends downlinks in time."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

import semtech_udp

from lorawan_gateway import channels
from lorawan_gateway.air import PUBLIC_SYNC, AirFrame, AirPort
from lorawan_gateway.schedule import Clock, Limits, Malformed, Refused, Schedule

EUI = bytes.fromhex("0016c001ff10abcd")
# Own frames are kept for longer than the longest frame that they can have deafened.
REMEMBER_NS = 10_000_000_000


@dataclass
class Settings:
    """How a gateway behaves; times are seconds of the PC's clock."""

    eui: bytes = EUI
    # None hears every channel.
    channels: list[channels.Channel] | None = None
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=Clock)
    keepalive_s: float = 5.0
    stat_s: float = 30.0
    # Frames with a bad CRC are told to the server, marked so.
    forward_bad_crc: bool = False
    # How long the air's time is held after an uplink for the server to think; 0: time
    # runs on. A downlink ends it sooner, or a server in the same process, by let_go().
    think_s: float = 0.0
    downlink_ends_thinking: bool = True


@dataclass
class Counts:
    """What the stat message tells, in its words, and what was refused or not heard."""

    rxnb: int = 0
    rxok: int = 0
    rxfw: int = 0
    dwnb: int = 0
    txnb: int = 0
    pushed: int = 0
    acked: int = 0
    refused: int = 0
    deaf: int = 0


Note = Callable[[str, dict[str, object]], None]


class Gateway(asyncio.DatagramProtocol):
    """One gateway of one server; lives in one asyncio loop."""

    def __init__(self, air: AirPort, settings: Settings | None = None) -> None:
        self.air = air
        self.settings = settings or Settings()
        self.schedule = Schedule(self.settings.limits)
        self.counts = Counts()
        # Told of everything that happens: a word and its details.
        self.note: Note = lambda what, details: None
        self._tokens = itertools.count(1)
        self._transport: asyncio.DatagramTransport | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._pulled = asyncio.Event()
        self._holding: list[asyncio.TimerHandle] = []

    async def start(self, host: str, port: int = semtech_udp.PORT, timeout: float = 5.0) -> None:
        """Connect; TimeoutError when no server answers."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, remote_addr=(host, port))
        self.air.listen(self._heard)
        self._tasks = [
            loop.create_task(self._every(self.settings.keepalive_s, self._pull)),
            loop.create_task(self._every(self.settings.stat_s, self._stat)),
        ]
        try:
            await asyncio.wait_for(self._pulled.wait(), timeout)
        except TimeoutError:
            raise TimeoutError(
                f"no network server answered on UDP {host}:{port} within {timeout:.0f} s"
            ) from None

    async def close(self) -> None:
        """Leave server and air."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while self._holding:
            self.let_go()
        if self._transport is not None:
            self._transport.close()
        await self.air.close()

    # The air.

    def _heard(self, frame: AirFrame) -> None:
        """A frame has ended on the air."""
        if frame.inverted or (frame.sf and frame.sync != PUBLIC_SYNC):
            return
        channel = channels.number(self.settings.channels, frame)
        if channel is None:
            return
        if self.schedule.busy(frame.start_ns, frame.end_ns):
            self.counts.deaf += 1
            self.note("deaf", {"freq": frame.freq})
            return
        self.counts.rxnb += 1
        self.counts.rxok += frame.crc_ok
        if not frame.crc_ok and not self.settings.forward_bad_crc:
            self.note("bad_crc", {"freq": frame.freq})
            return
        self.counts.rxfw += 1
        rxpk = self._rxpk(frame, channel)
        self.note("uplink", rxpk)
        self._push({"rxpk": [rxpk]})
        if self.settings.think_s:
            self.air.hold()
            loop = asyncio.get_running_loop()
            self._holding.append(loop.call_later(self.settings.think_s, self.let_go))

    def _rxpk(self, frame: AirFrame, channel: int) -> dict[str, object]:
        clock = self.settings.clock
        gps = clock.gps_ms(frame.end_ns)
        lora: dict[str, object] = {
            "modu": "LORA",
            "datr": f"SF{frame.sf}BW{frame.bandwidth // 1000}",
            "codr": f"4/{4 + frame.coding_rate}",
            "lsnr": round(frame.snr, 1),
        }
        fsk: dict[str, object] = {"modu": "FSK", "datr": frame.bit_rate}
        return {
            "tmst": clock.tmst(frame.end_ns),
            "time": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            **({} if gps is None else {"tmms": gps}),
            "chan": channel,
            "rfch": 0,
            # The channel that it came in on: a chip is off by half its step of 61 Hz.
            "freq": round(frame.freq / 1e6, 4),
            "stat": 1 if frame.crc_ok else -1,
            **(lora if frame.sf else fsk),
            "rssi": round(frame.rssi),
            "size": len(frame.payload),
            "data": base64.b64encode(frame.payload).decode(),
        }

    def let_go(self) -> None:
        """The server has thought: end the oldest hold."""
        if self._holding:
            self._holding.pop(0).cancel()
            self.air.release()

    # The server.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def error_received(self, exc: Exception) -> None:
        self.note("error", {"text": f"server: {exc}"})

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            datagram = semtech_udp.parse(data)
            content = datagram.json()
        except ValueError as error:
            self.note("error", {"text": f"datagram of the server: {error}"})
            return
        if datagram.kind == semtech_udp.PUSH_ACK:
            self.counts.acked += 1
        elif datagram.kind == semtech_udp.PULL_ACK:
            self._pulled.set()
        elif datagram.kind == semtech_udp.PULL_RESP:
            self._downlink(datagram.token, content.get("txpk"))

    def _downlink(self, token: bytes, txpk: object) -> None:
        self.counts.dwnb += 1
        error = "NONE"
        try:
            if not isinstance(txpk, dict):
                raise Malformed("PULL_RESP has no txpk")
            now = self.air.now_ns()
            self.schedule.forget(now - REMEMBER_NS)
            frame = self.schedule.plan(txpk, now, self.settings.clock)
            self.air.transmit(frame)
            self.counts.txnb += 1
            self.note("downlink", dict(txpk))
        except Refused as refusal:
            error = str(refusal)
            self.counts.refused += 1
            self.note("refused", {"error": error})
        except Malformed as reason:
            # As the reference packet forwarder: no TX_ACK for what cannot be read.
            self.note("error", {"text": f"txpk: {reason}"})
            return
        self._send(
            semtech_udp.with_json(
                semtech_udp.TX_ACK, token, self.settings.eui, {"txpk_ack": {"error": error}}
            )
        )
        if error == "NONE" and self.settings.downlink_ends_thinking:
            self.let_go()

    def _push(self, content: dict[str, object]) -> None:
        self.counts.pushed += 1
        self._send(
            semtech_udp.with_json(semtech_udp.PUSH_DATA, self._token(), self.settings.eui, content)
        )

    def _pull(self) -> None:
        self._send(semtech_udp.Datagram(semtech_udp.PULL_DATA, self._token(), self.settings.eui))

    def _stat(self) -> None:
        counts = self.counts
        acked = 100.0 * counts.acked / counts.pushed if counts.pushed else 100.0
        time = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S GMT")
        stat = {
            "time": time,
            "rxnb": counts.rxnb,
            "rxok": counts.rxok,
            "rxfw": counts.rxfw,
            "ackr": round(acked, 1),
            "dwnb": counts.dwnb,
            "txnb": counts.txnb,
        }
        # As in the reference: numbers since the last stat.
        self.counts = replace(Counts(), refused=counts.refused, deaf=counts.deaf)
        self._push({"stat": stat})

    async def _every(self, seconds: float, work: Callable[[], None]) -> None:
        while True:
            work()
            await asyncio.sleep(seconds)

    def _token(self) -> bytes:
        return (next(self._tokens) & 0xFFFF).to_bytes(2, "big")

    def _send(self, datagram: semtech_udp.Datagram) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(bytes(datagram))
