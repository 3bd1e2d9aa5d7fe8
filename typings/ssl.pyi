"""The ssl module of usocket (also importable as ussl)."""

from collections.abc import Callable
from typing import TypeAlias

import socket

# A path in the firmware's file system, or the PEM or DER bytes themselves.
PathOrBytes: TypeAlias = str | bytes | bytearray | memoryview

CERT_NONE: int
CERT_OPTIONAL: int
CERT_REQUIRED: int
PROTOCOL_TLS_CLIENT: int
PROTOCOL_TLS_SERVER: int
SSL_TIMEOUT: int
MBEDTLS_VERSION: str

SSLError = OSError

class SSLCertVerificationError(OSError): ...
class SSLSession: ...

class SSLSocket(socket.socket):
    def do_handshake(self) -> None: ...
    def getpeercert(self, binary_form: bool = ..., /) -> bytes | None: ...
    def cipher(self) -> tuple[str, str]: ...
    def version(self) -> str | None: ...

class SSLContext:
    verify_mode: int
    verify_callback: Callable[[bytes, int], int] | None
    def __init__(self, protocol: int, /) -> None: ...
    def get_ciphers(self) -> list[str]: ...
    def set_ciphers(self, ciphers: list[str], /) -> None: ...
    def load_cert_chain(self, cert: PathOrBytes, key: PathOrBytes, /) -> None: ...
    def load_verify_locations(
        self, cafile: PathOrBytes | None = ..., cadata: PathOrBytes | None = ...
    ) -> None: ...
    def wrap_socket(
        self,
        sock: object,
        server_side: bool = ...,
        do_handshake_on_connect: bool = ...,
        server_hostname: str | None = ...,
        *,
        session: SSLSession | None = ...,
        timeout: float | None = ...,
    ) -> SSLSocket: ...

def wrap_socket(
    sock: object,
    server_side: bool = ...,
    key: PathOrBytes | None = ...,
    cert: PathOrBytes | None = ...,
    cert_reqs: int = ...,
    cadata: PathOrBytes | None = ...,
    server_hostname: str | None = ...,
    do_handshake: bool = ...,
    *,
    keyfile: PathOrBytes | None = ...,
    certfile: PathOrBytes | None = ...,
    ca_certs: PathOrBytes | None = ...,
    ssl_version: object = ...,
    saved_session: SSLSession | None = ...,
    timeout: float | None = ...,
    do_handshake_on_connect: bool = ...,
) -> SSLSocket: ...
def save_session(sock: SSLSocket, /) -> SSLSession: ...
