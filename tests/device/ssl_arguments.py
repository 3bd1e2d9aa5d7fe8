# SPDX-License-Identifier: MIT
"""Certificates as paths, PEM text, bytes and DER; and what each mistake says."""

import errno
import os
import socket
import ssl

import _certs
from _ssltest import NAME, Server, echo, tcp
from devtest import check, done, equal, raises

FILES = {}
# mpremote's mount answers one thread at a time, and here two read files.
WHERE = "/" if os.getcwd() == "/remote" else ""


def write(name, text):
    """A file with PEM text, and one with the same as DER; their paths."""
    import binascii

    body = "".join(text.split("-----END")[0].split("\n")[1:])
    FILES[name] = WHERE + name + ".tmp.pem", WHERE + name + ".tmp.der"
    with open(FILES[name][0], "w") as f:
        f.write(text)
    with open(FILES[name][1], "wb") as f:
        f.write(binascii.a2b_base64(body))


write("root", _certs.ROOT)
write("server", _certs.SERVER)
write("server_key", _certs.SERVER_KEY)
write("both", _certs.SERVER + _certs.SERVER_KEY)


def contents(path):
    with open(path, "rb") as f:
        return f.read()


def wrap(sock):
    return ssl.wrap_socket(sock, server_side=True, **server_args)


der = contents(FILES["root"][1])
SERVERS = (
    {"certfile": FILES["server"][0], "keyfile": FILES["server_key"][0]},
    {"certfile": FILES["server"][1], "keyfile": FILES["server_key"][1]},
    {"certfile": FILES["both"][0]},
    {"cert": contents(FILES["server"][1]), "key": contents(FILES["server_key"][1])},
    {"cert": bytearray(_certs.SERVER.encode()), "key": memoryview(_certs.SERVER_KEY.encode())},
    {"cert": FILES["server"][0], "key": _certs.SERVER_KEY},
)
CLIENTS = (
    {"ca_certs": FILES["root"][0]},
    {"ca_certs": FILES["root"][1], "server_hostname": NAME},
    {"ca_certs": der, "server_hostname": NAME},
    {"cadata": bytearray(der), "server_hostname": NAME},
    {"cadata": _certs.ROOT, "server_hostname": NAME, "ssl_version": 3, "timeout": 5},
    {"cadata": FILES["root"][0], "server_hostname": NAME.encode()},
)
for server_args, client_args in zip(SERVERS, CLIENTS):
    server = Server(echo, wrap=wrap)
    with ssl.wrap_socket(tcp(server.addr), cert_reqs=ssl.CERT_REQUIRED, **client_args) as s:
        s.write(b"ok")
        equal(s.read(2), b"ok", "%s with %s" % (sorted(server_args), sorted(client_args)))
    server.join()
    equal(server.errors, [], "%s" % sorted(server_args))

s = socket.socket()


def wrong(exc, words, sock=None, **kwargs):
    e = raises(exc, None, lambda: ssl.wrap_socket(s if sock is None else sock, **kwargs))
    check(words in str(e), "%r is in %r" % (words, str(e)))
    return e


for name, arg in (("CA", "ca_certs"), ("certificate", "certfile"), ("key", "keyfile")):
    kwargs = {"ca_certs": _certs.ROOT, "certfile": _certs.SERVER, "keyfile": _certs.SERVER_KEY}
    kwargs[arg] = "/no/such.pem"
    e = wrong(OSError, "%s file not found: '/no/such.pem'" % name, cert_reqs=2, **kwargs)
    equal(e.errno, errno.ENOENT, "and its number")
wrong(ValueError, "ca_certs", cert_reqs=ssl.CERT_REQUIRED)
wrong(ValueError, "ca_certs", cert_reqs=ssl.CERT_OPTIONAL, server_hostname=NAME)
wrong(ValueError, "CERT_REQUIRED requires server_hostname", cert_reqs=2, cadata=_certs.ROOT)
wrong(ValueError, "3 is not CERT_NONE", cert_reqs=3)
wrong(ValueError, "server_side needs", server_side=True)
wrong(ValueError, "keyfile needs certfile", keyfile=_certs.SERVER_KEY)
wrong(ValueError, "invalid cert", cert=b"!", key=_certs.SERVER_KEY)
wrong(ValueError, "invalid key", cert=_certs.SERVER, key=b"!")
wrong(
    ValueError,
    "invalid key in '%sroot.tmp.pem'" % WHERE,
    certfile=FILES["server"][0],
    keyfile=FILES["root"][0],
)
wrong(ValueError, "invalid cert", cert_reqs=2, ca_certs=FILES["server_key"][0])
wrong(ValueError, "does not belong", cert=_certs.SERVER, key=_certs.CLIENT_KEY)
wrong(TypeError, "", key=_certs.SERVER_KEY)
wrong(TypeError, "", key=5, cert=5)
wrong(ValueError, "not an SSLSession", saved_session=5)
wrong(ValueError, "saved session", saved_session=b"nonsense")
for timeout in (0, -1, 1e9, float("nan")):
    wrong(ValueError, "timeout", timeout=timeout)
wrong(ValueError, "neither a socket nor a stream", sock=5)
wrong(ValueError, "neither a socket nor a stream", sock="socket")
wrong(ValueError, "SOCK_STREAM", sock=socket.socket(2, 2))
wrapped = ssl.wrap_socket(socket.socket())
wrong(ValueError, "already wrapped", sock=wrapped)
raises(ValueError, None, ssl.save_session, s)
raises(OSError, errno.ENOTCONN, ssl.save_session, wrapped)
raises(TypeError, None, ssl.wrap_socket)
raises(OSError, None, lambda: ssl.wrap_socket(s, server_hostname="x" * 300))
equal(s.fileno() >= 0, True, "a socket that was not wrapped is untouched")
s.close()
raises(OSError, errno.EBADF, ssl.wrap_socket, s)

raises(TypeError, None, ssl.SSLContext)
raises(ValueError, None, ssl.SSLContext, 7)
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
equal(ctx.verify_mode, ssl.CERT_NONE, "a server context does not verify")
raises(ValueError, None, lambda: setattr(ctx, "verify_mode", 9))
# Not cut to CERT_NONE, where an int has 64 bits.
raises(OverflowError, None, lambda: setattr(ctx, "verify_mode", 1 << 32))
raises(AttributeError, None, lambda: ctx.nothing)
raises(AttributeError, None, lambda: setattr(ctx, "nothing", 1))
raises(TypeError, None, ctx.load_verify_locations)
raises(OSError, None, ctx.load_cert_chain, "/no/such", "/no/such")
raises(OSError, None, ctx.set_ciphers, [])
raises(OSError, None, ctx.set_ciphers, ["NONE"])
check("TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256" in ctx.get_ciphers(), "the ciphers of this build")
for pair in FILES.values():
    for path in pair:
        os.remove(path)
done()
