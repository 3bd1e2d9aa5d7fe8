"""The frames of an air as a picture: time to the right, frequency upwards."""

from __future__ import annotations

from pathlib import Path

from fwlib.aircapture import Record
from fwlib.airmessage import NEVER, Fate, Modem

COLOURS = {
    Fate.RECEIVED: "tab:green",
    Fate.COLLISION: "tab:red",
    Fate.WEAK: "tab:orange",
    Fate.NOBODY: "tab:grey",
    Fate.ABORTED: "tab:purple",
}


def plot(records: list[Record], path: Path, start_ns: int) -> None:
    """Draw a box for each frame: its time, its bandwidth, its fate's colour."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.patches import Patch, Rectangle

    figure, axes = pyplot.subplots(figsize=(12, 5), layout="constrained")
    shown = [record for record in records if record.frame.end_ns != NEVER]
    for record in shown:
        frame = record.frame
        left = (frame.start_ns - start_ns) / 1e9
        width = (frame.end_ns - frame.start_ns) / 1e9
        low = (frame.frequency - frame.bandwidth / 2) / 1e6
        colour = COLOURS.get(record.fate, "black")
        box = Rectangle((left, low), width, frame.bandwidth / 1e6, color=colour, alpha=0.6, lw=0.5)
        axes.add_patch(box)
        name = f"{record.sender} SF{frame.sf}" if frame.modem == Modem.LORA else record.sender
        axes.annotate(name, (left, low), fontsize=6, rotation=90, va="bottom", ha="right")
    axes.autoscale_view()
    axes.set_xlabel("time / s")
    axes.set_ylabel("frequency / MHz")
    axes.set_title(f"{len(shown)} frames")
    axes.ticklabel_format(useOffset=False)
    fates = sorted({record.fate for record in shown})
    axes.legend(
        handles=[Patch(color=COLOURS.get(f, "black"), label=f.name.lower()) for f in fates]
    )
    figure.savefig(path)
    pyplot.close(figure)
