# SPDX-License-Identifier: MIT
"""The benchmarks themselves, run inside the firmware:

    ops.py NAME COUNT CERTS TLS_MODULE [C_HEAP]

The same file runs on both firmwares, so it keeps to what both can do: the
methods of MicroPython's socket module and of its tls module's SSLContext. Both
ends of every connection are in this process, on loopback. Where one thread can
drive both ends it does, so that only lwIP's own thread takes turns with it.

Prints one line of JSON: time, and processor time of all threads. C_HEAP is a file whose first eight bytes say how many
bytes of C heap are in use (malloc_count.c); it is for the ram_ benchmarks.
"""

import _thread
import gc
import json
import select
import socket
import struct
import sys
import time

HOST = "127.0.0.1"
PORT = 5600
# Few segments at once: lwIP's queues for loopback and for one socket are short.
BURST = 4
WARM_UP = 8


def contents(name):
    with open(CERTS + "/" + name, "rb") as f:
        return f.read()


def nodelay(s):
    s.setsockopt(6, socket.TCP_NODELAY, 1)


def tcp_pair(port=PORT):
    """Two connected TCP sockets."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(1)
    a = socket.socket()
    a.connect((HOST, port))
    b = listener.accept()[0]
    listener.close()
    nodelay(a)
    nodelay(b)
    return a, b


def udp_socket(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((HOST, port))
    return s


def drain(s, size, total):
    """Receive total bytes, at most size a call."""
    while total > 0:
        total -= len(s.recv(size))


def bulk(size):
    """One operation: size bytes go through send() and recv()."""

    def prepare():
        a, b = tcp_pair()
        data = bytes(size)
        calls = max(1, min(BURST, 4096 // size))

        def run(count):
            x, y = a, b
            while count > 0:
                for _ in range(calls):
                    if x.send(data) != size:
                        raise ValueError("send() was not whole")
                drain(y, size, size * calls)
                x, y = y, x
                count -= calls

        return run

    return prepare


def stream():
    """One operation: 1460 bytes from a sending thread to a receiving one."""
    a, b = tcp_pair()
    size = 1460
    data = bytes(size)

    def run(count):
        def sender():
            for _ in range(count):
                a.sendall(data)

        _thread.start_new_thread(sender, ())
        drain(b, size, size * count)

    return run


def request():
    """One operation: 64 bytes there and 64 bytes back."""
    a, b = tcp_pair()
    data = bytes(64)

    def run(count):
        for _ in range(count):
            a.send(data)
            b.recv(64)
            b.send(data)
            a.recv(64)

    return run


def pipelined():
    """One operation as in request(), but four connections are served in turn."""
    pairs = [tcp_pair(PORT + i) for i in range(4)]
    data = bytes(64)

    def run(count):
        for _ in range(count // 4):
            for a, b in pairs:
                a.send(data)
            for a, b in pairs:
                b.recv(64)
                b.send(data)
            for a, b in pairs:
                a.recv(64)

    return run


def udp():
    """One operation: one datagram of 64 bytes."""
    a = udp_socket(PORT)
    b = udp_socket(PORT + 1)
    to = (HOST, PORT + 1)
    data = bytes(64)

    def run(count):
        for _ in range(count // BURST):
            for _ in range(BURST):
                a.sendto(data, to)
            for _ in range(BURST):
                b.recvfrom(64)

    return run


def connect():
    """One operation: a connection is made, accepted and closed."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, PORT))
    listener.listen(2)

    def run(count):
        for _ in range(count):
            a = socket.socket()
            a.connect((HOST, PORT))
            b = listener.accept()[0]
            a.close()
            b.close()

    return run


def poll_idle():
    """One operation: poll(0) over eight sockets, none of them ready."""
    poller = select.poll()
    for i in range(8):
        poller.register(udp_socket(PORT + i), select.POLLIN)

    def run(count):
        for _ in range(count):
            poller.poll(0)

    return run


def poll_event():
    """One operation: a datagram to one of eight sockets, found by poll()."""
    poller = select.poll()
    for i in range(8):
        poller.register(udp_socket(PORT + i), select.POLLIN)
    a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    to = [(HOST, PORT + i) for i in range(8)]
    data = bytes(64)

    def run(count):
        for i in range(count):
            a.sendto(data, to[i & 7])
            for s, _ in poller.poll(1000):
                s.recv(64)

    return run


class Tls:
    """A TLS server's and a client's context, from our ssl or upstream's tls."""

    def __init__(self):
        tls = __import__(TLS_MODULE)
        self.server = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(contents("bench.der"), contents("bench.key.der"))
        self.client = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        self.client.verify_mode = tls.CERT_REQUIRED
        self.client.load_verify_locations(contents("root.der"))

    def pair(self, a, b):
        """TLS over two connected sockets; the server's half in a thread."""
        done = _thread.allocate_lock()
        done.acquire()
        server = []

        def serve():
            try:
                server.append(self.server.wrap_socket(b, server_side=True))
            finally:
                done.release()

        _thread.start_new_thread(serve, ())
        client = self.client.wrap_socket(a, server_hostname="bench.test")
        done.acquire()
        return client, server[0]


def tls_bulk(size):
    """One operation: size bytes go through write() and read()."""

    def prepare():
        a, b = Tls().pair(*tcp_pair())
        data = bytes(size)

        def run(count):
            x, y = a, b
            for _ in range(count):
                if x.write(data) != size:
                    raise ValueError("write() was not whole")
                if len(y.read(size)) != size:
                    raise ValueError("read() was not whole")
                x, y = y, x

        return run

    return prepare


def handshake():
    """One operation: a connection and a TLS handshake with verification."""
    contexts = Tls()

    def run(count):
        for _ in range(count):
            a, b = contexts.pair(*tcp_pair())
            a.close()
            b.close()

    return run


def heap_used():
    """Bytes in use of Python's heap and of C's."""
    gc.collect()
    python = gc.mem_alloc()
    with open(C_HEAP, "rb") as f:
        return python, struct.unpack("q", f.read(8))[0]


def ram(make, count, ends):
    """Bytes that one end of what make() returns takes, of Python's heap and C's."""
    kept = [make()]  # with it comes what is allocated once for all
    before = heap_used()
    for _ in range(count):
        kept.append(make())
    after = heap_used()
    return [(after[i] - before[i]) // (count * ends) for i in range(2)]


def ports(first=PORT):
    """A different port at each call."""
    while True:
        yield first
        first += 1


def ram_udp():
    port = ports()
    return ram(lambda: udp_socket(next(port)), 4, 1)


def ram_tcp():
    port = ports()
    return ram(lambda: tcp_pair(next(port)), 3, 2)


def ram_tls():
    port = ports()
    contexts = Tls()
    return ram(lambda: contexts.pair(*tcp_pair(next(port))), 3, 2)


SPEED = {
    "tcp_bulk_536": bulk(536),
    "tcp_bulk_1460": bulk(1460),
    "tcp_bulk_4096": bulk(4096),
    "tcp_stream_1460": stream,
    "tcp_request_64": request,
    "tcp_four_requests_64": pipelined,
    "udp_64": udp,
    "tcp_connect": connect,
    "poll_idle_8": poll_idle,
    "poll_event_8": poll_event,
    "tls_request_64": tls_bulk(64),
    "tls_bulk_1024": tls_bulk(1024),
    "tls_bulk_4096": tls_bulk(4096),
    "tls_handshake": handshake,
}
RAM = {"ram_udp": ram_udp, "ram_tcp": ram_tcp, "ram_tls": ram_tls}

name, count, CERTS, TLS_MODULE = sys.argv[1:5]
if name in RAM:
    C_HEAP = sys.argv[5]
    python, c = RAM[name]()
    print(json.dumps({"python": python, "c": c}))
else:
    run = SPEED[name]()
    run(WARM_UP)
    gc.collect()
    cpu = time.clock()
    start = time.ticks_us()
    run(int(count))
    us = time.ticks_diff(time.ticks_us(), start)
    print(json.dumps({"us": us, "cpu_us": round((time.clock() - cpu) * 1e6)}))
