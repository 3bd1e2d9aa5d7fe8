# SPDX-License-Identifier: MIT
"""The gateway's place on the air of `fw.py air`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from fwlib.airclient import Air
from fwlib.airmessage import NEVER, Fate, Frame, Modem, Stage

from lorawan_gateway.air import AirFrame
from lorawan_gateway.receiver import Place, received, strong_enough, survives

LORAWAN_FSK_SYNC = bytes.fromhex("c194c1")
# The client wants to be called once a second at least.
LOOK_S = 0.25
# Frames are announced when they begin so soon, in simulated time.
ANNOUNCE_NS = 5_000_000_000
KEEP_NS = 10_000_000_000
# Real time after which the message of a frame's end is not waited for.
LATE_S = 0.02
MS = 1_000_000


def to_air(frame: AirFrame) -> Frame:
    """A frame as the hub's messages have it."""
    fsk = frame.sf == 0
    symbol_ns = 0 if fsk else (1 << frame.sf) * 1_000_000_000 // frame.bandwidth
    preamble = (
        (frame.preamble + 3) * 8 * 1_000_000_000 // frame.bit_rate
        if fsk
        else round((frame.preamble + 4.25) * symbol_ns)
    )
    return Frame(
        modem=Modem.FSK if fsk else Modem.LORA,
        iq_inverted=frame.inverted,
        crc=frame.crc,
        low_rate=symbol_ns > 16 * MS,
        whitening=fsk,
        sf=frame.sf,
        cr=frame.coding_rate,
        sync=LORAWAN_FSK_SYNC if fsk else bytes([frame.sync]),
        start_ns=frame.start_ns,
        preamble_ns=preamble,
        header_ns=0 if fsk else preamble + 8 * symbol_ns,
        end_ns=frame.end_ns,
        frequency=frame.freq,
        bandwidth=frame.bandwidth,
        bit_rate=frame.bit_rate,
        deviation=frame.deviation,
        power_x10=round(frame.power_dbm * 10),
        data=frame.payload,
    )


def from_air(frame: Frame) -> AirFrame:
    """A frame of the hub's messages."""
    lora = frame.modem == Modem.LORA
    return AirFrame(
        frame.start_ns,
        frame.end_ns,
        frame.frequency,
        frame.bandwidth,
        frame.sf if lora else 0,
        frame.data,
        coding_rate=frame.cr,
        bit_rate=frame.bit_rate,
        deviation=frame.deviation,
        inverted=frame.iq_inverted,
        sync=frame.sync[0] if lora and frame.sync else 0,
        crc=frame.crc,
        power_dbm=frame.power_x10 / 10,
        crc_ok=not frame.crc_bad,
    )


def for_a_gateway(frame: Frame) -> bool:
    """Whether a concentrator that is set up for LoRaWAN could make something of it."""
    if frame.modem == Modem.FSK:
        return frame.sync == LORAWAN_FSK_SYNC and frame.whitening and not frame.fixed_len
    return frame.modem == Modem.LORA and not frame.implicit and not frame.iq_inverted


class HubPort:
    """An AirPort of the hub; lives in one asyncio loop."""

    def __init__(self, port: int, name: str = "gateway", x_m: int = 0, y_m: int = 0) -> None:
        self._air = Air(port, name, x_m, y_m)
        self._here = Place(x_m, y_m)
        self._on_frame: Callable[[AirFrame], None] = lambda frame: None
        self._others: dict[tuple[int, int], AirFrame] = {}
        # Frames that may still come to their end.
        self._open: set[tuple[int, int]] = set()
        self._holds: list[int] = []
        # Let simulated time stand when an uplink ends, until it was handed on: for a
        # server on the PC's clock, on an air that is much faster.
        self.hold_ahead = False
        self._ahead: dict[tuple[int, int], int] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._looking: asyncio.TimerHandle | None = None

    @property
    def factor(self) -> float:
        """How many times as fast as the PC's clock the air's time runs."""
        return self._air.time.factor_milli / 1000

    def unix_ns(self) -> int:
        """The date at the air's time 0."""
        return self._air.time.unix_ns - self._air.time.sim_ns

    def now_ns(self) -> int:
        return self._air.now()

    def listen(self, on_frame: Callable[[AirFrame], None]) -> None:
        self._on_frame = on_frame
        asyncio.get_running_loop().add_reader(self._air.fileno(), self._drain)
        self._look()

    def transmit(self, frame: AirFrame) -> None:
        message = to_air(frame)

        def begin() -> None:
            self._air.transmit(message)
            self._at(
                frame.end_ns, lambda: self._air.transmit(replace(message, stage=Stage.COMPLETE))
            )

        if frame.start_ns - self.now_ns() <= ANNOUNCE_NS:
            begin()
        else:
            self._at(frame.start_ns - ANNOUNCE_NS, begin)

    def hold(self) -> None:
        self._holds.append(self._air.hold())

    def release(self) -> None:
        self._air.release(self._holds.pop(0))

    async def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._air.fileno())
        for timer in [*self._timers, *([self._looking] if self._looking else [])]:
            timer.cancel()
        while self._holds:
            self.release()
        for key in list(self._ahead):
            self._let_go(key)
        self._air.close()

    def _at(self, when_ns: int, call: Callable[[], object]) -> None:
        """Call something at a time of the air, or a little later."""
        loop = asyncio.get_running_loop()

        def due() -> None:
            self._timers.discard(timer)
            if self.now_ns() < when_ns:  # the air's time was held
                self._at(when_ns, call)
            else:
                call()

        wait = max(0.001, (when_ns - self.now_ns()) / 1e9 / self.factor)
        timer = loop.call_later(wait, due)
        self._timers.add(timer)

    def _look(self) -> None:
        self._drain()
        self._looking = asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def _drain(self) -> None:
        while (frame := self._air.receive(0)) is not None:
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        if frame.modem == Modem.CARRIER or frame.bandwidth == 0:
            return
        sender = Place(frame.x_m, frame.y_m)
        self._others[frame.key] = received(from_air(frame), sender, self._here)
        if frame.stage == Stage.CUT:
            self._open.discard(frame.key)
            self._let_go(frame.key)
        elif frame.stage == Stage.COMPLETE:
            self._open.add(frame.key)
            self._end(frame)
        elif frame.end_ns != NEVER and for_a_gateway(frame):
            # Who is no chip may announce a frame once, in advance.
            self._open.add(frame.key)
            if self.hold_ahead:
                self._stand_at_end(frame)
            else:
                late = round(LATE_S * self.factor * 1e9)
                self._at(frame.end_ns + late, lambda: self._end(frame))

    def _stand_at_end(self, frame: Frame) -> None:
        """Time goes no further than the frame's end until _end()."""
        if frame.key not in self._ahead:
            self._ahead[frame.key] = self._air.hold(frame.end_ns + 2 * MS)
            loop = asyncio.get_running_loop()
            self._at(frame.end_ns + MS, lambda: loop.call_later(LATE_S, lambda: self._end(frame)))

    def _let_go(self, key: tuple[int, int]) -> None:
        token = self._ahead.pop(key, None)
        if token is not None:
            self._air.release(token)

    def _end(self, frame: Frame) -> None:
        """A frame is over: what has become of it here?"""
        if frame.key not in self._open:
            return
        self._open.discard(frame.key)
        arrived = self._others[frame.key]
        if for_a_gateway(frame):
            others = [one for key, one in self._others.items() if key != frame.key]
            good = survives(arrived, others)
            self._air.tell(frame, self._fate(arrived, good), arrived.rssi, arrived.snr)
            if strong_enough(arrived):
                self._on_frame(replace(arrived, crc_ok=arrived.crc_ok and good))
        self._let_go(frame.key)  # whoever was told has a hold of its own by now
        limit = self.now_ns() - KEEP_NS
        self._others = {
            key: one
            for key, one in self._others.items()
            if one.end_ns > limit or key in self._open
        }

    def _fate(self, frame: AirFrame, good: bool) -> Fate:
        if good:
            return Fate.RECEIVED
        return Fate.COLLISION if strong_enough(frame) else Fate.WEAK
