// SSLContext: certificates, keys and rules for any number of connections.
// SPDX-License-Identifier: MIT
#include "py/objarray.h"
#include "py/runtime.h"

#include "bindings/modssl_internal.h"
#include "bindings/stream_net.h"

static ssl_context_obj_t *context_self(mp_obj_t self_in) {
    ssl_context_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->config == NULL) {
        socket_raise(-NET_EBADF);
    }
    return self;
}

ssl_context_obj_t *ssl_context_new(bool server) {
    ssl_context_obj_t *self = mp_obj_malloc_with_finaliser(ssl_context_obj_t, &ssl_context_type);
    self->config = NULL;
    self->verify_callback = mp_const_none;
    int ret = tls_config_new(&self->config, server);
    if (ret < 0) {
        socket_raise(ret);
    }
    return self;
}

void ssl_context_free(ssl_context_obj_t *self) {
    tls_config_unref(self->config);
    self->config = NULL;
}

static mp_obj_t context_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)type;
    mp_arg_check_num(n_args, n_kw, 1, 1, false);
    mp_int_t protocol = mp_obj_get_int(args[0]);
    if (protocol != SSL_PROTOCOL_TLS_CLIENT && protocol != SSL_PROTOCOL_TLS_SERVER) {
        mp_raise_msg_varg(&mp_type_ValueError,
            MP_ERROR_TEXT("protocol %d is not PROTOCOL_TLS_CLIENT or PROTOCOL_TLS_SERVER (DTLS is in module tls)"),
            (int)protocol);
    }
    return MP_OBJ_FROM_PTR(ssl_context_new(protocol == SSL_PROTOCOL_TLS_SERVER));
}

static mp_obj_t context_del(mp_obj_t self_in) {
    ssl_context_free(MP_OBJ_TO_PTR(self_in));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(context_del_obj, context_del);

/******************************************************************************/
// Certificates

// The exception for a file that mbedTLS refused, in upstream's words.
SOCKET_NORETURN static void raise_refused(int ret, const ssl_file_t *cert, const ssl_file_t *key) {
    const ssl_file_t *file = ret == TLS_ERR_BAD_KEY ? key : cert;
    if (ret != TLS_ERR_BAD_KEY && ret != TLS_ERR_BAD_CERT) {
        socket_raise(ret);
    }
    const char *what = ret == TLS_ERR_BAD_KEY ? "key" : "cert";
    if (file->path == MP_OBJ_NULL) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("invalid %s"), what);
    }
    mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("invalid %s in '%s'"), what, mp_obj_str_get_str(file->path));
}

void ssl_context_add_ca(ssl_context_obj_t *self, mp_obj_t ca) {
    ssl_file_t file;
    ssl_file_load(&file, ca, "CA");
    int ret = tls_config_add_ca(self->config, file.data, file.len);
    ssl_file_free(&file);
    if (ret < 0) {
        raise_refused(ret, &file, NULL);
    }
}

void ssl_context_add_identity(ssl_context_obj_t *self, mp_obj_t cert, mp_obj_t key) {
    ssl_file_t cert_file = { .data = (const uint8_t *)"" };
    ssl_file_t key_file;
    if (cert != mp_const_none) {
        ssl_file_load(&cert_file, cert, "certificate");
    }
    ssl_file_load(&key_file, key, "key");
    int ret = tls_config_add_identity(self->config, cert_file.data, cert_file.len, key_file.data, key_file.len);
    ssl_file_free(&key_file);
    ssl_file_free(&cert_file);
    if (ret == TLS_ERR_BAD_CERT && cert == mp_const_none) {
        size_t len;
        mp_obj_str_get_data(cert, &len); // upstream's TypeError
    }
    if (ret < 0) {
        raise_refused(ret, &cert_file, &key_file);
    }
}

// ctx.load_cert_chain(cert, key): paths, PEM or DER
static mp_obj_t context_load_cert_chain(size_t n_args, const mp_obj_t *args) {
    ssl_context_add_identity(context_self(args[0]), args[1], n_args > 2 ? args[2] : args[1]);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(context_load_cert_chain_obj, 2, 3, context_load_cert_chain);

// ctx.load_verify_locations(cafile=None, cadata=None)
static mp_obj_t context_load_verify_locations(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_cafile, ARG_cadata };
    static const mp_arg_t allowed[] = {
        { MP_QSTR_cafile, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_cadata, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    ssl_context_obj_t *self = context_self(pos_args[0]);
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed), allowed, args);
    if (args[ARG_cafile].u_obj == mp_const_none && args[ARG_cadata].u_obj == mp_const_none) {
        mp_raise_TypeError(MP_ERROR_TEXT("cafile or cadata must be given"));
    }
    for (size_t i = 0; i < MP_ARRAY_SIZE(allowed); ++i) {
        if (args[i].u_obj != mp_const_none) {
            ssl_context_add_ca(self, args[i].u_obj);
        }
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(context_load_verify_locations_obj, 1, context_load_verify_locations);

/******************************************************************************/
// Cipher suites

static mp_obj_t context_get_ciphers(mp_obj_t self_in) {
    (void)self_in;
    mp_obj_t list = mp_obj_new_list(0, NULL);
    const char *name;
    for (size_t i = 0; (name = tls_cipher_name(i)) != NULL; ++i) {
        mp_obj_list_append(list, mp_obj_new_str_from_cstr(name));
    }
    return list;
}
static MP_DEFINE_CONST_FUN_OBJ_1(context_get_ciphers_obj, context_get_ciphers);

static mp_obj_t context_set_ciphers(mp_obj_t self_in, mp_obj_t ciphers_in) {
    ssl_context_obj_t *self = context_self(self_in);
    size_t len;
    mp_obj_t *items;
    mp_obj_get_array(ciphers_in, &len, &items);
    const char **names = m_new(const char *, len + 1);
    for (size_t i = 0; i < len; ++i) {
        names[i] = mp_obj_str_get_str(items[i]);
    }
    int ret = tls_config_set_ciphers(self->config, names, len);
    m_del(const char *, names, len + 1);
    if (ret < 0) {
        socket_raise(ret);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(context_set_ciphers_obj, context_set_ciphers);

/******************************************************************************/
// Verification

// Called inside the handshake, with the GIL: such connections are not offloaded.
static int call_verify(void *arg, const uint8_t *der, size_t len, int depth) {
    ssl_context_obj_t *self = arg;
    nlr_buf_t nlr;
    if (nlr_push(&nlr) != 0) {
        return stream_net_keep(nlr.ret_val);
    }
    mp_obj_array_t cert;
    mp_obj_memoryview_init(&cert, 'B', 0, len, (void *)der);
    mp_int_t ret = mp_obj_get_int(
        mp_call_function_2(self->verify_callback, MP_OBJ_FROM_PTR(&cert), MP_OBJ_NEW_SMALL_INT(depth)));
    nlr_pop();
    return ret != 0;
}

void ssl_context_set_verify_mode(ssl_context_obj_t *self, mp_obj_t mode_in) {
    int mode = socket_get_int(mode_in);
    if (tls_config_set_verify_mode(self->config, mode) < 0) {
        mp_raise_msg_varg(&mp_type_ValueError,
            MP_ERROR_TEXT("%d is not CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED"), mode);
    }
}

static void context_load_attr(ssl_context_obj_t *self, qstr attr, mp_obj_t *dest) {
    if (attr == MP_QSTR_verify_mode) {
        dest[0] = MP_OBJ_NEW_SMALL_INT(tls_config_verify_mode(context_self(MP_OBJ_FROM_PTR(self))->config));
    } else if (attr == MP_QSTR_verify_callback) {
        dest[0] = self->verify_callback;
    } else {
        dest[1] = MP_OBJ_SENTINEL; // look among the methods
    }
}

static void context_store_attr(ssl_context_obj_t *self, qstr attr, mp_obj_t *dest) {
    if (attr == MP_QSTR_verify_mode) {
        ssl_context_set_verify_mode(self, dest[1]);
        dest[0] = MP_OBJ_NULL;
    } else if (attr == MP_QSTR_verify_callback) {
        self->verify_callback = dest[1];
        tls_config_set_verify_callback(self->config, dest[1] == mp_const_none ? NULL : call_verify, self);
        dest[0] = MP_OBJ_NULL;
    }
}

static void context_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    if (dest[0] == MP_OBJ_NULL) {
        context_load_attr(MP_OBJ_TO_PTR(self_in), attr, dest);
    } else if (dest[1] != MP_OBJ_NULL) {
        context_store_attr(context_self(self_in), attr, dest);
    }
}

/******************************************************************************/
// Connections

// A client that must verify must also say whom it expects, as upstream has it.
static void check_hostname(ssl_context_obj_t *self, mp_obj_t hostname) {
    if (!tls_config_is_server(self->config) && hostname == mp_const_none
        && tls_config_verify_mode(self->config) == TLS_VERIFY_REQUIRED) {
        mp_raise_ValueError(MP_ERROR_TEXT("CERT_REQUIRED requires server_hostname"));
    }
}

// ctx.wrap_socket(sock, *, server_side, do_handshake_on_connect, server_hostname,
// session, timeout)
static mp_obj_t context_wrap_socket(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_server_side, ARG_do_handshake_on_connect, ARG_server_hostname, ARG_session, ARG_timeout };
    static const mp_arg_t allowed[] = {
        { MP_QSTR_server_side, MP_ARG_BOOL, { .u_bool = false } },
        { MP_QSTR_do_handshake_on_connect, MP_ARG_BOOL, { .u_bool = true } },
        { MP_QSTR_server_hostname, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_session, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_timeout, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    ssl_context_obj_t *self = context_self(pos_args[0]);
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(n_args - 2, pos_args + 2, kw_args, MP_ARRAY_SIZE(allowed), allowed, args);
    if (args[ARG_server_side].u_bool && !tls_config_is_server(self->config)) {
        mp_raise_ValueError(MP_ERROR_TEXT("server_side needs a context made with PROTOCOL_TLS_SERVER"));
    }
    check_hostname(self, args[ARG_server_hostname].u_obj);
    ssl_wrap_t wrap = {
        .context = self,
        .hostname = args[ARG_server_hostname].u_obj,
        .session = args[ARG_session].u_obj,
        .timeout = args[ARG_timeout].u_obj,
        .do_handshake = args[ARG_do_handshake_on_connect].u_bool,
    };
    return ssl_socket_wrap(pos_args[1], &wrap);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(context_wrap_socket_obj, 2, context_wrap_socket);

static const mp_rom_map_elem_t context_locals_dict_table[] = {
    { MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&context_del_obj) },
    { MP_ROM_QSTR(MP_QSTR_get_ciphers), MP_ROM_PTR(&context_get_ciphers_obj) },
    { MP_ROM_QSTR(MP_QSTR_set_ciphers), MP_ROM_PTR(&context_set_ciphers_obj) },
    { MP_ROM_QSTR(MP_QSTR_load_cert_chain), MP_ROM_PTR(&context_load_cert_chain_obj) },
    { MP_ROM_QSTR(MP_QSTR_load_verify_locations), MP_ROM_PTR(&context_load_verify_locations_obj) },
    { MP_ROM_QSTR(MP_QSTR_wrap_socket), MP_ROM_PTR(&context_wrap_socket_obj) },
};
static MP_DEFINE_CONST_DICT(context_locals_dict, context_locals_dict_table);

MP_DEFINE_CONST_OBJ_TYPE(
    ssl_context_type,
    MP_QSTR_SSLContext,
    MP_TYPE_FLAG_NONE,
    make_new, context_make_new,
    attr, context_attr,
    locals_dict, &context_locals_dict
    );
