# SPDX-License-Identifier: MIT
"""TLS both ways round, the whole socket API on it, and who owns what afterwards."""

import errno
import socket
import ssl
import ussl

import _certs
from _ssltest import NAME, Server, echo, tcp, verified
from devtest import check, done, equal, raises

check(ussl.wrap_socket is ssl.wrap_socket, "ussl is ssl")
equal((ssl.CERT_NONE, ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED), (0, 1, 2), "CERT_*")
equal(ssl.SSL_TIMEOUT, -26624, "SSL_TIMEOUT")
check(ssl.SSLError is OSError, "SSLError is OSError")

server = Server(echo, count=6)


def use(s):
    """The API of a socket, on a connected TLS socket."""
    equal(s.send(b"one"), 3, "send counts")
    equal(s.recv(10), b"one", "recv")
    s.sendall(bytearray(b"line 1\nline 2\nrest"))
    equal(s.readline(), b"line 1\n", "readline")
    equal(s.readline(), b"line 2\n", "readline again, from what TLS has already")
    equal(s.read(4), b"rest", "read")
    s.write("text")
    buf = bytearray(4)
    equal(s.readinto(buf), 4, "readinto counts")
    equal(buf, b"text", "readinto fills")
    big = bytes(range(256)) * 12
    equal((s.write(big), s.read(len(big))), (len(big), big), "more than a segment")
    equal(s.getpeername(), server.addr, "getpeername")
    suite, version = s.cipher()
    check(suite.startswith("TLS") and version == s.version(), "cipher and version")
    check(s.fileno() >= 0, "fileno")
    check(s.getpeercert(True)[0] == 0x30, "the certificate as DER")
    raises(NotImplementedError, None, s.getpeercert, False)


# Wrap, then connect.
plain = socket.socket()
plain.settimeout(10)
s = verified(plain)
equal(s.cipher(), None, "no cipher yet")
raises(OSError, errno.ENOTCONN, s.send, b"x")
s.connect(server.addr)
use(s)
check(isinstance(s, socket.socket), "it is a socket")
raises(OSError, errno.EBADF, plain.send, b"x")
plain.close()
equal(s.send(b"x"), 1, "closing the wrapped socket is harmless")
equal(s.recv(1), b"x", "closing the wrapped socket is harmless")
s.close()
s.close()
for call in (lambda: s.send(b"x"), lambda: s.recv(1), s.do_handshake, lambda: s.read(1)):
    raises(OSError, errno.EBADF, call)
raises(OSError, errno.EBADF, ssl.save_session, s)

# Connect, then wrap, with each way to say what to trust.
for kwargs in (
    {},
    {"cert_reqs": ssl.CERT_REQUIRED, "cadata": _certs.ROOT, "server_hostname": NAME},
    {"cert_reqs": ssl.CERT_OPTIONAL, "cadata": _certs.ROOT.encode(), "server_hostname": NAME},
):
    with ssl.wrap_socket(tcp(server.addr), **kwargs) as s:
        use(s)

# By an SSLContext, used twice.
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
equal(ctx.verify_mode, ssl.CERT_REQUIRED, "a client context verifies")
ctx.load_verify_locations(cadata=_certs.ROOT)
for _ in range(2):
    s = ctx.wrap_socket(tcp(server.addr), server_hostname=NAME)
    use(s)
    s.close()
server.join()
equal(server.errors, [], "the server is content")


# The end of the stream, with and without close_notify.
def say_bye(tls):
    tls.write(b"bye")


server = Server(say_bye)
s = verified(tcp(server.addr))
equal(s.read(), b"bye", "read to the end")
equal((s.recv(1), s.recv(1)), (b"", b""), "the end, as often as it is asked")
check(s.closed_by_peer(), "close() says goodbye")
s.close()
server.join()


class Cut(Exception):
    pass


def wrap_keep(sock):
    """A server whose TCP connection ends without TLS being told."""
    raise Cut


server = Server(echo, wrap=wrap_keep)
e = raises(OSError, None, verified, tcp(server.addr))
check(e.args[0] in (-29312, errno.ECONNRESET), "a peer that hangs up in the handshake: %r" % e)
server.join()

# A refused connect is the plain socket's error.
s = ssl.wrap_socket(socket.socket())
raises(OSError, errno.ECONNREFUSED, s.connect, server.addr)
s.close()
done()
