# SPDX-License-Identifier: MIT
"""IP sockets against upstream's ESP32 socket module, on the same lwIP and mbedTLS.

`python3 tools/fw.py bench inet` runs this. By hand it needs what that sets in
the environment: USOCKET_FIRMWARE, MICROPYTHON_DIR, LWIP_DIR, MBEDTLS_DIR,
USOCKET_HOST_BUILD, USOCKET_MPY_CROSS. docs/performance.md says what is measured.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import bench_build
import bench_measure
import bench_report
from bench_build import REPO, BenchError, Firmware
from bench_measure import RAM, SPEED, Benchmark

REPORTS = REPO / "build" / "reports"
QUICK = 20  # a quick run does this part of each count


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench inet", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("name", nargs="*", help="only these: " + " ".join(b.name for b in SPEED))
    parser.add_argument("--quick", action="store_true", help="one short run each, no callgrind")
    parser.add_argument("--rounds", type=int, default=7, help="timed runs of each firmware")
    parser.add_argument("--no-callgrind", action="store_true", help="times and RAM only")
    parser.add_argument("--no-time", action="store_true", help="instructions and RAM only")
    parser.add_argument("--out", type=Path, default=REPORTS, help="folder for JSON and plot")
    args = parser.parse_args(argv)
    unknown = sorted(set(args.name) - {bench.name for bench in SPEED})
    if unknown:
        parser.error(f"no benchmark '{unknown[0]}'")
    if args.quick:
        args.rounds, args.no_callgrind = 1, True
    elif not args.no_callgrind and shutil.which("valgrind") is None:
        print("no valgrind: instructions are not counted (install Debian's valgrind)")
        args.no_callgrind = True
    return args


def say(text: str) -> None:
    print(text, flush=True)


def timed(benches: list[Benchmark], pair: list[Firmware], args: argparse.Namespace) -> list[Any]:
    results: list[Any] = []
    for bench in benches:
        one: dict[str, Any] = {"name": bench.name, "title": bench.title}
        if not args.no_time:
            count = max(4, bench.timed // (QUICK if args.quick else 1))
            one |= {"count": count, "rounds": args.rounds}
            one |= bench_measure.time_one(bench, pair, args.rounds, count)
            say(f"  {bench.name}: peer/ours {one['time_ratio']['median']:.2f}")
        results.append(one)
    return results


def counted(benches: list[Benchmark], pair: list[Firmware], results: list[Any]) -> None:
    """Add instructions an operation; the tool's runs need no quiet machine."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = {
            (bench.name, one.name): pool.submit(
                bench_measure.instructions, bench, one, bench.counted
            )
            for bench in benches
            for one in pair
        }
        for result in results:
            count = {one.name: jobs[result["name"], one.name].result() for one in pair}
            result["instructions"] = count
            result["instruction_ratio"] = count["peer"] / count["ours"]
            say(f"  {result['name']}: peer/ours {result['instruction_ratio']:.2f}")


def ram(pair: list[Firmware]) -> list[Any]:
    counter = bench_build.malloc_counter()
    results = []
    for name, title in RAM:
        got = {one.name: bench_measure.ram(name, one, counter) for one in pair}
        by_kind = {
            kind: {who: values[kind] for who, values in got.items()} for kind in ("python", "c")
        }
        results.append({"name": name, "title": title, **by_kind})
    return results


def machine() -> dict[str, Any]:
    argv = [os.environ.get("CC", "cc"), "--version"]
    compiler = subprocess.run(argv, capture_output=True, check=True)
    return {
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "compiler": compiler.stdout.decode().splitlines()[0],
        "micropython": os.environ.get("MICROPYTHON_DIR", "").rsplit("/", 1)[-1],
        "lwip": os.environ.get("LWIP_DIR", "").rsplit("/", 1)[-1],
        "mbedtls": os.environ.get("MBEDTLS_DIR", "").rsplit("/", 1)[-1],
        "python_heap": bench_measure.HEAP,
    }


def main(argv: list[str]) -> int:
    args = options(argv)
    start = time.monotonic()
    say("building the peer")
    bench_build.certificates()
    pair = [bench_build.peer(), bench_build.ours()]
    benches = [bench for bench in SPEED if not args.name or bench.name in args.name]
    if not args.no_time:
        say(f"time: {args.rounds} runs of each, in turn")
    speed = timed(benches, pair, args)
    if not args.no_callgrind:
        say("instructions")
        counted(benches, pair, speed)
    memory = ram(pair)
    args.out.mkdir(parents=True, exist_ok=True)
    seconds = round(time.monotonic() - start)
    report = {"machine": machine(), "seconds": seconds, "speed": speed, "ram": memory}
    (args.out / "bench_inet.json").write_text(json.dumps(report, indent=2) + "\n")
    bench_report.plot(speed, args.out / "bench_inet.svg")
    say("\n" + bench_report.speed_table(speed) + "\n\n" + bench_report.ram_table(memory))
    say(f"\n{args.out / 'bench_inet.json'} and .svg, {seconds} s")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BenchError as error:
        sys.exit(f"error: {error}")
