"""Sigfox frames, from the network's side and from the device's: pure functions.

Written apart from the firmware's C code, so that each proves the other; the vectors
in tests/vectors/sigfox.json prove both. Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass

PUBLIC_KEY = bytes.fromhex("00112233445566778899aabbccddeeff")
PREAMBLE_BITS = 19
TYPE_BITS = 13

# Frame type (13 bits) -> class and rank.
TYPES = {
    0x006B: ("A", 1), 0x06E0: ("A", 2), 0x0034: ("A", 3),
    0x008D: ("B", 1), 0x00D2: ("B", 2), 0x0302: ("B", 3),
    0x035F: ("C", 1), 0x0598: ("C", 2), 0x05A3: ("C", 3),
    0x0611: ("D", 1), 0x06BF: ("D", 2), 0x072C: ("D", 3),
    0x094C: ("E", 1), 0x0971: ("E", 2), 0x0997: ("E", 3),
    0x0F67: ("control", 1), 0x0FC9: ("control", 2), 0x11BE: ("control", 3),
}  # fmt: skip
NUMBERS = {value: key for key, value in TYPES.items()}
# The whole frame in bytes, by class.
SIZES = {"A": 14, "B": 15, "C": 18, "D": 22, "E": 26, "control": 22}
# Length of the authentication, by payload length.
AUTH = (2, 2, 4, 3, 2, 5, 4, 3, 2, 5, 4, 3, 2)
# Taps of the convolution of each rank: which bits back.
TAPS = {1: (0,), 2: (0, 1, 2), 3: (0, 2)}
KEEP_ALIVE, CONFIRMATION = 0x08, 0x09


class FrameError(ValueError):
    """What was received is no frame; says why."""


# -- AES-128, encryption of one block (FIPS 197)


def _make_sbox() -> bytes:
    exp, log = [0] * 256, [0] * 256
    value = 1
    for i in range(255):
        exp[i], log[value] = value, i
        value ^= _double(value)  # times 3, a generator
    box = bytearray(256)
    for i in range(256):
        inverse = exp[(255 - log[i]) % 255] if i else 0
        rotated = inverse
        for shift in range(1, 5):
            rotated ^= (inverse << shift | inverse >> (8 - shift)) & 0xFF
        box[i] = rotated ^ 0x63
    return bytes(box)


def _double(value: int) -> int:
    return (value << 1 ^ (0x1B if value & 0x80 else 0)) & 0xFF


SBOX = _make_sbox()


def _round_keys(key: bytes) -> list[bytes]:
    words = [key[i : i + 4] for i in range(0, 16, 4)]
    constant = 1
    while len(words) < 44:
        word = words[-1]
        if len(words) % 4 == 0:
            word = bytes(SBOX[b] for b in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = _double(constant)
        words.append(bytes(a ^ b for a, b in zip(words[-4], word, strict=True)))
    return [b"".join(words[i : i + 4]) for i in range(0, 44, 4)]


def _mix(column: bytes) -> bytes:
    a, b, c, d = column
    return bytes(
        _double(p) ^ _double(q) ^ q ^ r ^ s
        for p, q, r, s in ((a, b, c, d), (b, c, d, a), (c, d, a, b), (d, a, b, c))
    )


def aes(key: bytes, block: bytes) -> bytes:
    """One block, encrypted."""
    keys = _round_keys(key)
    state = bytes(a ^ b for a, b in zip(block, keys[0], strict=True))
    for number, round_key in enumerate(keys[1:], 1):
        state = bytes(SBOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16))
        if number < 10:
            state = b"".join(_mix(state[i : i + 4]) for i in range(0, 16, 4))
        state = bytes(a ^ b for a, b in zip(state, round_key, strict=True))
    return state


# -- Bits and sums


def to_bits(data: bytes) -> list[int]:
    """Most significant bit of each byte first."""
    return [byte >> (7 - n) & 1 for byte in data for n in range(8)]


def to_bytes(bits: list[int]) -> bytes:
    return bytes(
        sum(bit << (7 - n) for n, bit in enumerate(bits[i : i + 8]))
        for i in range(0, len(bits), 8)
    )


def number(bits: list[int]) -> int:
    return int("".join(map(str, bits)) or "0", 2)


def crc16(data: bytes) -> int:
    """CRC-16/GSM."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return crc ^ 0xFFFF


def crc8(data: bytes) -> int:
    """Polynomial 0x2F, from zero."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ (0x2F if crc & 0x80 else 0)) & 0xFF
    return crc


def convolve(bits: list[int], rank: int) -> list[int]:
    """The rank's filter over the bits behind the frame type."""
    return [sum(bits[i - back] for back in TAPS[rank] if i >= back) & 1 for i in range(len(bits))]


def deconvolve(bits: list[int], rank: int) -> list[int]:
    out: list[int] = []
    for i, bit in enumerate(bits):
        before = sum(out[i - back] for back in TAPS[rank][1:] if i >= back)
        out.append((bit + before) & 1)
    return out


# -- Uplink


@dataclass(frozen=True)
class Uplink:
    """One frame of a message."""

    rank: int
    control: bool
    indicator: int
    downlink: bool
    counter: int
    device: int
    payload: bytes
    authentication: bytes

    @property
    def kind(self) -> str:
        """What it is, in a word or two."""
        if self.control:
            return "keep-alive" if self.payload[0] == KEEP_ALIVE else "confirmation"
        if self.payload:
            return f"{len(self.payload)} bytes"
        return f"bit {self.indicator - 2}" if self.indicator >= 2 else "empty"

    @property
    def signed(self) -> bytes:
        """What the authentication is over."""
        word = self.indicator << 14 | self.downlink << 13 | self.counter
        return word.to_bytes(2, "big") + self.device.to_bytes(4, "little") + self.payload


def authentication(key: bytes, signed: bytes) -> bytes:
    """The whole last block; frames carry its first bytes."""
    size = 16 if len(signed) <= 16 else 32
    text = (signed * 32)[:size]
    block = bytes(16)
    for i in range(0, size, 16):
        block = aes(key, bytes(a ^ b for a, b in zip(block, text[i : i + 16], strict=True)))
    return block


def frame_size(bits: list[int]) -> int:
    """The frame's length in bytes, from its first 32 bits; FrameError."""
    head = bits[:PREAMBLE_BITS]
    if len(bits) < PREAMBLE_BITS + TYPE_BITS or head != [(i + 1) % 2 for i in range(len(head))]:
        raise FrameError("no preamble")
    kind = number(bits[PREAMBLE_BITS : PREAMBLE_BITS + TYPE_BITS])
    if kind not in TYPES:
        raise FrameError(f"unknown frame type {kind:#06x}")
    return SIZES[TYPES[kind][0]]


def _lengths(kind: str, indicator: int) -> tuple[int, int]:
    """Length of payload and of authentication."""
    if kind == "control":
        payload = 8 if indicator == 0 else 7
        return payload, 2 if indicator == 0 else 3
    if kind == "A":
        return 0, 2
    if kind == "B":
        return 1, 2
    payload = {"C": 4, "D": 8, "E": 12}[kind] - indicator
    return payload, indicator + 2


def decode_uplink(data: bytes) -> Uplink:
    """A whole frame, its CRC checked; FrameError says what is wrong."""
    bits = to_bits(data)
    size = frame_size(bits)
    if len(data) != size:
        raise FrameError(f"{len(data)} bytes, its type has {size}")
    kind, rank = TYPES[number(bits[PREAMBLE_BITS : PREAMBLE_BITS + TYPE_BITS])]
    body = to_bytes(deconvolve(bits[PREAMBLE_BITS + TYPE_BITS :], rank))
    if crc16(body[:-2]) != int.from_bytes(body[-2:], "big"):
        raise FrameError("CRC is wrong")
    word = int.from_bytes(body[:2], "big")
    payload, auth = _lengths(kind, word >> 14)
    if 6 + payload + auth + 2 != len(body):
        raise FrameError("length indicator and type do not go together")
    return Uplink(
        rank=rank,
        control=kind == "control",
        indicator=word >> 14,
        downlink=bool(word >> 13 & 1),
        counter=word & 0xFFF,
        device=int.from_bytes(body[2:6], "little"),
        payload=body[6 : 6 + payload],
        authentication=body[6 + payload : -2],
    )


def is_authentic(frame: Uplink, key: bytes) -> bool:
    block = authentication(key, frame.signed)
    return block[: len(frame.authentication)] == frame.authentication


def encode_uplink(key: bytes, frame: Uplink) -> bytes:
    """The frame as it is on the air; its authentication is worked out anew."""
    length = len(frame.payload)
    if frame.control:
        kind, auth = "control", 2 if length == 8 else 3
    else:
        kind, auth = "ABCCCDDDDEEEE"[length], AUTH[length]
    body = frame.signed + authentication(key, frame.signed)[:auth]
    body += crc16(body).to_bytes(2, "big")
    head = [(i + 1) % 2 for i in range(PREAMBLE_BITS)]
    kinds = NUMBERS[kind, frame.rank]
    head += [kinds >> (TYPE_BITS - 1 - n) & 1 for n in range(TYPE_BITS)]
    return to_bytes(head + convolve(to_bits(body), frame.rank))


def indicator_of(length: int, bit: int | None = None) -> int:
    """The length indicator of an application message."""
    if length == 0:
        return 0 if bit is None else 2 + bit
    return 0 if length == 1 else 3 - (length - 1) % 4


# -- Downlink


def whitening(device: int, counter: int) -> bytes:
    """What 15 bytes are added to."""
    register = device * counter % 512 or 0x1FF
    bits: list[int] = []
    while len(bits) < 120:
        for _ in range(8):
            register = register >> 1 | ((register >> 5 ^ register) & 1) << 8
        bits += [register >> (8 - n) & 1 for n in range(9)]
    return to_bytes(bits[:120])


def _remainder(word: int) -> int:
    """Of a polynomial by x^4 + x + 1."""
    for bit in range(word.bit_length() - 1, 3, -1):
        if word >> bit & 1:
            word ^= 0b10011 << (bit - 4)
    return word


def _column(data: bytes, bit: int) -> int:
    """One code word: bit number bit of each byte, the first byte's lowest."""
    return sum((byte >> bit & 1) << place for place, byte in enumerate(data))


def parity(data: bytes) -> bytes:
    """Four bytes before the eleven."""
    out = [0] * 4
    for bit in range(8):
        rest = _remainder(_column(data, bit) << 4)
        for place in range(4):
            out[place] |= (rest >> place & 1) << bit
    return bytes(out)


def downlink_mac(key: bytes, device: int, counter: int, payload: bytes) -> bytes:
    number_bytes = device.to_bytes(4, "little")
    block = number_bytes + counter.to_bytes(2, "little") + payload + number_bytes[:2]
    return aes(key, block)[:2]


def encode_downlink(key: bytes, device: int, counter: int, payload: bytes) -> bytes:
    """The 15 bytes behind the sync word that answer the uplink with this counter."""
    body = payload + downlink_mac(key, device, counter, payload)
    body += bytes([crc8(body)])
    plain = parity(body) + body
    return bytes(a ^ b for a, b in zip(plain, whitening(device, counter), strict=True))


def decode_downlink(key: bytes, device: int, counter: int, frame: bytes) -> bytes:
    """The payload; FrameError when it is damaged or for another."""
    plain = bytearray(a ^ b for a, b in zip(frame, whitening(device, counter), strict=True))
    errors = {_remainder(1 << place): place for place in range(15)}
    for bit in range(8):
        rest = _remainder(_column(bytes(plain), bit))
        if rest:
            plain[errors[rest]] ^= 1 << bit
    payload, mac, crc = bytes(plain[4:12]), bytes(plain[12:14]), plain[14]
    if crc8(payload + mac) != crc:
        raise FrameError("CRC is wrong")
    if mac != downlink_mac(key, device, counter, payload):
        raise FrameError("not for this device, key and counter")
    return payload


def phases(data: bytes) -> list[int]:
    """D-BPSK: the reference carrier, then the phase in each bit; a 0 turns it."""
    out = [0]
    for bit in to_bits(data):
        out.append(out[-1] ^ (1 - bit))
    return out
