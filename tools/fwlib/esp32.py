"""Firmware for ESP32 boards: ESP-IDF and MicroPython's sources are found, idf.py builds."""

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from fwlib.boards import Board
from fwlib.paths import BUILD, REPO, shown
from fwlib.steps import FwError, NotSupported, run_step

# Releases that ports/esp32 is written for; the first is what its builds are tested with.
IDF_RELEASES = ("5.5", "5.4", "5.3", "5.2")
IDF_RANGE = f"5.2 to 5.5 (tested: {IDF_RELEASES[0]})"
# The compiler that export.sh puts on PATH, by board.json's mcu.
COMPILERS = {"esp32": "xtensa-esp32-elf-gcc"}

MICROPYTHON_RELEASES = ("1.25", "1.26", "1.27", "1.28", "1.29")
MICROPYTHON_RANGE = f"{MICROPYTHON_RELEASES[0]} to {MICROPYTHON_RELEASES[-1]}"
MICROPYTHON_TODO = (
    f"set MICROPYTHON_DIR to a git checkout of MicroPython {MICROPYTHON_RANGE}; in it, run:"
    " git submodule update --init lib/berkeley-db-1.xx lib/micropython-lib"
)
MODULES = REPO / "modules" / "micropython.cmake"


@dataclass(frozen=True)
class Tree:
    """A source tree, and its version."""

    path: Path
    version: str


def version_of(file: Path, macros: tuple[str, ...], pattern: str) -> str:
    """The numbers that a file gives these macros, with dots between."""
    text = file.read_text()
    found = [re.search(pattern.format(macro), text) for macro in macros]
    return ".".join(number.group(1) if number else "?" for number in found)


def require_idf(mcu: str = "esp32") -> Tree:
    """ESP-IDF with its environment set up, or what is missing of it."""
    value = os.environ.get("IDF_PATH", "")
    install = f"install ESP-IDF {IDF_RANGE} with its tools for {mcu}"
    if not value:
        raise NotSupported(
            f"ESP-IDF not found: IDF_PATH is not set. Wanted: ESP-IDF {IDF_RANGE}",
            f"{install}, run `. export.sh` of it in this shell, then this again",
        )
    path = Path(value).expanduser()
    file = path / "tools" / "cmake" / "version.cmake"
    if not file.is_file():
        raise NotSupported(
            f"IDF_PATH is '{value}', which is no ESP-IDF: it has no tools/cmake/version.cmake."
            f" Wanted: ESP-IDF {IDF_RANGE}",
            f"{install}, run `. export.sh` of it in this shell, then this again",
        )
    macros = ("IDF_VERSION_MAJOR", "IDF_VERSION_MINOR", "IDF_VERSION_PATCH")
    version = version_of(file, macros, r"set\({} (\d+)\)")
    if version.rpartition(".")[0] not in IDF_RELEASES:
        raise NotSupported(
            f"IDF_PATH is '{value}', ESP-IDF {version}. Wanted: ESP-IDF {IDF_RANGE}",
            f"{install}, run `. export.sh` of it in this shell, then this again",
        )
    compiler = COMPILERS.get(mcu, "")
    missing = [name for name in ("idf.py", compiler) if name and shutil.which(name) is None]
    if missing:
        raise NotSupported(
            f"ESP-IDF {version} is in '{value}', but {' and '.join(missing)} not on PATH",
            f"run `. {path / 'export.sh'}`, then this again; if it complains,"
            f" run `{path / 'install.sh'} {mcu}` first",
        )
    return Tree(path, version)


def require_micropython(board: Board) -> Tree:
    """MicroPython's sources for the ESP32: the directory that the user named.

    Debian's source package does: it lacks the database and the libraries that
    MicroPython's ESP32 port builds and freezes.
    """
    value = os.environ.get("MICROPYTHON_DIR", "")
    if not value:
        raise NotSupported(
            "MICROPYTHON_DIR is not set. ESP32 builds need MicroPython's own sources: Debian's"
            " package lacks lib/berkeley-db-1.xx and most of lib/micropython-lib",
            MICROPYTHON_TODO,
        )
    path = Path(value).expanduser().resolve()
    port = path / "ports" / "esp32" / "esp32_common.cmake"
    if not port.is_file():
        raise FwError(
            f"MICROPYTHON_DIR is '{value}', which has no {port.relative_to(path)}",
            MICROPYTHON_TODO,
        )
    macros = ("MICROPY_VERSION_MAJOR", "MICROPY_VERSION_MINOR", "MICROPY_VERSION_MICRO")
    version = version_of(path / "py" / "mpconfig.h", macros, r"define {} (\d+)")
    if version.rpartition(".")[0] not in MICROPYTHON_RELEASES:
        raise FwError(
            f"MICROPYTHON_DIR is '{value}', MicroPython {version};"
            f" supported on the ESP32: {MICROPYTHON_RANGE}",
            MICROPYTHON_TODO,
        )
    needed = {"lib/micropython-lib": "lib/micropython-lib/micropython/net/ntptime/manifest.py"}
    if needs_btree(board, port):
        needed["lib/berkeley-db-1.xx"] = "lib/berkeley-db-1.xx/README"
    missing = [name for name, mark in needed.items() if not (path / mark).is_file()]
    if missing:
        raise FwError(
            f"MICROPYTHON_DIR is '{value}', where {' and '.join(missing)} is empty or"
            " incomplete (so it is in Debian's package)",
            MICROPYTHON_TODO,
        )
    return Tree(path, version)


def needs_btree(board: Board, port: Path) -> bool:
    """Whether the build wants the database: a board may go without it from 1.26 on."""
    config = board.directory / "mpconfigboard.cmake"
    off = config.is_file() and re.search(r"set\(\s*MICROPY_PY_BTREE\s+OFF", config.read_text())
    return not (off and "NOT DEFINED MICROPY_PY_BTREE" in port.read_text())


def build_dir(board: Board) -> Path:
    return BUILD / "esp32" / board.name


def idf_command(board: Board, micropython: Tree, into: Path) -> list[str | Path]:
    return [
        "idf.py",
        "-C",
        micropython.path / "ports" / "esp32",
        "-B",
        into,
        "-D",
        f"MICROPY_BOARD={board.name}",
        "-D",
        f"MICROPY_BOARD_DIR={board.directory}",
        "-D",
        f"USER_C_MODULES={MODULES}",
        "build",
    ]


def start_over_if_moved(into: Path, trees: dict[str, str]) -> None:
    """A build directory belongs to the trees that it was configured with."""
    stamp = into / "usocket-trees.json"
    if into.exists() and (not stamp.exists() or json.loads(stamp.read_text()) != trees):
        shutil.rmtree(into)
    into.mkdir(parents=True, exist_ok=True)
    stamp.write_text(json.dumps(trees, indent=2) + "\n")


def build(board: Board, idf: Tree, micropython: Tree) -> Path:
    """Build a board's firmware with idf.py; the build directory."""
    into = build_dir(board)
    trees = {f"{tree.path}": tree.version for tree in (idf, micropython)}
    start_over_if_moved(into, trees)
    run_step(
        f"build: {board.name}",
        f"build-{board.name}",
        [idf_command(board, micropython, into)],
        todo=f"read the log above; for a new start, remove {shown(into)}",
    )
    return into
