# SPDX-License-Identifier: MIT
"""TLS connections, good ones and refused ones, leave nothing behind.

lwIP's objects, the descriptors and both heaps are compared. TIME_WAIT is allowed for:
lwIP keeps the pcb of an orderly close for 120 s, as TCP demands.
"""

import errno
import gc
import socket
import ssl
import time

import _certs
from _ssltest import NAME, Server, tcp, verified, wrap_server
from _counters import collect, host, used
from devtest import check, done, equal, tcp_pair

GOOD = 100
BAD = 50
VERIFY_FAILED = -9984
FATAL_ALERT = -30592
PAGES_SLACK = 64  # 256 KB; a TLS connection has some 40 KB, and there are 150
MEM_SLACK = 2048  # the collector is conservative; a TLS connection takes far more


def pages():
    """The memory of the process: mbedTLS's C heap has no counters of its own."""
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1])


def orderly():
    """A connection that ends with FIN, so that a pcb is in TIME_WAIT."""
    a, b = tcp_pair()
    a.close()
    equal(b.recv(1), b"", "the end")
    b.close()


def prompt(sock):
    """sock, not held up by Nagle and the peer's delayed ACK: 750 ms for each handshake."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def wrap(sock):
    return wrap_server(prompt(sock))


def answer(tls):
    tls.sendall(tls.recv(4))


def good(number):
    """Connections that carry data; every second one is left to the collector."""
    server = Server(answer, wrap, count=number)
    worked = 0
    for i in range(number):
        s = verified(prompt(tcp(server.addr)))
        s.write(b"ping")
        worked += s.read(4) == b"ping"
        if i % 2:
            s.close()
        s = None
        gc.collect()
    server.join()
    return worked, len(server.errors)


def bad(number):
    """Connections the client refuses; how many with the right errors on both sides."""
    server = Server(answer, wrap, count=number)
    refused = 0
    for _ in range(number):
        sock = prompt(tcp(server.addr))
        try:
            ssl.wrap_socket(
                sock,
                cert_reqs=ssl.CERT_REQUIRED,
                cadata=_certs.STRANGER,
                server_hostname=NAME,
            )
        except OSError as e:
            refused += e.args[0] == VERIFY_FAILED
        sock.close()
        gc.collect()
    server.join()
    # The client closes with unread records: its RST may overtake the alert.
    return refused, sum(e.args[0] in (FATAL_ALERT, errno.ECONNRESET) for e in server.errors)


equal(good(6), (6, 0), "good connections")
equal(bad(6), (6, 6), "refused connections")
orderly()
time.sleep(0.5)
collect()
before = used()
check(host.net_stats()["tcp_time_wait"][0] > 0, "TIME_WAIT keeps the TCP timer in both counts")
pages_before = pages()
mem_before = collect()

good_ones = good(GOOD)
bad_ones = bad(BAD)

for _ in range(50):  # the server's thread and the last segments need a moment
    mem_after = collect()
    after = used()
    if after == before:
        break
    time.sleep(0.1)
equal(good_ones, (GOOD, 0), "good connections, errors of the server")
equal(bad_ones, (BAD, BAD), "refused connections, errors of the server")
for name in sorted(before):
    equal(after[name], before[name], "in use: %s" % name)
check(
    mem_after <= mem_before + MEM_SLACK,
    "the MicroPython heap is as full as before: %d, not %d" % (mem_after, mem_before),
)
grown = pages() - pages_before
check(grown < PAGES_SLACK, "the process has not grown by %d pages" % grown)
done()
