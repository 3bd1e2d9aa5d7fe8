# SPDX-License-Identifier: MIT
"""A Sigfox uplink. On real boards only with --transmit-sigfox: the operator's network
hears it, counts it, and a subscription may pay for it.
"""

from __future__ import annotations

import pytest
from fwlib.rigs import Rig
from harness.air import Air
from harness.board import Board
from harness.boards import Boards
from harness.sigfox import BaseStation
from pytest_embedded.log import MessageQueue

ID, PAC, KEY = 0x00A1B2C3, bytes(8), bytes(range(16))
SEND = """\
import network, socket
sigfox = network.Sigfox(mode=network.Sigfox.SIGFOX, rcz=network.Sigfox.RCZ1)
{provision}
s = socket.socket(socket.AF_SIGFOX, socket.SOCK_RAW)
s.setblocking(True)
s.setsockopt(socket.SOL_SIGFOX, socket.SO_RX, False)
print(s.send(b"usocket"))
"""
PROVISION = f"sigfox.provision({ID.to_bytes(4, 'big')!r}, {PAC!r}, {KEY!r})"
PATIENCE_S = 120.0


def test_uplink_to_a_base_station(rig: Rig, boards: Boards, msg_queue: MessageQueue) -> None:
    """Three frames that a station decodes and verifies."""
    if rig.kind != "host":
        pytest.skip("a simulated station hears host firmwares alone")
    with Air(factor=5) as air, BaseStation(air.hub.port, {ID: KEY}) as station:
        board = boards.make(rig.boards[0], msg_queue, air.env("device", x=300))
        board.prompt()
        assert board.exec(SEND.format(provision=PROVISION), PATIENCE_S).strip() == "7"
        heard = station.wait_frames(3)
        assert all(one.uplink is not None and one.uplink.payload == b"usocket" for one in heard)
        boards.close()


def test_uplink_over_the_air(rig: Rig, board: Board, request: pytest.FixtureRequest) -> None:
    """A board with number and key of its own sends one message."""
    if rig.kind == "hil" and not request.config.getoption("transmit_sigfox"):
        pytest.skip("it would transmit to the operator's network; --transmit-sigfox allows it")
    board.prompt()
    provision = "" if rig.kind == "hil" else PROVISION
    assert board.exec(SEND.format(provision=provision), PATIENCE_S).strip() == "7"
