# SPDX-License-Identifier: MIT
"""What ESP-IDF leaves after a build, made by hand; and boards to build it for."""

from __future__ import annotations

import hashlib
import json
import random
import struct
from pathlib import Path

SECTOR = 0x3FF000
MB = 1 << 20
BOOTLOADER, TABLE, APP = 0x1000, 0x8000, 0x10000
# A table as Pycom boards may have it: (label, type, subtype, offset, size).
ENTRIES = (
    ("nvs", 1, 2, 0x9000, 0x6000),
    ("factory", 0, 0, APP, 0x1F0000),
    ("vfs", 1, 0x81, 0x200000, 0x1FF000),
    ("config", 1, 6, SECTOR, 0x1000),
)


def board(boards: Path, name: str, vendor: str) -> Path:
    """A directory of boards/."""
    home = boards / name
    home.mkdir(parents=True)
    data = {"mcu": "esp32", "product": f"{name.title()} 1", "vendor": vendor}
    (home / "board.json").write_text(json.dumps(data))
    (home / "mpconfigboard.cmake").write_text("set(MICROPY_PY_BTREE OFF)\n")
    return home


def table(entries: tuple[tuple[str, int, int, int, int], ...] = ENTRIES) -> bytes:
    """A binary partition table, as gen_esp32part.py writes it."""
    rows = b"".join(
        struct.pack("<HBBII16sI", 0x50AA, kind, subtype, offset, size, label.encode(), 0)
        for label, kind, subtype, offset, size in entries
    )
    checksum = b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(rows).digest()
    return (rows + checksum).ljust(0xC00, b"\xff")


def image(size: int, seed: int) -> bytes:
    """Bytes that begin as an ESP32 image does: 0xE9, no segment, DIO, 4 MB at 40 MHz."""
    return b"\xe9\x00\x02\x20" + random.Random(seed).randbytes(size - 4)


def idf_build(
    into: Path,
    *,
    flash_size: str = "4MB",
    app_size: int = 20000,
    partition_table: bytes | None = None,
) -> Path:
    """A build directory of idf.py."""
    files = {
        BOOTLOADER: ("bootloader/bootloader.bin", image(5000, 1)),
        TABLE: ("partition_table/partition-table.bin", partition_table or table()),
        APP: ("micropython.bin", image(app_size, 2)),
    }
    for name, data in files.values():
        file = into / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    settings = {"flash_mode": "dio", "flash_size": flash_size, "flash_freq": "40m"}
    args = {
        "flash_settings": settings,
        "flash_files": {f"0x{offset:x}": name for offset, (name, _) in files.items()},
    }
    (into / "flasher_args.json").write_text(json.dumps(args))
    return into


def chip_flash(size: int = 4 * MB) -> bytearray:
    """A used board's flash: old firmware everywhere, and keys in Pycom's sector."""
    flash = bytearray(random.Random(3).randbytes(MB) * (size // MB))
    flash[SECTOR : SECTOR + 0x1000] = b"\xff" * 0x1000
    flash[SECTOR : SECTOR + 53] = random.Random(4).randbytes(53)
    return flash
