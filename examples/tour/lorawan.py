# LoRaWAN, as a script on the firmware; lorawan_pc.py starts it, twice. Lines in <>
# are for the PC, which answers with a line.

import socket
import sys

from network import LoRa
from tour import say

# A device of your own has other numbers, and a key that nobody knows.
DEV_EUI = bytes.fromhex("70B3D57ED0000001")
JOIN_EUI = bytes.fromhex("0102030405060708")
APP_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")


def ask(what):
    print("<" + what + ">")
    sys.stdin.readline()


def session():
    state = lora.status()
    return "address {:08x}, next counter {}".format(state.dev_addr, state.fcnt_up)


lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
if lora.has_joined():
    say("started again, and still joined: %s", session())
else:
    lora.join(LoRa.OTAA, auth=(DEV_EUI, JOIN_EUI, APP_KEY))
    say("joined by OTAA: %s", session())

s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
s.bind(10)
s.settimeout(60)
if sys.argv[1] == "first":
    s.send(b"unconfirmed")
    say("an unconfirmed uplink, data rate %d, %d dBm", lora.stats().sftx, lora.stats().tx_power)
    s.setsockopt(socket.SOL_LORA, socket.SO_CONFIRMED, True)
    s.send(b"confirmed")
    say("a confirmed uplink, acknowledged after %d transmission", lora.stats().tx_trials)
    for window in ("rx1", "rx2"):
        ask(window)
        s.send(b"anything for me?")
        data, port = s.recvfrom(64)
        say("in %s: %r on port %d, RSSI %d dBm", window.upper(), data, port, lora.stats().rssi)
    lora.init(mode=LoRa.LORAWAN, region=LoRa.EU868, device_class=LoRa.CLASS_C)
    ask("c")
    say("in class C, without an uplink: %r", s.recv(64))
    link = lora.link_check()
    say("link check: %d dB of margin, %d gateway", link.margin, link.gateways)
    print("<kill>")
    while True:
        s.send(b"on and on")
else:
    s.setsockopt(socket.SOL_LORA, socket.SO_CONFIRMED, True)
    s.send(b"I am back")
    say("an uplink, acknowledged, without a new join")
