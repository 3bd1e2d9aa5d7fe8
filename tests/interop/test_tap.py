# SPDX-License-Identifier: MIT
"""The firmware as a station on a TAP device of the PC: Linux's own TCP/IP is the peer."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.closing import Closing
from harness.firmware import Firmware
from harness.servers import TcpServer

TUN = Path("/dev/net/tun")
TUNSETIFF, TUNSETPERSIST = 0x400454CA, 0x400454CB
IFF_TAP, IFF_NO_PI, IFF_UP = 0x0002, 0x1000, 0x1
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8914, 0x8916, 0x891C
NAME = b"usockettap0"
PC, BOARD = "10.77.0.1", "10.77.0.2"
# DHCP (RFC 2131, RFC 2132)
COOKIE = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5


def set_address(request: int, ip: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        addr = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(ip))
        fcntl.ioctl(s, request, struct.pack("16s16s8x", NAME, addr))


@pytest.fixture(scope="module")
def tap(own_network: bool) -> Iterator[str]:
    """A TAP device that is up, with the PC's address on it; its name."""
    if not own_network:
        pytest.skip("needs a network of its own (root, or user namespaces)")
    try:
        fd = os.open(TUN, os.O_RDWR)
    except OSError as e:
        pytest.skip(f"cannot open {TUN}: {e.strerror}")
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", NAME, IFF_TAP | IFF_NO_PI))
    fcntl.ioctl(fd, TUNSETPERSIST, 1)
    os.close(fd)
    set_address(SIOCSIFADDR, PC)
    set_address(SIOCSIFNETMASK, "255.255.255.0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH22x", NAME, IFF_UP))
    yield NAME.decode()
    fd = os.open(TUN, os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", NAME, IFF_TAP | IFF_NO_PI))
    fcntl.ioctl(fd, TUNSETPERSIST, 0)
    os.close(fd)


class DhcpServer(Closing):
    """Gives BOARD to whoever asks on the TAP device."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, NAME)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.socket.bind(("", 67))
        self.socket.settimeout(0.2)
        self.ending = False
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        while not self.ending:
            try:
                asked = self.socket.recv(2000)
            except TimeoutError:
                continue
            kind = asked[asked.index(b"\x35\x01", 240) + 2]
            if kind in (DISCOVER, REQUEST):
                self.answer(asked, OFFER if kind == DISCOVER else ACK)

    def answer(self, asked: bytes, kind: int) -> None:
        head = b"\x02" + asked[1:4] + asked[4:8] + bytes(8)
        head += socket.inet_aton(BOARD) + bytes(8) + asked[28:44] + bytes(192)
        pc = socket.inet_aton(PC)
        options = bytes((53, 1, kind)) + b"\x36\x04" + pc + b"\x33\x04\x00\x00\x0e\x10"
        options += b"\x01\x04\xff\xff\xff\x00" + b"\x03\x04" + pc + b"\x06\x04" + pc + b"\xff"
        self.socket.sendto(head + COOKIE + options, ("255.255.255.255", 68))

    def close(self) -> None:
        self.ending = True
        self.thread.join()
        self.socket.close()


def shout(conn: socket.socket) -> None:
    while data := conn.recv(100):
        conn.sendall(data.upper())


CLIENT_AND_SERVER = """
import network, socket, sys
print(network.WLAN(network.STA_IF).ifconfig())
with socket.socket() as s:
    s.settimeout(5)
    s.connect((sys.argv[1], int(sys.argv[2])))
    s.write(b"over tap\\n")
    print(s.readline())
server = socket.socket()
server.bind(("", 80))
server.listen(1)
server.settimeout(10)
print("listening")
conn, peer = server.accept()
print(peer[0], conn.readline())
conn.write(b"welcome\\n")
conn.close()
"""


def meet(net: str) -> list[str]:
    """Both ways over net; what the firmware printed."""
    with (
        TcpServer(shout, host=PC) as server,
        Firmware(CLIENT_AND_SERVER, PC, str(server.port), net=net) as firmware,
    ):
        firmware.expect("listening")
        with socket.create_connection((BOARD, 80), timeout=5) as s:
            s.sendall(b"hello board\n")
            assert s.makefile().readline() == "welcome\n"
        return firmware.check()


def test_fixed_address(tap: str) -> None:
    """TCP both ways between the firmware and Linux."""
    lines = meet(f"tap:{tap},ip={BOARD}/24,gw={PC}")
    assert lines[0] == f"('{BOARD}', '255.255.255.0', '{PC}', '0.0.0.0')"
    assert lines[1:] == ["b'OVER TAP\\n'", "listening", f"{PC} b'hello board\\n'"]


def test_address_by_dhcp(tap: str) -> None:
    """The server's answer is what ifconfig() says."""
    with DhcpServer():
        lines = meet(f"tap:{tap}")
    assert lines[0] == f"('{BOARD}', '255.255.255.0', '{PC}', '{PC}')"


@pytest.mark.parametrize(
    "call", ["import socket", "import network; network.WLAN()"], ids=["socket", "WLAN"]
)
def test_interrupt_while_nobody_gives_an_address(tap: str, call: str) -> None:
    """The wait for DHCP ends soon after Ctrl-C, and the network works all the same."""
    source = f"""
    try:
        print("ready")
        {call}
        print("returned")
    except KeyboardInterrupt:
        print("interrupted")
    import socket
    a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    a.bind(("127.0.0.1", 7))
    a.sendto(b"works", ("127.0.0.1", 7))
    print(a.recv(9))
    """
    figures = []
    for _ in range(5):
        with Firmware(source, net=f"tap:{tap}") as firmware:
            firmware.expect("ready")
            time.sleep(0.3)
            start = time.monotonic()
            firmware.interrupt()
            assert firmware.line() == "interrupted"
            figures.append(time.monotonic() - start)
            assert firmware.check()[-1] == "b'works'"
        if figures[-1] < 0.2:
            return
    raise AssertionError(f"seconds until KeyboardInterrupt: {figures}")
