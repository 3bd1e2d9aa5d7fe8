# SPDX-License-Identifier: MIT
"""Servers on the PC's loopback that the firmware talks to."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable

from dnslib import CNAME, QTYPE, RCODE, RR, A, DNSRecord
from harness.closing import Closing

Handler = Callable[[socket.socket], None]


class TcpServer(Closing):
    """Accepts on host and gives every connection to handler in a thread.

    With context the connection is TLS; a handshake that fails goes to failures.
    handler's exceptions go there too, so a test can look.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        context: ssl.SSLContext | None = None,
        rcvbuf: int | None = None,
    ) -> None:
        self._handler = handler
        self._context = context
        self.failures: list[Exception] = []
        self.connections = 0
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if rcvbuf is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self._socket.bind((host, port))
        self._socket.listen(16)
        self.port: int = self._socket.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                conn, _ = self._socket.accept()
            except OSError:  # closed: the test is over
                return
            self.connections += 1
            self._open.append(conn)
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn: socket.socket) -> None:
        conn.settimeout(20)
        try:
            if self._context is not None:
                conn = self._context.wrap_socket(conn, server_side=True)
                self._open.append(conn)
            with conn:
                self._handler(conn)
        except Exception as e:  # noqa: BLE001 - the test looks at it
            self.failures.append(e)
            conn.close()

    def close(self) -> None:
        """Stop, and end the connections that are left."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()
        for conn in self._open:
            conn.close()


class DnsServer(Closing):
    """A DNS server. names maps a name to an address, to "=other" (CNAME), or to
    None (no answer at all). Any other name does not exist."""

    def __init__(self, names: dict[str, str | None]) -> None:
        self.names = names
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._stop = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def setting(self) -> str:
        """The value of USOCKET_DNS for this server."""
        return f"10.0.2.2:{self.port}"

    def _run(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(2048)
            if self._stop:
                return
            answer = self._answer(DNSRecord.parse(data))
            if answer is not None:
                self._socket.sendto(answer.pack(), peer)

    def _answer(self, query: DNSRecord) -> DNSRecord | None:
        name = str(query.q.qname).rstrip(".")
        self.asked.append(name)
        reply = query.reply()
        target = self.names.get(name, "")
        while target is not None and target.startswith("="):
            alias = target[1:]
            reply.add_answer(RR(name, QTYPE.CNAME, rdata=CNAME(alias), ttl=5))
            name, target = alias, self.names.get(alias, "")
        if target is None:
            return None
        if target == "":
            reply.header.rcode = RCODE.NXDOMAIN
        else:
            reply.add_answer(RR(name, QTYPE.A, rdata=A(target), ttl=5))
        return reply

    def close(self) -> None:
        """Stop."""
        self._stop = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(5)
        self._socket.close()


def recv_exactly(conn: socket.socket, count: int) -> bytes:
    """Exactly count bytes from conn; fewer only at its end."""
    data = bytearray()
    while len(data) < count:
        part = conn.recv(count - len(data))
        if not part:
            break
        data += part
    return bytes(data)


def recv_all(conn: socket.socket) -> bytes:
    """Everything until the peer closes."""
    data = bytearray()
    while True:
        part = conn.recv(65536)
        if not part:
            return bytes(data)
        data += part


def echo(conn: socket.socket) -> None:
    """Handler: send back what comes, until the peer closes."""
    while True:
        part = conn.recv(65536)
        if not part:
            return
        conn.sendall(part)


def http_ok(conn: socket.socket) -> None:
    """Handler: one HTTP request, one short answer, close."""
    request = bytearray()
    while b"\r\n\r\n" not in request:
        part = conn.recv(4096)
        if not part:
            return
        request += part
        if not request[:1].isalpha():  # not HTTP: a TLS hello, say
            conn.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return
    body = b"<html><body>usocket test server, one page only</body></html>"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
    conn.sendall(head % len(body) + body)


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of the loopback that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port
