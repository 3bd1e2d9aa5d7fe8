# SPDX-License-Identifier: MIT
"""Downlinks that a gateway has promised to send, and those that it refuses. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from semtech_udp import tmst_until

from lorawan_gateway.air import FSK_PREAMBLE, LORA_PREAMBLE, AirFrame, airtime_ns

US = 1000
# As the reference packet forwarder: so far ahead a downlink may be planned.
MAX_ADVANCE_US = 512_000_000
PAYLOAD_MAX = 255
CODING_RATES = {"4/5": 1, "4/6": 2, "4/7": 3, "4/8": 4}
BANDWIDTHS = (125, 250, 500)


class Refused(Exception):
    """Why a downlink is not sent; a word of the protocol."""


class Malformed(ValueError):
    """A txpk that cannot be understood; the protocol has no word for that."""


@dataclass(frozen=True)
class Limits:
    """What the gateway's radio can do."""

    freq_min: int = 137_000_000
    freq_max: int = 1_020_000_000
    power_min: float = -6
    power_max: float = 30
    # From the order to the first symbol.
    lead_us: int = 1_500
    # Between two frames of its own.
    guard_us: int = 1_000


def frame_of(txpk: Mapping[str, object]) -> AirFrame:
    """The frame that a txpk describes, without its time."""
    try:
        payload = base64.b64decode(str(txpk["data"]) + "==", validate=False)
        if len(payload) != txpk.get("size", len(payload)):
            raise Malformed(f"size is {txpk['size']}, data has {len(payload)} bytes")
        if len(payload) > PAYLOAD_MAX:
            raise Malformed(f"{len(payload)} bytes, a frame has {PAYLOAD_MAX} at most")
        freq = round(float(str(txpk["freq"])) * 1e6)
        power = float(str(txpk.get("powe", 14)))
        modulation = txpk.get("modu", "LORA")
        common = AirFrame(
            0, 0, freq, 0, 0, payload, power_dbm=power, crc=not txpk.get("ncrc", False)
        )
        if modulation == "FSK":
            return fsk_frame(common, txpk)
        if modulation == "LORA":
            return lora_frame(common, txpk)
    except KeyError as missing:
        raise Malformed(f"txpk has no {missing}") from None
    except (TypeError, ValueError, OverflowError, binascii.Error) as error:
        raise Malformed(str(error)) from None
    raise Malformed(f"modulation {modulation!r} is neither LORA nor FSK")


def lora_frame(common: AirFrame, txpk: Mapping[str, object]) -> AirFrame:
    factor, _, bandwidth = str(txpk["datr"]).removeprefix("SF").partition("BW")
    sf, khz = int(factor), int(bandwidth)
    if not 6 <= sf <= 12 or khz not in BANDWIDTHS:
        raise Malformed(f"data rate {txpk['datr']!r} does not exist")
    if txpk.get("codr", "4/5") not in CODING_RATES:
        raise Malformed(f"coding rate {txpk['codr']!r} does not exist")
    return replace(
        common,
        sf=sf,
        bandwidth=khz * 1000,
        coding_rate=CODING_RATES[str(txpk.get("codr", "4/5"))],
        inverted=bool(txpk.get("ipol", False)),
        preamble=int(str(txpk.get("prea", LORA_PREAMBLE))),
    )


def fsk_frame(common: AirFrame, txpk: Mapping[str, object]) -> AirFrame:
    bit_rate = int(str(txpk["datr"]))
    deviation = int(str(txpk.get("fdev", 25_000)))
    if not 500 <= bit_rate <= 250_000:
        raise Malformed(f"bit rate {bit_rate} is not 500 to 250000")
    return replace(
        common,
        bit_rate=bit_rate,
        deviation=deviation,
        bandwidth=2 * deviation + bit_rate,
        preamble=int(str(txpk.get("prea", FSK_PREAMBLE))),
    )


@dataclass
class Schedule:
    """The gateway's own frames, past and to come."""

    limits: Limits
    frames: list[AirFrame] = field(default_factory=list)

    def plan(self, txpk: Mapping[str, object], now_ns: int, clock: Clock) -> AirFrame:
        """Accept a downlink, or raise Refused or Malformed and change nothing."""
        frame = frame_of(txpk)
        if not self.limits.freq_min <= frame.freq <= self.limits.freq_max:
            raise Refused("TX_FREQ")
        if not self.limits.power_min <= frame.power_dbm <= self.limits.power_max:
            raise Refused("TX_POWER")
        start = self._start(txpk, now_ns, clock)
        frame = replace(frame, start_ns=start, end_ns=start + airtime_ns(frame))
        guard = self.limits.guard_us * US
        for other in self.frames:
            if frame.start_ns < other.end_ns + guard and other.start_ns < frame.end_ns + guard:
                raise Refused("COLLISION_PACKET")
        self.frames.append(frame)
        return frame

    def _start(self, txpk: Mapping[str, object], now_ns: int, clock: Clock) -> int:
        lead = self.limits.lead_us
        if txpk.get("imme"):
            return now_ns + lead * US
        try:
            if "tmst" in txpk:
                tmst = int(str(txpk["tmst"]))
                start = now_ns - now_ns % US + tmst_until(tmst, clock.tmst(now_ns)) * US
            else:
                start = clock.from_gps_ms(int(str(txpk["tmms"])))
        except KeyError:
            raise Malformed("txpk has neither imme nor tmst nor tmms") from None
        except ValueError as error:
            raise Malformed(str(error)) from None
        if start - now_ns < lead * US:
            raise Refused("TOO_LATE")
        if start - now_ns > MAX_ADVANCE_US * US:
            raise Refused("TOO_EARLY")
        return start

    def busy(self, start_ns: int, end_ns: int) -> bool:
        """Whether the gateway sends at some time of a span: then it hears nothing."""
        return any(one.start_ns < end_ns and start_ns < one.end_ns for one in self.frames)

    def forget(self, before_ns: int) -> None:
        """Frames that ended before this do not matter any more."""
        self.frames = [one for one in self.frames if one.end_ns >= before_ns]


@dataclass(frozen=True)
class Clock:
    """The counters that the protocol speaks of, from the air's time."""

    tmst_at_0: int = 0
    # GPS milliseconds at the air's time 0; None: the gateway has no GPS.
    gps_ms_at_0: int | None = None

    def tmst(self, ns: int) -> int:
        """The 32-bit counter of microseconds."""
        return (ns // US + self.tmst_at_0) % (1 << 32)

    def gps_ms(self, ns: int) -> int | None:
        return None if self.gps_ms_at_0 is None else self.gps_ms_at_0 + ns // 1_000_000

    def from_gps_ms(self, gps_ms: int) -> int:
        if self.gps_ms_at_0 is None:
            raise Refused("GPS_UNLOCKED")
        return (gps_ms - self.gps_ms_at_0) * 1_000_000
