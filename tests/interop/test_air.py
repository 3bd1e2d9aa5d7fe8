# SPDX-License-Identifier: MIT
"""Firmwares on one air: their chips hear each other through the hub."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fwlib.airclient import Air as Client
from fwlib.airmessage import Fate, Frame, Stage
from harness.air import Air
from harness.firmware import Firmware

REPO = Path(__file__).parents[2]
DEVICE = str(REPO / "tests" / "device")

SEND = """
    import sys
    sys.path.append(sys.argv[1])
    import time, host, radiosim
    from _sx127x import TX_DONE, Bench
    bench = Bench(radiosim.SX1276())
    bench.lora()
    print("ready")
    sys.stdin.readline()
    for i in range(int(sys.argv[2])):
        bench.send(b"frame %d" % i)
        assert bench.wait(TX_DONE, 2000)
        time.sleep_ms(20)
    print("broken", bench.chip.broken())
"""
HEAR = """
    import sys
    sys.path.append(sys.argv[1])
    import host, radiosim
    from _sx127x import RX_DONE, Bench
    bench = Bench(radiosim.SX1276())
    bench.lora()
    bench.listen()
    print("ready")
    for i in range(int(sys.argv[2])):
        if not bench.wait(RX_DONE, 5000):
            break
        print("heard", bench.received(), bench.read(0x12))
        bench.write(0x12, 0xFF)
    print("broken", bench.chip.broken())
"""


def test_two_firmwares_hear_each_other() -> None:
    """Every frame arrives, and the hub sees what became of it."""
    with (
        Air() as air,
        Firmware(HEAR, DEVICE, "5", env=air.env("ear")) as ear,
        Firmware(SEND, DEVICE, "5", env=air.env("mouth", x=300)) as mouth,
    ):
        ear.expect("ready")
        mouth.expect("ready")
        mouth.write("\n")
        assert mouth.check()[-1] == "broken {}"
        heard = ear.check()
        assert heard[1:-1] == [f"heard b'frame {i}' 80" for i in range(5)]
        assert heard[-1] == "broken {}"
        records = air.wait_frames(5)
    assert [record.frame.data for record in records] == [b"frame %d" % i for i in range(5)]
    assert all(record.sender == "mouth" and record.fate == Fate.RECEIVED for record in records)
    # The datasheet's formula: (12.25 + 8 + 3 * 5) symbols of 1.024 ms
    lengths = {record.frame.end_ns - record.frame.start_ns for record in records}
    assert lengths == {36_096_000}


def test_the_seed_decides() -> None:
    """The same air gives the same levels again; another seed gives others."""

    def levels(seed: int) -> list[int]:
        with (
            Air(seed=seed, factor=10) as air,
            Firmware(HEAR, DEVICE, "4", env=air.env("ear")) as ear,
        ):
            ear.expect("ready")
            with Firmware(SEND, DEVICE, "4", env=air.env("mouth", x=300)) as mouth:
                mouth.write("\n")
                mouth.check()
                ear.check()
            return [record.fates[0].rssi_x10 for record in air.wait_frames(4)]

    first = levels(1)
    assert levels(1) == first
    assert levels(2) != first


def test_loss() -> None:
    """What is lost on the way to a receiver makes it deaf, and only that one."""
    with Air(factor=5) as air:
        air.hub.set_loss("far", to_db=120)
        with (
            Firmware(HEAR, DEVICE, "1", env=air.env("near")) as near,
            Firmware(HEAR, DEVICE, "1", env=air.env("far")) as far,
            Firmware(SEND, DEVICE, "1", env=air.env("mouth", x=300)) as mouth,
        ):
            near.expect("ready")
            far.expect("ready")
            mouth.write("\n")
            mouth.check()
            assert "heard b'frame 0' 80" in near.check()
            assert not any(line.startswith("heard") for line in far.check())


def test_join_and_leave() -> None:
    """Firmwares come and go; one that is killed is missed after a while."""
    with Air() as air:
        with Firmware("import radiosim; radiosim.SX1276()", env=air.env("one")) as one:
            one.check()
        air.wait_name("-one")
        with Firmware(HEAR, DEVICE, "1", env=air.env("two")) as two:
            two.expect("ready")
            assert [member.name for member in air.hub.participants()] == ["two"]
        assert air.names == ["+one", "-one", "+two"]


def test_no_hub() -> None:
    """Without a hub the firmware says so, and goes on alone."""
    with Firmware(SEND, DEVICE, "1", env={"USOCKET_AIR": "9,name=lonely"}) as lonely:
        lonely.write("\n")
        lines = lonely.check()
    assert lines[0].startswith("usocket: USOCKET_AIR: no hub answers on port 9")
    assert lines[-1] == "broken {}"


@pytest.mark.parametrize("wrong", ["x", "70000", "7800,z=1", "7800,x=far", "7800,name=a/b"])
def test_wrong_setting(wrong: str) -> None:
    """A wrong setting is named with what is allowed, and raises."""
    source = """
        import radiosim
        try:
            radiosim.SX1276()
        except OSError as e:
            print(e.errno)
    """
    with Firmware(source, env={"USOCKET_AIR": wrong}) as firmware:
        lines = firmware.check()
    assert lines[0].startswith(f'usocket: USOCKET_AIR is "{wrong}": not an air. Allowed: ')
    assert lines[-1] == "22"


def test_one_time() -> None:
    """Clocks of firmwares, of the hub and of a client agree, at any factor."""
    source = """
        import sys, time, host
        print("ready")
        sys.stdin.readline()
        print("time", host.sim_time()[0], time.time_ns())
    """
    with Air(factor=50) as air, Firmware(source, env=air.env("clock")) as clock:
        clock.expect("ready")
        client = Client(air.hub.port)
        before = air.hub.now()
        clock.write("\n")
        sim_us, unix_ns = map(int, clock.expect("time").split())
        after = client.now()
        client.close()
        assert before <= sim_us * 1000 + 1000 and sim_us * 1000 <= after
        assert abs(air.hub.unix_ns(sim_us * 1000) - unix_ns) < 50_000_000_000


TICKS = """
    import time, host
    print("ready")
    while True:
        time.sleep_ms(50)
        print("now", host.sim_time()[0])
"""


def last_time(firmware: Firmware) -> int:
    """The simulated time in ns that it has printed last."""
    return int(firmware.output[-1].split()[1]) * 1000


def test_hold_and_release() -> None:
    """A hold stops all at its time; after the release they go on from there."""
    with (
        Air(factor=20) as air,
        Firmware(TICKS, env=air.env("one")) as one,
        Firmware(TICKS, env=air.env("two")) as two,
    ):
        one.expect("now")
        two.expect("now")
        hold = air.hub.now() + 2_000_000_000
        token = air.hub.hold(hold)
        time.sleep(0.4)  # 8 s of simulated time
        assert air.hub.now() == hold
        for firmware in (one, two):
            # The last wake-up before the hold; the next one lies behind it.
            assert hold - 500_000_000 < last_time(firmware) <= hold
        air.hub.release(token)
        time.sleep(0.2)
        assert hold < air.hub.now() < hold + 60_000_000_000
        for firmware in (one, two):
            assert last_time(firmware) > hold


def test_hold_of_another_process() -> None:
    """A client's hold works as the hub's own, and ends when the client does."""
    with Air(factor=10) as air, Firmware(TICKS, env=air.env("one")) as one:
        one.expect("now")
        client = Client(air.hub.port, "gateway")
        token = client.hold(client.now() + 1_000_000_000)
        for _ in range(5):
            client.receive(0.1)
        held = client.now()
        assert air.hub.now() == held
        assert last_time(one) <= held
        client.release(token)
        client.receive(0.3)
        assert client.now() > held
        client.hold()
        client.receive(0.1)
        client.close()
        time.sleep(0.2)
        assert last_time(one) > held


def test_frame_announced_in_advance_under_a_hold() -> None:
    """What a gateway needs: an answer at a moment ahead, however long it thinks."""
    with Air(factor=20) as air, Firmware(HEAR, DEVICE, "1", env=air.env("ear")) as ear:
        client = Client(air.hub.port, "gateway", x_m=100)
        ear.expect("ready")
        token = client.hold()
        time.sleep(0.5)  # thinks for 10 s, twice what the other waits
        start = client.now() + 1_000_000_000
        symbol = 1_024_000
        sent = client.transmit(
            Frame(
                stage=Stage.COMPLETE,
                start_ns=start,
                preamble_ns=symbol * 49 // 4,
                header_ns=symbol * 81 // 4,
                end_ns=start + symbol * 141 // 4,
                data=b"answer",
            )
        )
        client.release(token)
        ear.expect("heard b'answer' 80")
        records = air.wait_frames(1)
        client.close()
    assert records[0].frame.key == sent.key
    assert records[0].fate == Fate.RECEIVED


def test_tshark_agrees(tmp_path: Path) -> None:
    """Wireshark's reader finds frequency, SF, bandwidth, sync word and payload."""
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed: `apt install tshark`")
    pcap = tmp_path / "air.pcap"
    with (
        Air(factor=5, pcap=pcap) as air,
        Firmware(HEAR, DEVICE, "3", env=air.env("ear")) as ear,
    ):
        ear.expect("ready")
        with Firmware(SEND, DEVICE, "3", env=air.env("mouth", x=2000)) as mouth:
            mouth.write("\n")
            mouth.check()
        records = air.wait_frames(3)
    names = ["channel.frequency", "channel.sf", "channel.bandwidth", "syncword"]
    names += ["rssi.packet", "rssi.snr", "version", "header_length"]
    fields = [f"loratap.{name}" for name in names] + ["data.data", "frame.time_epoch"]
    argv = [tshark, "-r", str(pcap), "-T", "fields"]
    for field in fields:
        argv += ["-e", field]
    # Its LoRaWAN dissector takes sync word 0x34 only; ours is 0x12.
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(rows) == 3
    for record, row in zip(records, rows, strict=True):
        told = record.best
        assert told is not None
        assert row[0] == str(record.frame.frequency) and abs(int(row[0]) - 868_100_000) < 100
        assert row[1:4] == ["7", "1", "0x12"]
        assert abs(int(row[4]) - 139 - told.rssi_x10 / 10) <= 0.5
        assert abs(int(row[5]) / 4 - told.snr_x10 / 10) <= 0.25
        assert row[6:8] == ["0", "15"]
        assert bytes.fromhex(row[8]) == record.frame.data
        assert abs(float(row[9]) - air.hub.unix_ns(record.frame.end_ns) / 1e9) < 1e-5


def test_command(tmp_path: Path) -> None:
    """fw.py air serves, shows each frame, and leaves a capture and a picture."""
    pcap, plot = tmp_path / "air.pcap", tmp_path / "air.svg"
    argv = [sys.executable, str(REPO / "tools" / "fw.py"), "air", "--port", "0", "--seed", "3"]
    argv += ["--time-factor", "5", "--duration", "60", "--pcap", str(pcap), "--plot", str(plot)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        port = command.stdout.readline().split("port ")[1].split(":")[0]
        env = {"USOCKET_AIR": f"{port},name=ear"}
        with Firmware(HEAR, DEVICE, "2", env=env) as ear:
            ear.expect("ready")
            env = {"USOCKET_AIR": f"{port},name=mouth,x=300"}
            with Firmware(SEND, DEVICE, "2", env=env) as mouth:
                mouth.write("\n")
                mouth.check()
            ear.check()
        time.sleep(0.6)
        command.terminate()
        output = command.stdout.read()
    assert "mouth joined at (300, 0) m" in output and "mouth left" in output
    rows = [line for line in output.splitlines() if "SF7/125 4/5" in line]
    assert len(rows) == 2
    assert all("mouth" in row and "868.1000" in row and "received" in row for row in rows)
    assert pcap.stat().st_size == 24 + 2 * (16 + 15 + 7)
    assert "2 frames" in output
    assert plot.read_text().lstrip().startswith("<?xml")


def test_driver_of_micropython_lib(tmp_path: Path) -> None:
    """A driver that others wrote, for boards, runs on the chips unchanged."""
    directory = os.environ.get("MICROPYTHON_LIB_DIR")
    if not directory:
        pytest.skip("MICROPYTHON_LIB_DIR is not set: name a checkout of micropython-lib")
    package = tmp_path / "lora"
    package.mkdir()
    for part in ("lora", "lora-sx127x", "lora-sync"):
        for file in (Path(directory) / "micropython" / "lora" / part / "lora").glob("*.py"):
            shutil.copy(file, package)
    source = """
        import sys
        sys.path.insert(0, sys.argv[1])
        import radiosim
        from lora import SX1276

        def modem(x):
            chip = radiosim.SX1276(x)
            settings = {"freq_khz": 868100, "sf": 8, "bw": "125", "output_power": 10, "crc_en": True}
            return SX1276(chip, chip.cs, chip.dio0, chip.dio1, chip.reset, lora_cfg=settings)

        one, two = modem(0), modem(200)
        one.calibrate()
        for sender, receiver in ((one, two), (two, one)) * 3:
            receiver.start_recv(timeout_ms=2000)
            sender.send(b"by another driver")
            packet = True
            while packet is True:
                packet = receiver.poll_recv()
            print(bytes(packet), packet.valid_crc, -120 < packet.rssi < -60)
    """
    with Firmware(source, str(tmp_path)) as firmware:
        assert firmware.check() == ["b'by another driver' True True"] * 6


PING_PONG = """
    import sys, socket, time, radiosim
    from network import LoRa
    number, first = int(sys.argv[1]), sys.argv[2] == "first"
    lora = LoRa(mode=LoRa.LORA, region=LoRa.EU868, frequency=868100000,
        bandwidth=LoRa.BW_500KHZ, tx_iq="tx_iq" in sys.argv, rx_iq="rx_iq" in sys.argv)
    s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
    s.settimeout(60)
    print("ready")
    sys.stdin.readline()
    time.sleep_ms(500)  # clocks differ by up to the lateness, and the other may not listen yet
    for i in range(number):
        if first:
            s.send(b"ping %d" % i)
            assert s.recv(64) == b"pong %d" % i, i
        else:
            assert s.recv(64) == b"ping %d" % i, i
            s.send(b"pong %d" % i)
    print("broken", radiosim.radio().broken())
"""


@contextlib.contextmanager
def ping_pong(air: Air, number: int) -> Iterator[tuple[Firmware, Firmware]]:
    """Two firmwares that play; at the end of the block all frames must have been received."""
    with (
        Firmware(PING_PONG, str(number), "second", env=air.env("second")) as second,
        Firmware(PING_PONG, str(number), "first", env=air.env("first", x=100)) as first,
    ):
        for firmware in (second, first):
            firmware.expect("ready")
        second.write("\n")
        first.write("\n")
        yield first, second
        assert first.check(60)[-1] == "broken {}"
        assert second.check(60)[-1] == "broken {}"
        records = air.wait_frames(2 * number)
    assert {record.fate for record in records} == {Fate.RECEIVED}


def test_a_thousand_frames_by_socket() -> None:
    """AF_LORA sockets of two firmwares: 1,000 frames there and back, none lost."""
    with Air(factor=10) as air, ping_pong(air, 500):
        pass


def test_nothing_is_lost_when_the_pc_is_busy() -> None:
    """Firmwares and the hub get no CPU for a while: the others wait for them."""
    with Air(factor=20) as air, ping_pong(air, 500) as pair:
        for firmware in pair:
            time.sleep(0.05)
            firmware.process.send_signal(signal.SIGSTOP)
            time.sleep(0.3)  # 6 s of simulated time
            firmware.process.send_signal(signal.SIGCONT)
        with air.serving:
            time.sleep(0.3)
        # And the whole PC stands still, for longer than a hub may be silent.
        with air.serving:
            for firmware in pair:
                firmware.process.send_signal(signal.SIGSTOP)
            time.sleep(6)
            for firmware in pair:
                firmware.process.send_signal(signal.SIGCONT)


def test_polarity_of_a_gateway() -> None:
    """A gateway sends inverted, its nodes hear that; a third radio hears the nodes only."""
    third = """
        import socket
        from network import LoRa
        lora = LoRa(mode=LoRa.LORA, region=LoRa.EU868, frequency=868100000,
            bandwidth=LoRa.BW_500KHZ)
        s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
        s.settimeout(20)
        print("ready")
        try:
            while True:
                print("third", s.recv(64))
        except OSError:
            pass
    """
    with (
        Air(factor=10) as air,
        Firmware(third, env=air.env("third", y=100)) as other,
        Firmware(PING_PONG, "20", "second", "tx_iq", env=air.env("gateway")) as gateway,
        Firmware(PING_PONG, "20", "first", "rx_iq", env=air.env("node", x=100)) as node,
    ):
        for firmware in (other, gateway, node):
            firmware.expect("ready")
        gateway.write("\n")
        node.write("\n")
        assert node.check(30)[-1] == "broken {}"
        assert gateway.check(30)[-1] == "broken {}"
        assert other.check(30)[1:] == [f"third b'ping {i}'" for i in range(20)]
