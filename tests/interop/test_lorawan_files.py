# SPDX-License-Identifier: MIT
"""Device files and state files of the network server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness.lorawan_world import APP_KEY, World, in_loop
from lorawan_server import files, regions
from lorawan_server.console import Console
from lorawan_server.device import MulticastGroup
from lorawan_server.files import FileError

EU868 = regions.get("EU868")
OTAA = {
    "name": "meter",
    "dev_eui": "70B3D57ED0000001",
    "join_eui": "01-02-03-04-05-06-07-08",
    "app_key": APP_KEY.hex(),
}
ABP = {"dev_addr": "26011bda", "nwk_s_key": "11" * 16, "app_s_key": "22" * 16}
SECRET = "c0ffee" * 6


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_one_device_or_lists_of_devices_and_groups(tmp_path: Path) -> None:
    ((device,), groups) = files.load(write(tmp_path / "a.json", OTAA), EU868)
    assert device.name == "meter" and device.dev_eui == 0x70B3D57ED0000001 and not groups
    assert device.join_eui == 0x0102030405060708 and device.app_key == APP_KEY
    content = {
        "devices": [{**OTAA, "class": "C", "version": "1.0.3"}, {**ABP, "rx_delay": 5}],
        "multicast": [{**ABP, "name": "lamps", "dr": 3}],
    }
    devices, (group,) = files.load(write(tmp_path / "b.json", content), EU868)
    assert [one.name for one in devices] == ["meter", "device2"]
    assert devices[1].session is not None and devices[1].session.rx_delay == 5
    assert (group.name, group.dr) == ("lamps", 3)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"app_key": SECRET}, "'app_key' must be 32 hexadecimal digits"),
        ({"app_key": 5}, "'app_key' must be"),
        ({"dev_eui": "123"}, "'dev_eui' must be 16"),
        ({"version": "1.1"}, "version '1.1'"),
        ({"class": "B"}, "class 'B'"),
        ({"rx_delay": 16}, "'rx_delay' must be a number from 0 to 15"),
        ({"rx1_offset": 6}, "'rx1_offset' must be a number from 0 to 5"),
        ({"adr": 1}, "'adr' must be true or false"),
        ({"channels_mhz": 867.1}, "must be a list"),
        ({"appkey": SECRET}, "no field 'appkey'"),
        ({"plan": "20A"}, "no plan '20A'"),
        ({"name": 7}, "'name' must be a text"),
    ],
)
def test_mistakes_name_the_field_and_never_a_key(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    path = write(tmp_path / "x.json", {**OTAA, **change})
    with pytest.raises(FileError) as caught:
        files.load(path, EU868)
    assert told in str(caught.value) and "x.json" in str(caught.value)
    assert SECRET not in str(caught.value) and APP_KEY.hex() not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", '{"app_key": "' + SECRET, "5", '{"devices": [3]}'])
def test_files_that_are_no_device_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileError) as caught:
        files.load(write(tmp_path / "x.json", text), EU868)
    assert SECRET not in str(caught.value)


@in_loop
async def test_state_comes_back_whole(tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with World() as world:
        device, known = world.otaa()
        group = world.server.add_group(MulticastGroup("g", 1, bytes(16), bytes(16), fcnt=9))
        await device.join()
        await device.uplink()
        world.server.command(known, "NewChannelReq", Chnl=3, Freq=8_671_000, MaxDR=5)
        await device.uplink()
        await device.uplink(fopts=b"\x07\x03")
        before = known.session
        assert before is not None
        files.save_state(state, world.server.devices.values(), [group])
        nonces = (known.dev_nonces, known.join_nonce)
    async with World() as world:
        device, known = world.otaa()
        group = world.server.add_group(MulticastGroup("g", 1, bytes(16), bytes(16)))
        sessions = files.load_state(state, world.server.devices, world.server.groups)
        assert sessions == [known.session] and group.fcnt == 9
        assert (known.dev_nonces, known.join_nonce) == nonces
        after = known.session
        assert after is not None
        before.snr.clear()
        assert after == before and after.channels[3] == 867_100_000
    write(state, "{}")
    with pytest.raises(FileError, match="no state of this server"):
        files.load_state(state, {}, {})


@in_loop
async def test_state_of_another_device_is_not_taken(tmp_path: Path) -> None:
    """The same name, but other keys or another EUI in the device file since."""
    state = tmp_path / "state"
    (old, *_), _ = files.load(write(tmp_path / "x.json", {**ABP, "name": "d"}), EU868)
    assert old.session is not None
    old.session.fcnt_up = 100
    files.save_state(state, [old])
    (same,), _ = files.load(tmp_path / "x.json", EU868)
    files.load_state(state, {"d": same}, {})
    assert same.session is not None and same.session.fcnt_up == 100
    for change in ({**ABP, "nwk_s_key": "33" * 16}, {**ABP, "dev_addr": "00000001"}):
        (new,), _ = files.load(write(tmp_path / "x.json", {**change, "name": "d"}), EU868)
        assert files.load_state(state, {"d": new}, {}) == []
        assert new.session is not None and new.session.fcnt_up == -1
    (otaa,), _ = files.load(write(tmp_path / "x.json", {**OTAA, "name": "d"}), EU868)
    files.load_state(state, {"d": otaa}, {})
    assert otaa.session is None


@in_loop
async def test_lines_that_a_user_types() -> None:
    async with World() as world:
        device, _ = world.otaa()
        await device.join()
        await device.uplink()
        console = Console(world.server)
        assert "DevAddr" in await console.execute("devices")
        assert await console.execute("send otaa 7 CAFE confirmed rx2") == ""
        data = await device.only()
        assert (data.port, data.payload, data.confirmed) == (7, b"\xca\xfe", True)
        assert await console.execute("mac otaa RXTimingSetupReq Delay=3") == ""
        assert (await device.only()).fopts == b"\x08\x03"
        assert await console.execute("adr otaa 3 1 2") == ""
        assert b"\x03\x31\x07\x00\x02" in (await device.only()).fopts
        for line, told in (
            ("send otaa", "something is missing"),
            ("send otaa 0 00", "port"),
            ("send otaa 1 0x", "hexadecimal"),
            ("send otaa 1 00 rx9", "'rx9' is none of"),
            ("mac otaa Nothing", "no MAC command"),
            ("multicast g 1 00", "no group"),
            ("fly", "no command 'fly'"),
            ('send "', "quotation"),
        ):
            assert told in await console.execute(line), line
        assert await console.execute("") == ""
