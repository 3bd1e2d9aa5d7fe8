# SPDX-License-Identifier: MIT
"""A raw socket pings 127.0.0.1."""

import socket
import struct
from devtest import HOST, check, done, equal, raises


def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def echo(number):
    body = struct.pack(">HH", 0x1234, number) + b"usocket!"
    return struct.pack(">BBH", 8, 0, checksum(b"\x08\0\0\0" + body)) + body


s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
s.settimeout(5)
for number in range(3):
    request = echo(number)
    equal(s.sendto(request, (HOST, 0)), len(request), "a ping is sent")
    for _ in range(3):  # on the loopback the request comes back too
        packet, addr = s.recvfrom(200)
        equal(addr[0], HOST, "from")
        equal(packet[0] >> 4, 4, "it begins with the IP header")
        payload = packet[(packet[0] & 15) * 4 :]
        if payload[0] == 0:
            break
    equal(payload[4:], request[4:], "the answer")
    equal(checksum(payload), 0, "its checksum")
s.settimeout(0.1)
for _ in range(20):
    try:
        s.recv(200)
    except socket.timeout:
        break
raises(socket.timeout, 116, s.recv, 100)
check(s.fileno() >= 0, "still open")
s.close()
raises(OSError, 9, s.sendto, b"12345678", (HOST, 0))
done()
