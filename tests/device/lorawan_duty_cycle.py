# SPDX-License-Identifier: MIT
"""The air time of an hour: frames wait for it, within the socket's timeout."""

import time

import socket
from devtest import check, done, equal, raises
from network import LoRa

KEY = bytes(range(16))

lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
equal(lora.status().duty_cycle, True, "the duty cycle is kept unless told otherwise")
lora.join(LoRa.ABP, auth=(1, KEY, KEY))
s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
s.setsockopt(socket.SOL_LORA, socket.SO_DR, 0)
start = time.ticks_ms()
for _ in range(12):
    s.send(bytes(51))
check(time.ticks_diff(time.ticks_ms(), start) < 300000, "twelve frames of 2.8 s go at once")
s.settimeout(100)
raises(OSError, 132, s.send, bytes(51))
words = lora.last_error()
check("its share of air time is used up, it could go in" in words, words)
check(2000 < int(words.split()[-2]) < 3900, "with the seconds: %s" % words)
equal(lora.status().fcnt_up, 13, "a counter is spent, no air time")

# Without blocking it waits in the queue.
s.setblocking(False)
equal(s.send(bytes(51)), 51, "queued")
time.sleep(5)
check(lora.status().wait_ms > 1000000, "status() says for how long")
equal(lora.events() & LoRa.TX_PACKET_EVENT, LoRa.TX_PACKET_EVENT, "of the twelve")
while not lora.events() & LoRa.TX_PACKET_EVENT:
    time.sleep(60)
check(time.ticks_diff(time.ticks_ms(), start) > 3600000, "it went after the hour")

# A shielded test needs no legal limit.
lora.init(mode=LoRa.LORAWAN, region=LoRa.EU868, duty_cycle=False)
check(lora.has_joined(), "the session goes on")
s.settimeout(60)
for _ in range(20):
    s.send(bytes(51))
equal(lora.status().duty_cycle, False, "switched off")
done()
