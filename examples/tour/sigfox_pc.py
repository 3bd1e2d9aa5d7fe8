"""Sigfox, the PC's side: the air, and a base station that decodes and answers."""

from fwlib.sigfoxcodec import Uplink
from fwlib.sigfoxstation import Heard
from harness.air import Air
from harness.sigfox import BaseStation
from pc import STEP, Node, TourError, say

KEYS = {0x00A1B2C3: bytes(range(16))}
# The message takes 27 s; simulated time runs so many times as fast.
FACTOR = 20.0
FRAMES = 4


def answer(uplink: Uplink) -> bytes:
    """Eight bytes for the device."""
    return b"got " + f"{len(uplink.payload):2d}!!".encode()


def describe(heard: Heard) -> str:
    """A frame in a line."""
    uplink = heard.uplink
    if uplink is None or heard.error or heard.problems:
        raise TourError(f"the station heard a bad frame: {heard.error or heard.problems}")
    text = f"{heard.frequency / 1e6:.4f} MHz, {heard.bit_rate} bit/s, "
    text += f"rank {uplink.rank}, counter {uplink.counter}, {uplink.kind}"
    if not uplink.control:
        text += f" {uplink.payload!r}"
    return text + ", authentic"


def run() -> None:
    """A device, and a station that answers it."""
    say(f"{STEP}Sigfox: twelve bytes up, eight down, from phase turns of a carrier")
    with Air(factor=FACTOR) as air, BaseStation(air.hub.port, KEYS, answer) as station:
        node = Node("sigfox.py", env={**air.env("node"), "USOCKET_STORE": "memory"})
        for line in node:
            say(line, "node")
        node.close()
        for heard in station.wait_frames(FRAMES):
            say(describe(heard), "base")
