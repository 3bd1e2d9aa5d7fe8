#!/usr/bin/env python3
"""Checks boards/: files, pins and partition tables, for what a build would not notice.

Exit status 1 and one line for each fault.
"""

import csv
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
FILES = ("board.json", "manifest.py", "mpconfigboard.cmake", "mpconfigboard.h", "pins.csv")
JSON_KEYS = {"deploy", "features", "images", "mcu", "product", "url", "vendor"}

# ESP32 datasheet, table "pin description": bonded out, input only, taken by the flash.
GPIOS = set(range(24)) | set(range(25, 28)) | set(range(32, 40))
INPUT_ONLY = set(range(34, 40))
FLASH = set(range(6, 12))
OUTPUTS = ("SCK", "MOSI", "CS", "RESET", "CS_REV0", "RESET_REV0", "SWITCH_RX", "SWITCH_TX")
INPUTS = ("MISO", "DIO0", "DIO1", "DIO2")

# The sector that Pycom's boards must keep: docs/sigfox.md.
PYCOM_SECTOR = range(0x3FF000, 0x400000)
TABLE_END = 0x9000  # bootloader and partition table
APP_MIN = 0x1F0000
SUFFIXES = {"K": 1 << 10, "M": 1 << 20}


@dataclass(frozen=True)
class Partition:
    name: str
    type: str
    offset: int
    size: int

    @property
    def end(self) -> int:
        return self.offset + self.size


def number(text: str) -> int:
    unit = SUFFIXES.get(text[-1:].upper(), 0)
    return int(text[:-1], 0) * unit if unit else int(text, 0)


def read_table(text: str) -> list[Partition]:
    rows = [
        [cell.strip() for cell in line.split(",")]
        for line in text.splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    return [Partition(row[0], row[1], number(row[3]), number(row[4])) for row in rows]


def check_table(table: list[Partition], flash: int, pycom: bool) -> list[str]:
    problems = []
    end = TABLE_END
    for part in sorted(table, key=lambda one: one.offset):
        if part.offset < end:
            problems.append(f"partition {part.name} at 0x{part.offset:X} begins before 0x{end:X}")
        if part.offset % 0x1000 or part.size % 0x1000:
            problems.append(f"partition {part.name} is not made of whole sectors")
        end = part.end
    if end > flash:
        problems.append(f"the table ends at 0x{end:X}, the flash at 0x{flash:X}")
    apps = [part for part in table if part.type == "app"]
    if not apps or min(part.size for part in apps) < APP_MIN:
        problems.append(f"no app partition of at least 0x{APP_MIN:X}")
    if not any(part.name == "vfs" for part in table):
        problems.append("no partition 'vfs': MicroPython would take the rest of the flash for it")
    if pycom:
        problems += check_sector(table)
    return problems


def check_sector(table: list[Partition]) -> list[str]:
    """Only the partition that reserves it may have Pycom's sector in it."""
    touching = {
        part.name
        for part in table
        if part.offset < PYCOM_SECTOR.stop and PYCOM_SECTOR.start < part.end
    }
    wrong = sorted(touching - {"pycom"})
    problems = [f"partition {name} has Pycom's sector at 0x3FF000 in it" for name in wrong]
    return problems if "pycom" in touching else [*problems, "0x3FF000 is not reserved"]


def macros(header: str) -> dict[str, int]:
    found = re.findall(r"^#define USOCKET_RADIO_(\w+)\s+\(?(-?\d+)\)?\s*$", header, re.MULTILINE)
    return {name: int(value) for name, value in found}


def check_radio(radio: dict[str, int]) -> list[str]:
    problems = []
    known = {name: radio[name] for name in OUTPUTS + INPUTS if radio.get(name, -1) >= 0}
    for name, gpio in known.items():
        if gpio not in GPIOS or gpio in FLASH:
            problems.append(f"USOCKET_RADIO_{name} is {gpio}: the ESP32 has no such pin to give")
        elif name in OUTPUTS and gpio in INPUT_ONLY:
            problems.append(f"USOCKET_RADIO_{name} is {gpio}, which is input only")
    if "SCK" in known:
        missing = {"SCK", "MOSI", "MISO", "CS", "DIO0"} - known.keys()
        problems += [f"USOCKET_RADIO_{name} is missing" for name in sorted(missing)]
    for suffix in ("", "_REV0"):
        lines = [
            known.get(name + suffix, known.get(name, -1))
            for name in ("SCK", "MOSI", "MISO", "CS", "RESET", "SWITCH_RX", "SWITCH_TX")
        ]
        if suffix == "" and "RESET" not in known:
            lines[4] = -1
        wired = [gpio for gpio in lines if gpio >= 0]
        wired += sorted({known[name] for name in ("DIO0", "DIO1", "DIO2") if name in known})
        twice = sorted({gpio for gpio in wired if wired.count(gpio) > 1})
        problems += [f"GPIO {gpio} is two lines of the radio{suffix}" for gpio in twice]
    return problems


def read_pins(text: str) -> list[tuple[str, int]]:
    rows = [row for row in csv.reader(text.splitlines()) if row and not row[0].startswith("#")]
    return [(row[0].strip(), int(row[1].strip().removeprefix("GPIO"))) for row in rows]


def check_pins(pins: list[tuple[str, int]], radio: dict[str, int]) -> list[str]:
    names = [name for name, _ in pins]
    problems = [f"pins.csv: {name} twice" for name in sorted(set(names)) if names.count(name) > 1]
    problems += [
        f"pins.csv: {name} is GPIO{gpio}, which the ESP32 does not have"
        for name, gpio in pins
        if gpio not in GPIOS or gpio in FLASH
    ]
    by_name = dict(pins)
    for line in ("SCK", "MOSI", "MISO", "CS", "RESET", "DIO0", "DIO1", "DIO2"):
        told = by_name.get(f"LORA_{line}")
        if told is not None and told != radio.get(line):
            problems.append(f"pins.csv: LORA_{line} is GPIO{told}, mpconfigboard.h differs")
    return problems


def flash_size(sdkconfig: str) -> int:
    sizes = re.findall(r"^CONFIG_ESPTOOLPY_FLASHSIZE_(\d+)MB=y", sdkconfig, re.MULTILINE)
    return (int(sizes[-1]) if sizes else 4) << 20


def check_board(board: Path) -> list[str]:
    problems = [f"{name} is missing" for name in FILES if not (board / name).is_file()]
    if problems:
        return problems
    about = json.loads((board / "board.json").read_text())
    problems += [f"board.json: no {key}" for key in sorted(JSON_KEYS - about.keys())]
    radio = macros((board / "mpconfigboard.h").read_text())
    problems += check_radio(radio)
    pins = (board / "pins.csv").read_text()
    problems += check_pins(read_pins(pins), radio)
    if not pins.startswith("#"):
        problems.append("pins.csv does not say where its pins come from")
    pycom = about.get("vendor") == "Pycom"
    table = board / "partitions.csv"
    if pycom and not table.is_file():
        problems.append("partitions.csv is missing: the default table has Pycom's sector in it")
    if table.is_file():
        flash = flash_size((board / "sdkconfig.board").read_text())
        problems += check_table(read_table(table.read_text()), flash, pycom)
    code = [path.name for path in board.rglob("*") if path.suffix in (".c", ".S")]
    return problems + [f"{name}: boards are data" for name in code]


def main() -> int:
    boards = sorted(path.parent for path in (REPO / "boards").glob("*/board.json"))
    problems = [f"boards/{one.name}: {text}" for one in boards for text in check_board(one)]
    if not boards:
        problems.append("boards/ has no board")
    print("\n".join(problems) or f"{len(boards)} boards: files, pins and tables are right")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
