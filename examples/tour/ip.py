# IP and TLS, on the firmware. Arguments: a folder with certificates and the ports of
# the PC's TCP echo, UDP echo and HTTPS servers (ip_pc.py starts them).

import socket
import ssl
import struct
import sys
import time

import network
from tour import say, step

CERTS = sys.argv[1]
TCP_PORT, UDP_PORT, HTTPS_PORT = (int(arg) for arg in sys.argv[2:5])
NAME = "pc.example"


def interface():
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    while not wlan.isconnected():
        time.sleep_ms(10)
    ip, mask, gateway, dns = wlan.ifconfig()
    say("this firmware is %s, its gateway %s", ip, gateway)
    say("it asks the name server %s", socket.dnsserver()[0])


def names():
    address = socket.getaddrinfo(NAME, TCP_PORT)[0][-1]
    say("%s is %s", NAME, address[0])
    try:
        socket.getaddrinfo("no.such.name.example", 80)
    except OSError as e:
        say("a name that does not exist: %r", e)
    return address[0]


def tcp_echo(pc):
    with socket.socket() as s:
        s.settimeout(5)
        s.connect((NAME, TCP_PORT))
        block = bytes(range(256)) * 64
        s.sendall(block[:1000])
        assert s.read(1000) == block[:1000]
        start = time.ticks_us()
        s.write(b"ping\n")
        say("echo of a line: %r in %d us", s.readline(), time.ticks_diff(time.ticks_us(), start))
        s.settimeout(0.2)
        try:
            s.recv(1)
        except socket.timeout as e:
            say("nothing more comes: %s (errno %d), as settimeout(0.2) asked", e, e.errno)
    refused = socket.socket()
    try:
        refused.connect((pc, 9))
    except OSError as e:
        say("a port where nobody listens: %s", e)
    refused.close()


def udp_echo(pc):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.sendto(b"datagram", (pc, UDP_PORT))
        data, sender = s.recvfrom(100)
        say("%r came back from %s:%d", data, sender[0], sender[1])


def checksum(data):
    total = sum(data[i] << 8 | data[i + 1] for i in range(0, len(data), 2))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def ping(pc):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as s:
        s.settimeout(2)
        for number in range(1, 4):
            echo = struct.pack(">BBHHH", 8, 0, 0, 1234, number) + b"usocket!"
            echo = echo[:2] + struct.pack(">H", checksum(echo)) + echo[4:]
            start = time.ticks_us()
            s.sendto(echo, (pc, 0))
            reply, sender = s.recvfrom(200)
            took = time.ticks_diff(time.ticks_us(), start)
            header = (reply[0] & 15) * 4
            say("%d bytes from %s: type %d, %d us", len(reply), sender[0], reply[header], took)
            assert reply[header] == 0


def https():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=CERTS + "/ca.pem")
    s = socket.socket()
    s.settimeout(10)
    s.connect((NAME, HTTPS_PORT))
    s = context.wrap_socket(s, server_hostname=NAME)
    say("%s, %s: the certificate is good and is %s's", s.version(), s.cipher()[0], NAME)
    s.write(b"GET / HTTP/1.0\r\nHost: %s\r\n\r\n" % NAME)
    say("%s", s.readline().decode().strip())
    while s.readline() != b"\r\n":
        pass
    say("%s", s.read().decode().strip())
    s.close()


def impostor(ca, hostname, what):
    s = socket.socket()
    s.settimeout(10)
    s.connect((NAME, HTTPS_PORT))
    try:
        ssl.wrap_socket(
            s, cert_reqs=ssl.CERT_REQUIRED, ca_certs=CERTS + ca, server_hostname=hostname
        )
    except OSError as e:
        say("%s: refused: %s", what, str(e).strip())
    else:
        raise SystemExit("a bad certificate was accepted: " + what)
    s.close()


def tls_server():
    listener = socket.socket()
    listener.bind(("", 8443))
    listener.listen(1)
    listener.settimeout(10)
    print("<server ready>")
    conn, peer = listener.accept()
    conn = ssl.wrap_socket(
        conn, server_side=True, certfile=CERTS + "/board.pem", keyfile=CERTS + "/board.key.pem"
    )
    say("%s asked: %r", peer[0], conn.readline())
    conn.write(b"%s\n" % sys.version)
    conn.close()
    listener.close()


say("usocket %s, %s", socket.__version__, sys.version)
step("The network")
interface()
step("Names")
pc = names()
step("TCP")
tcp_echo(pc)
step("UDP")
udp_echo(pc)
step("Ping, by a raw socket")
ping(pc)
step("HTTPS with a verified certificate")
https()
impostor("/other-ca.pem", NAME, "another authority")
impostor("/ca.pem", "bank.example", "another host's name")
step("A TLS server on the firmware, and the PC as its client")
tls_server()
