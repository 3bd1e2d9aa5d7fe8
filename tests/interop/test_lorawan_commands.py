# SPDX-License-Identifier: MIT
"""What the network asks of a device, class C, multicast, and hostile downlinks."""

from __future__ import annotations

import pytest
from harness.lorawan_air import LorawanAir
from lorawan_server import faults
from lorawan_server.server import Settings

# Sends a line for each of the test's, and prints what came down.
LINES = """
    lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.{region}, adr={adr})
    lora.join(**OTAA)
    s = socket_of(port=3)
    while True:
        line = go()
        if line == "end":
            break
        s.setblocking(True)
        s.send(line)
        s.setblocking(False)
        print("got", s.recvfrom(64))
        print("state", {state})
"""


def uplink(device: object, text: str) -> str:
    """One uplink of LINES; what the script printed of its state."""
    device.expect("ready", 40)  # type: ignore[attr-defined]
    device.write(text + "\n")  # type: ignore[attr-defined]
    return device.expect("state", 40)  # type: ignore[attr-defined]


# Name, fields, and the state that the device must have afterwards.
COMMANDS = [
    ("DevStatusReq", {}, None),
    ("DutyCycleReq", {"MaxDC": 2}, "max_duty=2"),
    ("RXParamSetupReq", {"RX1DRoff": 2, "RX2DR": 3, "Freq": 8695250}, "rx1_offset=2, rx2_dr=3"),
    ("RXTimingSetupReq", {"Delay": 3}, "rx1_delay=3"),
    ("NewChannelReq", {"Chnl": 3, "Freq": 8671000, "MinDR": 0, "MaxDR": 5}, None),
    ("DlChannelReq", {"Chnl": 1, "Freq": 8697000}, None),
]


def test_every_mac_command() -> None:
    """Each is answered with the next uplink, obeyed, and data goes on both ways."""
    with LorawanAir() as net:
        known = net.otaa(adr=False)
        device = net.firmware(LINES.format(region="EU868", adr=False, state="lora.status()"))
        for name, values, state in COMMANDS:
            net.command(known, name, **values)
            seen = uplink(device, name)
            uplink(device, "answer")
            if state is not None:
                assert state in seen, f"{name}: {seen}"
        net.background.call(net.server.link_adr, known, {0, 1, 2}, dr=15, power=15, nb_trans=2)
        assert "nb_trans=2" in uplink(device, "LinkADRReq")
        uplink(device, "answer")
        net.send(known, 9, b"still there")
        uplink(device, "data")
        assert "got (b'still there', 9)" in device.output
        device.write("end\n")
        device.check()
        answers = {str(event.data["name"]) for event in net.events("mac_answer")}
        assert answers == {name.replace("Req", "Ans") for name, _, _ in COMMANDS} | {"LinkADRAns"}
        assert not net.events("mac_unanswered", "error")
        assert (known.battery, known.session is not None) == (255, True)
        assert known.session is not None and known.session.rx_delay == 3
        net.judge()


def test_tx_param_setup() -> None:
    """Only some regions have it: AS923 does."""
    with LorawanAir("AS923-1") as net:
        known = net.otaa(adr=False)
        device = net.firmware(LINES.format(region="AS923", adr=False, state="lora.status().eirp"))
        net.command(known, "TXParamSetupReq", MaxEIRP=1, DnDwell=0, UpDwell=0)
        assert uplink(device, "ask") == "10"
        uplink(device, "answer")
        device.write("end\n")
        device.check()
        assert [e.data["name"] for e in net.events("mac_answer")] == ["TXParamSetupAns"]
        net.judge()


def test_adr() -> None:
    """A device near the gateway is told a faster rate and less power."""
    settings = Settings(dedup_s=0.0, seed=1, adr_history=3)
    with LorawanAir(settings=settings, factor=50) as net:
        net.otaa()
        body = LINES.format(region="EU868", adr=True, state="lora.status().dr, lora.tx_power()")
        device = net.firmware(body.replace("**OTAA", "**OTAA, dr=1"))
        states = [uplink(device, f"{number}") for number in range(7)]
        device.write("end\n")
        device.check()
        rate, power = states[-1].split()
        assert states[0].startswith("1 ") and rate == "5" and int(power) < 16
        assert net.events("adr")
        net.judge()


def test_frame_pending_fetches_the_rest() -> None:
    """Two downlinks wait: the second comes without another send()."""
    with LorawanAir() as net:
        known = net.otaa()
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
            lora.join(**OTAA)
            s = socket_of()
            go()
            s.send(b"x")
            s.settimeout(20)
            print("got", s.recv(64), s.recv(64))
        """)
        device.expect("ready")
        net.send(known, 1, b"one", confirmed=True)
        net.send(known, 1, b"two")
        device.write("\n")
        assert device.expect("got") == "b'one' b'two'"
        device.check()
        net.wait("ack")
        net.judge()


def test_class_c() -> None:
    """Downlinks come at any time, and between them data goes up."""
    with LorawanAir() as net:
        known = net.otaa(device_class="C")
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868, device_class=LoRa.CLASS_C)
            lora.join(**OTAA)
            s = socket_of()
            s.send(b"first")  # from then on the network knows where it is
            s.settimeout(60)
            for i in range(3):
                go()
                print("got", s.recvfrom(64))
            s.send(b"last")
        """)
        for number in range(3):
            device.expect("ready")
            net.send(known, 5, b"%d" % number, confirmed=number == 2)
            device.write("\n")
            assert device.expect("got") == f"(b'{number}', 5)"
        device.check()
        net.wait("ack")
        windows = [event.data["window"] for event in net.events("sent")]
        assert windows.count("c") == 3
        net.judge()


def test_multicast() -> None:
    """A group is heard in class C, until the device leaves it."""
    nwk, app = bytes(range(16)), bytes(range(16, 32))
    with LorawanAir() as net:
        net.otaa(device_class="C")
        group = net.group(0x11223344, nwk, app)
        device = net.firmware(f"""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868, device_class=LoRa.CLASS_C)
            lora.join(**OTAA)
            nwk, app = bytes.fromhex("{nwk.hex()}"), bytes.fromhex("{app.hex()}")
            print("in", lora.join_multicast_group(0x11223344, nwk, app))
            s = socket_of()
            s.send(b"here")
            s.settimeout(40)
            go()
            print("got", s.recvfrom(64))
            print("out", lora.leave_multicast_group(0x11223344), lora.leave_multicast_group(1))
            go()
            s.settimeout(15)
            try:
                s.recv(64)
            except socket.timeout:
                print("silence", lora.status().ignored)
        """)
        assert device.expect("in") == "True"
        device.expect("ready")
        device.write("\n")
        assert net.background.do(net.server.multicast(group, 30, b"to all")) == ["NONE"]
        assert device.expect("got") == "(b'to all', 30)"
        assert device.expect("out") == "True False"
        device.expect("ready")
        device.write("\n")
        net.background.do(net.server.multicast(group, 30, b"to others"))
        assert device.expect("silence") == "(0, 1, 0, 0)"
        device.check()
        net.judge()


@pytest.mark.parametrize(
    ("name", "ignored"), [("bit_flip", 2), ("wrong_mic", 2), ("wrong_address", 1), ("replay", 3)]
)
def test_hostile_downlinks(name: str, ignored: int) -> None:
    """They are counted and change nothing; what follows them is received."""
    with LorawanAir() as net:
        known = net.otaa()
        device = net.firmware(
            LINES.format(
                region="EU868", adr=False, state="lora.status().ignored, lora.status().fcnt_down"
            )
        )
        net.send(known, 1, b"good")
        before = uplink(device, "1")
        assert "got (b'good', 1)" in device.output
        phy = bytes(net.events("downlink")[0].data["phy"])  # type: ignore[call-overload]
        fault = {
            "bit_flip": faults.bit_flip(8 * 10),
            "wrong_mic": faults.wrong_mic,
            "wrong_address": faults.wrong_address(1),
            "replay": faults.replay(phy),
        }[name]
        net.set_mangle(fault)
        net.send(known, 1, b"evil")
        after = uplink(device, "2")
        counts = [0, 0, 0, 0]
        counts[ignored] = 1
        assert after == before.replace("(0, 0, 0, 0)", str(tuple(counts)))
        net.set_mangle(faults.none)
        net.send(known, 1, b"good again")
        uplink(device, "3")
        assert "got (b'good again', 1)" in device.output
        assert "evil" not in "\n".join(device.output)
        device.write("end\n")
        device.check()
        net.judge(only="device")
