# SPDX-License-Identifier: MIT
"""socket.socket(): defaults, arguments, kinds, the limit of ten, with, printing."""

import gc
import socket
from devtest import check, done, equal, raises

for args in (
    (),
    (socket.AF_INET,),
    (2, 1),
    (2, 2),
    (2, 3, 1),
    (2, 1, 6),
    (2, 2, 17),
    (2, 1, 6, None),
    (2, 1, 0),
):
    with socket.socket(*args) as s:
        check("socket" in str(s), "%r prints as a socket" % (args,))
        check(s.fileno() >= 0, "%r has a number" % (args,))
        equal(s.gettimeout(), None, "a new socket blocks")
    check("closed" in str(s), "a closed socket says so")
equal(socket.socket().getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR), 1, "SO_REUSEADDR is on")

e = raises(OSError, 106, socket.socket, 99)
check("99" in str(e), "the text names the family")
raises(OSError, 106, socket.socket, 10)
e = raises(OSError, None, socket.socket, 2, 9)
check("incorrect socket type" in str(e), "the text says what is wrong")
raises(OSError, None, socket.socket, 2, 0)
raises(ValueError, None, socket.socket, 2, 3, 256)
raises(ValueError, None, socket.socket, 2, 3, -1)
raises(TypeError, None, socket.socket, "AF_INET")
raises(TypeError, None, socket.socket, 2, None)
raises(TypeError, None, socket.socket, 2, 1, 6, None, 5)
raises(TypeError, None, lambda: socket.socket(family=2))

gc.collect()
many = []
try:
    for i in range(20):
        many.append(socket.socket())
except OSError as e:
    equal(e.errno, 23, "too many sockets")
equal(len(many), 10, "sockets at a time")
many.pop().close()
many.append(socket.socket())
many.clear()
s = None
for i in range(50):
    s = socket.socket(2, 2)  # forgotten ones are collected when they are needed
check(s.fileno() >= 0, "forgotten sockets are closed")

try:
    with socket.socket() as s:
        raise KeyError
except KeyError:
    raises(OSError, 9, s.fileno)
with socket.socket() as t:
    pass
t.close()
t.close()
equal(t.__enter__(), t, "with gives the socket")
done()
