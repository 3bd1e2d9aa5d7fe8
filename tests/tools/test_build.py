# SPDX-License-Identifier: MIT
"""`fw.py build`: what is asked of ESP-IDF and MicroPython, and the firmware folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import made
import pytest
from fwlib import esp32, folder
from fwlib.folder import Folder
from fwlib.steps import FwError

Fw = Callable[..., int]
Firmware = Callable[..., Folder]
# A program that does what idf.py's `build` leaves behind, from files made beforehand.
IDF_PY = """#!/bin/sh
echo "$@" > "$IDF_PATH/called"
[ ! -e "$IDF_PATH/fail" ] || { echo "error: lora_engine.c:1: no such thing"; exit 2; }
cp -r "$IDF_PATH/built/." "$4"
"""


def idf(home: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]) -> Path:
    """A directory that passes for ESP-IDF, its tools on PATH."""
    path = home / "esp-idf"
    names = ("MAJOR", "MINOR", "PATCH")
    lines = [f"set(IDF_VERSION_{name} {n})" for name, n in zip(names, version, strict=True)]
    (path / "tools" / "cmake").mkdir(parents=True)
    (path / "tools" / "cmake" / "version.cmake").write_text("\n".join(lines))
    for name, text in (("idf.py", IDF_PY), ("xtensa-esp32-elf-gcc", "")):
        (path / "tools" / name).write_text(text)
        (path / "tools" / name).chmod(0o755)
    made.idf_build(path / "built")
    monkeypatch.setenv("IDF_PATH", str(path))
    monkeypatch.setenv("PATH", f"{path / 'tools'}:{os.environ['PATH']}")
    return path


def micropython(home: Path, monkeypatch: pytest.MonkeyPatch, minor: int = 28) -> Path:
    """A directory that passes for a checkout of MicroPython."""
    path = home / "micropython"
    files = {
        "ports/esp32/esp32_common.cmake": "if (NOT DEFINED MICROPY_PY_BTREE)\n",
        "py/mpconfig.h": "#define MICROPY_VERSION_MAJOR 1\n"
        f"#define MICROPY_VERSION_MINOR {minor}\n#define MICROPY_VERSION_MICRO 0\n",
        "lib/micropython-lib/micropython/net/ntptime/manifest.py": "",
    }
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    monkeypatch.setenv("MICROPYTHON_DIR", str(path))
    return path


@pytest.fixture
def build_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(esp32, "BUILD", tmp_path / "build")


def test_without_idf_it_names_version_variable_and_step(
    fw: Fw, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("IDF_PATH", raising=False)
    assert fw("build", "PYCOM_TEST") == 1
    said = capfd.readouterr().err
    for word in ("IDF_PATH", "5.2 to 5.5 (tested: 5.5)", "`. export.sh`", "what to do: install"):
        assert word in said


@pytest.mark.parametrize("version", [(5, 1, 4), (5, 6, 0), (6, 0, 0)])
def test_wrong_idf_is_named_beside_the_wanted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]
) -> None:
    path = idf(tmp_path, monkeypatch, version)
    with pytest.raises(FwError) as error:
        esp32.require_idf()
    found = ".".join(str(number) for number in version)
    assert f"'{path}', ESP-IDF {found}. Wanted: ESP-IDF 5.2 to 5.5" in str(error.value)


@pytest.mark.parametrize("version", [(5, 2, 0), (5, 4, 2), (5, 5, 3)])
def test_supported_idf_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]
) -> None:
    path = idf(tmp_path, monkeypatch, version)
    assert esp32.require_idf() == esp32.Tree(path, ".".join(str(number) for number in version))


def test_idf_without_its_environment_is_told_to_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = idf(tmp_path, monkeypatch, (5, 4, 0))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(FwError) as error:
        esp32.require_idf()
    assert "idf.py and xtensa-esp32-elf-gcc not on PATH" in str(error.value)
    assert f"run `. {path}/export.sh`" in error.value.todo


def test_micropython_must_be_named(
    fw: Fw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    idf(tmp_path, monkeypatch, (5, 4, 0))
    monkeypatch.delenv("MICROPYTHON_DIR", raising=False)
    assert fw("build", "PYCOM_TEST") == 1
    said = capfd.readouterr().err
    assert "MICROPYTHON_DIR is not set" in said
    assert "MicroPython 1.25 to 1.29" in said


@pytest.mark.skipif("+ds" not in os.environ.get("MICROPYTHON_DIR", ""), reason="needs Debian's")
def test_debians_micropython_is_refused_with_what_it_lacks(
    fw: Fw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    idf(tmp_path, monkeypatch, (5, 4, 0))
    assert fw("build", "PYCOM_TEST") == 1
    said = capfd.readouterr().err
    assert "lib/micropython-lib and lib/berkeley-db-1.xx is empty or incomplete" in said
    assert "git submodule update --init" in said


@pytest.mark.parametrize("minor", [24, 30])
def test_unknown_micropython_is_refused(
    fw: Fw,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    minor: int,
) -> None:
    idf(tmp_path, monkeypatch, (5, 4, 0))
    micropython(tmp_path, monkeypatch, minor)
    assert fw("build", "PYCOM_TEST") == 1
    assert f"MicroPython 1.{minor}.0; supported" in capfd.readouterr().err


def test_build_leaves_a_firmware_folder(
    fw: Fw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build_here: None
) -> None:
    path = idf(tmp_path, monkeypatch, (5, 4, 0))
    tree = micropython(tmp_path, monkeypatch)
    assert fw("build", "pycom_test") == 0
    called = (path / "called").read_text()
    assert f"-C {tree}/ports/esp32 -B {tmp_path}/build/esp32/PYCOM_TEST" in called
    assert "-D MICROPY_BOARD=PYCOM_TEST" in called
    assert f"-D MICROPY_BOARD_DIR={tmp_path}/boards/PYCOM_TEST" in called
    assert "modules/micropython.cmake build" in called
    home = tmp_path / "firmware" / "PYCOM_TEST"
    record = json.loads((home / "build.json").read_text())
    assert (record["esp_idf"], record["micropython"]) == ("5.4.0", "1.28.0")
    assert record["kept"][0]["offset"] == made.SECTOR
    folder.check(folder.read(home))


def test_failed_build_shows_the_compilers_words(
    fw: Fw,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    build_here: None,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (idf(tmp_path, monkeypatch, (5, 4, 0)) / "fail").touch()
    micropython(tmp_path, monkeypatch)
    assert fw("build", "PYCOM_TEST") == 1
    said = capfd.readouterr()
    assert "lora_engine.c:1: no such thing" in said.out
    assert "'idf.py' ended with status 2" in said.err
    assert not (tmp_path / "firmware" / "PYCOM_TEST").exists()


def test_other_sources_start_a_new_build(
    fw: Fw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build_here: None
) -> None:
    idf(tmp_path, monkeypatch, (5, 4, 0))
    micropython(tmp_path, monkeypatch)
    assert fw("build", "PYCOM_TEST") == 0
    trace = tmp_path / "build" / "esp32" / "PYCOM_TEST" / "old.o"
    trace.touch()
    assert fw("build", "PYCOM_TEST") == 0
    assert trace.exists()
    micropython(tmp_path, monkeypatch, 27)
    assert fw("build", "PYCOM_TEST") == 0
    assert not trace.exists()


def test_merged_image_is_the_parts_at_their_addresses(firmware: Firmware) -> None:
    made_folder = firmware("PYCOM_TEST")
    merged = (made_folder.path / made_folder.merged.file).read_bytes()
    end = 0
    for part in made_folder.parts:
        assert merged[end : part.offset] == b"\xff" * (part.offset - end)
        end = part.offset + part.size
        assert merged[part.offset : end] == (made_folder.path / part.file).read_bytes()
    assert len(merged) == end
    assert made_folder.merged.file == f"usocket-PYCOM_TEST-{made_folder.version}.bin"


def test_app_that_reaches_the_sector_is_refused(firmware: Firmware, tmp_path: Path) -> None:
    # The last byte is below the sector, but in it when rounded up to an erase.
    fits = made.SECTOR - made.APP
    firmware("PYCOM_TEST", app_size=fits)
    with pytest.raises(FwError, match=r"micropython.bin goes .* over 4096 bytes at 0x3FF000"):
        firmware("PYCOM_TEST", app_size=fits + 1)
    firmware("OTHER_TEST", app_size=fits + 1)


@pytest.mark.parametrize("size", [0x1FF001, 0x200000])
def test_partition_over_the_sector_is_refused(firmware: Firmware, size: int) -> None:
    table = made.table(((("vfs"), 1, 0x81, 0x200000, size),))
    with pytest.raises(FwError, match="partition 'vfs' goes from 0x200000"):
        firmware("PYCOM_TEST", partition_table=table)
    firmware("OTHER_TEST", partition_table=table)
