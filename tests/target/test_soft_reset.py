# SPDX-License-Identifier: MIT
"""A soft reset takes Python's threads away wherever they are; what they slept in comes back."""

from __future__ import annotations

import pytest
from fwlib.rigs import Rig
from harness.board import Board

# More than a board has sockets (10).
RESETS = 12
SLEEPERS = {
    "inet": """\
import _thread, socket, time
def sleep_in(s):
    s.bind(("0.0.0.0", 0))
    s.recv(1)
_thread.start_new_thread(sleep_in, (socket.socket(socket.AF_INET, socket.SOCK_DGRAM),))
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(1)
_thread.start_new_thread(listener.accept, ())
time.sleep_ms(100)
print("asleep")
""",
    "tls": """\
import _thread, socket, ssl, time
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(1)
tls = socket.socket()
tls.connect(listener.getsockname())
def shake():
    ssl.wrap_socket(tls)
_thread.start_new_thread(shake, ())
time.sleep_ms(200)
print("asleep")
""",
    "lora": """\
import _thread, network, socket, time
lora = network.LoRa(mode=network.LoRa.LORA, region=network.LoRa.EU868)
s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
s.setblocking(True)
_thread.start_new_thread(s.recv, (64,))
time.sleep_ms(100)
print("asleep")
""",
}
# What must work afterwards, and print True.
PROOFS = {
    "inet": """\
import socket
all = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(8)]
for s in all:
    s.close()
print(len(all) == 8)
""",
    "lora": """\
import network, socket
lora = network.LoRa(mode=network.LoRa.LORA, region=network.LoRa.EU868)
s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
s.setblocking(False)
print(s.recv(64) == b"")
""",
}


@pytest.mark.parametrize("feature", SLEEPERS)
def test_threads_that_slept_cost_nothing(board: Board, rig: Rig, feature: str) -> None:
    """Soft reset after soft reset with threads asleep in sockets; then all sockets are there."""
    if not {feature, "thread"} <= set(rig.boards[0].features):
        pytest.skip(f"this firmware has no {feature} or no threads")
    for _ in range(RESETS):
        board.prompt()
        assert board.exec(SLEEPERS[feature], 30).strip() == "asleep"
    board.prompt()
    proof = PROOFS["lora" if feature == "lora" else "inet"]
    assert board.exec(proof, 30).strip() == "True"
