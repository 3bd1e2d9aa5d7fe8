"""The Python-free rooms, compiled for the processors of boards: warnings, and sizes."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fwlib.paths import BUILD, REPO
from fwlib.sources import Sources

WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wdouble-promotion")
OPTIONS = ("-std=gnu11", "-Os", "-ffunction-sections", "-fdata-sections")
SIM = "sim"
HOST = REPO / "ports" / "unix"
# lwIP's options, with the host's arch/; and an arch/ for a bare compiler.
HOST_LWIP = HOST / "lwip"
BARE_LWIP = REPO / "tests" / "size" / "lwip"


@dataclass(frozen=True)
class Target:
    """A processor, and the compiler for it."""

    name: str
    title: str
    prefix: str
    options: tuple[str, ...]
    packages: str

    @property
    def compiler(self) -> str:
        return f"{self.prefix}gcc"

    def missing(self) -> str:
        """Why it cannot be compiled for here; empty when it can."""
        if shutil.which(self.compiler) is None:
            return f"{self.compiler} not found (Debian: {self.packages})"
        return ""

    def version(self) -> str:
        done = subprocess.run(
            [self.compiler, "-dumpfullversion"], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


TARGETS = (
    Target(
        "cortex-m4",
        "Cortex-M4",
        "arm-none-eabi-",
        ("-mcpu=cortex-m4", "-mthumb"),
        "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    ),
    Target(
        "xtensa-lx106",
        "Xtensa LX106",
        "xtensa-lx106-elf-",
        ("-mlongcalls", "-isystem", "/usr/lib/xtensa-lx106-elf/include"),
        "gcc-xtensa-lx106 picolibc-xtensa-lx106-elf",
    ),
    Target(
        "rv32imc",
        "RV32IMC",
        "riscv64-unknown-elf-",
        ("--specs=picolibc.specs", "-march=rv32imc", "-mabi=ilp32"),
        "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
    ),
)


def rooms() -> list[str]:
    """Every room with C of its own but the bindings, and the software radio."""
    found = {path.parent.name for path in (REPO / "modules").glob("*/*.c")} - {"bindings"}
    return [*sorted(found), SIM]


def room_dir(room: str) -> Path:
    return REPO / "ports" / SIM if room == SIM else REPO / "modules" / room


def room_options(room: str, trees: Sources, lwip_arch: Path) -> list[str]:
    """Headers of others that a room needs; their settings are the host firmware's.

    lwip_arch has lwIP's arch/, which says what compiler and threads are.
    """
    if room in ("tls", "crypto"):
        return [
            f"-I{HOST / 'mbedtls'}",
            "-isystem",
            f"{trees.dirs['mbedtls'] / 'include'}",
            '-DMBEDTLS_CONFIG_FILE="mbedtls_config_host.h"',
        ]
    if room == "inet":
        return [
            f"-I{lwip_arch}",
            f"-I{HOST_LWIP}",
            "-isystem",
            f"{trees.dirs['lwip'] / 'src' / 'include'}",
            "-D_DEFAULT_SOURCE",
        ]
    return []


@dataclass(frozen=True)
class Compiled:
    """A room for a target: complaints (empty: none) and its object files."""

    target: Target
    room: str
    text: str
    objects: tuple[Path, ...]


def compile_room(
    target: Target, room: str, trees: Sources, defines: tuple[str, ...] = (), label: str = "all"
) -> Compiled:
    """All files of a room, each by itself; label tells sets of defines apart."""
    into = BUILD / "cross" / target.name / label / room
    into.mkdir(parents=True, exist_ok=True)
    texts, objects = [], []
    for source in sorted(room_dir(room).glob("*.c")):
        made = into / f"{source.stem}.o"
        argv = [target.compiler, *target.options, *OPTIONS, *WARNINGS, *defines]
        argv += [
            f"-I{REPO / 'modules'}",
            f"-I{room_dir(SIM)}",
            *room_options(room, trees, BARE_LWIP),
        ]
        argv += ["-c", "-o", str(made), str(source)]
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode == 0:
            objects.append(made)
        else:
            texts.append(done.stderr)
    return Compiled(target, room, "".join(texts), tuple(objects))


def compile_all(
    target: Target, trees: Sources, defines: tuple[str, ...] = (), label: str = "all"
) -> Iterator[Compiled]:
    """Every room, as many at once as there are processors."""
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        jobs = [pool.submit(compile_room, target, room, trees, defines, label) for room in rooms()]
        for job in jobs:
            yield job.result()


# Sections by what they are; the others (debugging, attributes) are in no flash.
KINDS = (
    ("text", re.compile(r"\.(text|literal|irom|iram)\b")),
    ("rodata", re.compile(r"\.(rodata|srodata)\b")),
    ("data", re.compile(r"\.s?data\b")),
    ("bss", re.compile(r"\.s?bss\b|COMMON")),
)


def sizes_of(target: Target, objects: tuple[Path, ...]) -> dict[str, int]:
    """Bytes of text, rodata, data and bss in object files."""
    found = dict.fromkeys((kind for kind, _ in KINDS), 0)
    if not objects:
        return found
    done = subprocess.run(
        [f"{target.prefix}size", "-A", *map(str, objects)],
        capture_output=True,
        text=True,
        check=True,
    )
    for name, size in re.findall(r"^(\S+) +(\d+) +\d+$", done.stdout, re.MULTILINE):
        kind = next((kind for kind, pattern in KINDS if pattern.match(name)), None)
        if kind is not None:
            found[kind] += int(size)
    return found
