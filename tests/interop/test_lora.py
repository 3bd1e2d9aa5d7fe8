# SPDX-License-Identifier: MIT
"""Raw LoRa between firmwares on one air, each a process of its own."""

from __future__ import annotations

from fwlib.airmessage import Fate
from harness.air import Air
from harness.firmware import Firmware

SETUP = """
    import socket, sys, time
    from network import LoRa
    lora = LoRa(mode=LoRa.LORA, region=LoRa.EU868, {settings})
    s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
    s.settimeout(60)
    print("ready")
"""
# Clocks differ by up to the lateness: who listens may not do so yet at ours.
SOON = """
    time.sleep_ms(500)
"""
PING = (
    SOON
    + """
    for i in range(int(sys.argv[1])):
        s.send(b"ping %d" % i)
        print(s.recv(64).decode(), lora.stats().rssi < -40)
"""
)
PONG = """
    for i in range(int(sys.argv[1])):
        s.send(s.recv(64).replace(b"ping", b"pong"))
"""
SEND = """
    sys.stdin.readline()
    time.sleep_ms(500)
    for i in range(int(sys.argv[1])):
        s.send(b"frame %d" % i)
        if i % 50 == 49:
            assert s.recv(64) == b"go on"
    print(lora.counters())
"""
HEAR = """
    wrong = 0
    for i in range(int(sys.argv[1])):
        wrong += s.recv(64) != b"frame %d" % i
        if i % 50 == 49:
            s.send(b"go on")
    print("wrong", wrong, lora.counters().rx_dropped)
"""
# A node of a nano-gateway: what goes down is inverted, what goes up is not.
GATEWAY = """
    for i in range(3):
        data = s.recv(64)
        lora.init(mode=LoRa.LORA, region=LoRa.EU868, tx_iq=True)
        s.send(b"down " + data)
        lora.init(mode=LoRa.LORA, region=LoRa.EU868)
"""
NODE = (
    SOON
    + """
    for i in range(3):
        s.send(b"%s %d" % (sys.argv[1], i))
        print(s.recv(64).decode())
"""
)


def script(body: str, settings: str = "") -> str:
    return SETUP.format(settings=settings) + body


def test_ping_pong() -> None:
    """Both ways, and each end of the air agrees on what it was."""
    with (
        Air() as air,
        Firmware(script(PONG), "10", env=air.env("pong", x=200)) as pong,
    ):
        pong.expect("ready")
        with Firmware(script(PING), "10", env=air.env("ping")) as ping:
            assert ping.check()[1:] == [f"pong {i} True" for i in range(10)]
        pong.check()
        records = air.wait_frames(20)
    names = [record.sender for record in records]
    assert names == ["ping", "pong"] * 10
    assert all(record.fate == Fate.RECEIVED for record in records)
    frame = records[0].frame
    assert (frame.frequency, frame.sf, frame.bandwidth) == (868_000_000, 7, 125_000)


def test_a_thousand_frames_and_none_lost() -> None:
    """As fast as the sender can, by fifties, which the other's queue can hold."""
    with (
        Air(factor=10) as air,
        Firmware(script(HEAR), "1000", env=air.env("ear")) as ear,
        Firmware(script(SEND), "1000", env=air.env("mouth", x=100)) as mouth,
    ):
        ear.expect("ready")
        mouth.expect("ready")
        mouth.write("\n")
        assert ear.check(timeout=120)[-1] == "wrong 0 0"
        mouth.check()


def test_nano_gateway_and_node() -> None:
    """The gateway hears nodes, nodes hear the gateway, and nobody else."""
    with (
        Air() as air,
        Firmware(script(GATEWAY), env=air.env("gateway")) as gateway,
        Firmware(script(HEAR), "1", env=air.env("ear", x=50)) as ear,
    ):
        gateway.expect("ready")
        ear.expect("ready")
        node = script(NODE, "rx_iq=True")
        with Firmware(node, "node", env=air.env("node", x=100)) as first:
            assert first.check()[1:] == [f"down node {i}" for i in range(3)]
        gateway.check()
        records = air.wait_frames(6)
    assert [record.frame.iq_inverted for record in records] == [False, True] * 3
