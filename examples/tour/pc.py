"""For the PC's side of the tour's steps: firmwares, and what they say."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from harness.closing import Closing
from harness.firmware import firmware_path

HERE = Path(__file__).resolve().parent
STEP = "<step> "
_numbers = itertools.count(1)


class TourError(Exception):
    """A firmware did not come to its end."""


def say(line: str, who: str = "") -> None:
    """Print a line, by somebody; one that begins a step gets its number."""
    if line.startswith(STEP):
        print(f"\n{next(_numbers)}. {line.removeprefix(STEP)}", flush=True)
    else:
        print("   " + (f"{who:6}" if who else "") + line, flush=True)


class Node(Closing):
    """A firmware that runs a script of this folder; iterate over it for its lines."""

    def __init__(self, script: str, *args: object, env: dict[str, str]) -> None:
        self._script = script
        self._process = subprocess.Popen(
            [firmware_path(), HERE / script, *map(str, args)],
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __iter__(self) -> Iterator[str]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield line.rstrip("\n")
        status = self._process.wait()
        if status != 0:
            raise TourError(f"{self._script} ended with status {status}")

    def write(self, text: str) -> None:
        """Give the script text on its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def close(self) -> None:
        """End it if it runs."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
