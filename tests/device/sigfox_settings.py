# SPDX-License-Identifier: MIT
"""network.Sigfox: constants, the constructor, identity, zones, refusals."""

import network
import socket
from devtest import check, done, equal, raises
from network import Sigfox

for name, value in (
    ("SIGFOX", 0), ("FSK", 1), ("RCZ1", 0), ("RCZ2", 1), ("RCZ3", 2), ("RCZ4", 3), ("RCZ5", 4),
    ("RCZ6", 5), ("RCZ7", 6),
):  # fmt: skip
    equal(getattr(Sigfox, name), value, name)
equal(socket.AF_SIGFOX, 161, "AF_SIGFOX")
equal(socket.SOL_SIGFOX, 0xFFF06, "SOL_SIGFOX")
equal(
    (socket.SO_RX, socket.SO_TX_REPEAT, socket.SO_OOB, socket.SO_BIT),
    (0xF0004, 0xF0005, 0xF0006, 0xF0007),
    "options",
)
check(network.Sigfox is Sigfox, "network.Sigfox")
check(Sigfox.timeout is socket.timeout, "Sigfox.timeout is socket.timeout")

# Before it is set up.
e = raises(OSError, 19, socket.socket, socket.AF_SIGFOX, socket.SOCK_RAW)
check("network.Sigfox()" in str(e), "a socket before Sigfox() says what is missing")
e = raises(OSError, None, Sigfox, 1)
check("resource not available" in str(e), str(e))
e = raises(ValueError, None, Sigfox, 0, 2)
check("invalid mode 2" in str(e), str(e))
e = raises(ValueError, None, lambda: Sigfox(rcz=7))
check("invalid rcz 7" in str(e), str(e))
e = raises(ValueError, None, lambda: Sigfox(mode=Sigfox.FSK, frequency=433000000))
check("433000000 out of range" in str(e), str(e))
raises(TypeError, None, lambda: Sigfox(frequenz=1))

sigfox = Sigfox(mode=Sigfox.SIGFOX, rcz=Sigfox.RCZ1)
equal(sigfox.frequencies(), (868130000, 869525000), "frequencies of RCZ1")
equal(repr(sigfox), "<Sigfox mode=SIGFOX, rcz=RCZ1>", "repr")
check(Sigfox() is sigfox, "there is one")
equal(len(sigfox.mac()), 8, "mac")
check("usocket" in sigfox.version(), sigfox.version())
equal(sigfox.rssi(), 0, "nothing was heard")
equal(sigfox.info(), None, "RCZ1 has nothing to tell")
raises(OSError, 95, sigfox.config)
raises(OSError, 124, socket.socket, socket.AF_SIGFOX, socket.SOCK_DGRAM)

# Who it is.
raises(OSError, 115, sigfox.id)
raises(OSError, 115, sigfox.pac)
check("provision" in sigfox.last_error(), sigfox.last_error())
s = socket.socket(socket.AF_SIGFOX, socket.SOCK_RAW)
raises(OSError, 115, s.send, b"x")
ID, PAC, KEY = bytes.fromhex("00a1b2c3"), b"PACPACPA", b"\xaakeykeykeykey\x01\x02\x03"
raises(ValueError, None, sigfox.provision, b"123", PAC, KEY)
raises(ValueError, None, sigfox.provision, ID, b"", KEY)
e = raises(ValueError, None, sigfox.provision, ID, PAC, KEY[:15])
check("16 bytes, not 15" in str(e), str(e))
raises(ValueError, None, sigfox.provision, bytes(4), PAC, KEY)
raises(ValueError, None, sigfox.provision, ID, PAC, b"\xff" * 16)
raises(OSError, 115, sigfox.id)
sigfox.provision(ID, PAC, KEY)
equal(sigfox.id(), ID, "id")
equal(sigfox.pac(), PAC, "pac")
for text in (repr(sigfox), str(dir(sigfox)), sigfox.last_error()):
    check("keykey" not in text and "6b65796b6579" not in text, "no key in " + text)
check(not hasattr(sigfox, "key") and not hasattr(sigfox, "private_key"), "the key stays inside")
equal(sigfox.public_key(), False, "its own key")
sigfox.public_key(True)
equal(sigfox.public_key(), True, "the test key")
sigfox.public_key(False)

equal(sigfox.counter(), 0, "counter")
sigfox.counter(4095)
equal(sigfox.counter(), 4095, "set")
raises(ValueError, None, sigfox.counter, 4096)
raises(ValueError, None, sigfox.counter, -1)
equal(sigfox.counter(), 4095, "and unchanged")

equal((sigfox.freq_offset(), sigfox.rssi_offset()), (0, 0), "calibration")
sigfox.freq_offset(-1200)
sigfox.rssi_offset(4)
equal((sigfox.freq_offset(), sigfox.rssi_offset()), (-1200, 4), "calibration, set")
raises(ValueError, None, sigfox.freq_offset, 1000000)
raises(ValueError, None, sigfox.rssi_offset, 1000)
sigfox.freq_offset(0)
sigfox.rssi_offset(0)

# Zones.
for rcz, up, down in (
    (1, 902200000, 905200000), (2, 923200000, 922200000), (3, 920800000, 922300000),
    (4, 923300000, 922300000), (5, 865200000, 866300000), (6, 868800000, 869100000),
):  # fmt: skip
    sigfox.init(mode=Sigfox.SIGFOX, rcz=rcz)
    equal(sigfox.frequencies(), (up, down), "RCZ%d" % (rcz + 1))
    equal(sigfox.id(), ID, "the number stays")
sigfox.init(Sigfox.SIGFOX, Sigfox.RCZ2)
equal(sigfox.config(), (1, 0, 0), "RCZ2's channel")
equal(sigfox.info(), (1, 6), "RCZ2's info")
sigfox.config((0x1FF, 0, 0))
equal(sigfox.config(), (0x1FF, 0, 0), "RCZ2's long set")
equal(sigfox.info(), (0, 6), "not the default")
raises(ValueError, None, sigfox.config, (0, 0, 0))
raises(ValueError, None, sigfox.config, (0, 0))
sigfox.init(rcz=Sigfox.RCZ4)
equal(sigfox.config(), (0, 0x40000000, 0), "RCZ4's channel")
sigfox.config((0, 0xF0000000, 0x1F))
equal(sigfox.config(), (0, 0xF0000000, 0x1F), "RCZ4's long set")
sigfox.init(rcz=Sigfox.RCZ3)
equal(sigfox.config(), (3, 5000, 0), "RCZ3's tries")
sigfox.config((1, 12000, 0x100))
equal(sigfox.config(), (1, 12000, 0x100), "RCZ3's, for certification")
raises(ValueError, None, sigfox.config, (1, 100000, 0))
equal(sigfox.info(), (0, 0), "RCZ3's info")

# Options.
raises(OSError, 95, s.setsockopt, socket.SOL_SIGFOX, 1, 1)
raises(OSError, 95, s.setsockopt, socket.SOL_LORA, socket.SO_RX, 1)
raises(OSError, 22, s.setsockopt, socket.SOL_SIGFOX, socket.SO_TX_REPEAT, 3)
raises(OSError, 22, s.setsockopt, socket.SOL_SIGFOX, socket.SO_TX_REPEAT, -1)
check("SO_TX_REPEAT -1" in sigfox.last_error(), sigfox.last_error())
for option in (socket.SO_RX, socket.SO_OOB, socket.SO_BIT):
    for value in (True, False, 1, 0):
        equal(s.setsockopt(socket.SOL_SIGFOX, option, value), None, "taken")
for repeat in (0, 1, 2):
    s.setsockopt(socket.SOL_SIGFOX, socket.SO_TX_REPEAT, repeat)
e = raises(OSError, 122, s.send, b"thirteen byte")
check("13 bytes is over 12" in sigfox.last_error(), sigfox.last_error())
raises(OSError, 95, s.bind, 1)
raises(OSError, 95, s.sendto, b"x", 1)
s.setsockopt(socket.SOL_SIGFOX, socket.SO_OOB, True)
raises(OSError, 22, s.send, b"x")
s.close()
raises(OSError, 9, s.send, b"x")

# A carrier for a bench.
sigfox.init(rcz=Sigfox.RCZ1)
raises(ValueError, None, sigfox.cw, 868300000, True)
raises(ValueError, None, sigfox.cw, 868130000, True, 0xE7)
sigfox.cw(868130000, True)
raises(OSError, 16, sigfox.cw, 868130000, True)
sigfox.cw(868130000, False)


class Mine(Sigfox):
    def __init__(self):
        pass

    def number(self):
        return super().id()


equal(Mine().number(), ID, "a subclass that does not call __init__")
done()
