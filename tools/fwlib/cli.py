"""The commands."""

import argparse
import sys
from pathlib import Path

from fwlib import (
    air,
    bench,
    debian,
    device,
    firmware,
    hostbuild,
    node,
    peers,
    repl,
    size,
    sources,
    testlevels,
    tour,
    venv,
)
from fwlib.steps import FwError, NotSupported, build_lock, say


def ready(source: str) -> hostbuild.Host:
    """Set up what is missing and build."""
    with build_lock():
        debian.install_packages()
        venv.ensure()
        return hostbuild.build(sources.get(source))


def command_setup(args: argparse.Namespace) -> int:
    with build_lock():
        debian.install_packages()
        venv.ensure()
        for packages in (node.TESTS, node.TOOLS):
            node.ensure_if_possible(packages)
        trees = [sources.get("stable", update=args.update)]
        try:
            trees.append(sources.get("unstable", update=args.update))
        except NotSupported as reason:
            say(f"Without the unstable suite: {reason}")
    for tree in trees:
        say(f"{tree.name}:")
        sources.describe(tree)
    return 0


def command_run(args: argparse.Namespace) -> int:
    host = ready(args.source)
    if not args.script:
        return tour.run(host)
    return firmware.run(host.firmware, args.script, firmware.environment(args))


def command_repl(args: argparse.Namespace) -> int:
    host = ready(args.source)
    return repl.run(host.firmware, args.fs, args.here, firmware.environment(args))


def command_bench(args: argparse.Namespace) -> int:
    return bench.run(ready(args.source), args.name, args.options)


def command_peer(args: argparse.Namespace) -> int:
    return peers.run(args.peer, args.options)


def command_test(args: argparse.Namespace) -> int:
    known = testlevels.available()
    if args.list:
        for name in known:
            say(f"{name:10} {testlevels.LEVELS[name][0]}")
        return 0
    unknown = [name for name in args.level if name not in known]
    if unknown:
        raise FwError(f"no test level '{unknown[0]}'", f"choose from: {', '.join(known)}")
    run = testlevels.Run(
        fix=args.fix,
        keyword=args.k,
        rigs=tuple(args.rig),
        ports=tuple(args.port),
        transmit_sigfox=args.transmit_sigfox,
    )
    with build_lock():
        debian.install_packages()
        venv.ensure()
        for packages in (node.TESTS, node.TOOLS):
            node.ensure_if_possible(packages)
    results = []
    for name in known:
        if not args.level or name in args.level:
            results += testlevels.run_level(run, name)
    return testlevels.report(results)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="fw.py", description=__doc__)
    top.description = "Set up, build, run and test usocket: on this PC and on boards."
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    setup = commands.add_parser("setup", help="packages, Python environment and sources")
    setup.add_argument("--update", action="store_true", help="look for newer source packages")
    setup.set_defaults(call=command_setup)

    run = commands.add_parser("run", help="run a script in the host firmware, or the tour")
    add_source(run)
    firmware.add_options(run)
    run.add_argument(
        "script", nargs=argparse.REMAINDER, metavar="SCRIPT", help="script and its arguments"
    )
    run.set_defaults(call=command_run)

    prompt = commands.add_parser("repl", help="a board-like prompt that mpremote can use")
    add_source(prompt)
    firmware.add_options(prompt)
    prompt.add_argument(
        "--fs", type=Path, default=repl.FILES, help="directory that is the firmware's file system"
    )
    prompt.add_argument(
        "--here", action="store_true", help="on this terminal instead of a pseudo-terminal"
    )
    prompt.set_defaults(call=command_repl)

    measure = commands.add_parser("bench", help="benchmarks beside their peers")
    add_source(measure)
    measure.add_argument("name", choices=bench.names(), help="which")
    measure.add_argument("options", nargs=argparse.REMAINDER, help="its own options (--help)")
    measure.set_defaults(call=command_bench)

    for name, (_, title) in peers.PEERS.items():
        peer = commands.add_parser(name, help=title, add_help=False)
        peer.set_defaults(call=command_peer, peer=name, options=[])

    monitor = commands.add_parser("air", help="join firmwares by radio, and show every frame")
    air.add_options(monitor)
    monitor.set_defaults(call=air.run)

    device.add_commands(commands)

    bytes_of = commands.add_parser("size", help="bytes of each room, feature set and image")
    bytes_of.add_argument("board", nargs="?", metavar="BOARD", help="its image, if it was built")
    bytes_of.add_argument(
        "--accept", action="store_true", help="make this what later sizes are compared with"
    )
    bytes_of.set_defaults(call=size.run)

    test = commands.add_parser("test", help="every test level that can run here, or some")
    test.add_argument("level", nargs="*", metavar="LEVEL")
    test.add_argument("--list", action="store_true", help="name the levels")
    test.add_argument("--fix", action="store_true", help="lint: correct formatting in place")
    test.add_argument("-k", default="", metavar="NAME", help="only tests whose name matches")
    test.add_argument(
        "--rig", action="append", default=[], metavar="NAME", help="target: of tests/target/rigs"
    )
    test.add_argument(
        "--port", action="append", default=[], metavar="[BOARD=]PORT", help="target: where it is"
    )
    test.add_argument(
        "--transmit-sigfox",
        action="store_true",
        help="target: let a real board send one Sigfox message",
    )
    test.set_defaults(call=command_test)
    return top


def add_source(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--source",
        choices=tuple(sources.SUITES),
        default="stable",
        help="which Debian suite's MicroPython, lwIP and mbedTLS to build from",
    )


def main(argv: list[str]) -> int:
    top = parser()
    # A peer's options are its own: its program reads them.
    args, rest = top.parse_known_args(argv)
    if hasattr(args, "peer"):
        args.options = argv[1:]
    elif rest:
        top.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        return args.call(args)
    except FwError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.todo:
            print(f"what to do: {error.todo}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
