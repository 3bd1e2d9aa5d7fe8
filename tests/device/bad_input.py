# SPDX-License-Identifier: MIT
"""Wrong arguments and closed sockets: an exception, never a crash."""

import socket
from devtest import HOST, done, equal, raises, tcp_pair, udp_socket

ADDR = (HOST, 9)
# method -> arguments that are right
CALLS = {
    "bind": (ADDR,),
    "listen": (1,),
    "accept": (),
    "connect": (ADDR,),
    "shutdown": (2,),
    "getpeername": (),
    "getsockname": (),
    "send": (b"x",),
    "sendall": (b"x",),
    "sendto": (b"x", ADDR),
    "recv": (1,),
    "recvfrom": (1,),
    "recv_into": (bytearray(1),),
    "settimeout": (1,),
    "setblocking": (True,),
    "setsockopt": (4095, 4, 1),
    "getsockopt": (4095, 4),
    "fileno": (),
    "read": (1,),
    "readall": (),
    "readinto": (bytearray(1),),
    "readline": (),
    "write": (b"x",),
}
WRONG = (None, "text", 1.5, -1, 1 << 30, 1 << 62, 1 << 100, (), [], {}, object(), b"", bytearray())

for kind in (1, 2, 3):
    s = socket.socket(2, kind)
    s.close()
    for name, args in CALLS.items():
        raises(OSError, 9, getattr(s, name), *args)
    for name, args in CALLS.items():
        raises(TypeError, None, getattr(s, name), *(args + (1,) * 5))
    s.close()

# Whatever the arguments, the call returns or raises one of these.
GOOD = (OSError, TypeError, ValueError, OverflowError, MemoryError, NotImplementedError)


def call(fn, *args):
    try:
        fn(*args)
    except GOOD:
        pass
    equal(True, True, "survived")


for kind in (1, 2, 3):
    for name, args in CALLS.items():
        s = socket.socket(2, kind)
        for i in range(len(args)):
            for wrong in WRONG:
                s.setblocking(False)
                call(getattr(s, name), *(args[:i] + (wrong,) + args[i + 1 :]))
        s.close()
a, b = tcp_pair()
for name in ("recv", "recvfrom"):
    raises(ValueError, None, getattr(a, name), -1)
    raises((MemoryError, OverflowError), None, getattr(a, name), 1 << 40)
    raises(ValueError, None, getattr(a, name), 1, 0x80)
for huge in (1 << 32, -(1 << 40), 1 << 62):  # where an int has 64 bits too
    raises(OverflowError, None, a.shutdown, huge)
    raises(OverflowError, None, a.setsockopt, 4095, 8, huge)
    raises(OverflowError, None, a.setsockopt, huge, 4, 1)
    raises(OverflowError, None, a.setsockopt, 4095, huge, 1)
    raises(OverflowError, None, a.getsockopt, huge, 4)
    raises(OverflowError, None, a.getsockopt, 4095, huge)
    raises(OverflowError, None, socket.socket, huge | 2)
    raises(OverflowError, None, socket.socket, 2, huge | 1)
    raises(OverflowError, None, socket.socket, 2, 3, huge | 1)
    raises((ValueError, OverflowError), None, a.sendto, b"x", (HOST, huge | 9))
raises(ValueError, None, a.recv_into, bytearray(3), 4)
raises(ValueError, None, a.recv_into, bytearray(3), -1)
raises(TypeError, None, a.recv_into, b"123")
raises(TypeError, None, a.send, 5)
raises(TypeError, None, a.send, None)
raises(TypeError, None, a.recv, "1")
equal(b.send(b"still fine"), 10, "send")
equal(a.recv(20), b"still fine", "recv")
a.close()
b.close()
u, addr = udp_socket()
equal(u.sendto(b"fine", addr), 4, "sendto")
equal(u.recv(9), b"fine", "recv")
u.close()
done()
