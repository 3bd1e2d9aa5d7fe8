# SPDX-License-Identifier: MIT
"""The results as a table and as a plot."""

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

GOAL_SMALL = 1.3


def speed_table(results: list[dict[str, Any]]) -> str:
    """Times are peer : ours, so more than 1 is in our favour."""
    head = (
        f"{'':38} {'time, us':>17} {'peer/ours':>10} {'spread':>11} {'CPU':>5}"
        f" {'instructions':>19} {'peer/ours':>10}"
    )
    second = f"{'':38} {'peer':>8} {'ours':>8} {'':>28} {'peer':>9} {'ours':>9}"
    lines = [head, second]
    for one in results:
        line = f"{one['title']:38}"
        if "us" in one:
            ratio = one["time_ratio"]
            line += f" {one['us']['peer']['median']:8.2f} {one['us']['ours']['median']:8.2f}"
            line += f" {ratio['median']:10.2f} {ratio['min']:5.2f}-{ratio['max']:5.2f}"
            line += f" {one['cpu_ratio']['median']:5.2f}"
        else:
            line += " " * 46
        if "instructions" in one:
            count = one["instructions"]
            line += f" {count['peer']:9d} {count['ours']:9d} {one['instruction_ratio']:10.2f}"
        lines.append(line)
    return "\n".join(lines)


def ram_table(results: list[dict[str, Any]]) -> str:
    lines = [f"{'bytes':42} {'Python heap':>15} {'C heap':>15}"]
    lines.append(f"{'':42} {'peer':>7} {'ours':>7} {'peer':>7} {'ours':>7}")
    for one in results:
        values = [one[kind][name] for kind in ("python", "c") for name in ("peer", "ours")]
        lines.append(f"{one['title']:42} " + " ".join(f"{value:7d}" for value in values))
    return "\n".join(lines)


def bar(y: int, value: float, label: str, colour: str, scale: float, left: int) -> str:
    width = value * scale
    return (
        f'<rect x="{left}" y="{y}" width="{width:.1f}" height="9" fill="{colour}"/>'
        f'<text x="{left + width + 4:.1f}" y="{y + 8}" font-size="9">{label} {value:.2f}</text>'
    )


def plot(results: list[dict[str, Any]], path: Path) -> None:
    """Ratios as bars: longer is better for us, the line is "as fast as the peer"."""
    left, row, width = 270, 30, 760
    longest = max(
        [one.get("instruction_ratio", 0) for one in results]
        + [one.get("time_ratio", {}).get("median", 0) for one in results]
        + [GOAL_SMALL]
    )
    scale = (width - left - 120) / longest
    height = row * len(results) + 50
    size = f'width="{width}" height="{height}"'
    title = "usocket against upstream's ESP32 socket module: peer / ours, more is better"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">',
        f'<rect {size} fill="white"/>',
        f'<text x="10" y="18" font-size="13">{escape(title)}</text>',
    ]
    for i, one in enumerate(results):
        y = 32 + row * i
        parts.append(f'<text x="10" y="{y + 13}" font-size="11">{escape(one["title"])}</text>')
        if "time_ratio" in one:
            parts.append(bar(y, one["time_ratio"]["median"], "time", "#4477aa", scale, left))
        if "instruction_ratio" in one:
            parts.append(
                bar(y + 11, one["instruction_ratio"], "instructions", "#cc6677", scale, left)
            )
    for value, colour in ((1.0, "black"), (GOAL_SMALL, "gray")):
        x = left + value * scale
        parts.append(
            f'<line x1="{x:.1f}" y1="26" x2="{x:.1f}" y2="{height - 16}" stroke="{colour}"'
            f' stroke-dasharray="3 3"/><text x="{x:.1f}" y="{height - 4}" font-size="9"'
            f' text-anchor="middle">{value:g}</text>'
        )
    path.write_text("\n".join([*parts, "</svg>\n"]))
