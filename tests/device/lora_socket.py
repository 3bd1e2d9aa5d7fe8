# SPDX-License-Identifier: MIT
"""Raw LoRa sockets against another chip: send, receive, timeouts, poll, errors."""

import select
import socket
import time
from _lorapeer import Peer, lora
from devtest import check, done, equal, raises

lora, LoRa = lora()
sent_before = lora.stats().tx_counter
peer = Peer()

for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    e = raises(OSError, 124, socket.socket, socket.AF_LORA, kind)
    check("incorrect socket type" in str(e), "only SOCK_RAW")
s = socket.socket(socket.AF_LORA)
t = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
check("family=160, type=3" in repr(s), "repr")

# Sending.
equal(s.send(b""), 0, "nothing is nothing")
raises(OSError, 122, s.send, bytes(256))
equal(lora.last_error(), "a payload of 256 bytes is over 255", "last_error() says why")
lora.events()
for n in (1, 13, 255):
    peer.listen()
    data = bytes((i * n) & 255 for i in range(n))
    start = time.ticks_ms()
    equal(s.send(data), n, "send %d" % n)
    took = time.ticks_diff(time.ticks_ms(), start)
    check(lora.airtime(n) - 1 <= took, "send returns after the frame's end (%d ms)" % took)
    equal(peer.recv(), data, "the peer has heard %d bytes" % n)
stats = lora.stats()
equal((stats.tx_counter - sent_before, stats.sftx, stats.tx_power), (3, 7, 14), "statistics")
equal((stats.tx_frequency, stats.tx_time_on_air), (868000000, lora.airtime(255)), "statistics")
equal(lora.events(), LoRa.TX_PACKET_EVENT, "the event")
equal(lora.events(), 0, "events() clears")
equal(s.write(b"stream"), 6, "write() works, too")
equal(s.sendall(b"stream"), None, "and sendall()")
raises(OSError, 95, s.sendto, b"x", ("", 2))
raises(OSError, 95, s.connect, ("", 2))
raises(OSError, 95, s.listen)

# Receiving.
s.setblocking(False)
t.setblocking(False)
equal(s.recv(64), b"", "nothing there")
equal(s.recvfrom(64), (b"", 0), "nothing there, with an address")
equal(t.recv(1, socket.MSG_PEEK), b"", "nothing to look at")
peer.send(b"hello world")
time.sleep_ms(5)
equal(lora.events() & LoRa.RX_PACKET_EVENT, LoRa.RX_PACKET_EVENT, "the event")
equal(t.recv(64, socket.MSG_PEEK), b"hello world", "a look leaves it there")
equal(s.recv(5), b"hello", "a small buffer takes a part")
equal(t.recvfrom(64), (b" world", 0), "and any socket the rest")
equal(s.recv(64), b"", "then nothing")
stats = lora.stats()
check(
    -90 < stats.rssi < -20 and 0 < stats.snr < 25 and stats.sfrx == 7,
    "RSSI, SNR, SF: %r" % (stats,),
)
equal(stats[1], stats.rssi, "stats by number")
check(stats.rx_timestamp > 0, "a time")

s.settimeout(0.1)
start = time.ticks_ms()
e = raises(socket.timeout, 116, s.recv, 10)
check(isinstance(e, LoRa.timeout) and isinstance(e, OSError), "LoRa.timeout")
check(95 <= time.ticks_diff(time.ticks_ms(), start) < 400, "after its time")
raises(socket.timeout, 116, s.recvfrom, 10)
s.settimeout(5)
for i in range(7):
    peer.send(bytes([i]) * 255)
counters = lora.counters()
peer.send(b"one too many")
time.sleep_ms(5)
equal(
    lora.counters().rx_dropped,
    counters.rx_dropped + 1,
    "the eighth of the longest is dropped, and counted",
)
for i in range(7):
    equal(s.recv(300), bytes([i]) * 255, "seven wait, the oldest first")
buf = bytearray(20)
peer.send(b"into")
equal((s.recv_into(buf), bytes(buf[:4])), (4, b"into"), "recv_into")

# poll
poll = select.poll()
poll.register(s, select.POLLIN | select.POLLOUT)
equal(poll.poll(0), [(s, select.POLLOUT)], "room to send, nothing to read")
peer.send(b"abc")
time.sleep_ms(5)
equal(poll.poll(0), [(s, select.POLLIN | select.POLLOUT)], "a frame")
s.recv(1)
equal(poll.poll(0), [(s, select.POLLIN | select.POLLOUT)], "its rest")
s.recv(10)
poll.modify(s, select.POLLIN)
equal(poll.poll(20), [], "nothing to read")

# Non-blocking: seven wait, the eighth is refused; they leave one after another.
s.setblocking(False)
sent = [s.send(b"q" * 200) for _ in range(7)]
raises(OSError, 11, s.send, b"x")
check("7 frames wait" in lora.last_error(), "last_error() says why")
poll.modify(s, select.POLLOUT)
equal(poll.poll(0), [], "no room")
equal(len(poll.poll(2000)), 1, "room, when one has left")
before = lora.stats().tx_counter
s.settimeout(0.02)
raises(socket.timeout, 116, s.send, b"z")
check("others before it" in lora.last_error(), "last_error() says why")
s.setblocking(True)
s.send(b"last")
check(lora.stats().tx_counter - before <= 8, "the frame that timed out was not sent")

# Ports and options.
equal(s.bind(224), None, "bind to a number")
equal(s.bind(("", 9)), None, "bind to a pair")
equal(s.getsockname(), 9, "the name is the port")
for port in (225, -1, 1 << 30):
    raises(OSError, 95, s.bind, port)
raises(TypeError, None, s.bind, "2")
s.setsockopt(socket.SOL_LORA, socket.SO_DR, 5)
s.setsockopt(socket.SOL_LORA, socket.SO_CONFIRMED, True)
equal(s.getsockopt(socket.SOL_LORA, socket.SO_DR), 5, "SO_DR")
equal(s.getsockopt(socket.SOL_LORA, socket.SO_CONFIRMED), 1, "SO_CONFIRMED")
equal(t.getsockopt(socket.SOL_LORA, socket.SO_CONFIRMED), 0, "each socket has its own")
raises(OSError, 95, s.setsockopt, socket.SOL_LORA, socket.SO_DR, 16)
raises(OSError, 95, s.setsockopt, socket.SOL_SOCKET, socket.SO_DR, 1)
raises(OSError, 95, s.setsockopt, socket.SOL_LORA, 1, 1)

# Power modes.
lora.power_mode(LoRa.SLEEP)
raises(OSError, 115, s.send, b"x")
check("sleeps" in lora.last_error(), "last_error() says why")
lora.power_mode(LoRa.TX_ONLY)
peer.listen()
equal(s.send(b"tx only"), 7, "TX_ONLY sends")
equal(peer.recv(), b"tx only", "and is heard")
s.settimeout(0.1)
peer.send(b"deaf")
raises(socket.timeout, 116, s.recv, 10)
lora.power_mode(LoRa.ALWAYS_ON)
time.sleep_ms(5)
peer.send(b"heard")
equal(s.recv(10), b"heard", "ALWAYS_ON hears again")

with socket.socket(socket.AF_LORA) as u:
    u.send(b"with")
raises(OSError, 9, u.send, b"x")
raises(OSError, 9, u.recv, 1)
u.close()
done()
