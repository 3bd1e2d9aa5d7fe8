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
# Who reports nothing for so long is not waited for: it was stopped, or hangs.
SILENT_S = 3.0


class Pace:
    """Keeps the reports of firmwares, by any key, and knows the limit."""

    def __init__(self, lateness_ns: int) -> None:
        self._granted = round(lateness_ns * GRANTED)
        self._told_by = round(lateness_ns * TOLD)
        self._reports: dict[object, tuple[int, float]] = {}
        self.limit = NEVER

    def reached(self, who: object, sim_ns: int, now: float) -> None:
        """Its time has moved so far; now is time.monotonic()."""
        self._reports[who] = (sim_ns, now)

    def left(self, who: object) -> None:
        self._reports.pop(who, None)

    def _awake(self, now: float) -> list[int]:
        return [at for at, heard in self._reports.values() if now - heard < SILENT_S]

    def slowest(self, now: float) -> int:
        """What all have reached; NEVER when there is nobody."""
        return min(self._awake(now), default=NEVER)

    def moved(self, now: float) -> bool:
        """Work out the limit: does it differ enough to be told?"""
        awake = self._awake(now)
        limit = min(awake) + self._granted if len(awake) > 1 else NEVER
        if limit == self.limit or (
            limit != NEVER and self.limit != NEVER and abs(limit - self.limit) < self._told_by
        ):
            return False
        self.limit = limit
        return True
