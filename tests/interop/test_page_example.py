# SPDX-License-Identifier: MIT
"""The example of the reference's section do_handshake, as it is printed there.

page_example.py is that text, unchanged: a non-blocking TLS connection to a public
server. Here a server on the PC's loopback and a DNS server of the test's own take
that server's place.
"""

import socket
import ssl
from pathlib import Path

import pytest
from harness import netns
from harness.certs import Authority
from harness.firmware import PC, Firmware
from harness.servers import DnsServer, TcpServer

EXAMPLE = Path(__file__).parent / "page_example.py"
HOST = "www.postman-echo.com"


def test_example_runs_unchanged(own_network: bool, authority: Authority) -> None:
    """Every line that it can print comes, in order, and the server's answer."""
    if not netns.can_bind(443):
        pytest.skip("cannot listen on 127.0.0.1:443, and no network namespace is allowed here")
    cert = authority.leaf("page-example", HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert.pem, cert.key)
    requests: list[bytes] = []

    def serve(conn: socket.socket) -> None:
        requests.append(conn.recv(4096))
        conn.sendall(b"HTTP/1.0 200 OK\r\n\r\nIt works.")

    with (
        TcpServer(serve, port=443, context=context) as server,
        DnsServer({HOST: PC}) as dns,
        Firmware(EXAMPLE, dns=dns.setting) as firmware,
    ):
        output = firmware.check()
    while output[0] == "Wifi .. Connecting":
        output = output[1:]
    assert output == [
        "Wifi Connected",
        "In Progress",
        "Doing Handshake",
        "Handshake Done",
        "b'HTTP/1.0 200 OK\\r\\n\\r\\nIt works.'",
    ]
    assert dns.asked == [HOST]
    assert requests == [b"GET / HTTP/1.0\r\n\r\n"]
    assert not server.failures
