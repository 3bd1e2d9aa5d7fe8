// The host firmware's network: starts lwIP and its interface. Python-free.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_NET_H
#define USOCKET_PORTS_UNIX_HOST_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Start lwIP and the interface that the environment asks for, once; later calls
// return the first one's result. Returns 0, or a negative number of
// net/net_errno.h after printing what is wrong with the setting to stderr.
int host_net_start(void);

// After a good start: sleep, at most timeout_ms, until the interface has an address.
// True when it has, and when 3 s have passed since the start without one from DHCP: a
// board would go on as well. Blocks: release the GIL.
bool host_net_settled(uint32_t timeout_ms);

typedef struct {
    const char *kind; // "slirp", "tap", "hub", "loop"
    bool up; // the interface is switched on
    bool has_address;
    bool dhcp; // addresses come from DHCP
    uint8_t ip[4]; // in the order they are written; 0.0.0.0 for none
    uint8_t mask[4];
    uint8_t gateway[4];
    uint8_t dns[4];
    uint8_t mac[6];
} host_net_status_t;

// After host_net_start(). Under "loop" it is the loopback interface's.
void host_net_status(host_net_status_t *status);

// Switch the interface on or off. Off loses a DHCP address; on asks for one.
void host_net_set_up(bool up);

// Fixed addresses; stops DHCP.
void host_net_set_address(const uint8_t ip[4], const uint8_t mask[4], const uint8_t gateway[4]);
void host_net_set_dns(const uint8_t dns[4]);

// Ask for an address by DHCP (again). True when there is one already.
bool host_net_dhcp(void);
// Sleep, at most timeout_ms, for what host_net_dhcp() asked for. Blocks: release the
// GIL.
bool host_net_wait_address(uint32_t timeout_ms);

// At the end of the program: wait at most half a second for data on its way.
void host_net_finish(void);

// The name that DHCP tells the network. At most 32 characters; may be set
// before the start.
#define HOST_NET_HOSTNAME_MAX (32)
void host_net_set_hostname(const char *name);
const char *host_net_hostname(void);

#endif // USOCKET_PORTS_UNIX_HOST_NET_H
