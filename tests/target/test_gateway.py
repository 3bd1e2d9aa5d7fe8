# SPDX-License-Identifier: MIT
"""LoRaWAN: one board is the device, the other one the gateway of the test server."""

from __future__ import annotations

import pytest
from fwlib.rigs import Rig
from harness.air import Air
from harness.board import Board
from harness.board_gateway import BoardPort
from harness.boards import Boards
from lorawan_gateway.gateway import Gateway
from lorawan_gateway.gateway import Settings as GatewaySettings
from lorawan_server import regions
from lorawan_server.background import Background
from lorawan_server.device import Device
from lorawan_server.server import NetworkServer, Settings
from pytest_embedded.log import MessageQueue

APP_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
DEV_EUI, JOIN_EUI = 0x70B3D57ED0000001, 0x0102030405060708
FREQ, RX2 = 868_100_000, (869_525_000, 12)
APART = 300
PATIENCE_S = 90.0
# One channel and one data rate, which is what the gateway board hears.
DEVICE = """\
import network, socket
LoRa = network.LoRa
lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868, adr=False)
auth = tuple(bytes.fromhex(x) for x in ("{dev_eui:016x}", "{join_eui:016x}", "{app_key}"))
for channel in range(3):
    lora.add_channel(index=channel, frequency={freq}, dr_min=0, dr_max=5)
lora.join(activation=LoRa.OTAA, auth=auth, dr={dr}, timeout=60000)
for channel in range(3):
    lora.add_channel(index=channel, frequency={freq}, dr_min=0, dr_max=5)
for channel in range(3, 16):
    lora.remove_channel(channel)
s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
s.setsockopt(socket.SOL_LORA, socket.SO_DR, {dr})
s.setsockopt(socket.SOL_LORA, socket.SO_CONFIRMED, True)
s.settimeout(40)
print(lora.has_joined(), s.send(b"through a board"))
print(s.recv(64))
"""


async def gateway_of(port: BoardPort, server_port: int) -> Gateway:
    """The gateway, connected to the server."""
    gateway = Gateway(port, GatewaySettings())
    await gateway.start("127.0.0.1", server_port)
    return gateway


def converse(rig: Rig, one: Board, two: Board, dr: int) -> list[tuple[int, int]]:
    """Join, a confirmed uplink, its acknowledgement with data; what the gateway sent, on what."""
    server = NetworkServer(regions.get("EU868"), Settings(dedup_s=0.0, seed=1))
    with Background(server) as background:
        port = BoardPort(two, region="EU868", power=rig.limits.tx_power, freq=FREQ, sf=12 - dr)
        gateway = background.do(gateway_of(port, background.port))
        background.also_close(gateway.close)
        device = Device("one", dev_eui=DEV_EUI, join_eui=JOIN_EUI, app_key=APP_KEY)
        background.call(server.add, device)
        background.call(server.send, device, 3, b"and back")
        one.prompt()
        code = DEVICE.format(
            dev_eui=DEV_EUI, join_eui=JOIN_EUI, app_key=APP_KEY.hex(), freq=FREQ, dr=dr
        )
        printed = one.exec(code, PATIENCE_S).splitlines()
        assert printed == ["True 15", "b'and back'"]
        return port.sent


# Data rate of the device -> where the gateway board answers: RX1 where it can be exact enough.
ANSWERS = {5: RX2, 0: (FREQ, 12)}


@pytest.mark.parametrize("dr", ANSWERS)
def test_join_and_a_confirmed_uplink(
    rig: Rig, boards: Boards, msg_queue: MessageQueue, dr: int
) -> None:
    """Through a board as gateway: at SF7 with answers in RX2, at SF12 in RX1."""
    if rig.kind != "host":
        sent = converse(rig, *[boards.make(plan, msg_queue) for plan in rig.boards], dr)
        assert sent == [ANSWERS[dr]] * 2
        return
    with Air(factor=rig.air.get("lorawan", 1.0)) as air:
        places = zip(rig.boards, (0, APART), strict=True)
        made = [boards.make(plan, msg_queue, air.env(plan.name, x=x)) for plan, x in places]
        sent = converse(rig, *made, dr)
        boards.close()
    assert sent == [ANSWERS[dr]] * 2
