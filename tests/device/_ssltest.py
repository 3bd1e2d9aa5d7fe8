# SPDX-License-Identifier: MIT
"""What the TLS scripts share: a TLS server in a thread of the same firmware."""

import _thread
import socket
import ssl
import time

import _certs
from devtest import check, listener

NAME = "server.test"


class Server:
    """Serves connections, one after the other, with handle(tls) in a thread.

    wrap(sock) makes the TLS socket. What a connection raised is in errors.
    """

    def __init__(self, handle, wrap=None, count=1):
        self.listener, self.addr = listener()
        self.errors = []
        self.left = count
        self.served = 0
        self._handle = handle
        self._wrap = wrap or wrap_server
        _thread.start_new_thread(self._run, ())

    def _run(self):
        while self.left:
            sock, _ = self.listener.accept()
            sock.settimeout(10)
            try:
                sock = self._wrap(sock)
                self._handle(sock)
            except Exception as e:
                self.errors.append(e)
            sock.close()
            self.left -= 1
            self.served += 1
        self.listener.close()

    def join(self):
        """Wait until all its connections are served."""
        for _ in range(1000):
            if not self.left:
                return
            time.sleep(0.01)
        check(False, "the server ends")


def wrap_server(sock):
    return ssl.wrap_socket(sock, server_side=True, cert=_certs.SERVER, key=_certs.SERVER_KEY)


def echo(tls):
    """Send back what comes, until the end."""
    while True:
        data = tls.recv(4096)
        if not data:
            return
        tls.sendall(data)


def tcp(addr, timeout=10):
    """A connected TCP socket."""
    s = socket.socket()
    s.settimeout(timeout)
    s.connect(addr)
    return s


def verified(sock, **kwargs):
    """A client that trusts ROOT and expects NAME."""
    return ssl.wrap_socket(
        sock, cert_reqs=ssl.CERT_REQUIRED, cadata=_certs.ROOT, server_hostname=NAME, **kwargs
    )
