"""What an air's hub sees, made into records: a frame with what became of it.

Also the capture file: pcap with LoRaTap headers (link type 270), one packet for each
frame, as docs/simulation.md says.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from fwlib.airhub import Event, Hub
from fwlib.airmessage import NEVER, Fate, Frame, Modem, Stage, Told

# Real time that receivers' reports may need after the end of a frame; firmwares may
# need more on a loaded PC, but when they are held they report nothing.
LINGER_S = 0.25
HELD_S = 3.0
LINKTYPE_LORATAP = 270
RSSI_NONE = 255


@dataclass
class Record:
    """A frame whose life is over, and what each receiver made of it."""

    frame: Frame
    sender: str
    fates: list[Told] = field(default_factory=list)

    @property
    def best(self) -> Told | None:
        """The report of the receiver that heard it best."""
        heard = [told for told in self.fates if told.fate == Fate.RECEIVED] or self.fates
        return max(heard, key=lambda told: told.rssi_x10, default=None)

    @property
    def fate(self) -> Fate:
        if self.frame.stage == Stage.CUT:
            return Fate.ABORTED
        best = self.best
        return best.fate if best is not None else Fate.NOBODY


class Recorder:
    """Collects a hub's events; call look() now and then to get what is complete."""

    def __init__(self, hub: Hub, sink: Callable[[Record], None]) -> None:
        self._hub = hub
        self._sink = sink
        self._open: dict[tuple[int, int], Record] = {}
        self._ended: dict[tuple[int, int], float] = {}
        hub.listen(self._take)

    def _take(self, event: Event) -> None:
        if isinstance(event, Frame):
            record = self._open.get(event.key)
            if record is None:
                record = Record(event, self._hub.name_of(event.source))
                self._open[event.key] = record
            record.frame = event
            if event.stage != Stage.BEGINS:
                self._ended[event.key] = time.monotonic()
        elif isinstance(event, Told):
            record = self._open.get((event.source, event.number))
            if record is not None:
                record.fates = [told for told in record.fates if told.receiver != event.receiver]
                record.fates.append(event)

    def look(self, *, flush: bool = False) -> None:
        """Hand out the frames that are over; with flush, those that are not, too."""
        now = time.monotonic()
        sim = self._hub.now()
        settled = self._hub.settled()
        for key, record in list(self._open.items()):
            end = record.frame.end_ns
            # Frames that a test or a gateway sends are announced once, in advance.
            if key not in self._ended and end != NEVER and sim > end:
                self._ended[key] = now
            since = now - self._ended.get(key, now)
            over = since > (LINGER_S if end < settled else HELD_S)
            if over or flush:
                del self._open[key]
                self._ended.pop(key, None)
                self._sink(record)


def rssi_byte(rssi_x10: int, snr_x10: int) -> int:
    """LoRaTap's: -139 + n dBm, in quarters of dB where the SNR is negative."""
    above = (rssi_x10 + 1395) // 10
    return max(0, min(RSSI_NONE - 1, above if snr_x10 >= 0 else above * 4))


def loratap(frame: Frame, best: Told | None) -> bytes:
    """Version 0 of the header; bandwidths below 125 kHz are 0, an unknown RSSI is 255."""
    packet = current = RSSI_NONE
    quarter_db = 0
    if best is not None:
        packet = rssi_byte(best.rssi_x10, best.snr_x10)
        current = rssi_byte(best.rssi_x10, 0)
        quarter_db = max(-128, min(127, int(best.snr_x10 * 4 / 10)))
    bandwidth = frame.bandwidth // 125_000
    sync = frame.sync[0] if frame.sync else 0
    channel = struct.pack(">IBB", frame.frequency, bandwidth, frame.sf)
    levels = struct.pack(">BBBbB", packet, current, current, quarter_db, sync)
    return struct.pack(">BBH", 0, 0, 15) + channel + levels


class Capture:
    """A pcap file (nanoseconds) that grows with each frame; as ports/sim/sim_pcap.c writes it."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb")
        header = struct.pack(">IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, LINKTYPE_LORATAP)
        self._file.write(header)
        self._file.flush()

    def write(self, record: Record, unix_ns: int) -> None:
        """One packet, at the frame's end; RSSI and SNR are the best receiver's."""
        if record.frame.modem == Modem.CARRIER:
            return
        packet = loratap(record.frame, record.best) + record.frame.data
        seconds, nanoseconds = divmod(unix_ns, 10**9)
        size = len(packet)
        self._file.write(struct.pack(">IIII", seconds, nanoseconds, size, size) + packet)
        self._file.flush()

    def close(self) -> None:
        self._file.close()
