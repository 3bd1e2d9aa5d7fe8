# SPDX-License-Identifier: MIT
"""Firmwares, a gateway and a network server on one air, for tests of LoRaWAN.

Every frame that was on the air is judged at the end by liblora, lora-packet and
tshark (harness.judges), with the keys of all sessions that there were.
"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fwlib.aircapture import LINGER_S, Record
from fwlib.airmessage import Modem
from harness import judges
from harness.air import Air
from harness.closing import Closing
from harness.firmware import Firmware
from lorawan_gateway.gateway import Gateway
from lorawan_gateway.gateway import Settings as GatewaySettings
from lorawan_gateway.hub_port import HubPort
from lorawan_server import regions
from lorawan_server.background import Background
from lorawan_server.device import Device, MulticastGroup, Session
from lorawan_server.events import Event
from lorawan_server.server import NetworkServer, Settings

APP_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
NWK_S_KEY = bytes.fromhex("44024241ed4ce9a68c6a8bc055233fd3")
APP_S_KEY = bytes.fromhex("ec925802ae430ca77fd3dd73cb2cc588")
DEV_EUI = 0x70B3D57ED0000001
JOIN_EUI = 0x0102030405060708
DEV_ADDR = 0x26011BDA
PATIENCE_S = 60.0

# What every script begins with: names for what the server knows.
PRELUDE = f"""
    import socket, struct, sys, time
    from network import LoRa
    DEV_EUI = bytes.fromhex("{DEV_EUI:016x}")
    JOIN_EUI = bytes.fromhex("{JOIN_EUI:016x}")
    APP_KEY = bytes.fromhex("{APP_KEY.hex()}")
    NWK_S_KEY = bytes.fromhex("{NWK_S_KEY.hex()}")
    APP_S_KEY = bytes.fromhex("{APP_S_KEY.hex()}")
    DEV_ADDR = 0x{DEV_ADDR:08x}
    OTAA = dict(activation=LoRa.OTAA, auth=(DEV_EUI, JOIN_EUI, APP_KEY))
    ABP = dict(activation=LoRa.ABP, auth=(DEV_ADDR, NWK_S_KEY, APP_S_KEY))

    def socket_of(**options):
        s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
        s.setsockopt(socket.SOL_LORA, socket.SO_CONFIRMED, options.get("confirmed", False))
        if "dr" in options:
            s.setsockopt(socket.SOL_LORA, socket.SO_DR, options["dr"])
        if "port" in options:
            s.bind(options["port"])
        return s

    def go(*args):  # the test says when
        print("ready", *args)
        return sys.stdin.readline().strip()
"""


def script(body: str) -> str:
    """A device's script."""
    return textwrap.dedent(PRELUDE) + textwrap.dedent(body)


class LorawanAir(Closing):
    """One gateway, one server, and devices that a test starts."""

    def __init__(
        self,
        region: str = "EU868",
        *,
        factor: float = 20.0,
        settings: Settings | None = None,
        pcap: Path | None = None,
    ) -> None:
        self.air = Air(factor=factor, pcap=pcap)
        self.pcap = pcap
        self.region = regions.get(region)
        self.server = NetworkServer(self.region, settings or Settings(dedup_s=0.0, seed=1))
        self.background = Background(self.server)
        self.background.__enter__()
        self.gateway = self.background.do(self._gateway(factor))
        self._firmwares: list[Firmware] = []
        self.more_keys: list[judges.Session] = []

    async def _gateway(self, factor: float) -> Gateway:
        fast = factor > 2
        port = HubPort(self.air.hub.port)
        port.hold_ahead = fast
        gateway = Gateway(port, GatewaySettings(think_s=3.0 if fast else 0.0))
        await gateway.start("127.0.0.1", self.background.port)
        self.background.also_close(gateway.close)

        # Time stands only until the server has answered, or has nothing to say.
        def thought(busy: bool) -> None:
            if not busy:
                gateway.let_go()

        self.server.thinking = thought
        return gateway

    # Devices, as the server knows them.

    def otaa(self, name: str = "otaa", **more: Any) -> Device:
        """A device that joins."""
        device = Device(name, dev_eui=DEV_EUI, join_eui=JOIN_EUI, app_key=APP_KEY, **more)
        return self.background.call(self.server.add, device)

    def abp(self, name: str = "abp", **more: Any) -> Device:
        """A device with a session from the start."""
        session = Session.start(self.region, DEV_ADDR, NWK_S_KEY, APP_S_KEY)
        return self.background.call(self.server.add, Device(name, session=session, **more))

    def group(self, address: int, nwk: bytes, app: bytes) -> MulticastGroup:
        """A multicast group."""
        group = MulticastGroup("group", address, nwk, app)
        return self.background.call(self.server.add_group, group)

    # Devices, as firmwares.

    def firmware(
        self, body: str, *args: str, store: Path | None = None, name: str = "device"
    ) -> Firmware:
        """Start a device with a script; the store keeps its state from run to run."""
        env = self.air.env(name, x=200)
        if store is not None:
            env["USOCKET_STORE"] = str(store)
        firmware = Firmware(script(body), *args, net="loop", env=env)
        self._firmwares.append(firmware)
        return firmware

    # The server.

    def send(self, device: Device, port: int, payload: bytes, **more: Any) -> None:
        """Queue a downlink."""
        self.background.call(self.server.send, device, port, payload, **more)

    def command(self, device: Device, name: str, **values: int) -> None:
        """Queue a MAC command."""
        self.background.call(self.server.command, device, name, **values)

    def wait(self, kind: str, *, after: int = -1) -> Event:
        """An event of the server, past or to come."""
        return self.background.wait(kind, PATIENCE_S, after=after)

    def events(self, *kinds: str) -> list[Event]:
        """What the server noted of some kinds."""
        return list(self.server.record.of(*kinds))

    def payloads(self) -> list[bytes]:
        """The application data that arrived."""
        return [bytes(e.data["payload"]) for e in self.events("uplink") if e.data["payload"]]  # type: ignore[call-overload]

    def set_mangle(self, fault: Callable[..., Any]) -> None:
        """What happens to downlinks from now on; see lorawan_server.faults."""
        self.background.call(setattr, self.server, "mangle", fault)

    # The air.

    def frames(self, sender: str = "") -> list[Record]:
        """LoRa and FSK frames that are over, of one sender or all."""
        modems = (Modem.LORA, Modem.FSK)
        known = [one for one in list(self.air.records) if one.frame.modem in modems]
        return [one for one in known if sender in ("", one.sender)]

    def frequencies(self) -> set[int]:
        """Where the device sent, in kHz; the chip's steps are 61 Hz."""
        return {round(one.frame.frequency / 1000) for one in self.frames("device")}

    def keys(self) -> judges.Keys:
        """All keys there are."""
        server = self.server
        known: list[Session | MulticastGroup] = [*server.sessions, *server.groups.values()]
        sessions = [judges.Session(one.dev_addr, one.nwk_s_key, one.app_s_key) for one in known]
        roots = [
            judges.Root(one.dev_eui, one.join_eui, one.app_key)
            for one in server.devices.values()
            if one.app_key
        ]
        return judges.Keys([*sessions, *self.more_keys], roots)

    def judge(self, *, only: str = "") -> int:
        """Let the judges read the frames on the air; how many there were."""
        time.sleep(LINGER_S + 0.3)  # the last ones are recorded so much later
        taken = [judges.Frame(one.frame.data) for one in self.frames(only)]
        judges.judge(taken, self.keys())
        return len(taken)

    def close(self) -> None:
        for firmware in self._firmwares:
            firmware.close()
        self.background.__exit__(None, None, None)
        self.air.close()
