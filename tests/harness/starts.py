# SPDX-License-Identifier: MIT
"""What stands behind a board's port: a process on this PC, or real hardware.

restart() starts it, or starts it anew, and says where the board's prompt is then.
"""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import tempfile
import time
import tty
from pathlib import Path
from typing import Protocol

from fwlib import qemu, repl
from fwlib.rigs import BoardPlan
from harness.closing import Closing
from harness.firmware import firmware_path, from_env
from harness.servers import free_port

# Seconds for a program to say where its port is.
SAY_S = 20.0


class Start(Protocol):
    """A board's life."""

    # Seconds from the port's opening to the prompt; 0 where it is there at once.
    boot_s: float

    def restart(self, env: dict[str, str] | None = None) -> str:
        """Start, or start anew; the port. env is for host firmwares alone."""

    def close(self) -> None:
        """End it."""


class HostStart(Closing):
    """The host firmware with its prompt on a pseudo-terminal, as `fw.py repl` has it."""

    boot_s = 0.0

    def __init__(self, plan: BoardPlan, env: dict[str, str] | None = None) -> None:
        self._env = {**plan.env, **(env or {})}
        self._files = tempfile.mkdtemp(prefix="usocket-board-")
        self._process: subprocess.Popen[bytes] | None = None
        self._ends: tuple[int, ...] = ()

    def restart(self, env: dict[str, str] | None = None) -> str:
        self.stop()
        master, slave = pty.openpty()
        tty.setraw(slave)
        self._ends = (master, slave)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("USOCKET_")}
        settings = {"USOCKET_NET": "loop", "USOCKET_STORE": "memory", **self._env, **(env or {})}
        self._process = subprocess.Popen(
            [firmware_path(), *repl.START],
            env={**kept, **settings, "USOCKET_FS": self._files},
            stdin=master,
            stdout=master,
        )
        return os.ttyname(slave)

    def unplug(self) -> None:
        """Take the terminal away while somebody uses it."""
        for end in self._ends:
            os.close(end)
        self._ends = ()
        self.stop()

    def stop(self) -> None:
        """End the process and its terminal."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        for end in self._ends:
            os.close(end)
        self._ends = ()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._files, ignore_errors=True)


class M3Start(Closing):
    """The Cortex-M3 image in QEMU; each start has a fresh store."""

    boot_s = 0.0

    def __init__(self, plan: BoardPlan) -> None:
        self._image = from_env("USOCKET_QEMU_IMAGE")
        self._process: subprocess.Popen[str] | None = None

    def restart(self, env: dict[str, str] | None = None) -> str:
        self.close()
        self._process, port = qemu.start(self._image)
        return port

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


class Esp32Start(Closing):
    """The firmware folder of board QEMU_ESP32 in Espressif's QEMU.

    A pseudo-terminal loses bytes at full speed, so the prompt is on TCP.
    """

    boot_s = 60.0
    # It ends then, whatever happens.
    LIFE_S = 3600.0

    def __init__(self, plan: BoardPlan) -> None:
        self._image = from_env("USOCKET_QEMU_IMAGE")
        self._dir = tempfile.mkdtemp(prefix="usocket-esp32-")
        self._process: subprocess.Popen[bytes] | None = None

    def restart(self, env: dict[str, str] | None = None) -> str:
        self.stop()
        flash = Path(self._dir) / "flash.bin"
        shutil.copy(self._image, flash)
        port = free_port()
        argv = ["timeout", str(self.LIFE_S), "qemu-system-xtensa", "-machine", "esp32"]
        argv += ["-display", "none", "-monitor", "none"]
        argv += ["-drive", f"file={flash},if=mtd,format=raw", "-nic", "user,model=open_eth"]
        argv += ["-serial", f"tcp:127.0.0.1:{port},server=on,wait=on,nodelay=on"]
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        end = time.monotonic() + SAY_S
        # wait=on: the chip starts when somebody listens, so nothing it says is lost.
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise AssertionError(f"QEMU ended with status {self._process.returncode}")
            if self._listens(port):
                return f"socket://127.0.0.1:{port}"
            time.sleep(0.1)
        raise AssertionError(f"QEMU does not listen on {port} after {SAY_S:.0f} s")

    @staticmethod
    def _listens(port: int) -> bool:
        """Looked up, not tried: the first connection is the board's."""
        wanted = f"0100007F:{port:04X}"
        rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
        return any(row.split()[1] == wanted and row.split()[3] == "0A" for row in rows)

    def stop(self) -> None:
        if self._process is not None:
            # `timeout` passes it on to QEMU.
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._dir, ignore_errors=True)


class PortStart(Closing):
    """A real board on a serial port; a new start is a pulse on RTS, where that is wired."""

    boot_s = 0.0

    def __init__(self, plan: BoardPlan, port: str) -> None:
        self._plan = plan
        self._port = port

    def restart(self, env: dict[str, str] | None = None) -> str:
        if self._plan.reset == "rts":
            import serial

            with serial.Serial(self._port, self._plan.baud) as line:
                line.dtr = False
                line.rts = True
                time.sleep(0.1)
                line.rts = False
            time.sleep(2)
        return self._port
