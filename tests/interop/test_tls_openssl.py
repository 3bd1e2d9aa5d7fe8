# SPDX-License-Identifier: MIT
"""TLS against the openssl command: `openssl s_server` and `openssl s_client`."""

import hashlib
import random
from pathlib import Path

import pytest
from harness.certs import Authority
from harness.firmware import PC, Firmware
from harness.openssl import OpenSsl, Server
from harness.servers import free_port

HOST = "server.example"

pytestmark = pytest.mark.usefixtures("own_network")

# argv: port, then the test's own.
START = f"""
import sys, socket, ssl, select, time
addr = ("{PC}", int(sys.argv[1]))
args = sys.argv[2:]
HOST = "{HOST}"

def plain():
    s = socket.socket()
    s.connect(addr)
    return s

def load(path):
    with open(path, "rb") as f:
        return f.read()

def client(ca=None):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca is None:
        ctx.verify_mode = ssl.CERT_NONE
    else:
        ctx.load_verify_locations(cadata=ca) if isinstance(ca, bytes) else ctx.load_verify_locations(ca)
    return ctx

def unusable(s):
    for call in (lambda: s.send(b"secret"), lambda: s.write(b"secret"), lambda: s.recv(1)):
        try:
            call()
        except OSError:
            continue
        return False
    return True
"""


def server_args(authority: Authority, name: str = "openssl", **leaf: object) -> list[str]:
    cert = authority.leaf(name, HOST, **leaf)  # type: ignore[arg-type]
    return ["-cert", str(cert.pem), "-key", str(cert.key)]


@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
@pytest.mark.parametrize("form", ["pem", "der"])
@pytest.mark.parametrize("given", ["path", "bytes"])
@pytest.mark.parametrize("order", ["connect first", "wrap first"])
def test_client(kind: str, form: str, given: str, order: str, authority: Authority) -> None:
    """The firmware verifies a server, says its name, and lines go both ways."""
    source = START + "ctx = client(load(args[0]) if args[1] == 'bytes' else args[0])\n"
    if order == "connect first":
        source += "s = ctx.wrap_socket(plain(), server_hostname=HOST)\n"
    else:
        source += "s = ctx.wrap_socket(socket.socket(), server_hostname=HOST)\ns.connect(addr)\n"
    source += "s.write(b'hello from firmware\\n')\nprint(s.readline())\ns.close()\n"
    ca = str(authority.pem if form == "pem" else authority.der)
    options = ["-servername", HOST, *server_args(authority, kind=kind), "-msg"]
    options += ["-cert2", options[3], "-key2", options[5]]
    with Server(*options) as server, Firmware(source, str(server.port), ca, given) as firmware:
        server.expect("hello from firmware")
        server.write(b"hello from openssl\n")
        assert firmware.check() == ["b'hello from openssl\\n'"]
        server.expect("warning close_notify")
        assert f'Hostname in TLS extension: "{HOST}"' in server.text


BAD = {
    "other authority": "not correctly signed by the trusted CA",
    "expired": "validity has expired",
    "other name": "does not match with the expected CN",
}


@pytest.mark.parametrize("mode", ["CERT_REQUIRED", "CERT_OPTIONAL"])
@pytest.mark.parametrize("order", ["connect first", "wrap first"])
@pytest.mark.parametrize("why", BAD)
def test_bad_server_is_refused(
    why: str, order: str, mode: str, authority: Authority, tmp_path: Path
) -> None:
    """The exception has mbedTLS's name and the reason; nothing reaches the server."""
    issuer = Authority(tmp_path) if why == "other authority" else authority
    options = server_args(issuer, "bad", expired=why == "expired")
    host = "other.example" if why == "other name" else HOST
    first = order == "connect first"
    source = f"""{START}
ctx = client(args[0])
ctx.verify_mode = ssl.{mode}
s = {"plain()" if first else f"ctx.wrap_socket(socket.socket(), server_hostname='{host}')"}
try:
    {f"ctx.wrap_socket(s, server_hostname='{host}')" if first else "s.connect(addr)"}
    print("accepted")
except ssl.SSLCertVerificationError as e:
    print(e.args)
print(unusable(s))
"""
    with Server(*options) as server, Firmware(source, str(server.port), str(authority.pem)) as fw:
        output = fw.check()
        assert "secret" not in server.text
    assert output[0].startswith("(-9984, ")
    assert "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED" in output[0] and BAD[why] in output[0]
    assert output[1:] == ["True"]


def test_resumption(authority: Authority) -> None:
    """openssl says that the second connection resumed the first one's session."""
    source = f"""{START}
session = None
ctx = client(args[0])
for i in range(2):
    s = ctx.wrap_socket(plain(), server_hostname=HOST, session=session)
    s.write(b"line\\n")
    print(s.readline())
    session = ssl.save_session(s)
    s.close()
"""
    with (
        Server(*server_args(authority)) as server,
        Firmware(source, str(server.port), str(authority.pem)) as firmware,
    ):
        server.expect("line\n")
        assert "Reused" not in server.text
        server.write(b"one\n")
        server.expect("line\n", count=2)
        assert "Reused" in server.text
        server.write(b"two\n")
        assert firmware.check() == ["b'one\\n'", "b'two\\n'"]


@pytest.mark.parametrize("own", [True, False], ids=["certificate", "none"])
def test_server_asks_for_a_certificate(own: bool, authority: Authority) -> None:
    """Mutual TLS: the firmware has a certificate, or is turned away."""
    cert = authority.leaf("firmware", "firmware.example")
    source = f"""{START}
ctx = client(args[0])
{"ctx.load_cert_chain(args[1], args[2])" if own else ""}
try:
    s = ctx.wrap_socket(plain(), server_hostname=HOST)
    s.write(b"line\\n")
    print(s.readline())
except OSError as e:
    print(e.args)
"""
    options = [*server_args(authority), "-Verify", "2", "-verify_return_error"]
    files = [str(authority.pem), str(cert.pem), str(cert.key)]
    with (
        Server(*options, "-CAfile", str(authority.pem)) as server,
        Firmware(source, str(server.port), *files) as firmware,
    ):
        if own:
            server.expect("line\n")
            server.write(b"one\n")
        output = firmware.check()
    assert output == (
        ["b'one\\n'"] if own else ["(-30592, 'MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE')"]
    )


def test_handshake_without_blocking(authority: Authority) -> None:
    """poll and do_handshake, then EAGAIN, or b'' in Pycom's mode, when nothing came."""
    source = f"""{START}
s = socket.socket()
s.setblocking(False)
s = client(args[0]).wrap_socket(s, server_hostname=HOST)
try:
    s.connect(addr)
except OSError as e:
    print(e)
p = select.poll()
p.register(s, select.POLLOUT)
print(len(p.poll(5000)))
s.do_handshake()
try:
    s.recv(10)
except OSError as e:
    print(e.args[0])
socket.compat("pycom")
print(s.recv(10))
socket.compat("upstream")
s.settimeout(0.3)
start = time.ticks_ms()
try:
    s.recv(10)
except socket.timeout:
    print(250 < time.ticks_diff(time.ticks_ms(), start) < 1500)
"""
    with (
        Server(*server_args(authority)) as server,
        Firmware(source, str(server.port), str(authority.pem)) as firmware,
    ):
        assert firmware.check() == ["119", "1", "11", "b''", "True"]


def test_decrypted_bytes_count_in_poll(authority: Authority) -> None:
    """A record of 16 KB is readable until its last byte is read, and not longer."""
    source = f"""{START}
s = client(args[0]).wrap_socket(plain(), server_hostname=HOST)
p = select.poll()
p.register(s, select.POLLIN)
total, polls = 0, 0
while total < 16384:
    if not p.poll(5000):
        print("lost", total)
        break
    total += len(s.recv(100))
print(total, p.poll(200))
"""
    with (
        Server(*server_args(authority), "-quiet") as server,
        Firmware(source, str(server.port), str(authority.pem)) as firmware,
    ):
        server.write(random.Random(1).randbytes(16384))
        assert firmware.check() == ["16384 []"]


@pytest.mark.parametrize("end", ["close_notify", "cut off"])
def test_end_of_stream(end: str, authority: Authority) -> None:
    """closed_by_peer() tells a goodbye from a connection that was cut off."""
    source = f"""{START}
s = client(args[0]).wrap_socket(plain(), server_hostname=HOST)
s.write(b"GET / HTTP/1.0\\r\\n\\r\\n" if args[1] == "close_notify" else b"line\\n")
try:
    print(len(s.read()) > 0)
except OSError:
    print("reset")
print(s.closed_by_peer())
"""
    # Asked for a page, openssl says goodbye behind it; killed, it cannot.
    mode = ["-www"] if end == "close_notify" else []
    with (
        Server(*server_args(authority), *mode) as server,
        Firmware(source, str(server.port), str(authority.pem), end) as firmware,
    ):
        if end == "close_notify":
            assert firmware.check() == ["True", "True"]
        else:
            server.expect("line\n")
            server.kill()
            assert firmware.check() in (["False", "False"], ["reset", "False"])


def test_two_megabytes_each_way(authority: Authority) -> None:
    """What goes there and comes back is what was sent."""
    data = random.Random(2).randbytes(2_000_000)
    source = f"""{START}
import hashlib
s = client(args[0]).wrap_socket(plain(), server_hostname=HOST)
total, sha, kept = 0, hashlib.sha256(), bytearray()
while total < 2000000:
    part = s.recv(8192)
    sha.update(part)
    kept += part
    total += len(part)
s.write(kept)
print(total, sha.digest().hex())
sys.stdin.readline()
s.close()
"""
    with (
        Server(*server_args(authority), "-quiet") as server,
        Firmware(source, str(server.port), str(authority.pem), heap="16M") as firmware,
    ):
        server.write(data)
        assert firmware.line(30) == f"2000000 {hashlib.sha256(data).hexdigest()}"
        assert server.expect_bytes(len(data)) == data
        firmware.write("\n")
        assert firmware.wait() == 0


SERVE = f"""{START.replace('addr = ("' + PC + '", int(sys.argv[1]))', "")}
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
ctx.load_cert_chain(*[load(a) if args[2] == "bytes" else a for a in args[:2]])
if args[3]:
    ctx.verify_mode = ssl.CERT_REQUIRED
    ctx.load_verify_locations(args[3])
listener = socket.socket()
listener.bind(("", 443))
listener.listen(1)
print("ready")
conn = listener.accept()[0]
try:
    s = ctx.wrap_socket(conn, server_side=True)
    print(s.readline())
    s.write(b"hello from firmware\\n")
    print(s.getpeercert(True) is not None)
    s.close()
except OSError as e:
    print(e.args, unusable(conn))
"""


@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
@pytest.mark.parametrize("form", ["pem", "der"])
@pytest.mark.parametrize("given", ["path", "bytes"])
@pytest.mark.parametrize("ask", ["", "good", "none", "other"])
def test_server(
    kind: str, form: str, given: str, ask: str, authority: Authority, tmp_path: Path
) -> None:
    """s_client verifies the firmware; the firmware asks for a certificate, or not."""
    cert = authority.leaf("served", HOST, kind=kind)
    files = [cert.pem, cert.key] if form == "pem" else [cert.der, cert.key_der]
    port = free_port()
    argv = ["0", *map(str, files), given, str(authority.pem) if ask else ""]
    options = ["-connect", f"127.0.0.1:{port}", "-CAfile", str(authority.pem), "-msg"]
    options += ["-verify_return_error", "-verify_hostname", HOST]
    if ask in ("good", "other"):
        issuer = authority if ask == "good" else Authority(tmp_path)
        own = issuer.leaf("visitor", "visitor.example")
        options += ["-cert", str(own.pem), "-key", str(own.key)]
    forward = (f"tcp:127.0.0.1:{port}:443",)
    with Firmware(SERVE, *argv, forward=forward) as firmware:
        firmware.expect("ready")
        with OpenSsl("s_client", *options) as client:
            if ask in ("", "good"):
                client.write(b"hello from openssl\n")
                client.expect("hello from firmware")
                client.expect("warning close_notify")
                assert "Verify return code: 0 (ok)" in client.text
            output = firmware.check()[1:]
    if ask in ("", "good"):
        assert output == ["b'hello from openssl\\n'", str(ask == "good")]
    elif ask == "none":
        assert output == ["(-29824, 'MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE') True"]
    else:
        assert len(output) == 1 and output[0].endswith(" True")
        assert BAD["other authority"] in output[0]
