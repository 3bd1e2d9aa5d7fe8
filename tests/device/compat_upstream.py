# SPDX-License-Identifier: MIT
"""The default behaviour, where Pycom's firmware and upstream disagree."""

import select
import socket
from devtest import HOST, check, done, equal, free_port, listener, raises, tcp_pair, udp_socket

equal(socket.compat(), "upstream", "the default")
raises(ValueError, None, socket.compat, "other")
raises(TypeError, None, socket.compat, 1)
a, b = tcp_pair()
u, _ = udp_socket()
server, _ = listener()
for s in (a, u):
    s.setblocking(False)
    raises(OSError, 11, s.recv, 5)
    raises(OSError, 11, s.recvfrom, 5)
    s.settimeout(0.05)
    equal(raises(socket.timeout, 116, s.recv, 5).args[0], 116, "args[0]")
for call in (a.read, a.readline, a.readall):
    raises(socket.timeout, 116, call)
raises(socket.timeout, 116, a.readinto, bytearray(4))
server.settimeout(0.05)
raises(socket.timeout, 116, server.accept)
equal(b.sendall(b"abc"), None, "sendall returns")
c = socket.socket()
c.settimeout(1)
raises(OSError, 111, c.connect, free_port())
check(c.fileno() >= 0, "a failed connect leaves the socket open")
equal(socket.getaddrinfo(HOST, 1)[0][3], HOST, "the name in the result")
poll = select.poll()
new = socket.socket()
poll.register(new)
equal(poll.poll(0)[0][1], select.POLLOUT | select.POLLHUP, "poll of a new socket")
raises(OSError, 109, new.setsockopt, socket.SOL_SOCKET, 0x7777, 1)
check(not hasattr(new, "do_handshake"), "a plain socket has no do_handshake")
equal(b.send(b""), 0, "sending nothing")
for s in (a, b, u, server, c, new):
    s.close()
done()
