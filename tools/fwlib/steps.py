"""Long steps: one line of progress each, the whole output in build/logs/NAME.log."""

import fcntl
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from fwlib.paths import BUILD, LOGS, shown

TAIL_LINES = 30
TITLE_WIDTH = 44


class FwError(Exception):
    """Something the user must know: what was wrong, and what to do about it."""

    def __init__(self, message: str, todo: str = ""):
        super().__init__(message)
        self.todo = todo


class NotSupported(FwError):
    """Cannot be done here, for a reason that is nobody's mistake."""


def say(text: str) -> None:
    print(text, flush=True)


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    text = log.read_text(errors="replace").splitlines()
    return "\n".join("    | " + line for line in text[-lines:])


class Step:
    """One line on the terminal: the title, what goes on, how it ended."""

    def __init__(self, title: str):
        self.title = title
        self.start = time.monotonic()
        self.live = sys.stdout.isatty()
        if not self.live:
            print(f"{title:<{TITLE_WIDTH}} ", end="", flush=True)

    def tick(self, doing: str = "") -> None:
        if self.live:
            width = os.get_terminal_size().columns - 1
            line = f"{self.title:<{TITLE_WIDTH}} {time.monotonic() - self.start:5.0f} s  {doing}"
            print(f"\r\x1b[K{line[:width]}", end="", flush=True)

    def end(self, result: str) -> None:
        seconds = time.monotonic() - self.start
        start = f"\r\x1b[K{self.title:<{TITLE_WIDTH}} " if self.live else ""
        say(f"{start}{result} ({seconds:.1f} s)")


def last_line(log: Path) -> str:
    """The last line of a growing log, for the progress line."""
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 400))
        lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def run_logged(
    argv: Sequence[str | Path],
    log: Path,
    *,
    step: Step,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    limit: float = float("inf"),
) -> int:
    """Run a command, add its output to the log, return its exit status.

    After limit seconds it is ended, and the log says so.
    """
    with log.open("a") as out:
        out.write(f"$ {shlex.join(str(arg) for arg in argv)}\n")
        out.flush()
        process = subprocess.Popen(
            [str(arg) for arg in argv],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        # Interrupted, pytest still writes its report.
        ends = iter((signal.SIGINT, signal.SIGTERM))
        try:
            while True:
                try:
                    return process.wait(timeout=0.5)
                except subprocess.TimeoutExpired:
                    step.tick(last_line(log))
                    if time.monotonic() - step.start > limit:
                        out.write(f"\nfw.py: ended after {limit:.0f} s\n")
                        out.flush()
                        process.send_signal(next(ends, signal.SIGKILL))
                        limit += 20
        except BaseException:
            process.terminate()
            process.wait()
            raise


def new_log(name: str) -> Path:
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    log.write_text("")
    return log


def run_step(
    title: str,
    name: str,
    commands: Sequence[Sequence[str | Path]],
    *,
    todo: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    otherwise: str = "",
) -> bool:
    """Run commands as one step; the first that fails ends it with the log's end.

    Where there is another way, otherwise names it: then a failure returns False.
    """
    log = new_log(name)
    step = Step(title)
    for argv in commands:
        status = run_logged(argv, log, step=step, cwd=cwd, env=env)
        if status != 0 and otherwise:
            step.end(f"no, see {shown(log)}; {otherwise}")
            return False
        if status != 0:
            step.end("FAILED")
            say(tail(log))
            command = Path(argv[0]).name
            raise FwError(
                f"{title}: '{command}' ended with status {status}; all of it: {shown(log)}", todo
            )
    step.end("done")
    return True


@contextmanager
def build_lock() -> Iterator[None]:
    """Only one fw.py sets up or builds at a time."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another fw.py is building in this directory; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
