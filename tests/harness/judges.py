# SPDX-License-Identifier: MIT
"""Three strangers read LoRaWAN frames, and must agree: liblora, lora-packet and tshark.

judge() takes frames, or a capture, and the keys, and raises Disagreement when one of
them finds a bad MIC or reads something else than the others.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import loracrypto
import loramsg
import loraopts
import pytest
from harness.closing import Closing

REPO = Path(__file__).resolve().parents[2]
NPM = REPO / "build" / "npm"
SCRIPT = REPO / "tests" / "interop" / "npm" / "judge.js"
LORATAP = 270
PCAP = struct.Struct("<IHHiIII")
PCAP_FRAME = struct.Struct("<IIII")
# Microseconds and nanoseconds; the order of the first four bytes is that of the rest.
PCAP_MAGIC = (0xA1B2C3D4, 0xA1B23C4D)
# Version, padding, length, frequency, bandwidth, SF, RSSI (three), SNR, sync word.
TAP = struct.Struct(">BBHIBBBBBBB")
TYPES = {
    0: "Join Request",
    1: "Join Accept",
    2: "Unconfirmed Data Up",
    3: "Unconfirmed Data Down",
    4: "Confirmed Data Up",
    5: "Confirmed Data Down",
}
# Roll-overs of the 16 bits on the air that are tried to find the counter.
UPPER_HALVES = 4


class Disagreement(AssertionError):
    """A judge found a frame wrong, or reads it in another way than another judge."""


@dataclass(frozen=True)
class Session:
    """Keys of one activation."""

    dev_addr: int
    nwk_s_key: bytes = field(repr=False)
    app_s_key: bytes = field(repr=False)


@dataclass(frozen=True)
class Root:
    """The key that a device joins with."""

    dev_eui: int
    join_eui: int
    app_key: bytes = field(repr=False)


@dataclass(frozen=True)
class Keys:
    """All keys that are needed to read some traffic."""

    sessions: Sequence[Session] = ()
    roots: Sequence[Root] = ()


@dataclass(frozen=True)
class Frame:
    """A frame, and its whole counter where that is known."""

    phy: bytes
    fcnt: int | None = None


@dataclass(frozen=True)
class Known:
    """A frame with the keys that fit it."""

    phy: bytes
    mtype: int
    fcnt: int = 0
    session: Session | None = None
    root: Root | None = None


Reading = dict[str, object]


def frames_of(path: Path) -> list[Frame]:
    """The frames of a LoRaTap capture."""
    raw = path.read_bytes()
    order = next((o for o in "<>" if raw[:4] in [struct.pack(f"{o}I", m) for m in PCAP_MAGIC]), "")
    if len(raw) < PCAP.size or not order:
        raise ValueError(f"{path} is no capture")
    link_type = struct.unpack_from(f"{order}I", raw, 20)[0]
    if link_type != LORATAP:
        raise ValueError(f"{path} has link type {link_type}, not {LORATAP}")
    found = []
    at = PCAP.size
    while at < len(raw):
        length = struct.unpack_from(f"{order}I", raw, at + 8)[0]
        packet = raw[at + PCAP_FRAME.size : at + PCAP_FRAME.size + length]
        found.append(Frame(packet[int.from_bytes(packet[2:4], "big") :]))
        at += PCAP_FRAME.size + length
    return found


def write_capture(path: Path, frames: Iterable[Frame]) -> None:
    """A LoRaTap capture of frames whose channel does not matter."""
    with path.open("wb") as out:
        out.write(PCAP.pack(0xA1B2C3D4, 2, 4, 0, 0, 65535, LORATAP))
        for number, frame in enumerate(frames):
            tap = TAP.pack(0, 0, TAP.size, 868_100_000, 1, 7, 100, 100, 30, 40, 0x34)
            packet = tap + frame.phy
            out.write(PCAP_FRAME.pack(number, 0, len(packet), len(packet)) + packet)


def identify(frame: Frame, keys: Keys) -> Known:
    """Find the keys that fit, with liblora; Disagreement when none does."""
    try:
        mtype = loramsg.sanity_check_frame(frame.phy) >> 5
    except ValueError as error:
        raise Disagreement(f"liblora: {error}: {frame.phy.hex()}") from None
    if mtype in (0, 1):
        for root in keys.roots:
            if join_fits(frame.phy, mtype, root):
                return Known(frame.phy, mtype, root=root)
        raise Disagreement(f"liblora: no key fits the {TYPES[mtype]} {frame.phy.hex()}")
    address = int.from_bytes(frame.phy[1:5], "little")
    low = int.from_bytes(frame.phy[6:8], "little")
    if frame.fcnt is not None:
        tries = [frame.fcnt]
    else:
        tries = [low + 0x10000 * upper for upper in range(UPPER_HALVES)]
    for session in keys.sessions:
        for fcnt in tries:
            if session.dev_addr == address and mic_of(frame.phy, mtype, fcnt, session):
                return Known(frame.phy, mtype, fcnt, session)
    raise Disagreement(f"liblora: MIC is bad with every key: {frame.phy.hex()}")


def join_fits(phy: bytes, mtype: int, root: Root) -> bool:
    try:
        if mtype == 1:
            loramsg.unpack_jacc(root.app_key, phy, 0)
            return True
        fields = loramsg.unpack_jreq(phy)
        loramsg.verify_jreq(root.app_key, phy)
        return int.from_bytes(fields["DevEUI"].as_bytes(), "big") == root.dev_eui
    except loramsg.VerifyError:
        return False


def mic_of(phy: bytes, mtype: int, fcnt: int, session: Session) -> bool:
    address = int.from_bytes(phy[1:5], "little", signed=True)
    down = int(mtype in (3, 5))
    mic = loracrypto.crypto.calcMic(session.nwk_s_key, address, fcnt, down, phy)
    return int(mic) == int.from_bytes(phy[-4:], "little", signed=True)


def read_liblora(known: Known) -> Reading:
    """A frame as liblora reads it."""
    reading: Reading = {"type": TYPES[known.mtype], "mic": True}
    if known.mtype == 0:
        got = loramsg.unpack_jreq(known.phy)
        names = {"join_eui": "JoinEUI", "dev_eui": "DevEUI"}
        euis = {name: got[field].as_bytes().hex() for name, field in names.items()}
        return {**reading, **euis, "dev_nonce": f"{got['DevNonce']:04x}"}
    if known.root is not None:
        got = loramsg.unpack_jacc(known.root.app_key, known.phy, 0)
        return {
            **reading,
            "join_nonce": f"{got['AppNonce']:06x}",
            "net_id": f"{got['NetID']:06x}",
            "dev_addr": f"{got['DevAddr'] & 0xFFFFFFFF:08x}",
            "dl_settings": f"{got['DLSettings']:02x}",
            "rx_delay": got["RxDelay"],
            "cflist": bytes(got["CFList"] or b"").hex(),
        }
    session = known.session
    assert session is not None
    got = loramsg.unpack_dataframe(known.phy, known.fcnt, session.nwk_s_key, session.app_s_key)
    return {
        **reading,
        "dev_addr": f"{got['DevAddr'] & 0xFFFFFFFF:08x}",
        "fcnt": got["FCnt"] & 0xFFFF,
        "fctrl": got["FCtrl"] & 0xF0,
        "fopts": bytes(got["FOpts"]).hex(),
        "port": got["FPort"] if got["FPort"] >= 0 else None,
        "payload": bytes(got["FRMPayload"]).hex(),
    }


def need_lora_packet() -> None:
    """Skip the test where npm's lora-packet cannot run."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (NPM / "node_modules" / "lora-packet").exists():
        pytest.skip("npm's lora-packet is not installed: `tools/fw.py setup` does it")


class LoraPacket(Closing):
    """npm's lora-packet in a process of its own."""

    def __init__(self) -> None:
        need_lora_packet()
        self._process = subprocess.Popen(
            ["node", str(SCRIPT)],
            env={**os.environ, "NODE_PATH": str(NPM / "node_modules")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, op: str, **request: object) -> Reading:
        """One request; bytes are given as hex."""
        assert self._process.stdin and self._process.stdout
        plain = {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in request.items()
        }
        self._process.stdin.write(json.dumps({"op": op, **plain}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"node ended with status {self._process.wait()}")
        answer: Reading = json.loads(line)
        if "error" in answer:
            raise Disagreement(f"lora-packet: {answer['error']}")
        return answer

    def read(self, known: Known) -> Reading:
        """A frame as lora-packet reads it."""
        session, root = known.session, known.root
        return self.ask(
            "read",
            phy=known.phy,
            fcnt=known.fcnt,
            nwk_s_key=session.nwk_s_key if session else b"",
            app_s_key=session.app_s_key if session else b"",
            app_key=root.app_key if root else b"",
        )

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


FIELDS = (
    "frame.number",
    "lorawan.mhdr.mtype",
    "lorawan.mic.status",
    "lorawan.fhdr.devaddr",
    "lorawan.fhdr.fcnt",
    "lorawan.fport",
    "lorawan.frmpayload_decrypted",
    "lorawan.join_request.appeui",
    "lorawan.join_request.deveui",
    "lorawan.join_request.devnonce",
    "lorawan.mac_command_uplink",
    "lorawan.mac_command_downlink",
    "_ws.malformed",
)
UNREADABLE = "not for tshark"


def readable(known: Known) -> bool:
    """tshark 4.0 knows no key for join accepts, 16 bits of a counter, and takes the
    MIC of a data frame that has no FPort for one."""
    if known.mtype == 0:
        return True
    return known.mtype != 1 and known.fcnt < 0x10000 and port_of(known.phy) is not None


def port_of(phy: bytes) -> int | None:
    """FPort of a data frame."""
    at = 8 + (phy[5] & 15)
    return phy[at] if len(phy) > at + 4 else None


def read_tshark(known: Sequence[Known]) -> list[Reading]:
    """Frames as tshark reads them; {UNREADABLE: True} for those that it cannot."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    readings: list[Reading] = [{UNREADABLE: True} for _ in known]
    # Its table has one row for an address: sessions that share one take turns.
    left = {i: one for i, one in enumerate(known) if readable(one)}
    while left:
        turn: dict[int, Known] = {}
        rows: dict[str, tuple[str, str, str, str]] = {}
        for i, one in left.items():
            name, row = key_row(one)
            if rows.setdefault(name, row) == row:
                turn[i] = one
        for i, reading in zip(turn, run_tshark(list(turn.values()), rows.values()), strict=True):
            readings[i] = reading
            del left[i]
    return readings


def key_row(one: Known) -> tuple[str, tuple[str, str, str, str]]:
    """What the row is for, and the row: address, keys, JoinEUI in the order of the wire."""
    if one.session is not None:
        address = one.session.dev_addr.to_bytes(4, "little").hex()
        nwk_s_key, app_s_key = one.session.nwk_s_key.hex(), one.session.app_s_key.hex()
        # tshark 4.0 deciphers port 0 with the AppSKey.
        keys = (nwk_s_key, nwk_s_key if port_of(one.phy) == 0 else app_s_key)
        return address, (address, *keys, "00" * 8)
    assert one.root is not None
    eui = one.root.join_eui.to_bytes(8, "little").hex()
    return eui, ("00" * 4, "00" * 16, one.root.app_key.hex(), eui)


def read_capture(path: Path, keys: Keys) -> list[Reading]:
    """A capture as it is, read by tshark with the keys; {UNREADABLE: True} as above."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    known = [identify(frame, keys) for frame in frames_of(path)]
    rows = dict(key_row(one) for one in known)
    return run_tshark(known, rows.values(), path)


def run_tshark(
    known: Sequence[Known], rows: Iterable[tuple[str, str, str, str]], capture: Path | None = None
) -> list[Reading]:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        write_capture(work / "frames.pcap", (Frame(one.phy) for one in known))
        table = "".join(",".join(f'"{part}"' for part in row) + "\n" for row in rows)
        (work / "encryption_keys_lorawan").write_text(table)
        path = capture or work / "frames.pcap"
        argv = ["tshark", "-r", str(path), "-T", "fields", "-E", "separator=|"]
        argv += [part for field_name in FIELDS for part in ("-e", field_name)]
        done = subprocess.run(
            argv,
            env={**os.environ, "WIRESHARK_CONFIG_DIR": name, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise RuntimeError(f"tshark ended with status {done.returncode}: {done.stderr}")
    lines = done.stdout.splitlines()
    if len(lines) != len(known):
        raise RuntimeError(f"tshark printed {len(lines)} lines for {len(known)} frames")
    pairs = zip(known, lines, strict=True)
    return [tshark_line(line) if readable(one) else {UNREADABLE: True} for one, line in pairs]


def tshark_line(line: str) -> Reading:
    value = dict(zip(FIELDS, line.split("|"), strict=True))
    mtype = int(value["lorawan.mhdr.mtype"], 0)
    reading: Reading = {"type": TYPES[mtype], "mic": value["lorawan.mic.status"] == "1"}
    if value["_ws.malformed"]:
        reading["malformed"] = True
    if mtype == 0:
        for name in ("appeui", "deveui", "devnonce"):
            ours = {"appeui": "join_eui", "deveui": "dev_eui", "devnonce": "dev_nonce"}[name]
            text = value[f"lorawan.join_request.{name}"].replace(":", "")
            # The dissector shows the nonce in the order of the wire.
            reading[ours] = bytes.fromhex(text)[::-1].hex() if name == "devnonce" else text
        return reading
    payload = value["lorawan.frmpayload_decrypted"]
    commands = value[f"lorawan.mac_command_{'downlink' if mtype in (3, 5) else 'uplink'}"]
    if value["lorawan.fport"] and int(value["lorawan.fport"], 0) == 0:
        # Only taken apart: the commands show whether it was deciphered.
        reading["commands"] = [int(cid) for cid in commands.split(",") if cid]
    else:
        reading["payload"] = "" if payload == "<MISSING>" else payload
    return {
        **reading,
        "dev_addr": value["lorawan.fhdr.devaddr"].removeprefix("0x"),
        "fcnt": int(value["lorawan.fhdr.fcnt"], 0),
        "port": int(value["lorawan.fport"], 0) if value["lorawan.fport"] else None,
    }


def compare(name: str, one: Known, reading: Reading, liblora: Reading) -> None:
    """Disagreement unless a judge finds the MIC good and reads what liblora reads."""
    if UNREADABLE in reading:
        return
    for what, value in reading.items():
        if what == "commands" and agree(value, commands_of(one, liblora)):
            continue
        if liblora.get(what) != value:
            raise Disagreement(
                f"{name} reads {what} as {value!r}, liblora as {liblora.get(what)!r}:"
                f" {one.phy.hex()}"
            )


def commands_of(one: Known, liblora: Reading) -> list[int]:
    """The command identifiers on port 0, as liblora reads them."""
    table = loraopts.OPTSDN if one.mtype in (3, 5) else loraopts.OPTSUP
    raw = bytes.fromhex(str(liblora["payload"]))
    return [option.CMD & 0xFF for option in loraopts.unpack_opts(raw, table)]


def agree(theirs: object, ours: list[int]) -> bool:
    """tshark 4.0 stops at the first command newer than 1.0.1."""
    found = theirs if isinstance(theirs, list) else []
    return found[:1] == ours[:1] and found == ours[: len(found)]


def judge(frames: Iterable[Frame] | Path, keys: Keys) -> list[Reading]:
    """All three judges on frames or a capture; what they agree on."""
    taken = frames_of(frames) if isinstance(frames, Path) else list(frames)
    known = [identify(frame, keys) for frame in taken]
    readings = [read_liblora(one) for one in known]
    with LoraPacket() as lora_packet:
        for one, reading in zip(known, readings, strict=True):
            compare("lora-packet", one, lora_packet.read(one), reading)
    for one, reading, by_tshark in zip(known, readings, read_tshark(known), strict=True):
        compare("tshark", one, by_tshark, reading)
    return readings
