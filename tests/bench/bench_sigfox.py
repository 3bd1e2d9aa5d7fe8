# SPDX-License-Identifier: MIT
"""Sigfox: size for boards, work of the modulator, time of encoding, spectrum of the signal.

`python3 tools/fw.py bench sigfox` runs this. Sizes need arm-none-eabi-gcc or
xtensa-lx106-elf-gcc (with their picolibc), instructions need valgrind; what is not
installed is left out, and said. docs/sigfox.md says what is measured.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench_build import HERE, REPO, WORK, BenchError, from_env, run
from fwlib import crossbuild

REPORTS = REPO / "build" / "reports"
MODULES = REPO / "modules"
STREAM = "sx127x_stream.c"
# Frames of 12 bytes; instructions are what so many more cost.
FRAMES = 4
ENCODED = 2000
SPI_HZ = 10_000_000
CPU_HZ = 240_000_000
# Taking a timer interrupt and leaving it: a guess for an ESP32, not a measurement.
INTERRUPT_US = 2.0
GOAL_TEXT, GOAL_RAM = 8 * 1024, 614


# Those that docs/sigfox.md has figures of.
TARGETS = crossbuild.TARGETS[:2]


def output(argv: list[str | Path]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode != 0:
        words = " ".join(map(str, argv))
        raise BenchError(f"{words} ended with status {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


# -- Size


def sizes(target: crossbuild.Target) -> dict[str, Any] | None:
    """Text and RAM of each file, or None where there is no compiler."""
    if target.missing():
        return None
    into = WORK / f"sigfox-{target.name}"
    into.mkdir(parents=True, exist_ok=True)
    files = [*sorted((MODULES / "sigfox").glob("*.c")), MODULES / "radio" / STREAM]
    result: dict[str, Any] = {"files": {}}
    for source in files:
        made = into / f"{source.stem}.o"
        flags = ["-Os", "-std=gnu11", "-ffunction-sections", "-fdata-sections", *target.options]
        words = [*flags, f"-I{MODULES}", "-c", source, "-o", made]
        run(into / "log", target.compiler, *words)
        text, data, bss = output([f"{target.prefix}size", made]).splitlines()[1].split()[:3]
        result["files"][source.name] = {"text": int(text), "ram": int(data) + int(bss)}
    values = result["files"].values()
    result["text"] = sum(one["text"] for one in values)
    result["ram"] = sum(one["ram"] for one in values)
    return result


# -- Work


def build() -> Path:
    """The program, optimised and with lines for callgrind."""
    program = WORK / "sigfox_ops"
    WORK.mkdir(parents=True, exist_ok=True)
    mbedtls = from_env("MBEDTLS_DIR")
    libs = from_env("USOCKET_HOST_BUILD")
    files: list[Path] = [HERE / "sigfox_ops.c", REPO / "tests" / "unit" / "radio_fixture.c"]
    files += sorted((MODULES / "radio").glob("*.c")) + sorted((REPO / "ports/sim").glob("*.c"))
    files += [MODULES / "crypto" / "crypto.c"]
    files += [MODULES / "sigfox" / f"sigfox_{part}.c" for part in ("frame", "ramp", "device")]
    paths = ("modules", "ports/sim", "ports/unix/mbedtls", "tests/unit")
    includes = [f"-I{REPO / path}" for path in paths] + [f"-I{mbedtls / 'include'}"]
    options = ["-std=gnu11", "-g", "-O2", "-Wall", "-Wextra", *includes]
    options.append('-DMBEDTLS_CONFIG_FILE="mbedtls_config_host.h"')
    library = libs / "mbedtls" / "library" / "libmbedcrypto.a"
    compiler = os.environ.get("CC", "cc")
    run(WORK / "sigfox_ops.log", compiler, *options, *files, library, "-lm", "-o", program)
    return program


def counted(program: Path, *argv: str) -> dict[str, int]:
    """Instructions by file of modules/, without what they call; "all" is everything."""
    out = WORK / f"callgrind.sigfox.{'.'.join(argv)}"
    output(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program, *argv])
    text = output(["callgrind_annotate", "--threshold=100", "--auto=no", "--show-percs=no", out])
    counts: dict[str, int] = {"all": 0}
    for line in text.splitlines():
        found = re.match(r"\s*([\d,]+)\s+(\S+?):(\S+)", line)
        if found is not None:
            count = int(found[1].replace(",", ""))
            name = Path(found[2]).name
            counts[name] = counts.get(name, 0) + count
            counts["all"] += count
    return counts


def modulator(program: Path, chip: str, rate: int, callgrind: bool) -> dict[str, Any]:
    """What a frame of 12 bytes costs the CPU while it is sent."""
    less = json.loads(output([program, "stream", chip, str(rate), str(FRAMES)]))
    more = json.loads(output([program, "stream", chip, str(rate), str(2 * FRAMES)]))
    writes = (more["points"] - less["points"]) / FRAMES
    seconds = more["bits"] / rate
    spi_us = 16 / SPI_HZ * 1e6
    result = {
        "chip": chip,
        "bit_rate": rate,
        "writes": round(writes),
        "writes_per_s": round(writes / seconds),
        "spi_us_per_write": spi_us,
        "broken_rules": more["broken"],
    }
    if callgrind:
        small = counted(program, "stream", chip, str(rate), str(FRAMES))
        large = counted(program, "stream", chip, str(rate), str(2 * FRAMES))
        each = (large[STREAM] - small[STREAM]) / FRAMES / writes
        busy_us = each / CPU_HZ * 1e6 + spi_us + INTERRUPT_US
        result["instructions_per_write"] = round(each, 1)
        result["cpu_share"] = round(writes / seconds * busy_us / 1e6, 4)
    return result


def encoding(program: Path, callgrind: bool) -> dict[str, Any]:
    result: dict[str, Any] = {
        "us_on_this_pc": json.loads(output([program, "encode", str(ENCODED)]))["us"]
    }
    if callgrind:
        less = counted(program, "encode", str(ENCODED // 10))
        more = counted(program, "encode", str(2 * ENCODED // 10))
        result["instructions"] = round((more["all"] - less["all"]) / (ENCODED // 10))
    return result


# -- Spectrum

OFFSETS = (5, 10, 50, 200)  # in bit rates
WINDOW_BITS = 4
SAMPLES_PER_S = 2_000_000


def samples(trace: Path) -> Any:
    """The carrier's voltage."""
    import numpy as np

    points = np.loadtxt(trace, delimiter=",", ndmin=2)
    at = (points[:, 0] - points[0, 0]) * 1e-9
    signed = points[:, 1] * np.where(points[:, 2] > 0, -1.0, 1.0)
    times = np.arange(int(at[-1] * SAMPLES_PER_S)) / SAMPLES_PER_S
    return signed[np.searchsorted(at, times, side="right") - 1]


def spectrum(program: Path, chip: str, rate: int) -> tuple[dict[str, Any], Any, Any]:
    """Mean density over one bit rate's width, in dB of the highest, and the curve."""
    import numpy as np

    trace = WORK / f"sigfox-{chip}-{rate}.csv"
    output([program, "stream", chip, str(rate), "1", trace])
    signal = samples(trace)
    size = WINDOW_BITS * SAMPLES_PER_S // rate
    window = np.hanning(size)
    total = np.zeros(size // 2 + 1)
    for begin in range(0, len(signal) - size, size // 2):
        total += np.abs(np.fft.rfft(signal[begin : begin + size] * window)) ** 2
    hz = np.fft.rfftfreq(size, 1 / SAMPLES_PER_S)
    width = WINDOW_BITS
    smooth = np.convolve(total, np.ones(width) / width, mode="same")
    level = 10 * np.log10(np.maximum(smooth, 1e-30) / total.max())
    at = {str(n): round(float(level[n * WINDOW_BITS]), 1) for n in OFFSETS}
    beyond = round(float(level[15 * WINDOW_BITS :].max()), 1)
    return {"chip": chip, "bit_rate": rate, "db_at": at, "highest_beyond_15": beyond}, hz, level


def plot(curves: list[tuple[str, Any, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 5))
    for title, hz, level in curves:
        axes.plot(hz[1:], level[1:], label=title, linewidth=0.7)
    axes.set_xscale("log")
    axes.set_xlim(20, 200_000)
    axes.set_ylim(-120, 5)
    axes.set_xlabel("Hz from the carrier")
    axes.set_ylabel("dB of the highest density")
    axes.set_title("Spectrum of a frame, from the driver's register writes")
    axes.legend()
    axes.grid(visible=True, linewidth=0.3)
    figure.savefig(path)


# -- All of it


def show(report: dict[str, Any]) -> None:
    for name, one in report["size"].items():
        text, ram = one["text"], one["ram"]
        print(f"{name:16} text {text:6} bytes (goal {GOAL_TEXT}), RAM {ram:5} (goal {GOAL_RAM})")
    for one in report["modulator"]:
        line = f"SX{one['chip']} {one['bit_rate']} bit/s: {one['writes_per_s']} writes/s"
        if "cpu_share" in one:
            line += f", {one['instructions_per_write']} instructions each,"
            line += f" {100 * one['cpu_share']:.1f} % of a 240 MHz CPU"
        print(line)
    print("encoding a frame:", report["encode"])
    for one in report["spectrum"]:
        print(f"SX{one['chip']} {one['bit_rate']} bit/s: dB at bit rates {one['db_at']},", end=" ")
        print(f"highest beyond 15: {one['highest_beyond_15']}")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bench sigfox", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help="no callgrind")
    parser.add_argument("--out", type=Path, default=REPORTS, help="folder for JSON and plot")
    args = parser.parse_args()
    callgrind = not args.quick and shutil.which("valgrind") is not None
    if not callgrind and not args.quick:
        print("no valgrind: instructions are not counted (install Debian's valgrind)")
    report: dict[str, Any] = {"size": {}, "modulator": [], "spectrum": []}
    for target in TARGETS:
        found = sizes(target)
        if found is None:
            print(f"sizes for {target.title} are left out: {target.missing()}")
        else:
            report["size"][target.title] = found
    program = build()
    curves = []
    for chip in ("1276", "1272"):
        for rate in (100, 600):
            report["modulator"].append(modulator(program, chip, rate, callgrind))
            one, hz, level = spectrum(program, chip, rate)
            report["spectrum"].append(one)
            curves.append((f"SX{chip} {rate} bit/s", hz, level))
    report["encode"] = encoding(program, callgrind)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "bench_sigfox.json").write_text(json.dumps(report, indent=1) + "\n")
    plot(curves, args.out / "bench_sigfox.svg")
    show(report)
    print(f"reports: {args.out / 'bench_sigfox.json'}, {args.out / 'bench_sigfox.svg'}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as e:
        sys.exit(f"bench sigfox: {e}")
