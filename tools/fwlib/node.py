"""The npm packages that tests check against, where Node.js is installed."""

import hashlib
import shutil
from pathlib import Path

from fwlib.paths import BUILD, REPO
from fwlib.steps import NotSupported, run_step, say

PACKAGES = REPO / "tests" / "interop" / "npm"
INSTALLED = BUILD / "npm"
STAMP = INSTALLED / ".usocket-stamp"


def ensure() -> Path:
    """Install what tests/interop/npm pins, again only when that changed; where it is."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        raise NotSupported(f"{' and '.join(missing)} not found: lora-packet checks nothing")
    files = [PACKAGES / "package.json", PACKAGES / "package-lock.json"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    if STAMP.exists() and STAMP.read_text() == digest:
        return INSTALLED
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for path in files:
        shutil.copy(path, INSTALLED)
    run_step(
        "set-up: npm packages of the tests",
        "npm",
        [["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]],
        cwd=INSTALLED,
        todo="check the network and npm's configuration, then run this again",
    )
    STAMP.write_text(digest)
    return INSTALLED


def ensure_if_possible() -> None:
    """The same; without Node.js it only says so."""
    try:
        ensure()
    except NotSupported as reason:
        say(f"Without npm packages: {reason}")
