"""Backups of what must survive in a board's flash.

They hold keys: nothing of them is printed, and only the user can read the files.
"""

import os
import re
import tempfile
import time
from pathlib import Path

from fwlib.boards import Region
from fwlib.chip import Chip, Connection
from fwlib.steps import FwError, say


def home() -> Path:
    """Outside the repository: a clean build directory must not cost anybody's keys."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "usocket" / "sectors"


def is_blank(data: bytes) -> bool:
    return data in (b"\xff" * len(data), b"\0" * len(data))


def stem(chip: Chip, region: Region) -> str:
    return f"{chip.mac.replace(':', '')}-0x{region.offset:X}"


def read(connection: Connection, region: Region, title: str) -> bytes:
    """Read a region through a file that only the user can read, and that goes at once."""
    with tempfile.TemporaryDirectory(prefix="usocket-") as private:
        return connection.read(region, Path(private) / "sector.bin", title)


def read_twice(connection: Connection, region: Region) -> bytes:
    """The region, read twice alike; or nothing may be written."""
    first = read(connection, region, f"read 0x{region.offset:X}")
    second = read(connection, region, "read it again, to compare")
    if first != second:
        raise FwError(
            f"two readings of {region.name()} differ; nothing was written",
            "try a shorter cable or a lower --baud, and run this again",
        )
    return first


def save(data: bytes, chip: Chip, region: Region) -> Path:
    """Write a backup, or find the same one; no file is ever written over."""
    home().mkdir(parents=True, exist_ok=True, mode=0o700)
    home().chmod(0o700)
    for old in sorted(home().glob(f"{stem(chip, region)}-*.bin")):
        if old.read_bytes() == data:
            say(f"The same backup is there already: {old}")
            return old
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    file = home() / f"{stem(chip, region)}-{moment}.bin"
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    if file.read_bytes() != data:
        raise FwError(f"{file} does not hold what was written to it", "check the disk")
    say(f"Backup: {file} (it holds keys: keep it, show it to nobody)")
    return file


def back_up(connection: Connection, chip: Chip, region: Region) -> tuple[bytes, Path]:
    """Read a region twice and save it; the bytes, and the backup's file."""
    data = read_twice(connection, region)
    if is_blank(data):
        others = [str(path) for path in sorted(home().glob(f"{stem(chip, region)}-*.bin"))]
        found = f"; earlier backups: {', '.join(others)}" if others else ""
        say(f"Note: {region.name()} is blank on this board{found}.")
    return data, save(data, chip, region)


def load(file: Path, chip: Chip, region: Region) -> bytes:
    """A backup to write back, after a look at whether it belongs to this board."""
    if not file.is_file():
        raise FwError(f"there is no backup '{file}'", f"look into {home()}")
    data = file.read_bytes()
    if len(data) != region.size:
        raise FwError(
            f"'{file}' has {len(data)} bytes; a backup of {region.name()} has {region.size}",
            f"name one of the files in {home()}",
        )
    if is_blank(data):
        raise FwError(f"'{file}' is blank: there is nothing in it to restore", "name another")
    owner = re.match(r"([0-9a-f]{12})-0x", file.name)
    mac = chip.mac.replace(":", "")
    if owner and owner.group(1) != mac:
        raise FwError(
            f"'{file}' is the backup of board {owner.group(1)}; this is board {mac}",
            "name a backup of this board: two devices with one Sigfox number harm each other",
        )
    return data
