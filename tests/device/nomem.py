# SPDX-License-Identifier: MIT
"""Each operation when the n-th allocation of the stack fails: an error, and no damage.

An operation succeeds, or raises OSError with a positive errno (getaddrinfo() an EAI_*
number) or MemoryError. Afterwards everything works and nothing is left in use.
"""

import _thread
import gc
import socket
import time
from _counters import host, used
from devtest import HOST, check, done, equal, listener, tcp_pair, udp_socket

NTH = range(1, 7)
SETTLE_S = 30
EAI = range(-299, -199)
refused = {}  # operation: how many allocations failed in it


def attempt(what, n, fn, *args):
    """fn(*args) while the n-th allocation fails; its value or None."""
    value = None
    before = host.net_stats()["heap"][2]
    host.fail_alloc(n)
    try:
        value = fn(*args)
        shown = "ok"
    except MemoryError:
        shown = "MemoryError"
    except OSError as e:
        shown = e.errno
        good = isinstance(shown, int) and (shown > 0 or what == "getaddrinfo" and shown in EAI)
        check(good, "%s, allocation %d: errno %r is positive" % (what, n, shown))
    finally:
        host.fail_alloc(0)
    failed = host.net_stats()["heap"][2] - before
    refused[what] = refused.get(what, 0) + failed
    return value


def new_socket(n):
    s = attempt("socket", n, socket.socket)
    if s is not None:
        s.close()
    s = attempt("socket", n, socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
    if s is not None:
        s.close()


def bind_listen(n):
    s = socket.socket()
    attempt("bind", n, s.bind, (HOST, 0))
    s.close()
    s = socket.socket()
    s.bind((HOST, 0))
    attempt("listen", n, s.listen, 2)
    s.close()


def connect(n):
    server, addr = listener()
    s = socket.socket()
    s.settimeout(8)
    attempt("connect", n, s.connect, addr)
    s.close()
    server.close()


def accept(n):
    server, addr = listener()
    server.settimeout(8)
    s = socket.socket()
    s.settimeout(8)
    s.connect(addr)
    found = attempt("accept", n, server.accept)
    if found is not None:
        found[0].close()
    s.close()
    server.close()


def stream(n):
    a, b = tcp_pair()
    sent = attempt("send", n, a.send, b"x" * 3000)
    if sent:
        equal(len(b.read(sent)), sent, "what send() took arrives")
    b.send(b"y" * 100)
    a.settimeout(8)
    data = attempt("recv", n, a.recv, 100)
    if data is not None:
        equal(data, b"y" * len(data), "what recv() gave")
    attempt("setsockopt", n, a.setsockopt, socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    a.close()
    b.close()


def datagram(n):
    s, addr = udp_socket()
    attempt("sendto", n, s.sendto, b"lost or not", addr)
    s.close()
    s, addr = udp_socket()
    s.settimeout(2)
    s.sendto(b"here", addr)
    found = attempt("recvfrom", n, s.recvfrom, 10)
    if found is not None:
        equal(found, (b"here", addr), "recvfrom")
    s.close()


def serve_names():
    """A DNS server that has 192.0.2.1 for every name."""
    while not stop:
        try:
            query, sender = names.recvfrom(512)
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
            names.sendto(query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:] + answer, sender)
        except (OSError, MemoryError):
            pass
    names.close()
    stop.append("stopped")


def resolve(n):
    info = attempt("getaddrinfo", n, socket.getaddrinfo, "name%d.test" % next(serial), 80)
    if info is not None:
        equal(info[0][4], ("192.0.2.1", 80), "getaddrinfo")


def works():
    """A full round of TCP and of UDP, and a name."""
    a, b = tcp_pair()
    a.sendall(b"z" * 10000)
    a.shutdown(socket.SHUT_WR)
    equal(len(b.read()), 10000, "TCP works")
    b.close()
    a.close()
    s, addr = udp_socket()
    s.sendto(b"ping", addr)
    equal(s.recvfrom(10), (b"ping", addr), "UDP works")
    s.close()
    name = "name%d.test" % next(serial)
    equal(socket.getaddrinfo(name, 80)[0][4], ("192.0.2.1", 80), "names work")


serial = iter(range(10000))
stop = []
names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind((HOST, 53))
names.settimeout(0.5)
old_dns = socket.dnsserver(0)[1]
socket.dnsserver(0, HOST)
_thread.start_new_thread(serve_names, ())
works()
works()
time.sleep(0.5)
gc.collect()
before = used()
check(host.net_stats()["tcp_time_wait"][0] > 0, "TIME_WAIT keeps the TCP timer in both counts")
for n in NTH:
    for operation in (new_socket, bind_listen, connect, accept, stream, datagram, resolve):
        operation(n)
works()
for _ in range(SETTLE_S * 10):  # a lost FIN or RST is sent again after seconds
    gc.collect()
    after = used()
    if after == before:
        break
    time.sleep(0.1)
for name in sorted(before):
    equal(after[name], before[name], "in use: %s" % name)
for what in ("socket", "listen", "connect", "send", "sendto", "getaddrinfo"):
    check(refused[what] > 0, "an allocation of %s failed" % what)
stop.append("stop")
for _ in range(50):
    if len(stop) == 2:
        break
    time.sleep(0.1)
socket.dnsserver(0, old_dns)
done()
