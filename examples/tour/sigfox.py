# Sigfox: a message that asks for an answer. The keys are those of the tour's station.

import socket
import time

from network import Sigfox
from tour import say

ID, PAC, KEY = bytes.fromhex("00a1b2c3"), bytes(8), bytes(range(16))

sigfox = Sigfox(mode=Sigfox.SIGFOX, rcz=Sigfox.RCZ1)
sigfox.provision(ID, PAC, KEY)
say(
    "%s, device %s, uplink %.3f MHz",
    sigfox,
    sigfox.id().hex().upper(),
    sigfox.frequencies()[0] / 1e6,
)
s = socket.socket(socket.AF_SIGFOX, socket.SOCK_RAW)
s.setblocking(True)
s.setsockopt(socket.SOL_SIGFOX, socket.SO_RX, True)
start = time.ticks_ms()
sent = s.send("twelve bytes")
took = time.ticks_diff(time.ticks_ms(), start) / 1000
say("send() took %d bytes and %.1f s: three frames, a receive window, a confirmation", sent, took)
data = s.recv(32)
assert len(data) == 8
say("recv(): %r, RSSI %d dBm, message %d", data, sigfox.rssi(), sigfox.counter())
s.setsockopt(socket.SOL_SIGFOX, socket.SO_RX, False)
try:
    s.send("thirteen byte")
except OSError as e:
    say("thirteen bytes: errno %d, %s", e.errno, sigfox.last_error())
