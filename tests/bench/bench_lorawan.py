# SPDX-License-Identifier: MIT
"""LoRaWAN: windows, instructions, code and memory, and many devices on one air.

`python3 tools/fw.py bench lorawan` runs this. By hand it needs what that sets in
the environment: MBEDTLS_DIR, USOCKET_HOST_BUILD. docs/lorawan.md has the figures.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench_build import REPO, BenchError, from_env
from fwlib import crossbuild
from fwlib import size as size_of

HERE = Path(__file__).resolve().parent
WORK = REPO / "build" / "bench" / "lorawan"
REPORTS = REPO / "build" / "reports"
ROOMS = ("radio", "lora", "lorawan", "crypto")
CONFIGURATIONS: dict[str, tuple[str, ...]] = {
    "EU868, as it comes": size_of.ONE_REGION,
    "EU868, one frame in each queue, one group": size_of.SMALLEST,
    "all regions, as it comes": (),
}
# Those that docs/lorawan.md has figures of.
TARGETS = crossbuild.TARGETS[:2]
LOADS = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
AIRTIME_S = 0.071936  # of 20 bytes at SF7: 33 with header and MIC


def run(*argv: str | Path) -> str:
    words = [str(word) for word in argv]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        text = (done.stdout + done.stderr)[-1500:]
        raise BenchError(f"{' '.join(words[:3])} ... ended with {done.returncode}:\n{text}")
    return done.stdout


def sources(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in sorted((REPO / "modules" / room).glob("*.c"))]


# Windows: what the unit test on the driver and the software chip measures.


def windows() -> dict[str, Any]:
    libs = from_env("USOCKET_HOST_BUILD")
    run("ninja", "-C", libs, "lora_wan_sim_test")
    text = run(libs / "tests" / "unit" / "lora_wan_sim_test")
    errors = [int(n) for n in re.findall(r"windows open (\d+) us", text)]
    on = re.findall(r"(DR\d): receiver on for (\d+) us in RX1 and RX2, minimum (\d+) us", text)
    late = re.findall(r"up to +(\d+) us late: (\d+) of (\d+) .*on for (\d+) ms", text)
    return {
        "start_error_us": max(errors),
        "receiver_on": [
            {"rate": rate, "us": int(us), "minimum_us": int(least)} for rate, us, least in on
        ],
        "late_task": [
            {"late_us": int(us), "lost": int(lost) / int(of), "on_ms": int(ms)}
            for us, lost, of, ms in late
        ],
    }


# Instructions.


def host_program(name: str) -> Path:
    mbedtls = from_env("MBEDTLS_DIR")
    library = from_env("USOCKET_HOST_BUILD") / "mbedtls" / "library" / "libmbedcrypto.a"
    program = WORK / name
    run(
        "cc",
        "-std=gnu11",
        "-O2",
        "-g",
        f"-I{REPO / 'modules'}",
        f"-I{mbedtls / 'include'}",
        f"-I{REPO / 'ports' / 'unix' / 'mbedtls'}",
        '-DMBEDTLS_CONFIG_FILE="mbedtls_config_host.h"',
        "-o",
        program,
        HERE / "lorawan" / f"{name}.c",
        *sources("lorawan", "crypto"),
        library,
        "-lm",
    )
    return program


def instructions() -> dict[str, int]:
    if shutil.which("valgrind") is None:
        print("no valgrind: instructions are not counted (install Debian's valgrind)")
        return {}
    program = host_program("instructions")
    count = 200
    found = {}
    for name in ("uplink", "downlink"):
        out = WORK / f"callgrind.{name}"
        run(
            "valgrind",
            "--tool=callgrind",
            f"--toggle-collect={name}",
            f"--callgrind-out-file={out}",
            program,
            str(count),
        )
        match = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)
        if match is None:
            raise BenchError(f"callgrind left no total in {out}")
        # uplink() runs twice for each downlink.
        found[name] = int(match[1]) // (2 * count if name == "uplink" else count)
    return found


# Code and memory.


def size(target: crossbuild.Target, defines: tuple[str, ...]) -> dict[str, int]:
    into = WORK / target.name
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    common = ("-std=c11", "-Os", "-ffunction-sections", "-fdata-sections", "-w", *target.options)
    include = (f"-I{REPO / 'modules'}", f"-I{from_env('MBEDTLS_DIR') / 'include'}")
    objects = []
    for source in [*sources(*ROOMS), HERE / "lorawan" / "size.c"]:
        made = into / f"{source.parent.name}_{source.stem}.o"
        run(target.compiler, *common, *defines, *include, "-c", source, "-o", made)
        objects.append(made)
    program = into / "all.elf"
    link = "-Wl,--gc-sections,--unresolved-symbols=ignore-all,-e,_start"
    run(target.compiler, *target.options, "-nostdlib", link, "-o", program, *objects, "-lgcc")
    found = dict(
        re.findall(r"^(\.\S+) +(\d+)", run(f"{target.prefix}size", "-A", program), re.MULTILINE)
    )
    parts = {name: int(value) for name, value in found.items()}
    ours = measuring(target.prefix, program)
    text = sum(n for name, n in parts.items() if name.startswith((".text", ".literal", ".init")))
    constants = sum(n for name, n in parts.items() if name.startswith(".rodata"))
    ram = sum(n for name, n in parts.items() if name.startswith((".data", ".bss", ".noinit")))
    return {"text": text, "constants": constants, "ram": ram - ours}


def measuring(prefix: str, program: Path) -> int:
    """RAM of the program around what is measured."""
    symbols = run(f"{prefix}nm", "-S", program)
    return sum(
        int(bytes_, 16)
        for bytes_, kind, name in re.findall(r"^\w+ (\w+) (\w) (\w+)$", symbols, re.MULTILINE)
        if name in ("calls", "family") and kind in "dDbB"
    )


def sizes() -> dict[str, dict[str, dict[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = {}
    for target in TARGETS:
        if reason := target.missing():
            print(f"{target.title} is not measured: {reason}")
            continue
        try:
            found[target.title] = {
                name: size(target, defines) for name, defines in CONFIGURATIONS.items()
            }
        except BenchError as error:
            print(f"{target.title} is not measured (apt install {target.packages}?): {error}")
    return found


# Scale.


def scale(devices: int, mean_s: float, hours: float) -> dict[str, float]:
    start = time.monotonic()
    out = run(WORK / "scale", str(devices), f"{mean_s:.6f}", f"{hours:.6f}").split()
    seconds = time.monotonic() - start
    uplinks, delivered, load, days = int(out[0]), int(out[1]), float(out[2]), float(out[3])
    return {
        "devices": devices,
        "uplinks": uplinks,
        "load": load,
        "delivered": delivered / uplinks,
        "theory": math.exp(-2 * load),
        "device_days": days,
        "seconds": seconds,
        "device_days_per_s": days / seconds,
    }


def scales(quick: bool) -> dict[str, list[dict[str, float]]]:
    host_program("scale")
    uplinks = 2_000 if quick else 40_000
    aloha = []
    for devices in (1_000, 10_000):
        for load in LOADS:
            mean_s = devices * AIRTIME_S / load - 2.2  # windows take that long
            aloha.append(scale(devices, mean_s, uplinks * (mean_s + 2.2) / devices / 3600))
    # As fast as it goes, with an uplink in ten minutes from each.
    speed = [scale(1_000, 600, 2 if quick else 24), scale(10_000, 600, 0.2 if quick else 6)]
    return {"aloha": aloha, "speed": speed}


def plot(report: dict[str, Any], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    xs = [i / 100 for i in range(111)]
    axes.plot(xs, [math.exp(-2 * x) for x in xs], "k-", lw=1, label="theory: exp(-2G)")
    for devices, mark in ((1_000, "o"), (10_000, "x")):
        points = [one for one in report["scale"]["aloha"] if one["devices"] == devices]
        axes.plot(
            [one["load"] for one in points],
            [one["delivered"] for one in points],
            mark,
            label=f"{devices} devices",
        )
    axes.set_xlabel("offered load G / Erlang")
    axes.set_ylabel("delivered")
    axes.set_title("Pure ALOHA: the MAC of many devices on one channel")
    axes.legend()
    figure.savefig(path)
    pyplot.close(figure)


def table(report: dict[str, Any]) -> str:
    seen = report["windows"]
    lines = [f"windows open {seen['start_error_us']} us from the computed instant at most"]
    lines += [
        f"  {one['rate']}: receiver on {one['us'] / 1000:.1f} ms, minimum"
        f" {one['minimum_us'] / 1000:.1f} ms"
        for one in seen["receiver_on"]
    ]
    lines += [
        f"  task up to {one['late_us'] / 1000:.0f} ms late: {one['lost']:.1%} of downlinks lost,"
        f" receiver on {one['on_ms']} ms"
        for one in seen["late_task"]
    ]
    lines += [f"{name}: {n} instructions" for name, n in report["instructions"].items()]
    for target, found in report["size"].items():
        lines.append(f"{target}, -Os, bytes{'':26} text constants    RAM")
        lines += [
            f"  {name:44} {one['text']:5d}     {one['constants']:5d}  {one['ram']:5d}"
            for name, one in found.items()
        ]
    lines.append("devices   load  delivered  theory")
    lines += [
        f"{one['devices']:7.0f} {one['load']:6.3f} {one['delivered']:10.4f} {one['theory']:7.4f}"
        for one in report["scale"]["aloha"]
    ]
    lines += [
        f"{one['devices']:.0f} devices: {one['device_days_per_s']:.0f} device-days a second"
        f" ({one['uplinks']:.0f} uplinks in {one['seconds']:.1f} s)"
        for one in report["scale"]["speed"]
    ]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="bench lorawan", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--quick", action="store_true", help="short runs")
    parser.add_argument("--out", type=Path, default=REPORTS, help="folder for JSON and plot")
    args = parser.parse_args(argv)
    WORK.mkdir(parents=True, exist_ok=True)
    args.out.mkdir(parents=True, exist_ok=True)
    report = {
        "machine": platform.processor() or platform.machine(),
        "windows": windows(),
        "instructions": instructions(),
        "size": sizes(),
        "scale": scales(args.quick),
    }
    (args.out / "bench_lorawan.json").write_text(json.dumps(report, indent=2) + "\n")
    plot(report, args.out / "bench_lorawan.svg")
    print(table(report))
    print(f"JSON and plot: {args.out / 'bench_lorawan.json'}, bench_lorawan.svg")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
