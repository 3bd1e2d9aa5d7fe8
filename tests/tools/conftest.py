# SPDX-License-Identifier: MIT
"""Boards and firmware of the tests' own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import made
from fwlib import boards, cli, esp32, folder
from rom import Rom

TREES = {"esp_idf": esp32.Tree(Path("idf"), "5.4"), "micropython": esp32.Tree(Path("mp"), "1.28")}


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Boards, firmware folders and backups are in the test's own directory."""
    monkeypatch.setattr(boards, "BOARDS", tmp_path / "boards")
    monkeypatch.setattr(boards, "REPO", tmp_path)
    monkeypatch.setattr(folder, "FIRMWARE", tmp_path / "firmware")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    made.board(tmp_path / "boards", "PYCOM_TEST", "Pycom")
    made.board(tmp_path / "boards", "OTHER_TEST", "Somebody")


@pytest.fixture
def chip() -> Iterator[Rom]:
    rom = Rom(made.chip_flash())
    yield rom
    rom.close()


@pytest.fixture
def firmware(tmp_path: Path) -> Callable[..., folder.Folder]:
    """Makes a board's firmware folder."""

    def make(name: str, **options: object) -> folder.Folder:
        built = made.idf_build(tmp_path / "idf-build", **options)  # type: ignore[arg-type]
        return folder.make(boards.get(name), built, TREES)

    return make


@pytest.fixture
def fw() -> Callable[..., int]:
    """fw.py in this process; its exit status."""
    return lambda *words: cli.main([str(word) for word in words])
