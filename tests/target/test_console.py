# SPDX-License-Identifier: MIT
"""What is typed while the firmware computes: kept, in order, however much it is."""

from __future__ import annotations

from harness.board import Board

PATIENCE_S = 60.0
# Several times what a UART's buffer holds.
SIZE = 5000
# Ends with a line's end, which Python's input needs nowhere but the eye does.
TEXT = "".join(chr(33 + i * 7 % 90) for i in range(SIZE - 1)) + "\n"
BUSY = f"""\
import sys
print("busy")
for i in range(300000):
    pass
text = sys.stdin.read({SIZE})
good = all(ord(c) == 33 + i * 7 % 90 for i, c in enumerate(text[:-1]))
print(len(text), good, text[-1] == "\\n")
"""


def test_input_waits(board: Board) -> None:
    """All of it is read after a long calculation."""
    board.prompt()
    board.begin(BUSY)
    assert (board.line(PATIENCE_S) or "").endswith("busy")
    board.say(TEXT[:-1])
    assert board.line(PATIENCE_S) == f"{SIZE} True True"
    board.end(PATIENCE_S)
