# SPDX-License-Identifier: MIT
"""Adaptive data rate: as much faster and quieter as the best of the last SNRs allows."""

from __future__ import annotations

from lorawan_server.device import Session
from lorawan_server.regions import Rate, Region

# SNR in dB below which a spreading factor is not received.
REQUIRED_SNR = {6: -5.0, 7: -7.5, 8: -10.0, 9: -12.5, 10: -15.0, 11: -17.5, 12: -20.0}
INSTALLATION_MARGIN_DB = 10.0
STEP_DB = 3.0


def margin(rate: Rate, snr: float) -> float:
    """dB above what the rate needs; FSK is taken to need 10 dB."""
    return snr - REQUIRED_SNR.get(rate.sf, 10.0)


def decide(region: Region, session: Session, history: int) -> tuple[int, int] | None:
    """Rate and power to ask for; None: all is well, or too little is known."""
    dr = session.dr
    if dr is None or len(session.snr) < history or dr not in region.adr_rates:
        return None
    spare = margin(region.up[dr], max(session.snr)) - INSTALLATION_MARGIN_DB
    steps = int(spare // STEP_DB)
    new_dr, power = dr, session.power
    while steps > 0 and new_dr < max(region.adr_rates):
        new_dr += 1
        steps -= 1
    while steps > 0 and power < region.power_steps:
        power += 1
        steps -= 1
    while steps < 0 and power > 0:
        power -= 1
        steps += 1
    return None if (new_dr, power) == (dr, session.power) else (new_dr, power)
