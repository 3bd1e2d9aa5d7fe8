// Addresses and names of the module `network`.
// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "py/runtime.h"

#include "host_net.h"
#include "modnetwork.h"

#define DHCP_WAIT_MS (10000)
#define DHCP_SLICE_MS (100) // so often it looks whether Ctrl-C was pressed

// --- Addresses as text -------------------------------------------------------

static mp_obj_t ip_to_str(const uint8_t ip[4]) {
    char text[16];
    int len = snprintf(text, sizeof(text), "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
    return mp_obj_new_str(text, (size_t)len);
}

// Moves *text behind the address.
static bool parse_ip(const char **text, uint8_t ip[4]) {
    for (int i = 0; i < 4; i++) {
        if (i > 0 && *(*text)++ != '.') {
            return false;
        }
        if (!isdigit((unsigned char)**text)) {
            return false;
        }
        char *end;
        unsigned long number = strtoul(*text, &end, 10);
        if (number > 255 || end - *text > 3) {
            return false;
        }
        ip[i] = (uint8_t)number;
        *text = end;
    }
    return true;
}

static void raise_address(const char *text) {
    mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("'%s' is not an IPv4 address"), text);
}

static void ip_from_obj(mp_obj_t obj, uint8_t ip[4]) {
    const char *text = mp_obj_str_get_str(obj);
    const char *rest = text;
    if (!parse_ip(&rest, ip) || *rest != '\0') {
        raise_address(text);
    }
}

static void mask_from_bits(unsigned long bits, uint8_t mask[4]) {
    uint32_t value = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
    for (int i = 0; i < 4; i++) {
        mask[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

// "A.B.C.D/N", or ("A.B.C.D", mask) with a mask as text or a number of bits.
static void network_from_obj(mp_obj_t obj, uint8_t ip[4], uint8_t mask[4]) {
    if (mp_obj_is_type(obj, &mp_type_tuple) || mp_obj_is_type(obj, &mp_type_list)) {
        mp_obj_t *items;
        mp_obj_get_array_fixed_n(obj, 2, &items);
        ip_from_obj(items[0], ip);
        if (mp_obj_is_int(items[1])) {
            mask_from_bits((unsigned long)mp_obj_get_int(items[1]) & 63, mask);
        } else {
            ip_from_obj(items[1], mask);
        }
        return;
    }
    const char *text = mp_obj_str_get_str(obj);
    const char *rest = text;
    if (!parse_ip(&rest, ip)) {
        raise_address(text);
    }
    unsigned long bits = 32;
    if (*rest == '/') {
        char *end;
        bits = strtoul(rest + 1, &end, 10);
        rest = end;
    }
    if (*rest != '\0' || bits > 32) {
        raise_address(text);
    }
    mask_from_bits(bits, mask);
}

// --- ifconfig ----------------------------------------------------------------

mp_obj_t network_ifconfig_get(bool own) {
    host_net_status_t status;
    host_net_status(&status);
    if (!own) {
        memset(&status, 0, sizeof(status));
    }
    mp_obj_t items[4] = {
        ip_to_str(status.ip), ip_to_str(status.mask), ip_to_str(status.gateway), ip_to_str(status.dns),
    };
    return mp_obj_new_tuple(4, items);
}

static void use_dhcp(void) {
    bool good = host_net_dhcp();
    for (int waited = 0; !good && waited < DHCP_WAIT_MS; waited += DHCP_SLICE_MS) {
        MP_THREAD_GIL_EXIT();
        good = host_net_wait_address(DHCP_SLICE_MS);
        MP_THREAD_GIL_ENTER();
        mp_handle_pending(true);
    }
    if (!good) {
        mp_raise_msg(&mp_type_OSError, MP_ERROR_TEXT("no address from DHCP in 10 s"));
    }
}

void network_ifconfig_set(mp_obj_t config) {
    if (mp_obj_is_str(config)) {
        const char *text = mp_obj_str_get_str(config);
        if (strcmp(text, "dhcp") != 0 && strcmp(text, "auto") != 0) {
            mp_raise_msg_varg(&mp_type_ValueError,
                MP_ERROR_TEXT("'%s' is not 'dhcp' and not (ip, mask, gateway, dns)"), text);
        }
        use_dhcp();
        return;
    }
    mp_obj_t *items;
    mp_obj_get_array_fixed_n(config, 4, &items);
    uint8_t addresses[4][4];
    for (int i = 0; i < 4; i++) {
        ip_from_obj(items[i], addresses[i]);
    }
    host_net_set_address(addresses[0], addresses[1], addresses[2]);
    host_net_set_dns(addresses[3]);
}

// --- ipconfig ----------------------------------------------------------------

static mp_obj_t ipconfig_get(qstr name) {
    host_net_status_t status;
    host_net_status(&status);
    switch (name) {
        case MP_QSTR_addr4: {
            mp_obj_t items[2] = { ip_to_str(status.ip), ip_to_str(status.mask) };
            return mp_obj_new_tuple(2, items);
        }
        case MP_QSTR_gw4:
            return ip_to_str(status.gateway);
        case MP_QSTR_dns:
            return ip_to_str(status.dns);
        case MP_QSTR_dhcp4:
            return mp_obj_new_bool(status.dhcp);
        case MP_QSTR_has_dhcp4:
            return mp_obj_new_bool(status.dhcp && status.has_address);
        case MP_QSTR_prefer:
            return MP_OBJ_NEW_SMALL_INT(4);
        default:
            mp_raise_msg_varg(&mp_type_ValueError,
                MP_ERROR_TEXT("no setting '%q' here: addr4, gw4, dns, dhcp4, has_dhcp4"), name);
    }
}

static void ipconfig_set(qstr name, mp_obj_t value) {
    host_net_status_t status;
    host_net_status(&status);
    switch (name) {
        case MP_QSTR_addr4:
            network_from_obj(value, status.ip, status.mask);
            host_net_set_address(status.ip, status.mask, status.gateway);
            return;
        case MP_QSTR_gw4:
            ip_from_obj(value, status.gateway);
            host_net_set_address(status.ip, status.mask, status.gateway);
            return;
        case MP_QSTR_dns:
            ip_from_obj(value, status.dns);
            host_net_set_dns(status.dns);
            return;
        case MP_QSTR_dhcp4:
            if (mp_obj_is_true(value)) {
                use_dhcp();
            } else {
                host_net_set_address(status.ip, status.mask, status.gateway);
            }
            return;
        case MP_QSTR_prefer:
            if (mp_obj_get_int(value) == 4) {
                return;
            }
            mp_raise_ValueError(MP_ERROR_TEXT("only IPv4 here: prefer=4"));
        default:
            mp_raise_msg_varg(&mp_type_ValueError,
                MP_ERROR_TEXT("no setting '%q' here: addr4, gw4, dns, dhcp4"), name);
    }
}

mp_obj_t network_ipconfig(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args) {
    network_start();
    if (n_args == 1 && kw_args->used == 0) {
        return ipconfig_get(mp_obj_str_get_qstr(args[0]));
    }
    if (n_args != 0) {
        mp_raise_TypeError(MP_ERROR_TEXT("either one name or settings as name=value"));
    }
    for (size_t i = 0; i < kw_args->alloc; i++) {
        if (mp_map_slot_is_filled(kw_args, i)) {
            ipconfig_set(mp_obj_str_get_qstr(kw_args->table[i].key), kw_args->table[i].value);
        }
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_KW(network_ipconfig_obj, 0, network_ipconfig);

// --- Names -------------------------------------------------------------------

mp_obj_t network_get_hostname(void) {
    const char *name = host_net_hostname();
    return mp_obj_new_str(name, strlen(name));
}

void network_set_hostname(mp_obj_t name) {
    size_t len;
    const char *text = mp_obj_str_get_data(name, &len);
    if (len > HOST_NET_HOSTNAME_MAX) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("hostname has %u characters, at most %u"),
            (unsigned int)len, HOST_NET_HOSTNAME_MAX);
    }
    host_net_set_hostname(text);
}

static mp_obj_t network_hostname(size_t n_args, const mp_obj_t *args) {
    if (n_args == 0) {
        return network_get_hostname();
    }
    network_set_hostname(args[0]);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(network_hostname_obj, 0, 1, network_hostname);

// Which channels a radio may use; kept and reported.
static mp_obj_t network_country(size_t n_args, const mp_obj_t *args) {
    static char country[2] = { 'X', 'X' };
    if (n_args == 0) {
        return mp_obj_new_str(country, 2);
    }
    size_t len;
    const char *text = mp_obj_str_get_data(args[0], &len);
    if (len != 2) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("country is '%s', two letters are needed"), text);
    }
    memcpy(country, text, 2);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(network_country_obj, 0, 1, network_country);
