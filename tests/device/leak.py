# SPDX-License-Identifier: MIT
"""10,000 rounds of opening, using and closing leave nothing behind.

Blocks of the C heap, lwIP's objects and descriptors are compared exactly. Only
TIME_WAIT is allowed for: after an orderly close lwIP keeps the pcb for 120 s, as TCP
demands, and gives the oldest away when it needs one. So most connections end with
unread data, that is with RST, which leaves no pcb; ORDERLY rounds end with FIN.
"""

import gc
import socket
import time
from _counters import collect, host, used
from devtest import check, done, equal, free_port, listener, udp_socket

ORDERLY = 250
MEM_SLACK = 1024  # the collector is conservative; less than a byte for each round


def udp(sock, addr):
    s, own = udp_socket()
    s.sendto(b"ping", own)
    data, sender = s.recvfrom(10)
    s.close()
    return data == b"ping" and sender == own


def unused(sock, addr):
    s = socket.socket()
    s.close()
    return True


def refused(sock, addr):
    s = socket.socket()
    try:
        s.connect(closed_addr)
    except OSError as e:
        s.close()
        return e.errno == 111
    return False


def connection(server, addr):
    """A connected pair that has carried data each way."""
    a = socket.socket()
    a.settimeout(10)
    a.connect(addr)
    b, _ = server.accept()
    b.settimeout(10)
    a.send(b"ping")
    ok = b.recv(10) == b"ping"
    b.send(b"pong")
    return a, b, ok and a.recv(2) == b"po"


def reset(server, addr):
    a, b, ok = connection(server, addr)
    a.close()  # "ng" is unread
    b.close()
    return ok


def orderly(server, addr):
    a, b, ok = connection(server, addr)
    ok = ok and a.recv(10) == b"ng"
    a.close()
    ok = ok and b.recv(1) == b""
    b.close()
    return ok


def dropped_tcp(server, addr):
    return connection(server, addr)[2]


def dropped_udp(server, addr):
    s, own = udp_socket()
    s.sendto(b"unread", own)
    return s.recv(10, socket.MSG_PEEK) == b"unread"


def dropped_unused(server, addr):
    return socket.socket().fileno() >= 0


def rounds(kind, number):
    """number rounds of a kind; how many did what they should."""
    server, addr = listener()
    good = 0
    for i in range(number):
        good += kind(server, addr)
        if i % 25 == 24:
            gc.collect()
    server.close()
    return good


KINDS = (
    (udp, 2500),
    (unused, 2000),
    (refused, 1500),
    (reset, 2000),
    (orderly, ORDERLY),
    (dropped_tcp, 500),
    (dropped_udp, 500),
    (dropped_unused, 750),
)
closed_addr = free_port()
equal(sum(number for _, number in KINDS), 10000, "rounds")

for kind, _ in KINDS:  # the timer of TCP runs, caches are filled
    equal(rounds(kind, 30), 30, "good rounds of %s" % kind.__name__)
collect()
time.sleep(0.5)
collect()
before = used()
check(host.net_stats()["tcp_time_wait"][0] > 0, "TIME_WAIT keeps the TCP timer in both counts")
mem_before = collect()

good = [0] * len(KINDS)
for i in range(len(KINDS)):
    good[i] = rounds(*KINDS[i])

for _ in range(50):  # the last segments are on their way for a moment
    mem_after = collect()
    after = used()
    if after == before:
        break
    time.sleep(0.1)
for (kind, number), number_good in zip(KINDS, good):
    equal(number_good, number, "good rounds of %s" % kind.__name__)
for name in sorted(before):
    equal(after[name], before[name], "in use: %s" % name)
check(
    mem_after <= mem_before + MEM_SLACK,
    "the MicroPython heap is as full as before: %d, not %d" % (mem_after, mem_before),
)
equal(host.net_stats()["heap"][2], 0, "refused allocations")
done()
