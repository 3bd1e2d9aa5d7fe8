# SPDX-License-Identifier: MIT
"""A record of everything that happened, to be read, waited for and printed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Event:
    """Something that happened; data holds no keys."""

    number: int
    time: float
    kind: str
    device: str = ""
    data: dict[str, object] = field(default_factory=dict)

    def text(self) -> str:
        """One line for a person."""
        parts = [f"{name}={shown(value)}" for name, value in self.data.items()]
        return " ".join([f"{self.kind:15}", *([self.device] if self.device else []), *parts])


def shown(value: object) -> str:
    """Bytes as hex, the rest as it is."""
    return value.hex() if isinstance(value, bytes) else str(value)


Listener = Callable[[Event], None]
Test = Callable[[Event], bool]


class Record:
    """The events in order; the newest keep of them."""

    def __init__(self, clock: Callable[[], float], keep: int = 100_000) -> None:
        self._clock = clock
        self._keep = keep
        self._count = 0
        self._waiting: list[tuple[Test, asyncio.Future[Event]]] = []
        self.events: list[Event] = []
        self.listeners: list[Listener] = []

    def add(self, kind: str, device: str = "", **data: object) -> Event:
        """Note an event and tell the listeners."""
        event = Event(self._count, self._clock(), kind, device, data)
        self._count += 1
        self.events.append(event)
        del self.events[: -self._keep]
        for listener in list(self.listeners):
            listener(event)
        for test, future in list(self._waiting):
            if not future.done() and test(event):
                future.set_result(event)
        return event

    def of(self, *kinds: str) -> list[Event]:
        """The events of some kinds."""
        return [event for event in self.events if event.kind in kinds]

    async def wait(self, kind: str, timeout: float, *, after: int = -1, device: str = "") -> Event:
        """The first event of a kind after a number, past or to come; TimeoutError."""

        def fits(event: Event) -> bool:
            same = event.kind == kind and event.number > after
            return same and (not device or event.device == device)

        for event in self.events:
            if fits(event):
                return event
        entry = (fits, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        try:
            return await asyncio.wait_for(entry[1], timeout)
        except TimeoutError:
            raise TimeoutError(f"no event '{kind}' within {timeout} s") from None
        finally:
            self._waiting.remove(entry)
