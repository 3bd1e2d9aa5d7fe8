// The Python side of AF_INET: addresses and host names <-> net_addr_t, and the
// functions of module socket that are about names.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/mphal.h"
#include "py/mpthread.h"
#include "py/objlist.h"
#include "py/objstr.h"
#include "py/objtuple.h"
#include "py/runtime.h"

#include "bindings/modsocket.h"
#include "inet/inet.h"
#include "usocket_config.h"

// lwIP gives up by itself after trying each server four times; this bounds a
// resolver that does not.
#define LOOKUP_TIMEOUT_MS (60000)
#define EAI_FAMILY (204)

// Upstream raises lwIP's resolution codes negative, Pycom positive.
static SOCKET_NORETURN void raise_lookup(int ret) {
    mp_obj_t args[] = {
        MP_OBJ_NEW_SMALL_INT(socket_compat_pycom ? -ret : ret),
        mp_obj_new_str_from_cstr(ret == -INET_EAI_MEMORY ? "EAI_MEMORY: too many lookups at once"
            : ret == -EAI_FAMILY ? "EAI_FAMILY: only AF_INET" : "EAI_FAIL: no such name, or no DNS server answered"),
    };
    nlr_raise(mp_obj_new_exception_args(&mp_type_OSError, MP_ARRAY_SIZE(args), args));
}

// Resolve, dropping the GIL, interruptible.
static void lookup(const char *name, uint8_t ip[4]) {
    int handle;
    int ret = inet_lookup_start(name, ip, &handle);
    mp_uint_t start = mp_hal_ticks_ms();
    while (ret == -NET_EAGAIN) {
        MP_THREAD_GIL_EXIT();
        ret = inet_lookup_wait(handle, USOCKET_WAIT_SLICE_MS, ip);
        MP_THREAD_GIL_ENTER();
        if (ret != -NET_EAGAIN) {
            break;
        }
        nlr_buf_t nlr;
        if (nlr_push(&nlr) == 0) {
            mp_handle_pending(true);
            nlr_pop();
        } else {
            inet_lookup_cancel(handle);
            nlr_jump(nlr.ret_val);
        }
        if (mp_hal_ticks_ms() - start > LOOKUP_TIMEOUT_MS) {
            inet_lookup_cancel(handle);
            ret = -INET_EAI_FAIL;
        }
    }
    if (ret < 0) {
        raise_lookup(ret);
    }
}

static void host_to_ip(mp_obj_t host_in, uint8_t ip[4]) {
    size_t len;
    const char *host = mp_obj_str_get_data(host_in, &len);
    const char *why;
    switch (inet_host_parse(host, len, ip, &why)) {
        case INET_HOST_ADDR:
            return;
        case INET_HOST_NAME:
            lookup(host, ip); // Python strings end with a NUL
            return;
        default:
            mp_raise_msg_varg(&mp_type_ValueError,
                MP_ERROR_TEXT("bad IPv4 address '%s': %s; write it as '192.168.1.2' or give a host name"), host, why);
    }
}

static uint16_t get_port(mp_obj_t port_in) {
    mp_int_t port = mp_obj_get_int(port_in);
    if (port < 0 || port > 0xffff) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("port %d is not in 0..65535"), (int)port);
    }
    return port;
}

void socket_inet_parse(mp_obj_t addr_in, net_addr_t *addr) {
    mp_obj_t *items;
    size_t n;
    mp_obj_get_array(addr_in, &n, &items);
    if (n != 2) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("address has %d items, not (host, port)"), (int)n);
    }
    addr->family = NET_AF_INET;
    addr->inet.port = get_port(items[1]);
    host_to_ip(items[0], addr->inet.ip);
}

static mp_obj_t ip_to_str(const uint8_t ip[4]) {
    char str[INET_ADDR_STR_SIZE];
    inet_addr_format(ip, str);
    // Not mp_obj_new_str(), which would search all interned strings for it.
    return mp_obj_new_str_copy(&mp_type_str, (const byte *)str, strlen(str));
}

mp_obj_t socket_inet_format(const net_addr_t *addr) {
    mp_obj_t items[] = { ip_to_str(addr->inet.ip), MP_OBJ_NEW_SMALL_INT(addr->inet.port) };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}

// socket.getaddrinfo(host, port[, family, type, proto, flags])
static mp_obj_t socket_getaddrinfo(size_t n_args, const mp_obj_t *args) {
    mp_int_t family = n_args > 2 ? mp_obj_get_int(args[2]) : 0;
    mp_int_t type = n_args > 3 ? mp_obj_get_int(args[3]) : 0;
    mp_int_t proto = n_args > 4 ? mp_obj_get_int(args[4]) : 0;
    if (family != 0 && family != NET_AF_INET) {
        raise_lookup(-EAI_FAMILY);
    }
    net_addr_t addr = { .family = NET_AF_INET };
    // The port may be text, as for CPython; an int or text, int() takes both.
    addr.inet.port = get_port(mp_call_function_1(MP_OBJ_FROM_PTR(&mp_type_int), args[1]));
    host_to_ip(args[0], addr.inet.ip);
    mp_obj_t items[] = {
        MP_OBJ_NEW_SMALL_INT(NET_AF_INET),
        MP_OBJ_NEW_SMALL_INT(type == 0 ? NET_SOCK_STREAM : type),
        MP_OBJ_NEW_SMALL_INT(proto),
        socket_compat_pycom ? MP_OBJ_NEW_QSTR(MP_QSTR_) : args[0],
        socket_inet_format(&addr),
    };
    mp_obj_t tuple = mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
    return mp_obj_new_list(1, &tuple);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_getaddrinfo_obj, 2, 6, socket_getaddrinfo);

// socket.dnsserver([index[, ip]])
static mp_obj_t socket_dnsserver(size_t n_args, const mp_obj_t *args) {
    uint8_t ip[4];
    if (n_args == 0) {
        mp_obj_t items[INET_DNS_SERVERS];
        for (size_t i = 0; i < INET_DNS_SERVERS; ++i) {
            inet_dns_get(i, ip);
            items[i] = ip_to_str(ip);
        }
        return mp_obj_new_tuple(INET_DNS_SERVERS, items);
    }
    if (!mp_obj_is_small_int(args[0])) {
        mp_raise_ValueError(MP_ERROR_TEXT("invalid argument(s) num/type: the index is an int"));
    }
    mp_int_t index = MP_OBJ_SMALL_INT_VALUE(args[0]);
    if (index < 0 || index >= INET_DNS_SERVERS) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("Index out of range! %d is not 0 or 1"), (int)index);
    }
    if (n_args == 1) {
        inet_dns_get(index, ip);
        mp_obj_t items[] = { args[0], ip_to_str(ip) };
        return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
    }
    host_to_ip(args[1], ip);
    int ret = inet_dns_set(index, ip);
    if (ret < 0) {
        socket_raise(ret);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_dnsserver_obj, 0, 2, socket_dnsserver);
