// The socket families of this firmware: the composition root, and the only
// table that feature switches touch.
// SPDX-License-Identifier: MIT
#include "py/runtime.h"

#include "bindings/modsocket.h"
#include "inet/inet.h"

static const struct {
    uint16_t family;
    uint8_t default_type;
    const net_ops_t *ops;
} families[] = {
    { NET_AF_INET, NET_SOCK_STREAM, &inet_ops },
};

const net_ops_t *socket_family_ops(int family) {
    for (size_t i = 0; i < MP_ARRAY_SIZE(families); ++i) {
        if (families[i].family == family) {
            return families[i].ops;
        }
    }
    return NULL;
}

int socket_family_default_type(int family) {
    for (size_t i = 0; i < MP_ARRAY_SIZE(families); ++i) {
        if (families[i].family == family) {
            return families[i].default_type;
        }
    }
    return NET_SOCK_RAW;
}
