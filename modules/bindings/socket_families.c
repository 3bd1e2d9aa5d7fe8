// The socket families of this firmware: the composition root, and the only
// table that feature switches touch.
// SPDX-License-Identifier: MIT
#include "py/runtime.h"

#include "bindings/modsocket.h"
#include "inet/inet.h"
#include "lora/lora.h"
#include "sigfox/sigfox.h"
#include "usocket_config.h"

static const struct {
    uint16_t family;
    uint8_t default_type;
    bool follows_pycom; // whatever socket.compat() says
    const net_ops_t *ops;
} families[] = {
    #if USOCKET_INET
    { NET_AF_INET, NET_SOCK_STREAM, false, &inet_ops },
    #endif
    #if USOCKET_LORA
    { NET_AF_LORA, NET_SOCK_RAW, true, &lora_ops },
    #endif
    #if USOCKET_SIGFOX
    { NET_AF_SIGFOX, NET_SOCK_RAW, true, &sigfox_ops },
    #endif
};

// The family's place in the table, -1 when this firmware does not have it.
static int find(int family) {
    for (size_t i = 0; i < MP_ARRAY_SIZE(families); ++i) {
        if (families[i].family == family) {
            return (int)i;
        }
    }
    return -1;
}

const net_ops_t *socket_family_ops(int family) {
    int i = find(family);
    return i < 0 ? NULL : families[i].ops;
}

int socket_family_default_type(int family) {
    int i = find(family);
    return i < 0 ? NET_SOCK_RAW : families[i].default_type;
}

bool socket_family_follows_pycom(int family) {
    int i = find(family);
    return i >= 0 && families[i].follows_pycom;
}

int socket_families_start(void) {
    #if USOCKET_INET
    return inet_port_start();
    #else
    return 0;
    #endif
}
