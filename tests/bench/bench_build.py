# SPDX-License-Identifier: MIT
"""What the benchmarks run: our firmware, and its peer with upstream's socket module."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(REPO / "tools"))

from harness.certs import Authority

WORK = REPO / "build" / "bench"


class BenchError(Exception):
    """What keeps the benchmarks from running, and what to do."""


@dataclass(frozen=True)
class Firmware:
    """A firmware, and the name of the TLS module that its benchmarks use."""

    name: str
    path: Path
    tls: str


def from_env(variable: str) -> Path:
    value = os.environ.get(variable, "")
    path = Path(value).resolve()
    if not value or not path.exists():
        raise BenchError(
            f"{variable} is {value!r}, which does not exist: run `python3 tools/fw.py bench inet`,"
            " which sets it"
        )
    return path


def run(log: Path, *argv: str | Path) -> None:
    """Run a step of the build with its output in log."""
    with log.open("w") as out:
        words = [str(arg) for arg in argv]
        status = subprocess.run(words, stdout=out, stderr=out, check=False).returncode
    if status != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise BenchError(f"{argv[0]} ended with status {status}; the end of {log}:\n{tail}")


def ours() -> Firmware:
    return Firmware("ours", from_env("USOCKET_FIRMWARE"), "ssl")


def peer() -> Firmware:
    """The host firmware with ports/esp32/modsocket.c in place of our modules."""
    micropython = from_env("MICROPYTHON_DIR")
    into = WORK / f"peer-{micropython.name}"
    argv: list[str | Path] = [
        "make",
        "-C",
        micropython / "ports" / "unix",
        f"-j{os.cpu_count() or 2}",
        f"VARIANT_DIR={REPO / 'ports' / 'unix'}",
        f"BUILD={into}",
        "PROG=usocket-peer",
        f"USER_C_MODULES={HERE}",
        f"LWIP_DIR={from_env('LWIP_DIR')}",
        f"MBEDTLS_DIR={from_env('MBEDTLS_DIR')}",
        f"USOCKET_HOST_BUILD={from_env('USOCKET_HOST_BUILD')}",
        f"MICROPY_MPYCROSS={from_env('USOCKET_MPY_CROSS')}",
        "MICROPY_MPYCROSS_DEPENDENCY=",
    ]
    into.mkdir(parents=True, exist_ok=True)
    # The libraries of the host build are no prerequisites of the program there.
    (into / "usocket-peer").unlink(missing_ok=True)
    try:
        run(WORK / "peer.log", *argv)
    except BenchError:
        # MicroPython's make does not renew frozen code when the names change.
        shutil.rmtree(into)
        into.mkdir()
        run(WORK / "peer.log", *argv)
    return Firmware("peer", into / "usocket-peer", "tls")


def malloc_counter() -> Path:
    """The library that counts the C heap; see malloc_count.c."""
    library = WORK / "malloc_count.so"
    compiler = os.environ.get("CC", "cc")
    options = ("-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-o")
    run(WORK / "malloc_count.log", compiler, *options, library, HERE / "malloc_count.c")
    return library


def certificates() -> Path:
    """A folder with a server's certificate and key, and the root that signed it."""
    folder = WORK / "certs"
    folder.mkdir(parents=True, exist_ok=True)
    Authority(folder).leaf("bench", "bench.test")
    return folder
