# SPDX-License-Identifier: MIT
"""getaddrinfo: numbers, localhost, failures."""

import socket
from devtest import HOST, check, done, equal, raises

equal(socket.getaddrinfo(HOST, 80), [(2, 1, 0, HOST, (HOST, 80))], "a number")
equal(socket.getaddrinfo("localhost", 80)[0][4], (HOST, 80), "localhost")
equal(socket.getaddrinfo("localhost", 80)[0][3], "localhost", "the name")
equal(socket.getaddrinfo(HOST, "80")[0][4][1], 80, "the port as text")
equal(socket.getaddrinfo("0.0.0.0", 0)[0][4], ("0.0.0.0", 0), "any")
info = socket.getaddrinfo(HOST, 9, socket.AF_INET, socket.SOCK_DGRAM, 17, 0)
equal(info[0][:3], (2, 2, 17), "family, type and protocol")
equal(len(info), 1, "one answer")

socket.dnsserver(0, "0.0.0.0")
socket.dnsserver(1, "0.0.0.0")
raises(OSError, -202, socket.getaddrinfo, "no.such.host.invalid", 80)
raises(OSError, -204, socket.getaddrinfo, HOST, 80, 10)
socket.compat("pycom")
raises(OSError, 202, socket.getaddrinfo, "no.such.host.invalid", 80)
equal(socket.getaddrinfo("localhost", 80), [(2, 1, 0, "", (HOST, 80))], "Pycom's answer")
socket.compat("upstream")

for bad in ("1.2.3.4.5", "300.1.1.1", "1.2.3"):
    e = raises(ValueError, None, socket.getaddrinfo, bad, 80)
    check(bad in str(e), "the text names the host: %s" % e)
for bad in (-1, 65536, "http"):
    raises(ValueError, None, socket.getaddrinfo, HOST, bad)
raises(TypeError, None, socket.getaddrinfo, HOST, None)
raises(TypeError, None, socket.getaddrinfo, None, 80)
raises(TypeError, None, socket.getaddrinfo, HOST)
raises(TypeError, None, socket.getaddrinfo, HOST, 80, 0, 0, 0, 0, 0)
raises(TypeError, None, socket.getaddrinfo, HOST, 80, "x")
done()
