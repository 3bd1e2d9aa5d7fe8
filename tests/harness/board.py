# SPDX-License-Identifier: MIT
"""A board at its raw REPL: mpremote's transport on a port that pytest-embedded opened."""

from __future__ import annotations

import contextlib
import math
import re
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mpremote.transport import TransportError
from mpremote.transport_serial import SerialIntercept, SerialTransport
from pytest_embedded.log import MessageQueue
from pytest_embedded_serial.serial import Serial
from serial import SerialBase

# No read of the port takes longer than this, s: that bounds every wait below.
READ_S = 2.0
# Entering the raw REPL, or a soft reset, s.
PROMPT_S = 10.0
# What the runner prints at a script's end, before its exit status.
MARK = "\x1e"
RUNNER = """\
import sys
def _run(name, path):
    status = 0
    sys.path.insert(0, path)
    try:
        __import__(name)
    except SystemExit as e:
        status = e.args[0] if e.args and e.args[0] is not None else 0
    except BaseException as e:
        sys.print_exception(e)
        status = 1
    print("\\n\\x1e%d" % int(status))
"""


class BoardError(Exception):
    """The board does not answer as a board does."""


@dataclass(frozen=True)
class Result:
    """What a script did: its exit status and the lines that it printed."""

    status: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def skipped(self) -> str:
        """Why it skipped itself; empty if it did not."""
        alone = self.status == 0 and len(self.lines) == 1
        skips = alone and self.lines[0].startswith("SKIP: ")
        return self.lines[0].removeprefix("SKIP: ") if skips else ""

    @property
    def passed(self) -> bool:
        return self.status == 0 and bool(self.lines) and self.lines[-1] == "PASS"


class Bounded:
    """A port that is not read past a time: mpremote looks at the clock only when nothing comes."""

    def __init__(self, line: SerialBase) -> None:
        self._line = line
        self.until = math.inf

    @property
    def timeout(self) -> float | None:
        return self._line.timeout

    @timeout.setter
    def timeout(self, seconds: float | None) -> None:
        self._line.timeout = seconds

    def inWaiting(self) -> int:
        self._look()
        return self._line.in_waiting

    def read(self, size: int = 1) -> bytes:
        self._look()
        return self._line.read(size)

    def write(self, data: bytes) -> int | None:
        return self._line.write(data)

    def _look(self) -> None:
        if time.monotonic() > self.until:
            raise TransportError("it does not stop talking")


class Wire(SerialTransport):
    """mpremote's transport on a port that is open already."""

    def __init__(self, serial: Serial) -> None:
        self.in_raw_repl = False
        self.use_raw_paste = True
        self.device_name = serial.port
        self.mounted = False
        self.port = Bounded(serial.proc)
        self.serial = self.port
        self.serial.timeout = READ_S
        # It would read without looking first, and then wait for ever under a mount.
        self.is_pty = False

    def unmount(self) -> None:
        """The board forgot its mount: a soft reset."""
        if isinstance(self.serial, SerialIntercept):
            self.serial = self.serial.orig_serial
        self.serial.timeout = READ_S
        self.mounted = False

    def allow(self, seconds: float) -> None:
        """Nothing is read past then, and a read that waits."""
        self.port.until = time.monotonic() + seconds + READ_S


class Board:
    """One board. restart gives it a new start where that can be had (a process; RTS)."""

    def __init__(
        self,
        name: str,
        port: str,
        queue: MessageQueue,
        *,
        baud: int = 115200,
        restart: Callable[[], str] | None = None,
        boot_s: float = 0.0,
    ) -> None:
        self.name = name
        self._boot_s = boot_s
        self.queue = queue
        self._baud = baud
        self._restart = restart
        self._open(port)

    def _open(self, port: str) -> None:
        self.port = port
        self.serial = Serial(self.queue, port=port, baud=self._baud)
        self.serial.stop_redirect_thread()
        self.wire = Wire(self.serial)
        if self._boot_s:
            self.wire.allow(self._boot_s)
            data = self.wire.read_until(1, b">>> ", timeout=None, timeout_overall=self._boot_s)
            self.queue.put(data)
            if not data.endswith(b">>> "):
                raise BoardError(f"board {self.name}: no prompt {self._boot_s:.0f} s after start")

    def close(self) -> None:
        """Give the port back."""
        with contextlib.suppress(OSError):
            self.serial.close()

    def restart(self) -> None:
        """A new start, as by the reset button."""
        if self._restart is None:
            raise BoardError(f"board {self.name} on {self.port} cannot be reset from here")
        self.close()
        self._open(self._restart())

    def prompt(self, *, soft_reset: bool = True) -> None:
        """To the raw REPL; everything that ran before is over."""
        self.wire.allow(PROMPT_S)
        try:
            self.wire.unmount()
            with contextlib.redirect_stdout(None):
                self.wire.enter_raw_repl(soft_reset=soft_reset, timeout_overall=PROMPT_S)
        except (TransportError, OSError) as error:
            raise BoardError(f"board {self.name} on {self.port}: no prompt: {error}") from None

    def recover(self) -> None:
        """To the prompt by Ctrl-C, by a soft reset, or by a new start."""
        for soft_reset in (False, True):
            try:
                self.prompt(soft_reset=soft_reset)
                return
            except BoardError:
                continue
        self.restart()
        self.prompt()

    def mount(self, folder: Path) -> None:
        """Make a folder of the PC the board's /remote until the next soft reset."""
        self.wire.allow(PROMPT_S)
        self.wire.mount_local(str(folder))

    def exec(self, code: str, timeout: float = 10.0) -> str:
        """Run code; what it printed. BoardError for an exception or after timeout s."""
        out, error = self._exec(code, timeout)
        if error:
            raise BoardError(f"board {self.name}: {error}")
        return out

    def begin(self, code: str) -> None:
        """Start code that goes on; line() reads what it prints."""
        self.wire.allow(PROMPT_S)
        self.wire.exec_raw_no_follow(code)

    def line(self, timeout: float) -> str | None:
        """The next line of code that goes on; None when none came in time."""
        self.wire.allow(timeout)
        data = self.wire.read_until(1, b"\n", timeout=None, timeout_overall=timeout)
        self.queue.put(data)
        return data.decode(errors="replace").rstrip("\r\n") if data.endswith(b"\n") else None

    def end(self, timeout: float) -> None:
        """Wait for the end of code that goes on; BoardError for an exception."""
        self._part(timeout)
        if error := self._part(PROMPT_S):
            raise BoardError(f"board {self.name}: {error}")

    def say(self, text: str) -> None:
        """A line for code that reads its standard input."""
        self.wire.serial.write(text.encode() + b"\n")

    def _exec(self, code: str, timeout: float) -> tuple[str, str]:
        self.wire.allow(PROMPT_S)
        try:
            self.wire.exec_raw_no_follow(code)
            parts = [self._part(timeout), self._part(PROMPT_S)]
        except (TransportError, struct.error) as error:  # the second: half a word of its mount
            raise BoardError(f"board {self.name} on {self.port}: {error}") from None
        except OSError as error:
            raise BoardError(f"board {self.name} on {self.port} went away: {error}") from None
        return parts[0], parts[1]

    def _part(self, timeout: float) -> str:
        self.wire.allow(timeout)
        data = self.wire.read_until(1, b"\x04", timeout=None, timeout_overall=timeout)
        self.queue.put(data)
        text = data.decode(errors="backslashreplace").replace("\r\n", "\n")
        if not data.endswith(b"\x04"):
            shown = text[-2000:]
            raise BoardError(f"board {self.name}: still running after {timeout:.0f} s; {shown}")
        return text[:-1]

    def set_clock(self) -> None:
        """The PC's date, which certificates are judged by; a board starts in 2000."""
        t = time.gmtime()
        date = (t.tm_year, t.tm_mon, t.tm_mday, t.tm_wday, t.tm_hour, t.tm_min, t.tm_sec, 0)
        self.exec(
            "try:\n    import machine\n"
            f"    machine.RTC().datetime({date})\n"
            "except (ImportError, AttributeError):\n    pass"
        )

    def run(self, script: Path, timeout: float) -> Result:
        """Run a device script, unchanged, from its folder on the PC."""
        self.prompt()
        self.set_clock()
        self.mount(script.parent)
        self.exec(RUNNER)
        call = f"_run({script.stem!r}, '/remote')"
        try:
            out, error = self._exec(call, timeout)
        except BoardError:
            # Whatever it does, the next script finds a prompt.
            with contextlib.suppress(BoardError):
                self.recover()
            raise
        body, mark, status = out.rpartition(f"\n{MARK}")
        if not mark or not re.fullmatch(r"-?\d+\s*", status):
            raise BoardError(f"board {self.name}: the script broke off; {out[-2000:]}{error}")
        return Result(int(status), [line for line in body.splitlines() if line])


def wait_for(condition: Callable[[], bool], timeout: float) -> bool:
    """Poll a condition of the PC's; whether it came true in time."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
