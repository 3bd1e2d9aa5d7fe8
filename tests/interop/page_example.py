from network import WLAN
import time
import socket
import ssl
import uselect as select

wlan = WLAN(mode=WLAN.STA)
wlan.connect(ssid='<AP_SSID>', auth=(WLAN.WPA2, '<PASS>'))
while not wlan.isconnected():
    time.sleep(1)
    print("Wifi .. Connecting")

print ("Wifi Connected")

a = socket.getaddrinfo('www.postman-echo.com', 443)[0][-1]
s = socket.socket()
s.setblocking(False)
s = ssl.wrap_socket(s)
try:
    s.connect(a)
except OSError as e:
    if str(e) == '119': # For non-Blocking sockets 119 is EINPROGRESS
        print("In Progress")
    else:
        raise e
poller = select.poll()
poller.register(s, select.POLLOUT | select.POLLIN)
while True:
    res = poller.poll(1000)
    if res:
        if res[0][1] & select.POLLOUT:
            print("Doing Handshake")
            s.do_handshake()
            print("Handshake Done")
            s.send(b"GET / HTTP/1.0\r\n\r\n")
            poller.modify(s,select.POLLIN)
            continue
        if res[0][1] & select.POLLIN:
            print(s.recv(4092))
            break
    break
