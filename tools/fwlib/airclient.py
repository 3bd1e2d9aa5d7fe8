"""A participant of an air in Python: a gateway, or a test's transmitter and listener."""

from __future__ import annotations

import collections
import select
import socket
import struct
import time

from fwlib.airmessage import (
    HOLD_FORMAT,
    MESSAGE_MAX,
    RADIOS_MAX,
    RELEASE_FORMAT,
    Fate,
    Frame,
    Join,
    Time,
    Told,
    Type,
    pack,
    unpack,
)

JOIN_AGAIN_S = 5.0
HOLD_AGAIN_S = 1.0
WELCOME_S = 2.0


class Air:
    """Joined to the hub on a port of 127.0.0.1. One thread only.

    receive() keeps the membership and the holds alive: call it at least once a second.
    """

    def __init__(self, port: int, name: str = "python", x_m: int = 0, y_m: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setblocking(False)
        self._join = Join(name, x_m, y_m)
        self._time: Time | None = None
        self._joined = 0.0
        self._held = 0.0
        self._holds: dict[int, int] = {}
        self._tokens = 0
        self._number = 0
        self._now = 0
        self._frames: collections.deque[Frame] = collections.deque()
        end = time.monotonic() + WELCOME_S
        while self._time is None:
            if time.monotonic() > end:
                self._socket.close()
                raise ConnectionError(f"no hub of an air answers on port {port} of 127.0.0.1")
            self._keep_alive()
            self._wait(0.1)

    @property
    def time(self) -> Time:
        """How simulated time runs, as the hub has told last."""
        assert self._time is not None
        return self._time

    @property
    def radio(self) -> int:
        """The number of this participant's radio."""
        return self.time.participant * RADIOS_MAX + 1

    def now(self) -> int:
        """Simulated time in nanoseconds, as the hub has let it run by now."""
        self._wait(0)
        self._now = max(self._now, self.time.at(time.monotonic_ns()))
        return self._now

    def receive(self, timeout: float) -> Frame | None:
        """The next announcement that others make, or None when none comes in time.

        A frame comes twice: when it begins (or earlier), and at its end, with its data.
        """
        end = time.monotonic() + timeout
        while not self._frames:
            left = end - time.monotonic()
            self._keep_alive()
            self._wait(max(0.0, min(left, 0.5)))
            if left <= 0 and not self._frames:
                return None
        return self._frames.popleft()

    def transmit(self, frame: Frame) -> Frame:
        """Announce a frame of this radio; begins and end may lie ahead. As it was sent."""
        if frame.number == 0:
            self._number += 1
            frame.number = self._number
        frame.source, frame.x_m, frame.y_m = self.radio, self._join.x_m, self._join.y_m
        self._send(frame.pack())
        return frame

    def tell(self, frame: Frame, fate: Fate, rssi: float, snr: float) -> None:
        """What became of a frame here, for the hub's table."""
        told = Told(self.radio, *frame.key, fate, round(rssi * 10), round(snr * 10))
        self._send(told.pack())

    def hold(self, at_ns: int = 0) -> int:
        """Let nobody pass a moment of simulated time (0: now); a token for release()."""
        self._tokens += 1
        self._holds[self._tokens] = at_ns
        self._send(pack(Type.HOLD, HOLD_FORMAT.pack(self._tokens, at_ns)))
        return self._tokens

    def release(self, token: int) -> None:
        if self._holds.pop(token, None) is not None:
            self._send(pack(Type.RELEASE, RELEASE_FORMAT.pack(token)))

    def fileno(self) -> int:
        """For select()."""
        return self._socket.fileno()

    def close(self) -> None:
        self._send(pack(Type.BYE))
        self._socket.close()

    def _keep_alive(self) -> None:
        now = time.monotonic()
        if now - self._joined > (JOIN_AGAIN_S if self._time is not None else 0.2):
            self._joined = now
            self._send(self._join.pack())
        if self._holds and now - self._held > HOLD_AGAIN_S:
            self._held = now
            for token, at in self._holds.items():
                self._send(pack(Type.HOLD, HOLD_FORMAT.pack(token, at)))

    def _wait(self, timeout: float) -> None:
        select.select([self._socket], [], [], timeout)
        while True:
            try:
                kind, body = unpack(self._socket.recv(MESSAGE_MAX))
                self._take(kind, body)
            except (ValueError, struct.error):
                continue
            except OSError:  # nothing there, or the hub is gone
                return

    def _take(self, kind: Type, body: bytes) -> None:
        if kind == Type.FRAME:
            self._frames.append(Frame.unpack(body))
        elif kind in (Type.TIME, Type.WELCOME):
            told = Time.unpack(body)
            if self._time is None or (told.sequence - self._time.sequence) & 0x80000000 == 0:
                self._time = told
                self._join.participant = told.participant

    def _send(self, message: bytes) -> None:
        try:
            self._socket.send(message)
        except OSError:
            pass  # the hub is gone; receive() says nothing any more
