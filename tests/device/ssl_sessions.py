# SPDX-License-Identifier: MIT
"""Sessions: saved, as bytes and back, resumed, and not where they must not be."""

import ssl

import _certs
from _ssltest import NAME, Server, echo, tcp
from devtest import check, done, equal

ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
ctx.load_cert_chain(_certs.SERVER, _certs.SERVER_KEY)
calls = []
client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
client.load_verify_locations(cadata=_certs.ROOT)
client.verify_callback = lambda cert, depth: calls.append(depth) or 0


def connect(session, name=NAME):
    """The session of one connection, and whether the server's certificate was looked at."""
    del calls[:]
    server = Server(echo, wrap=lambda sock: ctx.wrap_socket(sock, server_side=True))
    s = client.wrap_socket(tcp(server.addr), server_hostname=name, session=session)
    s.write(b"x")
    equal(s.read(1), b"x", "data goes")
    saved = ssl.save_session(s)
    check(bytes(saved) == bytes(s.session), "save_session() is s.session")
    s.close()
    server.join()
    equal(server.errors, [], "the server is content")
    return saved, bool(calls)


session, looked = connect(None)
check(looked, "a first handshake looks at the certificate")
_, looked = connect(session)
check(not looked, "a session spares it")
_, looked = connect(bytes(session))
check(not looked, "so does one that was kept as bytes")

# Pycom's way.
server = Server(echo, wrap=lambda sock: ctx.wrap_socket(sock, server_side=True), count=2)
s = ssl.wrap_socket(tcp(server.addr))
s.write(b"x")
s.read(1)
unverified = ssl.save_session(s)
s.close()
s = ssl.wrap_socket(tcp(server.addr), saved_session=unverified)
s.write(b"y")
equal(s.read(1), b"y", "saved_session works")
s.close()
server.join()

_, looked = connect(unverified)
check(looked, "a session that was not verified does not pass for one that was")
done()
