// What the files of the ssl binding share.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_BINDINGS_MODSSL_INTERNAL_H
#define USOCKET_BINDINGS_MODSSL_INTERNAL_H

#include "bindings/modsocket.h"
#include "bindings/modssl.h"
#include "tls/tls.h"

/******************************************************************************/
// Certificates and keys (modssl_file.c)

// The bytes behind an argument: a bytes-like object or a str with PEM text as it
// is, any other str is a path and read. len counts the NUL of PEM.
typedef struct {
    const uint8_t *data;
    size_t len;
    size_t owned; // bytes to free, 0 when they belong to the argument
    mp_obj_t path; // MP_OBJ_NULL for bytes
} ssl_file_t;

// what names the argument in an error ("CA", "certificate", "key").
void ssl_file_load(ssl_file_t *file, mp_obj_t arg, const char *what);
// Wipe and free. Safe twice.
void ssl_file_free(ssl_file_t *file);

/******************************************************************************/
// SSLContext (modssl_context.c)

// Upstream's numbers.
#define SSL_PROTOCOL_TLS_CLIENT (0)
#define SSL_PROTOCOL_TLS_SERVER (1)

typedef struct {
    mp_obj_base_t base;
    tls_config_t *config; // NULL after __del__
    mp_obj_t verify_callback; // or None
} ssl_context_obj_t;

extern const mp_obj_type_t ssl_context_type;

ssl_context_obj_t *ssl_context_new(bool server);
// Give back what it holds; sockets made from it keep theirs.
void ssl_context_free(ssl_context_obj_t *self);
void ssl_context_add_ca(ssl_context_obj_t *self, mp_obj_t ca);
void ssl_context_add_identity(ssl_context_obj_t *self, mp_obj_t cert, mp_obj_t key);
void ssl_context_set_verify_mode(ssl_context_obj_t *self, mp_obj_t mode);

/******************************************************************************/
// SSLSocket (modssl_socket.c)

typedef struct {
    socket_obj_t base;
    tls_conn_t conn;
    mp_obj_t sock; // what was wrapped
    mp_obj_t context; // for its verify callback
    uint32_t handshake_ms;
    bool is_stream; // sock is no socket, but a stream
} ssl_socket_obj_t;

typedef struct {
    ssl_context_obj_t *context;
    mp_obj_t hostname; // or None
    mp_obj_t session; // SSLSession, bytes, or None
    mp_obj_t timeout; // of the handshake in seconds, or None
    bool do_handshake;
} ssl_wrap_t;

extern const mp_obj_type_t ssl_socket_type;

// A TLS socket over sock, which is closed for others from then on.
mp_obj_t ssl_socket_wrap(mp_obj_t sock, const ssl_wrap_t *wrap);

/******************************************************************************/
// SSLSession (modssl_session.c)

extern const mp_obj_type_t ssl_session_type;

mp_obj_t ssl_session_new(ssl_socket_obj_t *socket);
// The bytes of a session argument. Raises ValueError if they are none.
void ssl_session_get(mp_obj_t session, const uint8_t **data, size_t *len);

/******************************************************************************/
// Errors (modssl_error.c)

// A refused certificate: an OSError as Pycom's, and a ValueError as upstream's.
extern const mp_obj_type_t ssl_verify_error_type;

#endif // USOCKET_BINDINGS_MODSSL_INTERNAL_H
