# SPDX-License-Identifier: MIT
"""A board with raw LoRa as a LoRaWAN gateway's radio: one channel up, answers at SF12.

The gateway's own code (tools/lorawan_gateway) runs on the PC; the board hears and
transmits. Python on a board is exact to some milliseconds, which an answer at SF12 takes with
ease (its preamble has 8 symbols of 33 ms) and one at SF7 does not: so what is faster than SF12
is refused as too late, and the server answers in RX2.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

from harness.board import Board
from lorawan_gateway.air import AirFrame
from lorawan_gateway.schedule import Refused

TICKS = 1 << 30  # MicroPython's ticks_us() goes round
SF_EXACT = 12
BANDWIDTHS = {125_000: 0, 250_000: 1, 500_000: 2}
SCRIPT = """\
import network, select, socket, sys, time
LoRa = network.LoRa
up = dict(mode=LoRa.LORA, region=LoRa.{region}, frequency={freq}, sf={sf}, bandwidth=0,
    tx_power={power}, public=True, tx_iq=True)
lora = LoRa(**up)
s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
stdin = select.poll()
stdin.register(sys.stdin, select.POLLIN)
def order(end, words):
    start = time.ticks_add(end, int(words[1]))
    lora.init(**dict(up, frequency=int(words[2]), sf=int(words[3]), bandwidth=int(words[4])))
    s.setblocking(True)
    while time.ticks_diff(start, time.ticks_us()) > 1500:
        pass
    s.send(bytes.fromhex(words[5]))
    lora.init(**up)
    s.setblocking(False)
def serve():
    s.setblocking(False)
    end = time.ticks_us()
    print("gateway", end)
    while True:
        data = s.recv(256)
        if data:
            stats = lora.stats()
            now = time.ticks_us()
            age = (now - stats.rx_timestamp) % (1 << 30)
            end = time.ticks_add(now, -age if age < 500000 else 0)
            print("up", end, stats.rssi, stats.snr, data.hex())
        if stdin.poll(2):
            words = sys.stdin.readline().split()
            if words and words[0] == "quit":
                return
            if words and words[0] == "down":
                order(end, words)
                print("sent")
serve()
"""


class BoardPort:
    """The gateway's AirPort (lorawan_gateway.air) over a board at its raw REPL."""

    def __init__(self, board: Board, *, region: str, power: int, freq: int, sf: int) -> None:
        self._board = board
        self._freq, self._sf = freq, sf
        self._on_frame: Callable[[AirFrame], None] = lambda frame: None
        self._stop = threading.Event()
        self._end_us = 0  # of the last uplink, as told by the board
        self.sent: list[tuple[int, int]] = []  # frequency, SF
        board.prompt()
        board.begin(SCRIPT.format(region=region, power=power, freq=freq, sf=sf))
        hello = board.line(30) or ""
        if "gateway" not in hello:
            raise AssertionError(f"the gateway board did not start: {hello}")
        self._tick = int(hello.split()[-1])
        self._us, self._told = 0, time.monotonic()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        while not self._stop.is_set():
            words = (self._board.line(0.2) or "").split()
            if words and words[0] == "up":
                self._loop.call_soon_threadsafe(self._heard, words)

    def _heard(self, words: list[str]) -> None:
        tick = int(words[1])
        self._us += (tick - self._tick) % TICKS
        self._tick, self._told, self._end_us = tick, time.monotonic(), self._us
        end = self._us * 1000
        self._on_frame(
            AirFrame(
                start_ns=end - 1_000_000,
                end_ns=end,
                freq=self._freq,
                bandwidth=125_000,
                sf=self._sf,
                payload=bytes.fromhex(words[4]),
                rssi=float(words[2]),
                snr=float(words[3]),
            )
        )

    def now_ns(self) -> int:
        return self._us * 1000 + round((time.monotonic() - self._told) * 1e9)

    def listen(self, on_frame: Callable[[AirFrame], None]) -> None:
        self._on_frame = on_frame
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def transmit(self, frame: AirFrame) -> None:
        if frame.sf < SF_EXACT:
            raise Refused("TOO_LATE")
        delay = frame.start_ns // 1000 - self._end_us
        bandwidth = BANDWIDTHS[frame.bandwidth]
        self.sent.append((frame.freq, frame.sf))
        self._board.say(f"down {delay} {frame.freq} {frame.sf} {bandwidth} {frame.payload.hex()}")

    def hold(self) -> None:
        """A board's time cannot be held."""

    def release(self) -> None:
        """A board's time cannot be held."""

    async def close(self) -> None:
        self._stop.set()
        self._thread.join(5)
        self._board.say("quit")
