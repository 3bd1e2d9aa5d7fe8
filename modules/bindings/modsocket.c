// Modules socket and usocket: the socket type and its methods. A method parses,
// calls the socket core until it no longer answers -NET_EAGAIN, and raises or
// returns. Waiting is in socket_wait.c, read()/write()/poll in socket_stream.c.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/gc.h"
#include "py/mpthread.h"
#include "py/objstr.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "bindings/modsocket.h"
#include "inet/inet.h"
#include "lora/lora.h"
#include "sigfox/sigfox.h"
#include "usocket_config.h"

bool socket_compat_pycom = USOCKET_COMPAT_PYCOM;

socket_obj_t *socket_new(const mp_obj_type_t *type, size_t size) {
    socket_obj_t *self = gc_alloc(size, GC_ALLOC_FLAG_HAS_FINALISER);
    if (self == NULL) {
        m_malloc_fail(size);
    }
    memset(self, 0, size);
    self->base.type = type;
    self->timeout_ms = -1;
    return self;
}

socket_obj_t *socket_from_obj_maybe(mp_obj_t obj) {
    if (!mp_obj_is_obj(obj)) {
        return NULL;
    }
    const mp_obj_type_t *type = mp_obj_get_type(obj);
    return MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, protocol) == &socket_stream_p ? MP_OBJ_TO_PTR(obj) : NULL;
}

/******************************************************************************/
// Life

static void socket_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    (void)kind;
    socket_obj_t *self = socket_self(self_in);
    mp_printf(print, "<%q %sfd=%d, family=%d, type=%d, proto=%d>", self->base.type->name,
        self->net.ops == NULL ? "[closed] " : "", MAX(net_fileno(&self->net), -1),
        self->net.family, self->net.type, self->net.proto);
}

// lwIP has a fixed number of sockets: collect forgotten ones before giving up.
static int open_or_collect(net_socket_t *net, const net_ops_t *ops, int family, int type, int proto) {
    int ret = net_open(net, ops, family, type, proto);
    if (ret == -NET_ENFILE || ret == -NET_ENOBUFS) {
        gc_collect();
        ret = net_open(net, ops, family, type, proto);
    }
    return ret;
}

static SOCKET_NORETURN void raise_errno_with(int error, const char *format, mp_int_t value) {
    vstr_t text;
    vstr_init(&text, 48);
    vstr_printf(&text, format, (int)value);
    mp_obj_t args[] = { MP_OBJ_NEW_SMALL_INT(error), mp_obj_new_str_from_vstr(&text) };
    nlr_raise(mp_obj_new_exception_args(&mp_type_OSError, MP_ARRAY_SIZE(args), args));
}

static SOCKET_NORETURN void raise_not_opened(int ret, int family, mp_int_t type) {
    if (ret == -NET_ENODEV) {
        raise_errno_with(NET_ENODEV, family == NET_AF_SIGFOX ? "Network card not available: call network.Sigfox() first"
            : "Network card not available: call network.LoRa() first", 0);
    }
    if (ret == -NET_ESOCKTNOSUPPORT) {
        raise_errno_with(NET_ESOCKTNOSUPPORT, "incorrect socket type %d", type);
    }
    socket_raise(ret);
}

// socket.socket([family[, type[, proto[, fileno]]]])
static mp_obj_t socket_make_new(const mp_obj_type_t *type_in, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 4, false);
    int family = n_args > 0 ? socket_get_int(args[0]) : NET_AF_INET;
    const net_ops_t *ops = socket_family_ops(family);
    if (ops == NULL) {
        raise_errno_with(NET_EAFNOSUPPORT, "family %d is not in this firmware", family);
    }
    int type = n_args > 1 ? socket_get_int(args[1]) : socket_family_default_type(family);
    int proto = n_args > 2 ? socket_get_int(args[2]) : type == NET_SOCK_STREAM ? INET_IPPROTO_TCP : 0;
    if (type < NET_SOCK_STREAM || type > NET_SOCK_RAW) {
        mp_raise_msg_varg(&mp_type_OSError, MP_ERROR_TEXT("incorrect socket type %d"), type);
    }
    if (proto < 0 || proto > 255) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("protocol %d is not in 0..255"), proto);
    }
    socket_obj_t *self = socket_new(type_in, sizeof(*self));
    int ret = open_or_collect(&self->net, ops, family, type, proto);
    if (ret < 0) {
        raise_not_opened(ret, family, type);
    }
    return MP_OBJ_FROM_PTR(self);
}

void socket_collect(socket_obj_t *self) {
    // The heap is locked while garbage is collected. Called by a script, it is a close as any.
    (USOCKET_RESET_DELETES_THREADS && gc_is_locked() ? net_abandon : net_close)(&self->net);
}

static mp_obj_t socket_del(mp_obj_t self_in) {
    socket_collect(socket_self(self_in));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_del_obj, socket_del);

static mp_obj_t socket_exit(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    net_close(&socket_self(args[0])->net);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_exit_obj, 4, 4, socket_exit);

static mp_obj_t socket_fileno(mp_obj_t self_in) {
    return MP_OBJ_NEW_SMALL_INT(socket_check(net_fileno(&socket_self(self_in)->net)));
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_fileno_obj, socket_fileno);

// s.makefile(mode='rb', ...): the socket itself, so that closing one closes both.
static mp_obj_t socket_makefile(size_t n_args, const mp_obj_t *args) {
    const char *mode = n_args > 1 ? mp_obj_str_get_str(args[1]) : "rb";
    if (strcmp(mode, "rb") != 0 && strcmp(mode, "wb") != 0 && strcmp(mode, "rwb") != 0) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("invalid mode '%s': use 'rb', 'wb' or 'rwb'"), mode);
    }
    return args[0];
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_makefile_obj, 1, 6, socket_makefile);

/******************************************************************************/
// Connections

static mp_obj_t socket_bind(mp_obj_t self_in, mp_obj_t addr_in) {
    socket_obj_t *self = socket_self(self_in);
    net_addr_t addr;
    socket_addr_parse(self, addr_in, &addr);
    return socket_none(net_bind(&self->net, &addr));
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_bind_obj, socket_bind);

static mp_obj_t socket_listen(size_t n_args, const mp_obj_t *args) {
    mp_int_t backlog = n_args > 1 ? mp_obj_get_int(args[1]) : USOCKET_BACKLOG_DEFAULT;
    return socket_none(net_listen(&socket_self(args[0])->net, MIN(MAX(backlog, 0), 255)));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_listen_obj, 1, 2, socket_listen);

// s.accept() -> (connection, address)
static mp_obj_t socket_accept(mp_obj_t self_in) {
    socket_obj_t *self = socket_self(self_in);
    // Everything that can fail is allocated before a connection is taken.
    socket_obj_t *child = socket_new(&socket_type, sizeof(*child));
    mp_obj_t items[] = { MP_OBJ_FROM_PTR(child), mp_const_none };
    mp_obj_tuple_t *pair = MP_OBJ_TO_PTR(mp_obj_new_tuple(MP_ARRAY_SIZE(items), items));
    socket_wait_t wait = { 0 };
    net_addr_t from;
    bool collected = false;
    int ret;
    while ((ret = net_accept(&self->net, &child->net, &from)) < 0) {
        if (ret == -NET_ENFILE && !collected) {
            collected = true;
            gc_collect();
            continue;
        }
        if (ret != -NET_EAGAIN) {
            socket_raise(ret);
        }
        ret = socket_wait_for(self, &wait, NET_POLLIN, self->timeout_ms);
        if (ret < 0) {
            socket_raise(ret == -NET_ETIMEDOUT && socket_compat_pycom ? -NET_EAGAIN : ret);
        }
    }
    pair->items[1] = socket_addr_format(&from);
    return MP_OBJ_FROM_PTR(pair);
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_accept_obj, socket_accept);

// Pycom closes a socket whose connect failed or timed out; upstream does not.
static void connect_failed(socket_obj_t *self) {
    if (socket_compat_pycom && self->timeout_ms > 0) {
        net_close(&self->net);
    }
}

static mp_obj_t socket_connect(mp_obj_t self_in, mp_obj_t addr_in) {
    socket_obj_t *self = socket_self(self_in);
    net_addr_t addr;
    socket_addr_parse(self, addr_in, &addr);
    int ret = net_connect(&self->net, &addr);
    if (ret == -NET_EINPROGRESS && self->timeout_ms == 0) {
        socket_raise_in_progress();
    }
    socket_wait_t wait = { 0 };
    while (ret == -NET_EINPROGRESS) {
        ret = socket_wait_for(self, &wait, NET_POLLOUT, self->timeout_ms);
        if (ret == 0) {
            ret = net_connect_result(&self->net);
        }
    }
    if (ret < 0) {
        connect_failed(self);
    }
    return socket_none(ret);
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_connect_obj, socket_connect);

static mp_obj_t socket_shutdown(mp_obj_t self_in, mp_obj_t how_in) {
    return socket_none(net_shutdown(&socket_self(self_in)->net, socket_get_int(how_in)));
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_shutdown_obj, socket_shutdown);

static mp_obj_t socket_getname(mp_obj_t self_in, bool peer) {
    net_addr_t addr;
    socket_check(net_getname(&socket_self(self_in)->net, peer, &addr));
    return socket_addr_format(&addr);
}

static mp_obj_t socket_getpeername(mp_obj_t self_in) {
    return socket_getname(self_in, true);
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_getpeername_obj, socket_getpeername);

static mp_obj_t socket_getsockname(mp_obj_t self_in) {
    return socket_getname(self_in, false);
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_getsockname_obj, socket_getsockname);

static const mp_rom_map_elem_t socket_locals_dict_table[] = {
    { MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&socket_del_obj) },
    { MP_ROM_QSTR(MP_QSTR___enter__), MP_ROM_PTR(&mp_identity_obj) },
    { MP_ROM_QSTR(MP_QSTR___exit__), MP_ROM_PTR(&socket_exit_obj) },
    { MP_ROM_QSTR(MP_QSTR_close), MP_ROM_PTR(&mp_stream_close_obj) },
    { MP_ROM_QSTR(MP_QSTR_bind), MP_ROM_PTR(&socket_bind_obj) },
    { MP_ROM_QSTR(MP_QSTR_listen), MP_ROM_PTR(&socket_listen_obj) },
    { MP_ROM_QSTR(MP_QSTR_accept), MP_ROM_PTR(&socket_accept_obj) },
    { MP_ROM_QSTR(MP_QSTR_connect), MP_ROM_PTR(&socket_connect_obj) },
    { MP_ROM_QSTR(MP_QSTR_shutdown), MP_ROM_PTR(&socket_shutdown_obj) },
    { MP_ROM_QSTR(MP_QSTR_getpeername), MP_ROM_PTR(&socket_getpeername_obj) },
    { MP_ROM_QSTR(MP_QSTR_getsockname), MP_ROM_PTR(&socket_getsockname_obj) },
    { MP_ROM_QSTR(MP_QSTR_send), MP_ROM_PTR(&socket_send_obj) },
    { MP_ROM_QSTR(MP_QSTR_sendall), MP_ROM_PTR(&socket_sendall_obj) },
    { MP_ROM_QSTR(MP_QSTR_sendto), MP_ROM_PTR(&socket_sendto_obj) },
    { MP_ROM_QSTR(MP_QSTR_recv), MP_ROM_PTR(&socket_recv_obj) },
    { MP_ROM_QSTR(MP_QSTR_recvfrom), MP_ROM_PTR(&socket_recvfrom_obj) },
    { MP_ROM_QSTR(MP_QSTR_recv_into), MP_ROM_PTR(&socket_recv_into_obj) },
    { MP_ROM_QSTR(MP_QSTR_settimeout), MP_ROM_PTR(&socket_settimeout_obj) },
    { MP_ROM_QSTR(MP_QSTR_gettimeout), MP_ROM_PTR(&socket_gettimeout_obj) },
    { MP_ROM_QSTR(MP_QSTR_setblocking), MP_ROM_PTR(&socket_setblocking_obj) },
    { MP_ROM_QSTR(MP_QSTR_setsockopt), MP_ROM_PTR(&socket_setsockopt_obj) },
    { MP_ROM_QSTR(MP_QSTR_getsockopt), MP_ROM_PTR(&socket_getsockopt_obj) },
    { MP_ROM_QSTR(MP_QSTR_makefile), MP_ROM_PTR(&socket_makefile_obj) },
    { MP_ROM_QSTR(MP_QSTR_fileno), MP_ROM_PTR(&socket_fileno_obj) },
    { MP_ROM_QSTR(MP_QSTR_read), MP_ROM_PTR(&mp_stream_read_obj) },
    { MP_ROM_QSTR(MP_QSTR_readall), MP_ROM_PTR(&mp_stream_read_obj) },
    { MP_ROM_QSTR(MP_QSTR_readinto), MP_ROM_PTR(&mp_stream_readinto_obj) },
    { MP_ROM_QSTR(MP_QSTR_readline), MP_ROM_PTR(&socket_readline_obj) },
    { MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&mp_stream_write_obj) },
    { MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&mp_stream_ioctl_obj) },
};
MP_DEFINE_CONST_DICT_WITH_SIZE(socket_locals_dict, socket_locals_dict_table, MP_ARRAY_SIZE(socket_locals_dict_table));

MP_DEFINE_CONST_OBJ_TYPE(
    socket_type,
    MP_QSTR_socket,
    MP_TYPE_FLAG_NONE,
    make_new, socket_make_new,
    print, socket_print,
    protocol, &socket_stream_p,
    locals_dict, &socket_locals_dict
    );

/******************************************************************************/
// Module

// Called at the first import: the stack runs before the first socket.
static mp_obj_t socket_module_init(void) {
    int ret;
    do {
        MP_THREAD_GIL_EXIT();
        ret = socket_families_start();
        MP_THREAD_GIL_ENTER();
        mp_handle_pending(true);
    } while (ret == -NET_EAGAIN);
    return socket_none(ret);
}
static MP_DEFINE_CONST_FUN_OBJ_0(socket_module_init_obj, socket_module_init);

// socket.compat([mode]): where Pycom's firmware and upstream disagree, follow
// "upstream" (the default) or "pycom". Returns the mode.
static mp_obj_t socket_compat(size_t n_args, const mp_obj_t *args) {
    if (n_args > 0) {
        qstr mode = mp_obj_str_get_qstr(args[0]);
        if (mode != MP_QSTR_pycom && mode != MP_QSTR_upstream) {
            mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("mode '%q' is not 'pycom' or 'upstream'"), mode);
        }
        socket_compat_pycom = mode == MP_QSTR_pycom;
    }
    return MP_OBJ_NEW_QSTR(socket_compat_pycom ? MP_QSTR_pycom : MP_QSTR_upstream);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_compat_obj, 0, 1, socket_compat);

static const MP_DEFINE_STR_OBJ(socket_version_obj, USOCKET_VERSION);

static const mp_rom_map_elem_t socket_module_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_socket) },
    { MP_ROM_QSTR(MP_QSTR___init__), MP_ROM_PTR(&socket_module_init_obj) },
    { MP_ROM_QSTR(MP_QSTR___version__), MP_ROM_PTR(&socket_version_obj) },
    { MP_ROM_QSTR(MP_QSTR_socket), MP_ROM_PTR(&socket_type) },
    #if USOCKET_INET
    { MP_ROM_QSTR(MP_QSTR_getaddrinfo), MP_ROM_PTR(&socket_getaddrinfo_obj) },
    { MP_ROM_QSTR(MP_QSTR_dnsserver), MP_ROM_PTR(&socket_dnsserver_obj) },
    #endif
    { MP_ROM_QSTR(MP_QSTR_compat), MP_ROM_PTR(&socket_compat_obj) },
    { MP_ROM_QSTR(MP_QSTR_error), MP_ROM_PTR(&mp_type_OSError) },
    { MP_ROM_QSTR(MP_QSTR_timeout), MP_ROM_PTR(&socket_timeout_type) },

    // All that the page names, also of families that this firmware does not have.
    { MP_ROM_QSTR(MP_QSTR_AF_INET), MP_ROM_INT(NET_AF_INET) },
    { MP_ROM_QSTR(MP_QSTR_AF_LORA), MP_ROM_INT(NET_AF_LORA) },
    { MP_ROM_QSTR(MP_QSTR_AF_SIGFOX), MP_ROM_INT(NET_AF_SIGFOX) },
    { MP_ROM_QSTR(MP_QSTR_SOCK_STREAM), MP_ROM_INT(NET_SOCK_STREAM) },
    { MP_ROM_QSTR(MP_QSTR_SOCK_DGRAM), MP_ROM_INT(NET_SOCK_DGRAM) },
    { MP_ROM_QSTR(MP_QSTR_SOCK_RAW), MP_ROM_INT(NET_SOCK_RAW) },
    { MP_ROM_QSTR(MP_QSTR_IPPROTO_IP), MP_ROM_INT(INET_IPPROTO_IP) },
    { MP_ROM_QSTR(MP_QSTR_IPPROTO_ICMP), MP_ROM_INT(INET_IPPROTO_ICMP) },
    { MP_ROM_QSTR(MP_QSTR_IPPROTO_TCP), MP_ROM_INT(INET_IPPROTO_TCP) },
    { MP_ROM_QSTR(MP_QSTR_IPPROTO_UDP), MP_ROM_INT(INET_IPPROTO_UDP) },
    { MP_ROM_QSTR(MP_QSTR_IPPROTO_IPV6), MP_ROM_INT(INET_IPPROTO_IPV6) },
    { MP_ROM_QSTR(MP_QSTR_IPPROTO_RAW), MP_ROM_INT(INET_IPPROTO_RAW) },
    { MP_ROM_QSTR(MP_QSTR_SOL_SOCKET), MP_ROM_INT(INET_SOL_SOCKET) },
    { MP_ROM_QSTR(MP_QSTR_SOL_LORA), MP_ROM_INT(LORA_SOL_LORA) },
    { MP_ROM_QSTR(MP_QSTR_SOL_SIGFOX), MP_ROM_INT(SIGFOX_SOL_SIGFOX) },
    { MP_ROM_QSTR(MP_QSTR_SO_CONFIRMED), MP_ROM_INT(LORA_SO_CONFIRMED) },
    { MP_ROM_QSTR(MP_QSTR_SO_DR), MP_ROM_INT(LORA_SO_DR) },
    { MP_ROM_QSTR(MP_QSTR_SO_RX), MP_ROM_INT(SIGFOX_SO_RX) },
    { MP_ROM_QSTR(MP_QSTR_SO_TX_REPEAT), MP_ROM_INT(SIGFOX_SO_TX_REPEAT) },
    { MP_ROM_QSTR(MP_QSTR_SO_OOB), MP_ROM_INT(SIGFOX_SO_OOB) },
    { MP_ROM_QSTR(MP_QSTR_SO_BIT), MP_ROM_INT(SIGFOX_SO_BIT) },
    { MP_ROM_QSTR(MP_QSTR_SO_REUSEADDR), MP_ROM_INT(INET_SO_REUSEADDR) },
    { MP_ROM_QSTR(MP_QSTR_SO_KEEPALIVE), MP_ROM_INT(INET_SO_KEEPALIVE) },
    { MP_ROM_QSTR(MP_QSTR_SO_BROADCAST), MP_ROM_INT(INET_SO_BROADCAST) },
    { MP_ROM_QSTR(MP_QSTR_SO_ERROR), MP_ROM_INT(INET_SO_ERROR) },
    { MP_ROM_QSTR(MP_QSTR_SO_BINDTODEVICE), MP_ROM_INT(INET_SO_BINDTODEVICE) },
    { MP_ROM_QSTR(MP_QSTR_IP_TTL), MP_ROM_INT(INET_IP_TTL) },
    { MP_ROM_QSTR(MP_QSTR_IP_ADD_MEMBERSHIP), MP_ROM_INT(INET_IP_ADD_MEMBERSHIP) },
    { MP_ROM_QSTR(MP_QSTR_IP_DROP_MEMBERSHIP), MP_ROM_INT(INET_IP_DROP_MEMBERSHIP) },
    { MP_ROM_QSTR(MP_QSTR_IP_MULTICAST_TTL), MP_ROM_INT(INET_IP_MULTICAST_TTL) },
    { MP_ROM_QSTR(MP_QSTR_IP_MULTICAST_IF), MP_ROM_INT(INET_IP_MULTICAST_IF) },
    { MP_ROM_QSTR(MP_QSTR_IP_MULTICAST_LOOP), MP_ROM_INT(INET_IP_MULTICAST_LOOP) },
    { MP_ROM_QSTR(MP_QSTR_TCP_NODELAY), MP_ROM_INT(INET_TCP_NODELAY) },
    { MP_ROM_QSTR(MP_QSTR_MSG_PEEK), MP_ROM_INT(MSG_PEEK) },
    { MP_ROM_QSTR(MP_QSTR_MSG_DONTWAIT), MP_ROM_INT(MSG_DONTWAIT) },
    { MP_ROM_QSTR(MP_QSTR_SHUT_RD), MP_ROM_INT(0) },
    { MP_ROM_QSTR(MP_QSTR_SHUT_WR), MP_ROM_INT(1) },
    { MP_ROM_QSTR(MP_QSTR_SHUT_RDWR), MP_ROM_INT(2) },
};
static MP_DEFINE_CONST_DICT(socket_module_globals, socket_module_globals_table);

const mp_obj_module_t usocket_module_socket = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&socket_module_globals,
};

// Not extensible, so that both names win over the port's own socket module.
MP_REGISTER_MODULE(MP_QSTR_socket, usocket_module_socket);
MP_REGISTER_MODULE(MP_QSTR_usocket, usocket_module_socket);
