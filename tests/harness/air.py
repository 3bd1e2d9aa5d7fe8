# SPDX-License-Identifier: MIT
"""An air for firmwares inside a test: a hub, and what became of each frame."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from fwlib.aircapture import Capture, Record, Recorder
from fwlib.airhub import LATENESS_US, Event, Hub, Joined, Left
from harness.closing import Closing


class Air(Closing):
    """A hub with a memory. Give env() to a Firmware to let it take part."""

    def __init__(
        self,
        *,
        factor: float = 1.0,
        seed: int = 1,
        fading_db: float = 0.0,
        lateness_us: int = LATENESS_US,
        pcap: Path | None = None,
    ) -> None:
        self.hub = Hub(factor=factor, seed=seed, fading_db=fading_db, lateness_us=lateness_us)
        self.records: list[Record] = []
        self.names: list[str] = []  # "+NAME" for those that came, "-NAME" that went
        self._capture = Capture(pcap) if pcap is not None else None
        self._recorder = Recorder(self.hub, self._record)
        self.hub.listen(self._members)
        self._stop = threading.Event()
        self.serving = threading.Lock()  # who holds it keeps the hub from working
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def env(self, name: str, x: int = 0, y: int = 0) -> dict[str, str]:
        """The environment of a firmware with this name and place."""
        return {"USOCKET_AIR": f"{self.hub.port},x={x},y={y},name={name}"}

    def _serve(self) -> None:
        while not self._stop.is_set():
            with self.serving:
                self.hub.step(0.05)
                self._recorder.look()

    def _members(self, event: Event) -> None:
        if isinstance(event, Joined):
            self.names.append(f"+{event.participant.name}")
        elif isinstance(event, Left):
            self.names.append(f"-{event.participant.name}")

    def _record(self, record: Record) -> None:
        self.records.append(record)
        if self._capture is not None:
            self._capture.write(record, self.hub.unix_ns(record.frame.end_ns))

    def wait_frames(self, number: int, timeout: float = 10) -> list[Record]:
        """Wait until so many frames are over; all that are."""
        end = time.monotonic() + timeout
        while len(self.records) < number:
            assert time.monotonic() < end, f"{len(self.records)} frames instead of {number}"
            time.sleep(0.02)
        return list(self.records)

    def wait_name(self, name: str, timeout: float = 5) -> None:
        """Wait until "+NAME" has come or "-NAME" gone."""
        end = time.monotonic() + timeout
        while name not in self.names:
            assert time.monotonic() < end, f"no {name} among {self.names}"
            time.sleep(0.01)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)
        self._recorder.look(flush=True)
        self.hub.close()
        if self._capture is not None:
            self._capture.close()
