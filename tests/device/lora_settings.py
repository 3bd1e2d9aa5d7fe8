# SPDX-License-Identifier: MIT
"""network.LoRa: constants, the constructor, settings and their refusals."""

import network
import socket
from devtest import check, done, equal, raises
from network import LoRa

for name, value in (
    ("LORA", 0), ("LORAWAN", 1), ("OTAA", 0), ("ABP", 1), ("ALWAYS_ON", 0), ("TX_ONLY", 1),
    ("SLEEP", 2), ("BW_125KHZ", 0), ("BW_250KHZ", 1), ("BW_500KHZ", 2), ("CODING_4_5", 1),
    ("CODING_4_6", 2), ("CODING_4_7", 3), ("CODING_4_8", 4), ("RX_PACKET_EVENT", 1),
    ("TX_PACKET_EVENT", 2), ("TX_FAILED_EVENT", 4), ("CLASS_A", 0), ("CLASS_C", 2), ("AS923", 0),
    ("AU915", 1), ("CN470", 2), ("EU433", 4), ("EU868", 5), ("IN865", 7), ("US915", 8),
):  # fmt: skip
    equal(getattr(LoRa, name), value, name)
check(LoRa.timeout is socket.timeout, "LoRa.timeout is socket.timeout")
equal(socket.SOL_LORA, 0xFFF05, "SOL_LORA")
equal((socket.SO_CONFIRMED, socket.SO_DR), (0xF0002, 0xF0003), "options")
check(network.LoRa is LoRa, "network.LoRa")

# Before the radio is set up.
e = raises(OSError, 19, socket.socket, socket.AF_LORA, socket.SOCK_RAW)
check("Network card not available" in str(e), "a socket before LoRa() says what is missing")
raises(OSError, None, LoRa, 1)


def refused(words, **settings):
    try:
        LoRa(**settings)
    except ValueError as e:
        check(words in str(e), "%r: %s" % (settings, e))
    else:
        check(False, "%r was taken" % settings)


def all_refused():
    refused("frequency 100 out of range 863000000..870000000 of EU868", frequency=100)
    refused("frequency 868000000 out of range 902000000..928000000", frequency=868000000, region=8)
    refused("Tx power 21 out of range 2..20", tx_power=21)
    refused("Tx power 1 out of range", tx_power=1)
    refused("bandwidth 3 not supported", bandwidth=3)
    refused("spreading factor 5 out of range", sf=5)
    refused("spreading factor 6 out of range 7..12", sf=6)
    refused("spreading factor 13 out of range", sf=13)
    refused("spreading factor 263 out of range", sf=263)
    refused("coding rate 0 out of range 1..4", coding_rate=0)
    refused("preamble 5 out of range 6..65535", preamble=5)
    refused("invalid power mode 3", power_mode=3)
    refused("invalid device_class 1", device_class=1)
    refused("invalid mode 2", mode=2)
    refused("sub_band 1 out of range 0..0 of EU868", sub_band=1)
    refused("sub_band 9 out of range 0..8", sub_band=9, region=8)
    refused("invalid region 3", region=3)
    refused("invalid region 99", region=99)
    # Where an int of C has 32 bits MicroPython itself refuses it, in words of its own.
    try:
        LoRa(frequency=1 << 40)
        check(False, "a frequency of 41 bits was taken")
    except (ValueError, OverflowError) as e:
        check("fit" in str(e) or "overflow" in str(e), str(e))
    try:
        LoRa(inv_iq=True)
        check(False, "an unknown keyword was taken")
    except TypeError as e:
        check("inv_iq" in str(e), "an unknown keyword is named")


all_refused()
raises(OSError, 19, socket.socket, socket.AF_LORA, socket.SOCK_RAW)

lora = LoRa()
check(LoRa() is lora and LoRa(0) is lora and LoRa(id=0) is lora, "there is one object")
equal(lora.frequency(), 868000000, "EU868 unless told otherwise")
equal(
    (lora.tx_power(), lora.sf(), lora.bandwidth(), lora.coding_rate()), (14, 7, 0, 1), "defaults"
)
equal((lora.preamble(), lora.power_mode()), (8, LoRa.ALWAYS_ON), "defaults")
equal(len(lora.mac()), 8, "mac() has eight bytes")

lora.init(region=LoRa.US915, sf=9, tx_iq=True, adr=False, tx_retries=1)
equal((lora.frequency(), lora.tx_power(), lora.sf()), (915000000, 20, 9), "init() sets")
equal(lora.airtime(10), 145, "air time of SF9, 125 kHz, 10 bytes: 144.4 ms")
lora.init(region=LoRa.EU868)
equal((lora.frequency(), lora.sf()), (868000000, 7), "what init() is not told has its default")
for name, value in (
    ("frequency", 869525000), ("tx_power", 2), ("sf", 12), ("bandwidth", 2), ("coding_rate", 4),
    ("preamble", 12), ("power_mode", LoRa.TX_ONLY),
):  # fmt: skip
    equal(getattr(lora, name)(value), None, name)
    equal(getattr(lora, name)(), value, name)
before = repr(lora)
all_refused()
raises(ValueError, None, lora.sf, 6)
raises(ValueError, None, lora.frequency, 10)
raises(TypeError, None, lora.init, 1)
raises(TypeError, None, lora.sf, "7")
equal(repr(lora), before, "refusals change nothing")
check("sf=12" in before and "869525000" in before, "repr says the settings")


class Node(LoRa):
    def __init__(self):
        self.name = "node"

    def address(self):
        return super().mac()


node = Node()
equal(node.address(), lora.mac(), "a subclass need not call our __init__")
equal((node.sf(), node.name), (12, "node"), "and has our methods")
equal(len(node.stats()), 10, "stats() has ten fields")
raises(ValueError, None, lora.airtime, 256)
raises(ValueError, None, lora.airtime, -1)
raises(ValueError, None, lora.ischannel_free, -80, 0)
raises(ValueError, None, lora.ischannel_free, -80, 10001)
raises(ValueError, None, lora.callback, 8, print)
raises(TypeError, None, lora.callback, 1, 5)
equal(lora.reset(), None, "reset")
equal(lora.ischannel_free(-60), True, "a quiet channel, one argument")
equal(lora.ischannel_free(-60, 5), True, "a quiet channel, two arguments")
done()
