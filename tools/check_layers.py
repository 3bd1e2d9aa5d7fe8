#!/usr/bin/env python3
"""Checks who includes whom, and that both lists of sources name the same files.

The table is the one of docs/architecture.md. Exit status 1 and one line for each
arrow that is not in it.
"""

import re
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
MODULES = REPO / "modules"

# Room -> rooms and foreign headers (by first directory) that it may include.
ALLOWED = {
    "bindings": {"net", "inet", "tls", "lora", "sigfox", "py", "extmod", "shared"},
    "inet": {"net", "lwip"},
    "tls": {"net", "mbedtls", "psa"},
    "lora": {"net", "lorawan", "radio", "hal"},
    "sigfox": {"net", "radio", "crypto", "hal"},
    "net": {"hal"},
    "lorawan": {"crypto"},
    "radio": {"hal"},
    "crypto": {"mbedtls"},
    "hal": set(),
}
# Ports stand outside: they may know these rooms, to supply what the rooms declare
# and leave to a port, and their own SDK.
PORTS_ALLOWED = {"net", "inet", "sigfox", "hal"}
# Rooms where the C library's error numbers may appear: elsewhere NET_E* or MP_E*.
ERRNO_BORDERS: set[str] = set()
# Headers that every room may include.
COMMON = {"usocket_config.h", "net/net_errno.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*[\s\S]*?\*/|"(?:\\.|[^"\\\n])*"')
ERRNO_NAME = re.compile(r"\bE(?:AGAIN|WOULDBLOCK|INVAL|BADF|NOMEM|INPROGRESS|[A-Z]*CONN[A-Z]*)\b")


def sources(room: Path) -> list[Path]:
    return sorted(path for path in room.rglob("*") if path.suffix in (".c", ".h"))


def check_includes(room: str, path: Path) -> list[str]:
    problems = []
    for quote, header in INCLUDE.findall(path.read_text()):
        target = header.partition("/")[0]
        if quote == "<":
            if header == "errno.h" and room not in ERRNO_BORDERS:
                problems.append(f"includes <errno.h>: only {sorted(ERRNO_BORDERS)} may")
            elif target in ALLOWED or target in ("py", "lwip", "mbedtls", "psa"):
                problems.append(f'includes <{header}>: write "{header}"')
        elif "/" not in header and header not in COMMON:
            problems.append(f'includes "{header}" without its room: write "room/{header}"')
        elif header not in COMMON and target not in ALLOWED[room] | {room}:
            problems.append(f'includes "{header}": {room} may only know {sorted(ALLOWED[room])}')
    return problems


def check_errno_names(room: str, path: Path) -> list[str]:
    if room in ERRNO_BORDERS:
        return []
    code = COMMENT_OR_STRING.sub("", path.read_text())
    names = sorted(set(ERRNO_NAME.findall(code)))
    if path.name == "net_errno.h" or not names:
        return []
    return [f"uses {', '.join(names)} of <errno.h>: use NET_E* or MP_E*"]


def check_port(path: Path) -> list[str]:
    headers = [header for _, header in INCLUDE.findall(path.read_text())]
    return [
        f'includes "{header}": a port may only know {sorted(PORTS_ALLOWED)}'
        for header in headers
        if header.partition("/")[0] in ALLOWED.keys() - PORTS_ALLOWED
    ]


def check_lists() -> list[str]:
    """sources.cmake names each file; micropython.mk takes each room's wildcard."""
    cmake = (MODULES / "sources.cmake").read_text()
    listed = set(re.findall(r"\$\{USOCKET_MODULES_DIR\}/(\S+\.c)", cmake))
    make = (MODULES / "micropython.mk").read_text()
    rooms_line = re.search(r"^USOCKET_ROOMS *=(.*)$", make, re.MULTILINE)
    rooms = ["bindings", *(rooms_line.group(1).split() if rooms_line else [])]
    present = {f"{room}/{path.name}" for room in rooms for path in (MODULES / room).glob("*.c")}
    return [f"modules/{name}: in sources.cmake, not on disk" for name in listed - present] + [
        f"modules/{name}: not in sources.cmake, but micropython.mk takes it"
        for name in present - listed
    ]


def main() -> int:
    problems = check_lists()
    rooms = [path for path in sorted(MODULES.iterdir()) if path.is_dir()]
    for room in rooms:
        if room.name not in ALLOWED:
            problems.append(f"modules/{room.name}: a room that ALLOWED does not know")
            continue
        for path in sources(room):
            found = check_includes(room.name, path) + check_errno_names(room.name, path)
            problems += [f"{path.relative_to(REPO)}: {problem}" for problem in found]
    for path in sources(REPO / "ports"):
        problems += [f"{path.relative_to(REPO)}: {problem}" for problem in check_port(path)]
    print("\n".join(sorted(problems)) or "every include follows the arrows; the lists agree")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
