# SPDX-License-Identifier: MIT
"""Whose uplink it is, and whether it is new."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lorawan_server import frames
from lorawan_server.device import MAX_FCNT_GAP, NB_TRANS_MAX, Device, Session


@dataclass(frozen=True)
class Match:
    """An uplink's device and session; kind is uplink, retransmission, replay or fcnt_gap."""

    kind: str
    device: Device
    session: Session
    fcnt: int


def sessions_of(device: Device) -> list[Session]:
    """The device's session, and that of a join it has not used yet."""
    return [one for one in (device.next_session, device.session) if one is not None]


def find(phy: bytes, devices: Iterable[Device]) -> Match | None:
    """The session whose key fits; None: nobody's, or the MIC is bad."""
    address, low = frames.address_of(phy)
    for device in devices:
        for session in sessions_of(device):
            if session.dev_addr == address:
                found = judge(phy, low, device, session)
                if found:
                    return found
    return None


def judge(phy: bytes, low: int, device: Device, session: Session) -> Match | None:
    """Try the counters that the 16 bits can stand for."""
    last = session.fcnt_up
    same_half = (max(last, 0) & ~0xFFFF) | low
    if phy == session.last_uplink:
        again = session.copies < NB_TRANS_MAX
        return Match("retransmission" if again else "replay", device, session, last)
    for fcnt in (same_half, same_half + 0x10000):
        if fcnt > frames.FCNT_MAX or not frames.mic_fits(phy, fcnt, session.nwk_s_key):
            continue
        if fcnt > last:
            gap = fcnt - max(last, 0) > MAX_FCNT_GAP and not device.counts_nonces
            return Match("fcnt_gap" if gap else "uplink", device, session, fcnt)
        restart = device.counters_may_restart and device.app_key is None and fcnt == 0
        return Match("uplink" if restart else "replay", device, session, fcnt)
    # A frame of the half before: so old that it can only be a replay.
    old = same_half - 0x10000
    if old >= 0 and frames.mic_fits(phy, old, session.nwk_s_key):
        return Match("replay", device, session, old)
    return None
