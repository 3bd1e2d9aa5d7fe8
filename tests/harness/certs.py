# SPDX-License-Identifier: MIT
"""Throw-away certificates: an authority, and leaves of every kind, as files."""

from __future__ import annotations

import base64
import datetime
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass
class Cert:
    """A certificate and its key. pem holds the chain: the leaf first."""

    pem: Path
    key: Path
    der: Path
    key_der: Path


def der(pem: bytes) -> bytes:
    """The first object of a PEM text, as DER."""
    lines = pem.decode().split("-----END", 1)[0].splitlines()
    return base64.b64decode("".join(lines[1:]))


class Authority:
    """A certificate authority that writes into directory.

    It signs with an intermediate where one is asked for, as public ones do.
    """

    def __init__(self, directory: Path, name: str = "root", *, intermediate: bool = False) -> None:
        self._directory = directory
        root = trustme.CA()
        self._issuer = root.create_child_ca() if intermediate else root
        self.pem = directory / f"{name}.pem"
        self.pem.write_bytes(root.cert_pem.bytes())
        self.der = directory / f"{name}.der"
        self.der.write_bytes(der(root.cert_pem.bytes()))

    def leaf(self, name: str, host: str, *, kind: str = "ECDSA", expired: bool = False) -> Cert:
        """A certificate for host, its files called name; kind is RSA or ECDSA."""
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        issued = self._issuer.issue_cert(
            host,
            common_name=host,
            key_type=trustme.KeyType[kind],
            not_before=now - 30 * day,
            not_after=now - day if expired else now + 30 * day,
        )
        chain = [blob.bytes() for blob in issued.cert_chain_pems]
        key = issued.private_key_pem.bytes()
        return Cert(
            pem=self._write(f"{name}.pem", b"".join(chain)),
            key=self._write(f"{name}.key.pem", key),
            der=self._write(f"{name}.der", der(chain[0])),
            key_der=self._write(f"{name}.key.der", der(key)),
        )

    def _write(self, file: str, data: bytes) -> Path:
        path = self._directory / file
        path.write_bytes(data)
        return path
