# SPDX-License-Identifier: MIT
"""Sockets that never wait."""

import select
import socket
from devtest import done, equal, free_port, listener, raises, tcp_pair, udp_socket


def wait(s, bits):
    poll = select.poll()
    poll.register(s, bits)
    return poll.poll(5000)


a, b = tcp_pair()
u, _ = udp_socket()
server, addr = listener()
for s in (a, b, u, server):
    s.setblocking(False)
for call in (a.recv, a.recvfrom, u.recv, u.recvfrom):
    raises(OSError, 11, call, 5)
raises(OSError, 11, server.accept)
equal(a.read(5), None, "read")
equal(a.readinto(bytearray(5)), None, "readinto")
equal(a.readline(), None, "readline")
b.send(b"part")
wait(a, select.POLLIN)
equal(a.read(10), b"part", "read gives what is there")

client = socket.socket()
client.setblocking(False)
e = raises(OSError, 119, client.connect, addr)
equal(str(e), "119", "the text of EINPROGRESS")
equal(e.args[0], 119, "its number")
wait(client, select.POLLOUT)
wait(server, select.POLLIN)
child, _ = server.accept()
equal(client.send(b"x"), 1, "connected")
child.close()
client.close()

client = socket.socket()
client.setblocking(False)
raises(OSError, 119, client.connect, free_port())
wait(client, select.POLLOUT)
raises(OSError, 111, client.send, b"x")
raises(OSError, 111, client.recv, 1)
client.close()

sent = 0
try:
    while sent < 1000000:
        sent += a.send(bytes(5000))
except OSError as e:
    equal(e.errno, 11, "a full connection")
got = 0
while got < sent:
    wait(b, select.POLLIN)
    got += len(b.recv(5000))
equal(got, sent, "everything arrives")
wait(a, select.POLLOUT)
equal(a.send(b"y"), 1, "there is room again")
for s in (a, b, u, server):
    s.close()
done()
