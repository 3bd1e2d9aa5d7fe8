# SPDX-License-Identifier: MIT
"""Joining: nonces, addresses, channel lists."""

from __future__ import annotations

import random
from collections.abc import Iterable

from lorawan_server import frames
from lorawan_server.device import Device, Session
from lorawan_server.regions import Region

NONCE_MAX = 0xFFFFFF
CFLIST_BYTES = 16


class JoinRefused(ValueError):
    """Why a device was not let in."""


def cflist_frequencies(freqs: Iterable[int]) -> bytes:
    """Type 0: up to five more channels, in Hz."""
    found = list(freqs)
    if len(found) > 5:
        raise ValueError(f"a CFList has room for 5 frequencies, not {len(found)}")
    raw = b"".join((freq // 100).to_bytes(3, "little") for freq in found)
    return raw.ljust(CFLIST_BYTES, b"\0")


def cflist_masks(channels: Iterable[int]) -> bytes:
    """Type 1: which channels are on."""
    bits = sum(1 << channel for channel in set(channels))
    return bits.to_bytes(12, "little").ljust(CFLIST_BYTES - 1, b"\0") + b"\1"


def apply_cflist(session: Session, cflist: bytes) -> None:
    """Note what a device makes of a CFList."""
    if cflist[-1] == 1:
        bits = int.from_bytes(cflist[:12], "little")
        session.enabled = {channel for channel in session.channels if bits >> channel & 1}
        return
    first = len(session.channels)
    for i in range(5):
        freq = int.from_bytes(cflist[3 * i : 3 * i + 3], "little") * 100
        if freq:
            session.channels[first + i] = freq
            session.enabled.add(first + i)


def new_address(net_id: int, taken: set[int], chance: random.Random) -> int:
    """A DevAddr of a type 0 NetID that nobody has."""
    prefix = (net_id & 0x3F) << 25
    while True:
        address = prefix | chance.getrandbits(25)
        if address not in taken:
            return address


def check_nonce(device: Device, nonce: int) -> None:
    """DevNonce: a counter from 1.0.4 on, before that never used before."""
    if device.counts_nonces and device.dev_nonces and nonce <= max(device.dev_nonces):
        last = max(device.dev_nonces)
        raise JoinRefused(f"DevNonce {nonce} is not above the last one, {last}")
    if nonce in device.dev_nonces:
        raise JoinRefused(f"DevNonce {nonce} was used before")


def accept(
    region: Region, device: Device, nonce: int, net_id: int, address: int, plan: str
) -> bytes:
    """Give the device its next session; the join accept to send."""
    assert device.app_key is not None
    device.dev_nonces.add(nonce)
    device.join_nonce = device.join_nonce % NONCE_MAX + 1
    nwk_s_key, app_s_key = frames.session_keys(device.app_key, nonce, device.join_nonce, net_id)
    session = Session.start(region, address, nwk_s_key, app_s_key, plan)
    session.rx_delay = device.rx_delay or 1
    session.rx1_offset = device.rx1_offset
    session.rx2_dr = region.rx2_dr if device.rx2_dr is None else device.rx2_dr
    cflist = device.cflist
    if cflist is not None and cflist[-1] == 1 and device.version == "1.0.2":
        cflist = None  # type 1 came with 1.0.3
    if cflist is not None:
        apply_cflist(session, cflist)
    device.next_session = session
    reply = frames.JoinAccept(
        device.join_nonce,
        net_id,
        address,
        session.rx1_offset << 4 | session.rx2_dr,
        device.rx_delay,
        cflist,
    )
    return frames.write_join_accept(reply, device.app_key)
