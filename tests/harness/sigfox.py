# SPDX-License-Identifier: MIT
"""A Sigfox base station inside a test, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from fwlib.sigfoxstation import Answer, Heard, Station
from harness.closing import Closing


class BaseStation(Closing):
    """A station that listens from the start to close()."""

    def __init__(self, port: int, keys: Mapping[int, bytes], answer: Answer | None = None) -> None:
        self._station = Station(port, keys, answer)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            self._station.listen(0.05)

    @property
    def heard(self) -> list[Heard]:
        """The frames so far."""
        return list(self._station.heard)

    def wait_frames(self, number: int, timeout: float = 90, rank: int = 0) -> list[Heard]:
        """Wait until so many frames (of this rank) were heard; all that were."""
        end = time.monotonic() + timeout
        while (found := self._count(rank)) < number:
            assert time.monotonic() < end, f"{found} frames instead of {number}"
            time.sleep(0.02)
        return self.heard

    def _count(self, rank: int) -> int:
        heard = self.heard
        return len([one for one in heard if rank in (0, one.uplink.rank if one.uplink else 0)])

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)
        self._station.close()
