# SPDX-License-Identifier: MIT
"""TCP: every way to send and to receive."""

import _thread
import socket
from devtest import check, done, equal, raises, roomy, tcp_pair

a, b = tcp_pair()
equal(a.getpeername(), b.getsockname(), "names")
equal(b.getpeername(), a.getsockname(), "names of the other side")
equal(a.send(b"one"), 3, "send")
equal(b.recv(10), b"one", "recv")
equal(a.send("text"), 4, "send of a str")
equal(b.recv(10, socket.MSG_PEEK), b"text", "a look")
equal(b.recvfrom(2)[0], b"te", "recvfrom")
equal(b.recv(1), b"x", "a part")
equal(b.recv(0), b"", "nothing asked for")
equal(b.recv(1), b"t", "the rest")
equal(a.send(b""), 0, "nothing sent")
equal(a.sendall(b"abcdef"), None, "sendall")
buf = bytearray(4)
equal(b.recv_into(buf), 4, "recv_into")
equal(bytes(buf), b"abcd", "what came")
equal(b.recv_into(buf, 1), 1, "recv_into of one")
equal(bytes(buf), b"ebcd", "one came")
equal(b.recv(5, socket.MSG_DONTWAIT), b"f", "without waiting")
raises(OSError, 11, b.recv, 5, socket.MSG_DONTWAIT)

equal(a.write(b"0123456789", 4), 4, "write(buf, n)")
equal(b.read(4), b"0123", "read(n)")
equal(a.write(b"0123456789", 3, 4), 4, "write(buf, offset, n)")
equal(b.readinto(buf), 4, "readinto")
equal(bytes(buf), b"3456", "what readinto read")
a.write(b"line\nnext\nlast")
equal(b.readinto(buf, 2), 2, "readinto(buf, n)")
equal(b.readline(), b"ne\n", "readline")
equal(b.readline(3), b"nex", "readline(n)")
equal(b.readline(), b"t\n", "readline")
check(b.makefile("rb") is b, "makefile gives the socket")
check(b.makefile("rwb", 0) is b, "makefile takes a buffer size")
raises(ValueError, None, b.makefile, "r+")
long = b"y" * 1000
a.write(long + b"\n")
a.shutdown(socket.SHUT_WR)
equal(b.readline(), b"last" + long + b"\n", "a long line")
equal(b.readline(), b"", "readline at the end")
equal(b.recv(5), b"", "recv at the end")
equal(b.read(), b"", "read at the end")
equal(b.readinto(buf), 0, "readinto at the end")
b.write(b"after the half close")
b.close()
equal(a.readall(), b"after the half close", "readall")
a.close()

DATA = bytes(i * 7 & 255 for i in range(100 * 1024 if roomy() else 20 * 1024))
a, b = tcp_pair()


def send_all(s):
    s.sendall(DATA)
    s.close()


_thread.start_new_thread(send_all, (a,))
equal(hash(b.read()), hash(DATA), "100 KB")
b.close()

raises(OSError, 128, socket.socket().send, b"x")
raises(OSError, 128, socket.socket().getpeername)
raises(OSError, None, socket.socket().recv, 1)
with socket.socket() as s:
    e = raises(OSError, 111, s.connect, ("127.0.0.1", 1))
a, b = tcp_pair()
raises(OSError, 127, a.connect, b.getsockname())
raises(OSError, None, a.shutdown, 7)
a.close()
b.close()
done()
