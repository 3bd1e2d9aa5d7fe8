# SPDX-License-Identifier: MIT
"""A channel that others use, a chip that fails, settings that do not match."""

import socket
import time
import radiosim
from _lorapeer import Peer, lora
from devtest import check, done, equal, raises

lora, LoRa = lora(sf=9)
s = socket.socket(socket.AF_LORA)
peer = Peer(sf=9)
peer.chip.x = 10  # loud

# Listen before talk.
start = time.ticks_ms()
peer.begin(bytes(200))
time.sleep_ms(20)
equal(lora.ischannel_free(-80), False, "the channel is busy")
s.settimeout(0.1)
raises(socket.timeout, 116, s.send, b"x")
check("channel was not free" in lora.last_error(), "last_error() says why")
before = lora.counters()
check(before.lbt_busy > 0 and before.tx_cancelled == 1, "counted: %r" % (before,))
s.settimeout(10)
equal(s.send(b"x"), 1, "with more time the frame leaves when the channel is free")
check(time.ticks_diff(time.ticks_ms(), start) > 250, "not before")
equal(lora.ischannel_free(-80), True, "the channel is free")
peer.listen()
time.sleep_ms(5)
peer.send(b"still on")
equal(s.recv(64), b"still on", "ischannel_free() leaves the receiver on")

# Sync word and IQ.
private = Peer(sf=9, public=False)
private.send(b"private")
inverted = Peer(sf=9, iq=True)
inverted.send(b"inverted")
s.settimeout(0.1)
raises(socket.timeout, 116, s.recv, 64)
lora.init(region=LoRa.EU868, bandwidth=2, sf=9, public=False)
private.send(b"private")
equal(s.recv(64), b"private", "public=False hears 0x12")
lora.init(region=LoRa.EU868, bandwidth=2, sf=9, rx_iq=True)
inverted.send(b"inverted")
equal(s.recv(64), b"inverted", "rx_iq=True hears inverted IQ")
lora.init(region=LoRa.EU868, bandwidth=2, sf=9, tx_iq=True)
s.settimeout(5)
inverted.listen()
s.send(b"gateway")
equal(inverted.recv(), b"gateway", "tx_iq=True sends inverted IQ")
private.chip.deinit()
inverted.chip.deinit()

# A chip that does not answer.
chip = radiosim.radio()
lora.init(region=LoRa.EU868, bandwidth=2, sf=9)
chip.faults(stuck=True)
start = time.ticks_ms()
raises(OSError, 5, s.send, b"dead")
check(time.ticks_diff(time.ticks_ms(), start) < 5000, "a dead chip is told within seconds")
check(lora.last_error() != "", lora.last_error())
chip.faults()
lora.reset()
time.sleep_ms(200)
equal(s.send(b"alive"), 5, "and used again when it is back")
check(lora.counters().faults >= 1, "faults are counted")
done()
