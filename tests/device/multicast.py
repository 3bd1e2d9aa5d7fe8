# Multicast groups: joining, leaving, and what is refused. On every interface, since
# loopback has no multicast.

import socket

from devtest import done, equal, raises

GROUP = bytes([239, 1, 2, 3])
UNICAST = bytes([10, 0, 0, 1])
ANY = bytes(4)

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 8771))
s.settimeout(0.5)
try:
    s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, GROUP + ANY)
except OSError as e:
    print("SKIP: no interface takes part in multicast here (%r)" % e)
    raise SystemExit

raises(OSError, 112, s.setsockopt, socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, GROUP + ANY)
s.setsockopt(socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, GROUP + ANY)
raises(OSError, 125, s.setsockopt, socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, GROUP + ANY)
raises(OSError, 22, s.setsockopt, socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, GROUP)
raises(OSError, 125, s.setsockopt, socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, UNICAST + ANY)
t = socket.socket()
raises(OSError, 95, t.setsockopt, socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, GROUP + ANY)
t.close()

# As many times as there are sockets and more: closing leaves the group.
for _ in range(30):
    member = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, GROUP + ANY)
    member.close()

s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 4)
equal(s.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL), 4, "the TTL is kept")
s.close()
done()
