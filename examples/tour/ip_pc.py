"""IP and TLS, the PC's side: servers on its loopback, and a TLS client.

The firmware runs ip.py and reaches the PC as 10.0.2.2; its own port 8443 is the PC's
127.0.0.1:FORWARDED.
"""

import http.server
import socket
import ssl
import tempfile
import threading
from pathlib import Path

from harness.certs import Authority
from harness.firmware import PC
from harness.servers import DnsServer, TcpServer
from pc import Node, say

PC_NAME = "pc.example"
BOARD_NAME = "board.example"


class Page(http.server.BaseHTTPRequestHandler):
    """One page for every path."""

    def do_GET(self) -> None:
        """Answer."""
        text = b"Hello from the PC, over TLS.\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def https_server(certificate: tuple[Path, Path]) -> int:
    """An HTTPS server in a thread; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def echo(conn: socket.socket) -> None:
    """Send back what comes, until its end."""
    while data := conn.recv(4096):
        conn.sendall(data)


def udp_echo() -> int:
    """A UDP echo server in a thread; its port."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            data, peer = server.recvfrom(2048)
            server.sendto(data, peer)

    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]


def free_port() -> int:
    """A TCP port that nobody has right now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask_board(port: int, authority: Path) -> str:
    """Connect to the firmware's TLS server, check who it is, and ask."""
    context = ssl.create_default_context(cafile=str(authority))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=BOARD_NAME) as conn,
    ):
        conn.sendall(b"Who are you?\n")
        return f"{conn.version()}, {conn.recv(200).decode().strip()}"


def run() -> None:
    """Start everything, and run the firmware."""
    with tempfile.TemporaryDirectory(prefix="usocket-tour-") as name:
        certs = Path(name)
        authority = Authority(certs, "ca")
        Authority(certs, "other-ca")
        pc = authority.leaf("pc", PC_NAME)
        authority.leaf("board", BOARD_NAME)
        board_port = free_port()
        with TcpServer(echo) as tcp, DnsServer({PC_NAME: PC}) as dns:
            settings = {
                "USOCKET_NET": "slirp",
                "USOCKET_DNS": dns.setting,
                "USOCKET_FORWARD": f"tcp:127.0.0.1:{board_port}:8443",
            }
            ports = [tcp.port, udp_echo(), https_server((pc.pem, pc.key))]
            with Node("ip.py", certs, *ports, env=settings) as node:
                for line in node:
                    if line == "<server ready>":
                        say(f"the PC heard: {ask_board(board_port, authority.pem)}")
                    else:
                        say(line)
