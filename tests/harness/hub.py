# SPDX-License-Identifier: MIT
"""An Ethernet hub inside a test: like tools/hub.py, and it can lose or delay frames."""

from __future__ import annotations

import heapq
import random
import select
import socket
import threading
import time

from harness.closing import Closing


class Hub(Closing):
    """Repeats each frame to all the others, delay seconds later, but for loss of them."""

    def __init__(self, *, delay: float = 0.0, loss: float = 0.0, seed: int = 1) -> None:
        self.delay = delay
        self.loss = loss
        self._random = random.Random(seed)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._nodes: set[tuple[str, int]] = set()
        self._later: list[tuple[float, int, bytes, tuple[str, int]]] = []
        self._count = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            wait = 0.05
            if self._later:
                wait = min(wait, max(0.0, self._later[0][0] - time.monotonic()))
            if select.select([self._socket], [], [], wait)[0]:
                self._take()
            now = time.monotonic()
            while self._later and self._later[0][0] <= now:
                _, _, frame, node = heapq.heappop(self._later)
                self._send(frame, node)

    def _take(self) -> None:
        try:
            frame, source = self._socket.recvfrom(2048)
        except OSError:  # a node went away
            return
        self._nodes.add(source)
        if not frame:  # "I am here"
            self._send(b"", source)
            return
        for node in self._nodes - {source}:
            if self._random.random() < self.loss:
                continue
            if self.delay == 0:
                self._send(frame, node)
                continue
            self._count += 1
            item = (time.monotonic() + self.delay, self._count, frame, node)
            heapq.heappush(self._later, item)

    def _send(self, frame: bytes, node: tuple[str, int]) -> None:
        try:
            self._socket.sendto(frame, node)
        except OSError:
            self._nodes.discard(node)

    def close(self) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join(5)
        self._socket.close()
