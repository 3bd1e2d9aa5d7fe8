# SPDX-License-Identifier: MIT
"""The bits of select.poll in every state of a socket."""

import select
import socket
import time
from devtest import check, done, equal, free_port, listener, tcp_pair, udp_socket

IN, OUT, ERR, HUP, NVAL = select.POLLIN, select.POLLOUT, 8, 16, 32


def bits(s):
    poll = select.poll()
    poll.register(s, IN | OUT)
    found = poll.poll(0)
    return found[0][1] if found else 0


def settled(s, wanted, sentence):
    for _ in range(100):
        if bits(s) == wanted:
            break
        time.sleep_ms(10)
    equal(bits(s), wanted, sentence)
    equal(bits(s), wanted, sentence + ", again")


new = socket.socket()
equal(bits(new), OUT | HUP, "new")
socket.compat("pycom")
equal(bits(new), 0, "new, Pycom")
socket.compat("upstream")
new.close()
settled(new, NVAL, "closed")
a, b = tcp_pair()
settled(a, OUT, "connected")
b.send(b"x")
settled(a, IN | OUT, "data")
a.recv(1)
settled(a, OUT, "no data")
poll = select.poll()
poll.register(a, OUT)
equal([(o is a, e) for o, e in poll.ipoll(0)], [(True, OUT)], "ipoll")
poll.modify(a, IN)
equal(poll.poll(10), [], "nothing to read")
r, w, x = select.select([a], [a], [], 0)
equal((r, w == [a], x), ([], True, []), "select")
b.close()
settled(a, IN | OUT, "the peer has closed")
equal(a.recv(5), b"", "end of stream")
check(bits(a) & IN, "end of stream, every time")
a.close()

refused = socket.socket()
refused.setblocking(False)
try:
    refused.connect(free_port())
except OSError as e:
    equal(e.errno, 119, "connecting")
settled(refused, IN | OUT | ERR | HUP, "refused")
refused.close()
server, addr = listener()
equal(bits(server), 0, "listening")
client = socket.socket()
client.connect(addr)
settled(server, IN, "a connection waits")
client.close()
server.close()
u, to = udp_socket()
equal(bits(u), OUT, "UDP")
u.sendto(b"", to)
settled(u, IN | OUT, "UDP, an empty datagram")
u.close()
done()
