# SPDX-License-Identifier: MIT
"""HTTPS both ways: Python's http.server and curl, with certificates that are checked."""

import http.server
import ssl
import subprocess
import threading
from collections.abc import Iterator

import pytest
from harness.certs import Authority
from harness.firmware import PC, Firmware
from harness.servers import free_port

HOST = "server.example"
PAGE = b"<p>" + b"usocket " * 3000 + b"</p>"

pytestmark = pytest.mark.usefixtures("own_network")


class Page(http.server.BaseHTTPRequestHandler):
    """Answers every GET with PAGE."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""


@pytest.fixture(scope="module")
def https_port(own_network: bool, authority: Authority) -> Iterator[int]:
    cert = authority.leaf("https", HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert.pem, cert.key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


START = f"""
import sys, socket, ssl
addr = ("{PC}", int(sys.argv[1]))
ca = sys.argv[2]
request = b"GET / HTTP/1.0\\r\\nHost: {HOST}\\r\\n\\r\\n"

def context():
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ctx.load_verify_locations(ca)
    return ctx

def show(data):
    head, body = data.split(b"\\r\\n\\r\\n", 1)
    print(head.split(b"\\r\\n")[0])
    print(len(body), body == b"<p>" + b"usocket " * 3000 + b"</p>")
"""

GETS = {
    "SSLContext": f"""
s = socket.socket()
s.connect(addr)
s = context().wrap_socket(s, server_hostname="{HOST}")
s.write(request)
show(s.read())
""",
    "wrap_socket": f"""
s = ssl.wrap_socket(socket.socket(), cert_reqs=ssl.CERT_REQUIRED, ca_certs=ca,
    server_hostname="{HOST}")
s.connect(addr)
s.write(request)
show(s.read())
""",
    "asyncio": f"""
import asyncio
async def get():
    r, w = await asyncio.open_connection(*addr, ssl=context(), server_hostname="{HOST}")
    w.write(request)
    await w.drain()
    show(await r.read(-1))
    w.close()
    await w.wait_closed()
asyncio.run(get())
""",
}


@pytest.mark.parametrize("name", GETS)
def test_get(name: str, https_port: int, authority: Authority) -> None:
    """The firmware fetches a page of 24 KB."""
    with Firmware(START + GETS[name], str(https_port), str(authority.pem)) as firmware:
        output = firmware.check()
    assert len(output) == 2 and output[0].endswith(" 200 OK'")
    assert output[1] == f"{len(PAGE)} True"


@pytest.mark.parametrize("name", GETS)
def test_get_refuses_a_stranger(name: str, https_port: int, authority: Authority) -> None:
    """No page comes when the name in the certificate is another."""
    source = (START + GETS[name]).replace(f'"{HOST}"', '"other.example"')
    with Firmware(source, str(https_port), str(authority.pem)) as firmware:
        assert firmware.wait() == 1
    printed = "\n".join(firmware.output)
    assert "SSLCertVerificationError" in printed and "does not match" in printed
    assert not any("200 OK" in line for line in firmware.output)


SERVER = """
import sys, socket, ssl
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
ctx.load_cert_chain(sys.argv[1], sys.argv[2])
listener = socket.socket()
listener.bind(("", 443))
listener.listen(2)
print("ready")
for _ in range(2):
    try:
        s = ctx.wrap_socket(listener.accept()[0], server_side=True)
    except OSError as e:
        print("refused", e)
        continue
    print(s.readline())
    while s.readline() != b"\\r\\n":
        pass
    body = b"from the firmware " * 1000
    s.write(b"HTTP/1.0 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body))
    s.write(body)
    s.close()
"""


def test_curl(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> None:
    """curl trusts the firmware's server, and only with the right authority."""
    cert = authority.leaf("https-firmware", HOST)
    other = Authority(tmp_path_factory.mktemp("other"))
    port = free_port()
    forward = (f"tcp:127.0.0.1:{port}:443",)
    with Firmware(SERVER, str(cert.pem), str(cert.key), forward=forward) as firmware:
        firmware.expect("ready")
        curl = ["curl", "-sS", "--max-time", "10", "--resolve", f"{HOST}:{port}:127.0.0.1"]
        url = f"https://{HOST}:{port}/page"
        bad = subprocess.run([*curl, "--cacert", other.pem, url], capture_output=True, check=False)
        good = subprocess.run(
            [*curl, "--cacert", authority.pem, url], capture_output=True, check=False
        )
        output = firmware.check()
    assert bad.returncode == 60, bad.stderr  # curl: the certificate is not trusted
    assert good.returncode == 0, good.stderr
    assert good.stdout == b"from the firmware " * 1000
    assert output[1] == "refused (-30592, 'MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE')"
    assert output[2] == "b'GET /page HTTP/1.1\\r\\n'"
