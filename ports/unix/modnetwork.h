// What the files of the module `network` share.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_MODNETWORK_H
#define USOCKET_PORTS_UNIX_MODNETWORK_H

#include "py/obj.h"

extern const mp_obj_type_t wlan_type;

// Start the stack; raises OSError when a setting is wrong.
void network_start(void);

// (ip, mask, gateway, dns); zeros if own is false: an interface that is not there.
mp_obj_t network_ifconfig_get(bool own);
// The same as a tuple, or "dhcp", or "auto".
void network_ifconfig_set(mp_obj_t config);

// ipconfig("name") or ipconfig(name=value, ...), as upstream's.
mp_obj_t network_ipconfig(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args);

mp_obj_t network_get_hostname(void);
void network_set_hostname(mp_obj_t name);

MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(network_hostname_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(network_country_obj);
MP_DECLARE_CONST_FUN_OBJ_KW(network_ipconfig_obj);

#endif // USOCKET_PORTS_UNIX_MODNETWORK_H
