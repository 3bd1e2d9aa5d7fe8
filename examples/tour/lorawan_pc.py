"""LoRaWAN, the PC's side: an air, a gateway, a network server, and kill -9."""

import tempfile
import time

from harness.lorawan_air import LorawanAir
from lorawan_server.device import Device
from pc import STEP, Node, TourError, say

# Seconds of the air in one of the PC: the windows of LoRaWAN are seconds apart.
FACTOR = 10.0


def follow(node: Node, net: LorawanAir, device: Device) -> None:
    """Print what a node says, and do what it asks for, until it ends or wants to be killed."""
    for line in node:
        if line in ("<rx1>", "<rx2>", "<c>"):
            window = line[1:-1]
            net.send(device, 20, f"hello in {window}".encode(), window=window)
            node.write("\n")
        elif line == "<kill>":
            time.sleep(0.4)  # it is in the middle of an uplink
            node.close()
            say("the PC ended it with kill -9 in the middle of an uplink")
            return
        else:
            say(line)


def run() -> None:
    """Two runs of one node with one store."""
    say(f"{STEP}LoRaWAN: a gateway and a network server on the PC, {FACTOR:g} times as fast")
    with LorawanAir(factor=FACTOR) as net, tempfile.TemporaryDirectory() as store:
        device = net.otaa()
        for which in ("first", "second"):
            env = {**net.air.env("node", x=300), "USOCKET_STORE": store}
            with Node("lorawan.py", which, env=env) as node:
                follow(node, net, device)
        joins = len(net.events("join"))
        counters = [str(event.data["fcnt"]) for event in net.events("uplink")]
    if joins != 1 or len(counters) != len(set(counters)):
        raise TourError(f"the network saw {joins} joins and the counters {', '.join(counters)}")
    say(f"the network saw one join and {len(counters)} counters, none of them twice")
