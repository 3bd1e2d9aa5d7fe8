# SPDX-License-Identifier: MIT
"""The server as a program: tools/fw.py server."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import semtech_udp

from lorawan_server import files, regions
from lorawan_server.console import HELP, Console
from lorawan_server.events import Event
from lorawan_server.server import NetworkServer, Settings

# Events that change what must survive a restart.
CHANGES = ("join", "uplink", "downlink", "mac_answer", "multicast")


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fw.py server",
        description="A small LoRaWAN 1.0 network server for Semtech UDP gateways.",
        epilog=f"While it runs, these can be typed:\n{HELP}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=semtech_udp.PORT, help="UDP port; 0: any")
    parser.add_argument(
        "--listen",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="0.0.0.0 lets gateways of other machines in; the protocol has no password",
    )
    parser.add_argument("--region", default="EU868", help=", ".join(regions.REGIONS))
    parser.add_argument(
        "--device", type=Path, action="append", default=[], metavar="FILE", help="device file"
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep sessions and counters here (has keys)"
    )
    parser.add_argument("--net-id", default="000000", help="NetID, six hexadecimal digits")
    parser.add_argument(
        "--dedup", type=int, default=100, metavar="MS", help="wait so long for other gateways"
    )
    parser.add_argument("--no-adr", action="store_true", help="leave data rates alone")
    parser.add_argument("--echo", action="store_true", help="send each uplink's data back")
    parser.add_argument("--json", action="store_true", help="events as JSON, one a line")
    return parser


def as_json(event: Event) -> str:
    def plain(value: object) -> object:
        return value.hex() if isinstance(value, bytes) else value

    data = {name: plain(value) for name, value in event.data.items()}
    head = {"time": event.time, "kind": event.kind, "device": event.device}
    return json.dumps({**head, **data}, default=str)


def echo_of(server: NetworkServer) -> Callable[[Event], None]:
    def echo(event: Event) -> None:
        payload, port = event.data.get("payload"), event.data.get("port")
        if event.kind == "uplink" and isinstance(port, int) and port > 0:
            server.send(server.devices[event.device], port, bytes(payload))  # type: ignore[call-overload]

    return echo


def set_up(args: argparse.Namespace) -> NetworkServer:
    """The server that the command line describes; ValueError says what is wrong with it."""
    if not 0 <= args.port <= 65535:
        raise ValueError(f"--port is {args.port}, allowed is 0 to 65535")
    try:
        net_id = int(args.net_id, 16)
    except ValueError:
        net_id = -1
    if not 0 <= net_id <= 0xFFFFFF:
        raise ValueError(f"--net-id is '{args.net_id}', not up to six hexadecimal digits")
    settings = Settings(net_id=net_id, dedup_s=args.dedup / 1000, adr=not args.no_adr)
    server = NetworkServer(regions.get(args.region), settings)
    for path in args.device:
        devices, groups = files.load(path, server.region)
        for device in devices:
            server.add(device)
        for group in groups:
            server.add_group(group)
    if args.state and args.state.exists():
        server.sessions += files.load_state(args.state, server.devices, server.groups)
    return server


async def serve(args: argparse.Namespace) -> int:
    server = set_up(args)
    try:
        port = await server.start(args.listen, args.port)
    except OSError as error:
        print(f"fw.py server: {args.listen}:{args.port}: {error.strerror}", file=sys.stderr)
        return 1
    show = as_json if args.json else Event.text
    server.record.listeners.append(lambda event: print(show(event), flush=True))
    if args.echo:
        server.record.listeners.append(echo_of(server))
    if args.state:

        def keep(event: Event) -> None:
            if event.kind in CHANGES:
                files.save_state(args.state, server.devices.values(), server.groups.values())

        server.record.listeners.append(keep)
    print(f"network server for {server.region.name} on {args.listen}:{port}", flush=True)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    reading = loop.create_task(read_lines(Console(server), ended))
    await ended.wait()
    reading.cancel()
    await server.close()
    return 0


async def read_lines(console: Console, ended: asyncio.Event) -> None:
    """Carry out what comes in on stdin; its end is no reason to stop."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    try:
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    except (OSError, ValueError):
        return  # a file, or nothing
    while line := await reader.readline():
        text = line.decode(errors="replace").strip()
        if text == "quit":
            ended.set()
            return
        answer = await console.execute(text)
        if answer:
            print(answer, flush=True)


def main() -> int:
    args = options().parse_args()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            return asyncio.run(serve(args))
    except ValueError as error:
        print(f"fw.py server: {error}", file=sys.stderr)
        return 1
    return 130


if __name__ == "__main__":
    sys.exit(main())
