# SPDX-License-Identifier: MIT
"""The other end of raw LoRa: a software SX1276 of this process, driven register by register."""

import time

import radiosim
from devtest import skip

SLEEP, STANDBY, TX, RX = 0x80, 0x81, 0x83, 0x85


class Peer:
    """A radio 100 m away; the settings are network.LoRa's, bandwidth 500 kHz unless given."""

    def __init__(self, frequency=868000000, sf=7, bandwidth=2, public=True, iq=False):
        self.chip = radiosim.SX1276(x=100, name="peer")
        self.chip.cs.init(radiosim.Pin.OUT, value=1)
        time.sleep_ms(15)  # power-on reset: 10 ms
        self.iq = iq
        self.write(0x01, 0x00)
        self.write(0x01, SLEEP)
        steps = (frequency << 19) // 32000000
        for i, byte in enumerate((steps >> 16, steps >> 8 & 255, steps & 255)):
            self.write(0x06 + i, byte)
        self.write(0x09, 0x8F)  # PA_BOOST, 17 dBm
        self.write(0x0E, 0)
        self.write(0x0F, 0)
        self.write(0x1D, (7 + bandwidth) << 4 | 1 << 1)
        self.write(0x1E, sf << 4 | 4)
        low_rate = (1 << sf) > 16 * (125 << bandwidth)
        self.write(0x26, 8 * low_rate | 4)
        self.write(0x39, 0x34 if public else 0x12)
        if bandwidth == 2:  # erratum 2.1
            self.write(0x36, 0x02)
            self.write(0x3A, 0x64)
        self.listen()

    def write(self, address, *values):
        self.chip.cs(0)
        self.chip.write(bytes((address | 0x80,) + values))
        self.chip.cs(1)

    def read(self, address, n=1):
        self.chip.cs(0)
        self.chip.write(bytes((address,)))
        data = self.chip.read(n)
        self.chip.cs(1)
        return data

    def start(self, mode):
        self.write(0x01, STANDBY)
        time.sleep_ms(1)
        if self.iq:
            self.write(0x33, 0x26 if mode == TX else 0x67)
            self.write(0x3B, 0x19)
        else:
            self.write(0x33, 0x27)
            self.write(0x3B, 0x1D)
        self.write(0x12, 0xFF)
        self.write(0x0D, 0)

    def listen(self):
        self.start(RX)
        self.write(0x01, RX)
        time.sleep_ms(2)

    def flag(self, bit, ms):
        """Wait for a flag of RegIrqFlags."""
        for _ in range(ms):
            if self.read(0x12)[0] & bit:
                return True
            time.sleep_ms(1)
        return False

    def begin(self, data):
        """Begin to send."""
        self.start(TX)
        self.write(0x00, *data)
        self.write(0x22, len(data))
        self.write(0x01, TX)

    def send(self, data):
        """Send, and listen again."""
        self.begin(data)
        if not self.flag(0x08, 20000):
            raise OSError("the peer's frame did not end")
        self.listen()

    def recv(self, ms=2000):
        """The next frame since listen(); None when none comes."""
        if not self.flag(0x40, ms):
            return None
        flags = self.read(0x12)[0]
        self.write(0x12, flags)
        if flags & 0x20:
            return b"bad CRC"
        self.write(0x0D, self.read(0x10)[0])
        return self.read(0x00, self.read(0x13)[0])


def lora(**settings):
    """network.LoRa at 868 MHz and 500 kHz, and the class."""
    from network import LoRa

    try:
        return LoRa(mode=LoRa.LORA, region=LoRa.EU868, bandwidth=LoRa.BW_500KHZ, **settings), LoRa
    except OSError as e:
        if e.errno == 19:
            skip("no radio")
        raise
