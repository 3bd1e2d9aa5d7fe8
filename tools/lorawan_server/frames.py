# SPDX-License-Identifier: MIT
"""Frames of LoRaWAN 1.0, through liblora; addresses and nonces are unsigned here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import loracrypto
import loramsg
import rtlib

JOIN_REQUEST, JOIN_ACCEPT = 0x00, 0x20
DATA_UP, DATA_DOWN = 0x40, 0x60
CONFIRMED_UP, CONFIRMED_DOWN = 0x80, 0xA0
ADR, ADR_ACK_REQ, ACK, FPENDING = 0x80, 0x40, 0x20, 0x10
FOPTS_MAX = 15
FCNT_MAX = 0xFFFFFFFF


class FrameError(ValueError):
    """No frame that LoRaWAN 1.0 knows."""


class MicError(ValueError):
    """The message integrity code is that of another key, counter or content."""


def signed(value: int) -> int:
    """As liblora writes 32-bit numbers."""
    return value - (1 << 32) if value >= 1 << 31 else value


@dataclass(frozen=True)
class Data:
    """A data frame, deciphered."""

    dev_addr: int
    fcnt: int
    port: int | None = None
    payload: bytes = b""
    fopts: bytes = b""
    fctrl: int = 0
    mtype: int = DATA_UP
    major: int = 0

    @property
    def confirmed(self) -> bool:
        return self.mtype in (CONFIRMED_UP, CONFIRMED_DOWN)

    @property
    def commands(self) -> bytes:
        """The MAC commands, wherever they are."""
        return self.payload if self.port == 0 else self.fopts


@dataclass(frozen=True)
class JoinRequest:
    join_eui: int
    dev_eui: int
    dev_nonce: int


@dataclass(frozen=True)
class JoinAccept:
    join_nonce: int
    net_id: int
    dev_addr: int
    dl_settings: int = 0
    rx_delay: int = 1
    cflist: bytes | None = field(default=None)


def mtype_of(phy: bytes) -> int:
    """The type of a frame of sound length; FrameError otherwise."""
    try:
        return int(loramsg.sanity_check_frame(phy))
    except ValueError as error:
        raise FrameError(str(error)) from None


def address_of(phy: bytes) -> tuple[int, int]:
    """DevAddr and the 16 bits of the counter of a data frame."""
    return int.from_bytes(phy[1:5], "little"), int.from_bytes(phy[6:8], "little")


def mic_fits(phy: bytes, fcnt: int, nwk_s_key: bytes) -> bool:
    """Whether a data frame's MIC is that of this counter and key."""
    down = mtype_of(phy) in (DATA_DOWN, CONFIRMED_DOWN)
    address, _ = address_of(phy)
    mic = loracrypto.crypto.calcMic(nwk_s_key, signed(address), fcnt, int(down), phy)
    return secrets.compare_digest(mic.to_bytes(4, "little", signed=True), phy[-4:])


def read_data(phy: bytes, fcnt: int, nwk_s_key: bytes, app_s_key: bytes) -> Data:
    """Check and decipher a data frame whose 32-bit counter is known."""
    mtype = mtype_of(phy)
    if mtype in (JOIN_REQUEST, JOIN_ACCEPT):
        raise FrameError("not a data frame")
    if fcnt & 0xFFFF != address_of(phy)[1] or not mic_fits(phy, fcnt, nwk_s_key):
        raise MicError("MIC does not fit")
    # liblora keeps the upper half of the counter that it is given.
    got = loramsg.unpack_dataframe(phy, fcnt, nwk_s_key, app_s_key)
    return Data(
        dev_addr=got["DevAddr"] & FCNT_MAX,
        fcnt=got["FCnt"],
        port=got["FPort"] if got["FPort"] >= 0 else None,
        payload=bytes(got["FRMPayload"]),
        fopts=bytes(got["FOpts"]),
        fctrl=got["FCtrl"] & 0xF0,
        mtype=mtype,
        major=got["MHdr"] & 3,
    )


def write_data(data: Data, nwk_s_key: bytes, app_s_key: bytes) -> bytes:
    """Encipher and sign a data frame."""
    if len(data.fopts) > FOPTS_MAX:
        raise FrameError(f"FOpts of {len(data.fopts)} bytes, at most {FOPTS_MAX}")
    return bytes(
        loramsg.pack_dataframe(
            mhdr=data.mtype | data.major,
            devaddr=signed(data.dev_addr),
            fctrl=data.fctrl,
            fcnt=data.fcnt,
            fopts=data.fopts,
            port=data.port,
            payload=data.payload,
            nwkskey=nwk_s_key,
            appskey=app_s_key,
        )
    )


def read_join_request(phy: bytes) -> JoinRequest:
    """The fields; the key that its MIC needs follows from them."""
    got = loramsg.unpack_jreq(phy)
    return JoinRequest(
        int.from_bytes(got["JoinEUI"].as_bytes(), "big"),
        int.from_bytes(got["DevEUI"].as_bytes(), "big"),
        got["DevNonce"],
    )


def check_join_request(phy: bytes, app_key: bytes) -> None:
    """MicError when the key is another."""
    try:
        loramsg.verify_jreq(app_key, phy)
    except loramsg.VerifyError:
        raise MicError("MIC of the join request does not fit") from None


def write_join_request(request: JoinRequest, app_key: bytes) -> bytes:
    return bytes(
        loramsg.pack_jreq(
            app_key, rtlib.Eui(request.join_eui), rtlib.Eui(request.dev_eui), request.dev_nonce
        )
    )


def write_join_accept(accept: JoinAccept, app_key: bytes) -> bytes:
    return bytes(
        loramsg.pack_jacc(
            app_key,
            accept.join_nonce,
            accept.net_id,
            signed(accept.dev_addr),
            accept.dl_settings,
            accept.rx_delay,
            accept.cflist,
        )
    )


def read_join_accept(phy: bytes, app_key: bytes) -> JoinAccept:
    """Decipher and check, as a device does."""
    try:
        got = loramsg.unpack_jacc(app_key, phy, 0)
    except loramsg.VerifyError:
        raise MicError("MIC of the join accept does not fit") from None
    return JoinAccept(
        got["AppNonce"],
        got["NetID"],
        got["DevAddr"] & FCNT_MAX,
        got["DLSettings"],
        got["RxDelay"],
        bytes(got["CFList"]) if got["CFList"] is not None else None,
    )


def session_keys(
    app_key: bytes, dev_nonce: int, join_nonce: int, net_id: int
) -> tuple[bytes, bytes]:
    """NwkSKey and AppSKey."""
    derive = loracrypto.crypto.derive
    return (
        bytes(derive(app_key, dev_nonce, join_nonce, net_id, loramsg.KD_NwkSKey)),
        bytes(derive(app_key, dev_nonce, join_nonce, net_id, loramsg.KD_AppSKey)),
    )
