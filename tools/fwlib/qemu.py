"""The Cortex-M3 firmware for QEMU: MicroPython's qemu port with the radios (docs/qemu.md)."""

import re
import subprocess
from pathlib import Path

from fwlib import hostbuild
from fwlib.paths import BUILD, REPO
from fwlib.sources import Sources
from fwlib.steps import FwError, run_step

PORT = REPO / "ports" / "qemu"
# One instruction counts as 8 ns, and a processor that sleeps makes the clock jump to what
# it sleeps for: a script never waits, and what it does is the same on every PC.
FAST = ("-icount", "shift=3,sleep=off")


def build(trees: Sources) -> Path:
    """Bring the firmware up to date; its ELF file."""
    root = BUILD / f"qemu-{trees.name}"
    image = root / "firmware" / "firmware.elf"
    mpy_cross = hostbuild.ensure_mpy_cross(trees)
    hostbuild.start_over_if_changed(root, repr(trees).encode(), "sources")
    rules = (PORT / "mpconfigboard.mk", REPO / "modules" / "micropython.mk")
    text = b"".join(rule.read_bytes() for rule in rules)
    hostbuild.start_over_if_changed(image.parent, text, "rules")
    run_step(
        f"build: QEMU firmware ({trees.name})",
        f"build-qemu-{trees.name}",
        [make(trees, image.parent, mpy_cross)],
        todo=hostbuild.TODO.format(f"build/qemu-{trees.name}"),
    )
    return image


def make(trees: Sources, into: Path, mpy_cross: Path) -> list[str | Path]:
    return [
        "make",
        "-C",
        trees.dirs["micropython"] / "ports" / "qemu",
        hostbuild.JOBS,
        "BOARD=MPS2_AN385",
        f"BOARD_DIR={PORT}",
        f"BUILD={into}",
        f"USER_C_MODULES={REPO}",
        f"MBEDTLS_DIR={trees.dirs['mbedtls']}",
        f"MICROPY_MPYCROSS={mpy_cross}",
        "MICROPY_MPYCROSS_DEPENDENCY=",
    ]


def command(image: Path, serial: str, *extra: str, clock: tuple[str, ...] = FAST) -> list[str]:
    """QEMU's command line: the prompt is on the chardev that serial names."""
    machine = ["-machine", "mps2-an385", "-display", "none", "-monitor", "none", "-semihosting"]
    return ["qemu-system-arm", *machine, *clock, "-serial", serial, *extra, "-kernel", str(image)]


def start(image: Path, clock: tuple[str, ...] = FAST) -> tuple[subprocess.Popen[str], str]:
    """QEMU with its prompt on a pseudo-terminal: the process, which is the caller's to end, and
    the terminal's name."""
    process = subprocess.Popen(
        command(image, "pty", clock=clock),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        found = re.search(r"/dev/pts/\d+", line)
        if found:
            return process, found.group()
    status = process.wait()
    raise FwError(f"QEMU ended with status {status}: {''.join(said).strip()}", "read what it said")
