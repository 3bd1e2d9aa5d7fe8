# SPDX-License-Identifier: MIT
"""Under a time factor the firmware's clock is the simulated one (environment: 100)."""

from devtest import check, done, equal, skip, udp_socket

try:
    import host
except ImportError:
    skip("the clock of this firmware is not simulated")

import asyncio
import select
import time


LOAD_MS = 30000  # what 300 ms of a loaded PC are here


def near(got, wanted, sentence):
    check(wanted <= got < wanted + LOAD_MS, "%s: %r ms, not %r" % (sentence, got, wanted))


def took(fn, *args):
    start = time.ticks_ms()
    fn(*args)
    return time.ticks_diff(time.ticks_ms(), start)


equal(host.sim_time()[1], 100.0, "the factor of the environment")
date, ns = time.time(), time.time_ns()
near(took(time.sleep, 20), 20000, "time.sleep")
near(took(time.sleep_ms, 5000), 5000, "time.sleep_ms")
near(took(time.sleep_us, 50000), 50, "time.sleep_us")
near((time.time() - date) * 1000, 25000, "time.time")
near((time.time_ns() - ns) // 1_000_000, 25050, "time.time_ns")
near((time.mktime(time.localtime()) - date) * 1000, 24000, "time.localtime")

s, addr = udp_socket()
s.settimeout(10)


def until_timeout():
    try:
        s.recv(1)
    except OSError as e:
        equal(e.errno, 116, "settimeout ends with ETIMEDOUT")


near(took(until_timeout), 10000, "settimeout")
poller = select.poll()
poller.register(s, select.POLLIN)
near(took(poller.poll, 8000), 8000, "poll's timeout")
near(took(select.select, [s], [], [], 8), 8000, "select's timeout")


async def nap():
    await asyncio.sleep_ms(6000)


near(took(asyncio.run, nap()), 6000, "asyncio.sleep_ms")
s.sendto(b"now", addr)
equal(s.recv(10), b"now", "and sockets work")
check(took(s.sendto, b"x", addr) < LOAD_MS, "at once")
done()
