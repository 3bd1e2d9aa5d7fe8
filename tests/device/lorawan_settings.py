# SPDX-License-Identifier: MIT
"""LoRaWAN without a peer: settings, bad input, refusals and their words."""

import socket
import struct
import time

from devtest import check, done, equal, raises
from network import LoRa

KEY = bytes(range(16))
OTHER = bytes(range(16, 32))
EUI = bytes(range(8))

# Not in LoRaWAN mode.
lora = LoRa(mode=LoRa.LORA)
e = raises(OSError, None, lambda: lora.join(LoRa.OTAA, auth=(EUI, KEY)))
check("the requested operation is not possible" in str(e), "join() in raw mode: %s" % e)
raises(OSError, None, lambda: lora.add_channel(3, frequency=867100000, dr_min=0, dr_max=5))
raises(OSError, 115, lora.status)
equal(lora.has_joined(), False, "has_joined() in raw mode")
equal(lora.nvram_restore(), None, "nvram_restore() before LoRaWAN begins")

lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868, adr=False, public=True, tx_retries=1)
check("LORAWAN" in repr(lora) and "joined=False" in repr(lora), repr(lora))
equal(lora.has_joined(), False, "not joined at first")
equal(lora.status().activation, "none", "status() says so")
check(2 <= lora.tx_power() <= 16, "tx_power() in dBm: %d" % lora.tx_power())


def refused(words, secrets, fn, *args, **kw):
    try:
        fn(*args, **kw)
    except (ValueError, TypeError) as e:
        check(words in str(e), "%s" % e)
        for secret in secrets:
            check(secret.hex() not in str(e) and str(secret) not in str(e), "no key in: %s" % e)
    else:
        check(False, "taken, without %r" % words)


# Bad input changes nothing.
for auth, words in (
    ((EUI, KEY[:15]), "app_key has 15 bytes, not 16"),
    ((EUI, KEY + b"x"), "app_key has 17 bytes, not 16"),
    ((EUI[:7], KEY), "app_eui has 7 bytes, not 8"),
    ((b"123", EUI, KEY), "dev_eui has 3 bytes, not 8"),
    ((KEY,), "not 1 items"),
    ((EUI, EUI, EUI, KEY), "not 4 items"),
    ((EUI, 5), "app_key must be bytes, not int"),
):
    refused(words, (KEY,), lora.join, LoRa.OTAA, auth=auth, timeout=0)
for auth, words in (
    ((1, KEY, OTHER[:4]), "app_swkey has 4 bytes, not 16"),
    ((1, b"", OTHER), "nwk_swkey has 0 bytes, not 16"),
    ((1 << 32, KEY, OTHER), "dev_addr must be an int of 32 bits"),
    ((-(1 << 31) - 1, KEY, OTHER), "dev_addr must be an int of 32 bits"),
    (("26011BDA", KEY, OTHER), "dev_addr must be an int of 32 bits"),
    ((EUI, KEY), "not 2 items"),
):
    refused(words, (KEY, OTHER), lora.join, LoRa.ABP, auth=auth)
refused("invalid activation 2", (KEY,), lora.join, 2, auth=(EUI, KEY))
refused("invalid join data rate 16", (KEY,), lora.join, LoRa.OTAA, auth=(EUI, KEY), dr=16)
refused("invalid join data rate 9", (KEY,), lora.join, LoRa.OTAA, auth=(EUI, KEY), dr=9)
refused("timeout -1 is negative", (KEY,), lora.join, LoRa.OTAA, auth=(EUI, KEY), timeout=-1)
equal(lora.status().doing, "nothing", "refusals start nothing")
equal(lora.has_joined(), False, "and join nothing")
refused("battery level 256", (), lora.set_battery_level, 256)
refused("mcNwkKey has 1 bytes", (KEY,), lora.join_multicast_group, 1, b"1", KEY)
refused("timeout 0 is not over 0", (), lora.link_check, 0)
raises(OSError, 115, lora.link_check, 100)

# Channels: index and rates are refused, the rest is silently ignored.
refused("channel 16 out of range 0..15", (), lora.remove_channel, 16)
refused("channel -1 out of range", (), lora.remove_channel, -1)
refused("channel 16 out", (), lora.add_channel, 16, frequency=867100000, dr_min=0, dr_max=5)
refused(
    "invalid argument(s) value", (), lora.add_channel, 3, frequency=867100000, dr_min=5, dr_max=0
)
refused(
    "invalid argument(s) value", (), lora.add_channel, 3, frequency=867100000, dr_min=0, dr_max=8
)
equal(lora.add_channel(3, frequency=100, dr_min=0, dr_max=5), None, "a bad frequency is ignored")
check("channel 3 was not added" in lora.last_error(), "but last_error() knows")
equal(lora.add_channel(0, frequency=868100000, dr_min=2, dr_max=5), None, "a narrow default too")
equal(lora.add_channel(3, frequency=867100000, dr_min=0, dr_max=5), None, "a good one")
equal(lora.remove_channel(0), None, "a default channel is not removed")
check("channel 0 was not removed" in lora.last_error(), lora.last_error())

# Sockets before there is a session.
s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
s.settimeout(1)
raises(OSError, 115, s.send, b"x")
equal(lora.last_error(), "not joined: call join() first", "in words")
s.setblocking(False)
equal(s.recvfrom(1), (b"", 0), "nothing to read")
raises(OSError, 95, s.setsockopt, socket.SOL_LORA, socket.SO_DR, 8)
check("up to 7" in lora.last_error(), lora.last_error())
raises(OSError, 95, s.setsockopt, socket.SOL_LORA, socket.SO_DR, -1)
raises(OSError, 95, s.setsockopt, 1, socket.SO_DR, 1)
raises(OSError, 95, s.bind, 225)
for port in (224, 0, 1, 223):
    equal(s.bind(port), None, "ports 0 to 224 are taken")

# A session by ABP; nobody hears.
address = struct.unpack(">l", b"\xfc\x00\x12\x34")[0]
equal(lora.join(LoRa.ABP, auth=(address, KEY, OTHER)), None, "ABP joins at once")
check(lora.has_joined() and lora.status().dev_addr == 0xFC001234, "a negative address is one")
check(KEY.hex() not in str(lora.status()) and str(KEY) not in str(lora.status()), "no keys there")
s.setblocking(True)
s.bind(0)
raises(OSError, 95, s.send, b"x")
check("port 0" in lora.last_error(), lora.last_error())
s.bind(2)
s.setsockopt(socket.SOL_LORA, socket.SO_DR, 0)
equal(s.getsockopt(socket.SOL_LORA, socket.SO_DR), 0, "getsockopt")
raises(OSError, 122, s.send, bytes(52))
equal(
    lora.last_error(),
    "the payload is too long: data rate 0 has room for 51 bytes",
    "with the room that there is",
)
raises(OSError, 122, s.send, bytes(300))
equal(s.send(b""), 0, "an empty send sends nothing")
s.setsockopt(socket.SOL_LORA, socket.SO_DR, 5)
before = lora.status().fcnt_up
equal(s.send(b"unconfirmed"), 11, "a blocking send")
equal(lora.status().fcnt_up, before + 1, "one counter")
stats = lora.stats()
equal((stats.sftx, stats.tx_trials, stats.tx_power), (5, 1, lora.tx_power()), "stats()")
equal(lora.events(), LoRa.TX_PACKET_EVENT, "TX_PACKET_EVENT")
s.setsockopt(socket.SOL_LORA, socket.SO_CONFIRMED, True)
raises(OSError, 11, s.send, b"confirmed")
equal(lora.last_error(), "no ACK: the frame was sent 2 times", "tx_retries=1: two trials")
equal(lora.events(), LoRa.TX_FAILED_EVENT, "TX_FAILED_EVENT")
s.setblocking(False)
start = time.ticks_ms()
equal(s.send(b"queued"), 6, "without blocking")
check(time.ticks_diff(time.ticks_ms(), start) < 30000, "at once")
seen = []
lora.callback(LoRa.TX_FAILED_EVENT, lambda o: seen.append(o.events()))
for _ in range(200):
    time.sleep_ms(100)
equal(seen, [LoRa.TX_FAILED_EVENT], "its end is told to the callback")
lora.callback(None)

# Settings while a session lasts.
lora.init(mode=LoRa.LORAWAN, region=LoRa.EU868, adr=True, device_class=LoRa.CLASS_C)
check(lora.has_joined() and lora.status().adr, "init() keeps the session")
equal(lora.status().device_class, LoRa.CLASS_C, "and changes the class")
equal(s.setsockopt(socket.SOL_LORA, socket.SO_DR, 1), None, "SO_DR with adr=True is taken,")
equal(s.getsockopt(socket.SOL_LORA, socket.SO_DR), lora.status().dr, "and ignored")
lora.power_mode(LoRa.SLEEP)
raises(OSError, 115, s.send, b"x")
check("sleeps" in lora.last_error(), lora.last_error())
lora.power_mode(LoRa.ALWAYS_ON)
lora.tx_power(5)
equal(lora.tx_power(), 5, "tx_power() sets a limit, in dBm")
check(lora.has_joined(), "and keeps the session")
equal(lora.airtime(10), 62, "air time of 10 bytes and 13 of the frame at DR5")
equal(lora.ischannel_free(-60), True, "a quiet channel")
equal(lora.compliance_test().enabled, False, "certification is off")
lora.compliance_test(True)
equal(lora.compliance_test().running, True, "and on")
lora.set_battery_level(100)
equal(lora.status().battery, 100, "battery")
equal(lora.nvram_save(), None, "nvram_save()")
groups = [lora.join_multicast_group(0x100 + i, KEY, OTHER) for i in range(5)]
equal(groups, [True] * 4 + [False], "four groups")
equal(lora.leave_multicast_group(0x100), True, "leave one")
equal(lora.leave_multicast_group(0x100), False, "once")
lora.init(mode=LoRa.LORAWAN, region=LoRa.US915, sub_band=2)
equal(lora.has_joined(), False, "another region has no session")
check(lora.last_error().startswith("the stored LoRaWAN session is of another"), lora.last_error())
lora.init(mode=LoRa.LORAWAN, region=LoRa.EU868)
equal(lora.has_joined(), True, "back in its region the stored one is there again")
lora.init(mode=LoRa.LORA)
equal(s.send(b"raw"), 3, "raw frames go in between")
lora.init(mode=LoRa.LORAWAN, region=LoRa.EU868)
equal(lora.has_joined(), True, "and the session is still there")
done()
