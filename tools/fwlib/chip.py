"""A chip in its download mode, by esptool: what it is, reading and writing its flash."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fwlib import venv
from fwlib.boards import Region
from fwlib.paths import shown
from fwlib.steps import FwError, Step, new_log, run_logged, say, tail

BAUD = 460800
# Seconds for one esptool command; the longest, 2 MB at 115200 baud, takes 200.
LIMIT = 900.0
MEGABYTE = 1024 * 1024

NO_ANSWER = (
    "check the cable, that you may use the port (on Debian: group dialout) and that no other program"
    " has it; boards without a reset circuit (LoPy, LoPy4, FiPy, SiPy): connect P2 to GND, press the"
    " reset button, and run this again"
)


@dataclass(frozen=True)
class Chip:
    """What esptool says of the chip."""

    type: str
    mac: str
    flash_mb: int


class Connection:
    """Runs esptool on one port; each command is one line of progress and a log."""

    def __init__(self, port: str, mcu: str, *, baud: int = BAUD, stub: bool = True):
        self.port = port
        self.options = ["--chip", mcu, "--port", port, "--baud", str(baud)]
        self.options += [] if stub else ["--no-stub"]

    def command(
        self, title: str, name: str, *words: str | Path, todo: str = NO_ANSWER, leave: bool = False
    ) -> str:
        """Run a command, and leave the chip in download mode or reset it; what it printed."""
        log = new_log(f"flash-{name}")
        step = Step(title)
        after = "hard-reset" if leave else "no-reset"
        argv = [venv.python(), "-m", "esptool", *self.options, "--after", after, *words]
        status = run_logged(argv, log, step=step, limit=LIMIT)
        if status != 0:
            step.end("FAILED")
            say(tail(log))
            raise FwError(f"{title}: esptool failed on {self.port}; log: {shown(log)}", todo)
        step.end("done")
        return log.read_text(errors="replace")

    def identify(self) -> Chip:
        text = self.command(f"connect to {self.port}", "identify", "flash-id")
        chip = re.search(r"Chip type: +(.+)", text)
        mac = re.search(r"MAC: +([0-9a-f:]{17})", text)
        flash = re.search(r"Detected flash size: +(\d+)MB", text)
        if not (chip and mac and flash):
            raise FwError(
                f"esptool did not say type, MAC address and flash size of the chip on {self.port}",
                NO_ANSWER,
            )
        return Chip(chip.group(1).strip(), mac.group(1), int(flash.group(1)))

    def read(self, region: Region, into: Path, title: str) -> bytes:
        """A region's bytes; into is a file in a directory that only the user can read."""
        into.unlink(missing_ok=True)
        words = ("read-flash", "--no-progress", hex(region.offset), hex(region.size), into)
        self.command(title, "read", *words)
        data = into.read_bytes()
        if len(data) != region.size:
            raise FwError(f"{title}: {len(data)} bytes came instead of {region.size}", NO_ANSWER)
        return data

    def write(self, title: str, files: Iterable[tuple[int, Path]]) -> None:
        """Write files to their addresses; esptool compares the chip's MD5 of each."""
        words = [word for offset, file in files for word in (hex(offset), file)]
        todo = f"run this again: the board's loader is in ROM and cannot be lost; {NO_ANSWER}"
        self.command(title, "write", "write-flash", "--no-progress", *words, todo=todo)

    def start(self) -> None:
        """Leave download mode."""
        self.command("reset the board", "reset", "read-mac", leave=True)
