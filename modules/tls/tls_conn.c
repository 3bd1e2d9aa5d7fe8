// A TLS connection: its life, its handshake, and who may use it when.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "mbedtls/error.h"
#include "mbedtls/net_sockets.h"
#include "mbedtls/platform.h"
#include "mbedtls/platform_util.h"

#include "tls/tls_internal.h"

// What the BIO callbacks answer when bio_error says why.
#define BIO_FAILED MBEDTLS_ERR_NET_CONN_RESET

// PSA's state is global and only safe from two threads with mbedTLS's own locks.
#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && !defined(MBEDTLS_THREADING_C)
#define CAN_OFFLOAD (false)
#else
#define CAN_OFFLOAD (true)
#endif

/******************************************************************************/
// One user at a time

bool tls_conn_enter(tls_conn_t *conn) {
    int expected = TLS_IDLE;
    return atomic_compare_exchange_strong(&conn->lock, &expected, TLS_BUSY);
}

// Give everything back but the socket below, and the connection's own memory.
static void free_session(tls_conn_t *conn) {
    mbedtls_ssl_free(&conn->ssl);
    mbedtls_ssl_init(&conn->ssl);
    mbedtls_free(conn->hostname);
    conn->hostname = NULL;
}

static void release(tls_conn_t *conn, void (*close_below)(net_socket_t *s)) {
    if (conn->state == TLS_OPEN) {
        tls_conn_notify_close(conn);
    }
    free_session(conn);
    if (conn->session != NULL) {
        mbedtls_platform_zeroize(conn->session, conn->session_len);
        mbedtls_free(conn->session);
        conn->session = NULL;
    }
    close_below(&conn->below);
    conn->state = TLS_FAILED;
    conn->error = -NET_EBADF;
    tls_config_unref(conn->config);
    conn->config = NULL;
    atomic_store(&conn->lock, TLS_CLOSED);
}

void tls_conn_leave(tls_conn_t *conn) {
    int expected = TLS_BUSY;
    if (!atomic_compare_exchange_strong(&conn->lock, &expected, TLS_IDLE)) {
        release(conn, net_close);
    }
}

void tls_conn_let_go(tls_conn_t *conn) {
    conn->below.ops = NULL;
}

void tls_conn_close(tls_conn_t *conn) {
    for (;;) {
        if (tls_conn_enter(conn)) {
            release(conn, net_close);
            return;
        }
        int expected = TLS_BUSY;
        if (atomic_compare_exchange_strong(&conn->lock, &expected, TLS_BUSY_CLOSE)
            || expected != TLS_IDLE) {
            return;
        }
    }
}

void tls_conn_abandon(tls_conn_t *conn) {
    if (!tls_conn_enter(conn)) {
        if (atomic_load(&conn->lock) == TLS_CLOSED) {
            return;
        }
        conn->state = TLS_FAILED; // half a record may be out: no goodbye
    }
    release(conn, net_abandon);
}

/******************************************************************************/
// The socket below

static int bio_send(void *arg, const unsigned char *buf, size_t len) {
    tls_conn_t *conn = arg;
    int ret = net_send(&conn->below, buf, len, NULL);
    if (ret > 0) {
        return ret;
    }
    if (ret == 0 || ret == -NET_EAGAIN) {
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    if (ret == -NET_ECONNRESET && conn->state == TLS_HANDSHAKE) {
        // A peer that refuses us sends an alert and hangs up, maybe while we are
        // still writing. Let mbedTLS come to reading, which finds the alert, or the
        // reset: whoever is refused is told why, however the two were timed.
        return (int)len;
    }
    conn->bio_error = ret;
    return BIO_FAILED;
}

static int bio_recv(void *arg, unsigned char *buf, size_t len) {
    tls_conn_t *conn = arg;
    int ret = net_recv(&conn->below, buf, len, 0, NULL);
    if (ret >= 0) {
        return ret;
    }
    if (ret == -NET_EAGAIN) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    conn->bio_error = ret;
    return BIO_FAILED;
}

// Read what the peer has already sent. The socket below stays open until close(),
// unused: data that comes later, or was not read, would make a closed one reset the
// connection, and the reset can overtake our alert.
static void drain(net_socket_t *below) {
    uint8_t buf[128];
    for (int i = 0; i < 64 && net_recv(below, buf, sizeof(buf), 0, NULL) > 0; ++i) {
    }
}

/******************************************************************************/
// Failures

int tls_conn_error(tls_conn_t *conn, int ret) {
    return ret == BIO_FAILED && conn->bio_error != 0 ? conn->bio_error : tls_error_from(ret);
}

static int fail_with(tls_conn_t *conn, int error) {
    conn->error = error;
    conn->state = TLS_FAILED;
    free_session(conn);
    if (!conn->borrowed) {
        drain(&conn->below);
    }
    return error;
}

int tls_conn_fail(tls_conn_t *conn, int ret) {
    if (ret == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
        return fail_with(conn, tls_error_verify(mbedtls_ssl_get_verify_result(&conn->ssl)));
    }
    return fail_with(conn, tls_conn_error(conn, ret));
}

void tls_conn_notify_close(tls_conn_t *conn) {
    // The first call may only push out what is still in the buffer.
    for (int i = 0; i < 2 && mbedtls_ssl_close_notify(&conn->ssl) == 0; ++i) {
        if (conn->pending_write == 0) {
            break;
        }
        conn->pending_write = 0;
    }
}

/******************************************************************************/
// The handshake

static int verify_certificate(void *arg, mbedtls_x509_crt *cert, int depth, uint32_t *flags) {
    (void)flags;
    tls_conn_t *conn = arg;
    int ret = conn->verify(conn->verify_arg, cert->raw.p, cert->raw.len, depth);
    if (ret < -255) {
        conn->bio_error = ret; // not mbedTLS's business, but our caller's
        return BIO_FAILED;
    }
    return ret == 0 ? 0 : MBEDTLS_ERR_ERROR_GENERIC_ERROR;
}

// With OPTIONAL, mbedTLS lets any bad certificate through, and leaves it to us. On
// a resumed session the flags are those of the handshake that made it.
static int check_peer(tls_conn_t *conn) {
    int mode = conn->config->verify_mode;
    conn->verified = false;
    if (mode == TLS_VERIFY_NONE || (mode == TLS_VERIFY_OPTIONAL && conn->verify != NULL)) {
        return 0;
    }
    uint32_t flags = mbedtls_ssl_get_verify_result(&conn->ssl);
    if (mode == TLS_VERIFY_OPTIONAL) {
        flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_MISSING;
    }
    if (flags == 0) {
        conn->verified = true;
        return 0;
    }
    mbedtls_ssl_send_alert_message(&conn->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
        MBEDTLS_SSL_ALERT_MSG_BAD_CERT);
    return fail_with(conn, tls_error_verify(flags));
}

static int run_handshake(tls_conn_t *conn) {
    if (atomic_flag_test_and_set(&conn->config->handshake)) {
        conn->handshake_want = 0; // another connection's turn: come back soon
        return -NET_EAGAIN;
    }
    conn->bio_error = 0;
    int ret = mbedtls_ssl_handshake(&conn->ssl);
    atomic_flag_clear(&conn->config->handshake);
    switch (ret) {
        case 0:
            conn->state = TLS_OPEN;
            return check_peer(conn);
        case MBEDTLS_ERR_SSL_WANT_READ:
            conn->handshake_want = NET_POLLIN;
            return -NET_EAGAIN;
        case MBEDTLS_ERR_SSL_WANT_WRITE:
            conn->handshake_want = NET_POLLOUT;
            return -NET_EAGAIN;
        case MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE:
            // The one failure that mbedTLS does not tell the peer about.
            mbedtls_ssl_send_alert_message(&conn->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE);
            break;
    }
    return tls_conn_fail(conn, ret);
}

int tls_conn_step(tls_conn_t *conn) {
    if (conn->state == TLS_CONNECTING) {
        int ret = net_connect_result(&conn->below);
        if (ret < 0) {
            return ret; // a failed one answers the same for ever
        }
        conn->state = TLS_HANDSHAKE;
    }
    switch (conn->state) {
        case TLS_NEW:
            return -NET_ENOTCONN;
        case TLS_FAILED:
            return conn->error;
        case TLS_HANDSHAKE:
            return run_handshake(conn);
        default:
            return 0;
    }
}

int tls_conn_handshake(tls_conn_t *conn) {
    if (!tls_conn_enter(conn)) {
        return -NET_EAGAIN;
    }
    int ret = tls_conn_step(conn);
    tls_conn_leave(conn);
    return ret;
}

/******************************************************************************/
// Opening

// mbedTLS has its own copy of the name, but does not give it out.
static int set_hostname(tls_conn_t *conn, const char *hostname) {
    if (hostname != NULL) {
        size_t size = strlen(hostname) + 1;
        conn->hostname = mbedtls_calloc(1, size);
        if (conn->hostname == NULL) {
            return -NET_ENOMEM;
        }
        memcpy(conn->hostname, hostname, size);
    }
    // Also without a name: this is what tells mbedTLS that none is wanted.
    return tls_error_from(mbedtls_ssl_set_hostname(&conn->ssl, hostname));
}

static int setup(tls_conn_t *conn, const tls_conn_options_t *options) {
    int ret = tls_error_from(mbedtls_ssl_setup(&conn->ssl, &conn->config->ssl));
    if (ret == 0) {
        ret = set_hostname(conn, options->hostname);
    }
    if (ret == 0 && options->session != NULL) {
        ret = tls_session_offer(conn, options->session, options->session_len);
    }
    if (ret == 0 && conn->verify != NULL) {
        mbedtls_ssl_set_verify(&conn->ssl, verify_certificate, conn);
    }
    return ret;
}

// The state to begin in, from what the socket below says of itself; or its error.
static int first_state(net_socket_t *below) {
    int ret = net_connect_result(below);
    switch (ret) {
        case 0:
        case -NET_EOPNOTSUPP: // it has no connections: a pipe of some kind
            return TLS_HANDSHAKE;
        case -NET_EINPROGRESS:
            return TLS_CONNECTING;
        case -NET_ENOTCONN:
            return TLS_NEW;
        default:
            return ret;
    }
}

int tls_conn_open(tls_conn_t *conn, net_socket_t *s, net_socket_t *below,
    tls_config_t *config, const tls_conn_options_t *options) {
    int state = first_state(below);
    if (state < 0) {
        return state;
    }
    memset(conn, 0, sizeof(*conn));
    conn->state = (uint8_t)state;
    conn->handshake_want = config->server ? NET_POLLIN : NET_POLLOUT;
    conn->read_want = NET_POLLIN;
    conn->write_want = NET_POLLOUT;
    conn->handshake_ms = options->handshake_ms == 0 ? TLS_HANDSHAKE_MS : options->handshake_ms;
    conn->borrowed = options->borrowed;
    conn->offload = options->offload && CAN_OFFLOAD;
    conn->verify = config->verify;
    conn->verify_arg = config->verify_arg;
    conn->config = config;
    mbedtls_ssl_init(&conn->ssl);
    int ret = setup(conn, options);
    if (ret < 0) {
        free_session(conn);
        return ret;
    }
    mbedtls_ssl_set_bio(&conn->ssl, conn, bio_send, bio_recv, NULL);
    tls_config_ref(config);
    conn->below = *below;
    below->ops = NULL;
    *s = (net_socket_t) {
        .ops = &tls_ops, .family = conn->below.family, .type = conn->below.type,
        .proto = conn->below.proto, .ctx = conn,
    };
    return 0;
}
