# SPDX-License-Identifier: MIT
"""Raw LoRa on the driver and a software SX1276: air time, SPI, instructions, RAM, latency.

`python3 tools/fw.py bench radio` runs this; it needs a C compiler, valgrind for the
instructions, and arm-none-eabi-gcc for the RAM of a board. docs/performance.md says
what is measured.
"""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import bench_radio_measure as measure
from bench_build import REPO, BenchError
from bench_radio_measure import Case

REPORTS = REPO / "build" / "reports"
GOAL = 99.0  # per cent of the time, with 255 bytes
SIZES = (16, 255)

USE = [Case(what, 7, 500, size, 200) for what in ("queued", "single") for size in SIZES]
USE += [Case(what, 12, 125, size, 20) for what in ("queued", "single") for size in SIZES]
COST = [
    Case(what, 7, 500, size, 100) for what in ("queued", "single", "receive") for size in SIZES
]

# What the chip makes necessary for n bytes, as (transactions, bytes on the bus):
#   queued   5, 9 + n   pointer 2, payload 1 + n, its place in the FIFO 2, mode 2, flags 2
#   single   8, 15 + n  pointer 2, payload 1 + n, mode 2, flags 2; and since it receives
#                       before and after: standby 2, mode 2, DIO0's meaning 2 * 2
#   receive  4, 17 + n  status in one burst 12 (0x10 to 0x1a: where the frame lies, flags,
#                       length, SNR, RSSI), flags 2, pointer 2, payload 1 + n
NEEDED = {"queued": (5, 9), "single": (8, 15), "receive": (4, 17)}
TITLES = {
    "queued": "sent from the queue",
    "single": "sent alone, receiving before and after",
    "receive": "received",
}


def options(argv: list[str]) -> argparse.Namespace:
    title = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="bench radio", description=title)
    parser.add_argument("--no-callgrind", action="store_true", help="count no instructions")
    parser.add_argument("--out", type=Path, default=REPORTS, help="folder for the JSON")
    args = parser.parse_args(argv)
    if not args.no_callgrind and shutil.which("valgrind") is None:
        print("no valgrind: instructions are not counted (install Debian's valgrind)")
        args.no_callgrind = True
    return args


def channel_use(program: Path) -> list[dict[str, Any]]:
    return [
        {"title": f"{case.title}, {'queued' if case.what == 'queued' else 'one by one'}"}
        | {"size": case.size, "use": measure.ops(program, case)["use"]}
        for case in USE
    ]


def cost(program: Path, callgrind: bool) -> list[dict[str, Any]]:
    """A frame's SPI, what of it is necessary, and its instructions."""
    results = []
    for case in COST:
        transfers, size = NEEDED[case.what]
        one: dict[str, Any] = {"title": TITLES[case.what], "size": case.size}
        one |= measure.per_frame(program, case)
        one |= {"needed_transfers": transfers, "needed_bytes": size + case.size}
        if case.what == "receive":
            one["latency_us"] = measure.ops(program, case)["latest_us"]
        if callgrind:
            one["instructions"] = measure.instructions(program, case)
        results.append(one)
    return results


def table(report: dict[str, Any]) -> str:
    lines = [f"{'channel use':40} {'on the air, %':>14}"]
    lines += [f"{one['title']:40} {one['use']:14.2f}" for one in report["use"]]
    lines.append(f"\n{'a frame':46} {'bytes':>5} {'SPI':>10} {'needed':>10} {'instructions':>18}")
    for one in report["cost"]:
        spi = f"{one['transfers']:.0f} / {one['bytes']:.0f}"
        needed = f"{one['needed_transfers']} / {one['needed_bytes']}"
        count = one.get("instructions")
        instructions = f"{count['radio']} + {count['lora']}" if count else "not counted"
        lines.append(
            f"{one['title']:46} {one['size']:5} {spi:>10} {needed:>10} {instructions:>18}"
        )
    lines.append("SPI: transactions / bytes. Instructions: driver + LoRa and socket.\n")
    for one in report["cost"]:
        if "latency_us" in one:
            lines.append(
                f"from the interrupt to recv(), {one['size']} bytes: {one['latency_us']:.1f} us"
            )
    ram = report["ram"]
    lines.append(
        f"\nRAM ({ram['compiler']}): driver and task {ram['radio']}, LoRa {ram['lora']}"
        f" (receive queue {ram['receive_queue']}, send queue {ram['send_queue']}),"
        f" stack of the task {ram['task_stack']}"
    )
    lines.append(f"code: driver and task {ram['radio_code']}, LoRa {ram['lora_code']}")
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    args = options(argv)
    start = time.monotonic()
    program = measure.build()
    report: dict[str, Any] = {
        "use": channel_use(program),
        "cost": cost(program, not args.no_callgrind),
        "ram": measure.ram(),
        "cpus": os.cpu_count(),
    }
    report["seconds"] = round(time.monotonic() - start)
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "bench_radio.json"
    path.write_text(json.dumps(report, indent=2) + "\n")
    print(table(report))
    print(f"\n{path}, {report['seconds']} s")
    missed = [one["title"] for one in report["use"] if one["size"] == 255 and one["use"] < GOAL]
    for title in missed:
        print(f"goal of {GOAL:g} % missed: {title}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BenchError as error:
        sys.exit(f"error: {error}")
