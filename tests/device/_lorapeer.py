# SPDX-License-Identifier: MIT
"""The other end of raw LoRa: a software SX1276 of this process, driven by hand."""

import time

import radiosim
from _sx127x import RX, RX_DONE, SLEEP, STANDBY, TX, TX_DONE, Bench
from devtest import skip


class Peer(Bench):
    """A radio 100 m away; the settings are network.LoRa's, bandwidth 500 kHz unless given."""

    def __init__(self, frequency=868000000, sf=7, bandwidth=2, public=True, iq=False):
        super().__init__(radiosim.SX1276(x=100, name="peer"))
        time.sleep_ms(15)  # power-on reset: 10 ms
        self.iq = iq
        self.write(0x01, 0x00)
        self.write(0x01, SLEEP)
        steps = (frequency << 19) // 32000000
        self.write(0x06, steps >> 16, steps >> 8 & 255, steps & 255)
        self.write(0x09, 0x8F)  # PA_BOOST, 17 dBm
        self.write(0x1D, (7 + bandwidth) << 4 | 1 << 1, sf << 4 | 4)
        low_rate = (1 << sf) > 16 * (125 << bandwidth)
        self.write(0x26, 8 * low_rate | 4)
        self.write(0x39, 0x34 if public else 0x12)
        if bandwidth == 2:  # erratum 2.1
            self.write(0x36, 0x02)
            self.write(0x3A, 0x64)
        self.listen()

    def turn(self, mode):
        """To standby, with the IQ of what comes next."""
        self.write(0x01, STANDBY)
        time.sleep_ms(1)
        inverted = 0x26 if mode == TX else 0x67
        self.write(0x33, inverted if self.iq else 0x27)
        self.write(0x3B, 0x19 if self.iq else 0x1D)

    def listen(self):
        self.turn(RX)
        super().listen(RX)
        time.sleep_ms(2)

    def begin(self, data):
        """Begin to send."""
        self.turn(TX)
        super().send(data)

    def send(self, data):
        """Send, and listen again."""
        self.begin(data)
        if not self.wait(TX_DONE, 20000):
            raise OSError("the peer's frame did not end")
        self.listen()

    def recv(self, ms=2000):
        """The next frame since listen(); None when none comes."""
        if not self.wait(RX_DONE, ms):
            return None
        flags = self.read(0x12)
        self.write(0x12, flags)
        return b"bad CRC" if flags & 0x20 else self.received()


def lora(**settings):
    """network.LoRa at 868 MHz and 500 kHz, and the class."""
    from network import LoRa

    try:
        return LoRa(mode=LoRa.LORA, region=LoRa.EU868, bandwidth=LoRa.BW_500KHZ, **settings), LoRa
    except OSError as e:
        if e.errno == 19:
            skip("no radio")
        raise
