"""Raw LoRa, the PC's side: the air, and two firmwares on it."""

import threading

from fwlib.airmessage import Fate
from harness.air import Air
from pc import STEP, Node, TourError, say

DISTANCE_M = 2500


def follow(node: Node, name: str, failed: list[TourError]) -> None:
    """Print what a node says."""
    try:
        for line in node:
            say(line, name)
    except TourError as error:
        failed.append(error)


def run() -> None:
    """Two nodes, and what became of their frames."""
    say(f"{STEP}Raw LoRa between two firmwares, {DISTANCE_M / 1000:g} km apart")
    failed: list[TourError] = []
    places = {"two": DISTANCE_M, "one": 0}
    with Air() as air:
        nodes = {}
        threads = []
        for name, x in places.items():
            nodes[name] = Node("lora.py", name, env=air.env(name, x=x))
            threads.append(threading.Thread(target=follow, args=(nodes[name], name, failed)))
            threads[-1].start()
            air.wait_name(f"+{name}")
        for thread in threads:
            thread.join()
        for node in nodes.values():
            node.close()
        records = air.wait_frames(9)
    if failed:
        raise failed[0]
    received = sum(record.fate == Fate.RECEIVED for record in records)
    say(f"the air carried {len(records)} frames, {received} were received")
