# SPDX-License-Identifier: MIT
"""The chip loses its power while a thread sends."""

import socket
import time
import radiosim
from _lorapeer import Peer, lora
from devtest import check, done, equal, raises, skip

try:
    import _thread
except ImportError:
    skip("this firmware has no threads")

lora, LoRa = lora(sf=9)
s = socket.socket(socket.AF_LORA)
peer = Peer(sf=9)
chip = radiosim.radio()


def cut():
    time.sleep_ms(100)
    chip.power_cycle()


lora.events()
_thread.start_new_thread(cut, ())
s.settimeout(10)
raises(OSError, 5, s.send, bytes(200))
check("while it sent a frame of 200 bytes" in lora.last_error(), lora.last_error())
equal(lora.events() & LoRa.TX_FAILED_EVENT, LoRa.TX_FAILED_EVENT, "and the event")
time.sleep_ms(300)
peer.listen()
equal(s.send(b"back"), 4, "the chip is back")
equal(peer.recv(), b"back", "and heard")
peer.send(b"both ways")
equal(s.recv(64), b"both ways", "and hears")
check(lora.counters().faults >= 1, "the fault is counted")
done()
