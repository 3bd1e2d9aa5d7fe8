# SPDX-License-Identifier: MIT
"""The firmware's prompt, used by mpremote as it would use a board's."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fwlib import repl
from harness.firmware import firmware_path

REPO = Path(__file__).resolve().parents[2]

Mpremote = Callable[..., str]


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The terminal of a running prompt, and the directory with its files."""
    files = tmp_path_factory.mktemp("flash")
    code = (
        "import sys; sys.path.insert(0, 'tools'); from pathlib import Path; "
        "from fwlib import repl; "
        "sys.exit(repl.run(Path(sys.argv[1]), Path(sys.argv[2]), False, {'USOCKET_NET': 'loop'}))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(firmware_path()), str(files)],
        cwd=REPO,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "is on /dev/" in line, line
    yield line.split("is on ")[1].split(",")[0], files
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


@pytest.fixture
def mpremote(device: tuple[str, Path]) -> Mpremote:
    """Run mpremote on the prompt; what it printed."""

    def run(*args: str, timeout: float = 20) -> str:
        command = [sys.executable, "-m", "mpremote", "connect", device[0], *args]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.replace("\r\n", "\n")

    return run


def test_exec_runs_code(mpremote: Mpremote) -> None:
    assert mpremote("exec", "import socket; print(socket.AF_INET)") == "2\n"


def test_run_sends_a_script_of_the_pc(mpremote: Mpremote, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("for i in range(3):\n    print(i, '\u00e4')\n")
    assert mpremote("run", str(script)) == "0 \u00e4\n1 \u00e4\n2 \u00e4\n"


def test_files_go_there_and_back(
    mpremote: Mpremote, device: tuple[str, Path], tmp_path: Path
) -> None:
    data = os.urandom(20000)
    (tmp_path / "there").write_bytes(data)
    mpremote("fs", "cp", str(tmp_path / "there"), ":data.bin")
    assert (device[1] / "data.bin").read_bytes() == data
    mpremote("fs", "cp", ":data.bin", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == data
    assert "data.bin" in mpremote("fs", "ls")
    assert mpremote("exec", "import os; print(os.stat('/flash/data.bin')[6])") == "20000\n"


def test_soft_reset_forgets_names_and_runs_boot(
    mpremote: Mpremote, device: tuple[str, Path]
) -> None:
    (device[1] / "boot.py").write_text("booted = 'yes'\n")
    mpremote("exec", "kept = 1")
    assert mpremote("resume", "exec", "print(kept)") == "1\n"
    mpremote("soft-reset")
    assert mpremote("resume", "exec", "print('kept' in globals(), booted)") == "False yes\n"
    (device[1] / "boot.py").unlink()


def test_an_exception_is_reported(device: tuple[str, Path]) -> None:
    command = [sys.executable, "-m", "mpremote", "connect", device[0], "exec", "1/0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode != 0
    assert "ZeroDivisionError" in done.stdout + done.stderr


def test_ctrl_c_interrupts_a_waiting_socket(device: tuple[str, Path]) -> None:
    terminal = os.open(device[0], os.O_RDWR | os.O_NOCTTY)
    seen = bytearray()
    over = threading.Event()

    def read() -> None:
        # Never blocked in a read, which would take the next test's first bytes.
        while not over.is_set():
            if select.select([terminal], [], [], 0.05)[0]:
                seen.extend(os.read(terminal, 1000))

    reader = threading.Thread(target=read)
    reader.start()

    def wait_for(text: bytes, seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while text not in seen:
            assert time.monotonic() < end, bytes(seen)
            time.sleep(0.01)

    try:
        os.write(terminal, b"\x03\x03\x02")
        wait_for(b">>> ")
        os.write(
            terminal, b"import socket; s = socket.socket(2, 2); s.bind(('', 5000)); s.recv(1)\r"
        )
        wait_for(b"s.recv(1)")
        time.sleep(0.3)
        start = time.monotonic()
        os.write(terminal, b"\x03")
        wait_for(b"KeyboardInterrupt", 1)
        print(f"Ctrl-C at the prompt took {time.monotonic() - start:.3f} s")
    finally:
        over.set()
        reader.join()
        os.close(terminal)


def test_the_default_place_of_files_is_ignored_by_git() -> None:
    done = subprocess.run(["git", "check-ignore", "-q", str(repl.FILES)], cwd=REPO, check=False)
    assert done.returncode == 0


def test_soft_reset_ends_lora(mpremote: Mpremote) -> None:
    """A radio that sends, receives and has a handler is new after each soft reset."""
    code = (
        "import socket; from network import LoRa; lora = LoRa(); "
        "print(lora.frequency(), lora.stats().tx_counter); lora.frequency(868100000); "
        "lora.callback(7, lambda lora: None); s = socket.socket(socket.AF_LORA); "
        "s.setblocking(False); print(s.send(bytes(255)), s.send(bytes(255)))"
    )
    for _ in range(3):
        assert mpremote("exec", code) == "868000000 0\n255 255\n"
