// A TLS connection as a socket: the operations of net/net.h.
// SPDX-License-Identifier: MIT
#include "mbedtls/net_sockets.h"

#include "tls/tls_internal.h"

// How long wait() sleeps when somebody else has the connection or its keys.
#define BUSY_MS (5)

#define POLL_RDWR (NET_POLLIN | NET_POLLOUT)

static tls_conn_t *conn_of(net_socket_t *s) {
    return s->ctx;
}

static void tls_close(net_socket_t *s) {
    tls_conn_close(conn_of(s));
}

static void tls_abandon(net_socket_t *s) {
    tls_conn_abandon(conn_of(s));
}

/******************************************************************************/
// Connecting

static int begin_connect(tls_conn_t *conn, const net_addr_t *to) {
    switch (conn->state) {
        case TLS_FAILED:
            return conn->error;
        case TLS_CONNECTING:
        case TLS_HANDSHAKE: {
            int ret = tls_conn_step(conn);
            return ret == -NET_EAGAIN || ret == -NET_EINPROGRESS ? -NET_EALREADY : ret;
        }
    }
    int ret = net_connect(&conn->below, to);
    if (ret == -NET_EINPROGRESS) {
        conn->state = TLS_CONNECTING;
    } else if (ret == 0) {
        conn->state = TLS_HANDSHAKE;
        ret = tls_conn_step(conn);
    }
    return ret == -NET_EAGAIN ? -NET_EINPROGRESS : ret;
}

static int tls_connect(net_socket_t *s, const net_addr_t *to) {
    tls_conn_t *conn = conn_of(s);
    if (!tls_conn_enter(conn)) {
        return -NET_EALREADY;
    }
    int ret = begin_connect(conn, to);
    tls_conn_leave(conn);
    return ret;
}

static int tls_connect_result(net_socket_t *s) {
    int ret = tls_conn_handshake(conn_of(s));
    return ret == -NET_EAGAIN ? -NET_EINPROGRESS : ret;
}

/******************************************************************************/
// Data

// A failure after the handshake: of TLS, for good; of the socket below, its own.
static int data_error(tls_conn_t *conn, int ret) {
    int error = tls_conn_error(conn, ret);
    bool below = conn->bio_error != 0 && error == conn->bio_error;
    return below || error == -NET_ENOMEM ? error : tls_conn_fail(conn, ret);
}

// 0 when data can go, else why not yet or not any more.
static int data_ready(tls_conn_t *conn) {
    int ret = tls_conn_step(conn);
    conn->bio_error = 0;
    return ret == -NET_EINPROGRESS ? -NET_EAGAIN : ret;
}

// One record. mbedTLS keeps one that found no room and expects the call again,
// with the same bytes: that is what a caller who was told EAGAIN does anyway.
static int write_record(tls_conn_t *conn, const uint8_t *buf, size_t len) {
    size_t n = conn->pending_write;
    if (n > len) {
        return -NET_EINVAL;
    }
    if (n == 0) {
        int max = mbedtls_ssl_get_max_out_record_payload(&conn->ssl);
        n = max > 0 && len > (size_t)max ? (size_t)max : len;
    }
    int ret = mbedtls_ssl_write(&conn->ssl, buf, n);
    if (ret == MBEDTLS_ERR_SSL_WANT_WRITE || ret == MBEDTLS_ERR_SSL_WANT_READ) {
        conn->write_want = ret == MBEDTLS_ERR_SSL_WANT_WRITE ? NET_POLLOUT : NET_POLLIN;
        conn->pending_write = n;
        return -NET_EAGAIN;
    }
    conn->write_want = NET_POLLOUT;
    conn->pending_write = 0;
    return ret >= 0 ? ret : data_error(conn, ret);
}

static int write_records(tls_conn_t *conn, const uint8_t *buf, size_t len) {
    size_t sent = 0;
    while (sent < len) {
        int ret = write_record(conn, buf + sent, len - sent);
        if (ret < 0) {
            return sent > 0 && ret == -NET_EAGAIN ? (int)sent : ret;
        }
        sent += (size_t)ret;
    }
    return (int)sent;
}

static int tls_send(net_socket_t *s, const void *buf, size_t len, const net_addr_t *to) {
    (void)to; // a stream has one peer
    tls_conn_t *conn = conn_of(s);
    if (!tls_conn_enter(conn)) {
        return -NET_EAGAIN;
    }
    int ret = data_ready(conn);
    if (ret == 0) {
        ret = write_records(conn, buf, len);
    }
    tls_conn_leave(conn);
    return ret;
}

static int read_record(tls_conn_t *conn, void *buf, size_t len) {
    if (conn->eof || len == 0) {
        return 0;
    }
    int ret;
    do {
        ret = mbedtls_ssl_read(&conn->ssl, buf, len);
    } while (ret == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
    conn->read_want = NET_POLLIN;
    switch (ret) {
        case MBEDTLS_ERR_SSL_WANT_READ:
            return -NET_EAGAIN;
        case MBEDTLS_ERR_SSL_WANT_WRITE:
            conn->read_want = NET_POLLOUT;
            return -NET_EAGAIN;
        case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
            conn->close_notify = true;
            conn->eof = true;
            return 0;
        case MBEDTLS_ERR_SSL_CONN_EOF:
        case 0:
            conn->eof = true;
            return 0;
    }
    return ret > 0 ? ret : data_error(conn, ret);
}

static int tls_recv(net_socket_t *s, void *buf, size_t len, int flags, net_addr_t *from) {
    if (flags & NET_MSG_PEEK) {
        return -NET_EOPNOTSUPP;
    }
    tls_conn_t *conn = conn_of(s);
    if (!tls_conn_enter(conn)) {
        return -NET_EAGAIN;
    }
    int ret = data_ready(conn);
    if (ret == 0) {
        ret = read_record(conn, buf, len);
    }
    tls_conn_leave(conn);
    if (ret >= 0 && from != NULL && net_getname(s, true, from) < 0) {
        *from = (net_addr_t) { .family = s->family };
    }
    return ret;
}

static int tls_shutdown(net_socket_t *s, int how) {
    tls_conn_t *conn = conn_of(s);
    if (!tls_conn_enter(conn)) {
        return -NET_EAGAIN;
    }
    if (how != 0 && conn->state == TLS_OPEN) {
        tls_conn_notify_close(conn);
    }
    int ret = conn->state == TLS_FAILED ? conn->error : net_shutdown(&conn->below, how);
    tls_conn_leave(conn);
    return ret;
}

/******************************************************************************/
// Readiness

static bool has_data(tls_conn_t *conn) {
    return conn->eof || mbedtls_ssl_check_pending(&conn->ssl) != 0;
}

// What to ask the socket below for, so that want can go on.
static int want_below(tls_conn_t *conn, int want) {
    switch (conn->state) {
        case TLS_CONNECTING:
            return NET_POLLOUT;
        case TLS_HANDSHAKE:
            return conn->handshake_want;
        case TLS_OPEN:
            return (want & NET_POLLIN ? conn->read_want : 0)
                   | (want & NET_POLLOUT ? conn->write_want : 0);
        default:
            return want & POLL_RDWR;
    }
}

// What want can do now, given what the socket below is ready for.
static int ready_above(tls_conn_t *conn, int want, int below) {
    int bits = below & ~POLL_RDWR;
    if (conn->state == TLS_CONNECTING || conn->state == TLS_HANDSHAKE) {
        // Any call carries the handshake on, so that both directions are ready.
        return bits | (below & POLL_RDWR ? want & POLL_RDWR : 0);
    }
    if (conn->state != TLS_OPEN) {
        return bits | (below & want);
    }
    if (below & conn->read_want) {
        bits |= want & NET_POLLIN;
    }
    if (below & conn->write_want) {
        bits |= want & NET_POLLOUT;
    }
    return bits;
}

static int poll_now(tls_conn_t *conn, int want) {
    if (conn->state == TLS_FAILED) {
        return (want & POLL_RDWR) | NET_POLLERR | NET_POLLHUP;
    }
    int bits = 0;
    if (conn->state == TLS_HANDSHAKE && conn->handshake_want == 0) {
        return want & POLL_RDWR; // its keys were in use: try again
    }
    if (conn->state == TLS_OPEN && (want & NET_POLLIN) && has_data(conn)) {
        bits = NET_POLLIN;
        if ((want & NET_POLLOUT) == 0) {
            return bits; // no need to ask below
        }
    }
    int below = net_poll(&conn->below, want_below(conn, want));
    return below < 0 ? below : bits | ready_above(conn, want, below);
}

static int tls_poll(net_socket_t *s, int want) {
    tls_conn_t *conn = conn_of(s);
    if (!tls_conn_enter(conn)) {
        return 0;
    }
    int bits = poll_now(conn, want);
    tls_conn_leave(conn);
    return bits;
}

// The socket below is ready for the handshake, or the time for it has passed.
static int wait_handshake(tls_conn_t *conn, int want, int ready, uint32_t waited_ms) {
    if (ready > 0 && !conn->offload) {
        return want;
    }
    if (!tls_conn_enter(conn)) {
        return want;
    }
    int ret = 0;
    if (ready > 0) {
        ret = tls_conn_step(conn);
        ret = ret == -NET_EAGAIN || ret == -NET_EINPROGRESS ? 0 : want;
    } else if (conn->state == TLS_HANDSHAKE) {
        conn->handshake_ms -= waited_ms;
        if (conn->handshake_ms == 0) {
            tls_conn_fail(conn, MBEDTLS_ERR_SSL_TIMEOUT);
            ret = want;
        }
    }
    tls_conn_leave(conn);
    return ret;
}

static int wait_busy(tls_conn_t *conn, int want, uint32_t timeout_ms) {
    int ret = net_wait(&conn->below, 0, timeout_ms < BUSY_MS ? timeout_ms : BUSY_MS);
    return ret < 0 ? ret : want;
}

static int tls_wait(net_socket_t *s, int want, uint32_t timeout_ms) {
    tls_conn_t *conn = conn_of(s);
    if (!tls_conn_enter(conn)) {
        return wait_busy(conn, want, timeout_ms);
    }
    int state = conn->state;
    bool ready = state == TLS_FAILED
        || (state == TLS_OPEN && (want & NET_POLLIN) && has_data(conn));
    int below_want = want_below(conn, want);
    if (state == TLS_HANDSHAKE && timeout_ms > conn->handshake_ms) {
        timeout_ms = conn->handshake_ms;
    }
    tls_conn_leave(conn);
    if (ready) {
        return want;
    }
    if (below_want == 0) {
        return wait_busy(conn, want, timeout_ms);
    }
    int ret = net_wait(&conn->below, below_want, timeout_ms);
    if (ret < 0) {
        return ret;
    }
    if (state == TLS_CONNECTING || state == TLS_HANDSHAKE) {
        return wait_handshake(conn, want, ret, timeout_ms);
    }
    return ret == 0 ? 0 : want;
}

/******************************************************************************/
// What is the business of the socket below

static int tls_bind(net_socket_t *s, const net_addr_t *addr) {
    return net_bind(&conn_of(s)->below, addr);
}

static int tls_setsockopt(net_socket_t *s, int level, int opt, const void *value, size_t len) {
    return net_setsockopt(&conn_of(s)->below, level, opt, value, len);
}

static int tls_getsockopt(net_socket_t *s, int level, int opt, void *value, size_t *len) {
    return net_getsockopt(&conn_of(s)->below, level, opt, value, len);
}

static int tls_getname(net_socket_t *s, bool peer, net_addr_t *addr) {
    return net_getname(&conn_of(s)->below, peer, addr);
}

static int tls_fileno(net_socket_t *s) {
    return net_fileno(&conn_of(s)->below);
}

// No open: tls_conn_open() makes these sockets, from one that is open already.
// No listen and accept: listen on a plain socket, wrap what it accepts.
const net_ops_t tls_ops = {
    .close = tls_close,
    .abandon = tls_abandon,
    .poll = tls_poll,
    .wait = tls_wait,
    .bind = tls_bind,
    .connect = tls_connect,
    .connect_result = tls_connect_result,
    .send = tls_send,
    .recv = tls_recv,
    .shutdown = tls_shutdown,
    .setsockopt = tls_setsockopt,
    .getsockopt = tls_getsockopt,
    .getname = tls_getname,
    .fileno = tls_fileno,
};
