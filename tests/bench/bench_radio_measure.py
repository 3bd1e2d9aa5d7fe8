# SPDX-License-Identifier: MIT
"""Building radio_ops.c, running it, counting its instructions, and what the rooms take of RAM."""

import json
import os
import re
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench_build import HERE, REPO, WORK, BenchError, run
from harness.firmware import from_env

MODULES = REPO / "modules"
# Rooms whose instructions and RAM are ours; the rest of the program is the model.
ROOMS = ("radio", "lora", "net")
# Rooms that the engine is linked with, and raw frames do not use.
UNUSED = ("lorawan", "crypto")
ARM = ("arm-none-eabi-gcc", "-Os", "-mcpu=cortex-m4", "-mthumb", "-ffunction-sections")
INCLUDES = [f"-I{REPO / path}" for path in ("modules", "ports/sim", "tests/unit", "tests/bench")]
# What the task calls through pointers: a modem's functions, and the owner's.
MODEM = ("configure", "load", "mode", "launched", "service", "rssi")
OWNER = ("event", "step")


@dataclass(frozen=True)
class Case:
    """Arguments of radio_ops.c; khz is for people."""

    what: str
    sf: int
    khz: int
    size: int
    frames: int

    def argv(self, frames: int) -> list[str]:
        bandwidth = {125: "0", 250: "1", 500: "2"}[self.khz]
        return [self.what, str(self.sf), bandwidth, str(self.size), str(frames)]

    @property
    def title(self) -> str:
        return f"SF{self.sf}/{self.khz}, {self.size} bytes"


def sources(room: str) -> list[Path]:
    return sorted((MODULES / room).glob("*.c"))


def build() -> Path:
    """The program, optimised and with lines for callgrind."""
    program = WORK / "radio_ops"
    WORK.mkdir(parents=True, exist_ok=True)
    files = [HERE / "radio_ops.c", REPO / "tests" / "unit" / "radio_fixture.c"]
    for room in (*ROOMS, *UNUSED):
        files += sources(room)
    files += sorted((REPO / "ports" / "sim").glob("*.c"))
    files.append(from_env("USOCKET_HOST_BUILD") / "mbedtls" / "library" / "libmbedcrypto.a")
    options = ["-std=gnu11", "-g", "-O2", "-Wall", "-Wextra", *INCLUDES]
    options += [
        f"-I{from_env('MBEDTLS_DIR') / 'include'}",
        f"-I{REPO / 'ports' / 'unix' / 'mbedtls'}",
        '-DMBEDTLS_CONFIG_FILE="mbedtls_config_host.h"',
    ]
    compiler = os.environ.get("CC", "cc")
    run(WORK / "radio_ops.log", compiler, *options, *files, "-lm", "-o", program)
    return program


def output(argv: list[str | Path]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        words = " ".join(map(str, argv))
        raise BenchError(f"{words} ended with status {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def ops(program: Path, case: Case, frames: int | None = None) -> dict[str, float]:
    return json.loads(output([program, *case.argv(frames or case.frames)]))


def per_frame(program: Path, case: Case) -> dict[str, float]:
    """SPI of a frame: what twice as many cost more."""
    less, more = ops(program, case), ops(program, case, 2 * case.frames)
    return {key: (more[key] - less[key]) / case.frames for key in ("transfers", "bytes")}


def by_room(program: Path, case: Case, frames: int) -> dict[str, int]:
    """Instructions of each room in a run, without what they call."""
    out = WORK / f"callgrind.radio.{case.what}.{case.size}.{frames}"
    tool: list[str | Path] = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
    output([*tool, program, *case.argv(frames)])
    text = output(["callgrind_annotate", "--threshold=100", "--auto=no", "--show-percs=no", out])
    counts: dict[str, int] = defaultdict(int)
    for line in text.splitlines():
        found = re.match(r"\s*([\d,]+)\s+(\S+?):\S+", line)
        if found is not None:
            room = Path(found[2]).parent
            name = room.name if room.parent.name == "modules" else "other"
            counts[name] += int(found[1].replace(",", ""))
    if not all(counts[room] for room in ROOMS):
        raise BenchError(f"callgrind_annotate names no functions of modules/ in {out}")
    return counts


def instructions(program: Path, case: Case) -> dict[str, int]:
    """Instructions a frame of the radio room, and of LoRa with the socket core."""
    less = by_room(program, case, case.frames)
    more = by_room(program, case, 2 * case.frames)
    each = {room: (more[room] - less[room]) / case.frames for room in ROOMS}
    return {"radio": round(each["radio"]), "lora": round(each["lora"] + each["net"])}


# --- RAM ----------------------------------------------------------------------


def compiler() -> tuple[list[str], str]:
    """The compiler of the target where it is installed, and what to call it."""
    if shutil.which(ARM[0]) is not None:
        return list(ARM), " ".join(ARM[:4])
    return ["gcc", "-Os", "-ffunction-sections"], "the PC's gcc -Os"


def nm(path: Path) -> dict[str, tuple[int, str]]:
    """Size and kind of each symbol."""
    tool = "arm-none-eabi-nm" if shutil.which(ARM[0]) is not None else "nm"
    symbols = {}
    for line in output([tool, "-S", path]).splitlines():
        words = line.split()
        if len(words) == 4:
            symbols[words[3]] = (int(words[1], 16), words[2].lower())
    return symbols


def sizeof(cc: list[str], types: tuple[str, ...]) -> dict[str, int]:
    """Sizes of types of the LoRa room, as the compiler has them."""
    source = WORK / "radio_sizes.c"
    lines = [f"char of_{name}[sizeof({name})];" for name in types]
    source.write_text('#include "lora/lora_engine.h"\n' + "\n".join(lines) + "\n")
    made = source.with_suffix(".o")
    run(WORK / "radio_sizes.log", *cc, INCLUDES[0], "-c", source, "-o", made)
    symbols = nm(made)
    return {name: symbols[f"of_{name}"][0] for name in types}


def objects(cc: list[str], room: str) -> list[Path]:
    folder = WORK / "ram" / room
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for source in sources(room):
        made.append(folder / f"{source.stem}.o")
        options = [INCLUDES[0], "-fcallgraph-info=su", "-c", source, "-o", made[-1]]
        run(WORK / "ram.log", *cc, *options)
    return made


def ram() -> dict[str, object]:
    """Static memory of driver and engine, their code, and the task's stack."""
    cc, name = compiler()
    report: dict[str, object] = {"compiler": name}
    made = {room: objects(cc, room) for room in ("radio", "lora")}
    for room, files in made.items():
        symbols = [symbol for file in files for symbol in nm(file).values()]
        report[room] = sum(size for size, kind in symbols if kind in "bd")
        report[f"{room}_code"] = sum(size for size, kind in symbols if kind in "tr")
    queues = sizeof(cc, ("lora_queue_t", "lora_tx_t"))
    report |= {"receive_queue": queues["lora_queue_t"], "send_queue": queues["lora_tx_t"]}
    report["task_stack"] = stack([file for files in made.values() for file in files])
    return report


def call_graph(files: list[Path]) -> tuple[dict[str, int], dict[str, set[str]]]:
    """Frame sizes by function, and who calls whom (gcc's -fcallgraph-info)."""
    sizes: dict[str, int] = {}
    calls: dict[str, set[str]] = defaultdict(set)
    for file in files:
        text = file.with_suffix(".ci").read_text()
        for title, size in re.findall(r'node: \{ title: "([^"]+)".*?\\n(\d+) bytes', text):
            sizes[title] = int(size)
        for caller, callee in re.findall(
            r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', text
        ):
            calls[caller].add(callee)
    return sizes, calls


def stack(files: list[Path]) -> int:
    """The deepest that radio.c's run() goes, without the port's and the C library's functions."""
    sizes, calls = call_graph(files)
    pointed = {
        title
        for title in sizes
        if title.rsplit(":", 1)[-1] in (MODEM + OWNER) and "sx127x_setup" not in title
    }

    def depth(title: str, path: frozenset[str]) -> int:
        if title in path:
            return 0
        callees = set(calls[title])
        if "__indirect_call" in callees:
            callees |= pointed
        deeper = max((depth(one, path | {title}) for one in callees), default=0)
        return sizes.get(title, 0) + deeper

    root = next((title for title in sizes if title.endswith("radio.c:run")), None)
    if root is None:
        raise BenchError("gcc's call graph has no run() of radio.c")
    return depth(root, frozenset())
