"""Level `target`: what each rig needs before pytest runs on it (tests/target)."""

import shutil
from collections.abc import Callable
from pathlib import Path

from fwlib import boards, esp32, folder, qemu, rigs
from fwlib.paths import BUILD
from fwlib.rigs import Rig
from fwlib.sources import Sources
from fwlib.steps import NotSupported, build_lock

# Without --rig: all that needs no hardware.
DEFAULT_RIGS = ("host_pty", "host_pair", "qemu_m3", "qemu_esp32")
QEMU_BOARD = "QEMU_ESP32"
FLASH = BUILD / "esp32" / "qemu-flash.bin"
FLASH_SIZE = 4 << 20


def options(rig: Rig, ports: tuple[str, ...], transmit_sigfox: bool) -> list[str]:
    """pytest's options for a rig (tests/target/conftest.py)."""
    found = ["--rig", rig.name]
    if ports:
        where = rigs.ports(list(ports), rig)
        found += [f"--board-port={board}={port}" for board, port in where.items() if port]
    return [*found, "--transmit-sigfox"] if transmit_sigfox else found


def prepare_qemu(rig: Rig, trees: Callable[[], Sources]) -> dict[str, str]:
    """Build the image of a rig in QEMU; where it is. NotSupported: it cannot be had here."""
    if rig.boards[0].image == "esp32":
        return {"USOCKET_QEMU_IMAGE": str(esp32_flash())}
    require("qemu-system-arm", "arm-none-eabi-gcc", todo="run `fw.py setup`")
    found = trees()
    with build_lock():
        return {"USOCKET_QEMU_IMAGE": str(qemu.build(found))}


def require(*programs: str, todo: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise NotSupported(f"{' and '.join(missing)} not found", todo)


def esp32_flash() -> Path:
    """What is in the flash of the ESP32 in QEMU: the merged image, filled up."""
    board = boards.get(QEMU_BOARD)
    idf = esp32.require_idf(board.mcu)
    require(
        "qemu-system-xtensa",
        todo="install Espressif's QEMU for xtensa: `idf_tools.py install qemu-xtensa`, then"
        " `. export.sh`",
    )
    micropython = esp32.require_micropython(board)
    with build_lock():
        made = folder.build(board, idf, micropython)
    FLASH.parent.mkdir(parents=True, exist_ok=True)
    FLASH.write_bytes((made.path / made.merged.file).read_bytes().ljust(FLASH_SIZE, b"\xff"))
    return FLASH
