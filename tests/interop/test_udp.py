# SPDX-License-Identifier: MIT
"""UDP and ICMP of the firmware against CPython's sockets and the router."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from harness.firmware import GUEST, Firmware
from harness.servers import free_port

SIZES = (0, 1, 1400, 1472)  # 1472 fills one Ethernet frame

CLIENT = """\
import socket, sys
PEER = ("10.0.2.2", int(sys.argv[1]))
DATA = bytes(i * 7 % 251 for i in range(1472))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
"""

DATA = bytes(i * 7 % 251 for i in range(1472))


@pytest.fixture
def pc() -> Iterator[socket.socket]:
    """A datagram socket on the PC's loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.settimeout(5)
        yield s


def client(body: str, pc: socket.socket) -> Firmware:
    """A firmware whose script is body after the common beginning."""
    return Firmware(CLIENT + body, str(pc.getsockname()[1]))


@pytest.mark.parametrize("size", SIZES)
def test_there_and_back(pc: socket.socket, size: int) -> None:
    """The firmware sends, the PC answers; both know the other's address."""
    code = f"""
print("sent", s.sendto(DATA[:{size}], PEER))
data, peer = s.recvfrom(2000)
print("got", data == b"A" * {min(size, 1)} + DATA[1:{size}])
print("from", peer == PEER)
"""
    with client(code, pc) as firmware:
        data, peer = pc.recvfrom(2000)
        assert data == DATA[:size]
        pc.sendto(b"A" * min(size, 1) + data[1:], peer)
        assert firmware.check() == [f"sent {size}", "got True", "from True"]


def test_firmware_is_the_server() -> None:
    """Datagrams that come by a forward are answered to where they came from."""
    code = """
        import socket
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.settimeout(10)
        s.bind(("", 5683))
        print("ready")
        while True:
            data, peer = s.recvfrom(2000)
            s.sendto(data, peer)
            if data == b"quit":
                break
    """
    port = free_port(socket.SOCK_DGRAM)
    with (
        Firmware(code, forward=(f"udp:127.0.0.1:{port}:5683",)) as firmware,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
    ):
        assert firmware.line() == "ready"
        for s in (one, two):
            s.settimeout(5)
            s.connect(("127.0.0.1", port))
        for size in SIZES:
            one.send(DATA[:size])
            assert one.recv(2000) == DATA[:size]
        one.send(b"one")
        two.send(b"two")
        assert one.recv(2000) == b"one"
        assert two.recv(2000) == b"two"
        one.send(b"quit")
        assert one.recv(2000) == b"quit"
        firmware.check()


def test_connected(pc: socket.socket) -> None:
    """A connected socket needs no address, and takes datagrams of its peer only."""
    code = """
s.connect(PEER)
print(s.getpeername() == PEER)
print(s.send(b"hello"))
print(s.recv(100))
s.send(b"again")
print(s.recvfrom(100) == (b"second", PEER))
"""
    with (
        client(code, pc) as firmware,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        data, peer = pc.recvfrom(100)
        assert data == b"hello"
        stranger.sendto(b"strange", ("127.0.0.1", peer[1]))
        pc.sendto(b"first", peer)
        assert pc.recvfrom(100) == (b"again", peer)
        pc.sendto(b"second", peer)
        assert firmware.check() == ["True", "5", "b'first'", "True"]


def test_not_connected_hears_everybody(pc: socket.socket) -> None:
    """The counterpart of test_connected: here the stranger's datagram does arrive."""
    code = """
s.sendto(b"hello", PEER)
data, peer = s.recvfrom(100)
print(data, peer[0] == PEER[0], peer[1] == PEER[1])
"""
    with (
        client(code, pc) as firmware,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        _, peer = pc.recvfrom(100)
        stranger.sendto(b"strange", ("127.0.0.1", peer[1]))
        assert firmware.check() == ["b'strange' True False"]


def test_recv_cuts_a_datagram(pc: socket.socket) -> None:
    """What does not fit is gone; the next recv is the next datagram."""
    code = """
s.sendto(b"hello", PEER)
print(s.recv(10))
print(s.recv(4), s.recv(100))
buf = bytearray(5)
print(s.recv_into(buf), bytes(buf))
print(s.recvfrom(3)[0])
print(s.recv(100))
"""
    with client(code, pc) as firmware:
        _, peer = pc.recvfrom(100)
        for data in (b"0123456789abcdef", b"short", b"next", b"sixteen bytes...", b"qwe", b"end"):
            pc.sendto(data, peer)
        assert firmware.check() == [
            "b'0123456789'",
            "b'shor' b'next'",
            "5 b'sixte'",
            "b'qwe'",
            "b'end'",
        ]


PING = """\
import network, socket, struct, sys

def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF

def ping(host, number):
    payload = b"ping of usocket."
    head = struct.pack("!BBHHH", 8, 0, 0, 0x7531, number)
    head = struct.pack("!BBHHH", 8, 0, checksum(head + payload), 0x7531, number)
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    s.settimeout(5)
    s.sendto(head + payload, (host, 0))
    while True:
        packet, peer = s.recvfrom(200)
        icmp = packet[(packet[0] & 15) * 4:]
        if icmp[0] == 0:
            break
    s.close()
    assert packet[9] == 1 and packet[12:16] == bytes(map(int, host.split(".")))
    assert checksum(icmp) == 0
    print(peer[0], struct.unpack("!BBxxHH", icmp[:8]) == (0, 0, 0x7531, number), icmp[8:])

own = network.WLAN(network.WLAN.IF_STA).ifconfig()[0]
for number, host in enumerate(("10.0.2.2", own, "127.0.0.1")):
    ping(host, number)
"""


def test_ping() -> None:
    """The PC, the firmware's own address and its loopback answer an echo request."""
    with Firmware(PING) as firmware:
        assert firmware.check() == [
            f"{host} True b'ping of usocket.'" for host in ("10.0.2.2", GUEST, "127.0.0.1")
        ]
