# SPDX-License-Identifier: MIT
"""The duty cycle of RCZ1, 36 s an hour, and that of frames between devices. 1000 times as fast."""

import socket
import time
from devtest import check, done, equal
from network import Sigfox

sigfox = Sigfox(mode=Sigfox.SIGFOX, rcz=Sigfox.RCZ1)
sigfox.provision(bytes.fromhex("00a1b2c3"), bytes(8), bytes(range(16)))
s = socket.socket(socket.AF_SIGFOX, socket.SOCK_RAW)


def send_until_refused(data, most):
    for i in range(most):
        try:
            s.send(data)
        except OSError as e:
            equal(e.errno, 105, "ENOBUFS")
            check("no air time for " in sigfox.last_error(), sigfox.last_error())
            return i, int(sigfox.last_error().split("no air time for ")[1].split()[0])
    check(False, "the duty cycle refused nothing")
    return most, 0


# Three frames of 2.08 s, each with 29 ms of carrier before it.
sent, wait = send_until_refused(b"twelve bytes", 7)
equal(sent, 5, "messages of 12 bytes an hour")
check(3500 < wait <= 3600, "which is told: %d s" % wait)
equal(sigfox.counter(), sent, "a refusal takes no counter")
time.sleep(wait + 1)
equal(s.send(b"twelve bytes"), 12, "then there is air time")
equal(sigfox.counter(), sent + 1, "and no counter was lost")
sigfox.init(rcz=Sigfox.RCZ6)
equal(s.send(b"twelve bytes"), 12, "another zone has no such rule")

sigfox.init(mode=Sigfox.FSK, frequency=868100000)
s.setblocking(True)
sent, wait = send_until_refused(bytes(64), 1000)
check(sent > 300, "frames between devices have 36 s, too: %d" % sent)
done()
