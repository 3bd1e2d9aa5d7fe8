"""The firmware's prompt, as a board has it: on a pseudo-terminal for mpremote, or here."""

import os
import pty
import signal
import subprocess
import tty
from pathlib import Path

from fwlib import venv
from fwlib.paths import BUILD, shown
from fwlib.steps import say

# The firmware's file system, unless --fs names another directory.
FILES = BUILD / "flash"

START = ["-c", "import host; host.repl()"]


def run(firmware: Path, files: Path, here: bool, env: dict[str, str]) -> int:
    """Serve the prompt until the firmware ends or Ctrl-C; an exit status."""
    files.mkdir(parents=True, exist_ok=True)
    full = {**os.environ, **env, "USOCKET_FS": str(files.resolve())}
    if here:
        return subprocess.run([firmware, *START], env=full, check=False).returncode
    master, slave = pty.openpty()
    # Raw, or the terminal would echo what the firmware prints back to it before
    # somebody opens the other end. The open slave keeps the terminal alive
    # between two runs of mpremote.
    tty.setraw(slave)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    process = subprocess.Popen([firmware, *START], env=full, stdin=master, stdout=master)
    say(f"The firmware's prompt is on {os.ttyname(slave)}, its files are in {shown(files)}/.")
    say(f"    {shown(venv.tool('mpremote'))} connect {os.ttyname(slave)}")
    say("Ctrl-C here ends it.")
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        process.kill()
        process.wait()
        os.close(slave)
        os.close(master)
