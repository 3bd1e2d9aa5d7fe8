# SPDX-License-Identifier: MIT
"""Which uplinks a gateway's concentrator can demodulate."""

from __future__ import annotations

from dataclasses import dataclass

from lorawan_gateway.air import AirFrame

NARROW = 125_000


@dataclass(frozen=True)
class Channel:
    """A demodulator: sf 0 takes every spreading factor, bandwidth 0 is FSK."""

    freq: int
    bandwidth: int = NARROW
    sf: int = 0

    def takes(self, frame: AirFrame) -> bool:
        if frame.freq != self.freq:
            return False
        if self.bandwidth == 0:
            return frame.sf == 0
        return frame.bandwidth == self.bandwidth and frame.sf != 0 and self.sf in (0, frame.sf)


def narrow(first: int, count: int, step: int = 200_000) -> list[Channel]:
    return [Channel(first + i * step) for i in range(count)]


def band(name: str, sub_band: int) -> list[Channel]:
    """The usual eight channels of a region, and its ninth and FSK ones."""
    if name in ("US915", "AU915"):
        if not 1 <= sub_band <= 8:
            raise ValueError(f"{name} has sub-bands 1 to 8, not {sub_band}: write {name}:2")
        first, wide = {"US915": (902_300_000, 903_000_000), "AU915": (915_200_000, 915_900_000)}[
            name
        ]
        i = sub_band - 1
        return [
            *narrow(first + 1_600_000 * i, 8),
            Channel(wide + 1_600_000 * i, 500_000, 8),
        ]
    usual = {
        "EU868": [
            *narrow(868_100_000, 3),
            *narrow(867_100_000, 5),
            Channel(868_300_000, 250_000, 7),
            Channel(868_800_000, 0),
        ],
        "EU433": [*narrow(433_175_000, 3), *narrow(433_775_000, 5)],
        "AS923-1": [*narrow(923_200_000, 2), *narrow(922_000_000, 6)],
        "KR920": narrow(922_100_000, 7),
    }
    if name not in usual:
        known = ", ".join([*usual, "US915:n", "AU915:n"])
        raise ValueError(f"no channel list '{name}'; choose from: all, {known}, or MHz,MHz,...")
    return usual[name]


def parse(text: str) -> list[Channel] | None:
    """A channel list as on the command line; None hears everything."""
    if text == "all":
        return None
    if text[:1].isdigit():
        return [Channel(round(float(part) * 1e6)) for part in text.split(",")]
    name, _, sub_band = text.partition(":")
    if sub_band and not sub_band.isdigit():
        raise ValueError(f"sub-band '{sub_band}' is no number")
    return band(name.upper(), int(sub_band or 0))


def number(channels: list[Channel] | None, frame: AirFrame) -> int | None:
    """The channel that takes a frame; None where nobody listens."""
    if channels is None:
        return 0
    return next((i for i, channel in enumerate(channels) if channel.takes(frame)), None)
