// The network settings of the host firmware, from its environment.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_CONFIG_H
#define USOCKET_PORTS_UNIX_HOST_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    HOST_NET_LOOP, // loopback only
    HOST_NET_SLIRP, // user-mode network
    HOST_NET_TAP, // TAP device of the PC
    HOST_NET_HUB, // tools/hub.py
} host_net_kind_t;

#define HOST_FORWARDS_MAX (32)

// A port of the PC that leads into the firmware.
typedef struct {
    bool udp;
    uint8_t host_ip[4];
    uint16_t host_port;
    uint16_t guest_port;
} host_forward_t;

typedef struct {
    host_net_kind_t kind;
    char tap_name[16]; // of the TAP device: IFNAMSIZ bytes
    uint16_t hub_port; // UDP, on 127.0.0.1
    bool has_ip; // a fixed address; else DHCP
    uint8_t ip[4];
    uint8_t mask[4];
    uint8_t gateway[4]; // 0.0.0.0: none
    bool has_mac;
    uint8_t mac[6];
    bool has_dns;
    uint8_t dns[4];
    uint16_t dns_port;
    unsigned int forward_count;
    host_forward_t forwards[HOST_FORWARDS_MAX];
} host_config_t;

// Fill from USOCKET_NET, USOCKET_FORWARD, USOCKET_DNS and USOCKET_MAC. Returns 0,
// or -NET_EINVAL after saying on stderr which value is wrong and what is allowed.
int host_config_read(host_config_t *config);

#endif // USOCKET_PORTS_UNIX_HOST_CONFIG_H
