"""How far the clocks of an air's firmwares may go ahead of one another.

Each firmware reports how far its simulated time has moved; everything that it sent
before, it has sent. None may be ahead of the slowest by more than a part of the
lateness, so no announcement ever comes too late, however busy the PC is.
"""

from __future__ import annotations

from fwlib.airmessage import NEVER

# Of the lateness: granted ahead of the slowest. The rest is for a firmware's SPI, whose
# time passes in any case. Firmwares report five times in a lateness (host_air.c).
GRANTED = 4 / 5
# A new limit is told when it has moved so far.
TOLD = 1 / 5
# Who reports nothing for so long is not waited for: it was stopped, or hangs. Not
# before it has caught up.
SILENT_S = 3.0
# The air's clock waits when firmwares are behind it by so many latenesses. So a PC that
# is too slow makes it slow, and it does not run faster than its factor afterwards.
BEHIND = 4


class Pace:
    """Keeps the reports of firmwares, by any key, and knows the limit."""

    def __init__(self, lateness_ns: int) -> None:
        self.lateness_ns = lateness_ns
        self._granted = round(lateness_ns * GRANTED)
        self._told_by = round(lateness_ns * TOLD)
        self._reports: dict[object, tuple[int, float]] = {}
        self._lost: set[object] = set()
        self._slowest = NEVER
        self.limit = NEVER

    def reached(self, who: object, sim_ns: int, now: float) -> None:
        """Its time has moved so far; now is time.monotonic()."""
        self._reports[who] = (sim_ns, now)

    def left(self, who: object) -> None:
        self._reports.pop(who, None)
        self._lost.discard(who)

    @property
    def settled(self) -> int:
        """What happened before this moment has been told by all."""
        return self._slowest - self.lateness_ns

    def behind(self, sim_ns: int) -> int | None:
        """Where the air's clock should go on, when it is too far ahead of firmwares."""
        if self.limit == NEVER or sim_ns - self._slowest <= BEHIND * self.lateness_ns:
            return None
        return self._slowest + self.lateness_ns

    def _awake(self, now: float) -> list[int]:
        silent = {who for who, (_, heard) in self._reports.items() if now - heard > SILENT_S}
        self._lost |= silent
        awake = [at for who, (at, _) in self._reports.items() if who not in self._lost]
        for who in self._lost - silent:
            at = self._reports[who][0]
            if at + self._granted >= min(awake, default=0):
                self._lost.discard(who)
                awake.append(at)
        return awake

    def moved(self, now: float) -> bool:
        """Work out the limit: does it differ enough to be told?"""
        awake = self._awake(now)
        self._slowest = min(awake, default=NEVER)
        limit = self._slowest + self._granted if len(awake) > 1 else NEVER
        if limit == self.limit or (
            limit != NEVER and self.limit != NEVER and abs(limit - self.limit) < self._told_by
        ):
            return False
        self.limit = limit
        return True
