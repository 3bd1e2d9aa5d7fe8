"""`fw.py air`: a hub for firmwares on this PC, and a table of the frames on their air."""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from fwlib import venv
from fwlib.aircapture import Capture, Record, Recorder
from fwlib.airhub import FACTOR_MAX, FACTOR_MIN, Event, Hub, Joined, Left
from fwlib.airmessage import Fate, Modem
from fwlib.paths import REPO, shown
from fwlib.steps import FwError, say

PORT = 7800
PLOT_SUFFIXES = (".png", ".svg")
COLUMNS = f"{'time / s':>12}  {'from':<15} {'MHz':>9}  {'modulation':<15} {'bytes':>5}  heard by"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=PORT, help="UDP port on 127.0.0.1; 0: any")
    parser.add_argument("--time-factor", type=float, default=1.0, metavar="F", help="run so fast")
    parser.add_argument("--seed", type=int, help="of noise and fading; default: another each time")
    parser.add_argument("--duration", type=float, metavar="S", help="end after so many seconds")
    parser.add_argument("--pcap", type=Path, metavar="FILE", help="capture, for Wireshark")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE.png|svg", help="draw time and frequency at the end"
    )


def check(args: argparse.Namespace) -> None:
    if not 0 <= args.port <= 65535:
        raise FwError(f"--port is {args.port}", "give a number from 0 to 65535")
    if not FACTOR_MIN <= args.time_factor <= FACTOR_MAX:
        raise FwError(f"--time-factor is {args.time_factor}", "give a number from 0.01 to 10000")
    if args.plot and args.plot.suffix not in PLOT_SUFFIXES:
        raise FwError(f"--plot is '{args.plot}'", "give a name that ends with .png or .svg")
    for file in (args.pcap, args.plot):
        if file and not file.resolve().parent.is_dir():
            raise FwError(
                f"there is no directory '{file.parent}'", "make it, or name another file"
            )


def modulation(record: Record) -> str:
    frame = record.frame
    if frame.modem == Modem.LORA:
        return f"SF{frame.sf}/{frame.bandwidth / 1000:g} 4/{frame.cr + 4}"
    return f"FSK {frame.bit_rate / 1000:g} kb/s" if frame.modem == Modem.FSK else "carrier"


def row(hub: Hub, record: Record, start_ns: int) -> str:
    """One line of the table."""
    frame = record.frame
    heard = [
        f"{hub.name_of(told.receiver)} {told.rssi_x10 / 10:.0f} dBm {told.snr_x10 / 10:+.1f} dB"
        f" {told.fate.name.lower()}"
        for told in record.fates
    ]
    if record.fate == Fate.ABORTED:
        heard.insert(0, "aborted")
    return (
        f"{(frame.start_ns - start_ns) / 1e9:12.6f}  {record.sender:<15} "
        f"{frame.frequency / 1e6:9.4f}  {modulation(record):<15} {len(frame.data):5}  "
        f"{', '.join(heard) or 'nobody'}"
    )


@dataclass
class Monitor:
    """Shows what a hub sees, and keeps it."""

    hub: Hub
    capture: Capture | None = None
    records: list[Record] = field(default_factory=list)
    keep: bool = False
    start_ns: int = 0

    def __post_init__(self) -> None:
        self.start_ns = self.hub.now()
        self.hub.listen(self._members)
        self.recorder = Recorder(self.hub, self._record)

    def _members(self, event: Event) -> None:
        if isinstance(event, Joined):
            one = event.participant
            say(f"{one.name} joined at ({one.x_m}, {one.y_m}) m")
        elif isinstance(event, Left):
            say(f"{event.participant.name} left")

    def _record(self, record: Record) -> None:
        say(row(self.hub, record, self.start_ns))
        if self.keep:
            self.records.append(record)
        if self.capture is not None:
            self.capture.write(record, self.hub.unix_ns(record.frame.end_ns))


def draw(monitor: Monitor, path: Path) -> None:
    from fwlib import airplot

    airplot.plot(monitor.records, path, monitor.start_ns)
    say(f"{len(monitor.records)} frames drawn in {shown(path)}")


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or the end of --duration; an exit status."""
    check(args)
    if args.plot and importlib.util.find_spec("matplotlib") is None:
        # The one library that is not Python's own is in the tests' environment.
        venv.ensure()
        sys.stdout.flush()
        python = str(venv.python())
        os.execv(python, [python, str(REPO / "tools" / "fw.py"), *sys.argv[1:]])
    try:
        hub = Hub(args.port, factor=args.time_factor, seed=args.seed)
    except OSError as error:
        raise FwError(
            f"port {args.port} of 127.0.0.1 cannot be opened: {error.strerror}",
            "end the other hub, or choose another --port",
        ) from error
    try:
        capture = Capture(args.pcap) if args.pcap else None
    except OSError as error:
        raise FwError(f"--pcap '{args.pcap}': {error.strerror}", "name another file") from error
    monitor = Monitor(hub, capture, keep=args.plot is not None)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: hub.stop())
    say(f"The air is on port {hub.port}: run firmwares with --air {hub.port},name=NAME,x=METRES")
    say(f"Seed {hub.seed}, time factor {hub.factor:g}. Ctrl-C ends it.")
    say(COLUMNS)
    end = time.monotonic() + args.duration if args.duration is not None else float("inf")
    while not hub.stopped and time.monotonic() < end:
        hub.step(min(0.1, max(0.0, end - time.monotonic())))
        monitor.recorder.look()
    monitor.recorder.look(flush=True)
    hub.close()
    if capture is not None:
        capture.close()
    if args.plot:
        draw(monitor, args.plot)
    return 0
