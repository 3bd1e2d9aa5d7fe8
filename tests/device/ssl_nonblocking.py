# SPDX-License-Identifier: MIT
"""Non-blocking TLS: connect, poll, do_handshake, data inside TLS, asyncio, timeouts."""

import asyncio
import errno
import select
import socket
import ssl
import time

import _certs
from _ssltest import NAME, Server, echo, tcp, verified
from devtest import check, done, equal, listener, raises, roomy

# The flow of the reference page.
server = Server(echo)
s = socket.socket()
s.setblocking(False)
s = ssl.wrap_socket(s)
e = raises(OSError, errno.EINPROGRESS, s.connect, server.addr)
equal(str(e), "119", "the page compares the text")
poller = select.poll()
poller.register(s, select.POLLIN | select.POLLOUT)
check(poller.poll(5000)[0][1] & select.POLLOUT, "connected")
s.do_handshake()
check(s.cipher() is not None, "the handshake is done")
s.send(b"123456")
poller.modify(s, select.POLLIN)
check(poller.poll(5000)[0][1] & select.POLLIN, "the answer is there")
equal(s.recv(3), b"123", "the first half")
check(poller.poll(0)[0][1] & select.POLLIN, "what is inside TLS counts as readable")
equal(s.recv(4092), b"456", "the rest")
equal(poller.poll(0), [], "nothing more")
raises(OSError, errno.EAGAIN, s.recv, 1)
equal(s.read(1), None, "read() says None")
s.close()
server.join()

# Reading and writing carry the handshake on, as asyncio does it.
server = Server(echo)
s = socket.socket()
s.setblocking(False)
raises(OSError, errno.EINPROGRESS, s.connect, server.addr)
s = ssl.wrap_socket(s, do_handshake=False)
poller = select.poll()
poller.register(s, select.POLLIN)
tries = 0
while s.write(b"hello") is None:
    tries += 1
    check(poller.poll(5000), "the handshake has something to do (%d)" % tries)
    if tries > 50:
        break
check(0 < tries <= 50, "write() answered None until the handshake was done, %d times" % tries)
check(poller.poll(5000), "the echo is there")
equal(s.recv(10), b"hello", "sent once")
s.close()
server.join()


async def client(addr, ctx):
    reader, writer = await asyncio.open_connection(*addr, ssl=ctx, server_hostname=NAME)
    for i in range(5):
        writer.write(b"line %d\n" % i)
        await writer.drain()
        equal(await reader.readline(), b"line %d\n" % i, "asyncio reads what it wrote")
    writer.close()
    await writer.wait_closed()


async def serve(reader, writer):
    while True:
        line = await reader.readline()
        if not line:
            break
        writer.write(line)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def main():
    server_ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_ctx.load_cert_chain(_certs.SERVER, _certs.SERVER_KEY)
    client_ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_ctx.load_verify_locations(cadata=_certs.ROOT)
    probe, addr = listener()
    probe.close()
    server = await asyncio.start_server(serve, *addr, ssl=server_ctx)
    await asyncio.gather(*(client(addr, client_ctx) for _ in range(3 if roomy() else 1)))
    server.close()
    await server.wait_closed()


asyncio.run(main())


# A peer that says nothing ends every kind of handshake.
def took(low, high, fn):
    start = time.ticks_ms()
    e = raises(OSError, None, fn)
    ms = time.ticks_diff(time.ticks_ms(), start)
    check(low <= ms <= high, "%d ms is in %d..%d" % (ms, low, high))
    return e


silent, addr = listener()
e = took(250, 900, lambda: ssl.wrap_socket(tcp(addr, 0.3)))
check(isinstance(e, socket.timeout), "the socket's own timeout: %r" % e)
e = took(250, 900, lambda: ssl.wrap_socket(tcp(addr, None), timeout=0.3))
equal(e.args[0], ssl.SSL_TIMEOUT, "the timeout of the handshake")
s = ssl.wrap_socket(socket.socket(), timeout=0.3)
e = took(250, 900, lambda: s.connect(addr))
equal(e.args[0], ssl.SSL_TIMEOUT, "also in connect()")
s.close()
s = tcp(addr)
s.setblocking(False)
s = ssl.wrap_socket(s, timeout=0.3)
took(250, 900, s.do_handshake)
s.close()
silent.close()

# A timeout of read leaves the connection as it was.
server = Server(echo)
s = verified(tcp(server.addr))
s.settimeout(0.2)
raises(socket.timeout, None, s.recv, 1)
s.settimeout(10)
s.write(b"x")
equal(s.recv(1), b"x", "it still works")
s.close()
server.join()
done()
