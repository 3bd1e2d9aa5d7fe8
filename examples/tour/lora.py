# Raw LoRa between two nodes. Arguments: the node's name, "one" or "two".

import socket
import sys

from network import LoRa
from tour import say

POWERS = (14, 10, 6, 2)
FREQUENCY = 868100000

lora = LoRa(mode=LoRa.LORA, region=LoRa.EU868, frequency=FREQUENCY, sf=7, tx_power=14)
s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)


def heard(data):
    stats = lora.stats()
    say("hears %r: RSSI %d dBm, SNR %.1f dB", data.decode(), stats.rssi, stats.snr)


def one():
    s.settimeout(5)
    for power in POWERS:
        lora.tx_power(power)
        text = "ping with %d dBm" % power
        say("sends %r, %d ms on the air", text, lora.airtime(len(text)))
        s.send(text)
        heard(s.recv(64))
    say("asks 200 kHz further up, where nobody listens")
    lora.frequency(FREQUENCY + 200000)
    s.settimeout(0.5)
    s.send("is anybody here?")
    try:
        s.recv(64)
    except LoRa.timeout as e:
        say("hears nothing: %s", e)


def two():
    s.settimeout(20)
    say("listens on %.1f MHz, SF%d, 125 kHz", lora.frequency() / 1e6, lora.sf())
    for _ in POWERS:
        heard(s.recv(64))
        s.send("pong")


{"one": one, "two": two}[sys.argv[1]]()
