# SPDX-License-Identifier: MIT
"""What compat("pycom") changes, and what it leaves alone."""

import select
import socket
from devtest import HOST, check, done, equal, free_port, listener, raises, tcp_pair, udp_socket

equal(socket.compat("pycom"), "pycom", "the mode")
equal(socket.compat(), "pycom", "the mode stays")
a, b = tcp_pair()
u, to_u = udp_socket()
server, _ = listener()
for s in (a, u):
    s.setblocking(False)
    equal(s.recv(5), b"", "recv, nothing there")
    equal(s.recv(5000), b"", "a big recv, nothing there")
    raises(OSError, 11, s.recvfrom, 5)
    s.settimeout(0.05)
    e = raises(socket.timeout, 116, s.recv, 5)
    equal(e.args[0], "timed out", "args[0]")
    equal(str(e), "timed out", "text")
for call in (a.read, a.readline, a.readall):
    equal(call(), None, "after the timeout")
equal(a.readinto(bytearray(4)), None, "readinto after the timeout")
b.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else the second waits for an ACK
b.send(b"part")
equal(a.read(10), b"part", "what came so far")
b.send(b"line")
equal(a.readline(), b"line", "what came of a line")
server.settimeout(0.05)
e = raises(OSError, 11, server.accept)
check(not isinstance(e, socket.timeout), "accept does not time out")
equal(b.sendall(b"abc"), 3, "sendall returns the count")
c = socket.socket()
c.settimeout(1)
raises(OSError, 111, c.connect, free_port())
raises(OSError, 9, c.fileno)
c = socket.socket()
raises(OSError, 111, c.connect, free_port())
check(c.fileno() >= 0, "without a timeout the socket stays open")
equal(socket.getaddrinfo(HOST, 1), [(2, 1, 0, "", (HOST, 1))], "getaddrinfo")
poll = select.poll()
new = socket.socket()
poll.register(new)
equal(poll.poll(0), [], "poll of a new socket")
raises(OSError, 109, new.setsockopt, socket.SOL_SOCKET, 0x7777, 1)
check(not hasattr(new, "do_handshake"), "a plain socket has no do_handshake")
equal(b.send(b""), 0, "sending nothing")
with socket.socket(2, 2) as s:
    equal(s.sendto(b"", to_u), 0, "an empty datagram")
for s in (a, b, u, server, c, new):
    s.close()
equal(socket.compat("upstream"), "upstream", "back")
done()
