// What the files of the TLS room share.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_TLS_TLS_INTERNAL_H
#define USOCKET_TLS_TLS_INTERNAL_H

#include "mbedtls/pk.h"
#include "mbedtls/ssl_ticket.h"
#include "mbedtls/x509_crt.h"

#include "tls/tls.h"

// Older releases of mbedTLS 3 do not have it.
#ifndef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
#define MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET -0x7B00
#endif

// Our own certificate chain and its key. mbedTLS keeps pointers to both.
typedef struct _tls_identity_t {
    struct _tls_identity_t *next;
    mbedtls_x509_crt cert;
    mbedtls_pk_context key;
} tls_identity_t;

// A list of suites. Older ones are kept: a connection may still use them.
typedef struct _tls_ciphers_t {
    struct _tls_ciphers_t *next;
    int ids[]; // ends with 0
} tls_ciphers_t;

struct _tls_config_t {
    mbedtls_ssl_config ssl;
    atomic_int refs;
    // Held by the connection that computes a step of its handshake: keys,
    // tickets and trusted certificates carry caches that are not safe to share.
    atomic_flag handshake;
    mbedtls_x509_crt *ca;
    tls_identity_t *identities;
    tls_ciphers_t *ciphers;
    tls_verify_fn verify;
    void *verify_arg;
    uint8_t verify_mode;
    bool server;
    #if defined(MBEDTLS_SSL_TICKET_C)
    mbedtls_ssl_ticket_context ticket;
    bool has_ticket;
    #endif
};

// mbedTLS's answer as this room's: running out of memory is -NET_ENOMEM, and the
// rest is coded as tls_error_describe() expects.
int tls_error_from(int mbedtls_ret);
// The code for a certificate that was refused for these reasons.
int tls_error_verify(uint32_t flags);

// Offer a saved session to the peer, if it is one for this connection.
int tls_session_offer(tls_conn_t *conn, const uint8_t *data, size_t len);

// tls_conn_t.state
enum {
    TLS_NEW, // the socket below is not connected
    TLS_CONNECTING, // the socket below is on its way
    TLS_HANDSHAKE,
    TLS_OPEN,
    TLS_FAILED, // error says why; the socket below waits for close
};

// tls_conn_t.lock
enum {
    TLS_IDLE,
    TLS_BUSY,
    TLS_BUSY_CLOSE, // whoever is in the connection frees it when leaving
    TLS_CLOSED,
};

// Take the connection for one operation. False when somebody else has it.
bool tls_conn_enter(tls_conn_t *conn);
void tls_conn_leave(tls_conn_t *conn);
// These need the connection taken.
int tls_conn_step(tls_conn_t *conn);
// What mbedTLS's failure means here; the connection is over. Returns the code.
int tls_conn_fail(tls_conn_t *conn, int mbedtls_ret);
// The code of a failure that does not end the connection.
int tls_conn_error(tls_conn_t *conn, int mbedtls_ret);
// Say goodbye to the peer as far as there is room below.
void tls_conn_notify_close(tls_conn_t *conn);
// For tls_ops: close the connection, now or when its user leaves.
void tls_conn_close(tls_conn_t *conn);
// The same when whoever was in it is gone for good.
void tls_conn_abandon(tls_conn_t *conn);

#endif // USOCKET_TLS_TLS_INTERNAL_H
