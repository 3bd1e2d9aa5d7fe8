# SPDX-License-Identifier: MIT
"""Addresses: what is accepted, and ValueErrors that name the value."""

import socket
from devtest import HOST, check, done, equal, raises

s = socket.socket(2, 2)
s.bind(("", 0))
equal(s.getsockname()[0], "0.0.0.0", "'' is every interface")
port = s.getsockname()[1]
check(0 < port < 65536, "port 0 takes a free one")
s.close()

for addr in ((HOST, 0), [HOST, 0], ("localhost", 0), (HOST, 50123)):
    with socket.socket(2, 2) as s:
        s.bind(addr)
        equal(s.getsockname()[0], HOST, "bound to %r" % (addr,))
        if addr[1]:
            equal(s.getsockname()[1], addr[1], "the port asked for")

s = socket.socket(2, 2)
for call in (s.bind, s.connect, lambda addr: s.sendto(b"x", addr)):
    for bad in ("1.2.3", "1.2.3.4.5", "256.1.1.1", "1..2.3", "1.2.3.999"):
        e = raises(ValueError, None, call, (bad, 80))
        check(bad in str(e), "the text names %s: %s" % (bad, e))
    for bad in (-1, 65536, 1000000):
        e = raises(ValueError, None, call, (HOST, bad))
        check(str(bad) in str(e), "the text names port %d: %s" % (bad, e))
    raises(ValueError, None, call, (HOST,))
    raises(ValueError, None, call, (HOST, 80, 0, 0))
    raises(ValueError, None, call, ())
    for bad in (
        None,
        80,
        "127.0.0.1",
        ("x", "y"),
        (HOST, "80"),
        (HOST, None),
        (5, 80),
        (None, 80),
    ):
        raises((TypeError, ValueError), None, call, bad)
    raises((ValueError, OverflowError), None, call, (HOST, 1 << 70))
    raises((ValueError, OSError), None, call, ("a\0b", 80))
    raises((ValueError, OSError), None, call, ("x" * 300, 80))
s.close()

# SO_REUSEADDR is on: two sockets may have one address, but only one may listen.
a = socket.socket()
a.bind((HOST, 0))
a.listen(1)
b = socket.socket()
b.bind(a.getsockname())
raises(OSError, 112, b.listen)
a.close()
b.close()
a = socket.socket()
a.bind((HOST, 0))
raises(OSError, 22, a.bind, (HOST, 0))
a.close()
done()
