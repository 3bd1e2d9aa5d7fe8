# SPDX-License-Identifier: MIT
"""What net_hosted and net_inet expect of the internet, on the PC's loopback.

"micropython.org" is a web server here, found through a DNS server that the
firmware is told to ask. Its certificate comes with an intermediate, as there.
"""

from __future__ import annotations

import ssl
from contextlib import ExitStack
from pathlib import Path

from harness import netns
from harness.certs import Authority
from harness.closing import Closing
from harness.firmware import PC
from harness.servers import DnsServer, TcpServer, http_ok

HTTP_PORT = 80
HTTPS_PORT = 443


class World(Closing):
    """The servers, and the environment that leads the firmware to them."""

    def __init__(self, folder: Path) -> None:
        self._stack = ExitStack()
        missing = [port for port in (HTTP_PORT, HTTPS_PORT) if not netns.can_bind(port)]
        if missing:
            raise OSError(f"ports {missing} of the loopback are not free (or not for this user)")
        dns = self._stack.enter_context(DnsServer({"micropython.org": PC}))
        cert = Authority(folder, intermediate=True).leaf("web", "micropython.org", kind="RSA")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert.pem, cert.key)
        self._stack.enter_context(TcpServer(http_ok, port=HTTP_PORT))
        self._stack.enter_context(TcpServer(http_ok, port=HTTPS_PORT, context=context))
        self.environment = {"USOCKET_NET": "slirp", "USOCKET_DNS": dns.setting}

    def close(self) -> None:
        """End the servers."""
        self._stack.close()
