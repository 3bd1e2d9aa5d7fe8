# SPDX-License-Identifier: MIT
"""Sigfox.test_mode(): what it sends, hears and refuses. 50 times as fast."""

import time
from devtest import check, done, equal, raises
from network import Sigfox

sigfox = Sigfox(mode=Sigfox.SIGFOX, rcz=Sigfox.RCZ1)
raises(OSError, 115, sigfox.test_mode, 1, 1)
check("provision" in sigfox.last_error(), sigfox.last_error())
sigfox.provision(bytes.fromhex("00a1b2c3"), bytes(8), bytes(range(16)))

# Bad values.
e = raises(ValueError, None, sigfox.test_mode, 6, 1)
check("invalid test mode 6" in str(e) and "3 RX GFSK" in str(e), str(e))
raises(ValueError, None, sigfox.test_mode, -1, 1)
e = raises(ValueError, None, sigfox.test_mode, 0, 11)
check("config 11" in str(e) and "1..10" in str(e), str(e))
e = raises(ValueError, None, sigfox.test_mode, 3, 0)
check("config 0" in str(e) and "1..600" in str(e), str(e))
raises(ValueError, None, sigfox.test_mode, 0, 1 << 40)
raises(TypeError, None, sigfox.test_mode, "0", 1)
raises(TypeError, None, sigfox.test_mode, 0)

# What is sent; the duty cycle.
equal(sigfox.test_mode(0, 2), 2, "frames of noise")
equal(sigfox.test_mode(5, 1), 6, "carriers")
equal(sigfox.test_mode(1, 1), 15, "frames of each class and rank")
raises(OSError, 105, sigfox.test_mode, 1, 1)
check("air time" in sigfox.last_error(), sigfox.last_error())
equal(sigfox.counter(), 0, "no counter is taken")

# Nobody is there to be heard.
start = time.ticks_ms()
equal(sigfox.test_mode(2, 3), (0, 0), "RX protocol")
check(2900 <= time.ticks_diff(time.ticks_ms(), start) < 6000, "after 3 s")
equal(sigfox.test_mode(3, 1), (0, None), "RX GFSK")
equal(sigfox.test_mode(4, 1), (0, 0, None, None), "RX sensitivity")
done()
