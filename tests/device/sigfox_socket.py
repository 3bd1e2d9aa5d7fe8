# SPDX-License-Identifier: MIT
"""AF_SIGFOX with nobody near: blocking, timeouts, poll, reset, FSK. 50 times as fast; a slow PC makes times longer."""

import select
import socket
import time
from devtest import check, done, equal, raises
from network import Sigfox

sigfox = Sigfox(mode=Sigfox.SIGFOX, rcz=Sigfox.RCZ1)
sigfox.provision(bytes.fromhex("00a1b2c3"), bytes(8), bytes(range(16)))
s = socket.socket(socket.AF_SIGFOX, socket.SOCK_RAW)
poll = select.poll()
poll.register(s, select.POLLIN | select.POLLOUT)


def seconds(function, *args):
    start = time.ticks_ms()
    result = function(*args)
    return result, time.ticks_diff(time.ticks_ms(), start) / 1000


# Blocking: the whole message.
sent, took = seconds(s.send, b"hello")
equal(sent, 5, "5 bytes")
check(7.2 < took < 30, "three frames of 1.76 s and two gaps: %f" % took)
equal(sigfox.counter(), 1, "the counter")

# Not blocking: it is queued. One that asks for a downlink takes 47 s.
s.setblocking(False)
s.setsockopt(socket.SOL_SIGFOX, socket.SO_RX, True)
sent, took = seconds(s.send, b"now")
equal(sent, 3, "queued")
check(took < 5, "at once: %f" % took)
equal(s.recv(8), b"", "nothing was received")
equal(poll.poll(0)[0][1], select.POLLOUT, "there is room for another")
s.setsockopt(socket.SOL_SIGFOX, socket.SO_RX, False)
s.send(b"then")
equal(poll.poll(0), [], "and for no third")
raises(OSError, 11, s.send, b"too much")
check("no room" in sigfox.last_error(), sigfox.last_error())
equal([event for _, event in poll.poll(60000)], [select.POLLOUT], "until one has left")
while sigfox.counter() != 3:
    time.sleep_ms(100)
time.sleep(8)

# A downlink that does not come.
s.setsockopt(socket.SOL_SIGFOX, socket.SO_RX, True)
s.setblocking(True)
start = time.ticks_ms()
raises(OSError, 11, s.send, b"any")
took = time.ticks_diff(time.ticks_ms(), start) / 1000
check(45 < took < 90, "the window was waited for: %f" % took)
check("no downlink came" in sigfox.last_error(), sigfox.last_error())

# A timeout shorter than the window: the message goes on.
s.settimeout(10)
start = time.ticks_ms()
try:
    s.send(b"any")
    check(False, "no timeout")
except socket.timeout:
    took = time.ticks_diff(time.ticks_ms(), start) / 1000
    check(9.5 < took < 40, "the socket's timeout holds: %f" % took)
check("goes on" in sigfox.last_error(), sigfox.last_error())
e = raises(OSError, 16, lambda: sigfox.init(rcz=Sigfox.RCZ2))
check("under way" in str(e), str(e))
raises(OSError, 16, sigfox.counter, 1)
s.settimeout(60)
raises(socket.timeout, None, s.recv, 8)

s.setsockopt(socket.SOL_SIGFOX, socket.SO_RX, False)

# Reset ends what is under way.
s.setblocking(False)
s.send(b"abc")
time.sleep_ms(500)
sigfox.reset()
s.setblocking(True)
equal(s.send(b"def"), 3, "after a reset it sends")

# Frames between devices.
sigfox.init(mode=Sigfox.FSK, frequency=868100000)
equal(repr(sigfox), "<Sigfox mode=FSK, frequency=868100000>", "repr")
equal(sigfox.frequencies(), (868100000, 868100000), "frequencies")
equal(s.send(bytes(64)), 64, "64 bytes")
raises(OSError, 122, s.send, bytes(65))
s.settimeout(0.5)
raises(socket.timeout, None, s.recv, 64)
done()
