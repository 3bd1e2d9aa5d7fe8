"""The PC's side of LoRaWAN in the tour: an air, a gateway, a network server."""

import sys
import tempfile
import time
from pathlib import Path

from harness.firmware import Firmware
from harness.lorawan_air import LorawanAir
from lorawan_server.device import Device

HERE = Path(__file__).resolve().parent
# Seconds of the air in one of the PC: the windows of LoRaWAN are seconds apart.
FACTOR = 10.0
PATIENCE_S = 60.0


def show(node: Firmware, net: LorawanAir, device: Device) -> None:
    """Print what a node says, and do what it asks for, until it wants to be killed or ends."""
    while True:
        try:
            line = node.line(PATIENCE_S)
        except AssertionError:
            if node.wait() != 0:
                raise
            return
        if line == "<kill>":
            break
        if line in ("<rx1>", "<rx2>", "<c>"):
            window = line[1:-1]
            net.send(device, 20, f"hello in {window}".encode(), window=window)
            node.write("\n")
        else:
            print(line, flush=True)
    time.sleep(0.4)  # it is in the middle of an uplink
    node.kill()
    print("   the PC ended it with kill -9 in the middle of an uplink", flush=True)


def run() -> None:
    """Two runs of one node with one store."""
    with LorawanAir(factor=FACTOR) as net, tempfile.TemporaryDirectory() as store:
        device = net.otaa()
        for which in ("first", "second"):
            env = {**net.air.env("node", x=300), "USOCKET_STORE": store}
            with Firmware(HERE / "lorawan_node.py", which, net="loop", env=env) as node:
                show(node, net, device)
        joins = len(net.events("join"))
        counters = [str(event.data["fcnt"]) for event in net.events("uplink")]
        if joins != 1 or len(counters) != len(set(counters)):
            sys.exit(f"the network saw {joins} joins and the counters {', '.join(counters)}")
        print(f"   the network saw one join and {len(counters)} counters, none of them twice")
