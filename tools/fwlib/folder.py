"""A firmware folder: the parts that go into a board's flash, and build.json, which says where."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fwlib import esp32, partitions, venv
from fwlib.boards import Board, Region
from fwlib.esp32 import Tree
from fwlib.paths import BUILD, REPO, shown
from fwlib.steps import FwError, run_step

FIRMWARE = BUILD / "firmware"
RECORD = "build.json"
# Of build.json; a reader refuses what it does not know.
FORMAT = 1
SECTOR = 0x1000
TABLE = "partition-table.bin"


@dataclass(frozen=True)
class Part:
    """A file, and the flash address that it goes to."""

    file: str
    offset: int
    size: int
    sha256: str

    def end(self) -> int:
        """Where the sectors end that writing it erases."""
        return -(-(self.offset + self.size) // SECTOR) * SECTOR


@dataclass(frozen=True)
class Folder:
    """What build.json says."""

    path: Path
    board: str
    title: str
    mcu: str
    version: str
    flash_size: str
    parts: tuple[Part, ...]
    merged: Part
    kept: tuple[Region, ...]


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def part(file: Path, offset: int) -> Part:
    return Part(file.name, offset, file.stat().st_size, digest(file))


def git_version() -> tuple[str, str]:
    """The version by tag and commit, and the whole commit; "unknown" outside git."""

    def git(*words: str) -> str:
        argv = ["git", "-c", f"safe.directory={REPO}", "-C", str(REPO), *words]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else "unknown"

    if shutil.which("git") is None:
        return "unknown", "unknown"
    return git("describe", "--tags", "--always", "--dirty").removeprefix("v"), git(
        "rev-parse", "HEAD"
    )


def check_kept(kept: Iterable[Region], parts: Iterable[Part], table: bytes) -> None:
    """Nothing that is written, and no partition, may touch what must survive."""
    todo = "correct the board's partition table; this firmware must not be flashed"
    for region in kept:
        for one in parts:
            if region.overlaps(one.offset, one.end() - one.offset):
                raise FwError(
                    f"{one.file} goes from 0x{one.offset:X} to 0x{one.end():X},"
                    f" over {region.name()}",
                    todo,
                )
        for entry in partitions.parse(table):
            exact = (entry.offset, entry.size) == (region.offset, region.size)
            if region.overlaps(entry.offset, entry.size) and not exact:
                raise FwError(
                    f"partition '{entry.label}' goes from 0x{entry.offset:X} to"
                    f" 0x{entry.offset + entry.size:X}, over {region.name()}",
                    todo,
                )


def merge(into: Path, parts: list[Part], mcu: str, name: str) -> Part:
    """All parts in one image, from flash address 0."""
    words = [word for one in parts for word in (f"0x{one.offset:X}", into / one.file)]
    run_step(
        f"merge: {name}",
        "merge",
        [[venv.python(), "-m", "esptool", "--chip", mcu, "merge-bin", "-o", into / name, *words]],
        todo="read the log above",
    )
    return part(into / name, 0)


def build(board: Board, idf: Tree, micropython: Tree) -> Folder:
    """Build a board's firmware, and its folder."""
    built = esp32.build(board, idf, micropython)
    return make(board, built, {"esp_idf": idf, "micropython": micropython})


def make(board: Board, built: Path, trees: dict[str, Tree]) -> Folder:
    """Make build/firmware/BOARD from what idf.py left; the old one goes."""
    args = json.loads((built / "flasher_args.json").read_text())
    new = FIRMWARE / f".{board.name}.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    parts = []
    for offset, file in sorted(args["flash_files"].items(), key=lambda item: int(item[0], 16)):
        copy = Path(shutil.copy(built / file, new))
        parts.append(part(copy, int(offset, 16)))
    version, commit = git_version()
    merged = merge(new, parts, board.mcu, f"usocket-{board.name}-{version}.bin")
    check_kept(board.kept(), [*parts, merged], (new / TABLE).read_bytes())
    record = {
        "format": FORMAT,
        "board": board.name,
        "title": board.title(),
        "mcu": board.mcu,
        "version": version,
        "commit": commit,
        **{name: tree.version for name, tree in trees.items()},
        "flash_size": args["flash_settings"]["flash_size"],
        "parts": [asdict(one) for one in parts],
        "merged": asdict(merged),
        "kept": [asdict(region) for region in board.kept()],
    }
    (new / RECORD).write_text(json.dumps(record, indent=2) + "\n")
    home = FIRMWARE / board.name
    shutil.rmtree(home, ignore_errors=True)
    new.rename(home)
    return read(home)


def read(path: Path) -> Folder:
    """What build.json of a firmware folder says."""
    file = path / RECORD
    todo = "name a folder that `fw.py build` made, or one of a release, unpacked"
    if not file.is_file():
        raise FwError(f"'{shown(path)}' is no firmware folder: it has no {RECORD}", todo)
    try:
        data: dict[str, Any] = json.loads(file.read_text())
        if data["format"] != FORMAT:
            raise FwError(
                f"{shown(file)} has format {data['format']}; this fw.py reads {FORMAT}",
                "use the fw.py of the same release",
            )
        return Folder(
            path,
            data["board"],
            data["title"],
            data["mcu"],
            data["version"],
            data["flash_size"],
            tuple(Part(**one) for one in data["parts"]),
            Part(**data["merged"]),
            tuple(Region(**one) for one in data["kept"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise FwError(f"{shown(file)}: {error!r}", todo) from error


def check(folder: Folder) -> None:
    """The files are those that were built, and spare what must survive."""
    todo = "build or download this firmware again"
    for one in folder.parts:
        file = folder.path / one.file
        if Path(one.file).name != one.file or not file.is_file():
            raise FwError(f"'{shown(folder.path)}' has no file '{one.file}'", todo)
        found = digest(file)
        if found != one.sha256:
            raise FwError(
                f"{shown(file)} is damaged: its SHA-256 is {found}, {RECORD} says {one.sha256}",
                todo,
            )
    check_kept(folder.kept, folder.parts, (folder.path / TABLE).read_bytes())


def folders(home: Path) -> list[Path]:
    """The firmware folders in a folder."""
    return sorted(file.parent for file in home.glob(f"[!.]*/{RECORD}"))
