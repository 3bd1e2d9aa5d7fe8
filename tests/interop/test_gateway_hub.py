# SPDX-License-Identifier: MIT
"""The gateway on the air of `fw.py air`, and the programs as a user starts them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fwlib.airclient import Air
from fwlib.airhub import Hub
from fwlib.airmessage import Frame, Stage
from harness.closing import Closing
from harness.firmware import Firmware
from harness.lorawan_world import (
    APP_KEY,
    APP_S_KEY,
    DEV_ADDR,
    DEV_EUI,
    JOIN_EUI,
    NWK_S_KEY,
    World,
    in_loop,
)
from lorawan_gateway.air import AirFrame, airtime_ns
from lorawan_gateway.gateway import Gateway, Settings
from lorawan_gateway.hub_port import HubPort, to_air
from lorawan_gateway.receiver import Place, overlap, received, survives
from lorawan_server import frames
from lorawan_server.device import Device, Session
from lorawan_server.frames import Data, JoinRequest

REPO = Path(__file__).parents[2]
SECOND = 1_000_000_000
PATIENCE_S = 20.0


class HubRunning(Closing):
    """A hub in a thread."""

    def __init__(self, factor: float = 1.0) -> None:
        self.hub = Hub(factor=factor, seed=1)
        self.hub.start()

    def close(self) -> None:
        self.hub.close()


class Node(Closing):
    """A radio on the air that sends what a test says, and hears everything."""

    def __init__(self, port: int, x_m: int = 100) -> None:
        self._air = Air(port, "node", x_m, 0)

    def send(self, phy: bytes, *, once: bool = False) -> int:
        """Send an uplink now; when it ends. With once it is announced only in advance."""
        start = self._air.now() + 20_000_000
        frame = AirFrame(start, 0, 868_100_000, 125_000, 7, phy)
        message = to_air(replace(frame, end_ns=start + airtime_ns(frame)))
        self._air.transmit(message)
        while self._air.now() < message.end_ns:
            self._air.receive(0.001)
        if not once:
            self._air.transmit(replace(message, stage=Stage.COMPLETE))
        return message.end_ns

    def hear(self) -> Frame:
        """The next downlink, whole."""
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit:
            frame = self._air.receive(0.5)
            if frame is not None and frame.iq_inverted and frame.stage == Stage.COMPLETE:
                return frame
        raise TimeoutError("no downlink")

    def close(self) -> None:
        self._air.close()


# The model of reception.


def frame_at(power: float) -> AirFrame:
    frame = AirFrame(0, 50_000_000, 868_100_000, 125_000, 7, b"x", power_dbm=power)
    return received(frame, Place(1000, 0), Place(0, 0))


def test_strength_at_a_distance() -> None:
    frame = frame_at(14)
    assert frame.rssi == pytest.approx(14 - 31.2 - 81.0, abs=0.1)
    assert frame.snr == pytest.approx(frame.rssi + 117, abs=0.1)
    assert survives(frame, [])
    assert not survives(frame_at(-20), [])
    assert survives(replace(frame_at(-20), sf=12), [])


def test_the_stronger_of_two_survives() -> None:
    strong, weak = frame_at(14), frame_at(7)
    assert survives(strong, [weak]) and not survives(weak, [strong])
    assert not survives(strong, [strong])
    assert survives(weak, [replace(strong, sf=8)]), "other spreading factors hardly disturb"
    assert survives(weak, [replace(strong, freq=868_300_000)])
    later = replace(strong, start_ns=50_000_000, end_ns=90_000_000)
    assert survives(weak, [later]) and not overlap(weak, later)


# On the hub.


@pytest.mark.parametrize("factor", [1.0, 50.0])
@in_loop
async def test_join_and_data_over_the_hub(factor: float) -> None:
    """At 50 times the PC's clock the second before RX1 is 20 ms: time is held meanwhile."""
    with HubRunning(factor) as running, Node(running.hub.port) as node:
        world = World(gateways=0)
        async with world:
            known = world.server.add(
                Device("d", dev_eui=DEV_EUI, join_eui=JOIN_EUI, app_key=APP_KEY)
            )
            port = HubPort(running.hub.port)
            think_s = 1.0 if factor > 1 else 0.0
            gateway = Gateway(port, Settings(think_s=think_s))
            await gateway.start("127.0.0.1", world.server.port)
            request = frames.write_join_request(JoinRequest(JOIN_EUI, DEV_EUI, 1), APP_KEY)
            end = await asyncio.to_thread(node.send, request)
            down = await asyncio.to_thread(node.hear)
            accept = frames.read_join_accept(down.data, APP_KEY)
            assert abs(down.start_ns - end - 5 * SECOND) < 1000
            nwk, app = frames.session_keys(APP_KEY, 1, accept.join_nonce, accept.net_id)
            world.server.send(known, 2, b"down")
            up = frames.write_data(Data(accept.dev_addr, 0, 1, b"up"), nwk, app)
            end = await asyncio.to_thread(node.send, up)
            down = await asyncio.to_thread(node.hear)
            assert abs(down.start_ns - end - SECOND) < 1000
            assert frames.read_data(down.data, 0, nwk, app).payload == b"down"
            assert (down.frequency, down.sf, down.sync, down.crc) == (
                868_100_000,
                7,
                b"\x34",
                False,
            )
            await gateway.close()


@pytest.mark.parametrize("once", [False, True])
@in_loop
async def test_a_frame_is_heard_once_however_it_is_announced(once: bool) -> None:
    with HubRunning() as running, Node(running.hub.port) as node:
        async with World(gateways=0) as world:
            gateway = Gateway(HubPort(running.hub.port))
            await gateway.start("127.0.0.1", world.server.port)
            await asyncio.to_thread(node.send, b"short", once=once)
            await asyncio.sleep(0.2)
            assert (gateway.counts.rxnb, gateway.counts.rxok) == (1, 1)
            assert world.kinds() == ["bad_frame"]
            await gateway.close()


@in_loop
async def test_frames_that_collide_are_not_forwarded() -> None:
    with HubRunning() as running, Node(running.hub.port) as one, Node(running.hub.port) as two:
        async with World(gateways=0) as world:
            gateway = Gateway(HubPort(running.hub.port))
            await gateway.start("127.0.0.1", world.server.port)
            await asyncio.gather(
                *(asyncio.to_thread(node.send, bytes(200)) for node in (one, two))
            )
            await asyncio.sleep(0.2)
            assert (gateway.counts.rxnb, gateway.counts.rxok) == (2, 0)
            assert world.kinds() == []
            await gateway.close()


@in_loop
async def test_far_nodes_are_not_heard() -> None:
    with HubRunning() as running, Node(running.hub.port, x_m=900_000) as node:
        async with World(gateways=0) as world:
            gateway = Gateway(HubPort(running.hub.port))
            await gateway.start("127.0.0.1", world.server.port)
            await asyncio.to_thread(node.send, b"far away")
            await asyncio.sleep(0.1)
            assert gateway.counts.rxnb == 0
            await gateway.close()


# The firmware's chip, register by register: sends what it is given, hears the answer.
CHIP = """
    import sys
    sys.path.append(sys.argv[1])
    import host, radiosim
    from _sx127x import RX_DONE, TX_DONE, Bench
    bench = Bench(radiosim.SX1276())
    bench.lora()
    bench.write(0x39, 0x34)
    print("ready")
    for line in sys.stdin:
        bench.write(0x33, 0x27)
        bench.write(0x3B, 0x1D)
        bench.write(0x01, 0x81)
        bench.send(bytes.fromhex(line.strip()))
        assert bench.wait(TX_DONE, 2000)
        bench.write(0x33, 0x67)
        bench.write(0x3B, 0x19)
        bench.listen()
        heard = bench.wait(RX_DONE, 7000)
        print("heard", bench.received().hex() if heard else "nothing")
"""


@in_loop
async def test_firmware_s_chip_joins_and_gets_data() -> None:
    with (
        HubRunning() as running,
        Firmware(
            CHIP,
            str(REPO / "tests" / "device"),
            env={"USOCKET_AIR": f"{running.hub.port},x=300,name=chip"},
        ) as chip,
    ):
        await asyncio.to_thread(chip.expect, "ready")

        def exchange(phy: bytes) -> bytes:
            chip.write(phy.hex() + "\n")
            return bytes.fromhex(chip.expect("heard"))

        async with World(gateways=0) as world:
            known = world.server.add(
                Device("d", dev_eui=DEV_EUI, join_eui=JOIN_EUI, app_key=APP_KEY)
            )
            gateway = Gateway(HubPort(running.hub.port))
            await gateway.start("127.0.0.1", world.server.port)
            request = frames.write_join_request(JoinRequest(JOIN_EUI, DEV_EUI, 1), APP_KEY)
            answer = await asyncio.to_thread(exchange, request)
            accept = frames.read_join_accept(answer, APP_KEY)
            nwk, app = frames.session_keys(APP_KEY, 1, accept.join_nonce, accept.net_id)
            world.server.send(known, 2, b"down to the chip")
            up = frames.write_data(
                Data(accept.dev_addr, 0, 1, b"up", mtype=frames.CONFIRMED_UP), nwk, app
            )
            data = frames.read_data(await asyncio.to_thread(exchange, up), 0, nwk, app)
            assert data.payload == b"down to the chip" and data.fctrl & frames.ACK
            await gateway.close()


# The programs.


class Program(Closing):
    """One of the programs, its lines collected."""

    def __init__(self, module: str, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *options],
            env={**os.environ, "PYTHONPATH": str(REPO / "tools")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip())

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def expect(self, text: str) -> str:
        """The first line with this text."""
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit:
            found = next((line for line in self.lines if text in line), None)
            if found is not None:
                return found
            if self._process.poll() is not None and not self._reader.is_alive():
                break
            time.sleep(0.01)
        raise AssertionError(f"no '{text}' in: {self.lines}")

    def status(self) -> int:
        return self._process.wait(PATIENCE_S)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        assert self.status() == 0, self.lines
        self._reader.join(5)


@pytest.fixture
def device_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.json"
    content = {
        "devices": [
            {
                "name": "abp",
                "dev_addr": f"{DEV_ADDR:08x}",
                "nwk_s_key": NWK_S_KEY.hex(),
                "app_s_key": APP_S_KEY.hex(),
            },
            {
                "name": "otaa",
                "dev_eui": f"{DEV_EUI:016x}",
                "join_eui": f"{JOIN_EUI:016x}",
                "app_key": APP_KEY.hex(),
            },
        ]
    }
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def air() -> Iterator[Hub]:
    with HubRunning() as running:
        yield running.hub


def port_of(server: Program) -> str:
    return server.expect("network server for").rpartition(":")[2]


def test_programs_carry_data_both_ways(air: Hub, device_file: Path, tmp_path: Path) -> None:
    """Echo, a typed downlink, and counters that survive a restart of the server."""
    options = ["--port", "0", "--device", str(device_file), "--state", str(tmp_path / "state")]
    with Program("lorawan_server", *options, "--echo") as server:
        link = ["--server", f"127.0.0.1:{port_of(server)}", "--air", str(air.port)]
        with Program("lorawan_gateway", *link) as gateway, Node(air.port) as node:
            gateway.expect("between the air")
            node.send(frames.write_data(Data(DEV_ADDR, 7, 5, b"ping"), NWK_S_KEY, APP_S_KEY))
            down = node.hear()
            data = frames.read_data(down.data, 0, NWK_S_KEY, APP_S_KEY)
            assert (data.port, data.payload) == (5, b"ping")
            server.expect("payload=70696e67")
            server.say("send abp 9 beef c")
            data = frames.read_data(node.hear().data, 1, NWK_S_KEY, APP_S_KEY)
            assert (data.port, data.payload) == (9, b"\xbe\xef")
            server.say("send nobody 9 00")
            server.expect("no device 'nobody'; there are: abp, otaa")
            server.say("devices")
            server.expect("uplinks to 7, downlinks from 2")
        keys = (APP_KEY, NWK_S_KEY, APP_S_KEY)
        printed = "\n".join(server.lines + gateway.lines)
        assert not any(key.hex() in printed for key in keys)
    with Program("lorawan_server", *options) as server:
        port_of(server)
        server.say("devices")
        server.expect("uplinks to 7, downlinks from 2")
    assert (tmp_path / "state").stat().st_mode & 0o77 == 0, "the file has keys in it"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--region", "XX"], "no region 'XX'"),
        (["--port", "70000"], "--port is 70000"),
        (["--device", "/nowhere.json"], "/nowhere.json: No such file"),
        (["--net-id", "xyz"], "--net-id is 'xyz'"),
        (["--listen", "192.0.2.1"], "192.0.2.1"),
    ],
)
def test_server_says_what_is_wrong(options: list[str], told: str) -> None:
    server = Program("lorawan_server", "--port", "0", *options)
    assert server.status() == 1
    server.expect(told)


def test_gateway_says_what_is_wrong(air: Hub) -> None:
    for options, told in (
        (["--server", "127.0.0.1:x"], "must be a number"),
        (["--server", "127.0.0.1:9", "--channels", "XX"], "no channel list"),
        (["--server", "127.0.0.1:9", "--eui", "12"], "--eui is '12'"),
        (["--server", "127.0.0.1:9"], "no network server answered"),
    ):
        gateway = Program("lorawan_gateway", "--air", str(air.port), *options)
        assert gateway.status() == 1
        gateway.expect(told)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        alone = Program(
            "lorawan_gateway", "--server", "127.0.0.1", "--air", str(nobody.getsockname()[1])
        )
        assert alone.status() == 1
        alone.expect("no hub of an air answers")


def test_session_of_a_file_is_the_region_s() -> None:
    """What the device file leaves open is as the region has it."""
    from lorawan_server import regions

    session = Session.start(regions.get("EU868"), 1, NWK_S_KEY, APP_S_KEY)
    assert (session.rx2_freq, session.rx2_dr, session.rx_delay) == (869_525_000, 0, 1)
