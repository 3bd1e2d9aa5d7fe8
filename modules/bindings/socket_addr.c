// Python addresses <-> net_addr_t. AF_INET's are in socket_inet.c.
// SPDX-License-Identifier: MIT
#include "py/runtime.h"

#include "bindings/modsocket.h"
#include "usocket_config.h"

// Radios: the port, alone or as (anything, port). The family says what is too much.
static void parse_port(uint16_t family, mp_obj_t addr_in, net_addr_t *addr) {
    if (!mp_obj_is_int(addr_in)) {
        mp_obj_t *items;
        mp_obj_get_array_fixed_n(addr_in, 2, &items);
        addr_in = items[1];
    }
    mp_int_t port = mp_obj_get_int(addr_in);
    addr->family = family;
    addr->port = port < 0 || port > INT32_MAX ? UINT32_MAX : (uint32_t)port;
}

void socket_addr_parse(socket_obj_t *self, mp_obj_t addr_in, net_addr_t *addr) {
    #if USOCKET_INET
    if (self->net.family == NET_AF_INET) {
        socket_inet_parse(addr_in, addr);
        return;
    }
    #endif
    parse_port(self->net.family, addr_in, addr);
}

mp_obj_t socket_addr_format(const net_addr_t *addr) {
    #if USOCKET_INET
    if (addr->family == NET_AF_INET) {
        return socket_inet_format(addr);
    }
    #endif
    return MP_OBJ_NEW_SMALL_INT(addr->port);
}
