# SPDX-License-Identifier: MIT
"""A chip of radiosim by hand: registers over SPI, as the datasheet has them."""

import time

SLEEP, STANDBY, TX, RX, RX_SINGLE = 0x80, 0x81, 0x83, 0x85, 0x86
TX_DONE, RX_DONE, RX_TIMEOUT = 0x08, 0x40, 0x80


class Bench:
    def __init__(self, chip):
        self.chip = chip
        chip.cs.init(chip.cs.OUT, value=1)

    def read(self, address, n=1):
        self.chip.cs(0)
        self.chip.write(bytes([address]))
        data = self.chip.read(n)
        self.chip.cs(1)
        return data if n > 1 else data[0]

    def write(self, address, *values):
        self.chip.cs(0)
        self.chip.write(bytes([address | 0x80]) + bytes(values))
        self.chip.cs(1)

    def lora(self):
        """LoRa, SF7, 125 kHz, CRC, 868.1 MHz, by the datasheet's rules and errata."""
        for address, value in ((0x01, 0), (0x01, SLEEP), (0x31, 0x43), (0x2F, 0x40), (0x30, 0)):
            self.write(address, value)
        self.write(0x36, 0x03)
        self.write(0x06, 0xD9, 0x06, 0x66)
        self.write(0x1D, 0x72, 0x74)
        self.write(0x01, STANDBY)
        time.sleep_ms(1)

    def send(self, data):
        self.write(0x12, 0xFF)
        self.write(0x40, 0x40)  # TxDone on DIO0
        self.write(0x0E, 0, 0)
        self.write(0x0D, 0)
        self.write(0x00, *data)
        self.write(0x22, len(data))
        self.write(0x01, TX)

    def listen(self, mode=RX):
        self.write(0x12, 0xFF)
        self.write(0x40, 0x00)  # RxDone on DIO0, RxTimeout on DIO1
        self.write(0x01, mode)

    def received(self):
        self.write(0x0D, self.read(0x10))
        n = self.read(0x13)
        return bytes(self.read(0x00, n)) if n > 1 else bytes([self.read(0x00)])

    def wait(self, flag, ms=500):
        start = time.ticks_ms()
        while not self.read(0x12) & flag:
            if time.ticks_diff(time.ticks_ms(), start) > ms:
                return False
            time.sleep_ms(1)
        return True
