"""The tour: the firmware shows what it can do, against servers on this PC."""

import os
import subprocess

from fwlib import venv
from fwlib.hostbuild import Host
from fwlib.paths import REPO


def run(host: Host) -> int:
    """Run examples/tour; its exit status."""
    program = REPO / "examples" / "tour" / "run.py"
    env = {**os.environ, **host.environment()}
    return subprocess.run([venv.python(), program], env=env, check=False).returncode
