# SPDX-License-Identifier: MIT
"""The module's names and numbers are those of the reference page."""

import errno
import socket
import usocket
from devtest import check, done, equal

NUMBERS = {
    "AF_INET": 2,
    "AF_LORA": 160,
    "AF_SIGFOX": 161,
    "SOCK_STREAM": 1,
    "SOCK_DGRAM": 2,
    "SOCK_RAW": 3,
    "IPPROTO_IP": 0,
    "IPPROTO_ICMP": 1,
    "IPPROTO_TCP": 6,
    "IPPROTO_UDP": 17,
    "IPPROTO_IPV6": 41,
    "IPPROTO_RAW": 255,
    "IP_ADD_MEMBERSHIP": 3,
    "IP_DROP_MEMBERSHIP": 4,
    "SOL_SOCKET": 4095,
    "SOL_LORA": 1048325,
    "SOL_SIGFOX": 1048326,
    "SO_REUSEADDR": 4,
    "SO_KEEPALIVE": 8,
    "SO_BROADCAST": 32,
    "TCP_NODELAY": 1,
    "MSG_PEEK": 1,
    "MSG_DONTWAIT": 8,
    "SHUT_RD": 0,
    "SHUT_WR": 1,
    "SHUT_RDWR": 2,
}

for name, number in NUMBERS.items():
    equal(getattr(socket, name, None), number, name)
check(usocket.socket is socket.socket, "usocket and socket are the same module")
check(socket.error is OSError, "socket.error is OSError")
check(issubclass(socket.timeout, OSError), "socket.timeout is an OSError")
check(isinstance(socket.__version__, str), "there is a version")
for name in ("getaddrinfo", "dnsserver", "compat"):
    check(callable(getattr(socket, name)), name + " is a function")

ERRNOS = {
    "EBADF": 9,
    "EAGAIN": 11,
    "ENOMEM": 12,
    "ENFILE": 23,
    "EOPNOTSUPP": 95,
    "ECONNRESET": 104,
    "ENOBUFS": 105,
    "EAFNOSUPPORT": 106,
    "ENOPROTOOPT": 109,
    "ECONNREFUSED": 111,
    "EADDRINUSE": 112,
    "ECONNABORTED": 113,
    "ENETDOWN": 115,
    "ETIMEDOUT": 116,
    "EHOSTUNREACH": 118,
    "EINPROGRESS": 119,
    "EALREADY": 120,
    "EDESTADDRREQ": 121,
    "EMSGSIZE": 122,
    "EISCONN": 127,
    "ENOTCONN": 128,
}
for name, number in ERRNOS.items():
    equal(getattr(errno, name, None), number, "errno." + name)
done()
