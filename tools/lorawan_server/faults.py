# SPDX-License-Identifier: MIT
"""What a test can do to downlinks on purpose: values for NetworkServer.mangle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lorawan_server.downlink import Transmission

Fault = Callable[[Transmission], list[Transmission]]


def none(one: Transmission) -> list[Transmission]:
    """Send it as it is."""
    return [one]


def lost(one: Transmission) -> list[Transmission]:
    """Do not send it; the server takes it for sent."""
    return []


def bit_flip(bit: int) -> Fault:
    """One bit is wrong, counted from the frame's first."""

    def fault(one: Transmission) -> list[Transmission]:
        phy = bytearray(one.phy)
        phy[bit // 8 % len(phy)] ^= 1 << bit % 8
        return [replace(one, phy=bytes(phy))]

    return fault


def wrong_mic(one: Transmission) -> list[Transmission]:
    """The last bit of the MIC is wrong."""
    return bit_flip(8 * len(one.phy) - 1)(one)


def wrong_address(offset: int) -> Fault:
    """Another device's address; so the MIC is wrong, too."""

    def fault(one: Transmission) -> list[Transmission]:
        address = (int.from_bytes(one.phy[1:5], "little") + offset) & 0xFFFFFFFF
        return [replace(one, phy=one.phy[:1] + address.to_bytes(4, "little") + one.phy[5:])]

    return fault


def truncate(length: int) -> Fault:
    """Only the first bytes."""
    return lambda one: [replace(one, phy=one.phy[:length])]


def replay(phy: bytes) -> Fault:
    """A frame of before instead."""
    return lambda one: [replace(one, phy=phy)]


def late(microseconds: int) -> Fault:
    """After (or, negative, before) its time."""
    return lambda one: [one.later(microseconds)]


def twice(microseconds: int) -> Fault:
    """The same frame again, so much later."""
    return lambda one: [one, one.later(microseconds)]


def not_inverted(one: Transmission) -> list[Transmission]:
    """With the IQ of an uplink: no device hears it."""
    return [replace(one, inverted=False)]


def only(window: str) -> Fault:
    """Nothing in the other window, whatever the server says."""
    return lambda one: [one] if one.window.name == window else []
