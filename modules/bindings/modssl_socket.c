// SSLSocket: a socket whose net socket is a TLS connection. It has the methods of
// socket_locals_dict, and those of TLS, which are looked up first.
// SPDX-License-Identifier: MIT
#include "py/gc.h"
#include "py/mpthread.h"
#include "py/objstr.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "bindings/modssl_internal.h"
#include "bindings/stream_net.h"
#include "inet/inet.h"

static ssl_socket_obj_t *ssl_self(mp_obj_t self_in) {
    return MP_OBJ_TO_PTR(self_in);
}

/******************************************************************************/
// Handshake

static int handshake_step(ssl_socket_obj_t *self) {
    if (!self->conn.offload) {
        return tls_conn_handshake(&self->conn);
    }
    MP_THREAD_GIL_EXIT();
    int ret = tls_conn_handshake(&self->conn);
    MP_THREAD_GIL_ENTER();
    return ret;
}

// Until it is done, also on a non-blocking socket: that one waits as long as a
// handshake may take. Raises why it failed.
static void run_handshake(ssl_socket_obj_t *self) {
    mp_int_t timeout_ms = self->base.timeout_ms == 0 ? (mp_int_t)self->handshake_ms : self->base.timeout_ms;
    socket_wait_t wait = { 0 };
    int ret = self->base.net.ops == NULL ? -NET_EBADF : 0;
    while (ret == 0) {
        ret = handshake_step(self);
        if (ret == 0) {
            return;
        }
        if (ret == -NET_EAGAIN || ret == -NET_EINPROGRESS) {
            ret = socket_wait_for(&self->base, &wait, NET_POLLIN | NET_POLLOUT, timeout_ms);
        }
    }
    socket_raise(ret);
}

// As part of wrap_socket(), which gives no socket when it fails.
static void run_first_handshake(ssl_socket_obj_t *self) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        run_handshake(self);
        nlr_pop();
        return;
    }
    if (self->is_stream) {
        tls_conn_let_go(&self->conn);
    }
    net_close(&self->base.net);
    nlr_jump(nlr.ret_val);
}

/******************************************************************************/
// Wrapping

static socket_obj_t *check_socket(mp_obj_t sock) {
    socket_obj_t *obj = socket_from_obj_maybe(sock);
    if (obj == NULL) {
        return NULL;
    }
    if (obj->base.type == &ssl_socket_type) {
        mp_raise_ValueError(MP_ERROR_TEXT("the socket is already wrapped"));
    }
    if (obj->net.ops == NULL) {
        socket_raise(-NET_EBADF);
    }
    if (obj->net.family != NET_AF_INET || obj->net.type != NET_SOCK_STREAM) {
        mp_raise_msg_varg(&mp_type_ValueError,
            MP_ERROR_TEXT("cannot wrap a socket of family %d and type %d: TLS needs AF_INET and SOCK_STREAM"),
            (int)obj->net.family, (int)obj->net.type);
    }
    return obj;
}

// A handshake is many small messages: with Nagle's algorithm each would wait for
// the peer's delayed acknowledgement of the one before, 0.25 s on lwIP.
static void send_at_once(net_socket_t *net) {
    int on = 1;
    net_setsockopt(net, INET_IPPROTO_TCP, INET_TCP_NODELAY, &on, sizeof(on));
}

static uint32_t get_timeout_ms(mp_obj_t timeout) {
    if (timeout == mp_const_none) {
        return TLS_HANDSHAKE_MS;
    }
    mp_float_t seconds = mp_obj_get_float(timeout);
    if (!(seconds > 0 && seconds <= 86400)) {
        mp_raise_ValueError(MP_ERROR_TEXT("timeout of the handshake must be above 0 s and at most 86400 s"));
    }
    uint32_t ms = (uint32_t)(seconds * 1000);
    return ms == 0 ? 1 : ms;
}

static int open_conn(ssl_socket_obj_t *self, net_socket_t *below, const ssl_wrap_t *wrap) {
    tls_config_t *config = wrap->context->config;
    tls_conn_options_t options = {
        .handshake_ms = self->handshake_ms,
        .borrowed = self->is_stream,
        .offload = !self->is_stream && wrap->context->verify_callback == mp_const_none,
    };
    if (wrap->hostname != mp_const_none && !tls_config_is_server(config)) {
        options.hostname = mp_obj_str_get_str(wrap->hostname);
    }
    if (wrap->session != mp_const_none) {
        ssl_session_get(wrap->session, &options.session, &options.session_len);
    }
    int ret = tls_conn_open(&self->conn, &self->base.net, below, config, &options);
    if (ret == -NET_ENOMEM) {
        // TLS's memory may be held by sockets that nobody has any more.
        gc_collect();
        ret = tls_conn_open(&self->conn, &self->base.net, below, config, &options);
    }
    return ret;
}

mp_obj_t ssl_socket_wrap(mp_obj_t sock, const ssl_wrap_t *wrap) {
    socket_obj_t *plain = check_socket(sock);
    ssl_socket_obj_t *self = (ssl_socket_obj_t *)socket_new(&ssl_socket_type, sizeof(*self));
    self->is_stream = plain == NULL;
    self->sock = sock;
    self->context = MP_OBJ_FROM_PTR(wrap->context);
    self->handshake_ms = get_timeout_ms(wrap->timeout);
    net_socket_t stream;
    if (plain == NULL) {
        stream_net_open(&stream, sock);
        self->base.timeout_ms = 0; // the stream itself waits, or does not
    } else {
        self->base.timeout_ms = plain->timeout_ms;
        send_at_once(&plain->net);
    }
    int ret = open_conn(self, plain == NULL ? &stream : &plain->net, wrap);
    if (ret < 0) {
        socket_raise(ret);
    }
    bool blocking = self->is_stream || self->base.timeout_ms != 0;
    if (wrap->do_handshake && blocking && tls_conn_started(&self->conn)) {
        run_first_handshake(self);
    }
    return MP_OBJ_FROM_PTR(self);
}

/******************************************************************************/
// Methods of TLS

static mp_obj_t ssl_do_handshake(mp_obj_t self_in) {
    run_handshake(ssl_self(self_in));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(ssl_do_handshake_obj, ssl_do_handshake);

// s.getpeercert(True): the peer's certificate as DER, None if it sent none
static mp_obj_t ssl_getpeercert(size_t n_args, const mp_obj_t *args) {
    if (n_args < 2 || !mp_obj_is_true(args[1])) {
        mp_raise_NotImplementedError(MP_ERROR_TEXT("only getpeercert(True), the certificate as DER"));
    }
    size_t len;
    const uint8_t *der = tls_conn_peer_cert(&ssl_self(args[0])->conn, &len);
    return der == NULL ? mp_const_none : mp_obj_new_bytes(der, len);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(ssl_getpeercert_obj, 1, 2, ssl_getpeercert);

static mp_obj_t text_or_none(const char *text) {
    return text == NULL ? mp_const_none : mp_obj_new_str_from_cstr(text);
}

// s.cipher() -> (suite, version), None before the handshake
static mp_obj_t ssl_cipher(mp_obj_t self_in) {
    tls_conn_t *conn = &ssl_self(self_in)->conn;
    if (!tls_conn_ready(conn)) {
        return mp_const_none;
    }
    mp_obj_t items[] = { text_or_none(tls_conn_cipher(conn)), text_or_none(tls_conn_version(conn)) };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(ssl_cipher_obj, ssl_cipher);

static mp_obj_t ssl_version(mp_obj_t self_in) {
    return text_or_none(tls_conn_version(&ssl_self(self_in)->conn));
}
static MP_DEFINE_CONST_FUN_OBJ_1(ssl_version_obj, ssl_version);

// s.closed_by_peer(): whether the peer said goodbye (close_notify). False behind an
// end of the stream means that it may have been cut off.
static mp_obj_t ssl_closed_by_peer(mp_obj_t self_in) {
    return mp_obj_new_bool(tls_conn_closed_by_peer(&ssl_self(self_in)->conn));
}
static MP_DEFINE_CONST_FUN_OBJ_1(ssl_closed_by_peer_obj, ssl_closed_by_peer);

// setblocking() and settimeout(): the socket's own, but a stream's for a stream.
static mp_obj_t ssl_set(mp_obj_t self_in, mp_obj_t value, qstr method) {
    ssl_socket_obj_t *self = ssl_self(self_in);
    if (self->is_stream) {
        mp_obj_t dest[3];
        mp_load_method(self->sock, method, dest);
        dest[2] = value;
        return mp_call_method_n_kw(1, 0, dest);
    }
    mp_map_elem_t *elem = mp_map_lookup((mp_map_t *)&socket_locals_dict.map, MP_OBJ_NEW_QSTR(method), MP_MAP_LOOKUP);
    return mp_call_function_2(elem->value, self_in, value);
}

static mp_obj_t ssl_setblocking(mp_obj_t self_in, mp_obj_t flag) {
    return ssl_set(self_in, flag, MP_QSTR_setblocking);
}
static MP_DEFINE_CONST_FUN_OBJ_2(ssl_setblocking_obj, ssl_setblocking);

static mp_obj_t ssl_settimeout(mp_obj_t self_in, mp_obj_t timeout) {
    return ssl_set(self_in, timeout, MP_QSTR_settimeout);
}
static MP_DEFINE_CONST_FUN_OBJ_2(ssl_settimeout_obj, ssl_settimeout);

// A stream is not called while garbage is collected, nor closed: it may be Python
// code, or garbage itself.
static mp_obj_t ssl_del(mp_obj_t self_in) {
    ssl_socket_obj_t *self = ssl_self(self_in);
    if (self->is_stream && self->base.net.ops != NULL) {
        tls_conn_let_go(&self->conn);
    }
    socket_collect(&self->base);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(ssl_del_obj, ssl_del);

static const mp_rom_map_elem_t ssl_methods_table[] = {
    { MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&ssl_del_obj) },
    { MP_ROM_QSTR(MP_QSTR_do_handshake), MP_ROM_PTR(&ssl_do_handshake_obj) },
    { MP_ROM_QSTR(MP_QSTR_getpeercert), MP_ROM_PTR(&ssl_getpeercert_obj) },
    { MP_ROM_QSTR(MP_QSTR_cipher), MP_ROM_PTR(&ssl_cipher_obj) },
    { MP_ROM_QSTR(MP_QSTR_version), MP_ROM_PTR(&ssl_version_obj) },
    { MP_ROM_QSTR(MP_QSTR_closed_by_peer), MP_ROM_PTR(&ssl_closed_by_peer_obj) },
    { MP_ROM_QSTR(MP_QSTR_setblocking), MP_ROM_PTR(&ssl_setblocking_obj) },
    { MP_ROM_QSTR(MP_QSTR_settimeout), MP_ROM_PTR(&ssl_settimeout_obj) },
};
static MP_DEFINE_CONST_DICT(ssl_methods, ssl_methods_table);

static void ssl_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    if (dest[0] != MP_OBJ_NULL) {
        return;
    }
    if (attr == MP_QSTR_session) {
        dest[0] = ssl_session_new(ssl_self(self_in));
        return;
    }
    mp_map_elem_t *elem = mp_map_lookup((mp_map_t *)&ssl_methods.map, MP_OBJ_NEW_QSTR(attr), MP_MAP_LOOKUP);
    if (elem == NULL) {
        dest[1] = MP_OBJ_SENTINEL; // a method of every socket
    } else {
        mp_convert_member_lookup(self_in, &ssl_socket_type, elem->value, dest);
    }
}

MP_DEFINE_CONST_OBJ_TYPE(
    ssl_socket_type,
    MP_QSTR_SSLSocket,
    MP_TYPE_FLAG_NONE,
    attr, ssl_attr,
    parent, &socket_type,
    protocol, &socket_stream_p,
    locals_dict, &socket_locals_dict
    );
