# SPDX-License-Identifier: MIT
"""Sockets in several threads."""

import _thread
import socket
import time
from devtest import check, done, equal, free_port, listener, tcp_pair

results = []


def start(fn, *args):
    def run():
        try:
            results.append(fn(*args))
        except Exception as e:
            results.append(e)

    _thread.start_new_thread(run, ())


def wait(n):
    end = time.ticks_add(time.ticks_ms(), 10000)
    while len(results) < n and time.ticks_diff(end, time.ticks_ms()) > 0:
        time.sleep_ms(5)
    equal(len(results), n, "threads that ended")


server, addr = listener()
for where in (addr, free_port(), addr, free_port()):
    s = socket.socket()
    s.settimeout(5)
    start(s.connect, where)
wait(4)
equal(len([r for r in results if r is None]), 2, "connected")
equal([r.errno for r in results if r is not None], [111, 111], "refused")
for _ in range(2):
    server.accept()[0].close()
server.close()

results.clear()
a, b = tcp_pair()
# Several windows of lwIP (5760) each way, and four of them fit into a board's heap.
SIZE = 20000
start(a.read, SIZE)
start(a.sendall, bytes(SIZE))
b.sendall(b"r" * SIZE)
equal(len(b.read(SIZE)), SIZE, "what the writer wrote")
wait(2)
check(b"r" * SIZE in results, "what the reader read")

for name, args in (("recv", (1,)), ("read", (1,)), ("readline", ()), ("recvfrom", (1,))):
    results.clear()
    a, b = tcp_pair()
    a.settimeout(None)
    start(getattr(a, name), *args)
    time.sleep_ms(100)
    a.close()
    wait(1)
    check(results and getattr(results[0], "errno", None) == 9, "a reader wakes: %r" % results)
    b.close()
results.clear()
server, _ = listener()
server.settimeout(None)
start(server.accept)
time.sleep_ms(100)
server.close()
wait(1)
check(results and getattr(results[0], "errno", None) == 9, "accept wakes: %r" % results)
done()
