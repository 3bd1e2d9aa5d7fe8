"""The commands for boards: boards, build, site, flash, monitor."""

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

from fwlib import boards, esp32, flash, folder, node, serialport, venv, webpage
from fwlib.boards import Board
from fwlib.paths import shown
from fwlib.steps import FwError, NotSupported, build_lock, say


def add_commands(commands: "argparse._SubParsersAction[Any]") -> None:
    listing = commands.add_parser("boards", help="the boards that there is firmware for")
    listing.add_argument("--json", action="store_true", help="their names, for a program")
    listing.set_defaults(call=command_boards)

    build = commands.add_parser("build", help="build a board's firmware with ESP-IDF")
    build.add_argument("board", nargs="*", metavar="BOARD", help="which; see `fw.py boards`")
    build.add_argument("--all", action="store_true", help="every board")
    build.set_defaults(call=command_build)

    site = commands.add_parser("site", help="one page that flashes any board from a browser")
    site.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=folder.FIRMWARE,
        help="where the boards' firmware folders are; default build/firmware",
    )
    site.set_defaults(call=command_site)

    install = commands.add_parser("flash", help="write firmware to a board")
    flash.add_options(install)
    install.set_defaults(call=command_flash)

    monitor = commands.add_parser("monitor", help="a board's prompt on this terminal")
    monitor.add_argument("--port", default="", help="serial port; else the only one on USB")
    monitor.set_defaults(call=command_monitor)


def command_boards(args: argparse.Namespace) -> int:
    if args.json:
        say(json.dumps(boards.names()))
        return 0
    for name in boards.names():
        board = boards.get(name)
        kept = "; keeps " + ", ".join(one.name() for one in board.kept()) if board.kept() else ""
        say(f"{name:24} {board.title()}, {board.mcu}{kept}")
    return 0


def chosen(names: list[str], every: bool) -> list[Board]:
    if bool(names) == every:
        raise FwError("build what?", "name boards (`fw.py boards` lists them), or say --all")
    return [boards.get(name) for name in (boards.names() if every else names)]


def command_build(args: argparse.Namespace) -> int:
    wanted = chosen(args.board, args.all)
    trees = [(esp32.require_idf(one.mcu), esp32.require_micropython(one)) for one in wanted]
    with build_lock():
        venv.ensure()
        for board, (idf, micropython) in zip(wanted, trees, strict=True):
            say(f"{board.name}: ESP-IDF {idf.version}, MicroPython {micropython.version}")
            made = folder.build(board, idf, micropython)
            page = write_page(made)
            sizes = ", ".join(f"{one.file} {one.size}" for one in made.parts)
            say(f"{shown(made.path)}: {sizes}, {made.merged.file}{page}")
    return 0


def write_page(made: folder.Folder) -> str:
    """The folder's own page, where Node.js is; what to say of it."""
    webpage.write_manifest(made)
    try:
        webpage.write_board(made)
    except NotSupported as reason:
        say(f"Without a page: {reason}")
        return ""
    return ", index.html"


def command_site(args: argparse.Namespace) -> int:
    home: Path = args.folder
    found = [folder.read(path) for path in folder.folders(home)]
    if not found:
        raise FwError(f"no firmware folder in '{shown(home)}'", "run `fw.py build BOARD` first")
    with build_lock():
        node.ensure(node.TOOLS)
    for one in found:
        folder.check(one)
        webpage.write_manifest(one)
    webpage.write_site(home, found)
    say(f"{shown(home / 'index.html')}: {', '.join(one.board for one in found)}")
    say("To look at it, and to flash from here (browsers want HTTPS, or this computer):")
    say(f"    python3 -m http.server --bind 127.0.0.1 --directory {shown(home)} 8000")
    return 0


def command_flash(args: argparse.Namespace) -> int:
    with build_lock():
        venv.ensure()
    return flash.run(args)


def command_monitor(args: argparse.Namespace) -> int:
    with build_lock():
        venv.ensure()
    port = serialport.find(args.port)
    say(f"{port}; Ctrl-] ends this")
    # The terminal's Ctrl-C is for the board.
    process = subprocess.Popen([venv.tool("mpremote"), "connect", port, "repl"])
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue
