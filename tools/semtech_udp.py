# SPDX-License-Identifier: MIT
"""Datagrams of the Semtech packet-forwarder protocol, version 2.

Byte 0 is the version, 1 and 2 a token, 3 the kind; what a gateway sends has its
EUI in bytes 4 to 11. JSON follows where the kind has it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

VERSION = 2
PORT = 1700
PUSH_DATA, PUSH_ACK, PULL_DATA, PULL_RESP, PULL_ACK, TX_ACK = range(6)
FROM_GATEWAY = (PUSH_DATA, PULL_DATA, TX_ACK)
HEADER = 4
EUI = 8
# tmst counts microseconds in 32 bits.
TMST_SPAN = 1 << 32


@dataclass(frozen=True)
class Datagram:
    """One datagram; eui only from a gateway."""

    kind: int
    token: bytes
    eui: bytes = b""
    body: bytes = b""

    def __bytes__(self) -> bytes:
        return bytes([VERSION]) + self.token + bytes([self.kind]) + self.eui + self.body

    def json(self) -> dict[str, object]:
        """The JSON object; an empty one where there is none; ValueError for anything else."""
        if not self.body:
            return {}
        found = json.loads(self.body.decode())  # both raise a ValueError
        if not isinstance(found, dict):
            raise ValueError(f"JSON is a {type(found).__name__}, not an object")  # noqa: TRY004
        return found


def parse(raw: bytes) -> Datagram:
    """Take a datagram apart; ValueError says what is wrong with it."""
    if len(raw) < HEADER:
        raise ValueError(f"{len(raw)} bytes, a datagram has {HEADER} at least")
    if raw[0] != VERSION:
        raise ValueError(f"protocol version {raw[0]}, spoken here is {VERSION}")
    kind = raw[3]
    if kind > TX_ACK:
        raise ValueError(f"kind {kind} is unknown")
    end = HEADER + (EUI if kind in FROM_GATEWAY else 0)
    if len(raw) < end:
        raise ValueError(f"{len(raw)} bytes, kind {kind} has {end} at least")
    return Datagram(kind, raw[1:3], raw[HEADER:end], raw[end:])


def with_json(kind: int, token: bytes, eui: bytes, content: dict[str, object]) -> Datagram:
    """A datagram with a JSON object."""
    return Datagram(kind, token, eui, json.dumps(content, separators=(",", ":")).encode())


def tmst_add(tmst: int, delay_us: int) -> int:
    """A later (or earlier) value of the counter."""
    return (tmst + delay_us) % TMST_SPAN


def tmst_until(tmst: int, now: int) -> int:
    """Microseconds from now to tmst; negative when it is past.

    The counter runs round in 71.6 minutes: the nearer way counts.
    """
    return (tmst - now + TMST_SPAN // 2) % TMST_SPAN - TMST_SPAN // 2
