"""ESP-IDF's binary partition table: partition-table.bin."""

import struct
from dataclasses import dataclass

# ESP-IDF, components/esp_partition: magic, type, subtype, offset, size, label, flags.
ENTRY = struct.Struct("<HBBII16sI")
MAGIC = 0x50AA


@dataclass(frozen=True)
class Partition:
    label: str
    offset: int
    size: int


def parse(table: bytes) -> list[Partition]:
    """The partitions of a table; what follows the last one is its checksum."""
    found = []
    for start in range(0, len(table) - ENTRY.size + 1, ENTRY.size):
        magic, _, _, offset, size, label, _ = ENTRY.unpack_from(table, start)
        if magic != MAGIC:
            break
        found.append(Partition(label.rstrip(b"\0").decode(errors="replace"), offset, size))
    return found
