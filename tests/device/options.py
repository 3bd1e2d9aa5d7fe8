# SPDX-License-Identifier: MIT
"""setsockopt and getsockopt."""

import struct
import socket
from devtest import check, done, equal, raises, tcp_pair

ANY, UDP, TCP = socket.SOL_SOCKET, socket.socket(2, 2), socket.socket()
for s in (UDP, TCP):
    for option in (socket.SO_REUSEADDR, socket.SO_KEEPALIVE, socket.SO_BROADCAST):
        for value in (1, 0, True, False, struct.pack("i", 1), b"\0"):
            s.setsockopt(ANY, option, value)
            wanted = bool(value[0] if isinstance(value, bytes) else value)
            equal(bool(s.getsockopt(ANY, option)), wanted, "option %d" % option)
    equal(s.getsockopt(ANY, socket.SO_ERROR), 0, "no error")
    s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 7)
    equal(s.getsockopt(socket.IPPROTO_IP, socket.IP_TTL), 7, "TTL")
    equal(s.getsockopt(socket.IPPROTO_IP, socket.IP_TTL, 4), struct.pack("i", 7), "as bytes")
    equal(s.getsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1), b"\x07", "as one byte")
    raises(OSError, 22, s.setsockopt, socket.IPPROTO_IP, socket.IP_TTL, 256)
    raises(OSError, 109, s.setsockopt, ANY, 0x7777, 1)
    raises(OSError, 109, s.setsockopt, 77, 1, 1)
    raises(OSError, 109, s.getsockopt, ANY, 0x7777)
    raises(OSError, 22, s.setsockopt, ANY, socket.SO_KEEPALIVE, b"123")
    raises(TypeError, None, s.setsockopt, ANY, socket.SO_KEEPALIVE, None)
    raises(TypeError, None, s.setsockopt, ANY, socket.SO_KEEPALIVE)
    raises(TypeError, None, s.setsockopt, ANY, "x", 1)
    e = raises(ValueError, None, s.getsockopt, ANY, socket.SO_KEEPALIVE, 65)
    check("65" in str(e), "the text names the size")
    raises(ValueError, None, s.getsockopt, ANY, socket.SO_KEEPALIVE, -1)

for value in (1, 0):
    TCP.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, value)
    equal(TCP.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), value, "TCP_NODELAY")
raises(OSError, 109, UDP.setsockopt, socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
client, server = tcp_pair()
client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
equal(client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), 1, "on a connection")
for s in (client, server, UDP, TCP):
    s.close()
    raises(OSError, 9, s.setsockopt, ANY, socket.SO_KEEPALIVE, 1)
    raises(OSError, 9, s.getsockopt, ANY, socket.SO_KEEPALIVE)
done()
