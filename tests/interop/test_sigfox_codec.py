# SPDX-License-Identifier: MIT
"""The base station's codec against the vectors that two other implementations agree on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fwlib import sigfoxcodec as codec

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "sigfox.json").read_text(encoding="utf-8")
)
Case = dict[str, Any]


def device_of(case: Case) -> int:
    return int(case["device_id"], 16)


def key_of(case: Case) -> bytes:
    return bytes.fromhex(case["key"])


def named(list_name: str) -> Any:
    return pytest.mark.parametrize("case", VECTORS[list_name], ids=lambda case: case["name"])


def test_cipher_is_aes() -> None:
    """FIPS 197, appendix C.1."""
    key = bytes(range(16))
    block = bytes.fromhex("00112233445566778899aabbccddeeff")
    assert codec.aes(key, block).hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"
    assert codec.crc16(b"123456789") == 0xCE3C
    assert codec.crc8(b"123456789") == 0x3E


@named("uplink")
def test_uplink(case: Case) -> None:
    """Every frame decodes, is authentic, and is what the codec makes of its content."""
    for frame in case["frames"]:
        data = bytes.fromhex(frame["bitstream"])
        got = codec.decode_uplink(data)
        assert (got.rank, got.counter, got.device) == (
            frame["rank"],
            case["message_counter"],
            device_of(case),
        )
        assert got.payload.hex() == case["payload"]
        assert got.downlink == case["request_downlink"]
        assert codec.is_authentic(got, key_of(case))
        assert codec.encode_uplink(key_of(case), got) == data


@named("control")
def test_control(case: Case) -> None:
    for frame in case["frames"]:
        data = bytes.fromhex(frame["bitstream"])
        got = codec.decode_uplink(data)
        assert got.control
        assert got.payload.hex() == case["control_payload"]
        assert codec.is_authentic(got, key_of(case))
        assert codec.encode_uplink(key_of(case), got) == data


@named("uplink_negative")
def test_bad_uplinks_are_refused(case: Case) -> None:
    try:
        got = codec.decode_uplink(bytes.fromhex(case["bitstream"]))
    except codec.FrameError:
        accepted = False
    else:
        accepted = codec.is_authentic(got, key_of(case))
    assert accepted == case["expect_network_accepts"]


@named("downlink")
def test_downlink(case: Case) -> None:
    made = codec.encode_downlink(
        key_of(case),
        device_of(case),
        case["uplink_message_counter"],
        bytes.fromhex(case["payload"]),
    )
    assert made.hex() == case["frame"]


@named("downlink_receive")
def test_downlink_receive(case: Case) -> None:
    frame = bytes.fromhex(case["frame"])
    counter = case["uplink_message_counter"]
    try:
        payload = codec.decode_downlink(key_of(case), device_of(case), counter, frame)
    except codec.FrameError:
        assert not case["expect_valid"]
    else:
        assert case["expect_valid"]
        assert payload.hex() == case["expect_payload"]


@named("dbpsk")
def test_phases(case: Case) -> None:
    states = codec.phases(bytes.fromhex(case["bitstream"]))
    assert "".join(map(str, states)) == case["phase_states"]


@named("sequence_traces")
def test_recorded_procedures(case: Case) -> None:
    """Every frame of another implementation's procedures decodes."""
    sent = [event for event in case["events"] if event["event"] == "rf_send"]
    assert len(sent) >= 3
    for event in sent:
        got = codec.decode_uplink(bytes.fromhex(event["bitstream"]))
        assert codec.is_authentic(got, key_of(case))


def test_frames_recorded_over_the_air() -> None:
    """What a real device sent and the real network answered."""
    frames, part, downlink = VECTORS["recorded"]
    for text in frames["frames_after_20_bits"]:
        got = codec.decode_uplink(bytes.fromhex("aaaaa" + text))
        assert (got.device, got.payload.hex()) == (device_of(frames), frames["payload"])
        assert codec.is_authentic(got, key_of(frames))
    payload = bytes.fromhex(part["payload"])
    indicator = codec.indicator_of(len(payload))
    made = codec.Uplink(
        1, False, indicator, False, part["message_counter"], device_of(part), payload, b""
    )
    auth = codec.authentication(key_of(part), made.signed)[: codec.AUTH[len(payload)]]
    assert (made.signed + auth).hex() == part["protected_part"]
    got_payload = codec.decode_downlink(
        key_of(downlink),
        device_of(downlink),
        downlink["uplink_message_counter"],
        bytes.fromhex(downlink["frame"]),
    )
    assert got_payload.hex() == downlink["payload"]
