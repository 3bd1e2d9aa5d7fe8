# SPDX-License-Identifier: MIT
"""The openssl command as a TLS server or client that a test talks through."""

from __future__ import annotations

import subprocess
import threading
import time

from harness import netns
from harness.closing import Closing
from harness.servers import free_port


class OpenSsl(Closing):
    """One run of `openssl ARGS`; what it prints collects in output."""

    def __init__(self, *args: str) -> None:
        self.process = subprocess.Popen(
            ["openssl", *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
        self.output = b""
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while True:
            part = self.process.stdout.read(65536)
            with self._changed:
                self._ended = not part
                self.output += part or b""
                self._changed.notify_all()
            if not part:
                return

    @property
    def text(self) -> str:
        """What it printed."""
        return self.output.decode(errors="backslashreplace")

    def expect(self, text: str, timeout: float = 10, count: int = 1) -> None:
        """Wait until it has printed text, count times."""
        wanted = text.encode()
        with self._changed:
            self._changed.wait_for(
                lambda: self.output.count(wanted) >= count or self._ended, timeout
            )
        assert self.output.count(wanted) >= count, f"no {text!r} in:\n{self.text[-4000:]}"

    def expect_bytes(self, count: int, timeout: float = 30) -> bytes:
        """Wait until it has printed count bytes; all that it printed."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.output) >= count or self._ended, timeout)
        assert len(self.output) >= count, f"{len(self.output)} bytes of {count}"
        return self.output

    def write(self, data: bytes) -> None:
        """Give it data on its standard input: it sends that to the peer."""
        assert self.process.stdin is not None
        view = memoryview(data)
        while view:
            view = view[self.process.stdin.write(view) :]

    def wait(self, timeout: float = 10) -> int:
        """Wait for its end; its exit status."""
        return self.process.wait(timeout)

    def kill(self) -> None:
        """End it at once, without a goodbye to the peer."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def close(self) -> None:
        """End it and give everything back."""
        self.kill()
        self._reader.join(5)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # unread input of a process that is gone
                    pass


class Server(OpenSsl):
    """`openssl s_server` on a free port of the loopback."""

    def __init__(self, *args: str) -> None:
        self.port = free_port()
        super().__init__("s_server", "-accept", f"127.0.0.1:{self.port}", *args)
        end = time.monotonic() + 10
        while netns.can_bind(self.port):
            assert time.monotonic() < end and self.process.poll() is None, self.text
            time.sleep(0.02)
