"""The network's side of LoRaWAN for a user: programs beside the firmware."""

import os
import signal
import subprocess

from fwlib import venv
from fwlib.paths import REPO
from fwlib.steps import build_lock

# Command -> (its program, what it is).
PEERS = {
    "gateway": ("lorawan_gateway", "a virtual LoRaWAN gateway, from the air to a server"),
    "server": ("lorawan_server", "a small LoRaWAN network server"),
}


def run(name: str, options: list[str]) -> int:
    """Run one with its own options until it ends; its exit status."""
    with build_lock():
        venv.ensure()
    env = {**os.environ, "PYTHONPATH": str(REPO / "tools")}
    process = subprocess.Popen([venv.python(), "-m", PEERS[name][0], *options], env=env)
    # Ctrl-C reaches the program, too, and it says how it ends.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _: process.send_signal(got))
    return process.wait()
