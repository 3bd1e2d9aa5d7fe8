# SPDX-License-Identifier: MIT
"""How frames arrive at the gateway's place: path loss, noise and collisions.

The same model as the firmware's air (ports/sim/sim_air_channel.c), but for one
simplification: a frame of another spreading factor disturbs when it is 16 dB stronger,
whichever two factors they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lorawan_gateway.air import AirFrame

# Free space to one metre at 868 MHz, then 27 dB a decade.
LOSS_1M_DB = 31.2
LOSS_DECADE_DB = 27.0
LOSS_FREQUENCY = 868e6
THERMAL_DBM_HZ = -174.0
NOISE_FIGURE_DB = 6.0
CAPTURE_DB = 6.0
FSK_CAPTURE_DB = 9.0
OTHER_FACTOR_DB = -16.0
FSK_SNR_DB = 8.0


@dataclass(frozen=True)
class Place:
    """Metres in a plane."""

    x_m: float
    y_m: float

    def distance(self, other: Place) -> float:
        return math.hypot(self.x_m - other.x_m, self.y_m - other.y_m)


def received(frame: AirFrame, sender: Place, here: Place) -> AirFrame:
    """The frame with the strength that it has here."""
    distance = max(1.0, here.distance(sender))
    loss = (
        LOSS_1M_DB
        + LOSS_DECADE_DB * math.log10(distance)
        + 20 * math.log10(frame.freq / LOSS_FREQUENCY)
    )
    rssi = frame.power_dbm - loss
    noise = THERMAL_DBM_HZ + 10 * math.log10(frame.bandwidth) + NOISE_FIGURE_DB
    return replace(frame, rssi=rssi, snr=rssi - noise)


def strong_enough(frame: AirFrame) -> bool:
    """Whether it stands out of the noise."""
    limit = -7.5 - 2.5 * (frame.sf - 7) if frame.sf else FSK_SNR_DB
    return frame.snr >= limit


def needed_db(frame: AirFrame, other: AirFrame) -> float:
    """How far above another a frame must be."""
    if frame.sf == 0:
        return FSK_CAPTURE_DB
    same = (frame.sf, frame.bandwidth, frame.inverted) == (
        other.sf,
        other.bandwidth,
        other.inverted,
    )
    return CAPTURE_DB if same else OTHER_FACTOR_DB


def overlap(frame: AirFrame, other: AirFrame) -> bool:
    """In time by half a symbol or more, and in frequency."""
    common_ns = min(frame.end_ns, other.end_ns) - max(frame.start_ns, other.start_ns)
    harmless = 500_000_000 * (1 << frame.sf) / frame.bandwidth if frame.sf else 0
    apart = abs(frame.freq - other.freq)
    return common_ns > harmless and apart < (frame.bandwidth + other.bandwidth) / 2


def survives(frame: AirFrame, others: Iterable[AirFrame]) -> bool:
    """Whether a frame is received among others on the air, all as they arrive here."""
    return strong_enough(frame) and not any(
        overlap(frame, other) and frame.rssi - other.rssi < needed_db(frame, other)
        for other in others
    )
