# SPDX-License-Identifier: MIT
"""The server's frames, keys and MAC commands against published vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import loraopts
import pytest
from lorawan_server import commands, frames, regions
from lorawan_server.frames import FrameError, JoinAccept, JoinRequest, MicError

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "lorawan.json").read_text()
)


def of(kind: str) -> list[Any]:
    found = [v for v in VECTORS if v["kind"] == kind and v.get("lorawan", "1.0") == "1.0"]
    assert found
    return [pytest.param(v, id=v["id"]) for v in found]


@pytest.mark.parametrize("vector", of("data-frame"))
def test_data_frames_are_read_and_written(vector: dict[str, Any]) -> None:
    phy = bytes.fromhex(vector["phy"])
    keys = [bytes.fromhex(vector["keys"][name]) for name in ("NwkSKey", "AppSKey")]
    data = frames.read_data(phy, vector["fcnt32"], *keys)
    assert f"{data.dev_addr:08x}" == vector["dev_addr"]
    assert data.fctrl == int(vector["fctrl"], 16) & 0xF0
    assert (data.port, data.payload.hex()) == (vector["fport"], vector["frmpayload_plain"])
    assert data.fopts.hex() == vector["fopts_plain"]
    assert frames.write_data(data, *keys) == phy
    with pytest.raises(MicError):
        frames.read_data(phy, vector["fcnt32"] + 0x10000, *keys)
    with pytest.raises(MicError):
        frames.read_data(phy, vector["fcnt32"] + 1, *keys)


@pytest.mark.parametrize("vector", of("join-request"))
def test_join_requests_are_read_and_written(vector: dict[str, Any]) -> None:
    phy, key = bytes.fromhex(vector["phy"]), bytes.fromhex(vector["app_key"])
    request = frames.read_join_request(phy)
    names = ("join_eui", "dev_eui", "dev_nonce")
    assert request == JoinRequest(*(int(vector[name], 16) for name in names))
    frames.check_join_request(phy, key)
    assert frames.write_join_request(request, key) == phy
    with pytest.raises(MicError):
        frames.check_join_request(phy, bytes(16))


@pytest.mark.parametrize("vector", of("join-accept"))
def test_join_accepts_are_written_and_read(vector: dict[str, Any]) -> None:
    phy, key = bytes.fromhex(vector["phy"]), bytes.fromhex(vector["app_key"])
    names = ("join_nonce", "net_id", "dev_addr", "dl_settings")
    nonce, net_id, address, settings = (int(vector[name], 16) for name in names)
    accept = JoinAccept(nonce, net_id, address, settings, vector["rx_delay"])
    assert frames.write_join_accept(accept, key) == phy
    assert frames.read_join_accept(phy, key) == accept
    if "nwk_s_key" in vector:
        keys = frames.session_keys(
            key, int(vector["dev_nonce"], 16), accept.join_nonce, accept.net_id
        )
        assert [one.hex() for one in keys] == [vector["nwk_s_key"], vector["app_s_key"]]


@pytest.mark.parametrize("vector", of("session-keys-1.0"))
def test_session_keys(vector: dict[str, Any]) -> None:
    numbers = [int(vector[name], 16) for name in ("dev_nonce", "join_nonce", "net_id")]
    keys = frames.session_keys(bytes.fromhex(vector["app_key"]), *numbers)
    assert [one.hex() for one in keys] == [vector["nwk_s_key"], vector["app_s_key"]]


@pytest.mark.parametrize("vector", of("mac-command-bytes"))
def test_mac_commands_are_built_and_parsed(vector: dict[str, Any]) -> None:
    for case in vector["cases"]:
        raw = bytes.fromhex(case["bytes"])
        if case["direction"] == "up":
            ((option,), rest) = commands.parse(raw, "1.0.4")
            assert rest == b""
            assert case["meaning"].startswith(option.name)
            continue
        (known,) = loraopts.unpack_optsdn(raw)
        # liblora reads MaxDC with a sign, so the value is taken from the byte.
        values = {
            name: field.value & ((2 << field.brange[1]) - 1)
            for name, field in commands.fields_of(known).items()
        }
        assert commands.build(known.NAME, **values).raw == raw, case["meaning"]


def test_published_answers_mean_what_is_written_beside_them() -> None:
    def values(text: str) -> dict[str, int]:
        ((option,), _) = commands.parse(bytes.fromhex(text), "1.0.4")
        return option.values

    assert values("060022") == {"Batt": 0, "Margin": -30}
    assert values("06ff1e") == {"Batt": 255, "Margin": 30}
    assert values("0301") == {"ChAck": 1, "DRAck": 0, "TXPowAck": 0}
    assert values("0505") == {"FreqAck": 1, "RX2DRAck": 0, "RX1DRoffAck": 1}


@pytest.mark.parametrize(
    "text", ["", "41", "4000000000", "40" + "00" * 10, "e0" + "00" * 20, "00" * 22, "20" * 18]
)
def test_what_is_no_frame_is_refused(text: str) -> None:
    with pytest.raises(FrameError):
        frames.mtype_of(bytes.fromhex(text))


MASKS = [
    # ChMaskCntl, ChMask -> channels that are on, of 72 where only 0 to 7 and 64 were.
    (0, 0x0003, {0, 1, 64}),
    (1, 0x8001, {*range(8), 16, 31, 64}),
    (4, 0x0082, {*range(8), 65, 71}),
    (5, 0x0002, {*range(8, 16), 65}),
    (6, 0x0001, {*range(64), 64}),
    (7, 0x0006, {65, 66}),
]


@pytest.mark.parametrize(("cntl", "mask", "result"), MASKS)
def test_channel_masks_of_72_channels(cntl: int, mask: int, result: set[int]) -> None:
    before = {*range(8), 64}
    found = commands.mask_result("fixed72", "", cntl, mask, before, set(range(72)))
    assert found == result


@pytest.mark.parametrize(
    ("name", "plan", "count"),
    [("US915", "", 72), ("EU868", "", 16), ("CN470", "20A", 64), ("CN470", "26B", 48)],
)
def test_a_block_leaves_exactly_the_channels_that_were_wanted(
    name: str, plan: str, count: int
) -> None:
    region = regions.get(name)
    everything = set(range(count))
    for wanted in ({0, 1}, {3, 7, 15}, everything, {count - 1, 2}, set(range(0, count, 3))):
        enabled = set(everything)
        for command in commands.link_adr(region, wanted, plan=plan):
            value = command.values
            enabled = commands.mask_result(
                region.masks, plan, value["ChMaskCntl"], value["ChMask"], enabled, everything
            )
        assert enabled == wanted
