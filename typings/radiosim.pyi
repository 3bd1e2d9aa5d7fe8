"""Software SX1276 and SX1272 chips of the host firmware, with SPI and pins."""

from collections.abc import Callable
from typing import TypeAlias

_Buffer: TypeAlias = bytes | bytearray | memoryview

class Pin:
    IN: int
    OUT: int
    OPEN_DRAIN: int
    PULL_UP: int
    PULL_DOWN: int
    IRQ_RISING: int
    IRQ_FALLING: int
    def init(
        self,
        mode: int = -1,
        pull: int | None = None,
        *,
        value: object = None,
        drive: object = None,
        hold: object = None,
    ) -> None: ...
    def value(self, x: object = ..., /) -> int | None: ...
    def __call__(self, x: object = ..., /) -> int | None: ...
    def on(self) -> None: ...
    def off(self) -> None: ...
    def irq(
        self,
        handler: Callable[[Pin], object] | None = None,
        trigger: int = ...,
        hard: bool = False,
        *,
        priority: int = 1,
        wake: object = None,
    ) -> None: ...

class Chip:
    """Also what radio() gives."""

    x: int
    y: int
    def power_cycle(self) -> None: ...
    def peek(self, address: int, /) -> int: ...
    def broken(self) -> dict[str, int]: ...
    def counters(self) -> tuple[int, int]: ...
    def faults(
        self,
        *,
        spi_bit_errors: int = 0,
        stuck: bool = False,
        stuck_low: bool = False,
        dio_cut: int = 0,
        crystal_ppb: int = 0,
    ) -> None: ...
    def trace(self, on: bool = ..., /) -> list[tuple[int, int]] | None: ...

class SX1276(Chip):
    MSB: int
    LSB: int
    cs: Pin
    reset: Pin
    dio0: Pin
    dio1: Pin
    dio2: Pin
    dio3: Pin
    dio4: Pin
    dio5: Pin
    def __init__(
        self, x: int | None = None, y: int | None = None, *, name: str | None = None
    ) -> None: ...
    def init(
        self,
        baudrate: int = 10_000_000,
        *,
        polarity: int = 0,
        phase: int = 0,
        bits: int = 8,
        firstbit: int = 0,
        sck: object = None,
        mosi: object = None,
        miso: object = None,
    ) -> None: ...
    def deinit(self) -> None: ...
    def read(self, nbytes: int, write: int = 0, /) -> bytes: ...
    def readinto(self, buf: bytearray | memoryview, write: int = 0, /) -> None: ...
    def write(self, buf: _Buffer, /) -> None: ...
    def write_readinto(self, write_buf: _Buffer, read_buf: bytearray | memoryview, /) -> None: ...

class SX1272(SX1276): ...

def radio() -> Chip:
    """The chip that the firmware's radio is."""
