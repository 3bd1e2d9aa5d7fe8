# SPDX-License-Identifier: MIT
"""Ctrl-C ends every call that waits, and soon.

Each case prints "ready", and makes the call that must not return. Measured is the
time from the signal to the line that KeyboardInterrupt's handler prints.
"""

import socket
import ssl
import time
from collections.abc import Callable

import pytest
from harness.certs import Authority
from harness.firmware import PC, Firmware
from harness.servers import DnsServer, TcpServer

BOUND = 0.2  # s; what the firmware promises
TRIES = 5  # a busy PC may be late itself now and then

SETUP = f"""
import sys, socket, ssl, select, time
plain = ("{PC}", int(sys.argv[1]))
silent = ("{PC}", int(sys.argv[2]))
tls = ("{PC}", int(sys.argv[3]))
nobody = ("10.0.2.99", 80)

def tcp(to=plain):
    s = socket.socket()
    s.connect(to)
    return s

def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("", 5000))
    return s

def listener():
    s = socket.socket()
    s.bind(("", 80))
    s.listen(1)
    return s

def full():
    s = tcp()
    s.setblocking(False)
    p = select.poll()
    p.register(s, select.POLLOUT)
    while p.poll(500):
        s.send(bytes(4000))
    s.setblocking(True)
    return s

def poller(s):
    p = select.poll()
    p.register(s, select.POLLIN)
    return p

def in_thread(call):
    import _thread
    _thread.start_new_thread(call, (10,))
"""

# Name -> what comes before the call, and the call.
CASES = {
    "tcp recv": ("s = tcp()", "s.recv(10)"),
    "tcp recv with timeout": ("s = tcp(); s.settimeout(20)", "s.recv(10)"),
    "tcp recvfrom": ("s = tcp()", "s.recvfrom(10)"),
    "tcp recv_into": ("s = tcp()", "s.recv_into(bytearray(10))"),
    "tcp read": ("s = tcp()", "s.read(10)"),
    "tcp read all": ("s = tcp()", "s.read()"),
    "tcp readinto": ("s = tcp()", "s.readinto(bytearray(10))"),
    "tcp readline": ("s = tcp()", "s.readline()"),
    "udp recv": ("s = udp()", "s.recv(10)"),
    "udp recvfrom": ("s = udp()", "s.recvfrom(10)"),
    "accept": ("s = listener()", "s.accept()"),
    "connect": ("s = socket.socket()", "s.connect(nobody)"),
    "connect with timeout": ("s = socket.socket(); s.settimeout(15)", "s.connect(nobody)"),
    # POLLOUT is off a little before the last byte of room is taken.
    "send": ("s = full()", "while s.send(b'x' * 1000): pass"),
    "sendall": ("s = tcp()", "s.sendall(bytes(8_000_000))"),
    "write": ("s = tcp()", "s.write(bytes(8_000_000))"),
    "getaddrinfo": ("", "socket.getaddrinfo('never.example', 80)"),
    "connect to a name": ("s = socket.socket()", "s.connect(('never.example', 80))"),
    "tls connect": ("s = ssl.wrap_socket(socket.socket())", "s.connect(silent)"),
    "tls wrap_socket": ("s = tcp(silent)", "ssl.wrap_socket(s)"),
    "tls do_handshake": (
        "s = ssl.wrap_socket(tcp(silent), do_handshake_on_connect=False)",
        "s.do_handshake()",
    ),
    "tls recv": ("s = ssl.wrap_socket(tcp(tls))", "s.recv(10)"),
    "tls readline": ("s = ssl.wrap_socket(tcp(tls))", "s.readline()"),
    "tls write": ("s = ssl.wrap_socket(tcp(tls))", "s.write(bytes(8_000_000))"),
    "poll": ("p = poller(tcp())", "p.poll()"),
    "poll with timeout": ("p = poller(tcp())", "p.poll(20000)"),
    "ipoll": ("p = poller(tcp())", "list(p.ipoll())"),
    "poll tls": ("p = poller(ssl.wrap_socket(tcp(tls)))", "p.poll()"),
    "select": ("s = tcp()", "select.select([s], [], [])"),
    "sleep with a thread in recv": ("s = tcp(); in_thread(s.recv)", "time.sleep(20)"),
    "recv with a thread in recv": ("s = tcp(); t = tcp(); in_thread(t.recv)", "s.recv(1)"),
}

pytestmark = pytest.mark.usefixtures("own_network")


def wait_for_end(conn: socket.socket) -> None:
    """Handler: never send, never receive, stay until the test is over."""
    time.sleep(60)


def script(before: str, call: str) -> str:
    lines = ["try:", "    print('ready')", f"    {call}", "    print('returned')"]
    lines += ["except KeyboardInterrupt:", "    print('interrupted')"]
    return "\n".join([SETUP, before, *lines, "print('end')"])


def measure(firmware: Firmware) -> float:
    """Seconds from the signal to the exception, once the call waits."""
    firmware.expect("ready")
    time.sleep(0.15)
    assert "returned" not in firmware.output
    start = time.monotonic()
    firmware.interrupt()
    assert firmware.line(5) == "interrupted"
    return time.monotonic() - start


@pytest.mark.parametrize("name", CASES)
def test_interrupts(
    name: str, authority: Authority, record_property: Callable[[str, object], None]
) -> None:
    """KeyboardInterrupt within the bound, and the script goes on."""
    source = script(*CASES[name])
    cert = authority.leaf("interrupt", "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert.pem, cert.key)
    figures = []
    with (
        TcpServer(wait_for_end, rcvbuf=4096) as plain,
        TcpServer(wait_for_end) as silent,
        TcpServer(wait_for_end, context=context, rcvbuf=4096) as tls,
        DnsServer({"never.example": None}) as dns,
    ):
        ports = [str(server.port) for server in (plain, silent, tls)]
        for _ in range(TRIES):
            with Firmware(source, *ports, dns=dns.setting, heap="16M") as firmware:
                figures.append(measure(firmware))
                assert firmware.line() == "end"
            if figures[-1] < BOUND:
                break
    record_property("seconds", figures)
    print(f"{name}: {figures[-1] * 1000:.0f} ms")
    assert min(figures) < BOUND, figures


@pytest.mark.parametrize("wrap", ["s", "ssl.wrap_socket(s)"], ids=["tcp", "tls"])
def test_socket_works_afterwards(wrap: str, authority: Authority) -> None:
    """What comes after an interrupted recv is received by the next one."""
    context = None
    if wrap != "s":
        cert = authority.leaf("interrupt", "localhost")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert.pem, cert.key)

    def answer(conn: socket.socket) -> None:
        conn.sendall(conn.recv(100).upper())

    source = script(f"s = tcp(); s = {wrap}", "s.recv(10)")
    source += "\ns.send(b'later')\nprint(s.recv(10))\n"
    with (
        TcpServer(answer, context=context) as server,
        Firmware(source, *[str(server.port)] * 3) as firmware,
    ):
        measure(firmware)
        firmware.expect("end")
        assert firmware.line() == "b'LATER'"
        assert firmware.wait() == 0
