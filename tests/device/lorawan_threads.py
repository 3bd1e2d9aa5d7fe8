# SPDX-License-Identifier: MIT
"""Threads that use LoRaWAN at once: nobody hangs, nothing is lost."""

import time

import socket
from devtest import check, done, equal, skip
from network import LoRa

try:
    import _thread
except ImportError:
    skip("this firmware has no threads")

KEY = bytes(range(16))
ROUNDS = 30

lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868, duty_cycle=False)
lora.join(LoRa.ABP, auth=(1, KEY, KEY))
ended = []
problems = []


def thread(name, work):
    def run():
        try:
            for i in range(ROUNDS):
                work(i)
        except Exception as e:
            problems.append((name, repr(e), lora.last_error()))
        ended.append(name)

    _thread.start_new_thread(run, ())


def sender(confirmed):
    s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
    s.setsockopt(socket.SOL_LORA, socket.SO_DR, 5)
    s.setsockopt(socket.SOL_LORA, socket.SO_CONFIRMED, confirmed)
    s.settimeout(120)

    def send(i):
        try:
            s.send(b"%d" % i)
        except socket.timeout:
            if not confirmed:  # nobody acknowledges
                raise

    return send


def settings(i):
    lora.add_channel(3 + i % 5, frequency=867100000 + 200000 * (i % 5), dr_min=0, dr_max=5)
    lora.set_battery_level(i)
    lora.nvram_erase()
    lora.init(mode=LoRa.LORAWAN, region=LoRa.EU868, duty_cycle=False, adr=i % 2 == 0)
    time.sleep_ms(300)


def reader(i):
    check(lora.status().joined and lora.has_joined(), "joined all the time")
    lora.stats()
    lora.events()
    time.sleep_ms(200)


before = lora.status().fcnt_up
thread("unconfirmed", sender(False))
thread("confirmed", sender(True))
thread("settings", settings)
thread("reader", reader)
start = time.ticks_ms()
while len(ended) < 4 and time.ticks_diff(time.ticks_ms(), start) < 3600000:
    time.sleep(1)
equal(sorted(ended), ["confirmed", "reader", "settings", "unconfirmed"], "all threads ended")
equal(problems, [], "without exceptions")
equal(lora.status().fcnt_up - before, 2 * ROUNDS, "each frame has its counter")
done()
