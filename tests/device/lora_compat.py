# SPDX-License-Identifier: MIT
"""Raw LoRa in the order in which published scripts for Pycom boards call it."""

import socket
import time
from _lorapeer import Peer, lora
from devtest import check, done, equal

lora, LoRa = lora()

# Two boards that play ping-pong: no region, text to send, not blocking.
lora = LoRa(mode=LoRa.LORA, frequency=863000000)
s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
s.setblocking(False)
other = Peer(frequency=863000000, bandwidth=0)
got = []
for turn in range(4):
    other.send(b"Ping")
    while s.recv(64) != b"Ping":
        time.sleep_ms(5)
    other.listen()
    s.send("Pong")
    got.append(other.recv())
    other.listen()
equal(got, [b"Pong"] * 4, "Ping, Pong")
equal(s.recv(64), b"", "nothing is left")
other.chip.deinit()


# A single-channel gateway: everything happens in the callback.
class Gateway:
    def __init__(self):
        self.up = []
        self.sent = 0
        self.settings = {
            "mode": LoRa.LORA,
            "frequency": 868100000,
            "bandwidth": LoRa.BW_125KHZ,
            "sf": 7,
            "preamble": 8,
            "coding_rate": LoRa.CODING_4_5,
            "tx_iq": True,
        }
        self.lora = LoRa(**self.settings)
        self.lora_sock = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
        self.lora_sock.setblocking(False)
        trigger = LoRa.RX_PACKET_EVENT | LoRa.TX_PACKET_EVENT
        self.lora.callback(trigger=trigger, handler=self.on_event)

    def on_event(self, lora):
        events = lora.events()
        if events & LoRa.RX_PACKET_EVENT:
            self.up.append((self.lora_sock.recv(256), lora.stats()))
        if events & LoRa.TX_PACKET_EVENT:
            self.sent += 1
            lora.init(**self.settings)

    def send_down(self, data, at, frequency, sf):
        self.lora.init(
            mode=LoRa.LORA,
            frequency=frequency,
            bandwidth=LoRa.BW_125KHZ,
            sf=sf,
            preamble=8,
            coding_rate=LoRa.CODING_4_5,
            tx_iq=True,
        )
        while time.ticks_diff(at, time.ticks_us()) > 0:
            pass
        self.lora_sock.settimeout(1)
        self.lora_sock.send(data)
        self.lora_sock.setblocking(False)

    def stop(self):
        self.lora.callback(trigger=None, handler=None)
        self.lora.power_mode(LoRa.SLEEP)


def wait(condition):
    for _ in range(2000):
        if condition():
            return True
        time.sleep_ms(1)
    return False


gateway = Gateway()
up = Peer(frequency=868100000, bandwidth=0)
down = Peer(frequency=869525000, sf=9, bandwidth=0, iq=True)
for turn in range(3):
    up.send(b"\x40up %d" % turn)
    check(wait(lambda: len(gateway.up) > turn), "the gateway has the uplink")
    data, stats = gateway.up[turn]
    equal(data, b"\x40up %d" % turn, "as it was sent")
    check(-110 < stats.rssi < -40 and stats.snr > 0, "RSSI %d, SNR %.1f" % (stats.rssi, stats.snr))
    equal(stats.sfrx, 7, "its SF")
    check(stats.rx_timestamp > 0, "its time")
    down.listen()
    gateway.send_down(b"\x60down %d" % turn, time.ticks_us() + 50000, 869525000, 9)
    equal(down.recv(), b"\x60down %d" % turn, "the node hears the downlink, inverted")
    check(wait(lambda: gateway.sent > turn), "the callback is told that it was sent")
    check(wait(lambda: lora.frequency() == 868100000), "and tunes back")
gateway.stop()
equal(lora.power_mode(), LoRa.SLEEP, "the radio sleeps")
up.send(b"too late")
time.sleep_ms(20)
equal(len(gateway.up), 3, "and calls nobody")
done()
