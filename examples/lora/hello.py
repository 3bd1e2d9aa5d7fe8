# Sends a raw LoRa frame each second, and prints the answer.

import socket
import time

from network import LoRa

lora = LoRa(mode=LoRa.LORA, region=LoRa.EU868, frequency=868100000, sf=7)
s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
s.settimeout(2)
for number in range(1, 11):
    s.send("hello %d" % number)
    try:
        answer = s.recv(255)
        stats = lora.stats()
        print("%r (RSSI %d dBm, SNR %.1f dB)" % (answer, stats.rssi, stats.snr))
    except LoRa.timeout:
        print("nobody answers")
    time.sleep(1)
