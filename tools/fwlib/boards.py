"""The boards: boards/NAME, and what of their flash must survive."""

import json
from dataclasses import dataclass
from pathlib import Path

from fwlib.paths import REPO
from fwlib.steps import FwError

BOARDS = REPO / "boards"


@dataclass(frozen=True)
class Region:
    """A piece of flash, and what is in it."""

    offset: int
    size: int
    what: str

    @property
    def end(self) -> int:
        return self.offset + self.size

    def overlaps(self, offset: int, size: int) -> bool:
        return offset < self.end and self.offset < offset + size

    def name(self) -> str:
        return f"{self.size} bytes at 0x{self.offset:X} ({self.what})"


# Pycom's tables of 4 MB and of 8 MB have it at the same place. Nobody can issue
# what is in it again.
PYCOM_SECTOR = Region(0x3FF000, 0x1000, "Sigfox number and keys, LoRa EUI")


@dataclass(frozen=True)
class Board:
    """One directory of boards/."""

    name: str
    product: str
    vendor: str
    mcu: str
    directory: Path

    def title(self) -> str:
        return f"{self.vendor} {self.product}".strip()

    def kept(self) -> tuple[Region, ...]:
        """What no firmware, table or file system may touch."""
        return (PYCOM_SECTOR,) if self.vendor == "Pycom" else ()


def load(directory: Path) -> Board:
    file = directory / "board.json"
    try:
        data = json.loads(file.read_text())
        return Board(directory.name, data["product"], data["vendor"], data["mcu"], directory)
    except (ValueError, KeyError) as error:
        raise FwError(f"{file.relative_to(REPO)}: {error!r}", "correct the file") from error


def names() -> list[str]:
    return sorted(file.parent.name for file in BOARDS.glob("*/board.json"))


def get(name: str) -> Board:
    """The board of that name; in whichever case it was typed."""
    known = names()
    found = next((one for one in known if one.upper() == name.upper()), None)
    if found is None:
        raise FwError(f"no board '{name}'", f"choose from: {', '.join(known)}")
    return load(BOARDS / found)
