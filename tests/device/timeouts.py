# SPDX-License-Identifier: MIT
"""Every wait ends when its timeout has passed."""

import socket
import time
from devtest import check, done, equal, listener, raises, roomy, tcp_pair, udp_socket

BIG = 200000 if roomy() else 40000  # more than fits the buffers of both ends

server, _ = listener()
udp, to_udp = udp_socket()
a, b = tcp_pair()
for s, call, args in (
    (server, server.accept, ()),
    (udp, udp.recv, (1,)),
    (udp, udp.recvfrom, (1,)),
    (a, a.recv, (1,)),
    (a, a.read, (1,)),
    (a, a.readline, ()),
    (a, a.recv_into, (bytearray(3),)),
    (a, a.readinto, (bytearray(3),)),
    (a, a.sendall, (bytes(BIG),)),
):
    s.settimeout(0.2)
    start = time.ticks_ms()
    e = raises(socket.timeout, 116, call, *args)
    took = time.ticks_diff(time.ticks_ms(), start)
    check(190 <= took < 1500, "%s waited %d ms, not 200" % (call, took))
    equal(str(e), "timed out", "the text")
    equal(e.args[0], 116, "the number")

for value, wanted in ((None, None), (0, 0), (1, 1), (2.5, 2.5), (-1, None), (1e12, None)):
    udp.settimeout(value)
    equal(udp.gettimeout(), wanted, "settimeout(%r)" % value)
udp.settimeout(0.0001)
check(udp.gettimeout() > 0, "a tiny wait is a wait")
udp.setblocking(False)
equal(udp.gettimeout(), 0, "setblocking(False)")
udp.setblocking(True)
equal(udp.gettimeout(), None, "setblocking(True)")
raises(TypeError, None, udp.settimeout, "1")
raises(ValueError, None, udp.settimeout, float("nan"))
for s in (server, udp, a, b):
    s.close()
    raises(OSError, 9, s.settimeout, 1)
done()
