# SPDX-License-Identifier: MIT
"""An ESP32's ROM loader on a pseudo-terminal, for the real esptool.

Espressif's serial protocol (SLIP frames, one answer to each command), as far as esptool
uses it without its stub. `journal` has what was done to the flash, in order.
"""

from __future__ import annotations

import hashlib
import os
import select
import struct
import threading
import tty
import zlib
from collections.abc import Callable

HEADER = struct.Struct("<BBHI")
MAGIC_REGISTER = 0x40001000
ESP32_MAGIC = 0x00F01D83
EFUSE_MAC = (0x3FF5A004, 0x3FF5A008)
SPI_CMD = 0x3FF42000
SPI_W0 = 0x3FF42080
SECTOR = 0x1000
OK = b"\0\0\0\0"
ERROR = b"\1\5\0\0"
# JEDEC's size byte: a power of two of bytes.
SIZE_CODE = {4 << 20: 0x16, 8 << 20: 0x17}


def slip(data: bytes) -> bytes:
    return b"\xc0" + data.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


def unslip(data: bytes) -> bytes:
    return data.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")


class Rom:
    """The chip; close() ends it."""

    def __init__(self, flash: bytearray, mac: str = "24:0a:c4:00:12:34"):
        self.flash = flash
        self.mac = bytes.fromhex(mac.replace(":", ""))
        self.journal: list[tuple[str, int, int]] = []
        # Changes what a read of (offset, data) gives; None is an error.
        self.on_read: Callable[[int, bytes], bytes | None] = lambda offset, data: data
        # Called after each written block.
        self.on_write: Callable[[], None] = lambda: None
        self._cursor = 0
        self._left = 0
        self._inflate = zlib.decompressobj()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._stop, self._wake = os.pipe()
        self._commands: dict[int, Callable[[bytes], tuple[int, bytes]]] = {
            0x02: self._flash_begin,
            0x03: self._flash_data,
            0x04: lambda _: (0, OK),
            0x09: self._write_register,
            0x0A: self._read_register,
            0x0B: lambda _: (0, OK),
            0x0D: lambda _: (0, OK),
            0x0E: self._read_flash,
            0x0F: lambda _: (0, OK),
            0x10: self._deflate_begin,
            0x11: self._deflate_data,
            0x12: lambda _: (0, OK),
            0x13: self._md5,
        }
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        os.write(self._wake, b"x")
        self._thread.join()
        for number in (self._master, self._slave, self._stop, self._wake):
            os.close(number)

    def done(self, kind: str) -> list[tuple[int, int]]:
        """(start, end) of every run of that kind, blocks joined."""
        found: list[tuple[int, int]] = []
        for one, offset, size in self.journal:
            if one != kind:
                continue
            if found and found[-1][1] == offset:
                found[-1] = (found[-1][0], offset + size)
            else:
                found.append((offset, offset + size))
        return found

    def _serve(self) -> None:
        waiting = b""
        while True:
            ready, _, _ = select.select([self._master, self._stop], [], [])
            if self._stop in ready:
                return
            waiting += os.read(self._master, 65536)
            *frames, waiting = waiting.split(b"\xc0")
            for frame in frames:
                if frame:
                    self._answer(unslip(frame))

    def _answer(self, frame: bytes) -> None:
        direction, operation, size, _ = HEADER.unpack_from(frame)
        data = frame[HEADER.size :]
        if direction != 0 or size != len(data):
            return
        if operation == 0x08:
            for _ in range(8):
                self._send(operation, 0x20120707, OK)
        elif operation in self._commands:
            self._send(operation, *self._commands[operation](data))
        else:
            self._send(operation, 0, ERROR)

    def _send(self, operation: int, value: int, data: bytes) -> None:
        answer = slip(HEADER.pack(1, operation, len(data), value) + data)
        while answer:
            answer = answer[os.write(self._master, answer) :]

    def _read_register(self, data: bytes) -> tuple[int, bytes]:
        (address,) = struct.unpack("<I", data)
        registers = {
            MAGIC_REGISTER: ESP32_MAGIC,
            EFUSE_MAC[0]: int.from_bytes(self.mac[2:], "big"),
            EFUSE_MAC[1]: int.from_bytes(self.mac[:2], "big"),
            SPI_W0: SIZE_CODE[len(self.flash)] << 16 | 0x40C8,
        }
        return registers.get(address, 0), OK

    def _write_register(self, data: bytes) -> tuple[int, bytes]:
        return 0, OK

    def _read_flash(self, data: bytes) -> tuple[int, bytes]:
        offset, size = struct.unpack("<II", data)
        self.journal.append(("read", offset, size))
        found = self.on_read(offset, bytes(self.flash[offset : offset + size]))
        if found is None:
            return 0, ERROR
        return 0, found.ljust(64, b"\0") + OK

    def _erase(self, offset: int, size: int) -> None:
        end = -(-(offset + size) // SECTOR) * SECTOR
        self.journal.append(("erase", offset, end - offset))
        self.flash[offset:end] = b"\xff" * (end - offset)
        self._cursor = offset

    def _program(self, data: bytes) -> None:
        self.journal.append(("write", self._cursor, len(data)))
        for index, byte in enumerate(data, self._cursor):
            self.flash[index] &= byte
        self._cursor += len(data)
        self.on_write()

    def _flash_begin(self, data: bytes) -> tuple[int, bytes]:
        size, _, _, offset = struct.unpack_from("<IIII", data)
        if size:
            self._erase(offset, size)
        return 0, OK

    def _flash_data(self, data: bytes) -> tuple[int, bytes]:
        (size,) = struct.unpack_from("<I", data)
        self._program(data[16 : 16 + size])
        return 0, OK

    def _deflate_begin(self, data: bytes) -> tuple[int, bytes]:
        size, _, _, offset = struct.unpack_from("<IIII", data)
        self._inflate = zlib.decompressobj()
        if size:
            self._erase(offset, size)
        return 0, OK

    def _deflate_data(self, data: bytes) -> tuple[int, bytes]:
        (size,) = struct.unpack_from("<I", data)
        self._program(self._inflate.decompress(data[16 : 16 + size]))
        return 0, OK

    def _md5(self, data: bytes) -> tuple[int, bytes]:
        offset, size = struct.unpack_from("<II", data)
        return 0, hashlib.md5(self.flash[offset : offset + size]).hexdigest().encode() + OK
