"""A Sigfox base station on an air: hears devices, checks them, answers.

It rebuilds the bits from the carrier's amplitude and phase (airmessage.Trace), as a
receiver would, and knows nothing of what the device was told to send. Answers go out
as GFSK frames at the zone's time and frequency.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fwlib import sigfoxcodec
from fwlib.airclient import Air
from fwlib.airmessage import Frame, Modem, Point, Stage
from fwlib.sigfoxcodec import FrameError, Uplink

LEVEL_LIMIT = 0xE7
BIT_RATES = (100, 600)
# Alternating bits give a turn every other bit; so many are surely preamble.
PREAMBLE_TURNS = 9
DOWNLINK_BIT_RATE, DOWNLINK_DEVIATION = 600, 800
PREAMBLE_BYTES, SYNC = 11, b"\xb2\x27"
# The answer comes so much after the window has opened.
INTO_WINDOW_NS = 2_000_000_000
# Nobody passes this much after a frame before it was looked at.
THINK_NS = 10_000_000_000


@dataclass(frozen=True)
class Zone:
    """What the station's part of the world prescribes (frequencies in Hz)."""

    name: str
    uplink: int
    downlink: int
    window_after_s: int


ZONES = (
    Zone("RC1", 868_130_000, 869_525_000, 20),
    Zone("RC2", 902_200_000, 905_200_000, 20),
    Zone("RC3", 923_200_000, 922_200_000, 19),
    Zone("RC4", 920_800_000, 922_300_000, 20),
    Zone("RC5", 923_300_000, 922_300_000, 19),
    Zone("RC6", 865_200_000, 866_300_000, 20),
    Zone("RC7", 868_800_000, 869_100_000, 20),
)


@dataclass
class Heard:
    """One carrier, and what it said."""

    frequency: int
    start_ns: int = 0  # of the first bit
    end_ns: int = 0  # of the last
    bit_rate: int = 0
    clock_ppm: float = 0.0  # how much the device's bit clock is off, by the whole frame
    bits: bytes = b""
    uplink: Uplink | None = None
    authentic: bool = False
    problems: list[str] = field(default_factory=list)  # of the signal
    error: str = ""  # why there is no uplink


def turns_of(points: list[Point]) -> tuple[list[int], list[str]]:
    """When the phase turned, and what is wrong with how."""
    turns: list[int] = []
    problems: list[str] = []
    for before, after in itertools.pairwise(points):
        if after.turned != before.turned:
            turns.append(after.at_ns)
            if before.level or after.level:
                problems.append(f"the phase turned at level {max(before.level, after.level)}")
    top = max((point.level for point in points), default=0)
    if top >= LEVEL_LIMIT:
        problems.append(f"level {top:#x} may destroy the chip")
    if points and (points[0].level or points[-1].level):
        problems.append("the carrier does not start and end at level zero")
    return turns, problems


def bit_rate_of(turns: list[int]) -> int:
    """From the preamble; FrameError."""
    if len(turns) < PREAMBLE_TURNS:
        raise FrameError(f"{len(turns)} turns of the phase are no preamble")
    bit_ns = (turns[PREAMBLE_TURNS - 1] - turns[0]) / (2 * (PREAMBLE_TURNS - 1))
    for rate in BIT_RATES:
        if abs(bit_ns * rate / 1e9 - 1) < 0.01:
            return rate
    raise FrameError(f"bits of {bit_ns / 1e6:.3f} ms are of no known rate")


def demodulate(points: list[Point], frequency: int) -> Heard:
    """A carrier's bits; the frame's length is what its type says."""
    turns, problems = turns_of(points)
    heard = Heard(frequency, problems=problems)
    try:
        heard.bit_rate = bit_rate_of(turns)
        bit_ns = 1e9 / heard.bit_rate
        # The frame begins with a 1; the first turn is the 0 behind it.
        heard.start_ns = round(turns[0] - bit_ns)
        zeros = {round((turn - heard.start_ns) / bit_ns) for turn in turns}
        bits = [0 if n in zeros else 1 for n in range(8 * max(sigfoxcodec.SIZES.values()))]
        size = sigfoxcodec.frame_size(bits)
        if max(zeros) >= 8 * size:
            raise FrameError(f"the phase turns after {size} bytes, the frame's end")
        heard.bits = sigfoxcodec.to_bytes(bits[: 8 * size])
        heard.end_ns = round(heard.start_ns + 8 * size * bit_ns)
        last = max(zeros)
        measured = (turns[-1] - turns[0]) / (last - 1)
        heard.clock_ppm = (measured / bit_ns - 1) * 1e6
        heard.uplink = sigfoxcodec.decode_uplink(heard.bits)
    except FrameError as e:
        heard.error = str(e)
    return heard


def downlink_frame(data: bytes, frequency: int, start_ns: int) -> Frame:
    """The GFSK frame of an answer."""
    byte_ns = 8_000_000_000 / DOWNLINK_BIT_RATE
    before = PREAMBLE_BYTES + len(SYNC)
    return Frame(
        stage=Stage.COMPLETE,
        modem=Modem.FSK,
        crc=False,
        fixed_len=True,
        sync=SYNC,
        start_ns=start_ns,
        preamble_ns=round(before * byte_ns),
        end_ns=round(start_ns + (before + len(data)) * byte_ns),
        frequency=frequency,
        bandwidth=2 * DOWNLINK_DEVIATION + DOWNLINK_BIT_RATE,
        bit_rate=DOWNLINK_BIT_RATE,
        deviation=DOWNLINK_DEVIATION,
        power_x10=270,
        data=data,
    )


Answer = Callable[[Uplink], bytes | None]


class Station:
    """Joined to the hub on a port. One thread only.

    keys: device number -> key. answer(uplink) gives the 8 bytes for an uplink that asks,
    or None for silence; it is asked once for each message.
    """

    def __init__(
        self,
        port: int,
        keys: Mapping[int, bytes],
        answer: Answer | None = None,
        *,
        name: str = "station",
        x_m: int = 2000,
    ) -> None:
        self.air = Air(port, name, x_m)
        self._keys = dict(keys)
        self._answer = answer
        self._answered: set[tuple[int, int]] = set()
        self.heard: list[Heard] = []
        self.sent: list[Frame] = []

    def close(self) -> None:
        self.air.close()

    def listen(self, timeout: float) -> Heard | None:
        """The next frame of a device, after it was answered if it asked; None: none came."""
        frame = self.air.receive(timeout)
        if frame is None or frame.modem != Modem.CARRIER or frame.stage == Stage.BEGINS:
            return None
        points = self.air.trace(frame)
        if not points:
            return None  # a plain carrier
        token = self.air.hold(frame.end_ns + THINK_NS)
        heard = demodulate(points, frame.frequency)
        self._check(heard)
        self.heard.append(heard)
        self.air.release(token)
        return heard

    def _check(self, heard: Heard) -> None:
        uplink = heard.uplink
        if uplink is None:
            return
        key = self._keys.get(uplink.device)
        if key is None:
            heard.error = f"device {uplink.device:08X} is unknown here"
            return
        heard.authentic = sigfoxcodec.is_authentic(uplink, key)
        if not heard.authentic:
            heard.error = f"device {uplink.device:08X} has another key"
        elif uplink.downlink and uplink.rank == 1 and self._answer is not None:
            self._send_answer(heard, uplink, key)

    def _send_answer(self, heard: Heard, uplink: Uplink, key: bytes) -> None:
        if (uplink.device, uplink.counter) in self._answered or self._answer is None:
            return
        self._answered.add((uplink.device, uplink.counter))
        payload = self._answer(uplink)
        if payload is None:
            return
        zone = min(ZONES, key=lambda zone: abs(zone.uplink - heard.frequency))
        data = sigfoxcodec.encode_downlink(key, uplink.device, uplink.counter, payload)
        start = heard.end_ns + zone.window_after_s * 10**9 + INTO_WINDOW_NS
        frequency = heard.frequency + zone.downlink - zone.uplink
        self.sent.append(self.air.transmit(downlink_frame(data, frequency, start)))
