"""The host firmware: mpy-cross, lwIP and mbedTLS as libraries, MicroPython's unix port."""

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from fwlib.paths import BUILD, REPO
from fwlib.sources import Sources
from fwlib.steps import NotSupported, run_step

JOBS = f"-j{os.cpu_count() or 2}"
LIBRARIES = ("host_lwip", "host_net", "host_radio", "sim", "mbedtls", "mbedx509", "mbedcrypto")
TODO = "read the log; if the sources changed underneath, remove {} and run this again"


@dataclass(frozen=True)
class Host:
    """What was built from one set of sources."""

    sources: Sources
    # 32: pointers and time as on a board, without user-mode network (Debian has no
    # libslirp for it that could be installed beside the other).
    bits: int = 64

    @property
    def name(self) -> str:
        return self.sources.name + ("-32" if self.bits == 32 else "")

    @property
    def root(self) -> Path:
        return BUILD / f"host-{self.name}"

    @property
    def libs(self) -> Path:
        return self.root / "libs"

    @property
    def mpy_cross(self) -> Path:
        return BUILD / f"host-{self.sources.name}" / "mpy-cross" / "mpy-cross"

    @property
    def firmware(self) -> Path:
        return self.root / "firmware" / "usocket"

    def environment(self) -> dict[str, str]:
        """How tests and benchmarks find everything."""
        return {
            "USOCKET_FIRMWARE": str(self.firmware),
            "USOCKET_HOST_BUILD": str(self.libs),
            "USOCKET_MPY_CROSS": str(self.mpy_cross),
            "USOCKET_SOURCE": self.sources.name,
            "USOCKET_BITS": str(self.bits),
            **self.sources.environment(),
        }


def cmake_configure(sources: Sources, into: Path, *options: str) -> list[str | Path]:
    return [
        "cmake",
        "-S",
        REPO,
        "-B",
        into,
        "-G",
        "Ninja",
        f"-DLWIP_DIR={sources.dirs['lwip']}",
        f"-DMBEDTLS_DIR={sources.dirs['mbedtls']}",
        *options,
    ]


def cmake_options(bits: int) -> tuple[str, ...]:
    return ("-DUSOCKET_32BIT=ON",) if bits == 32 else ()


def build(sources: Sources, bits: int = 64) -> Host:
    """Bring the host firmware up to date."""
    host = Host(sources, bits)
    todo = TODO.format(f"build/host-{host.name}")
    ensure_mpy_cross(sources)
    if bits == 32:
        require_32bit()
        libraries_dir(sources, bits)
    configure = cmake_configure(sources, host.libs, *cmake_options(bits))
    run_step(
        f"build: lwIP, mbedTLS, interfaces ({host.name})",
        f"build-libs-{host.name}",
        [configure, ["ninja", "-C", host.libs, *LIBRARIES]],
        todo=todo,
    )
    prepare_firmware(host)
    run_step(
        f"build: firmware ({host.name})",
        f"build-firmware-{host.name}",
        [make_firmware(host)],
        todo=todo,
    )
    return host


def ensure_mpy_cross(sources: Sources) -> Path:
    """MicroPython's cross compiler for these sources, for every firmware."""
    host = Host(sources)
    libraries_dir(sources)
    if not host.mpy_cross.exists():
        run_step(
            f"build: mpy-cross ({sources.name})",
            f"build-mpy-cross-{sources.name}",
            [make_mpy_cross(host)],
            todo=TODO.format(f"build/host-{sources.name}"),
        )
    return host.mpy_cross


def require_32bit() -> None:
    """Raise where this machine's compiler makes no 32-bit programs."""
    compiler = os.environ.get("CC", "cc")
    argv = [*compiler.split(), "-m32", "-x", "c", "-", "-o", os.devnull]
    program = '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n'
    try:
        done = subprocess.run(argv, input=program, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NotSupported(f"there is no compiler {compiler} here") from None
    if done.returncode != 0:
        raise NotSupported(f"{compiler} makes no 32-bit programs here (Debian: gcc-multilib)")


def libraries_dir(sources: Sources, bits: int = 64) -> Path:
    """Where the CMake part is built for these sources."""
    host = Host(sources, bits)
    start_over_if_changed(host.root, repr(sources).encode(), "sources")
    return host.libs


def start_over_if_changed(directory: Path, content: bytes, what: str) -> None:
    """Empty a build directory that was made from other content."""
    digest = hashlib.sha256(content).hexdigest()
    stamp = directory / f"{what}.sha256"
    if not stamp.exists() or stamp.read_text() != digest:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        stamp.write_text(digest)


def prepare_firmware(host: Host) -> None:
    """Remove what MicroPython's make would not notice to be out of date."""
    rules = [*(REPO / "ports" / "unix").glob("*.mk"), REPO / "modules" / "micropython.mk"]
    rules_text = b"".join(rule.read_bytes() for rule in sorted(rules))
    start_over_if_changed(host.firmware.parent, rules_text, "rules")
    # Make does not know that it depends on the names in the C sources.
    (host.firmware.parent / "frozen_content.c").unlink(missing_ok=True)
    if host.firmware.exists():
        linked = host.firmware.stat().st_mtime
        if any(library.stat().st_mtime > linked for library in host.libs.rglob("*.a")):
            host.firmware.unlink()


def make_mpy_cross(host: Host) -> list[str | Path]:
    micropython = host.sources.dirs["micropython"]
    return ["make", "-C", micropython / "mpy-cross", JOBS, f"BUILD={host.mpy_cross.parent}"]


def make_firmware(host: Host) -> list[str | Path]:
    dirs = host.sources.dirs
    return [
        "make",
        "-C",
        dirs["micropython"] / "ports" / "unix",
        JOBS,
        f"VARIANT_DIR={REPO / 'ports' / 'unix'}",
        f"BUILD={host.firmware.parent}",
        f"USER_C_MODULES={REPO}",
        f"LWIP_DIR={dirs['lwip']}",
        f"MBEDTLS_DIR={dirs['mbedtls']}",
        f"USOCKET_HOST_BUILD={host.libs}",
        f"MICROPY_MPYCROSS={host.mpy_cross}",
        "MICROPY_MPYCROSS_DEPENDENCY=",
        f"MICROPY_FORCE_32BIT={int(host.bits == 32)}",
    ]
