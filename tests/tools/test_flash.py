# SPDX-License-Identifier: MIT
"""`fw.py flash`, by the real esptool, on a chip's loader that keeps a journal."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import made
import pytest
from fwlib.folder import Folder
from fwlib.paths import LOGS
from rom import Rom

Fw = Callable[..., int]
Firmware = Callable[..., Folder]
SECTOR = (made.SECTOR, made.SECTOR + 0x1000)


@pytest.fixture
def flash(fw: Fw, chip: Rom) -> Fw:
    """`fw.py flash` on the chip; its ROM has no stub."""
    return lambda board, *words: fw("flash", board, "--port", chip.port, "--no-stub", *words)


def backups(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "data" / "usocket" / "sectors").glob("*"))


def keys(chip: Rom) -> bytes:
    return bytes(chip.flash[slice(*SECTOR)])


def written(chip: Rom) -> bool:
    return any(kind in ("erase", "write") for kind, _, _ in chip.journal)


def test_firmware_is_in_flash_and_verified(flash: Fw, chip: Rom, firmware: Firmware) -> None:
    made_folder = firmware("PYCOM_TEST")
    assert flash("PYCOM_TEST") == 0
    for part in made_folder.parts:
        data = (made_folder.path / part.file).read_bytes()
        assert chip.flash[part.offset : part.offset + part.size] == data, part.file


def test_sector_is_backed_up_before_anything_is_written(
    flash: Fw, chip: Rom, firmware: Firmware, tmp_path: Path
) -> None:
    firmware("PYCOM_TEST")
    before = keys(chip)
    seen: list[list[bytes]] = []
    chip.on_write = lambda: seen.append([file.read_bytes() for file in backups(tmp_path)])
    assert flash("PYCOM_TEST") == 0
    assert seen and all(files == [before] for files in seen)
    first_change = next(i for i, entry in enumerate(chip.journal) if entry[0] != "read")
    early = [entry for entry in chip.journal[:first_change] if SECTOR[0] <= entry[1] < SECTOR[1]]
    assert sum(size for _, _, size in early) == 2 * 0x1000


def test_sector_is_never_erased_or_written(flash: Fw, chip: Rom, firmware: Firmware) -> None:
    firmware("PYCOM_TEST")
    before = keys(chip)
    assert flash("PYCOM_TEST") == 0
    assert keys(chip) == before
    for start, end in chip.done("erase") + chip.done("write"):
        assert end <= SECTOR[0] or start >= SECTOR[1]


def test_backup_is_private_and_its_keys_are_nowhere_else(
    flash: Fw,
    chip: Rom,
    firmware: Firmware,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    firmware("PYCOM_TEST")
    assert flash("PYCOM_TEST") == 0
    (backup,) = backups(tmp_path)
    assert backup.name.startswith("240ac4001234-0x3FF000-")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert stat.S_IMODE(backup.parent.stat().st_mode) == 0o700
    said = "".join(capfd.readouterr()).encode()
    said += b"".join(log.read_bytes() for log in LOGS.glob("flash-*.log"))
    for start in range(0, 53, 4):
        piece = keys(chip)[start : start + 4]
        assert piece not in said
        assert piece.hex().encode() not in said.lower()


def test_unreadable_sector_stops_before_anything_is_written(
    flash: Fw,
    chip: Rom,
    firmware: Firmware,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    firmware("PYCOM_TEST")
    chip.on_read = lambda offset, data: None if offset >= SECTOR[0] else data
    assert flash("PYCOM_TEST") == 1
    assert not written(chip)
    assert not backups(tmp_path)
    assert "read 0x3FF000: esptool failed" in capfd.readouterr().err


def test_readings_that_differ_stop_before_anything_is_written(
    flash: Fw,
    chip: Rom,
    firmware: Firmware,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    firmware("PYCOM_TEST")
    count = iter(range(1, 1000))
    # One bit, in the second reading only.
    chip.on_read = lambda offset, data: (
        bytes([data[0] ^ 1]) + data[1:] if next(count) == 100 else data
    )
    assert flash("PYCOM_TEST") == 1
    assert not written(chip)
    assert not backups(tmp_path)
    assert "two readings" in capfd.readouterr().err


def test_no_backup_is_written_over(
    flash: Fw, chip: Rom, firmware: Firmware, tmp_path: Path
) -> None:
    firmware("PYCOM_TEST")
    assert flash("PYCOM_TEST") == 0
    (first,) = backups(tmp_path)
    old = first.read_bytes()
    assert flash("PYCOM_TEST") == 0
    assert backups(tmp_path) == [first]
    # The file system's clock may not have moved on: the second name must differ.
    first = first.rename(first.with_name(first.name.replace("-2", "-1", 1)))
    chip.flash[SECTOR[0]] ^= 1
    assert flash("PYCOM_TEST") == 0
    assert len(backups(tmp_path)) == 2
    assert first.read_bytes() == old


def test_change_of_the_sector_is_noticed_and_can_be_undone(
    flash: Fw,
    chip: Rom,
    firmware: Firmware,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    firmware("PYCOM_TEST")
    before = keys(chip)

    def mishap() -> None:
        chip.flash[slice(*SECTOR)] = b"\xff" * 0x1000

    chip.on_write = mishap
    assert flash("PYCOM_TEST") == 1
    (backup,) = backups(tmp_path)
    assert f"--restore-sector {backup}" in capfd.readouterr().err
    chip.on_write = lambda: None
    chip.journal.clear()
    assert flash("PYCOM_TEST", "--restore-sector", backup) == 0
    assert keys(chip) == before
    assert chip.done("erase") == [SECTOR]


def test_backup_of_another_board_is_refused(
    flash: Fw, chip: Rom, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "240ac4ffffff-0x3FF000-20260101T000000Z.bin"
    file.write_bytes(keys(chip))
    assert flash("PYCOM_TEST", "--restore-sector", file) == 1
    assert not written(chip)
    assert "is the backup of board 240ac4ffffff" in capfd.readouterr().err


@pytest.mark.parametrize("data", [b"\xff" * 0x1000, b"\x01" * 0xFFF, b"\x01" * 0x1001])
def test_blank_or_cut_backup_is_refused(flash: Fw, chip: Rom, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "backup.bin"
    file.write_bytes(data)
    assert flash("PYCOM_TEST", "--restore-sector", file) == 1
    assert not written(chip)


def test_other_boards_have_no_sector(
    flash: Fw, chip: Rom, firmware: Firmware, tmp_path: Path
) -> None:
    firmware("OTHER_TEST")
    assert flash("OTHER_TEST") == 0
    assert written(chip)
    assert not chip.done("read")
    assert not backups(tmp_path)


def test_too_little_flash_is_refused(
    flash: Fw, chip: Rom, firmware: Firmware, capfd: pytest.CaptureFixture[str]
) -> None:
    firmware("PYCOM_TEST", flash_size="8MB")
    assert flash("PYCOM_TEST") == 1
    assert not written(chip)
    assert "needs 8 MB of flash; this board has 4 MB" in capfd.readouterr().err


def test_damaged_file_is_refused(
    flash: Fw, chip: Rom, firmware: Firmware, capfd: pytest.CaptureFixture[str]
) -> None:
    file = firmware("PYCOM_TEST").path / "micropython.bin"
    file.write_bytes(file.read_bytes()[:-1])
    assert flash("PYCOM_TEST") == 1
    assert not chip.journal
    assert "micropython.bin is damaged" in capfd.readouterr().err


def test_folder_of_another_board_is_refused(
    flash: Fw, chip: Rom, firmware: Firmware, capfd: pytest.CaptureFixture[str]
) -> None:
    other = firmware("OTHER_TEST").path
    assert flash("PYCOM_TEST", "--from", other) == 1
    assert not chip.journal
    assert "is firmware for OTHER_TEST, not for PYCOM_TEST" in capfd.readouterr().err


def test_without_firmware_it_says_how_to_get_one(
    flash: Fw, capfd: pytest.CaptureFixture[str]
) -> None:
    assert flash("PYCOM_TEST") == 1
    assert "fw.py build PYCOM_TEST" in capfd.readouterr().err


def test_unknown_board_names_the_known_ones(fw: Fw, capfd: pytest.CaptureFixture[str]) -> None:
    assert fw("flash", "LOPY5") == 1
    assert "OTHER_TEST, PYCOM_TEST" in capfd.readouterr().err
