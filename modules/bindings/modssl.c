// Modules ssl and ussl: upstream's ssl and Pycom's in one.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/objstr.h"
#include "py/runtime.h"

#include "bindings/modssl_internal.h"

// mbedTLS's number for a handshake that took too long, as Pycom's scripts know it.
#define SSL_TIMEOUT (-26624)

static const MP_DEFINE_STR_OBJ(version_obj, TLS_VERSION_TEXT);

// In upstream's order; those behind it are Pycom's and by name only.
enum {
    ARG_server_side, ARG_key, ARG_cert, ARG_cert_reqs, ARG_cadata, ARG_server_hostname, ARG_do_handshake,
    ARG_keyfile, ARG_certfile, ARG_ca_certs, ARG_ssl_version, ARG_saved_session, ARG_timeout,
    ARG_do_handshake_on_connect,
};

static const mp_arg_t wrap_args[] = {
    [ARG_server_side] = { MP_QSTR_server_side, MP_ARG_BOOL, { .u_bool = false } },
    [ARG_key] = { MP_QSTR_key, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    [ARG_cert] = { MP_QSTR_cert, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    [ARG_cert_reqs] = { MP_QSTR_cert_reqs, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_INT(TLS_VERIFY_NONE) } },
    [ARG_cadata] = { MP_QSTR_cadata, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    [ARG_server_hostname] = { MP_QSTR_server_hostname, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    [ARG_do_handshake] = { MP_QSTR_do_handshake, MP_ARG_BOOL, { .u_bool = true } },
    [ARG_keyfile] = { MP_QSTR_keyfile, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    [ARG_certfile] = { MP_QSTR_certfile, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    [ARG_ca_certs] = { MP_QSTR_ca_certs, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    [ARG_ssl_version] = { MP_QSTR_ssl_version, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } }, // ignored
    [ARG_saved_session] = { MP_QSTR_saved_session, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    [ARG_timeout] = { MP_QSTR_timeout, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    [ARG_do_handshake_on_connect] = { MP_QSTR_do_handshake_on_connect, MP_ARG_KW_ONLY | MP_ARG_BOOL, { .u_bool = true } },
};

// One file with both, as CPython has it; a certificate alone is of no use, and
// ignored, as on Pycom's firmware.
static void load_certfile_alone(ssl_context_obj_t *context, mp_obj_t certfile) {
    ssl_file_t file;
    ssl_file_load(&file, certfile, "certificate");
    bool has_key = file.len > 0 && file.data[file.len - 1] == '\0'
        && strstr((const char *)file.data, "PRIVATE KEY-----") != NULL;
    ssl_file_free(&file);
    if (has_key) {
        ssl_context_add_identity(context, certfile, certfile);
    }
}

static void load_identity(ssl_context_obj_t *context, const mp_arg_val_t *args) {
    mp_obj_t certfile = args[ARG_certfile].u_obj;
    mp_obj_t keyfile = args[ARG_keyfile].u_obj;
    if (args[ARG_key].u_obj != mp_const_none || args[ARG_cert].u_obj != mp_const_none) {
        ssl_context_add_identity(context, args[ARG_cert].u_obj, args[ARG_key].u_obj);
    }
    if (keyfile != mp_const_none) {
        if (certfile == mp_const_none) {
            mp_raise_ValueError(MP_ERROR_TEXT("keyfile needs certfile"));
        }
        ssl_context_add_identity(context, certfile, keyfile);
    } else if (certfile != mp_const_none) {
        load_certfile_alone(context, certfile);
    }
}

static void load_authorities(ssl_context_obj_t *context, const mp_arg_val_t *args) {
    if (args[ARG_cadata].u_obj != mp_const_none) {
        ssl_context_add_ca(context, args[ARG_cadata].u_obj);
    }
    // Pycom's firmware does not even open it when nothing is verified.
    if (args[ARG_ca_certs].u_obj != mp_const_none && tls_config_verify_mode(context->config) != TLS_VERIFY_NONE) {
        ssl_context_add_ca(context, args[ARG_ca_certs].u_obj);
    }
}

static void check_complete(ssl_context_obj_t *context, const mp_arg_val_t *args, bool do_handshake) {
    bool server = args[ARG_server_side].u_bool;
    int mode = tls_config_verify_mode(context->config);
    if (mode != TLS_VERIFY_NONE && !tls_config_has_ca(context->config)) {
        mp_raise_ValueError(MP_ERROR_TEXT("cert_reqs needs ca_certs (or cadata): whom to trust"));
    }
    if (server && do_handshake && !tls_config_has_identity(context->config)) {
        mp_raise_ValueError(MP_ERROR_TEXT("server_side needs certfile and keyfile (or cert and key)"));
    }
    if (!tls_config_key_matches(context->config)) {
        mp_raise_ValueError(MP_ERROR_TEXT("the key does not belong to the certificate"));
    }
    // Pycom's scripts give ca_certs and no name: then only the chain is checked.
    if (!server && mode == TLS_VERIFY_REQUIRED && args[ARG_server_hostname].u_obj == mp_const_none
        && args[ARG_ca_certs].u_obj == mp_const_none) {
        mp_raise_ValueError(MP_ERROR_TEXT("CERT_REQUIRED requires server_hostname"));
    }
}

// ssl.wrap_socket(sock, ...): docs/ssl.md
static mp_obj_t ssl_wrap_socket(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    mp_arg_val_t args[MP_ARRAY_SIZE(wrap_args)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(wrap_args), wrap_args, args);
    bool do_handshake = args[ARG_do_handshake].u_bool && args[ARG_do_handshake_on_connect].u_bool;
    ssl_context_obj_t *context = ssl_context_new(args[ARG_server_side].u_bool);
    ssl_context_set_verify_mode(context, args[ARG_cert_reqs].u_obj);
    load_identity(context, args);
    load_authorities(context, args);
    check_complete(context, args, do_handshake);
    ssl_wrap_t wrap = {
        .context = context,
        .hostname = args[ARG_server_hostname].u_obj,
        .session = args[ARG_saved_session].u_obj,
        .timeout = args[ARG_timeout].u_obj,
        .do_handshake = do_handshake,
    };
    mp_obj_t sock = ssl_socket_wrap(pos_args[0], &wrap);
    ssl_context_free(context); // the socket holds what it needs
    return sock;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(ssl_wrap_socket_obj, 1, ssl_wrap_socket);

// ssl.save_session(sock): to resume the session later, with saved_session=
static mp_obj_t ssl_save_session(mp_obj_t sock) {
    if (!mp_obj_is_exact_type(sock, &ssl_socket_type)) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("'%s' is not an SSLSocket"), mp_obj_get_type_str(sock));
    }
    return ssl_session_new(MP_OBJ_TO_PTR(sock));
}
static MP_DEFINE_CONST_FUN_OBJ_1(ssl_save_session_obj, ssl_save_session);

static const mp_rom_map_elem_t ssl_module_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_ssl) },
    { MP_ROM_QSTR(MP_QSTR_wrap_socket), MP_ROM_PTR(&ssl_wrap_socket_obj) },
    { MP_ROM_QSTR(MP_QSTR_save_session), MP_ROM_PTR(&ssl_save_session_obj) },
    { MP_ROM_QSTR(MP_QSTR_SSLContext), MP_ROM_PTR(&ssl_context_type) },
    { MP_ROM_QSTR(MP_QSTR_SSLSocket), MP_ROM_PTR(&ssl_socket_type) },
    { MP_ROM_QSTR(MP_QSTR_SSLSession), MP_ROM_PTR(&ssl_session_type) },
    { MP_ROM_QSTR(MP_QSTR_SSLError), MP_ROM_PTR(&mp_type_OSError) },
    { MP_ROM_QSTR(MP_QSTR_SSLCertVerificationError), MP_ROM_PTR(&ssl_verify_error_type) },

    { MP_ROM_QSTR(MP_QSTR_CERT_NONE), MP_ROM_INT(TLS_VERIFY_NONE) },
    { MP_ROM_QSTR(MP_QSTR_CERT_OPTIONAL), MP_ROM_INT(TLS_VERIFY_OPTIONAL) },
    { MP_ROM_QSTR(MP_QSTR_CERT_REQUIRED), MP_ROM_INT(TLS_VERIFY_REQUIRED) },
    { MP_ROM_QSTR(MP_QSTR_PROTOCOL_TLS_CLIENT), MP_ROM_INT(SSL_PROTOCOL_TLS_CLIENT) },
    { MP_ROM_QSTR(MP_QSTR_PROTOCOL_TLS_SERVER), MP_ROM_INT(SSL_PROTOCOL_TLS_SERVER) },
    { MP_ROM_QSTR(MP_QSTR_SSL_TIMEOUT), MP_ROM_INT(SSL_TIMEOUT) },
    { MP_ROM_QSTR(MP_QSTR_MBEDTLS_VERSION), MP_ROM_PTR(&version_obj) },
};
static MP_DEFINE_CONST_DICT(ssl_module_globals, ssl_module_globals_table);

const mp_obj_module_t usocket_module_ssl = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&ssl_module_globals,
};

// Not extensible, so that both names win over the port's own module.
MP_REGISTER_MODULE(MP_QSTR_ssl, usocket_module_ssl);
MP_REGISTER_MODULE(MP_QSTR_ussl, usocket_module_ssl);
