// AF_INET over lwIP: streams, datagrams and raw sockets, names.
//
// Works with lwIP's core lock on or off. Errors are -NET_E* (net/net.h);
// name resolution has codes of its own, INET_EAI_*.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_INET_INET_H
#define USOCKET_INET_INET_H

#include "net/net.h"

extern const net_ops_t inet_ops;

// Start the IP stack of this port, once; later calls do nothing. Defined by the
// port. 0 or a negative errno. -NET_EAGAIN: the stack runs, and the port would like
// the caller to wait for an address; call again. A call blocks for 0.1 s at most:
// release the GIL.
int inet_port_start(void);

// Option numbers are lwIP's on every target.
#define INET_SOL_SOCKET (0xfff)
#define INET_SO_REUSEADDR (0x0004)
#define INET_SO_KEEPALIVE (0x0008)
#define INET_SO_BROADCAST (0x0020)
#define INET_SO_ERROR (0x1007)
#define INET_SO_BINDTODEVICE (0x100b)
#define INET_IPPROTO_IP (0)
#define INET_IPPROTO_ICMP (1)
#define INET_IPPROTO_TCP (6)
#define INET_IPPROTO_UDP (17)
#define INET_IPPROTO_IPV6 (41)
#define INET_IPPROTO_RAW (255)
#define INET_IP_TTL (2)
#define INET_IP_ADD_MEMBERSHIP (3)
#define INET_IP_DROP_MEMBERSHIP (4)
#define INET_IP_MULTICAST_TTL (5)
#define INET_IP_MULTICAST_IF (6)
#define INET_IP_MULTICAST_LOOP (7)
#define INET_TCP_NODELAY (1)

// What a host string is.
typedef enum {
    INET_HOST_ADDR, // a dotted quad; ip is filled
    INET_HOST_NAME, // a name to be resolved
    INET_HOST_BAD, // neither
} inet_host_t;

// Look at a host string; "" is 0.0.0.0. ip is written only for INET_HOST_ADDR.
// For INET_HOST_BAD *why says what is wrong with it, in words.
inet_host_t inet_host_parse(const char *host, size_t len, uint8_t ip[4], const char **why);

// "255.255.255.255" and a NUL.
#define INET_ADDR_STR_SIZE (16)
void inet_addr_format(const uint8_t ip[4], char str[INET_ADDR_STR_SIZE]);

// Name resolution codes, those of lwIP and of Pycom; returned negated.
#define INET_EAI_NONAME (200)
#define INET_EAI_FAIL (202)
#define INET_EAI_MEMORY (203)

// Resolve a name (at most 255 characters) without blocking. 0: ip is filled.
// -NET_EAGAIN: *handle is 0 or more; call inet_lookup_wait until it answers
// something else, or inet_lookup_cancel. Any thread; a few at once
// (-INET_EAI_MEMORY when all are in use). -INET_EAI_FAIL also when no DNS server
// is set.
int inet_lookup_start(const char *name, uint8_t ip[4], int *handle);
// Sleep at most timeout_ms. -NET_EAGAIN: not known yet. Else the handle is over:
// 0 and ip, or -INET_EAI_FAIL (no such name, or no server answered).
int inet_lookup_wait(int handle, uint32_t timeout_ms, uint8_t ip[4]);
void inet_lookup_cancel(int handle);

// DNS servers, index 0 and 1. 0.0.0.0 is "not set".
#define INET_DNS_SERVERS (2)
void inet_dns_get(unsigned index, uint8_t ip[4]);
int inet_dns_set(unsigned index, const uint8_t ip[4]);

#endif // USOCKET_INET_INET_H
