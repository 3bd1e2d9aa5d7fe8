# SPDX-License-Identifier: MIT
"""IP between a board and this PC: TCP, UDP and TLS, over whatever network the rig has."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fwlib import rigs
from fwlib.rigs import Rig
from harness.board import Board
from harness.boards import Boards
from harness.certs import Authority
from harness.servers import TcpServer, echo
from pytest_embedded.log import MessageQueue

HOST_NAME = "usocket.test"
PATIENCE_S = 60.0
CONNECT = """\
import network, time
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
if not wlan.isconnected():
    wlan.connect({ssid!r}, {key!r})
end = time.ticks_add(time.ticks_ms(), 20000)
while not wlan.isconnected() and time.ticks_diff(end, time.ticks_ms()) > 0:
    time.sleep_ms(100)
print(wlan.isconnected())
"""


@pytest.fixture
def online(
    rig: Rig, boards: Boards, msg_queue: MessageQueue, request: pytest.FixtureRequest
) -> Board:
    """A board with a network that leads to this PC."""
    if rig.kind == "host":
        board = boards.make(rig.boards[0], msg_queue, {"USOCKET_NET": "slirp"})
        board.prompt()
        return board
    board = request.getfixturevalue("board")
    board.prompt()
    board.set_clock()
    access = rigs.wifi(rig, os.environ.get)
    if access is not None:
        ssid, key = access
        assert board.exec(CONNECT.format(ssid=ssid, key=key), 40).strip() == "True"
    return board


@pytest.fixture
def pc(rig: Rig) -> tuple[str, str]:
    """The PC's address to listen on, and the one that the boards call."""
    if rig.peers.pc:
        return "127.0.0.1", rig.peers.pc
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        # Nothing is sent: the way out tells which address others see.
        s.connect(("192.0.2.1", 9))
        mine = s.getsockname()[0]
    return mine, mine


@contextlib.contextmanager
def udp_echo(address: str) -> Iterator[int]:
    """A UDP echo server; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((address, 0))
        s.settimeout(0.2)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    data, peer = s.recvfrom(2048)
                    s.sendto(data, peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield s.getsockname()[1]
        stop.set()
        thread.join(5)


EXCHANGE = """\
total = 0
for size in (1, 100, 1000, 5000):
    data = bytes(i & 255 for i in range(size))
    s.write(data)
    got = b""
    while len(got) < size:
        part = s.read(size - len(got))
        if not part:
            break
        got += part
    total += got == data
print(total)
s.close()
"""


def test_tcp_echo(online: Board, pc: tuple[str, str]) -> None:
    """5000 bytes there and back, in pieces of several sizes."""
    with TcpServer(echo, host=pc[0]) as server:
        code = f"import socket\ns = socket.socket()\ns.settimeout(20)\ns.connect(({pc[1]!r}, {server.port}))\n"
        assert online.exec(code + EXCHANGE, PATIENCE_S).strip() == "4"


def test_udp_echo(online: Board, pc: tuple[str, str]) -> None:
    """A datagram is answered; one may be lost on a radio, three may not."""
    with udp_echo(pc[0]) as port:
        code = (
            "import socket\n"
            "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.settimeout(3)\n"
            "for i in range(3):\n"
            f"    s.sendto(b'datagram', ({pc[1]!r}, {port}))\n"
            "    try:\n        print(s.recvfrom(64)[0])\n        break\n"
            "    except socket.timeout:\n        pass\n"
            "s.close()\n"
        )
        assert online.exec(code, PATIENCE_S).strip() == "b'datagram'"


def test_tls_echo(online: Board, pc: tuple[str, str], tmp_path: Path) -> None:
    """A verified certificate, and 5000 bytes there and back."""
    authority = Authority(tmp_path)
    cert = authority.leaf("server", HOST_NAME)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert.pem, cert.key)
    with TcpServer(echo, host=pc[0], context=context) as server:
        code = (
            "import socket, ssl\n"
            "context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n"
            f"context.load_verify_locations({authority.der.read_bytes()!r})\n"
            "s = socket.socket()\ns.settimeout(20)\n"
            f"s.connect(({pc[1]!r}, {server.port}))\n"
            f"s = context.wrap_socket(s, server_hostname={HOST_NAME!r})\n"
        )
        assert online.exec(code + EXCHANGE, PATIENCE_S).strip() == "4"
        wrong = code.replace(HOST_NAME, "somebody.else")
        refused = online.exec(
            "try:\n"
            + "".join(f"    {line}\n" for line in wrong.splitlines())
            + "    print('taken')\nexcept (OSError, ValueError) as e:\n    print('refused')\n",
            PATIENCE_S,
        )
        assert refused.strip() == "refused"


def test_connect_that_nobody_answers_ends_in_time(online: Board, pc: tuple[str, str]) -> None:
    """A timeout or a refusal, never a hang."""
    code = (
        "import socket, time\n"
        "s = socket.socket()\ns.settimeout(2)\nstart = time.ticks_ms()\n"
        f"try:\n    s.connect(({pc[1]!r}, 1))\n    print('connected')\n"
        "except OSError as e:\n    print(time.ticks_diff(time.ticks_ms(), start) < 4000)\n"
        "s.close()\n"
    )
    assert online.exec(code, PATIENCE_S).strip() == "True"
