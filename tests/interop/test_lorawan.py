# SPDX-License-Identifier: MIT
"""LoRaWAN through the whole stack: firmware, air, gateway, network server."""

from __future__ import annotations

from harness.lorawan_air import LorawanAir


def test_otaa_confirmed_and_unconfirmed() -> None:
    """A join that blocks, an unconfirmed and a confirmed uplink, downlinks in both windows."""
    with LorawanAir() as net:
        known = net.otaa()
        device = net.firmware("""
            lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
            lora.join(**OTAA)
            print("joined", lora.has_joined(), hex(lora.status().dev_addr))
            s = socket_of(port=10)
            s.setblocking(True)
            print("sent", s.send(b"unconfirmed"))
            s.setsockopt(socket.SOL_LORA, socket.SO_CONFIRMED, True)
            print("sent", s.send(b"confirmed"))
            for window in ("rx1", "rx2"):
                go(window)
                s.send(b"more")
                s.setblocking(False)
                print("got", s.recvfrom(64))
                s.setblocking(True)
            print(lora.status())
            print(lora.stats())
        """)
        assert device.expect("joined").startswith("True")
        for window in ("rx1", "rx2"):
            device.expect("ready")
            net.send(known, 20, window.encode(), window=window)
            device.write("\n")
            assert device.expect("got") == f"(b'{window}', 20)"
        print(device.check())
        assert net.payloads() == [b"unconfirmed", b"confirmed", b"more", b"more"]
        assert net.judge() >= 8
