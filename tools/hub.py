#!/usr/bin/env python3
"""Join host firmwares on one network: repeat Ethernet frames between them.

Each firmware (USOCKET_NET=hub:PORT,ip=...) sends its frames as UDP datagrams to
this program on 127.0.0.1, which repeats each one to all the others it has heard
of. An empty datagram only says "I am here"; it is answered with an empty one.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import socket
import sys
import time

# Firmwares say that they are here every 30 s.
SILENCE_S = 120.0
# Room for what all send while this program waits for its turn.
BUFFER_BYTES = 4 * 1024 * 1024
FRAME_MAX = 2048

Address = tuple[str, int]


class Hub:
    """Knows who is there, and repeats frames."""

    def __init__(self, port: int = 0) -> None:
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._sock.bind(("127.0.0.1", port))
        self._heard: dict[Address, float] = {}

    @property
    def port(self) -> int:
        """The UDP port, also if it was to be any."""
        return int(self._sock.getsockname()[1])

    def close(self) -> None:
        """Let serve() return, from another thread or a signal handler."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RD)
        self._sock.close()

    def serve(self) -> None:
        """Repeat frames until close() is called."""
        while self._sock.fileno() >= 0:
            try:
                frame, sender = self._sock.recvfrom(FRAME_MAX)
            except OSError:
                continue  # closed, or somebody to whom we sent has ended
            if sender is not None:
                self._repeat(frame, sender)

    def _repeat(self, frame: bytes, sender: Address) -> None:
        now = time.monotonic()
        self._heard[sender] = now
        if not frame:
            self._send(frame, sender)
            return
        for other, heard in list(self._heard.items()):
            if now - heard > SILENCE_S:
                del self._heard[other]
            elif other != sender:
                self._send(frame, other)

    def _send(self, frame: bytes, to: Address) -> None:
        with contextlib.suppress(OSError):
            self._sock.sendto(frame, to)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Join host firmwares on one network.")
    parser.add_argument("--port", type=int, default=7700, help="UDP port on 127.0.0.1; 0: any")
    args = parser.parse_args()
    if not 0 <= args.port <= 65535:
        parser.error(f"--port is {args.port}, allowed is 0 to 65535")
    try:
        hub = Hub(args.port)
    except OSError as error:
        print(f"hub.py: 127.0.0.1:{args.port} cannot be opened: {error.strerror}", file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: hub.close())
    print(f"hub on 127.0.0.1:{hub.port}", flush=True)
    hub.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
