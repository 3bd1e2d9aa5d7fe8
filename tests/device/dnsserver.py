# SPDX-License-Identifier: MIT
"""socket.dnsserver(): read and set."""

import socket
from devtest import check, done, equal, raises

first = socket.dnsserver()
equal(len(first), 2, "there are two")
equal(socket.dnsserver(0), (0, first[0]), "one of them")
equal(socket.dnsserver(1, "10.1.2.3"), None, "setting")
equal(socket.dnsserver(1), (1, "10.1.2.3"), "what was set")
equal(socket.dnsserver(), (first[0], "10.1.2.3"), "both")
socket.dnsserver(1, "0.0.0.0")
equal(socket.dnsserver(1), (1, "0.0.0.0"), "unset")
for bad in (2, -1, 1000):
    e = raises(ValueError, None, socket.dnsserver, bad)
    check(str(e).startswith("Index out of range!"), "the text: %s" % e)
for bad in ("0", None, 0.0, 1 << 80):
    e = raises(ValueError, None, socket.dnsserver, bad)
    check(str(e).startswith("invalid argument(s) num/type"), "the text: %s" % e)
e = raises(ValueError, None, socket.dnsserver, 0, "1.2.3.4.5")
check("1.2.3.4.5" in str(e), "the text names the address")
raises(TypeError, None, socket.dnsserver, 0, 5)
raises(TypeError, None, socket.dnsserver, 0, "1.1.1.1", 0)
equal(socket.dnsserver(0), (0, first[0]), "nothing has changed")
done()
