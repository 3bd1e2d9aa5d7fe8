// What can be asked of a TLS connection.
// SPDX-License-Identifier: MIT
#include "mbedtls/platform_util.h"

#include "tls/tls_internal.h"

bool tls_conn_started(const tls_conn_t *conn) {
    return conn->state != TLS_NEW;
}

bool tls_conn_ready(const tls_conn_t *conn) {
    return conn->state == TLS_OPEN;
}

bool tls_conn_closed_by_peer(const tls_conn_t *conn) {
    return conn->close_notify;
}

const char *tls_conn_cipher(tls_conn_t *conn) {
    return tls_conn_ready(conn) ? mbedtls_ssl_get_ciphersuite(&conn->ssl) : NULL;
}

const char *tls_conn_version(tls_conn_t *conn) {
    return tls_conn_ready(conn) ? mbedtls_ssl_get_version(&conn->ssl) : NULL;
}

const uint8_t *tls_conn_peer_cert(tls_conn_t *conn, size_t *len) {
    #if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
    const mbedtls_x509_crt *cert = tls_conn_ready(conn) ? mbedtls_ssl_get_peer_cert(&conn->ssl) : NULL;
    if (cert != NULL) {
        *len = cert->raw.len;
        return cert->raw.p;
    }
    #else
    (void)conn;
    #endif
    *len = 0;
    return NULL;
}

void tls_wipe(void *secret, size_t len) {
    mbedtls_platform_zeroize(secret, len);
}
