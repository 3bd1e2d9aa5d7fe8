# SPDX-License-Identifier: MIT
"""Names: the firmware asks a DNS server of the test's own."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from harness.firmware import PC, Firmware
from harness.servers import DnsServer, TcpServer

NAMES: dict[str, str | None] = {
    "a.test": "192.0.2.7",
    "pc.test": PC,
    "alias.test": "=a.test",
    "dangling.test": "=nothing.test",
    "silent.test": None,
}

ERROR = """\
import socket, sys, time

def error(f, *args):
    try:
        return "no error: %r" % (f(*args),)
    except Exception as e:
        return "%s %s" % (type(e).__name__, e.args[0])
"""


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    """A DNS server that knows NAMES."""
    with DnsServer(NAMES) as server:
        yield server


def run(body: str, dns: DnsServer, *args: str) -> Firmware:
    """A firmware that asks dns, whose script is body after the common beginning."""
    return Firmware(ERROR + body, *args, dns=dns.setting)


def test_address(dns: DnsServer) -> None:
    """An A record; an address is not asked for."""
    code = """
(info,) = socket.getaddrinfo("a.test", 80)
print(info[0] == socket.AF_INET, info[1] == socket.SOCK_STREAM, info[3], info[4])
print(socket.getaddrinfo("198.51.100.1", 7)[0][4])
"""
    with run(code, dns) as firmware:
        assert firmware.check() == [
            "True True a.test ('192.0.2.7', 80)",
            "('198.51.100.1', 7)",
        ]
    assert dns.asked == ["a.test"]


def test_cname(dns: DnsServer) -> None:
    """An alias leads to the other name's address, or to nothing."""
    code = """
print(socket.getaddrinfo("alias.test", 443)[0][4])
print(error(socket.getaddrinfo, "dangling.test", 443))
"""
    with run(code, dns) as firmware:
        assert firmware.check() == ["('192.0.2.7', 443)", "OSError -202"]
    assert set(dns.asked) == {"alias.test", "dangling.test"}


def test_no_such_name(dns: DnsServer) -> None:
    """-202, in getaddrinfo and connect and sendto; 202 as Pycom's firmware has it."""
    code = """
print(error(socket.getaddrinfo, "none.test", 80))
s = socket.socket()
print(error(s.connect, ("none.test", 80)))
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print(error(u.sendto, b"x", ("none.test", 80)))
socket.compat("pycom")
print(error(socket.getaddrinfo, "none.test", 80))
print(socket.getaddrinfo("a.test", 80)[0][3:])
"""
    start = time.monotonic()
    with run(code, dns) as firmware:
        assert firmware.check() == [
            "OSError -202",
            "OSError -202",
            "OSError -202",
            "OSError 202",
            "('', ('192.0.2.7', 80))",
        ]
    assert time.monotonic() - start < 3
    assert set(dns.asked) == {"none.test", "a.test"}


def test_no_answer_ends(dns: DnsServer) -> None:
    """A server that says nothing is asked again, and then given up."""
    code = 'print(error(socket.getaddrinfo, "silent.test", 80))\n'
    start = time.monotonic()
    with run(code, dns) as firmware:
        assert firmware.check(25) == ["OSError -202"]
    assert time.monotonic() - start < 20
    assert dns.asked[:2] == ["silent.test"] * 2
    assert set(dns.asked) == {"silent.test"}


def test_waiting_for_an_answer_can_be_interrupted(dns: DnsServer) -> None:
    """Ctrl-C ends the wait at once, and the next name resolves."""
    code = """
print("asking")
try:
    print(error(socket.getaddrinfo, "silent.test", 80))
except KeyboardInterrupt:
    print("interrupted")
print(socket.getaddrinfo("a.test", 80)[0][4])
"""
    with run(code, dns) as firmware:
        assert firmware.line() == "asking"
        deadline = time.monotonic() + 5
        while not dns.asked and time.monotonic() < deadline:
            time.sleep(0.01)
        assert dns.asked
        pressed = time.monotonic()
        firmware.interrupt()
        assert firmware.line(5) == "interrupted"
        assert time.monotonic() - pressed < 0.5
        assert firmware.check()[2:] == ["('192.0.2.7', 80)"]


def test_connect_and_sendto_take_names(dns: DnsServer) -> None:
    code = """
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.sendto(b"datagram", ("pc.test", int(sys.argv[2])))
s = socket.socket()
s.settimeout(5)
s.connect(("pc.test", int(sys.argv[1])))
print(s.getpeername()[0], s.read())
s.close()
"""
    with (
        TcpServer(lambda conn: conn.sendall(b"hello")) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        datagrams.bind(("127.0.0.1", 0))
        datagrams.settimeout(5)
        udp_port = datagrams.getsockname()[1]
        with run(code, dns, str(server.port), str(udp_port)) as firmware:
            assert firmware.check() == [f"{PC} b'hello'"]
        assert datagrams.recv(100) == b"datagram"
    assert set(dns.asked) == {"pc.test"}
    assert not server.failures


def test_dnsserver_shows_and_sets(dns: DnsServer) -> None:
    """Setting another server has an effect: the first one here is not there."""
    code = """
print(socket.dnsserver(), socket.dnsserver(0))
socket.dnsserver(0, "10.0.2.2")
print(socket.dnsserver(0), socket.dnsserver())
print(socket.getaddrinfo("a.test", 80)[0][4])
"""
    setting = f"10.0.2.99:{dns.port}"
    with Firmware(ERROR + code, dns=setting) as firmware:
        assert firmware.check() == [
            "('10.0.2.99', '0.0.0.0') (0, '10.0.2.99')",
            "(0, '10.0.2.2') ('10.0.2.2', '0.0.0.0')",
            "('192.0.2.7', 80)",
        ]
    assert dns.asked == ["a.test"]


def test_second_server_takes_over(dns: DnsServer) -> None:
    """When the first DNS server does not answer, the second is asked."""
    code = """
socket.dnsserver(1, "10.0.2.2")
print(socket.dnsserver())
print(socket.getaddrinfo("a.test", 80)[0][4])
"""
    with Firmware(ERROR + code, dns=f"10.0.2.99:{dns.port}") as firmware:
        assert firmware.check() == ["('10.0.2.99', '10.0.2.2')", "('192.0.2.7', 80)"]
    assert set(dns.asked) == {"a.test"}


def test_no_server() -> None:
    """Without any DNS server the failure comes at once."""
    code = """
socket.dnsserver(0, "0.0.0.0")
socket.dnsserver(1, "0.0.0.0")
start = time.ticks_ms()
print(error(socket.getaddrinfo, "a.test", 80))
print(time.ticks_diff(time.ticks_ms(), start) < 1000)
"""
    with Firmware(ERROR + code) as firmware:
        assert firmware.check() == ["OSError -202", "True"]


def test_wrong_names(dns: DnsServer) -> None:
    """Names and addresses that cannot be, and ports: told at once, not asked for."""
    code = """
for host in ("a" * 256, "a b", ".", "x\\0y", "256.1.1.1", "1.2.3.4.5", None, 5):
    print(error(socket.getaddrinfo, host, 80).split()[0])
for port in (-1, 65536, None):
    print(error(socket.getaddrinfo, "a.test", port).split()[0])
s = socket.socket()
for address in (("a.test", 65536), ("a b", 80), (None, 80), ("a.test",), "a.test"):
    print(error(s.connect, address).split()[0])
"""
    with run(code, dns) as firmware:
        output = firmware.check()
    assert output == (
        ["ValueError"] * 6
        + ["TypeError"] * 2
        + ["ValueError", "ValueError", "TypeError"]
        + ["ValueError", "ValueError", "TypeError", "ValueError", "TypeError"]
    )
    assert dns.asked == []


@pytest.mark.parametrize(
    "name",
    ["a" * 64 + ".test", "a" * 255, "a..test", ".test"],
    ids=["64 bytes", "255 bytes", "empty", "empty first"],
)
def test_labels_that_no_query_can_hold(dns: DnsServer, name: str) -> None:
    """A label has 1 to 63 bytes: any other would make a malformed query."""
    code = """
print("asking")
print(error(socket.getaddrinfo, sys.argv[1], 80).split()[0])
"""
    with run(code, dns, name) as firmware:
        assert firmware.line() == "asking"
        assert firmware.line(2) == "ValueError"
        firmware.check()
    assert dns.asked == []


def test_longest_label_and_final_dot(dns: DnsServer) -> None:
    """63 bytes are a label, and a dot at the end belongs to a full name."""
    longest = "a" * 63 + ".test"
    dns.names[longest] = "192.0.2.9"
    code = """
for name in ("a" * 63 + ".test", "a.test."):
    print(error(lambda: socket.getaddrinfo(name, 80)[0][4][0]))
"""
    with run(code, dns) as firmware:
        assert firmware.check() == ["no error: '192.0.2.9'", "no error: '192.0.2.7'"]
    assert dns.asked == [longest, "a.test"]
