"""The Python environment of the tests, from the pinned requirements."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from fwlib.paths import REPO, VENV
from fwlib.steps import FwError, run_step

REQUIREMENTS = REPO / "requirements-dev.txt"
STAMP = VENV / ".usocket-stamp"


def python() -> Path:
    return VENV / "bin" / "python"


def tool(name: str) -> Path:
    return VENV / "bin" / name


def ensure() -> None:
    """Make .venv, again only when the requirements or this Python changed."""
    key = sys.version.encode() + str(VENV).encode() + REQUIREMENTS.read_bytes()
    digest = hashlib.sha256(key).hexdigest()
    if STAMP.exists() and STAMP.read_text() == digest and python().exists():
        return
    probe = subprocess.run(
        [sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False
    )
    if probe.returncode != 0:
        raise FwError(
            f"{sys.executable} cannot make virtual environments", "install Debian's python3-venv"
        )
    shutil.rmtree(VENV, ignore_errors=True)
    pip: list[str | Path] = [python(), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    run_step(
        "set-up: Python environment",
        "venv",
        [[sys.executable, "-m", "venv", VENV], [*pip, "install", "-r", REQUIREMENTS]],
        todo="check the network and pip's configuration, then run this again",
    )
    STAMP.write_text(digest)
