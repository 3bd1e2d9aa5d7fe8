"""`fw.py size`: bytes of each room and feature set, and how they grew."""

import argparse
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fwlib import boards, crossbuild, esp32, sources
from fwlib.paths import BUILD, REPO, shown
from fwlib.steps import FwError, say

REPORT = BUILD / "reports" / "size.json"
# What was landed last; `fw.py size --accept` writes it.
BASELINE = REPO / "tests" / "size" / "baseline.json"
FIELDS = ("text", "rodata", "data", "bss")
# Feature sets of boards (USOCKET_FEATURES), and the rooms of each, as micropython.mk has them.
ROOMS_OF = {
    "inet": ("inet",),
    "tls": ("tls",),
    "lora": ("crypto", "radio", "lorawan", "lora"),
    "sigfox": ("crypto", "radio", "sigfox"),
}
SETS = ("inet", "inet tls", "lora", "sigfox", "lora sigfox", "inet tls lora sigfox")
ONE_REGION = ("-DUSOCKET_LORAWAN_ALL=0", "-DUSOCKET_LORAWAN_EU868=1")
# The least that a LoRaWAN node needs; queues as in tests/bench.
SMALLEST = (
    *ONE_REGION,
    "-DUSOCKET_LORA_RX_BYTES=267",
    "-DUSOCKET_LORA_TX_FRAMES=1",
    "-DUSOCKET_LORAWAN_MULTICAST_GROUPS=1",
)
VARIANTS = {"lora, EU868 alone": ONE_REGION, "lora, EU868 alone, short queues": SMALLEST}

Sizes = dict[str, dict[str, int]]


def add(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    """The sum of sizes."""
    parts = list(parts)
    return {field: sum(part[field] for part in parts) for field in FIELDS}


def rooms_of(features: str) -> list[str]:
    return ["net", *sorted({room for one in features.split() for room in ROOMS_OF[one]})]


def measure(target: crossbuild.Target, trees: sources.Sources) -> dict[str, Sizes]:
    """Rooms and feature sets for one processor."""
    rooms = compiled_sizes(target, trees)
    sets = {name: add(rooms[room] for room in rooms_of(name)) for name in SETS}
    for name, defines in VARIANTS.items():
        label = re.sub(r"\W+", "-", name)
        small = compiled_sizes(target, trees, defines, label)
        sets[name] = add(small[room] for room in rooms_of("lora"))
    return {"rooms": rooms, "features": sets}


def compiled_sizes(
    target: crossbuild.Target,
    trees: sources.Sources,
    defines: tuple[str, ...] = (),
    label: str = "all",
) -> Sizes:
    found = {}
    for one in crossbuild.compile_all(target, trees, defines, label):
        if one.text:
            raise FwError(f"{target.name}: room {one.room} does not compile:\n{one.text[:2000]}")
        if one.room != crossbuild.SIM:
            found[one.room] = crossbuild.sizes_of(target, one.objects)
    return found


# --- A real image, by the linker's map ---------------------------------------

# " .text.name", its address and size on this line or the next, the object.
MAP_ENTRY = re.compile(
    r"^ (\.[\w.$]+|COMMON)\n? +0x([0-9a-f]+) +0x([0-9a-f]+) (\S+)$", re.MULTILINE
)
# The linker shares equal strings of all objects, and counts them where it saw them first.
SHARED_STRINGS = re.compile(r"\.str1\.\d+$")


def kind_of(section: str) -> str | None:
    return next((kind for kind, pattern in crossbuild.KINDS if pattern.match(section)), None)


def read_map(text: str, rooms: dict[str, str]) -> Sizes:
    """Bytes of each room in an image; rooms has the room of each object's name."""
    found: Sizes = {}
    start = text.find("Linker script and memory map")
    for section, address, size, file in MAP_ENTRY.findall(text[max(start, 0) :]):
        if SHARED_STRINGS.search(section):
            continue
        name = re.search(r"([\w-]+\.c)\.o(?:bj)?\)?$", file)
        room = rooms.get(name.group(1)) if name else None
        kind = kind_of(section)
        if room is None or kind is None or int(address, 16) == 0:
            continue
        found.setdefault(room, dict.fromkeys(FIELDS, 0))[kind] += int(size, 16)
    return found


def room_by_file() -> dict[str, str]:
    files = {path.name: path.parent.name for path in (REPO / "modules").glob("*/*.c")}
    return files | {path.name: "esp32" for path in (REPO / "ports" / "esp32").glob("*.c")}


def board_images() -> dict[str, Any]:
    """The ESP32 images that were built here."""
    found = {}
    by_file = room_by_file()
    for name in boards.names():
        directory = esp32.build_dir(boards.get(name))
        linked = directory / "micropython.map"
        if linked.is_file():
            rooms = read_map(linked.read_text(errors="replace"), by_file)
            image = (directory / "micropython.bin").stat().st_size
            found[name] = {"rooms": rooms, "module": add(rooms.values()), "image": image}
    return found


# --- The report --------------------------------------------------------------


def show(title: str, found: Sizes, before: Sizes) -> None:
    """A table with the growth against what was landed."""
    say(
        f"\n{title:34} {'text':>8} {'rodata':>8} {'data':>6} {'bss':>7}   growth of text+rodata, RAM"
    )
    for name, sizes in found.items():
        row = f"{name:34} {sizes['text']:8} {sizes['rodata']:8} {sizes['data']:6} {sizes['bss']:7}"
        old = before.get(name)
        if old is None:
            say(f"{row}   new")
            continue
        flash = sizes["text"] + sizes["rodata"] - old["text"] - old["rodata"]
        ram = sizes["data"] + sizes["bss"] - old["data"] - old["bss"]
        say(f"{row}   {flash:+}, {ram:+}")


def run(args: argparse.Namespace) -> int:
    """Measure, compare, write the report."""
    trees = sources.get("stable")
    before = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    report: dict[str, Any] = {}
    for target in crossbuild.TARGETS:
        if reason := target.missing():
            say(f"{target.name}: left out, {reason}")
            continue
        report[target.name] = {"compiler": target.version(), **measure(target, trees)}
        old = before.get(target.name, {})
        if old and old["compiler"] != report[target.name]["compiler"]:
            say(f"{target.name}: gcc {old['compiler']} then, the growth is not exact")
        for part in ("rooms", "features"):
            show(f"{target.name}, {part}", report[target.name][part], old.get(part, {}))
    images = board_images()
    wanted = [args.board] if args.board else list(images)
    if args.board and args.board not in images:
        boards.get(args.board)
        raise FwError(f"no image of {args.board} here", f"run `fw.py build {args.board}` first")
    for name in wanted:
        old = before.get("boards", {}).get(name, {})
        show(
            f"{name}, image of {images[name]['image']}",
            images[name]["rooms"],
            old.get("rooms", {}),
        )
    if not images:
        say("\nNo ESP32 image: `fw.py build BOARD` makes one where ESP-IDF is.")
    report["boards"] = images
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    write(REPORT, report)
    if args.accept:
        write(BASELINE, report)
    say(
        f"\nBytes of the rooms' objects at -Os, before the linker leaves out what nobody calls"
        f" (an image: after). {shown(REPORT)}"
    )
    return 0


def write(path: Path, report: dict[str, Any]) -> None:
    path.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n")
