# SPDX-License-Identifier: MIT
"""Who is trusted, who is refused, and in which words."""

import socket
import ssl

import _certs
from _ssltest import NAME, Server, echo, tcp, verified
from devtest import check, done, equal, raises

VERIFY_FAILED = -9984
FATAL_ALERT = -30592


def refused(words, **kwargs):
    """A client with these arguments must refuse the server with these words."""
    server = Server(echo, wrap=wrap)
    e = raises(OSError, VERIFY_FAILED, lambda: ssl.wrap_socket(tcp(server.addr), **kwargs))
    check(isinstance(e, ValueError), "upstream's scripts catch a ValueError")
    check(
        e.args[1].startswith("MBEDTLS_ERR_X509_CERT_VERIFY_FAILED: "), "the name in %r" % (e.args,)
    )
    check(words in e.args[1] and words in str(e), "the reason in %r" % (e.args,))
    server.join()
    equal([x.args[0] for x in server.errors], [FATAL_ALERT], "the server is told")

    # The same when connect() does it, and nothing works afterwards.
    server = Server(echo, wrap=wrap)
    s = ssl.wrap_socket(socket.socket(), **kwargs)
    raises(OSError, VERIFY_FAILED, s.connect, server.addr)
    for call in (
        lambda: s.send(b"secret"),
        lambda: s.recv(1),
        s.do_handshake,
        lambda: s.write(b"x"),
    ):
        raises(OSError, VERIFY_FAILED, call)
    s.close()
    server.join()


def wrap(sock):
    return ssl.wrap_socket(sock, server_side=True, cert=identity[0], key=identity[1])


REQUIRED = {"cert_reqs": ssl.CERT_REQUIRED, "cadata": _certs.ROOT, "server_hostname": NAME}
identity = _certs.SERVER, _certs.SERVER_KEY
refused("expected CN", **dict(REQUIRED, server_hostname="other.test"))
refused("trusted CA", **dict(REQUIRED, cadata=_certs.STRANGER))
refused("trusted CA", **dict(REQUIRED, cadata=_certs.STRANGER, cert_reqs=ssl.CERT_OPTIONAL))
identity = _certs.EXPIRED, _certs.SERVER_KEY
refused("has expired", **REQUIRED)

# RSA, and a list of authorities.
identity = _certs.RSA, _certs.RSA_KEY
server = Server(echo, wrap=wrap)
with ssl.wrap_socket(
    tcp(server.addr), **dict(REQUIRED, cadata=_certs.STRANGER + _certs.ROOT)
) as s:
    s.write(b"rsa")
    equal(s.read(3), b"rsa", "RSA works")
server.join()

# Nothing is verified by default, as the reference page has it.
identity = _certs.EXPIRED, _certs.SERVER_KEY
server = Server(echo, wrap=wrap)
with ssl.wrap_socket(tcp(server.addr)) as s:
    s.write(b"any")
    equal(s.read(3), b"any", "CERT_NONE takes any certificate")
server.join()


# Clients with certificates.
def wrap_mutual(sock):
    return ssl.wrap_socket(
        sock,
        server_side=True,
        cert=_certs.SERVER,
        key=_certs.SERVER_KEY,
        cert_reqs=mode,
        cadata=_certs.ROOT,
    )


def who(tls):
    cert = tls.getpeercert(True)
    tls.write(b"nobody" if cert is None else b"client")


CLIENT = {"cert": _certs.CLIENT, "key": _certs.CLIENT_KEY}
for mode, extra, answer in (
    (ssl.CERT_REQUIRED, CLIENT, b"client"),
    (ssl.CERT_OPTIONAL, CLIENT, b"client"),
    (ssl.CERT_OPTIONAL, {}, b"nobody"),
):
    server = Server(who, wrap=wrap_mutual)
    s = verified(tcp(server.addr), **extra)
    equal(s.read(), answer, "the server knows the client (mode %d)" % mode)
    s.close()
    server.join()
    equal(server.errors, [], "the server is content")

INTRUDER = {"cert": _certs.INTRUDER, "key": _certs.INTRUDER_KEY}
for mode, extra, number in (
    (ssl.CERT_REQUIRED, INTRUDER, VERIFY_FAILED),
    (ssl.CERT_OPTIONAL, INTRUDER, VERIFY_FAILED),
    (ssl.CERT_REQUIRED, {}, -29824),
):
    server = Server(who, wrap=wrap_mutual)

    def attempt():
        verified(tcp(server.addr), **extra).read()

    raises(OSError, FATAL_ALERT, attempt)
    server.join()
    equal([x.args[0] for x in server.errors], [number], "the server refuses (mode %d)" % mode)

# A callback sees the chain and decides.
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
ctx.verify_mode = ssl.CERT_OPTIONAL
identity = _certs.SERVER, _certs.SERVER_KEY
seen = []
for answer in (0, 1, None):

    def callback(cert, depth):
        seen.append((bytes(cert)[0], depth))
        if answer is None:
            raise IndexError("from the callback")
        return answer

    ctx.verify_callback = callback
    server = Server(echo, wrap=wrap)
    if answer == 0:
        ctx.wrap_socket(tcp(server.addr), server_hostname=NAME).close()
    elif answer:
        raises(OSError, -1, lambda: ctx.wrap_socket(tcp(server.addr), server_hostname=NAME))
    else:
        raises(IndexError, None, lambda: ctx.wrap_socket(tcp(server.addr), server_hostname=NAME))
    server.join()
equal(seen, [(0x30, 0)] * 3, "the callback is called for each certificate")
done()
