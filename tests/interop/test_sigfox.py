# SPDX-License-Identifier: MIT
"""Sigfox from a script on the firmware to a base station on the same air, and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from fwlib.sigfoxcodec import PUBLIC_KEY, Uplink
from fwlib.sigfoxstation import Heard
from harness.air import Air
from harness.firmware import Firmware
from harness.sigfox import BaseStation

DEVICE = 0x00A1B2C3
KEY = bytes(range(16))
FACTOR = 50.0
OFFSETS = {"RCZ1": 6000, "RCZ4": 25000}
SETUP = """
    import socket, sys
    from network import Sigfox
    sigfox = Sigfox(mode=Sigfox.SIGFOX, rcz=getattr(Sigfox, sys.argv[1]))
    sigfox.provision(bytes.fromhex("00a1b2c3"), bytes(8), bytes(range(16)))
    s = socket.socket(socket.AF_SIGFOX, socket.SOCK_RAW)
    s.setblocking(True)
"""
UPLINK = (
    SETUP
    + """
    print(s.send(bytes(sys.argv[2], "utf-8")))
"""
)
ASKS = (
    SETUP
    + """
    s.setsockopt(socket.SOL_SIGFOX, socket.SO_RX, True)
    try:
        print(s.send(b"twelve bytes"))
        print(s.recv(32))
        print(sigfox.rssi() < -30)
    except OSError as e:
        print("OSError", e.args[0], sigfox.last_error())
"""
)
BITS = (
    SETUP
    + """
    s.setsockopt(socket.SOL_SIGFOX, socket.SO_TX_REPEAT, 0)
    s.setsockopt(socket.SOL_SIGFOX, socket.SO_BIT, True)
    print(s.send(""))
    s.setsockopt(socket.SOL_SIGFOX, socket.SO_BIT, False)
    print(s.send(""))
    s.setsockopt(socket.SOL_SIGFOX, socket.SO_OOB, True)
    print(s.send(""))
"""
)
PUBLIC = SETUP.replace("s = socket", "sigfox.public_key(True)\n    s = socket") + (
    "\n    print(s.send(b'x'))\n"
)
TURNS = (
    SETUP
    + """
    from network import LoRa
    lora = LoRa(mode=LoRa.LORA, region=LoRa.EU868)
    l = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
    for i in range(3):
        l.send("lora %d" % i)
        s.send("sigfox %d" % i)
    print(lora, sigfox)
"""
)


def clean(heard: list[Heard]) -> None:
    """What every frame on the air must be."""
    for one in heard:
        assert one.error == ""
        assert one.problems == []
        assert one.authentic
        assert abs(one.clock_ppm) < 100


def answer(uplink: Uplink) -> bytes:
    return bytes(8 - len(uplink.payload[:8])) + uplink.payload[:8]


@pytest.mark.parametrize(
    ("zone", "bit_rate", "centre"),
    [("RCZ1", 100, 868_130_000), ("RCZ2", 600, 902_200_000), ("RCZ3", 100, 923_200_000)],
)
@pytest.mark.parametrize("radio", ["sx1276", "sx1272"])
def test_uplink(zone: str, bit_rate: int, centre: int, radio: str) -> None:
    """Three frames, of every rank, decoded from the phase of the carrier."""
    with (
        Air(factor=FACTOR) as air,
        BaseStation(air.hub.port, {DEVICE: KEY}) as station,
        Firmware(UPLINK, zone, "hello", env=air.env("node") | {"USOCKET_RADIO": radio}) as node,
    ):
        assert node.check(timeout=60) == ["5"]
        heard = station.wait_frames(3)
    clean(heard)
    uplinks = [one.uplink for one in heard]
    assert [uplink.rank for uplink in uplinks if uplink] == [1, 2, 3]
    assert all(uplink and uplink.payload == b"hello" for uplink in uplinks)
    assert all(abs(one.frequency - centre) < 96_000 for one in heard)
    assert {one.bit_rate for one in heard} == {bit_rate}


@pytest.mark.parametrize("zone", ["RCZ1", "RCZ4"])
def test_downlink(zone: str) -> None:
    """The station answers in the window, the device confirms, recv() has the bytes."""
    with (
        Air(factor=FACTOR) as air,
        BaseStation(air.hub.port, {DEVICE: KEY}, answer) as station,
        Firmware(ASKS, zone, env=air.env("node")) as node,
    ):
        assert node.check(timeout=60) == ["12", "b'twelve b'", "True"]
        heard = station.wait_frames(4)
    clean(heard)
    first, second, third, last = (one.uplink for one in heard)
    assert first is not None and second is not None and third is not None and last is not None
    assert first.downlink and second.downlink and third.downlink
    assert abs(heard[1].frequency - heard[0].frequency - OFFSETS[zone]) < 70
    assert abs(heard[0].frequency - heard[2].frequency - OFFSETS[zone]) < 70
    assert last.kind == "confirmation" and last.counter == first.counter + 1
    assert heard[1].start_ns - heard[0].end_ns == pytest.approx(500e6, abs=0.2e6)


def test_no_downlink() -> None:
    """A blocking send() fails with errno 11, as scripts for Pycom's boards expect."""
    with (
        Air(factor=FACTOR) as air,
        BaseStation(air.hub.port, {DEVICE: KEY}) as station,
        Firmware(ASKS, "RCZ1", env=air.env("node")) as node,
    ):
        (line,) = node.check(timeout=60)
        assert line.startswith("OSError 11 the message was sent, but no downlink")
        clean(station.wait_frames(3))


def test_bits_and_out_of_band() -> None:
    with (
        Air(factor=FACTOR) as air,
        BaseStation(air.hub.port, {DEVICE: KEY}) as station,
        Firmware(BITS, "RCZ1", env=air.env("node")) as node,
    ):
        assert node.check(timeout=60) == ["0"] * 3
        heard = station.wait_frames(3)
    clean(heard)
    kinds = [one.uplink.kind for one in heard if one.uplink]
    assert kinds == ["bit 1", "bit 0", "keep-alive"]


def test_wrong_key_is_noticed() -> None:
    """The station is not fooled: the public key is not the device's."""
    with (
        Air(factor=FACTOR) as air,
        BaseStation(air.hub.port, {DEVICE: KEY}) as station,
        Firmware(PUBLIC, "RCZ1", env=air.env("node")) as node,
    ):
        assert node.check(timeout=60) == ["1"]
        heard = station.wait_frames(3)
    assert all(one.error == "device 00A1B2C3 has another key" for one in heard)
    with (
        Air(factor=FACTOR) as air,
        BaseStation(air.hub.port, {DEVICE: PUBLIC_KEY}) as station,
        Firmware(PUBLIC, "RCZ1", env=air.env("node")) as node,
    ):
        node.check(timeout=60)
        clean(station.wait_frames(3))


def test_lora_and_sigfox_take_turns() -> None:
    """Two families on one chip; a LoRa node hears the one, the station the other."""
    ear = """
        import socket
        from network import LoRa
        lora = LoRa(mode=LoRa.LORA, region=LoRa.EU868)
        l = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
        print("ready")
        for i in range(3):
            print(l.recv(64))
    """
    with (
        Air(factor=20, lateness_us=100_000) as air,
        BaseStation(air.hub.port, {DEVICE: KEY}) as station,
        Firmware(ear, env=air.env("ear", x=100)) as listener,
    ):
        listener.expect("ready")
        with Firmware(TURNS, "RCZ1", env=air.env("node")) as node:
            node.check(timeout=60)
        assert listener.check(timeout=30)[1:] == [f"b'lora {i}'" for i in range(3)]
        heard = station.wait_frames(9)
    clean(heard)
    assert {one.uplink.counter for one in heard if one.uplink} == {1, 2, 3}


def pycom_sector() -> bytes:
    """The sector of a Pycom board with this device in it."""
    number = DEVICE.to_bytes(4, "big")
    return b"lorawmac" + number + b"PACPACPA" + KEY + PUBLIC_KEY + b"\5" + bytes(4096 - 53)


OLD_BOARD = """
    import socket, sys
    from network import Sigfox
    sigfox = Sigfox(rcz=Sigfox.RCZ2)
    print(sigfox.id(), sigfox.pac(), sigfox.freq_offset(), sigfox)
    s = socket.socket(socket.AF_SIGFOX, socket.SOCK_RAW)
    print(s.send(b"x"))
"""


def test_board_of_pycom_goes_on(tmp_path: Path) -> None:
    """Number, key and counter are those that the board had; the sector is only read."""
    sector = tmp_path / "sector.bin"
    sector.write_bytes(pycom_sector())
    sector.chmod(0o400)
    env = {"USOCKET_SIGFOX_SECTOR": str(sector), "USOCKET_SIGFOX_NVM": "4094,77,-3,200"}
    with (
        Air(factor=FACTOR) as air,
        BaseStation(air.hub.port, {DEVICE: KEY}) as station,
    ):
        for store in ("one", "one", "two"):
            env |= air.env("node") | {"USOCKET_STORE": str(tmp_path / store)}
            with Firmware(OLD_BOARD, env=env) as node:
                first, sent = node.check(timeout=60)
                assert first.startswith("b'\\x00\\xa1\\xb2\\xc3' b'PACPACPA' 200")
                assert KEY.hex() not in first and sent == "1"
        heard = station.wait_frames(9)
    clean(heard)
    counters = [one.uplink.counter for one in heard if one.uplink]
    assert counters == [4095] * 3 + [0] * 3 + [4095] * 3
    assert sector.read_bytes() == pycom_sector()


def test_power_cut_never_repeats_a_counter(tmp_path: Path) -> None:
    """The firmware is killed in the middle of message after message."""
    script = SETUP + "    print('go')\n    s.send(b'cut')\n"
    env = {"USOCKET_STORE": str(tmp_path / "store")}
    with (
        Air(factor=FACTOR) as air,
        BaseStation(air.hub.port, {DEVICE: KEY}) as station,
    ):
        for cut in range(4):
            with Firmware(script, "RCZ1", env=env | air.env("node")) as node:
                node.expect("go")
                if cut == 3:
                    node.wait(90)
                elif cut > 0:
                    station.wait_frames(cut, rank=1)
        heard = station.wait_frames(3, rank=1)
    first = [one.uplink.counter for one in heard if one.uplink and one.uplink.rank == 1]
    assert len(first) >= 3
    assert sorted(set(first)) == first
