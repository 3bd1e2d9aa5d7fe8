# SPDX-License-Identifier: MIT
"""TCP of the firmware against CPython's sockets, curl and http.server."""

from __future__ import annotations

import asyncio
import hashlib
import http.server
import json
import shutil
import socket
import struct
import subprocess
import threading
import time

import pytest
from harness.firmware import Firmware
from harness.servers import TcpServer, echo, free_port, recv_all, recv_exactly

BULK = 3_000_000

CLIENT = """\
import errno, hashlib, select, socket, sys, time
PEER = ("10.0.2.2", int(sys.argv[1]))
BLOCK = bytes(i * 7 % 251 for i in range(4000))
"""


def hexdigest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pattern(count: int) -> bytes:
    """What the firmware's BLOCK repeated makes."""
    block = bytes(i * 7 % 251 for i in range(4000))
    return (block * (count // len(block) + 1))[:count]


def client(body: str, port: int) -> Firmware:
    """A firmware whose script is body after the common beginning."""
    return Firmware(CLIENT + body, str(port))


# --- The firmware is the client -----------------------------------------------


def test_echo() -> None:
    code = """
s = socket.socket()
s.settimeout(5)
s.connect(PEER)
assert s.getpeername() == PEER, s.getpeername()
for size in (1, 2, 1460, 1461, 5000):
    sent = (BLOCK + BLOCK)[:size]
    s.sendall(sent)
    got = b""
    while len(got) < size:
        part = s.recv(size - len(got))
        assert part, "closed early"
        got += part
    assert got == sent, size
s.close()
print("echoed")
"""
    with TcpServer(echo) as server, client(code, server.port) as firmware:
        assert firmware.check() == ["echoed"]
    assert server.connections == 1
    assert not server.failures


def test_bulk_to_the_pc() -> None:
    """3 MB arrive whole and in order."""
    received: list[bytes] = []

    def take(conn: socket.socket) -> None:
        data = recv_all(conn)
        received.append(data)
        conn.sendall(hexdigest(data).encode())

    code = """
s = socket.socket()
s.settimeout(10)
s.connect(PEER)
for i in range(750):
    s.sendall(BLOCK)
s.shutdown(socket.SHUT_WR)
print(s.read(64).decode())
s.close()
"""
    expected = pattern(BULK)
    with TcpServer(take) as server, client(code, server.port) as firmware:
        assert firmware.check() == [hexdigest(expected)]
    assert received == [expected]
    assert not server.failures


def test_bulk_from_the_pc() -> None:
    """3 MB arrive whole and in order, and then the end."""
    data = pattern(BULK)
    code = """
s = socket.socket()
s.settimeout(10)
s.connect(PEER)
h = hashlib.sha256()
count = 0
buf = bytearray(8192)
while True:
    n = s.recv_into(buf)
    if n == 0:
        break
    h.update(memoryview(buf)[:n])
    count += n
s.close()
print(count, "".join("%02x" % b for b in h.digest()))
"""
    with (
        TcpServer(lambda conn: conn.sendall(data)) as server,
        client(code, server.port) as firmware,
    ):
        assert firmware.check() == [f"{BULK} {hexdigest(data)}"]
    assert not server.failures


def test_bulk_both_ways_at_once() -> None:
    """3 MB come back while they are still being sent: one thread each way."""
    code = """
import _thread
s = socket.socket()
s.settimeout(10)
s.connect(PEER)

def send():
    for i in range(750):
        s.sendall(BLOCK)
    s.shutdown(socket.SHUT_WR)

_thread.start_new_thread(send, ())
h = hashlib.sha256()
count = 0
while True:
    part = s.recv(8192)
    if not part:
        break
    h.update(part)
    count += len(part)
s.close()
print(count, "".join("%02x" % b for b in h.digest()))
"""
    with TcpServer(echo) as server, client(code, server.port) as firmware:
        assert firmware.check() == [f"{BULK} {hexdigest(pattern(BULK))}"]
    assert not server.failures


def test_half_close_by_the_firmware() -> None:
    """After shutdown(SHUT_WR) the PC sees the end and can still send."""
    heard: list[bytes] = []

    def answer(conn: socket.socket) -> None:
        heard.append(recv_all(conn))
        for _ in range(3):
            time.sleep(0.05)
            conn.sendall(b"after")

    code = """
s = socket.socket()
s.settimeout(5)
s.connect(PEER)
s.sendall(b"request")
s.shutdown(socket.SHUT_WR)
try:
    s.send(b"x")
    print("sent after shutdown")
except OSError as e:
    print("refused")
print(s.read())
s.close()
"""
    with TcpServer(answer) as server, client(code, server.port) as firmware:
        assert firmware.check() == ["refused", "b'afterafterafter'"]
    assert heard == [b"request"]
    assert not server.failures


def test_half_close_by_the_pc() -> None:
    """After the PC's end the firmware reads b'', again and again, and can still send."""
    heard: list[bytes] = []

    def answer(conn: socket.socket) -> None:
        conn.sendall(b"bye")
        conn.shutdown(socket.SHUT_WR)
        heard.append(recv_all(conn))

    code = """
s = socket.socket()
s.settimeout(5)
s.connect(PEER)
print(s.read(), s.recv(10), s.recv(10))
for i in range(10):
    s.sendall(BLOCK)
    time.sleep_ms(10)
print(s.recv(10))
s.close()
"""
    with TcpServer(answer) as server, client(code, server.port) as firmware:
        assert firmware.check() == ["b'bye' b'' b''", "b''"]
        deadline = time.monotonic() + 5
        while not heard and time.monotonic() < deadline:
            time.sleep(0.01)
    assert heard == [pattern(4000) * 10]
    assert not server.failures


def test_reset_by_the_pc() -> None:
    """A RST is ECONNRESET for a waiting recv, an event for poll, and stays so."""

    def reset(conn: socket.socket) -> None:
        assert recv_exactly(conn, 1) == b"x"
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    code = """
def connected():
    s = socket.socket()
    s.settimeout(5)
    s.connect(PEER)
    s.sendall(b"x")
    return s

def error(f, *args):
    try:
        return f(*args)
    except OSError as e:
        return e.errno

s = connected()
print(error(s.recv, 10), error(s.recv, 10), error(s.send, b"y"))
s.close()
s = connected()
p = select.poll()
p.register(s, select.POLLIN)
(which, bits), = p.poll(5000)
print(which is s, bool(bits & select.POLLERR), bool(bits & select.POLLHUP))
print(error(s.recv, 10))
s.close()
"""
    with TcpServer(reset) as server, client(code, server.port) as firmware:
        assert firmware.check() == ["104 104 104", "True True True", "104"]
    assert not server.failures


def test_refused() -> None:
    """Nobody listens: ECONNREFUSED at once, and with a non-blocking connect from poll."""
    code = """
for timeout in (None, 5):
    s = socket.socket()
    s.settimeout(timeout)
    start = time.ticks_ms()
    try:
        s.connect(PEER)
        print("connected")
    except OSError as e:
        print(e.errno, time.ticks_diff(time.ticks_ms(), start) < 1000)
    s.close()
s = socket.socket()
s.setblocking(False)
try:
    s.connect(PEER)
except OSError as e:
    print(e.errno)
p = select.poll()
p.register(s, select.POLLOUT)
(_, bits), = p.poll(5000)
print(bool(bits & select.POLLERR), bool(bits & select.POLLHUP))
try:
    s.send(b"x")
except OSError as e:
    print(e.errno)
s.close()
"""
    with client(code, free_port()) as firmware:
        assert firmware.check() == ["111 True", "111 True", "119", "True True", "111"]


def test_connect_to_a_black_hole_times_out() -> None:
    """An address that nobody has: socket.timeout, when it was to come."""
    code = """
s = socket.socket()
s.settimeout(0.7)
start = time.ticks_ms()
try:
    s.connect(("10.0.2.99", 80))
    print("connected")
except socket.timeout as e:
    print(e.errno, time.ticks_diff(time.ticks_ms(), start))
"""
    with client(code, 0) as firmware:
        (line,) = firmware.check()
    number, elapsed = map(int, line.split())
    assert number == 116
    assert 690 <= elapsed < 1200


def test_slow_reader() -> None:
    """A PC that does not read stops the sender; nothing is lost or sent twice."""
    go = threading.Event()
    received: list[bytes] = []

    def read_late(conn: socket.socket) -> None:
        assert go.wait(20)
        received.append(recv_all(conn))

    code = """
s = socket.socket()
s.connect(PEER)
s.settimeout(0.4)
sent = 0

def piece():
    return memoryview(BLOCK)[sent % 4000:]

while True:
    start = time.ticks_ms()
    try:
        sent += s.send(piece())
    except socket.timeout:
        break
print("timeout", time.ticks_diff(time.ticks_ms(), start))
s.setblocking(False)
for i in range(50):
    try:
        sent += s.send(piece())
    except OSError as e:
        print("nonblocking", e.errno)
        break
p = select.poll()
p.register(s, select.POLLOUT)
print("poll", p.poll(0))
print("full", sent)
start = time.ticks_ms()
print("ready", len(p.poll(10000)))
s.settimeout(10)
while sent % 4000:
    sent += s.send(piece())
for i in range(100):
    s.sendall(BLOCK)
    sent += 4000
s.shutdown(socket.SHUT_WR)
print("end", s.recv(1))
print("sent", sent)
"""
    with (
        TcpServer(read_late, rcvbuf=4096) as server,
        client(code, server.port) as firmware,
    ):
        assert 390 <= int(firmware.expect("timeout")) < 900
        assert firmware.expect("nonblocking") == "11"
        assert firmware.expect("poll") == "[]"
        full = int(firmware.expect("full"))
        assert full > 4096
        go.set()
        assert firmware.expect("ready") == "1"
        assert firmware.expect("end", 20) == "b''"
        sent = int(firmware.expect("sent"))
        firmware.check()
    assert sent > full
    assert [len(data) for data in received] == [sent]
    assert received == [pattern(sent)]
    assert not server.failures


class Page(http.server.BaseHTTPRequestHandler):
    """One page that echoes the path."""

    def do_GET(self) -> None:
        body = b"You asked for " + self.path.encode() + b"\n\nsecond\r\nlast"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_http_server_answer_by_lines() -> None:
    """makefile() and readline() take an answer of http.server apart."""
    code = """
import json
s = socket.socket()
s.settimeout(5)
s.connect(PEER)
f = s.makefile("rwb")
f.write(b"GET /some/page HTTP/1.0\\r\\nHost: pc\\r\\n\\r\\n")
status = f.readline()
headers = {}
while True:
    line = f.readline()
    if line == b"\\r\\n":
        break
    name, value = line.decode().split(":", 1)
    headers[name.lower()] = value.strip()
lines = []
while True:
    line = f.readline()
    if not line:
        break
    lines.append(line.decode())
f.close()
print(json.dumps([status.decode(), headers, lines]))
"""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            with client(code, server.server_port) as firmware:
                (line,) = firmware.check()
        finally:
            server.shutdown()
            thread.join()
    status, headers, lines = json.loads(line)
    assert status == "HTTP/1.0 200 OK\r\n"
    assert headers["content-type"] == "text/plain"
    assert headers["server"].startswith("BaseHTTP/")
    assert lines == ["You asked for /some/page\n", "\n", "second\r\n", "last"]
    assert int(headers["content-length"]) == sum(map(len, lines))


# --- The firmware is the server -----------------------------------------------


def served(code: str) -> tuple[Firmware, int]:
    """A firmware whose port 80 is the returned port of the PC."""
    port = free_port()
    return Firmware(code, forward=(f"tcp:127.0.0.1:{port}:80",)), port


def test_server_accepts_and_echoes() -> None:
    code = """
        import socket
        server = socket.socket()
        server.bind(("", 80))
        server.listen(1)
        server.settimeout(10)
        print("ready")
        s, peer = server.accept()
        print(peer[0], s.getsockname())
        total = 0
        while True:
            part = s.recv(1000)
            if not part:
                break
            s.sendall(part)
            total += len(part)
        s.close()
        server.close()
        print("total", total)
    """
    firmware, port = served(code)
    data = pattern(50_000)
    with firmware:
        assert firmware.line() == "ready"
        with socket.create_connection(("127.0.0.1", port), 5) as conn:
            sender = threading.Thread(target=conn.sendall, args=(data,))
            sender.start()
            assert recv_exactly(conn, len(data)) == data
            sender.join()
            conn.shutdown(socket.SHUT_WR)
            assert conn.recv(1) == b""
        output = firmware.check()
    assert output[1:] == ["10.0.2.2 ('10.0.2.15', 80)", "total 50000"]


ASYNC_SERVER = """
    import asyncio

    async def serve(reader, writer):
        while True:
            data = await reader.read(2048)
            if not data:
                break
            writer.write(data)
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def main():
        server = await asyncio.start_server(serve, "0.0.0.0", 80)
        print("ready")
        await server.wait_closed()

    asyncio.run(main())
"""


async def echo_once(port: int, data: bytes) -> None:
    """One connection: data goes there and comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    writer.write_eof()
    assert await reader.read() == data
    writer.close()
    await writer.wait_closed()


def test_asyncio_server_20_connections_in_sequence() -> None:
    async def sequence(port: int) -> None:
        for i in range(20):
            await asyncio.wait_for(echo_once(port, b"connection %d" % i), 5)

    firmware, port = served(ASYNC_SERVER)
    with firmware:
        assert firmware.line() == "ready"
        asyncio.run(sequence(port))
        assert firmware.process.poll() is None
        assert firmware.output == ["ready"]


def test_asyncio_server_4_connections_at_once() -> None:
    """Four are open at the same time, and each gets its own data."""

    async def together(port: int) -> None:
        pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        for turn in range(3):
            sent = [pattern(20_000) + b"%d %d" % (turn, i) for i in range(4)]
            for (_, writer), data in zip(pairs, sent, strict=True):
                writer.write(data)
            for (reader, _), data in reversed(list(zip(pairs, sent, strict=True))):
                assert await asyncio.wait_for(reader.readexactly(len(data)), 5) == data
        for _, writer in pairs:
            writer.close()
            await writer.wait_closed()

    firmware, port = served(ASYNC_SERVER)
    with firmware:
        assert firmware.line() == "ready"
        asyncio.run(together(port))
        assert firmware.process.poll() is None
        assert firmware.output == ["ready"]


def test_curl_reads_the_firmwares_page() -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    code = """
        import socket
        server = socket.socket()
        server.bind(("", 80))
        server.listen()
        print("ready")
        for i in range(3):
            s, _ = server.accept()
            with s:
                s.settimeout(5)
                method, path, _ = s.readline().decode().split()
                length = 0
                while True:
                    line = s.readline()
                    if line == b"\\r\\n":
                        break
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                body = ("%s %s %s" % (method, path, s.read(length).decode())).encode()
                s.write(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n"
                        b"Content-Length: %d\\r\\n\\r\\n" % len(body))
                s.write(body)
    """
    firmware, port = served(code)
    with firmware:
        assert firmware.line() == "ready"
        url = f"http://127.0.0.1:{port}"
        for args, answer in (
            ([f"{url}/one"], "GET /one "),
            ([f"{url}/two?x=1"], "GET /two?x=1 "),
            (["-d", "a=b&c=d", f"{url}/form"], "POST /form a=b&c=d"),
        ):
            command = [curl, "--silent", "--show-error", "--max-time", "5", "--noproxy", "*"]
            done = subprocess.run(
                [*command, *args], capture_output=True, text=True, timeout=10, check=False
            )
            assert (done.returncode, done.stdout, done.stderr) == (0, answer, "")
        firmware.check()
