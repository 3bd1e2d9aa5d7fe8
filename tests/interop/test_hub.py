# SPDX-License-Identifier: MIT
"""Two firmwares on a network of their own."""

from __future__ import annotations

from harness.firmware import Firmware

ONE = "10.77.0.1"
TWO = "10.77.0.2"


def pair(hub: int, one: str, two: str) -> tuple[list[str], list[str]]:
    """Run script one as 10.77.0.1; when it has printed "ready", two as 10.77.0.2.

    What each printed; one's after "ready".
    """
    with Firmware(one, net=f"hub:{hub},ip={ONE}/24") as first:
        first.expect("ready")
        before = len(first.output)
        with Firmware(two, net=f"hub:{hub},ip={TWO}/24") as second:
            printed = second.check(15)
            return first.check(15)[before:], printed


def test_tcp(hub: int) -> None:
    """Echo of 200 kB, with both addresses."""
    server = """
        import socket
        server = socket.socket()
        server.bind(("", 7))
        server.listen()
        server.settimeout(10)
        print("ready")
        s, peer = server.accept()
        print(peer[0], s.getsockname())
        while True:
            part = s.recv(4096)
            if not part:
                break
            s.sendall(part)
        s.close()
    """
    client = """
        import socket
        s = socket.socket()
        s.settimeout(10)
        s.connect(("10.77.0.1", 7))
        print(s.getpeername(), s.getsockname()[0])
        for i in range(100):
            block = bytes([i]) * 2000
            s.sendall(block)
            assert s.read(2000) == block, i
        s.shutdown(socket.SHUT_WR)
        print(s.read())
        s.close()
    """
    assert pair(hub, server, client) == (
        ["10.77.0.2 ('10.77.0.1', 7)"],
        ["('10.77.0.1', 7) 10.77.0.2", "b''"],
    )


def test_tcp_refused(hub: int) -> None:
    """The other firmware refuses a port where nobody listens."""
    idle = """
        import socket
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("", 9))
        s.settimeout(10)
        print("ready")
        print(s.recv(10))
    """
    client = """
        import socket
        s = socket.socket()
        s.settimeout(5)
        try:
            s.connect(("10.77.0.1", 9))
        except OSError as e:
            print(e.errno)
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"end", ("10.77.0.1", 9))
    """
    assert pair(hub, idle, client) == (["b'end'"], ["111"])


def test_udp(hub: int) -> None:
    """Datagrams there and back, up to a full Ethernet frame."""
    server = """
        import socket
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("10.77.0.1", 7))
        s.settimeout(10)
        print("ready")
        for i in range(4):
            data, peer = s.recvfrom(4000)
            print(len(data), peer)
            s.sendto(data, peer)
    """
    client = """
        import socket
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("", 5000))
        s.settimeout(5)
        for size in (0, 1, 1400, 1472):
            data = bytes(i % 253 for i in range(size))
            s.sendto(data, ("10.77.0.1", 7))
            print(s.recvfrom(4000) == (data, ("10.77.0.1", 7)))
    """
    assert pair(hub, server, client) == (
        [f"{size} ('10.77.0.2', 5000)" for size in (0, 1, 1400, 1472)],
        ["True"] * 4,
    )


def test_broadcast(hub: int) -> None:
    """SO_BROADCAST can be set and read; both broadcast addresses reach the others.

    It is not needed: the stack does not ask for it, as on an ESP32.
    """
    server = """
        import socket
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("", 6000))
        s.settimeout(10)
        print("ready")
        for i in range(2):
            data, peer = s.recvfrom(100)
            print(data, peer)
            s.sendto(b"heard", peer)
    """
    client = """
        import socket
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("", 6001))
        s.settimeout(5)
        print(s.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        print(s.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST))
        for data, to in ((b"network", "10.77.0.255"), (b"everybody", "255.255.255.255")):
            print(s.sendto(data, (to, 6000)))
            print(s.recvfrom(100))
    """
    assert pair(hub, server, client) == (
        ["b'network' ('10.77.0.2', 6001)", "b'everybody' ('10.77.0.2', 6001)"],
        ["0", "1", "7", f"(b'heard', ('{ONE}', 6000))", "9", f"(b'heard', ('{ONE}', 6000))"],
    )


def test_multicast(hub: int) -> None:
    """A group is heard between IP_ADD_MEMBERSHIP and IP_DROP_MEMBERSHIP, not else.

    Each multicast datagram is followed by a marker that goes straight to the
    listener, so that one that should not come is not waited for.
    """
    listener = """
        import socket
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("", 6000))
        s.settimeout(10)
        group = bytes([239, 1, 2, 3, 10, 77, 0, 1])

        def until_marker():
            heard = []
            while True:
                data, peer = s.recvfrom(100)
                if data == b"marker":
                    print(heard)
                    return peer
                heard.append(data)

        print("ready")
        peer = until_marker()
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        s.sendto(b"joined", peer)
        until_marker()
        s.setsockopt(socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, group)
        s.sendto(b"left", peer)
        until_marker()
        s.sendto(b"end", peer)
    """
    sender = """
        import socket
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.settimeout(5)
        for data in (b"before", b"within", b"after"):
            s.sendto(data, ("239.1.2.3", 6000))
            s.sendto(b"marker", ("10.77.0.1", 6000))
            print(s.recv(100))
    """
    assert pair(hub, listener, sender) == (
        ["[]", "[b'within']", "[]"],
        ["b'joined'", "b'left'", "b'end'"],
    )
