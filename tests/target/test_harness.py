# SPDX-License-Identifier: MIT
"""The harness itself, with the host firmware standing in for a board."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from fwlib import rigs
from fwlib.rigs import Rig, RigError
from harness.board import Board, BoardError
from harness.boards import Boards
from harness.starts import HostStart
from pytest_embedded.log import MessageQueue

GOOD = json.dumps(
    {
        "about": "a test",
        "kind": "hil",
        "boards": [{"name": "a", "board": "PYCOM_LOPY4", "features": ["lora"]}],
        "suites": ["device"],
    }
)


def write(folder: Path, text: str) -> Path:
    """A device script."""
    path = folder / "trial.py"
    path.write_text(text)
    return path


def test_a_script_that_passes(board: Board, tmp_path: Path) -> None:
    """Its lines and its status arrive; it reaches the modules of its folder."""
    (tmp_path / "helper.py").write_text("word = 'PASS'\n")
    result = board.run(write(tmp_path, "import helper\nprint('one')\nprint(helper.word)\n"), 10)
    assert result.passed and result.lines == ["one", "PASS"]


def test_a_script_that_fails(board: Board, tmp_path: Path) -> None:
    """Its exit status tells, and so does a last line that is not PASS."""
    result = board.run(write(tmp_path, "import sys\nprint('PASS')\nsys.exit(3)\n"), 10)
    assert not result.passed and result.status == 3
    result = board.run(write(tmp_path, "print('PASS')\nprint('more')\n"), 10)
    assert not result.passed and result.status == 0
    assert not board.run(write(tmp_path, "pass\n"), 10).passed


def test_a_script_that_raises(board: Board, tmp_path: Path) -> None:
    """The traceback is among its lines, with file and line."""
    result = board.run(write(tmp_path, "print('PASS')\nraise OSError(5)\n"), 10)
    assert not result.passed and result.status == 1
    assert "line 2" in result.text and "OSError: [Errno 5] EIO" in result.text


def test_a_script_that_skips_itself(board: Board, tmp_path: Path) -> None:
    """The reason; more output makes it no skip."""
    result = board.run(write(tmp_path, "import sys\nprint('SKIP: no wind')\nsys.exit(0)\n"), 10)
    assert result.skipped == "no wind"
    result = board.run(write(tmp_path, "print('work')\nprint('SKIP: no wind')\n"), 10)
    assert not result.skipped and not result.passed


@pytest.mark.parametrize("text", ["while True: pass\n", "import time\ntime.sleep(1000)\n"])
def test_a_script_that_hangs(board: Board, tmp_path: Path, text: str) -> None:
    """It is ended in time, and the next one finds a prompt."""
    start = time.monotonic()
    with pytest.raises(BoardError, match="still running after 2 s"):
        board.run(write(tmp_path, f"print('begun')\n{text}"), 2)
    assert time.monotonic() - start < 60
    assert board.run(write(tmp_path, "print('PASS')\n"), 10).passed


def test_a_script_that_will_not_be_interrupted(board: Board, tmp_path: Path) -> None:
    """The board is started anew."""
    stubborn = "import micropython\nmicropython.kbd_intr(-1)\nwhile True: pass\n"
    with pytest.raises(BoardError, match="still running"):
        board.run(write(tmp_path, stubborn), 2)
    assert board.run(write(tmp_path, "print('PASS')\n"), 10).passed


def test_a_script_that_prints_anything(board: Board, tmp_path: Path) -> None:
    """Bytes that are no text, the harness's own marks among them, are no end of it."""
    noise = "import sys\nsys.stdout.buffer.write(bytes(range(32, 256)) * 20)\nprint('\\nPASS')\n"
    assert board.run(write(tmp_path, noise), 10).passed
    result = board.run(write(tmp_path, "print('\\n\\x1e0')\nprint('more')\n"), 10)
    assert not result.passed
    with pytest.raises(BoardError):
        board.run(write(tmp_path, "print('\\x04\\x04PASS')\n"), 10)
    assert board.run(write(tmp_path, "print('PASS')\n"), 10).passed


@pytest.mark.parametrize("deaf", [False, True])
def test_a_script_that_prints_without_end(board: Board, tmp_path: Path, deaf: bool) -> None:
    """It is ended in time, by Ctrl-C or a new start, although something comes all the time."""
    head = "import micropython\nmicropython.kbd_intr(-1)\n" if deaf else ""
    with pytest.raises(BoardError, match="still running|does not stop talking"):
        board.run(write(tmp_path, f"{head}while True: print('noise' * 20)\n"), 2)
    assert board.run(write(tmp_path, "print('PASS')\n"), 10).passed


def test_a_long_script_loses_no_bytes(board: Board, tmp_path: Path) -> None:
    """20 KB there and 100 KB back."""
    rows = "".join(f"a{i} = {i}\n" for i in range(1500))
    text = f"{rows}for i in range(1000):\n    print(i, '.' * 95)\nprint('PASS')\n"
    result = board.run(write(tmp_path, text), 60)
    assert result.passed
    assert result.lines[:-1] == [f"{i} {'.' * 95}" for i in range(1000)]


def test_a_board_that_is_unplugged(boards: Boards, rig: Rig, msg_queue: MessageQueue) -> None:
    """An error at once, not a wait."""
    board = boards.make(rig.boards[0], msg_queue)
    start = boards.start(board)
    assert isinstance(start, HostStart)
    board.prompt()
    timer = threading.Timer(1, start.unplug)
    timer.start()
    begun = time.monotonic()
    with pytest.raises(BoardError, match="went away|still running"):
        board.exec("import time\nwhile True: time.sleep(1)", 30)
    timer.join()
    assert time.monotonic() - begun < 20
    with pytest.raises(BoardError):
        board.prompt()


def test_a_good_rig() -> None:
    """What a file says is what tests get; nothing may be sent loudly by default."""
    rig = rigs.parse("good", GOOD, "good.json")
    assert rig.boards[0].board == "PYCOM_LOPY4" and rig.on_air
    assert rig.limits.tx_power == 2 and rig.limits.duty_cycle


@pytest.mark.parametrize("name", rigs.names())
def test_shipped_rigs_are_right(name: str) -> None:
    """Every file of the folder."""
    assert rigs.load(name).boards


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"kind": "moon"}, "kind is 'moon'"),
        ({"boards": []}, r"boards is \[\]"),
        ({"suites": ["singing"]}, "suites is 'singing'"),
        ({"suites": ["pair"]}, "suites is 'pair'"),
        ({"limits": {"tx_power": 40}}, "limits.tx_power is 40"),
        ({"limits": {"tx_power": True}}, "limits.tx_power is True"),
        ({"limits": {"region": "MARS"}}, "limits.region is 'MARS'"),
        ({"peers": {"password": "x"}}, "peers.password does not belong in a file"),
        ({"colour": "red"}, "colour is 'red'"),
        ({"about": 1}, "about is 1"),
        ({"air": {"pair": 2}}, "air is"),
    ],
)
def test_a_bad_rig(change: dict[str, object], complaint: str) -> None:
    """File, field, value and what to do."""
    text = json.dumps({**json.loads(GOOD), **change})
    with pytest.raises(RigError, match=complaint) as raised:
        rigs.parse("bad", text, "bad.json")
    assert "bad.json" in str(raised.value) and raised.value.todo


def test_a_rig_that_is_missing_or_no_json() -> None:
    """Both say where to look."""
    with pytest.raises(RigError, match="there is no rig 'nowhere'"):
        rigs.load("nowhere")
    with pytest.raises(RigError, match="not JSON: .*line 1"):
        rigs.parse("bad", "{", "bad.json")


def test_ports_of_a_rig() -> None:
    """--port names a board where there are several."""
    rig = rigs.load("lopy4_pair")
    assert rigs.ports(["two=/dev/ttyACM7"], rig)["two"] == "/dev/ttyACM7"
    with pytest.raises(RigError, match="names no board"):
        rigs.ports(["/dev/ttyACM7"], rig)
