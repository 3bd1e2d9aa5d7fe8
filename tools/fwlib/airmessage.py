"""The messages between firmwares and the hub of their air, as docs/simulation.md has them.

One UDP datagram each, little-endian; the same in C: ports/unix/host/host_air_message.c.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from enum import IntEnum

VERSION = 1
HEADER = struct.Struct("<2sBB")
MESSAGE_MAX = 512
# "Never", as a time in nanoseconds.
NEVER = 2**64 - 1
# A radio's number: its participant's times this, and a number within it.
RADIOS_MAX = 256
PARTICIPANTS_MAX = 65535


class Type(IntEnum):
    """What a message is."""

    JOIN = 1
    WELCOME = 2
    TIME = 3
    FRAME = 4
    FATE = 5
    BYE = 6
    HOLD = 7
    RELEASE = 8
    REACHED = 9
    LIMIT = 10


class Stage(IntEnum):
    """Which moment of its life a frame message tells."""

    BEGINS = 0
    COMPLETE = 1
    CUT = 2


class Fate(IntEnum):
    """What became of a frame (sim_air_fate_t)."""

    ON_AIR = 0
    RECEIVED = 1
    COLLISION = 2
    WEAK = 3
    NOBODY = 4
    ABORTED = 5
    SENT = 6


class Modem(IntEnum):
    """How a frame is modulated (sim_air_modem_t)."""

    LORA = 0
    FSK = 1
    CARRIER = 2


@dataclass
class Join:
    """I am here, with this name and place; participant is a number that I had."""

    name: str
    x_m: int = 0
    y_m: int = 0
    participant: int = 0

    _FORMAT = struct.Struct("<16siiI")

    def pack(self) -> bytes:
        name = self.name.encode()[:15]
        return pack(Type.JOIN, self._FORMAT.pack(name, self.x_m, self.y_m, self.participant))

    @classmethod
    def unpack(cls, body: bytes) -> Join:
        name, x, y, participant = cls._FORMAT.unpack_from(body)
        text = name.split(b"\0")[0].decode(errors="replace")
        return cls("".join(c for c in text if c.isprintable()) or "?", x, y, participant)


@dataclass
class Time:
    """How simulated time runs: at wall_ns of CLOCK_MONOTONIC it is sim_ns."""

    participant: int
    seed: int
    sequence: int
    factor_milli: int
    wall_ns: int
    sim_ns: int
    unix_ns: int
    hold_ns: int = NEVER
    lateness_ns: int = 0

    _FORMAT = struct.Struct("<IIIIQQQQQ")

    def pack(self, kind: Type) -> bytes:
        return pack(
            kind,
            self._FORMAT.pack(
                self.participant,
                self.seed,
                self.sequence & 0xFFFFFFFF,
                self.factor_milli,
                self.wall_ns,
                self.sim_ns,
                self.unix_ns,
                self.hold_ns,
                self.lateness_ns,
            ),
        )

    @classmethod
    def unpack(cls, body: bytes) -> Time:
        return cls(*cls._FORMAT.unpack_from(body))

    def at(self, wall_ns: int) -> int:
        """Simulated time at a moment of the PC's clock."""
        passed = max(0, wall_ns - self.wall_ns) * self.factor_milli // 1000
        return max(self.sim_ns, min(self.sim_ns + passed, self.hold_ns))


FLAGS = (
    "iq_inverted",
    "implicit",
    "crc",
    "low_rate",
    "crc_bad",
    "crc_ibm",
    "whitening",
    "fixed_len",
)


@dataclass
class Frame:
    """A frame on the air; times in nanoseconds of simulated time, power in dBm * 10."""

    stage: Stage = Stage.BEGINS
    modem: Modem = Modem.LORA
    iq_inverted: bool = False
    implicit: bool = False
    crc: bool = True
    low_rate: bool = False
    crc_bad: bool = False
    crc_ibm: bool = False
    whitening: bool = False
    fixed_len: bool = False
    sf: int = 7
    cr: int = 1
    hop_period: int = 0
    sync: bytes = b"\x12"
    source: int = 0
    number: int = 0
    start_ns: int = 0
    preamble_ns: int = 0
    header_ns: int = 0
    end_ns: int = NEVER
    frequency: int = 868_100_000
    bandwidth: int = 125_000
    bit_rate: int = 0
    deviation: int = 0
    x_m: int = 0
    y_m: int = 0
    power_x10: int = 140
    data: bytes = field(default=b"", repr=False)

    _FORMAT = struct.Struct("<BBHBBBB8sIIQQQQIIIIiihH")

    def pack(self) -> bytes:
        flags = sum(1 << bit for bit, name in enumerate(FLAGS) if getattr(self, name))
        fixed = self._FORMAT.pack(
            self.stage,
            self.modem,
            flags,
            self.sf,
            self.cr,
            self.hop_period,
            len(self.sync),
            self.sync,
            self.source,
            self.number,
            self.start_ns,
            self.preamble_ns,
            self.header_ns,
            self.end_ns,
            self.frequency,
            self.bandwidth,
            self.bit_rate,
            self.deviation,
            self.x_m,
            self.y_m,
            max(-32768, min(32767, self.power_x10)),
            len(self.data),
        )
        return pack(Type.FRAME, fixed + self.data)

    @classmethod
    def unpack(cls, body: bytes) -> Frame:
        values = cls._FORMAT.unpack_from(body)
        stage, modem, flags, sf, cr, hop_period, sync_len, sync, *rest, length = values
        data = body[cls._FORMAT.size :][:length]
        if len(data) != length or length > 256 or sync_len > 8:
            raise ValueError(f"frame of {length} bytes, {len(data)} are there")
        named = {name: bool(flags & 1 << bit) for bit, name in enumerate(FLAGS)}
        names: tuple[str, ...] = (
            "source",
            "number",
            "start_ns",
            "preamble_ns",
            "header_ns",
            "end_ns",
        )
        names += ("frequency", "bandwidth", "bit_rate", "deviation", "x_m", "y_m", "power_x10")
        return cls(
            stage=Stage(stage),
            modem=Modem(modem),
            sf=sf,
            cr=cr,
            hop_period=hop_period,
            sync=sync[:sync_len],
            data=data,
            **named,
            **dict(zip(names, rest, strict=True)),
        )

    def weaker(self, loss_db: float) -> Frame:
        """The same frame, sent with so much less power."""
        return replace(self, power_x10=round(self.power_x10 - loss_db * 10))

    @property
    def key(self) -> tuple[int, int]:
        """Which frame it is."""
        return self.source, self.number


@dataclass
class Told:
    """What became of a frame at a receiver."""

    receiver: int
    source: int
    number: int
    fate: Fate
    rssi_x10: int
    snr_x10: int

    _FORMAT = struct.Struct("<IIIHhh")

    def pack(self) -> bytes:
        body = self._FORMAT.pack(
            self.receiver, self.source, self.number, self.fate, self.rssi_x10, self.snr_x10
        )
        return pack(Type.FATE, body)

    @classmethod
    def unpack(cls, body: bytes) -> Told:
        receiver, source, number, fate, rssi, snr = cls._FORMAT.unpack_from(body)
        return cls(receiver, source, number, Fate(fate), rssi, snr)


HOLD_FORMAT = struct.Struct("<IQ")
RELEASE_FORMAT = struct.Struct("<I")
# REACHED and LIMIT
MOMENT_FORMAT = struct.Struct("<Q")


def pack(kind: Type, body: bytes = b"") -> bytes:
    return HEADER.pack(b"uA", VERSION, kind) + body


def unpack(message: bytes) -> tuple[Type, bytes]:
    """The type and body of a message; ValueError when it is none of this version."""
    if len(message) < HEADER.size:
        raise ValueError("too short for a message")
    magic, version, kind = HEADER.unpack_from(message)
    if magic != b"uA":
        raise ValueError("not a message of the air")
    if version != VERSION:
        raise ValueError(f"a message of version {version}, this is {VERSION}")
    return Type(kind), message[HEADER.size :]
