"""Which serial port the board is on."""

import json
import subprocess

from fwlib import venv
from fwlib.steps import FwError

LIST = """
import json
from serial.tools import list_ports
print(json.dumps([[port.device, port.description] for port in list_ports.comports() if port.vid]))
"""


def usb_ports() -> list[tuple[str, str]]:
    """(device, description) of every serial port on USB."""
    done = subprocess.run([venv.python(), "-c", LIST], capture_output=True, text=True, check=True)
    return [(device, description) for device, description in json.loads(done.stdout)]


def find(wanted: str) -> str:
    """The port that the user named, or the only one there is."""
    if wanted:
        return wanted
    ports = usb_ports()
    if not ports:
        raise FwError(
            "no serial port on USB found",
            "connect the board with a cable that carries data, or name its port with --port",
        )
    if len(ports) > 1:
        listed = "; ".join(f"{device} ({description})" for device, description in ports)
        raise FwError(f"{len(ports)} serial ports found: {listed}", "choose one with --port")
    return ports[0][0]
