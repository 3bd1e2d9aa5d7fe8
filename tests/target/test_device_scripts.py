# SPDX-License-Identifier: MIT
"""tests/device on a target, unchanged, through the raw REPL.

A script passes when its last line is PASS and its exit status 0; it is skipped when it
prints only `SKIP: reason`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fwlib.rigs import Rig
from harness.board import Board
from harness.boards import Boards
from harness.scripts import SCRIPTS, settings
from pytest_embedded.log import MessageQueue

# Targets without the host firmware's speed: an emulator on a busy PC.
SLOW = 5.0
# The beginning of a script's name -> what its firmware must have; the others need IP.
NEEDS = {
    "ssl_": "tls",
    "leak_ssl": "tls",
    "lora": "lora",
    "sigfox": "sigfox",
    "radiosim": "radiosim",
}
# What a minute of the clock costs: there, a script that wants a fast clock runs as it is.
SIMULATED_CLOCKS = ("m3",)


def need_of(name: str) -> str:
    """What the script's firmware must have."""
    return next((need for start, need in NEEDS.items() if name.startswith(start)), "inet")


def why_not(script: Path, rig: Rig, env: dict[str, str]) -> str:
    """The reason that a script does not run on this rig; empty when it does."""
    plan = rig.boards[0]
    if rig.kind == "host":
        return ""
    need = need_of(script.stem)
    simulated = rig.kind == "qemu"
    have = {*plan.features, "radiosim"} if simulated else set(plan.features)
    if need not in have:
        return f"this firmware has no {need}"
    if need in ("lora", "sigfox") and not simulated:
        return "it talks to a simulated chip; the suites pair and sigfox try a board's radio"
    factor = float(env.get("USOCKET_TIME_FACTOR", 1))
    if factor > 1 and plan.image not in SIMULATED_CLOCKS:
        return f"it takes {factor:.0f} times as long without a simulated clock"
    return ""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script(script: Path, rig: Rig, request: pytest.FixtureRequest) -> None:
    """One script, after a soft reset or in a firmware of its own."""
    net, timeout, env = settings(script)
    reason = why_not(script, rig, env)
    if reason:
        pytest.skip(reason)
    if rig.kind == "host":
        boards: Boards = request.getfixturevalue("boards")
        queue: MessageQueue = request.getfixturevalue("msg_queue")
        board: Board = boards.make(rig.boards[0], queue, {"USOCKET_NET": net, **env})
    else:
        board = request.getfixturevalue("board")
    result = board.run(script, timeout if rig.kind == "host" else SLOW * timeout)
    if result.skipped:
        pytest.skip(result.skipped)
    assert result.passed, f"exit status {result.status}; {result.text}"
