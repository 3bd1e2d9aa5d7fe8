# SPDX-License-Identifier: MIT
"""LoRaWAN through the whole stack: firmware, air, gateway, network server."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import judges
from harness.lorawan_air import APP_S_KEY, NWK_S_KEY, LorawanAir
from lorawan_server import faults
from lorawan_server.device import Device, Session


def test_otaa_confirmed_and_unconfirmed() -> None:
    """A join that blocks, an unconfirmed and a confirmed uplink, downlinks in both windows."""
    with LorawanAir() as net:
        known = net.otaa()
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
            print("before", lora.has_joined())
            lora.join(**OTAA)
            print("joined", lora.has_joined(), lora.status().activation)
            s = socket_of(port=10)
            s.setblocking(True)
            print("sent", s.send(b"unconfirmed"))
            s.setsockopt(socket.SOL_LORA, socket.SO_CONFIRMED, True)
            print("sent", s.send(b"confirmed"))
            print("counters", lora.status().fcnt_up, lora.status().fcnt_down)
            for window in ("rx1", "rx2"):
                go(window)
                s.send(b"more")
                s.setblocking(False)
                print("got", s.recvfrom(64), lora.stats().sfrx, lora.stats().rssi < -40)
                s.setblocking(True)
        """)
        assert device.expect("before") == "False"
        assert device.expect("joined") == "True OTAA"
        assert device.expect("counters") == "2 1"
        for window, rate in (("rx1", 5), ("rx2", 0)):
            device.expect("ready")
            net.send(known, 20, window.encode(), window=window)
            device.write("\n")
            assert device.expect("got") == f"(b'{window}', 20) {rate} True"
        device.check()
        assert net.payloads() == [b"unconfirmed", b"confirmed", b"more", b"more"]
        assert [e.data["confirmed"] for e in net.events("uplink")] == [False, True, True, True]
        assert net.judge() == 9


def test_tshark_reads_the_capture_of_the_air(tmp_path: Path) -> None:
    """The pcap that `fw.py air` writes, with keys: each MIC is good."""
    pcap = tmp_path / "air.pcap"
    with LorawanAir(pcap=pcap) as net:
        known = net.otaa()
        net.send(known, 4, b"down")
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
            lora.join(**OTAA)
            s = socket_of(port=5, confirmed=True)
            for data in (b"one", b"two", b"three"):
                s.send(data)
        """)
        device.check()
        net.judge()
        keys = net.keys()
    readings = [one for one in judges.read_capture(pcap, keys) if judges.UNREADABLE not in one]
    assert len(readings) == 5 and all(one["mic"] for one in readings)
    texts = [bytes.fromhex(str(one["payload"])) for one in readings if one.get("payload")]
    assert texts == [b"one", b"down", b"two", b"three"]


def test_join_with_timeout_0_returns_at_once() -> None:
    """Joining goes on in the background, and a socket may be made before it is done."""
    with LorawanAir() as net:
        net.otaa()
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
            s = socket_of()
            start = time.ticks_ms()
            lora.join(**OTAA, timeout=0)
            print("took", time.ticks_diff(time.ticks_ms(), start) < 4000, lora.has_joined())
            try:
                s.send(b"too early")
            except OSError as e:
                print("early", e.errno, lora.last_error())
            while not lora.has_joined():
                time.sleep_ms(100)
            print("sent", s.send(b"hello"))
        """)
        assert device.expect("took") == "True False"
        assert device.expect("early") == "115 not joined yet: joining goes on"
        assert device.expect("sent") == "5"
        device.check()
        assert net.payloads() == [b"hello"]
        assert net.judge() == 3


def test_join_expires_and_goes_on() -> None:
    """LoRa.timeout is raised in time; a later request succeeds."""
    with LorawanAir() as net:
        net.otaa()
        net.set_mangle(faults.lost)
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
            start = time.ticks_ms()
            try:
                lora.join(**OTAA, timeout=9000)
            except LoRa.timeout:
                print("late", 9000 <= time.ticks_diff(time.ticks_ms(), start) < 12000)
            print("asked", lora.status().doing, lora.status().join_attempts >= 1)
            go()
            while not lora.has_joined():
                time.sleep_ms(100)
            print("nonces", lora.status().dev_nonce == lora.status().join_attempts)
        """)
        assert device.expect("late") == "True"
        assert device.expect("asked") == "joining True"
        net.set_mangle(faults.none)
        device.write("\n")
        assert device.expect("nonces", 30) == "True"
        device.check()
        net.judge()


def test_join_is_interruptible() -> None:
    """Ctrl-C ends a join that nobody answers."""
    with LorawanAir() as net:
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
            print("joining")
            try:
                lora.join(**OTAA)
            except KeyboardInterrupt:
                print("interrupted", lora.has_joined())
        """)
        device.expect("joining")
        net.wait("unknown_device")
        device.interrupt()
        assert device.expect("interrupted") == "False"
        device.check()


def test_abp_with_a_negative_address() -> None:
    """struct.unpack(">l") makes some addresses negative; published scripts pass them on."""
    with LorawanAir() as net:
        net.background.call(net.server.add, _high_address(net))
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
            address = struct.unpack(">l", bytes.fromhex("FC001234"))[0]
            lora.join(activation=LoRa.ABP, auth=(address, NWK_S_KEY, APP_S_KEY))
            print("joined", address < 0, lora.has_joined(), hex(lora.status().dev_addr))
            s = socket_of(confirmed=True, dr=5)
            print("sent", s.send(b"abp"))
        """)
        assert device.expect("joined") == "True True 0xfc001234"
        assert device.expect("sent") == "3"
        device.check()
        assert net.payloads() == [b"abp"]
        assert net.judge() == 2


def _high_address(net: LorawanAir) -> Device:
    return Device("high", session=Session.start(net.region, 0xFC001234, NWK_S_KEY, APP_S_KEY))


@pytest.mark.parametrize("factor", [1.0, 20.0])
def test_sequences_of_published_scripts(factor: float) -> None:
    """Send blocking and read at once; send without blocking and wait; read in a callback."""
    with LorawanAir(factor=factor) as net:
        known = net.otaa()
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
            lora.join(**OTAA, timeout=0)
            while not lora.has_joined():
                time.sleep(1)
            s = socket_of(dr=5)
            go()
            s.setblocking(True)
            s.send(bytes([1, 2, 3]))
            s.setblocking(False)
            print("first", s.recv(64))
            go()
            s.setblocking(False)
            s.send(b"second")
            s.settimeout(3.0)
            print("second", s.recvfrom(64))
            s.setblocking(False)
            s.send(b"nothing")
            s.settimeout(3.0)
            try:
                s.recv(64)
            except socket.timeout:
                print("nothing")
            seen = []

            def callback(lora):
                events = lora.events()
                if events & LoRa.RX_PACKET_EVENT:
                    s.setblocking(False)
                    seen.append(s.recvfrom(512))
                if events & LoRa.TX_PACKET_EVENT:
                    seen.append("sent")

            go()
            lora.callback(trigger=LoRa.RX_PACKET_EVENT | LoRa.TX_PACKET_EVENT, handler=callback)
            s.send(b"third")
            for _ in range(50):
                time.sleep_ms(100)
            lora.callback(None)
            print("third", seen)
        """)
        for name in (b"first", b"second", b"third"):
            device.expect("ready", 30)
            net.send(known, 7, b"for " + name)
            device.write("\n")
            expected = {
                b"first": "b'for first'",
                b"second": "(b'for second', 7)",
                b"third": "[(b'for third', 7), 'sent']",
            }
            assert device.expect(name.decode(), 30) == expected[name]
        device.check()
        assert "nothing" in device.output
        assert net.judge() >= 9


def test_single_channel_gateway() -> None:
    """Published scripts put all channels of EU868 on one frequency and remove the rest."""
    with LorawanAir() as net:
        net.otaa()
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
            for index in range(3):
                lora.add_channel(index, frequency=868100000, dr_min=0, dr_max=5)
            lora.join(**OTAA, dr=5)
            for index in range(3, 16):
                lora.remove_channel(index)
            for index in range(3):
                lora.remove_channel(index)  # default channels stay, silently
            s = socket_of(dr=5)
            for i in range(8):
                s.send(b"%d" % i)
        """)
        device.check(60)
        assert net.payloads() == [b"%d" % i for i in range(8)]
        net.judge()
        assert net.frequencies() == {868_100}


def test_us915_sub_band() -> None:
    """Only the eight channels of the sub-band and its 500 kHz channel are used."""
    with LorawanAir("US915") as net:
        net.otaa()
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.US915, sub_band=2)
            lora.join(**OTAA)
            s = socket_of(dr=3)
            for i in range(12):
                s.send(b"%d" % i)
            print(lora.status())
        """)
        device.check(60)
        assert net.payloads() == [b"%d" % i for i in range(12)]
        net.judge()
        used = net.frequencies()
        assert used <= {903_900 + 200 * i for i in range(8)} | {904_600} and len(used) >= 4


def test_us915_by_removing_and_adding() -> None:
    """Published scripts remove all 72 channels and add eight."""
    with LorawanAir("US915") as net:
        net.otaa()
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.US915)
            for channel in range(0, 72):
                lora.remove_channel(channel)
            for i in range(8):
                lora.add_channel(8 + i, frequency=903900000 + 200000 * i, dr_min=0, dr_max=3)
            lora.join(**OTAA, timeout=0)
            while not lora.has_joined():
                time.sleep_ms(500)
            s = socket_of(dr=3, confirmed=True)
            for i in range(6):
                s.send(b"%d" % i)
        """)
        device.check(60)
        assert net.payloads() == [b"%d" % i for i in range(6)]
        net.judge()
        assert net.frequencies() <= {903_900 + 200 * i for i in range(8)}


def test_sockets_do_not_hang() -> None:
    """Nobody answers: each send ends in its time, with its own exception and words."""
    with LorawanAir(factor=10) as net:
        net.abp()
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868, tx_retries=1)
            lora.join(**ABP)

            def attempt(s, data):
                start = time.ticks_ms()
                try:
                    print("end", s.send(data))
                except socket.timeout:
                    print("end timeout", time.ticks_diff(time.ticks_ms(), start) // 1000, lora.last_error())
                except OSError as e:
                    print("end", e.errno, lora.last_error())

            s = socket_of(dr=5)
            s.settimeout(5)
            attempt(s, b"unconfirmed")
            c = socket_of(dr=5, confirmed=True)
            attempt(c, b"blocking, no ACK")
            c.settimeout(2)
            attempt(c, b"no ACK in time")
            s.settimeout(0.2)
            attempt(s, b"another is in hand")
            time.sleep(15)
            attempt(s, b"windows not over")
            attempt(s, bytes(243))
            lora.power_mode(LoRa.SLEEP)
            attempt(s, b"asleep")
            lora.power_mode(LoRa.ALWAYS_ON)
            print("events", lora.events())
        """)
        net.set_mangle(faults.lost)
        assert device.expect("end") == "11"
        assert device.expect("end") == "11 no ACK: the frame was sent 2 times"
        words = device.expect("end")
        assert words.startswith("timeout 2 no ACK within the timeout: the frame was sent 1 times")
        assert device.expect("end").startswith("timeout 0 the frame was not sent: another was in")
        assert device.expect("end").startswith("timeout 0 the frame was sent, its receive windows")
        assert device.expect("end") == (
            "122 the payload is too long: data rate 5 has room for 242 bytes"
        )
        assert device.expect("end").startswith("115 the radio sleeps")
        assert device.expect("events") == "6"
        device.check()


def test_questions_to_the_network() -> None:
    """link_check() and device_time() ask with an uplink of their own."""
    with LorawanAir() as net:
        net.otaa()
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
            lora.join(**OTAA)
            link = lora.link_check()
            print("link", link.margin > 5, link.gateways)
            now = lora.device_time()
            print("time", now.seconds + now.microseconds / 1000000)
            go()
            print("none", lora.link_check(), lora.last_error())
        """)
        assert device.expect("link") == "True 1"
        gps = float(device.expect("time"))
        assert 1.3e9 < gps < 1.6e9
        device.expect("ready")
        net.set_mangle(faults.lost)
        device.write("\n")
        assert device.expect("none") == "None nobody answered"
        device.check()
        names = [event.data["name"] for event in net.events("mac_request")]
        assert names == ["LinkCheckReq", "DeviceTimeReq", "LinkCheckReq"]
        net.judge()
