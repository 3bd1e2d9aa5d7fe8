# SPDX-License-Identifier: MIT
"""Running ops.py in a firmware and measuring it."""

import json
import os
import re
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench_build import HERE, WORK, BenchError, Firmware

# Python heap, about that of an ESP32 without extra RAM (objects here have twice the size).
HEAP = "192k"
TIME_LIMIT = 300


@dataclass(frozen=True)
class Benchmark:
    """Name in ops.py, what it is, and how often to do it: timed, and under callgrind."""

    name: str
    title: str
    timed: int
    counted: int


SPEED = (
    Benchmark("tcp_request_64", "TCP request/response, 64 bytes", 4000, 1000),
    Benchmark("tcp_four_requests_64", "the same on 4 connections in turn", 4000, 1000),
    Benchmark("udp_64", "UDP datagram, 64 bytes", 12000, 4000),
    Benchmark("poll_idle_8", "poll(0), 8 sockets, none ready", 40000, 4000),
    Benchmark("poll_event_8", "datagram, poll() of 8 sockets, recv", 6000, 2000),
    Benchmark("tcp_connect", "TCP connect, accept, close", 500, 100),
    Benchmark("tcp_bulk_536", "TCP bulk, 536 bytes a call", 8000, 400),
    Benchmark("tcp_bulk_1460", "TCP bulk, 1460 bytes a call", 5000, 400),
    Benchmark("tcp_bulk_4096", "TCP bulk, 4096 bytes a call", 3000, 200),
    Benchmark("tcp_stream_1460", "TCP bulk, 1460 bytes, 2 threads", 5000, 400),
    Benchmark("tls_request_64", "TLS, 64 bytes a call", 3000, 200),
    Benchmark("tls_bulk_1024", "TLS bulk, 1024 bytes a call", 3000, 100),
    Benchmark("tls_bulk_4096", "TLS bulk, 4096 bytes a call", 1500, 50),
    Benchmark("tls_handshake", "TCP connect and TLS handshake", 40, 2),
)
RAM = (
    ("ram_udp", "UDP socket"),
    ("ram_tcp", "TCP connection, one end"),
    ("ram_tls", "TLS connection, one end, its TCP included"),
)


def run_ops(
    firmware: Firmware,
    name: str,
    count: int,
    *,
    before: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
    env: dict[str, str] | None = None,
) -> dict[str, int]:
    """Run one benchmark once; what it printed."""
    argv = [*before, str(firmware.path), "-X", f"heapsize={HEAP}", str(HERE / "ops.py")]
    argv += [name, str(count), str(WORK / "certs"), firmware.tls, *after]
    done = subprocess.run(
        argv,
        env={**os.environ, "USOCKET_NET": "loop", **(env or {})},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines or not lines[-1].startswith("{"):
        raise BenchError(
            f"{name} in {firmware.path} ended with status {done.returncode}:\n"
            + (done.stdout + done.stderr)[-2000:]
        )
    return json.loads(lines[-1])


def pinned() -> tuple[str, ...]:
    """Keep a run on one processor, and a woken thread from interrupting the one that runs.

    So the number of thread switches depends on what a firmware does and not on
    the PC's scheduler, which otherwise decides the result of every small message.
    """
    return ("chrt", "--batch", "0", "taskset", "-c", str(max(os.sched_getaffinity(0))))


def summary(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def time_one(bench: Benchmark, pair: list[Firmware], rounds: int, count: int) -> dict[str, object]:
    """Both firmwares in turn, rounds times: microseconds an operation and their ratio."""
    wall: dict[str, list[float]] = {one.name: [] for one in pair}
    cpu: dict[str, list[float]] = {one.name: [] for one in pair}
    for _ in range(rounds):
        for one in pair:
            got = run_ops(one, bench.name, count, before=pinned())
            wall[one.name].append(got["us"] / count)
            cpu[one.name].append(got["cpu_us"] / count)
    ratios = {
        kind: [theirs / our for theirs, our in zip(of["peer"], of["ours"], strict=True)]
        for kind, of in (("time", wall), ("cpu", cpu))
    }
    return {
        "us": {name: summary(values) for name, values in wall.items()},
        "cpu_us": {name: summary(values) for name, values in cpu.items()},
        "time_ratio": summary(ratios["time"]),
        "cpu_ratio": summary(ratios["cpu"]),
    }


def callgrind(firmware: Firmware, bench: Benchmark, count: int) -> int:
    """Instructions of a whole run, all threads."""
    out = WORK / f"callgrind.{firmware.name}.{bench.name}.{count}"
    tool = ("valgrind", "--tool=callgrind", "--fair-sched=yes", f"--callgrind-out-file={out}")
    run_ops(firmware, bench.name, count, before=tool)
    found = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)
    if found is None:
        raise BenchError(f"{out} has no total")
    return int(found[1])


def instructions(bench: Benchmark, firmware: Firmware, count: int) -> int:
    """Instructions an operation: what twice as many cost more, so start-up cancels out."""
    less, more = callgrind(firmware, bench, count), callgrind(firmware, bench, 2 * count)
    return round((more - less) / count)


def ram(name: str, firmware: Firmware, counter: Path) -> dict[str, int]:
    """Bytes of Python's heap and of C's."""
    heap = WORK / f"heap.{firmware.name}.{name}"
    heap.write_bytes(bytes(8))
    env = {"LD_PRELOAD": str(counter), "USOCKET_BENCH_HEAP": str(heap)}
    return run_ops(firmware, name, 1, after=(str(heap),), env=env)
