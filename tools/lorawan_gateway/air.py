# SPDX-License-Identifier: MIT
"""What the gateway needs of an air: frames in, frames out, one clock."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

PUBLIC_SYNC = 0x34
LORA_PREAMBLE, FSK_PREAMBLE = 8, 5
# Bytes of an FSK frame besides preamble and payload: sync word, length, CRC.
FSK_SYNC, FSK_LENGTH, FSK_CRC = 3, 1, 2


@dataclass(frozen=True)
class AirFrame:
    """A frame on the air, or as it was received; sf 0 is FSK with bit_rate."""

    start_ns: int
    end_ns: int
    freq: int  # Hz
    bandwidth: int  # Hz
    sf: int
    payload: bytes
    coding_rate: int = 1  # 4/(4 + coding_rate)
    bit_rate: int = 0
    deviation: int = 0
    inverted: bool = False
    sync: int = PUBLIC_SYNC
    preamble: int = LORA_PREAMBLE
    crc: bool = True  # sent with a CRC
    power_dbm: float = 14.0
    # As received.
    crc_ok: bool = True
    rssi: float = 0.0
    snr: float = 0.0


class AirPort(Protocol):
    """One radio's place on an air. All calls and callbacks are of one asyncio loop."""

    def now_ns(self) -> int:
        """The air's time."""

    def listen(self, on_frame: Callable[[AirFrame], None]) -> None:
        """Be told each frame that reached this place, at its end, whatever its channel."""

    def transmit(self, frame: AirFrame) -> None:
        """Put a frame on the air at its start_ns, which may be later than now."""

    def hold(self) -> None:
        """Keep the air's time from running on until release(); may nest."""

    def release(self) -> None:
        """Undo one hold()."""

    async def close(self) -> None:
        """Leave the air."""


def airtime_ns(frame: AirFrame) -> int:
    """How long a frame takes, from its payload and settings (SX1276 datasheet 4.1.1.7)."""
    size = len(frame.payload)
    if frame.sf == 0:
        count = frame.preamble + FSK_SYNC + FSK_LENGTH + size + FSK_CRC * frame.crc
        return count * 8 * 1_000_000_000 // frame.bit_rate
    symbol = (1 << frame.sf) * 1_000_000_000 / frame.bandwidth
    low_rate = symbol > 16_000_000
    bits = 8 * size - 4 * frame.sf + 28 + 16 * frame.crc
    blocks = max(0, math.ceil(bits / (4 * (frame.sf - 2 * low_rate))))
    quarters = 4 * (frame.preamble + 4) + 1 + 4 * (8 + blocks * (frame.coding_rate + 4))
    return round(quarters * symbol / 4)
