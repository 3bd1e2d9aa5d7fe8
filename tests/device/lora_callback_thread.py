# SPDX-License-Identifier: MIT
"""lora.callback() where there are threads: the handler has one of its own."""

import time
from _lorapeer import Peer, lora
from devtest import check, done, equal, skip

try:
    import _thread
except ImportError:
    skip("this firmware has no threads")

lora, LoRa = lora()
peer = Peer()
threads = []
lora.callback(LoRa.RX_PACKET_EVENT, lambda arg: threads.append(_thread.get_ident()))
peer.send(b"first")
for _ in range(3000):
    if threads:
        break
    time.sleep_ms(1)
equal(len(threads), 1, "one frame, one call")
check(threads[0] != _thread.get_ident(), "in a thread of its own")
lora.callback(None)
done()
