"""Flashing: what must survive is saved first, and compared afterwards."""

import argparse
import tempfile
from pathlib import Path

from fwlib import boards, folder, sector, serialport
from fwlib.boards import Board, Region
from fwlib.chip import BAUD, Chip, Connection
from fwlib.folder import Folder
from fwlib.paths import shown
from fwlib.steps import FwError, say


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("board", metavar="BOARD", help="which board it is; see `fw.py boards`")
    parser.add_argument("--port", default="", help="serial port; else the only one on USB")
    parser.add_argument(
        "--from",
        dest="folder",
        type=Path,
        metavar="FOLDER",
        help="a firmware folder of a release; else build/firmware/BOARD",
    )
    parser.add_argument(
        "--restore-sector",
        type=Path,
        metavar="FILE",
        help="write a backup of a Pycom board's sector back, and nothing else",
    )
    parser.add_argument("--baud", type=int, default=BAUD, help=f"speed (default {BAUD})")
    parser.add_argument(
        "--no-stub",
        action="store_true",
        help="talk to the chip's ROM only: slower, for boards where the fast way fails",
    )


def choose(board: Board, wanted: Path | None) -> Folder:
    """The firmware to flash, undamaged and for this board."""
    path = wanted or folder.FIRMWARE / board.name
    if wanted is None and not path.is_dir():
        raise FwError(
            f"no firmware for {board.name}: {shown(path)} is not there",
            f"run `fw.py build {board.name}`, or name a release's folder with --from",
        )
    chosen = folder.read(path)
    if chosen.board != board.name:
        raise FwError(
            f"'{shown(path)}' is firmware for {chosen.board}, not for {board.name}",
            "name the right folder, or the right board",
        )
    folder.check(chosen)
    folder.check_kept(board.kept(), chosen.parts, (path / folder.TABLE).read_bytes())
    return chosen


def check_size(chosen: Folder, chip: Chip) -> None:
    wanted = chosen.flash_size.removesuffix("MB")
    if wanted.isdigit() and int(wanted) > chip.flash_mb:
        raise FwError(
            f"{chosen.board} needs {wanted} MB of flash; this board has {chip.flash_mb} MB."
            " Nothing was written",
            "check which board it is: `fw.py boards`",
        )


def compare(connection: Connection, kept: dict[Region, tuple[bytes, Path]]) -> None:
    """What was saved must be on the board as it was."""
    for region, (before, backup) in kept.items():
        after = sector.read(connection, region, f"read 0x{region.offset:X} once more")
        if after != before:
            raise FwError(
                f"{region.name()} has changed",
                f"write it back with --restore-sector {backup}",
            )
        say(f"Unchanged: {region.name()}.")


def restore(connection: Connection, board: Board, chip: Chip, file: Path) -> None:
    """Write a backup back, after a backup of what is there now."""
    if not board.kept():
        raise FwError(f"{board.name} has no sector to restore", "leave --restore-sector out")
    region = board.kept()[0]
    data = sector.load(file, chip, region)
    sector.back_up(connection, chip, region)
    with tempfile.TemporaryDirectory(prefix="usocket-") as private:
        copy = Path(private) / "sector.bin"
        copy.write_bytes(data)
        connection.write("write the backup", [(region.offset, copy)])
    compare(connection, {region: (data, file)})


def install(connection: Connection, board: Board, chip: Chip, chosen: Folder) -> None:
    """Back up, write, compare."""
    check_size(chosen, chip)
    regions = dict.fromkeys((*board.kept(), *chosen.kept))
    kept = {region: sector.back_up(connection, chip, region) for region in regions}
    files = [(one.offset, chosen.path / one.file) for one in chosen.parts]
    connection.write(f"write {board.name} {chosen.version}", files)
    compare(connection, kept)


def run(args: argparse.Namespace) -> int:
    """The command; its exit status."""
    board = boards.get(args.board)
    chosen = None if args.restore_sector else choose(board, args.folder)
    port = serialport.find(args.port)
    connection = Connection(port, board.mcu, baud=args.baud, stub=not args.no_stub)
    chip = connection.identify()
    say(f"{chip.type}, MAC {chip.mac}, {chip.flash_mb} MB of flash")
    if chosen is None:
        restore(connection, board, chip, args.restore_sector)
    else:
        install(connection, board, chip, chosen)
    connection.start()
    say(f"Done. `fw.py monitor --port {port}` shows the board's prompt.")
    return 0
