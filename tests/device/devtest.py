# SPDX-License-Identifier: MIT
"""What every device script uses. A script ends with done(): PASS, or the failures."""

import gc
import sys

import socket

HOST = "127.0.0.1"
_failures = []
_count = 0


def fail(sentence):
    _failures.append(sentence)
    print("FAIL:", sentence)


def check(cond, sentence):
    """cond must be true; sentence says what then holds."""
    global _count
    _count += 1
    if not cond:
        fail(sentence)


def equal(got, wanted, sentence):
    # The words are made when they are needed: of long values they are too long for a board.
    same = got == wanted
    check(same, "" if same else "%s: got %r, not %r" % (sentence, got, wanted))


def raises(exc, errno, fn, *args):
    """fn(*args) must raise exc, with errno unless that is None. Returns the exception."""
    global _count
    _count += 1
    shown = ["bytes" if isinstance(x, (bytes, bytearray)) else repr(x) for x in args]
    what = "%s(%s)" % (fn, ", ".join(shown))
    try:
        value = fn(*args)
    except exc as e:
        if errno is not None and e.errno != errno:
            fail("%s: errno %r, not %r" % (what, e.errno, errno))
        return e
    except Exception as e:
        fail("%s raised %r, not %r" % (what, e, exc))
        return e
    fail("%s returned %r instead of raising %r %s" % (what, value, exc, errno))
    return None


def listener(backlog=5):
    """A listening socket on a free port, and its address."""
    s = socket.socket()
    s.bind((HOST, 0))
    s.listen(backlog)
    s.settimeout(10)
    return s, s.getsockname()


def tcp_pair():
    """Two connected TCP sockets, each with a timeout of 10 s: client, server."""
    server, addr = listener(1)
    client = socket.socket()
    client.settimeout(10)
    client.connect(addr)
    child, _ = server.accept()
    child.settimeout(10)
    server.close()
    return client, child


def udp_socket():
    """A UDP socket bound to a free port, and its address."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((HOST, 0))
    s.settimeout(10)
    return s, s.getsockname()


def free_port():
    """A TCP address where nobody listens."""
    s, addr = listener()
    s.close()
    return addr


def roomy():
    """Python's heap has room for objects of some 100 KB, and C's for several TLS connections."""
    gc.collect()
    return gc.mem_free() > 500000


def skip(reason):
    print("SKIP:", reason)
    sys.exit(0)


def done():
    """The last call of a script."""
    if _failures:
        print("%d of %d checks failed" % (len(_failures), _count))
        sys.exit(1)
    if _count == 0:
        print("nothing was checked")
        sys.exit(1)
    print("PASS")
