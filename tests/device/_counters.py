# SPDX-License-Identifier: MIT
"""What is in use: lwIP's objects, descriptors, MicroPython's heap."""

import gc

from devtest import skip

try:
    import host
except ImportError:
    skip("needs the module host of the host firmware")

PCBS = ("TCP_PCB", "blocks")  # what a pcb in TIME_WAIT counts in
NOT_OBJECTS = ("heap", "tcp_time_wait")  # bytes; and what is allowed for


def used():
    """What is in use, without the pcbs in TIME_WAIT."""
    stats = host.net_stats()
    waiting = stats["tcp_time_wait"][0]
    found = {name: stats[name][0] for name in stats if name not in NOT_OBJECTS}
    for name in PCBS:
        found[name] -= waiting
    found["files"] = host.open_files()
    return found


def collect():
    """Collect garbage; the bytes that are in use afterwards."""
    gc.collect()
    gc.collect()
    return gc.mem_alloc()
