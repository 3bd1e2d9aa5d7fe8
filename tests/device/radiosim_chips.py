# SPDX-License-Identifier: MIT
"""radiosim's chips as machine.SPI objects with pins."""

from devtest import check, done, equal, raises, skip

try:
    import radiosim
except ImportError:
    skip("this firmware has no simulated radio chips")

import gc
import time

from _sx127x import RX_DONE, RX_SINGLE, RX_TIMEOUT, TX_DONE, Bench

Pin = radiosim.Pin

# --- SPI ---------------------------------------------------------------------

chip = radiosim.SX1276(x=10, y=-20)
equal((chip.x, chip.y), (10, -20), "the place of the constructor")
chip.x = 0
chip.y = 0
equal(chip.x, 0, "a place can be changed")
bench = Bench(chip)
equal(bench.read(0x42), 0x12, "RegVersion of an SX1276")
old = radiosim.SX1272(name="old")
equal(Bench(old).read(0x42), 0x22, "RegVersion of an SX1272")
equal(str(old), "<SX1272 old>", "a chip's text is its name")

chip.init(baudrate=8_000_000, polarity=0, phase=0, bits=8, firstbit=chip.MSB)
raises(ValueError, None, lambda: chip.init(polarity=1))
raises(ValueError, None, lambda: chip.init(baudrate=20_000_000))
raises(ValueError, None, chip.read, -1)
raises(ValueError, None, chip.write_readinto, b"ab", bytearray(3))

buf = bytearray(b"\x42\x00")
chip.cs.off()
chip.write_readinto(buf, buf)
chip.cs.on()
equal(buf[1], 0x12, "write_readinto in place")
buf = bytearray(2)
chip.cs(0)
chip.readinto(buf, 0x42)
chip.cs(1)
equal(buf[1], 0x12, "readinto sends its byte")
chip.cs(0)
equal(chip.read(2, 0x42)[1], 0x12, "read sends its byte")
chip.cs(1)
equal(chip.read(2, 0x42), b"\xff\xff", "a chip that is not selected says nothing")

# --- Pins --------------------------------------------------------------------

equal(chip.cs.value(), 1, "an output says its level")
raises(ValueError, None, chip.dio0.value, 1)
raises(ValueError, None, lambda: chip.dio0.init(Pin.OUT))
raises(ValueError, None, lambda: chip.cs.irq(lambda p: None))
raises(TypeError, None, lambda: chip.dio0.irq(5))
raises(ValueError, None, lambda: chip.dio0.irq(lambda p: None, trigger=16))
raises(ValueError, None, lambda: chip.cs.init(99))
raises(ValueError, None, Pin, 5)

bench.write(0x06, 1)
chip.reset.init(Pin.OUT, value=0)
time.sleep_ms(1)
chip.reset(1)
time.sleep_ms(6)
equal(bench.read(0x06), 0x6C, "the reset pin resets the registers")
chip.reset.init(Pin.IN)
chip.dio0.init(Pin.IN)

# --- Frames, edges -----------------------------------------------------------

other = radiosim.SX1276(100)
ear = Bench(other)
bench.lora()
ear.lora()
rose = []
other.dio0.irq(lambda pin: rose.append((pin is other.dio0, pin())), trigger=Pin.IRQ_RISING)
ear.listen()
start = time.ticks_us()
bench.send(b"hello")
check(bench.wait(TX_DONE), "the frame is sent")
took = time.ticks_diff(time.ticks_us(), start)
# The datasheet's formula: (12.25 + 8 + 2 * 5) symbols of 1.024 ms
check(took >= 30_976, "sending takes the air time, %d us" % took)
check(ear.wait(RX_DONE), "and heard")
equal(ear.received(), b"hello", "what was sent is received")
time.sleep_ms(2)
equal(rose, [(True, 1)], "the edge of DIO0 called the handler once")
equal(chip.dio0(), 1, "the sender's DIO0 stays high until the flag is cleared")
bench.write(0x12, 0xFF)
equal(chip.dio0(), 0, "and is low then")

fell = []
other.dio0.irq(fell.append, Pin.IRQ_FALLING, hard=True)
ear.write(0x12, 0xFF)
time.sleep_ms(2)
equal(fell, [other.dio0], "a falling edge calls too")
other.dio0.irq(None)
equal(rose, [(True, 1)], "a handler that was replaced is not called")

ear.write(0x01, 0x81)
ear.listen(RX_SINGLE)
check(ear.wait(RX_TIMEOUT), "a receiver that hears nothing gives up")

# --- Faults, counters, record ------------------------------------------------

equal(chip.broken(), {}, "no rule was broken")
bench.write(0x01, 0x80)
bench.read(0x00)
equal(list(chip.broken().values()), [1], "a FIFO that is read in Sleep is a broken rule")
transfers, size = chip.counters()
bench.read(0x42)
equal(chip.counters(), (transfers + 1, size + 2), "transfers and bytes are counted")

chip.trace(True)
bench.write(0x0D, 7)
equal(chip.trace(), [(0x0D, 7)], "a record of register writes")
equal(chip.trace(), [], "is taken once")
chip.trace(False)
bench.write(0x0D, 8)
equal(chip.trace(), [], "and ends")
equal(chip.peek(0x0D), 8, "a look without SPI")
raises(ValueError, None, chip.peek, 128)

chip.faults(stuck=True)
equal(bench.read(0x42), 0xFF, "a stuck bus reads ones")
chip.faults(stuck_low=True)
equal(bench.read(0x42), 0x00, "or zeros")
chip.faults()
equal(bench.read(0x42), 0x12, "until the fault is gone")
chip.power_cycle()
time.sleep_ms(20)
equal(bench.read(0x01), 0x09, "power comes back in FSK standby")

chip.deinit()
raises(ValueError, None, chip.read, 1)
raises(ValueError, None, chip.cs, 0)
raises(ValueError, None, chip.peek, 1)

# Chips that nobody holds any more go.
for i in range(200):
    Bench(radiosim.SX1276()).lora()
    if i % 20 == 0:
        gc.collect()
gc.collect()
chip = other = ear = bench = old = None
gc.collect()
one, two = Bench(radiosim.SX1276(0)), Bench(radiosim.SX1276(50))
one.lora()
two.lora()
two.listen()
one.send(b"x" * 64)
check(two.wait(RX_DONE), "the air works after many chips came and went")
equal(two.received(), b"x" * 64, "as before")
done()
