# SPDX-License-Identifier: MIT
"""Sigfox.test_mode() is ended by another thread. 50 times as fast."""

import time
from devtest import done, equal, raises, skip
from network import Sigfox

try:
    import _thread
except ImportError:
    skip("this firmware has no threads")

sigfox = Sigfox(mode=Sigfox.SIGFOX, rcz=Sigfox.RCZ1)
sigfox.provision(bytes.fromhex("00a1b2c3"), bytes(8), bytes(range(16)))

# Another thread's reset ends it; Python's lock is free meanwhile.
errors = []


def listen():
    try:
        sigfox.test_mode(3, 600)
    except OSError as e:
        errors.append(e.errno)


_thread.start_new_thread(listen, ())
time.sleep(2)
raises(OSError, 16, sigfox.test_mode, 3, 1)
sigfox.reset()
for _ in range(100):
    if errors:
        break
    time.sleep(0.2)
equal(errors, [140], "ECANCELED")
equal(sigfox.test_mode(3, 1), (0, None), "and the next one works")
done()
