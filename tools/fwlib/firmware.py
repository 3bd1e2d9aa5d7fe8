"""Running the host firmware: its settings are environment variables."""

import argparse
import os
import subprocess
from pathlib import Path

from fwlib.steps import FwError

# Option -> environment variable of ports/unix.
SETTINGS = {
    "net": "USOCKET_NET",
    "forward": "USOCKET_FORWARD",
    "dns": "USOCKET_DNS",
    "mac": "USOCKET_MAC",
    "radio": "USOCKET_RADIO",
    "air": "USOCKET_AIR",
    "store": "USOCKET_STORE",
    "time_factor": "USOCKET_TIME_FACTOR",
    "seed": "USOCKET_SEED",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("network of the firmware")
    group.add_argument(
        "--net",
        metavar="NET",
        help="slirp (default), loop, tap:NAME[,ip=A.B.C.D/N[,gw=A.B.C.D]] or hub:PORT,ip=A.B.C.D/N",
    )
    group.add_argument(
        "--forward",
        metavar="tcp:HOSTADDR:HOSTPORT:PORT[,udp:...]",
        help="slirp: let connections to the PC's address and port reach the firmware's port",
    )
    group.add_argument("--dns", metavar="A.B.C.D[:PORT]", help="name server instead of DHCP's")
    group.add_argument("--mac", metavar="02:...", help="hardware address of the interface")
    radio = parser.add_argument_group("radio of the firmware")
    radio.add_argument(
        "--radio", metavar="CHIP", help="sx1276 (default), sx1272 or none[,OPTIONS]"
    )
    radio.add_argument(
        "--air",
        metavar="PORT[,x=M][,y=M][,name=NAME]",
        help="join the firmwares of `fw.py air` on that port",
    )
    radio.add_argument(
        "--store", metavar="DIR", help="where keys and counters are kept; or memory"
    )
    radio.add_argument("--time-factor", metavar="F", help="run the firmware's clock so fast")
    radio.add_argument("--seed", metavar="N", help="make its random numbers repeatable")


def environment(args: argparse.Namespace) -> dict[str, str]:
    """The settings that the user's options ask for."""
    values = {variable: getattr(args, name) for name, variable in SETTINGS.items()}
    return {variable: value for variable, value in values.items() if value}


def run(firmware: Path, argv: list[str], env: dict[str, str]) -> int:
    """Run the firmware on this terminal; its exit status."""
    if argv and not argv[0].startswith("-") and not Path(argv[0]).is_file():
        raise FwError(f"there is no script '{argv[0]}'", "name a file to run in the firmware")
    process = subprocess.Popen([firmware, *argv], env={**os.environ, **env})
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # Ctrl-C went to the firmware as well, and the script decides.
            continue
