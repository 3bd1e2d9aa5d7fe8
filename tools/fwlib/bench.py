"""Benchmarks: tests/bench/bench_NAME.py, each beside its peer."""

import os
import subprocess

from fwlib import venv
from fwlib.hostbuild import Host
from fwlib.paths import REPO

DIRECTORY = REPO / "tests" / "bench"
# A benchmark has this; the modules that it is made of do not.
ENTRY = 'if __name__ == "__main__":'


def names() -> list[str]:
    """The benchmarks that there are."""
    programs = sorted(DIRECTORY.glob("bench_*.py"))
    return [path.stem.removeprefix("bench_") for path in programs if ENTRY in path.read_text()]


def run(host: Host, name: str, options: list[str]) -> int:
    """Run one; its exit status."""
    program = DIRECTORY / f"bench_{name}.py"
    env = {**os.environ, **host.environment()}
    return subprocess.run([venv.python(), program, *options], env=env, check=False).returncode
