# SPDX-License-Identifier: MIT
"""What LoRaWAN's users ask for most: sessions that survive, windows that are not missed."""

from __future__ import annotations

import random
import time
from pathlib import Path

from harness.lorawan_air import LorawanAir

START = """
    lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
    print("joined", lora.has_joined())
    if not lora.has_joined():
        lora.join(**OTAA)
    s = socket_of()
"""


def test_session_and_rx_settings_are_kept_over_deep_sleep(tmp_path: Path) -> None:
    """A firmware that starts again sends and receives without a new join."""
    state = """
    def state():
        s = lora.status()
        return s.dev_addr, s.rx1_delay, s.rx1_offset, s.rx2_dr, s.rx2_frequency, s.dr, s.nb_trans
    """
    with LorawanAir() as net:
        known = net.otaa(adr=False)
        store = tmp_path / "store"
        first = net.firmware(
            START
            + state
            + """
    go()
    s.send(b"ask")
    s.send(b"answer")
    print("state", state())
    lora.nvram_save()
    print("counter", lora.status().fcnt_up)
""",
            store=store,
        )
        first.expect("ready")
        net.command(known, "RXTimingSetupReq", Delay=4)
        net.command(known, "RXParamSetupReq", RX1DRoff=1, RX2DR=2, Freq=8690250)
        first.write("\n")
        before = first.expect("state")
        counter = first.expect("counter")
        first.check()
        assert ", 4, 1, 2, 869025000," in before
        second = net.firmware(
            START
            + state
            + """
    lora.nvram_restore()
    print("state", state())
    print("counter", lora.status().fcnt_up)
    go()
    s.send(b"awake")
    print("got", s.recv(64))
""",
            store=store,
        )
        assert second.expect("joined") == "True"
        assert second.expect("state") == before
        assert second.expect("counter") == counter
        second.expect("ready")
        net.send(known, 1, b"welcome back", window="rx2")
        second.write("\n")
        assert second.expect("got") == "b'welcome back'"
        second.check()
        assert len(net.events("join")) == 1
        assert net.payloads() == [b"ask", b"answer", b"awake"]
        net.judge()


def test_dev_nonce_survives_a_reboot(tmp_path: Path) -> None:
    """A 1.0.4 server refuses a nonce that does not grow."""
    with LorawanAir() as net:
        net.otaa()
        for _ in range(3):
            device = net.firmware(
                """
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
            lora.join(**OTAA)
            s = socket_of()
            s.send(b"x")
            """,
                store=tmp_path / "store",
            )
            device.check()
            device.close()
        assert [event.data["dev_nonce"] for event in net.events("join")] == [0, 1, 2]
        assert not net.events("join_refused")
        net.judge()


def test_kill_at_any_time(tmp_path: Path) -> None:
    """kill -9 again and again: one join, no counter twice, downlinks go on."""
    chance = random.Random(4)
    body = (
        START
        + """
    s.setsockopt(socket.SOL_LORA, socket.SO_DR, 5)
    while True:
        s.send(b"on")
        print("sent", lora.status().fcnt_up)
"""
    )
    with LorawanAir(factor=50) as net:
        known = net.otaa()
        store = tmp_path / "store"
        for number in range(8):
            device = net.firmware(body, store=store)
            assert device.expect("joined", 30) == str(number > 0)
            device.expect("sent", 30)
            net.send(known, 1, b"downlink %d" % number, confirmed=True)
            time.sleep(chance.uniform(0.01, 0.3))
            device.kill()
            device.close()
        counters = [int(str(event.data["fcnt"])) for event in net.events("uplink")]
        assert len(counters) == len(set(counters)) >= 16
        assert counters == sorted(counters)
        assert not net.events("replay", "bad_mic", "retransmission")
        assert len(net.events("join")) == 1
        assert len(net.events("ack")) >= 4
        net.judge()


def test_no_downlink_is_missed() -> None:
    """Confirmed uplinks at all rates: each is acknowledged at its first transmission."""
    with LorawanAir(factor=50) as net:
        net.otaa()
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868, duty_cycle=False)
            lora.join(**OTAA)
            s = socket_of(confirmed=True)
            for i in range(30):
                s.setsockopt(socket.SOL_LORA, socket.SO_DR, i % 6)
                s.send(b"%d" % i)
            status = lora.status()
            print("missed", status.windows_missed, status.windows, status.window_late_us < 50)
            print("trials", lora.counters().tx_frames)
        """)
        assert device.expect("missed", 60) == "0 31 True"
        assert device.expect("trials") == "31"
        device.check()
        assert len(net.payloads()) == 30
        net.judge()


def test_nvram_erase(tmp_path: Path) -> None:
    """The running session goes on; the next start has none, and joins with a new nonce."""
    store = tmp_path / "store"
    with LorawanAir() as net:
        net.otaa()
        body = (
            START
            + """
    s.send(b"before")
    lora.nvram_erase()
    s.send(b"after")
    if sys.argv[1] == "save":
        lora.nvram_save()
"""
        )
        joined = []
        for what in ("erase", "save", "erase"):
            device = net.firmware(body, what, store=store)
            joined.append(device.expect("joined"))
            device.check()
            device.close()
        assert joined == ["False", "False", "True"]
        assert [event.data["dev_nonce"] for event in net.events("join")] == [0, 1]
        assert net.payloads() == [b"before", b"after"] * 3
        net.judge()


def test_a_damaged_record_is_refused(tmp_path: Path) -> None:
    """In words; the device joins anew."""
    store = tmp_path / "store"
    body = """
    lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
    print("start", lora.has_joined(), lora.last_error())
    lora.join(**OTAA)
    s = socket_of()
    print("sent", s.send(b"x"))
"""
    with LorawanAir() as net:
        net.otaa(version="1.0.3")
        net.firmware(body, store=store).check()
        record = store / "lorawan"
        content = bytearray(record.read_bytes())
        content[100] ^= 1
        record.write_bytes(content)
        device = net.firmware(body, store=store)
        words = device.expect("start")
        assert words.startswith("False the stored LoRaWAN state is damaged: join anew")
        device.kill()
        content[0] ^= 1
        record.write_bytes(content)
        device = net.firmware(body, store=store)
        assert "foreign or of another version" in device.expect("start")
        device.kill()


def test_abp_counters_survive(tmp_path: Path) -> None:
    """ABP with the same keys goes on counting; other keys begin at 0."""
    store = tmp_path / "store"
    with LorawanAir() as net:
        net.abp()
        for _ in range(2):
            net.firmware(
                """
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
            lora.nvram_restore()
            lora.join(**ABP)
            s = socket_of(dr=5)
            s.send(b"x")
            lora.nvram_save()
            """,
                store=store,
            ).check()
        assert [event.data["fcnt"] for event in net.events("uplink")] == [0, 1]
        net.judge()
