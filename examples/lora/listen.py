# Prints raw LoRa frames and says how well they were heard, until Ctrl-C.

import socket

from network import LoRa

lora = LoRa(mode=LoRa.LORA, region=LoRa.EU868, frequency=868100000, sf=7)
s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
print("listening on %.1f MHz, SF%d" % (lora.frequency() / 1e6, lora.sf()))
while True:
    frame = s.recv(255)
    stats = lora.stats()
    heard = "RSSI %d dBm, SNR %.1f dB" % (stats.rssi, stats.snr)
    print("%r (%s)" % (frame, heard))
    s.send("heard you: " + heard)
