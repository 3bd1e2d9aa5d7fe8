# SPDX-License-Identifier: MIT
"""A network server, gateways and devices of Python on an air inside a test.

The devices' frames are built by liblora or by npm's lora-packet; nothing of the
firmware takes part.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from harness import judges
from harness.memory_air import MS, SECOND, MemoryAir, MemoryPort
from lorawan_gateway.air import AirFrame
from lorawan_gateway.gateway import Gateway
from lorawan_gateway.gateway import Settings as GatewaySettings
from lorawan_server import frames, regions
from lorawan_server.device import Device, Session
from lorawan_server.frames import Data, JoinRequest
from lorawan_server.server import NetworkServer, Settings

APP_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
NWK_S_KEY = bytes.fromhex("44024241ed4ce9a68c6a8bc055233fd3")
APP_S_KEY = bytes.fromhex("ec925802ae430ca77fd3dd73cb2cc588")
DEV_EUI = 0x70B3D57ED0000001
JOIN_EUI = 0x0102030405060708
DEV_ADDR = 0x26011BDA
THINK_S = 5.0
LISTEN_S = 8.0


@dataclass(frozen=True)
class Heard:
    """A downlink: when after the uplink's end, where, how fast, what."""

    after_us: int
    air: AirFrame
    phy: bytes

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Microseconds, Hz, spreading factor, Hz of bandwidth."""
        return self.after_us, self.air.freq, self.air.sf, self.air.bandwidth


@dataclass
class TestDevice:
    """The device's side, as little as a test needs."""

    __test__ = False

    world: World
    port: MemoryPort
    dev_addr: int = DEV_ADDR
    nwk_s_key: bytes = field(default=NWK_S_KEY, repr=False)
    app_s_key: bytes = field(default=APP_S_KEY, repr=False)
    fcnt: int = 0
    dev_nonce: int = 0
    freq: int = 868_100_000
    sf: int = 7
    bandwidth: int = 125_000
    bit_rate: int = 0
    heard: list[AirFrame] = field(default_factory=list)

    async def transmit(self, phy: bytes, listen_s: float = LISTEN_S) -> list[Heard]:
        """Send bytes, and collect what comes down afterwards."""
        air = self.world.air
        self.heard.clear()
        sent = air.transmit(
            self.port,
            AirFrame(
                air.now + MS, 0, self.freq, self.bandwidth, self.sf, phy, bit_rate=self.bit_rate
            ),
        )
        await air.run_until(sent.end_ns + round(listen_s * SECOND))
        return [
            Heard((frame.start_ns - sent.end_ns) // 1000, frame, frame.payload)
            for frame in self.heard
            if frame.inverted or frame.sf == 0
        ]

    def build(self, payload: bytes = b"", port: int | None = 1, **more: Any) -> bytes:
        """An uplink's bytes; counts."""
        data = Data(self.dev_addr, self.fcnt, port, payload, **more)
        self.fcnt += 1
        return self.world.write(data, self.nwk_s_key, self.app_s_key)

    async def uplink(
        self, payload: bytes = b"up", port: int | None = 1, **more: Any
    ) -> list[Heard]:
        """Send data and listen."""
        return await self.transmit(self.build(payload, port, **more))

    def read(self, heard: Heard, fcnt: int | None = None) -> Data:
        """A downlink's content; a bad MIC is an error."""
        low = int.from_bytes(heard.phy[6:8], "little")
        known = low if fcnt is None else fcnt
        return frames.read_data(heard.phy, known, self.nwk_s_key, self.app_s_key)

    async def only(self, *args: Any, **more: Any) -> Data:
        """An uplink's one downlink."""
        heard = await self.uplink(*args, **more)
        assert len(heard) == 1, f"{len(heard)} downlinks"
        return self.read(heard[0])

    async def join(self) -> tuple[frames.JoinAccept, Heard]:
        """Join; a network that does not answer is an error."""
        request = JoinRequest(JOIN_EUI, DEV_EUI, self.dev_nonce)
        heard = await self.transmit(self.world.write_join(request, APP_KEY))
        assert len(heard) == 1, f"{len(heard)} join accepts"
        accept = frames.read_join_accept(heard[0].phy, APP_KEY)
        self.nwk_s_key, self.app_s_key = frames.session_keys(
            APP_KEY, self.dev_nonce, accept.join_nonce, accept.net_id
        )
        self.dev_addr = accept.dev_addr
        self.dev_nonce += 1
        self.fcnt = 0
        return accept, heard[0]


class World:
    """Everything, connected. An asynchronous context manager."""

    def __init__(
        self, region: str = "EU868", *, gateways: int = 1, settings: Settings | None = None
    ) -> None:
        self.air = MemoryAir()
        self.region = regions.get(region)
        self.server = NetworkServer(
            self.region, settings or Settings(dedup_s=0.0 if gateways == 1 else 0.05, seed=1)
        )
        self.gateways = [
            Gateway(
                self.air.port(),
                GatewaySettings(
                    eui=bytes([0xAA] * 7 + [i]),
                    think_s=THINK_S,
                    downlink_ends_thinking=False,
                    stat_s=1000,
                ),
            )
            for i in range(gateways)
        ]
        self.refused: list[str] = []
        self.write: Callable[[Data, bytes, bytes], bytes] = frames.write_data
        self.write_join: Callable[[JoinRequest, bytes], bytes] = frames.write_join_request
        # Keys of devices that the server does not have.
        self.more_keys: list[judges.Session] = []

    async def __aenter__(self) -> World:
        port = await self.server.start()
        self.server.thinking = self._thinking
        for gateway in self.gateways:
            await gateway.start("127.0.0.1", port)
            gateway.note = self._note
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for gateway in self.gateways:
            await gateway.close()
        await self.server.close()
        if kind is None:
            errors = self.server.record.of("error")
            assert not errors, [event.data for event in errors]

    def _thinking(self, busy: bool) -> None:
        if not busy:
            for gateway in self.gateways:
                gateway.let_go()

    def _note(self, what: str, details: dict[str, object]) -> None:
        if what in ("refused", "error"):
            self.refused.append(str(details.get("error") or details["text"]))

    def otaa(self, **more: Any) -> tuple[TestDevice, Device]:
        """A device that joins, on both sides."""
        known = self.server.add(
            Device("otaa", dev_eui=DEV_EUI, join_eui=JOIN_EUI, app_key=APP_KEY, **more)
        )
        return self.device(), known

    def abp(self, **more: Any) -> tuple[TestDevice, Device]:
        """A device with a session from the start, on both sides."""
        session = Session.start(self.region, DEV_ADDR, NWK_S_KEY, APP_S_KEY)
        return self.device(), self.server.add(Device("abp", session=session, **more))

    def device(self) -> TestDevice:
        """A device that the server does not know yet."""
        port = self.air.port()
        device = TestDevice(self, port)
        port.listen(device.heard.append)
        return device

    def keys(self) -> judges.Keys:
        """All keys there are, for the judges."""
        sessions = [
            judges.Session(one.dev_addr, one.nwk_s_key, one.app_s_key)
            for one in self.server.sessions
        ]
        groups = [
            judges.Session(one.dev_addr, one.nwk_s_key, one.app_s_key)
            for one in self.server.groups.values()
        ]
        roots = [
            judges.Root(one.dev_eui, one.join_eui, one.app_key)
            for one in self.server.devices.values()
            if one.app_key
        ]
        return judges.Keys([*sessions, *groups, *self.more_keys], roots)

    def judge(self) -> None:
        """Let the judges read all that went on the air."""
        judges.judge([judges.Frame(frame.payload) for frame in self.air.sent], self.keys())

    def kinds(self) -> list[str]:
        """What the server noted, without what is there always."""
        usual = ("gateway", "stat", "sent")
        return [event.kind for event in self.server.record.events if event.kind not in usual]


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test in an asyncio loop of its own."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run
