# SPDX-License-Identifier: MIT
"""`fw.py size`: a linker's map, and the feature sets."""

from __future__ import annotations

import re

from fwlib import crossbuild, size
from fwlib.paths import REPO

# As GNU ld writes it for an ESP32: names on lines of their own, symbols, relaxed sizes.
MAP = """\
Discarded input sections

 .text.inet_unused
                0x00000000       0x40 libusocket_core.a(inet.c.obj)

Linker script and memory map

 .text.inet_connect
                0x40131a10       0xcc libusocket_core.a(inet.c.obj)
                                 0xdc (size before relaxing)
                0x40131a10                inet_connect
 *fill*         0x40131adc        0x4
 .literal.inet_connect
                0x4010f6a4        0x8 libusocket_core.a(inet.c.obj)
 .rodata.radio_names
                0x3f400120       0x10 libusocket_core.a(radio.c.obj)
 .rodata.net_errno_name.str1.4
                0x3f400130     0xabcd libusocket_core.a(net.c.obj)
 .bss.conns     0x3ffb60e8      0x118 libusocket_core.a(inet.c.obj)
 .data.mode     0x3ffb0010        0x4 libusocket_core.a(radio.c.obj)
 .text.of_others
                0x40131b00       0xff libother.a(other.c.obj)
 .debug_info    0x00000000      0x100 libusocket_core.a(inet.c.obj)
"""


def test_a_map_is_summed_by_room() -> None:
    """Only what is in the image, of ours; shared strings belong to nobody."""
    found = size.read_map(MAP, {"inet.c": "inet", "radio.c": "radio", "net.c": "net"})
    assert found == {
        "inet": {"text": 0xCC + 0x8, "rodata": 0, "data": 0, "bss": 0x118},
        "radio": {"text": 0, "rodata": 0x10, "data": 4, "bss": 0},
    }


def test_rooms_of_features_are_the_builds() -> None:
    """The table here and micropython.mk's say the same."""
    text = (REPO / "modules" / "micropython.mk").read_text()
    for feature, rooms in size.ROOMS_OF.items():
        made = re.search(rf"^USOCKET_ROOMS_{feature} := (.*)$", text, re.MULTILINE)
        assert made is not None and tuple(made.group(1).split()) == rooms


def test_every_room_is_compiled() -> None:
    """A new room is in the sizes and the warnings without anybody's doing."""
    assert {"net", "inet", "tls", "lora", "sigfox", "sim"} <= set(crossbuild.rooms())
    assert set(size.rooms_of(size.SETS[-1])) == set(crossbuild.rooms()) - {crossbuild.SIM}


def test_no_file_name_is_in_two_rooms() -> None:
    """The map names files alone."""
    names = [path.name for path in (REPO / "modules").glob("*/*.c")]
    assert len(names) == len(set(names))
