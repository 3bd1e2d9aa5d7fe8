# SPDX-License-Identifier: MIT
"""Two boards that talk raw LoRa: host firmwares on one air, or real boards on a bench."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fwlib.rigs import Rig
from harness.air import Air
from harness.board import Board
from harness.boards import Boards
from pytest_embedded.log import MessageQueue

# Metres between two host firmwares.
APART = 300
# Seconds for the slowest exchange of a test, at the clock's own speed.
PATIENCE_S = 60.0
SETUP = """\
import network, socket, time
LoRa = network.LoRa
lora = LoRa(mode=LoRa.LORA, region=LoRa.{region}, tx_power={power}, **{settings!r})
s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
s.settimeout(30)
"""
# The payload of a size, the same on both ends.
MAKE = "make = lambda n, seed: bytes((i * 7 + seed) & 255 for i in range(n))\n"
# (settings of network.LoRa, sizes of the payloads); the long ones where they are quick.
MATRIX = (
    ({"sf": 7, "bandwidth": 2, "coding_rate": 1}, (1, 16, 128, 255)),
    ({"sf": 7, "bandwidth": 0, "coding_rate": 4}, (1, 255)),
    ({"sf": 8, "bandwidth": 1, "coding_rate": 2}, (1, 64, 255)),
    ({"sf": 9, "bandwidth": 2, "coding_rate": 3}, (1, 100)),
    ({"sf": 10, "bandwidth": 0, "coding_rate": 1}, (1, 51)),
    ({"sf": 12, "bandwidth": 0, "coding_rate": 1}, (1, 12)),
    ({"sf": 7, "bandwidth": 0, "coding_rate": 1, "preamble": 20, "public": False}, (33,)),
)


@dataclass
class Pair:
    """Two boards at their prompts."""

    rig: Rig
    one: Board
    two: Board

    def init(self, **settings: object) -> None:
        """The same settings on both, the power that the rig allows."""
        code = SETUP.format(
            region=self.rig.limits.region, power=self.rig.limits.tx_power, settings=settings
        )
        for board in (self.one, self.two):
            board.prompt()
            board.exec(code + MAKE, timeout=30)

    def send(
        self, sender: Board, receiver: Board, size: int, seed: int
    ) -> tuple[bool, int, float]:
        """One frame; whether it arrived as it was, its RSSI and SNR."""
        receiver.begin(
            "print('listening')\n"
            f"data = s.recv(300)\nst = lora.stats()\n"
            f"print(data == make({size}, {seed}), st.rssi, st.snr)"
        )
        listening = receiver.line(PATIENCE_S)
        assert listening is not None and listening.endswith("listening"), listening
        sent = sender.exec(f"time.sleep_ms(20)\nprint(s.send(make({size}, {seed})))", PATIENCE_S)
        assert sent.strip() == str(size)
        heard = receiver.line(PATIENCE_S)
        receiver.end(PATIENCE_S)
        assert heard is not None, "nothing was heard"
        same, rssi, snr = heard.split()
        return same == "True", int(float(rssi)), float(snr)


@pytest.fixture
def pair(rig: Rig, boards: Boards, msg_queue: MessageQueue) -> Iterator[Pair]:
    """The rig's two boards; host firmwares have an air of their own."""
    if rig.kind != "host":
        made = [boards.make(plan, msg_queue) for plan in rig.boards]
        yield Pair(rig, *made)
        return
    with Air(factor=rig.air.get("pair", 1.0)) as air:
        places = zip(rig.boards, (0, APART), strict=True)
        made = [boards.make(plan, msg_queue, air.env(plan.name, x=x)) for plan, x in places]
        yield Pair(rig, *made)
        boards.close()


def test_ping_pong(pair: Pair) -> None:
    """Each answers the other, ten times, none lost."""
    pair.init(sf=7)
    pair.two.begin(
        "for i in range(10):\n"
        "    data = s.recv(64)\n    time.sleep_ms(50)\n    s.send(b'pong ' + data)\n"
        "print('over')"
    )
    answers = pair.one.exec(
        "time.sleep_ms(100)\n"
        "for i in range(10):\n"
        "    s.send(b'%d' % i)\n    print(s.recv(64).decode())\n    time.sleep_ms(50)\n",
        PATIENCE_S,
    )
    assert answers.split("\n")[:-1] == [f"pong {i}" for i in range(10)]
    pair.two.end(PATIENCE_S)


@pytest.mark.parametrize(("settings", "sizes"), MATRIX, ids=str)
def test_settings(pair: Pair, settings: dict[str, object], sizes: tuple[int, ...]) -> None:
    """Frames of every kind arrive as they were, both ways, about as loud."""
    pair.init(**settings)
    levels = []
    for seed, size in enumerate(sizes):
        for sender, receiver in ((pair.one, pair.two), (pair.two, pair.one)):
            same, rssi, snr = pair.send(sender, receiver, size, seed)
            assert same, f"{size} bytes changed on the way"
            assert pair.rig.limits.rssi_min <= rssi <= pair.rig.limits.rssi_max
            assert -25 <= snr <= 30
            levels.append(rssi)
    assert max(levels) - min(levels) <= 20, levels


def test_other_settings_are_not_heard(pair: Pair) -> None:
    """Another spreading factor, another sync word: silence until the timeout."""
    pair.init(sf=7)
    for change in ("sf=8", "public=False"):
        pair.two.exec(f"lora.init(mode=LoRa.LORA, region=LoRa.{pair.rig.limits.region}, {change})")
        pair.two.begin(
            "s.settimeout(1.5)\nprint('listening')\n"
            "try:\n    print(s.recv(64))\nexcept OSError as e:\n    print('silence', e.errno)"
        )
        assert (pair.two.line(PATIENCE_S) or "").endswith("listening")
        pair.one.exec("s.send(b'not for you')", PATIENCE_S)
        assert (pair.two.line(PATIENCE_S) or "").startswith("silence")
        pair.two.end(PATIENCE_S)


def test_power_is_the_rigs(pair: Pair) -> None:
    """What goes out is no louder than the rig's file says."""
    pair.init(sf=7)
    for board in (pair.one, pair.two):
        assert int(board.exec("print(lora.tx_power())")) <= pair.rig.limits.tx_power
