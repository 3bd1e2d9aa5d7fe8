#!/usr/bin/env python3
"""Checks who includes whom, and that both lists of sources name the same files.

The table is the one of docs/architecture.md. Exit status 1 and one line for each
arrow that is not in it.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
MODULES = REPO / "modules"
ESP32 = REPO / "ports" / "esp32"

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

# Sets of features that both lists are asked for; all first.
FEATURES = ("inet tls lora sigfox", "inet", "inet tls", "lora", "sigfox", "lora sigfox")

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


def check_esp32() -> list[str]:
    """ports/esp32 knows no Python, and its list names each file of it, and only real ones."""
    listed = set(
        re.findall(r"\$\{USOCKET_PORTS_DIR\}/(\S+\.c)", (ESP32 / "sources.cmake").read_text())
    )
    present = {f"esp32/{path.name}" for path in ESP32.glob("*.c")}
    problems = [
        f"ports/{name}: not in ports/esp32/sources.cmake" for name in sorted(present - listed)
    ]
    problems += [
        f"ports/{name}: in ports/esp32/sources.cmake, not on disk"
        for name in sorted(listed)
        if not (ESP32.parent / name).is_file()
    ]
    for path in sources(ESP32):
        python = [name for _, name in INCLUDE.findall(path.read_text()) if name.startswith("py/")]
        problems += [f'ports/esp32/{path.name}: includes "{name}"' for name in python]
    return problems


def files(text: str) -> set[str]:
    return set(re.findall(rf"{re.escape(str(MODULES))}/(\w+/\w+\.c)", text))


def printed(argv: list[str], script: str) -> str:
    """What a make or cmake script says."""
    with tempfile.NamedTemporaryFile("w", suffix=".cmake") as file:
        file.write(script)
        file.flush()
        done = subprocess.run([*argv, file.name], capture_output=True, text=True, check=True)
        return done.stdout + done.stderr


def by_make(features: str) -> str:
    return printed(
        ["make", "-f"],
        f"USERMOD_DIR = {MODULES}\nUSOCKET_FEATURES = {features}\n"
        f"include {MODULES}/micropython.mk\n$(info $(SRC_USERMOD_C) $(SRC_USERMOD_LIB_C))\n"
        "$(info $(CFLAGS_USERMOD))\nall:\n",
    )


def by_cmake(features: str) -> str:
    return printed(
        ["cmake", "-P"],
        f"cmake_minimum_required(VERSION 3.16)\ninclude({MODULES}/sources.cmake)\n"
        f'usocket_select("{features.replace(" ", ";")}" bindings core definitions)\n'
        'message("${bindings} ${core} ${definitions}")\n',
    )


def switches(text: str) -> set[str]:
    return set(re.findall(r"USOCKET_[A-Z]+=[01]", text))


def check_lists() -> list[str]:
    """sources.cmake names each file; micropython.mk finds the same, for any features."""
    present = {f"{path.parent.name}/{path.name}" for path in MODULES.glob("*/*.c")}
    problems = []
    for features in FEATURES:
        make, cmake = by_make(features), by_cmake(features)
        problems += [
            f"modules/{name}: with '{features}' it is in only one of sources.cmake, micropython.mk"
            for name in files(make) ^ files(cmake)
        ]
        if switches(make) != switches(cmake):
            problems.append(f"with '{features}' make and CMake define different switches")
        if features == FEATURES[0]:
            problems += [f"modules/{name}: nobody compiles it" for name in present - files(make)]
    return problems


def main() -> int:
    problems = check_lists() + check_esp32()
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
