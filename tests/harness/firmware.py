# SPDX-License-Identifier: MIT
"""The host firmware as a process that a test starts, listens to and stops."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import tempfile
import textwrap
import threading
import time
from pathlib import Path

from harness.closing import Closing

# Where the firmware's user-mode network puts things.
PC = "10.0.2.2"  # the PC's loopback, seen from the firmware
GUEST = "10.0.2.15"  # the firmware itself

_SETTINGS = (
    "USOCKET_NET",
    "USOCKET_FORWARD",
    "USOCKET_DNS",
    "USOCKET_MAC",
    "USOCKET_RADIO",
    "USOCKET_AIR",
    "USOCKET_STORE",
    "USOCKET_TIME_FACTOR",
    "USOCKET_SEED",
    "MICROPYPATH",
)


class NotSetError(Exception):
    """An environment variable that `tools/fw.py test` sets is missing."""


def from_env(name: str) -> Path:
    """The absolute path in environment variable name; it must exist."""
    value = os.environ.get(name, "")
    if not value:
        raise NotSetError(f"{name} is not set: run `python3 tools/fw.py test`, which sets it.")
    path = Path(value).resolve()
    if not path.exists():
        raise NotSetError(f"{name} is {value!r}, which does not exist.")
    return path


def firmware_path() -> Path:
    """The firmware under test."""
    return from_env("USOCKET_FIRMWARE")


def micropython_dir() -> Path:
    """The MicroPython source tree that the firmware was built from."""
    return from_env("MICROPYTHON_DIR")


class Firmware(Closing):
    """One run of the host firmware.

    source is a script's path, or code (dedented and given as a file, so that
    tracebacks have line numbers). net is the value of USOCKET_NET, forward those
    of USOCKET_FORWARD. Use as a context manager: leaving it ends the process.
    """

    def __init__(
        self,
        source: Path | str,
        *args: str,
        net: str = "slirp",
        forward: tuple[str, ...] = (),
        dns: str | None = None,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
        heap: str | None = None,
    ) -> None:
        self._dir: str | None = None
        if isinstance(source, str):
            self._dir = tempfile.mkdtemp(prefix="usocket-test-")
            script = Path(self._dir) / "script.py"
            script.write_text(textwrap.dedent(source))
        else:
            script = source
        full = {k: v for k, v in os.environ.items() if k not in _SETTINGS}
        full["USOCKET_NET"] = net
        full["USOCKET_STORE"] = "memory"
        if forward:
            full["USOCKET_FORWARD"] = ",".join(forward)
        if dns is not None:
            full["USOCKET_DNS"] = dns
        full.update(env or {})
        options = ["-X", f"heapsize={heap}"] if heap else []
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [str(firmware_path()), *options, str(script), *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=full,
            cwd=cwd or script.parent,
        )
        self.output: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            line = raw.decode(errors="backslashreplace").rstrip("\r\n")
            self.output.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def line(self, timeout: float = 10) -> str:
        """The next line that the firmware prints."""
        try:
            line = self._lines.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"no line within {timeout} s; {self._so_far()}") from None
        if line is None:
            self._lines.put(None)
            raise AssertionError(f"the firmware ended ({self.process.wait()}); {self._so_far()}")
        return line

    def expect(self, prefix: str, timeout: float = 10) -> str:
        """Read lines until one begins with prefix; the rest of that line."""
        end = time.monotonic() + timeout
        while True:
            line = self.line(max(0.01, end - time.monotonic()))
            if line.startswith(prefix):
                return line[len(prefix) :].strip()

    def write(self, text: str) -> None:
        """Give the firmware's script text on its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def wait(self, timeout: float = 30) -> int:
        """Wait for the script's end; its exit status."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running after {timeout} s; {self._so_far()}") from None
        self._reader.join(5)
        return status

    def check(self, timeout: float = 30) -> list[str]:
        """Wait for a good end; every line that was printed."""
        status = self.wait(timeout)
        assert status == 0, f"exit status {status}; {self._so_far()}"
        return self.output

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End the process, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def close(self) -> None:
        """End the process and give everything back."""
        self.kill()
        self._reader.join(5)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # unread input of a process that is gone
                    pass
        if self._dir is not None:
            shutil.rmtree(self._dir, ignore_errors=True)

    def _so_far(self) -> str:
        return "it printed:\n" + "\n".join(self.output[-40:])
