# SPDX-License-Identifier: MIT
"""The judges of LoRaWAN frames agree on published frames, and object to wrong ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness import judges
from harness.judges import Disagreement, Frame, Keys, Root, Session

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "lorawan.json").read_text()
)
DATA = [v for v in VECTORS if v["kind"] == "data-frame" and v["lorawan"] == "1.0"]
JOINS = [v for v in VECTORS if v["kind"] in ("join-request", "join-accept")]


def session_of(vector: dict[str, Any]) -> Session:
    keys = vector["keys"]
    return Session(
        int(vector["dev_addr"], 16),
        bytes.fromhex(keys["NwkSKey"]),
        bytes.fromhex(keys["AppSKey"]),
    )


def root_of(vector: dict[str, Any]) -> Root:
    return Root(
        int(vector.get("dev_eui", "0"), 16),
        int(vector.get("join_eui", "0"), 16),
        bytes.fromhex(vector["app_key"]),
    )


def test_published_data_frames_are_read_alike() -> None:
    """Every data frame of 1.0 in one go, sessions that share an address among them."""
    keys = Keys([session_of(v) for v in DATA])
    readings = judges.judge([Frame(bytes.fromhex(v["phy"])) for v in DATA], keys)
    for vector, reading in zip(DATA, readings, strict=True):
        assert reading["dev_addr"] == vector["dev_addr"]
        assert reading["fcnt"] == vector["fcnt32"] & 0xFFFF
        assert reading["fopts"] == vector["fopts_plain"]
        assert reading["payload"] == vector["frmpayload_plain"]


def test_published_joins_are_read_alike() -> None:
    keys = Keys(roots=[root_of(v) for v in JOINS])
    readings = judges.judge([Frame(bytes.fromhex(v["phy"])) for v in JOINS], keys)
    for vector, reading in zip(JOINS, readings, strict=True):
        request = vector["kind"] == "join-request"
        names = ("join_eui", "dev_eui", "dev_nonce")
        for name in names if request else ("join_nonce", "net_id", "dl_settings", "dev_addr"):
            if name in vector:
                assert reading[name] == vector[name], vector["id"]


@pytest.mark.parametrize("bit", [8, 50, 75, 100, 127])
def test_a_flipped_bit_is_objected_to(bit: int) -> None:
    phy = bytearray.fromhex(DATA[0]["phy"])
    phy[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Disagreement):
        judges.judge([Frame(bytes(phy))], Keys([session_of(DATA[0])]))


def test_tshark_alone_sees_a_bad_mic() -> None:
    """It is no echo of liblora: given a frame that liblora was not asked about, it objects."""
    phy = bytearray.fromhex(DATA[0]["phy"])
    phy[-1] ^= 1
    known = judges.Known(bytes(phy), 2, 2, session_of(DATA[0]))
    assert judges.read_tshark([known])[0]["mic"] is False


def test_lora_packet_alone_sees_a_bad_mic() -> None:
    phy = bytearray.fromhex(DATA[0]["phy"])
    phy[-1] ^= 1
    known = judges.Known(bytes(phy), 2, 2, session_of(DATA[0]))
    with judges.LoraPacket() as lora_packet:
        assert lora_packet.read(known)["mic"] is False


def test_capture_is_read_back(tmp_path: Path) -> None:
    frames = [Frame(bytes.fromhex(v["phy"])) for v in DATA]
    judges.write_capture(tmp_path / "x.pcap", frames)
    assert judges.frames_of(tmp_path / "x.pcap") == frames
    assert judges.judge(tmp_path / "x.pcap", Keys([session_of(v) for v in DATA]))
