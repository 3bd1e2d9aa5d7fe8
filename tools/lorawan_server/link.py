# SPDX-License-Identifier: MIT
"""The server's end of the Semtech UDP protocol: gateways, what they hear, what they send."""

from __future__ import annotations

import asyncio
import base64
import binascii
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import semtech_udp

from lorawan_server.regions import Rate

Address = tuple[str, int]


@dataclass(frozen=True)
class Reception:
    """One gateway's copy of an uplink."""

    gateway: bytes
    tmst: int
    freq: int
    rate: Rate
    phy: bytes
    snr: float
    rssi: float
    tmms: int | None = None  # GPS milliseconds


class BadReception(ValueError):
    """A rxpk that cannot be used."""


def reception(gateway: bytes, rxpk: object) -> Reception:
    """Read a rxpk; BadReception says what is wrong with it."""
    if not isinstance(rxpk, dict):
        raise BadReception("rxpk is no object")
    if rxpk.get("stat", 1) == -1:
        raise BadReception("CRC is bad")
    try:
        phy = base64.b64decode(rxpk["data"], validate=True)
        if len(phy) != int(rxpk.get("size", len(phy))):
            raise BadReception(f"size is {rxpk['size']}, data has {len(phy)} bytes")
        tmms = rxpk.get("tmms")
        return Reception(
            gateway,
            int(rxpk["tmst"]) % semtech_udp.TMST_SPAN,
            round(float(rxpk["freq"]) * 1e6),
            Rate.of(rxpk["datr"]),
            phy,
            float(rxpk.get("lsnr", 0)),
            float(rxpk.get("rssi", 0)),
            None if tmms is None else int(tmms),
        )
    except KeyError as missing:
        raise BadReception(f"rxpk has no {missing}") from None
    except (TypeError, ValueError, OverflowError, binascii.Error) as error:
        raise BadReception(str(error)) from None


class Link(asyncio.DatagramProtocol):
    """Speaks with any number of gateways."""

    def __init__(
        self,
        heard: Callable[[bytes, object], None],
        note: Callable[..., object],
        ack_timeout_s: float = 2.0,
    ) -> None:
        self._heard = heard
        self._note = note
        self._timeout = ack_timeout_s
        self._tokens = itertools.count(1)
        self._acks: dict[tuple[bytes, bytes], asyncio.Future[str]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        # EUI -> where its last PULL_DATA came from.
        self.gateways: dict[bytes, Address] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def error_received(self, exc: Exception) -> None:
        self._note("error", text=f"UDP: {exc}")

    def datagram_received(self, data: bytes, addr: Address) -> None:
        try:
            datagram = semtech_udp.parse(data)
            content = datagram.json()
        except ValueError as error:
            self._note("bad_datagram", text=str(error), peer=f"{addr[0]}:{addr[1]}")
            return
        if datagram.kind == semtech_udp.PUSH_DATA:
            self._send(semtech_udp.Datagram(semtech_udp.PUSH_ACK, datagram.token), addr)
            self._pushed(datagram.eui, content)
        elif datagram.kind == semtech_udp.PULL_DATA:
            self._send(semtech_udp.Datagram(semtech_udp.PULL_ACK, datagram.token), addr)
            if self.gateways.get(datagram.eui) != addr:
                self._note("gateway", gateway=datagram.eui, peer=f"{addr[0]}:{addr[1]}")
            self.gateways[datagram.eui] = addr
        elif datagram.kind == semtech_udp.TX_ACK:
            self._acknowledged(datagram, content)

    def _pushed(self, eui: bytes, content: dict[str, object]) -> None:
        if "stat" in content:
            self._note("stat", gateway=eui, stat=content["stat"])
        packets = content.get("rxpk", [])
        for rxpk in packets if isinstance(packets, list) else [packets]:
            self._heard(eui, rxpk)

    def _acknowledged(self, datagram: semtech_udp.Datagram, content: dict[str, object]) -> None:
        answer = content.get("txpk_ack")
        error = answer.get("error", "NONE") if isinstance(answer, dict) else "NONE"
        future = self._acks.get((datagram.eui, datagram.token))
        if future is None or future.done():
            self._note("stray_tx_ack", gateway=datagram.eui, error=str(error))
        else:
            future.set_result(str(error))

    def _send(self, datagram: semtech_udp.Datagram, to: Address) -> None:
        assert self._transport is not None
        self._transport.sendto(bytes(datagram), to)

    async def transmit(self, gateway: bytes, txpk: dict[str, object]) -> str:
        """Give a gateway a frame; its answer: NONE, an error of the protocol,
        NO_GATEWAY or NO_TX_ACK."""
        address = self.gateways.get(gateway)
        if address is None:
            return "NO_GATEWAY"
        token = (next(self._tokens) & 0xFFFF).to_bytes(2, "big")
        key = (gateway, token)
        future = self._acks[key] = asyncio.get_running_loop().create_future()
        self._send(
            semtech_udp.with_json(semtech_udp.PULL_RESP, token, b"", {"txpk": txpk}), address
        )
        try:
            return await asyncio.wait_for(future, self._timeout)
        except TimeoutError:
            return "NO_TX_ACK"
        finally:
            del self._acks[key]

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
