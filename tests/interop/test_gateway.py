# SPDX-License-Identifier: MIT
"""The virtual gateway, byte by byte against the Semtech UDP protocol."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import loramsg
import pytest
from harness.lorawan_world import World, in_loop
from harness.memory_air import MS, SECOND, MemoryAir, MemoryPort
from lorawan_gateway import channels
from lorawan_gateway.air import AirFrame, airtime_ns
from lorawan_gateway.gateway import Gateway, Settings
from lorawan_gateway.schedule import Clock, Limits
from semtech_udp import tmst_add, tmst_until

EUI = bytes.fromhex("0102030405060708")
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "lorawan.json").read_text())
UPLINK = AirFrame(0, 0, 868_100_000, 125_000, 7, b"uplink")
TXPK: dict[str, Any] = {
    "freq": 869.525,
    "rfch": 0,
    "powe": 14,
    "modu": "LORA",
    "datr": "SF9BW125",
    "codr": "4/5",
    "ipol": True,
    "ncrc": True,
    "size": 4,
    "data": base64.b64encode(b"down").decode(),
}


class RawServer(asyncio.DatagramProtocol):
    """The server's end without any of our code: bytes in, bytes out."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.answering = True
        self.transport: Any = None
        self.gateway: Any = None
        self._token = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.got.append(data)
        if data[3] == 2:
            self.gateway = addr
        if self.answering and data[3] in (0, 2):
            self.transport.sendto(data[:3] + bytes([1 if data[3] == 0 else 4]), addr)

    def of(self, kind: int) -> list[bytes]:
        return [data for data in self.got if data[3] == kind]

    async def raw(self, data: bytes) -> None:
        self.transport.sendto(data, self.gateway)
        await asyncio.sleep(0.02)

    async def send(self, **txpk: Any) -> str | None:
        """A PULL_RESP; the error of its TX_ACK, None when there is none."""
        self._token += 1
        before = len(self.of(5))
        token = self._token.to_bytes(2, "little")
        await self.raw(b"\x02" + token + b"\x03" + json.dumps({"txpk": txpk}).encode())
        acks = self.of(5)[before:]
        if not acks:
            return None
        (ack,) = acks
        assert ack[:12] == b"\x02" + token + b"\x05" + EUI
        return str(json.loads(ack[12:])["txpk_ack"]["error"])

    def rxpk(self) -> list[dict[str, Any]]:
        found = [json.loads(data[12:]) for data in self.of(0)]
        return [rxpk for content in found for rxpk in content.get("rxpk", [])]


class Rig:
    """A gateway, its air, a node on it and the raw server."""

    def __init__(self, **settings: Any) -> None:
        self.air = MemoryAir()
        self.node = self.air.port()
        self.heard: list[AirFrame] = []
        self.node.listen(self.heard.append)
        self.port = self.air.port(rssi=-83.4, snr=7.25)
        self.gateway = Gateway(self.port, Settings(eui=EUI, **settings))
        self.server = RawServer()

    async def uplink(self, frame: AirFrame = UPLINK, after_ms: int = 1) -> AirFrame:
        """Put a frame on the air and wait until the server has it."""
        sent = self.air.transmit(self.node, replace(frame, start_ns=self.air.now + after_ms * MS))
        await self.air.run_until(sent.end_ns)
        await asyncio.sleep(0.02)
        return sent


@asynccontextmanager
async def rig(**settings: Any) -> AsyncIterator[Rig]:
    one = Rig(**settings)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: one.server, local_addr=("127.0.0.1", 0)
    )
    await one.gateway.start(*transport.get_extra_info("sockname"))
    try:
        yield one
    finally:
        await one.gateway.close()
        transport.close()


# Bytes.


@in_loop
async def test_pull_data_and_stat_come_at_the_start() -> None:
    async with rig() as one:
        await asyncio.sleep(0.02)
        (pull,) = one.server.of(2)
        assert len(pull) == 12 and pull[0] == 2 and pull[4:] == EUI
        (push,) = one.server.of(0)
        assert push[0] == 2 and push[4:12] == EUI
        stat = json.loads(push[12:])["stat"]
        assert set(stat) == {"time", "rxnb", "rxok", "rxfw", "ackr", "dwnb", "txnb"}
        assert stat["time"].endswith(" GMT")


@in_loop
async def test_stat_counts_since_the_last_one() -> None:
    async with rig(stat_s=0.1) as one:
        await one.uplink()
        await one.server.send(**TXPK, imme=True)
        await asyncio.sleep(0.25)
        stats = [json.loads(data[12:]).get("stat") for data in one.server.of(0)]
        found = [stat for stat in stats if stat and stat["rxnb"]]
        assert len(found) == 1
        assert (found[0]["rxok"], found[0]["rxfw"], found[0]["ackr"]) == (1, 1, 100.0)
        assert (found[0]["dwnb"], found[0]["txnb"]) == (1, 1)


@in_loop
async def test_rxpk_says_what_was_heard() -> None:
    async with rig() as one:
        sent = await one.uplink()
        (rxpk,) = one.server.rxpk()
        assert rxpk.pop("time").endswith("Z")
        assert rxpk == {
            "tmst": sent.end_ns // 1000,
            "chan": 0,
            "rfch": 0,
            "freq": 868.1,
            "stat": 1,
            "modu": "LORA",
            "datr": "SF7BW125",
            "codr": "4/5",
            "rssi": -83,
            "lsnr": 7.2,
            "size": 6,
            "data": base64.b64encode(b"uplink").decode(),
        }


@in_loop
async def test_fsk_uplink_has_its_bit_rate() -> None:
    async with rig() as one:
        fsk = replace(
            UPLINK, freq=868_800_000, sf=0, bandwidth=100_000, bit_rate=50_000, preamble=5
        )
        await one.uplink(fsk)
        (rxpk,) = one.server.rxpk()
        assert (rxpk["modu"], rxpk["datr"], rxpk["freq"]) == ("FSK", 50_000, 868.8)
        assert "lsnr" not in rxpk and "codr" not in rxpk


@in_loop
async def test_downlinks_of_others_and_private_networks_are_not_forwarded() -> None:
    async with rig() as one:
        await one.uplink(replace(UPLINK, inverted=True))
        await one.uplink(replace(UPLINK, sync=0x12))
        assert one.server.rxpk() == []


@pytest.mark.parametrize("forward", [False, True])
@in_loop
async def test_bad_crc(forward: bool) -> None:
    async with rig(forward_bad_crc=forward) as one:
        await one.uplink(replace(UPLINK, crc_ok=False))
        assert [rxpk["stat"] for rxpk in one.server.rxpk()] == ([-1] if forward else [])


@in_loop
async def test_channels_decide_what_is_heard() -> None:
    async with rig(channels=channels.parse("EU868")) as one:
        for frame in (
            UPLINK,
            replace(UPLINK, freq=867_900_000),
            replace(UPLINK, freq=868_300_000, bandwidth=250_000),
            replace(UPLINK, freq=868_800_000, sf=0, bit_rate=50_000, bandwidth=100_000),
            replace(UPLINK, freq=868_200_000),
            replace(UPLINK, bandwidth=250_000),
        ):
            await one.uplink(frame)
        assert [rxpk["chan"] for rxpk in one.server.rxpk()] == [0, 7, 8, 9]


def test_channel_lists() -> None:
    us = channels.parse("US915:2")
    assert us is not None
    assert us[0].freq == 903_900_000 and us[-1] == channels.Channel(904_600_000, 500_000, 8)
    au = channels.parse("au915:1")
    assert au is not None and au[-1].freq == 915_900_000
    assert channels.parse("all") is None
    assert channels.parse("868.1,868.3") == channels.narrow(868_100_000, 2)
    for wrong in ("US915", "US915:9", "XX868", "US915:x"):
        with pytest.raises(ValueError, match="."):
            channels.parse(wrong)


# Sending in time.


@in_loop
async def test_downlink_starts_at_its_tmst() -> None:
    async with rig() as one:
        sent = await one.uplink()
        (rxpk,) = one.server.rxpk()
        assert await one.server.send(**TXPK, tmst=rxpk["tmst"] + 1_000_000) == "NONE"
        await one.air.run(3)
        (frame,) = one.heard
        assert 0 <= sent.end_ns + SECOND - frame.start_ns < 1000, "a microsecond at most"
        assert (frame.freq, frame.sf, frame.bandwidth) == (869_525_000, 9, 125_000)
        assert frame.inverted and not frame.crc and frame.payload == b"down"
        assert frame.power_dbm == 14 and frame.preamble == 8


@in_loop
async def test_tmst_runs_round_between_uplink_and_window() -> None:
    # The uplink ends about a second after the air's time 1 s, half a second before the wrap.
    async with rig(clock=Clock(tmst_at_0=(1 << 32) - 1_550_000)) as one:
        sent = await one.uplink()
        (rxpk,) = one.server.rxpk()
        assert rxpk["tmst"] > (1 << 32) - 600_000
        tmst = (rxpk["tmst"] + 1_000_000) % (1 << 32)
        assert tmst < 1_000_000
        assert await one.server.send(**TXPK, tmst=tmst) == "NONE"
        await one.air.run(3)
        (frame,) = one.heard
        assert 0 <= sent.end_ns + SECOND - frame.start_ns < 1000


def test_tmst_arithmetic() -> None:
    top = (1 << 32) - 1
    assert tmst_add(top, 1) == 0
    assert tmst_add(5, -6) == top
    assert tmst_until(4, top) == 5
    assert tmst_until(top, 4) == -5
    assert tmst_until(7, 7) == 0


@in_loop
async def test_imme_goes_at_once() -> None:
    async with rig() as one:
        now = one.air.now
        assert await one.server.send(**TXPK, imme=True) == "NONE"
        await one.air.run(1)
        (frame,) = one.heard
        assert frame.start_ns - now == 1_500_000


@in_loop
async def test_tmms_needs_gps() -> None:
    async with rig() as one:
        assert await one.server.send(**TXPK, tmms=5000) == "GPS_UNLOCKED"
    async with rig(clock=Clock(gps_ms_at_0=1_000_000)) as one:
        await one.uplink()
        assert one.server.rxpk()[0]["tmms"] == 1_000_000 + one.air.now // MS
        assert await one.server.send(**TXPK, tmms=1_003_000) == "NONE"
        await one.air.run(3)
        assert one.heard[0].start_ns == 3 * SECOND


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"tmst": 999_000}, "TOO_LATE"),
        ({"tmst": 1_001_000}, "TOO_LATE"),
        ({"tmst": 1_001_500}, "NONE"),
        ({"tmst": 1_000_000 + 512_000_000}, "NONE"),
        ({"tmst": 1_000_001 + 512_000_000}, "TOO_EARLY"),
        ({"tmst": (1 << 32) - 1}, "TOO_LATE"),
        ({"tmst": 2_000_000, "freq": 100.0}, "TX_FREQ"),
        ({"tmst": 2_000_000, "freq": 2400.0}, "TX_FREQ"),
        ({"tmst": 2_000_000, "powe": 31}, "TX_POWER"),
        ({"tmst": 2_000_000, "powe": -7}, "TX_POWER"),
        ({"tmst": 2_000_000, "powe": 27}, "NONE"),
    ],
)
@in_loop
async def test_orders_that_cannot_be_met(change: dict[str, Any], error: str) -> None:
    """The air's time is 1 s, and so is tmst."""
    async with rig() as one:
        assert await one.server.send(**{**TXPK, **change}) == error
        assert one.gateway.counts.txnb == (error == "NONE")
        assert one.gateway.counts.refused == (error != "NONE")


@in_loop
async def test_overlapping_downlinks_collide_and_neighbours_do_not() -> None:
    async with rig() as one:
        assert await one.server.send(**TXPK, tmst=3_000_000) == "NONE"
        frame = one.gateway.schedule.frames[0]
        length = (frame.end_ns - frame.start_ns) // 1000
        for tmst in (3_000_000, 3_000_000 - length, 3_000_000 + length, 3_010_000):
            assert await one.server.send(**TXPK, tmst=tmst) == "COLLISION_PACKET"
        for tmst in (3_000_000 - length - 1100, 3_000_000 + length + 1100):
            assert await one.server.send(**TXPK, tmst=tmst) == "NONE"
        await one.air.run(5)
        assert len(one.heard) == 3


@in_loop
async def test_imme_during_a_transmission_collides() -> None:
    async with rig() as one:
        assert await one.server.send(**TXPK, imme=True) == "NONE"
        assert await one.server.send(**TXPK, imme=True) == "COLLISION_PACKET"
        await one.air.run(1)
        assert await one.server.send(**TXPK, imme=True) == "NONE"


@in_loop
async def test_gateway_is_deaf_while_it_sends() -> None:
    async with rig() as one:
        assert await one.server.send(**{**TXPK, "datr": "SF12BW125"}, tmst=1_500_000) == "NONE"
        await one.uplink(after_ms=600)
        assert one.server.rxpk() == [] and one.gateway.counts.deaf == 1
        await one.air.run(2)
        await one.uplink()
        assert len(one.server.rxpk()) == 1


@in_loop
async def test_fsk_downlink() -> None:
    async with rig() as one:
        fsk = {**TXPK, "modu": "FSK", "datr": 50_000, "fdev": 25_000, "freq": 868.8, "ncrc": False}
        assert await one.server.send(**fsk, imme=True) == "NONE"
        await one.air.run(1)
        (frame,) = one.heard
        assert (frame.sf, frame.bit_rate, frame.deviation) == (0, 50_000, 25_000)
        # 5 of preamble, 3 of sync word, length, payload, 2 of CRC: 15 bytes at 50 kb/s.
        assert frame.end_ns - frame.start_ns == 15 * 160_000


BROKEN: list[dict[str, Any]] = [
    {"datr": "SF13BW125"},
    {"datr": "SF7BW123"},
    {"datr": 7},
    {"modu": "AM"},
    {"codr": "4/9"},
    {"size": 5},
    {"data": 5},
    {"freq": "high"},
    {"tmst": "soon"},
    {"prea": []},
    {"data": base64.b64encode(bytes(256)).decode(), "size": 256},
]


@in_loop
async def test_what_cannot_be_read_is_not_sent_and_does_no_harm() -> None:
    async with rig() as one:
        for change in BROKEN:
            assert await one.server.send(**{**TXPK, "tmst": 2_000_000, **change}) is None, change
        for name in ("datr", "freq", "data", "tmst"):
            order = {key: value for key, value in TXPK.items() if key != name}
            assert await one.server.send(**order) is None
        for raw in (
            b"",
            b"\x02",
            b"\x01\0\0\x03{}",
            b"\x02\0\0\x03{",
            b"\x02\0\0\x03[]",
            b"\x02\0\0\x63",
        ):
            await one.server.raw(raw)
        assert await one.server.send(**TXPK, imme=True) == "NONE"
        await one.air.run(1)
        assert len(one.heard) == 1


@in_loop
async def test_no_server_is_an_error_with_the_address() -> None:
    one = Gateway(MemoryAir().port(), Settings(eui=EUI))
    with pytest.raises(TimeoutError, match=r"127\.0\.0\.1:9"):
        await one.start("127.0.0.1", 9, timeout=0.2)
    await one.close()


# Air time.


def test_air_time_is_that_of_published_values_and_of_liblora() -> None:
    (vector,) = [one for one in VECTORS if one["kind"] == "airtime"]
    checked = 0
    for case in vector["cases"]:
        if not case.get("explicit_header", True) or case.get("low_rate") is not None:
            continue
        frame = AirFrame(
            0,
            0,
            0,
            round(case["bw_khz"] * 1000),
            case["sf"],
            bytes(case["payload"]),
            coding_rate=int(case["cr"][2]) - 4,
            preamble=case["preamble"],
            crc=case["crc"],
        )
        assert abs(airtime_ns(frame) // 1000 - case["us"]) <= 1, case
        checked += 1
    assert checked > 10
    for sf in range(7, 13):
        for khz in (125, 250, 500):
            for size in (0, 12, 51, 255):
                frame = AirFrame(0, 0, 0, khz * 1000, sf, bytes(size), crc=False)
                expected = loramsg.airtime(khz, sf, size, crc=0)
                assert abs(airtime_ns(frame) / 1000 - expected) <= 1, (sf, khz, size)


# The server hears the gateway's errors.


@in_loop
async def test_server_is_told_of_each_refusal() -> None:
    async with World() as world:
        device, known = world.abp()
        world.server.mangle = lambda one: [replace(one, power_dbm=99)]
        world.server.send(known, 1, b"x")
        assert not await device.uplink()
        answers = [event.data["answer"] for event in world.server.record.of("not_sent")]
        assert answers == ["TX_POWER", "TX_POWER"], "RX1, then RX2"


@in_loop
async def test_server_survives_junk() -> None:
    """Datagrams of no gateway, and rxpk that are not one."""
    async with World() as world:
        device, _ = world.abp()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("127.0.0.1", world.server.port)
        )
        eui = bytes(8)
        push = b"\x02\0\0\0" + eui
        good = {"tmst": 1, "freq": 868.1, "datr": "SF7BW125", "data": "QUJD", "size": 3}
        changes: list[Any] = [
            5,
            {**good, "datr": "fast"},
            {**good, "data": "?"},
            {**good, "size": 4},
            {**good, "tmst": None},
            {**good, "freq": "x"},
            {**good, "stat": -1},
            {"tmst": 1},
        ]
        for raw in (b"", b"\x01\0\0\0", b"\x02\0\0\x09", push, push + b"{", push + b"[1]"):
            transport.sendto(raw)
        for rxpk in changes:
            transport.sendto(push + json.dumps({"rxpk": [rxpk]}).encode())
        transport.sendto(b"\x02\0\0\x05" + eui + b'{"txpk_ack":{"error":"NONE"}}')
        await asyncio.sleep(0.1)
        transport.close()
        assert len(world.server.record.of("bad_rxpk")) == len(changes)
        assert len(world.server.record.of("bad_datagram")) == 4
        assert len(world.server.record.of("stray_tx_ack")) == 1
        await device.uplink()
        assert world.kinds()[-1] == "uplink"


def test_memory_air_refuses_the_past() -> None:
    air = MemoryAir()
    port: MemoryPort = air.port()
    with pytest.raises(AssertionError, match="past"):
        port.transmit(replace(UPLINK, start_ns=air.now - 1))


@in_loop
async def test_limits_of_a_band_hold() -> None:
    async with rig(limits=Limits(freq_min=863_000_000, freq_max=870_000_000)) as one:
        assert await one.server.send(**{**TXPK, "freq": 862.9}, imme=True) == "TX_FREQ"
        assert await one.server.send(**{**TXPK, "freq": 869.9}, imme=True) == "NONE"
