# SPDX-License-Identifier: MIT
"""An air inside a test: its time moves when the test says so, and waits for the server."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lorawan_gateway.air import AirFrame, airtime_ns

MS = 1_000_000
SECOND = 1000 * MS
# Seconds of real time that somebody may hold the air's time.
HOLD_LIMIT_S = 10.0


@dataclass
class MemoryPort:
    """One radio's place; how strong all others arrive is a setting."""

    air: MemoryAir
    rssi: float = -60.0
    snr: float = 9.0
    deaf: bool = False
    listeners: list[Callable[[AirFrame], None]] = field(default_factory=list)

    def now_ns(self) -> int:
        return self.air.now

    def listen(self, on_frame: Callable[[AirFrame], None]) -> None:
        self.listeners.append(on_frame)

    def transmit(self, frame: AirFrame) -> None:
        self.air.transmit(self, frame)

    def hold(self) -> None:
        self.air.holds += 1

    def release(self) -> None:
        self.air.holds -= 1
        assert self.air.holds >= 0, "released more often than held"

    async def close(self) -> None:
        self.listeners.clear()

    def hear(self, frame: AirFrame) -> None:
        """A frame of somebody else has ended."""
        if not self.deaf:
            for listener in self.listeners:
                listener(replace(frame, rssi=self.rssi, snr=self.snr))


class MemoryAir:
    """Frames between ports; sent keeps all that went on the air."""

    def __init__(self) -> None:
        self.now = SECOND
        self.holds = 0
        self.sent: list[AirFrame] = []
        self._ports: list[MemoryPort] = []
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._count = itertools.count()

    def port(self, **settings: float) -> MemoryPort:
        """A place on this air."""
        port = MemoryPort(self, **settings)  # type: ignore[arg-type]
        self._ports.append(port)
        return port

    def transmit(self, sender: MemoryPort, frame: AirFrame) -> AirFrame:
        """Send; the frame with its end."""
        assert frame.start_ns >= self.now, "a frame cannot start in the past"
        whole = replace(frame, end_ns=frame.start_ns + airtime_ns(frame))
        self.sent.append(whole)
        self.at(whole.end_ns, lambda: self._end(sender, whole))
        return whole

    def at(self, when_ns: int, call: Callable[[], None]) -> None:
        """Call something at a time."""
        heapq.heappush(self._events, (when_ns, next(self._count), call))

    def _end(self, sender: MemoryPort, frame: AirFrame) -> None:
        for port in self._ports:
            if port is not sender:
                port.hear(frame)

    async def run_until(self, when_ns: int) -> None:
        """Let time pass, as far and as fast as nobody holds it."""
        await self._held()
        while self._events and self._events[0][0] <= when_ns:
            at, _, call = heapq.heappop(self._events)
            self.now = max(self.now, at)
            call()
            await self._held()
        self.now = max(self.now, when_ns)

    async def run(self, seconds: float) -> None:
        await self.run_until(self.now + round(seconds * SECOND))

    async def _held(self) -> None:
        limit = time.monotonic() + HOLD_LIMIT_S
        await asyncio.sleep(0)
        while self.holds:
            if time.monotonic() > limit:
                raise TimeoutError(f"the air's time was held for {HOLD_LIMIT_S} s")
            await asyncio.sleep(0.0005)
