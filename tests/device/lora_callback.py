# SPDX-License-Identifier: MIT
"""lora.callback(): a call for each frame, init() and send() in the handler."""

import socket
import time
from _lorapeer import Peer, lora
from devtest import check, done, equal

lora, LoRa = lora()
s = socket.socket(socket.AF_LORA)
s.setblocking(False)
peer = Peer()
calls = []


def wait(n, ms=3000):
    for _ in range(ms):
        if len(calls) >= n:
            break
        time.sleep_ms(1)
    time.sleep_ms(20)
    return len(calls)


def on_frame(arg):
    calls.append((arg, lora.events(), s.recv(300), lora.stats().rssi))


lora.callback(trigger=LoRa.RX_PACKET_EVENT, handler=on_frame)
peer.send(b"first")
equal(wait(1), 1, "one frame, one call")
arg, events, data, rssi = calls[0]
check(arg is lora, "the argument is the LoRa object")
equal((events, data), (LoRa.RX_PACKET_EVENT, b"first"), "the handler finds event and frame")

# Frames that come while the handler sleeps.
del calls[:]


def slow(arg):
    time.sleep_ms(100)
    on_frame(arg)


lora.callback(LoRa.RX_PACKET_EVENT, slow, "mine")
for i in range(4):
    peer.send(bytes([i]))
equal(wait(4), 4, "four frames, four calls")
equal(
    [c[:3] for c in calls],
    [("mine", 1, bytes([i])) for i in range(4)],
    "each with its event and frame",
)

# A reply and new settings out of the handler, as a gateway does.
del calls[:]


def reply(arg):
    lora.events()
    data = s.recv(64)
    lora.init(region=LoRa.EU868, bandwidth=2, frequency=868300000)
    s.setblocking(True)
    s.send(b"re: " + data)
    s.setblocking(False)
    lora.init(region=LoRa.EU868, bandwidth=2)
    calls.append(data)


other = Peer(frequency=868300000)
lora.callback(LoRa.RX_PACKET_EVENT, reply)
peer.send(b"question")
equal(other.recv(), b"re: question", "the reply is heard at its frequency")
equal(wait(1), 1, "the handler ends")
peer.send(b"again")
equal(wait(2), 2, "and is called again")

# An exception ends a call, not the calling.
del calls[:]


def fails(arg):
    calls.append(s.recv(64))
    raise ValueError("of the handler, printed on purpose")


lora.callback(LoRa.RX_PACKET_EVENT, fails)
peer.send(b"a")
peer.send(b"b")
equal(wait(2), 2, "an exception in the handler does not end the calls")

# Sent frames, and no more calls.
del calls[:]
lora.events()
lora.callback(LoRa.TX_PACKET_EVENT, lambda arg: calls.append(lora.events()))
s.send(b"x")
equal((wait(1), calls[0]), (1, LoRa.TX_PACKET_EVENT), "an event of sending")
lora.callback(None)
s.send(b"x")
time.sleep_ms(50)
peer.send(b"y")
time.sleep_ms(50)
equal(len(calls), 1, "no handler, no calls")
equal(lora.events(), LoRa.TX_PACKET_EVENT | LoRa.RX_PACKET_EVENT, "but events")
lora.callback(LoRa.RX_PACKET_EVENT, None)
lora.callback(7, lambda arg: calls.append(0))
s.recv(64)
peer.send(b"z")
equal(wait(2), 2, "a handler can be set again")
done()
