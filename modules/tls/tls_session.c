// Saved sessions. As bytes:
//
//     'U' 'S' | 1 | verified | length of host name | host name | mbedTLS's bytes
//
// mbedTLS resumes without asking for the certificate again, and its bytes do not
// say which name the certificate was checked against, nor whether it was: so that
// is kept here, and the session is offered only where it would pass today.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "mbedtls/platform.h"

#include "tls/tls_internal.h"

static const uint8_t magic[] = { 'U', 'S', 1 };

enum {
    AT_VERIFIED = sizeof(magic),
    AT_NAME_LEN,
    AT_NAME,
};

static size_t name_len(const tls_conn_t *conn) {
    return conn->hostname == NULL ? 0 : strlen(conn->hostname);
}

// mbedTLS's struct as bytes, in memory of the connection's.
static int serialise(tls_conn_t *conn, const mbedtls_ssl_session *session) {
    size_t head = AT_NAME + name_len(conn);
    size_t len = 0;
    mbedtls_ssl_session_save(session, NULL, 0, &len); // only says how long
    uint8_t *buf = mbedtls_calloc(1, head + len);
    if (buf == NULL) {
        return -NET_ENOMEM;
    }
    memcpy(buf, magic, sizeof(magic));
    buf[AT_VERIFIED] = conn->verified;
    buf[AT_NAME_LEN] = (uint8_t)name_len(conn);
    if (conn->hostname != NULL) {
        memcpy(buf + AT_NAME, conn->hostname, name_len(conn));
    }
    int ret = mbedtls_ssl_session_save(session, buf + head, len, &len);
    if (ret != 0) {
        mbedtls_free(buf);
        return tls_error_from(ret);
    }
    conn->session = buf;
    conn->session_len = head + len;
    return 0;
}

// mbedTLS gives a session out once, so that it is kept.
static int save_session(tls_conn_t *conn) {
    if (!tls_conn_ready(conn)) {
        return -NET_ENOTCONN;
    }
    if (conn->session != NULL) {
        return 0;
    }
    mbedtls_ssl_session session;
    mbedtls_ssl_session_init(&session);
    int ret = tls_error_from(mbedtls_ssl_get_session(&conn->ssl, &session));
    if (ret == 0) {
        ret = serialise(conn, &session);
    }
    mbedtls_ssl_session_free(&session);
    return ret;
}

int tls_conn_save_session(tls_conn_t *conn, const uint8_t **session, size_t *len) {
    if (!tls_conn_enter(conn)) {
        return -NET_EAGAIN;
    }
    int ret = save_session(conn);
    *session = conn->session;
    *len = conn->session_len;
    tls_conn_leave(conn);
    return ret;
}

// Fills session, which the caller frees in any case. 0 or
// -NET_EINVAL.
static int parse(mbedtls_ssl_session *session, const uint8_t *data, size_t len) {
    mbedtls_ssl_session_init(session);
    if (len < AT_NAME || memcmp(data, magic, sizeof(magic)) != 0) {
        return -NET_EINVAL;
    }
    size_t head = AT_NAME + (size_t)data[AT_NAME_LEN];
    if (len <= head || mbedtls_ssl_session_load(session, data + head, len - head) != 0) {
        return -NET_EINVAL;
    }
    return 0;
}

int tls_session_check(const uint8_t *data, size_t len) {
    mbedtls_ssl_session session;
    int ret = parse(&session, data, len);
    mbedtls_ssl_session_free(&session);
    return ret;
}

static bool is_for(const tls_conn_t *conn, const uint8_t *data) {
    if (data[AT_NAME_LEN] != name_len(conn)
        || (name_len(conn) > 0 && memcmp(data + AT_NAME, conn->hostname, name_len(conn)) != 0)) {
        return false;
    }
    return conn->config->verify_mode == TLS_VERIFY_NONE || data[AT_VERIFIED] == 1;
}

int tls_session_offer(tls_conn_t *conn, const uint8_t *data, size_t len) {
    mbedtls_ssl_session session;
    int ret = parse(&session, data, len);
    if (ret == 0 && is_for(conn, data)) {
        ret = tls_error_from(mbedtls_ssl_set_session(&conn->ssl, &session));
    }
    mbedtls_ssl_session_free(&session);
    return ret;
}
