# SPDX-License-Identifier: MIT
"""Copies of one uplink from several gateways become one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from lorawan_server.link import Reception

# After so many times the span in which copies come, an uplink is forgotten.
FORGET_AFTER = 4


@dataclass
class Pending:
    """An uplink whose copies come in."""

    first: float
    copies: list[Reception] = field(default_factory=list)
    done: bool = False


class Collector:
    """Waits wait_s for copies (0: not at all), then hands over what came, the best first.

    A copy from another gateway belongs to the same uplink for copies_s; a gateway
    that hears the same bytes at another time hears the device's next try.
    """

    def __init__(
        self,
        wait_s: float,
        copies_s: float,
        deliver: Callable[[list[Reception]], Awaitable[None]],
    ) -> None:
        self._wait = wait_s
        self._span = max(copies_s, wait_s)
        self._deliver = deliver
        self._pending: dict[bytes, Pending] = {}

    def take(self, copy: Reception) -> Pending | None:
        """Note a copy; None when it is one more of an uplink that is known."""
        now = time.monotonic()
        known = self._pending.get(copy.phy)
        if known is not None and self._same_uplink(known, copy, now):
            if not known.done:
                known.copies.append(copy)
            return None
        pending = self._pending[copy.phy] = Pending(now, [copy])
        return pending

    def _same_uplink(self, pending: Pending, copy: Reception, now: float) -> bool:
        for known in pending.copies:
            if known.gateway == copy.gateway:
                return known.tmst == copy.tmst
        return now - pending.first < self._span

    async def finish(self, pending: Pending) -> None:
        """Wait for the other copies, and hand over."""
        if self._wait:
            await asyncio.sleep(self._wait)
        pending.done = True
        await self._deliver(sorted(pending.copies, key=lambda one: (-one.snr, -one.rssi)))
        limit = time.monotonic() - FORGET_AFTER * self._span
        for phy, one in list(self._pending.items()):
            if one.done and one.first < limit:
                del self._pending[phy]
