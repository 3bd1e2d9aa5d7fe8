# SPDX-License-Identifier: MIT
"""The gateway as a program: tools/fw.py gateway."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys

import semtech_udp
from fwlib.air import PORT as AIR_PORT

from lorawan_gateway import channels
from lorawan_gateway.gateway import EUI, Gateway, Settings
from lorawan_gateway.hub_port import HubPort
from lorawan_gateway.schedule import Clock

GPS_EPOCH_MS = 315_964_800_000
LEAP_MS = 18_000
# Above this factor a server on the PC's clock could not answer in time.
FAST = 2.0
THINK_MS = 300


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fw.py gateway",
        description="A virtual LoRaWAN gateway: from the air of `fw.py air` to a network"
        " server that speaks the Semtech UDP protocol.",
    )
    parser.add_argument(
        "--server", required=True, metavar="HOST[:PORT]", help="the server; its port is 1700"
    )
    parser.add_argument("--air", type=int, default=AIR_PORT, metavar="PORT", help="the hub's port")
    parser.add_argument("--name", default="gateway", help="on the air")
    parser.add_argument("--x", type=int, default=0, metavar="METRES", help="place")
    parser.add_argument("--y", type=int, default=0, metavar="METRES")
    parser.add_argument("--eui", default=EUI.hex(), help="16 hexadecimal digits")
    parser.add_argument(
        "--channels", default="all", help="all, a region such as EU868 or US915:2, or MHz,MHz,..."
    )
    parser.add_argument(
        "--think",
        type=int,
        metavar="MS",
        help="hold the air's time so long after an uplink, until a downlink comes;"
        f" {THINK_MS} where it runs fast, else 0",
    )
    parser.add_argument(
        "--bad-crc", action="store_true", help="forward frames with a bad CRC, too"
    )
    parser.add_argument("--json", action="store_true", help="events as JSON, one a line")
    return parser


def server_of(text: str) -> tuple[str, int]:
    """HOST[:PORT], [IPV6]:PORT."""
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")):
        return text.strip("[]"), semtech_udp.PORT
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"--server is '{text}': the port must be a number from 1 to 65535")
    return host.strip("[]"), int(port)


def settings_of(args: argparse.Namespace, air: HubPort) -> Settings:
    """From the command line; ValueError says what is wrong with it."""
    try:
        eui = bytes.fromhex(args.eui.replace("-", "").replace(":", ""))
    except ValueError:
        eui = b""
    if len(eui) != semtech_udp.EUI:
        raise ValueError(f"--eui is '{args.eui}', not 16 hexadecimal digits")
    think = args.think
    if think is None:
        think = THINK_MS if air.factor > FAST else 0
    air.hold_ahead = think > 0
    gps = air.unix_ns() // 1_000_000 - GPS_EPOCH_MS + LEAP_MS
    return Settings(
        eui=eui,
        channels=channels.parse(args.channels),
        clock=Clock(gps_ms_at_0=gps),
        think_s=think / 1000,
        forward_bad_crc=args.bad_crc,
    )


def shown(what: str, details: dict[str, object]) -> str:
    """One line for a person: what goes by, not what is in it."""
    names = ("tmst", "imme", "freq", "datr", "rssi", "lsnr", "size", "error", "text")
    parts = [f"{name}={details[name]}" for name in names if name in details]
    return f"{what:9} {' '.join(parts)}"


async def work(args: argparse.Namespace) -> int:
    host, port = server_of(args.server)
    air = HubPort(args.air, args.name, args.x, args.y)
    gateway = Gateway(air, settings_of(args, air))

    def note(what: str, details: dict[str, object]) -> None:
        text = json.dumps({"kind": what, **details}) if args.json else shown(what, details)
        print(text, flush=True)

    gateway.note = note
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    try:
        await gateway.start(host, port)
        eui = gateway.settings.eui.hex()
        print(f"gateway {eui} between the air on port {args.air} and {host}:{port}", flush=True)
        await ended.wait()
    finally:
        await gateway.close()
    return 0


def main() -> int:
    args = options().parse_args()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            return asyncio.run(work(args))
    except (ValueError, OSError) as error:  # TimeoutError and ConnectionError among them
        print(f"fw.py gateway: {error}", file=sys.stderr)
        return 1
    return 130


if __name__ == "__main__":
    sys.exit(main())
