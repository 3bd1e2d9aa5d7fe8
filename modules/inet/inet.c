// AF_INET as a family: the operations of net/net.h over inet_conn.h.
//
// lwIP reports the end of a stream, and the reason why a connection broke, once
// and then forgets: both are kept here and answered as often as they are asked.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "lwip/sockets.h" // LWIP_SOCKET_OFFSET and the like
#include "lwip/tcp.h"

#include "inet/inet_conn.h"
#include "usocket_config.h"

// net_socket_t.state
enum {
    INET_NEW,
    INET_CONNECTING,
    INET_CONNECTED,
    INET_LISTENING,
    INET_FAILED, // s->error says why
};

// s->error of a connected stream: sending failed for good, and what the peer sent
// before that has not all been read.

// net_socket_t.flags
#define INET_EOF (0x01) // the peer has sent everything
#define INET_RX_SHUT (0x02) // reading was shut down here
#define INET_BOUND (0x04)
#define INET_TX_SHUT (0x08) // writing was shut down here

// The largest UDP payload: 65535 less the IP and UDP headers.
#define INET_DGRAM_MAX (65507)

// TCP hears of taken bytes in pieces of this size, not one by one: it would not
// tell the peer before a quarter of the window anyway (TCP_WND_UPDATE_THRESHOLD).
#define TOLD_MIN LWIP_MIN(TCP_WND / 8, TCP_MSS / 2)

// A receive that does not wait.
#define RECV_NOW (0)

static inet_conn_t *conn_of(net_socket_t *s) {
    return inet_conn(s->fd);
}

static bool is_stream(const net_socket_t *s) {
    return s->type == NET_SOCK_STREAM;
}

static void addr_to_lwip(const net_addr_t *addr, ip_addr_t *ip) {
    IP_ADDR4(ip, addr->inet.ip[0], addr->inet.ip[1], addr->inet.ip[2], addr->inet.ip[3]);
}

static void addr_from_lwip(net_addr_t *addr, const ip_addr_t *ip, u16_t port) {
    addr->family = NET_AF_INET;
    addr->inet.port = port;
    memcpy(addr->inet.ip, &ip_2_ip4(ip)->addr, 4);
}

// The socket is broken for good; every later call answers this error.
static int inet_fail(net_socket_t *s, int ret) {
    s->state = INET_FAILED;
    s->error = (int16_t)-ret;
    return ret;
}

static int inet_open(net_socket_t *s) {
    static const enum netconn_type types[] = {
        [NET_SOCK_STREAM] = NETCONN_TCP, [NET_SOCK_DGRAM] = NETCONN_UDP, [NET_SOCK_RAW] = NETCONN_RAW,
    };
    if (s->type < NET_SOCK_STREAM || s->type > NET_SOCK_RAW) {
        return -NET_EPROTOTYPE;
    }
    s->fd = inet_conn_new(types[s->type], s->type == NET_SOCK_RAW ? s->proto : 0);
    if (s->fd < 0) {
        return s->fd;
    }
    int on = 1;
    inet_setsockopt(s, INET_SOL_SOCKET, INET_SO_REUSEADDR, &on, sizeof(on));
    return 0;
}

static void inet_close(net_socket_t *s) {
    inet_conn_close(conn_of(s));
}

static void inet_abandon(net_socket_t *s) {
    inet_conn_forget_users(conn_of(s));
    inet_conn_close(conn_of(s));
}

/******************************************************************************/
// Connections

static int inet_connect_result(net_socket_t *s) {
    if (s->state != INET_CONNECTING) {
        return s->state == INET_CONNECTED ? 0 : s->state == INET_FAILED ? -s->error : -NET_ENOTCONN;
    }
    inet_conn_t *c = conn_of(s);
    if (!c->tx && !c->broken) {
        return -NET_EINPROGRESS;
    }
    err_t err = netconn_err(c->conn);
    netconn_set_nonblocking(c->conn, 0); // from here on a blocking receive must block
    switch (err) {
        case ERR_OK:
            s->state = INET_CONNECTED;
            return 0;
        // One error for every reset and one for every abort; here they mean this.
        case ERR_RST:
            return inet_fail(s, -NET_ECONNREFUSED);
        case ERR_ABRT:
            return inet_fail(s, -NET_ETIMEDOUT);
        default:
            return inet_fail(s, inet_error(err));
    }
}

static int connect_stream(net_socket_t *s, const ip_addr_t *ip, u16_t port) {
    inet_conn_t *c = conn_of(s);
    switch (s->state) {
        case INET_NEW:
            break;
        case INET_CONNECTING: {
            int ret = inet_connect_result(s);
            return ret == -NET_EINPROGRESS ? -NET_EALREADY : ret;
        }
        case INET_FAILED:
            return -s->error;
        default:
            return -NET_EISCONN;
    }
    // lwIP goes on in the background only on a non-blocking connection.
    netconn_set_nonblocking(c->conn, 1);
    err_t err = netconn_connect(c->conn, ip, port);
    if (err == ERR_INPROGRESS) {
        s->state = INET_CONNECTING;
        return -NET_EINPROGRESS; // also if it has failed already, so that there is one way
    }
    netconn_set_nonblocking(c->conn, 0);
    if (err != ERR_OK) {
        return inet_error(err);
    }
    s->state = INET_CONNECTED;
    return 0;
}

static int inet_connect(net_socket_t *s, const net_addr_t *to) {
    ip_addr_t ip;
    addr_to_lwip(to, &ip);
    if (is_stream(s)) {
        return connect_stream(s, &ip, to->inet.port);
    }
    err_t err = netconn_connect(conn_of(s)->conn, &ip, to->inet.port);
    if (err != ERR_OK) {
        return inet_error(err);
    }
    s->state = INET_CONNECTED;
    return 0;
}

// Ready for data? 0 when connected (or no stream), else the negative errno.
static int check_connected(net_socket_t *s) {
    if (s->state == INET_CONNECTED || !is_stream(s)) {
        return 0;
    }
    int ret = inet_connect_result(s);
    return ret == -NET_EINPROGRESS ? -NET_EAGAIN : ret;
}

static int inet_bind(net_socket_t *s, const net_addr_t *addr) {
    // lwIP would put a stream twice into its list of bound ones, and loop in it.
    if ((s->flags & INET_BOUND) || s->state != INET_NEW) {
        return -NET_EINVAL;
    }
    ip_addr_t ip;
    addr_to_lwip(addr, &ip);
    err_t err = netconn_bind(conn_of(s)->conn, &ip, addr->inet.port);
    if (err != ERR_OK) {
        return inet_error(err);
    }
    s->flags |= INET_BOUND;
    return 0;
}

static int inet_listen(net_socket_t *s, int backlog) {
    if (!is_stream(s)) {
        return -NET_EOPNOTSUPP;
    }
    if (s->state != INET_NEW && s->state != INET_LISTENING) {
        return -NET_EISCONN;
    }
    inet_conn_t *c = conn_of(s);
    err_t err = netconn_listen_with_backlog(c->conn, (u8_t)LWIP_MIN(LWIP_MAX(backlog, 0), 255));
    if (err != ERR_OK) {
        return inet_error(err);
    }
    netconn_set_nonblocking(c->conn, 1); // accept looks, inet_wait waits
    s->state = INET_LISTENING;
    return 0;
}

static int inet_accept(net_socket_t *s, net_socket_t *child, net_addr_t *from) {
    if (s->state != INET_LISTENING) {
        return is_stream(s) ? -NET_EINVAL : -NET_EOPNOTSUPP;
    }
    inet_conn_t *c = conn_of(s);
    if (c->rx <= 0 && !c->broken) {
        return -NET_EAGAIN;
    }
    int fd = inet_conn_reserve(); // first: a connection without a place would be lost
    if (fd < 0) {
        return fd;
    }
    struct netconn *conn;
    err_t err = netconn_accept(c->conn, &conn);
    if (err != ERR_OK) {
        inet_conn_release(inet_conn(fd));
        return inet_error(err);
    }
    inet_conn_adopt(inet_conn(fd), conn);
    *child = (net_socket_t) {
        .ops = &inet_ops, .family = s->family, .type = s->type, .proto = s->proto,
        .state = INET_CONNECTED, .fd = fd,
    };
    ip_addr_t ip;
    u16_t port;
    memset(from, 0, sizeof(*from));
    from->family = NET_AF_INET;
    if (netconn_peer(conn, &ip, &port) == ERR_OK) { // else it is gone already
        addr_from_lwip(from, &ip, port);
    }
    return 0;
}

static int inet_shutdown(net_socket_t *s, int how) {
    if (how < 0 || how > 2) {
        return -NET_EINVAL;
    }
    if (s->state != INET_CONNECTED || s->error != 0) {
        return s->error != 0 ? -s->error : -NET_ENOTCONN;
    }
    bool rx = how != 1 && !(s->flags & INET_EOF);
    bool tx = how != 0;
    if (is_stream(s) && (rx || tx)) {
        inet_conn_took(conn_of(s), 0, 0); // else TCP would reset instead of close
        err_t err = netconn_shutdown(conn_of(s)->conn, rx, tx);
        if (err != ERR_OK) {
            return inet_error(err);
        }
    }
    s->flags |= (how != 1 ? INET_RX_SHUT : 0) | (tx ? INET_TX_SHUT : 0);
    return 0;
}

static int inet_getname(net_socket_t *s, bool peer, net_addr_t *addr) {
    ip_addr_t ip;
    u16_t port;
    err_t err = netconn_getaddr(conn_of(s)->conn, &ip, &port, !peer);
    if (err != ERR_OK) {
        return inet_error(err);
    }
    addr_from_lwip(addr, &ip, port);
    return 0;
}

/******************************************************************************/
// Sending

static int send_stream(net_socket_t *s, const void *buf, size_t len) {
    size_t written = 0;
    err_t err = netconn_write_partly(conn_of(s)->conn, buf, len, NETCONN_COPY | NETCONN_DONTBLOCK, &written);
    if (err == ERR_OK) {
        return (int)written;
    }
    int ret = inet_error(err);
    if (err == ERR_RST || err == ERR_ABRT) {
        s->error = (int16_t)-ret; // what came before can still be read
    }
    return ret;
}

static int send_dgram(net_socket_t *s, const void *buf, size_t len, const net_addr_t *to) {
    struct netbuf netbuf = { 0 };
    void *copy = netbuf_alloc(&netbuf, (u16_t)len);
    if (copy == NULL) {
        return -NET_ENOMEM;
    }
    memcpy(copy, buf, len);
    if (to != NULL) {
        addr_to_lwip(to, &netbuf.addr);
        netbuf.port = to->inet.port;
    }
    err_t err = netconn_send(conn_of(s)->conn, &netbuf);
    netbuf_free(&netbuf);
    return err == ERR_OK ? (int)len : inet_error(err);
}

static int inet_send(net_socket_t *s, const void *buf, size_t len, const net_addr_t *to) {
    int ret = check_connected(s);
    if (ret < 0) {
        return ret;
    }
    if (is_stream(s)) {
        return s->error != 0 ? -s->error : len == 0 ? 0 : send_stream(s, buf, len);
    }
    if (len > INET_DGRAM_MAX) {
        return -NET_EMSGSIZE;
    }
    if (to == NULL && s->state != INET_CONNECTED) {
        return -NET_EDESTADDRREQ;
    }
    return send_dgram(s, buf, len, to);
}

/******************************************************************************/
// Receiving

// Keep what a failed receive says, so that it is not lost: lwIP says it once. If it
// was a send that was told, it is known already.
static int recv_failed(net_socket_t *s, err_t err) {
    int ret = s->error != 0 ? -s->error : inet_error(err);
    bool passing = ret == -NET_EAGAIN || ret == -NET_ENOMEM || ret == -NET_ENOBUFS;
    return is_stream(s) && !passing && s->state == INET_CONNECTED ? inet_fail(s, ret) : ret;
}

// The peer's end of a stream whose other direction was shut down here before. If
// lwIP saw to it (netconn_recv shuts reading down too), it would free the control
// block with the last ACK, tell nobody and use it again at the close. So it leaves
// the end in the mailbox for us (NETCONN_NOFIN), and the connection is over.
static bool took_last_end(net_socket_t *s) {
    inet_conn_t *c = conn_of(s);
    if (!(s->flags & INET_TX_SHUT) || !netconn_is_flag_set(c->conn, NETCONN_FIN_RX_PENDING)) {
        return false;
    }
    inet_conn_took(c, 0, 0);
    netconn_close(c->conn);
    return true;
}

// The next bytes of a stream. timeout_ms is for the first of them.
static int recv_stream(net_socket_t *s, uint8_t *buf, size_t len, bool peek, uint32_t timeout_ms) {
    inet_conn_t *c = conn_of(s);
    u8_t flags = NETCONN_NOAUTORCVD | (timeout_ms == RECV_NOW ? NETCONN_DONTBLOCK : 0)
        | (s->flags & INET_TX_SHUT ? NETCONN_NOFIN : 0);
    netconn_set_recvtimeout(c->conn, timeout_ms == NET_FOREVER ? 0 : timeout_ms);
    size_t taken = 0;
    do {
        if (c->pbuf == NULL) {
            err_t err = taken > 0 && c->rx <= 0 ? ERR_WOULDBLOCK // nothing more; no need to ask
                : netconn_recv_tcp_pbuf_flags(c->conn, &c->pbuf, flags);
            if (err != ERR_OK) {
                c->pbuf = NULL;
                if (taken > 0) {
                    break; // lwIP says it again next time
                }
                if (err == ERR_CLSD || took_last_end(s)) {
                    s->flags |= INET_EOF;
                    return 0;
                }
                return recv_failed(s, err);
            }
        }
        u16_t n = pbuf_copy_partial(c->pbuf, buf + taken, (u16_t)LWIP_MIN(len - taken, 0xffff), 0);
        taken += n;
        if (peek) {
            return (int)taken;
        }
        if (n < c->pbuf->tot_len) {
            c->pbuf = pbuf_free_header(c->pbuf, n);
        } else {
            pbuf_free(c->pbuf);
            c->pbuf = NULL;
        }
        flags |= NETCONN_DONTBLOCK | NETCONN_NOFIN;
    } while (taken < len);
    inet_conn_took(c, taken, TOLD_MIN);
    return (int)taken;
}

static int recv_dgram(net_socket_t *s, void *buf, size_t len, bool peek, net_addr_t *from, uint32_t timeout_ms) {
    inet_conn_t *c = conn_of(s);
    if (c->netbuf == NULL) {
        netconn_set_recvtimeout(c->conn, timeout_ms == NET_FOREVER ? 0 : timeout_ms);
        err_t err = netconn_recv_udp_raw_netbuf_flags(c->conn, &c->netbuf,
            timeout_ms == RECV_NOW ? NETCONN_DONTBLOCK : 0);
        if (err != ERR_OK) {
            c->netbuf = NULL;
            return recv_failed(s, err);
        }
    }
    struct netbuf *netbuf = c->netbuf;
    int n = pbuf_copy_partial(netbuf->p, buf, (u16_t)LWIP_MIN(len, 0xffff), 0);
    if (from != NULL) {
        // For a raw socket lwIP has the protocol number where the port would be.
        addr_from_lwip(from, netbuf_fromaddr(netbuf), s->type == NET_SOCK_RAW ? 0 : netbuf_fromport(netbuf));
    }
    if (!peek) {
        c->netbuf = NULL;
        netbuf_delete(netbuf);
    }
    return n;
}

// Is a receive answered without looking at the connection? *ret is the answer.
static bool recv_answered(net_socket_t *s, size_t len, int *ret) {
    if (!is_stream(s)) {
        return false;
    }
    *ret = check_connected(s);
    return *ret < 0 || len == 0 || (s->flags & (INET_EOF | INET_RX_SHUT));
}

static int recv_any(net_socket_t *s, void *buf, size_t len, bool peek, net_addr_t *from, uint32_t timeout_ms) {
    int ret;
    if (recv_answered(s, len, &ret)) {
        if (from != NULL) {
            memset(from, 0, sizeof(*from));
        }
        return ret;
    }
    if (!is_stream(s)) {
        return recv_dgram(s, buf, len, peek, from, timeout_ms);
    }
    ret = recv_stream(s, buf, len, peek, timeout_ms);
    if (from != NULL && inet_getname(s, true, from) < 0) {
        memset(from, 0, sizeof(*from));
    }
    return ret;
}

static bool is_readable(const inet_conn_t *c) {
    return inet_conn_ready(c) & NET_POLLIN;
}

static int inet_recv(net_socket_t *s, void *buf, size_t len, int flags, net_addr_t *from) {
    if ((s->state == INET_CONNECTED || !is_stream(s)) && !is_readable(conn_of(s))
        && !(s->flags & (INET_EOF | INET_RX_SHUT)) && len > 0) {
        return -NET_EAGAIN; // the common answer, without asking lwIP
    }
    return recv_any(s, buf, len, flags & NET_MSG_PEEK, from, RECV_NOW);
}

static int inet_recv_wait(net_socket_t *s, void *buf, size_t len, net_addr_t *from, uint32_t timeout_ms) {
    inet_conn_t *c = conn_of(s);
    timeout_ms = USOCKET_INET_SLEEP_MS(timeout_ms);
    if (!inet_conn_enter(s)) {
        return -NET_EBADF;
    }
    if (s->state == INET_CONNECTING) {
        inet_conn_sleep(c, NET_POLLOUT, timeout_ms);
    }
    int ret = c->closing ? -NET_EBADF : recv_any(s, buf, len, false, from, timeout_ms);
    return inet_conn_leave(c) ? ret : -NET_EBADF;
}

/******************************************************************************/
// Readiness

static int poll_stream(net_socket_t *s) {
    if (s->state == INET_CONNECTING) {
        inet_connect_result(s);
    }
    inet_conn_t *c = conn_of(s);
    switch (s->state) {
        case INET_NEW:
            // As POSIX systems have it: nothing to wait for, and not connected.
            return NET_POLLOUT | NET_POLLHUP;
        case INET_CONNECTING:
            return 0;
        case INET_LISTENING:
            return is_readable(c) ? NET_POLLIN : 0;
        case INET_FAILED:
            return NET_POLLIN | NET_POLLOUT | NET_POLLERR | NET_POLLHUP;
        default:
            break;
    }
    int bits = s->flags & (INET_EOF | INET_RX_SHUT) || is_readable(c) ? NET_POLLIN : 0;
    return bits | (inet_conn_ready(c) & NET_POLLOUT) | (c->broken ? NET_POLLERR | NET_POLLHUP : 0);
}

static int inet_poll(net_socket_t *s, int want) {
    int bits = is_stream(s) ? poll_stream(s) : NET_POLLOUT | (is_readable(conn_of(s)) ? NET_POLLIN : 0);
    return bits & want;
}

static int inet_wait(net_socket_t *s, int want, uint32_t timeout_ms) {
    inet_conn_t *c = conn_of(s);
    if (!inet_conn_enter(s)) {
        return -NET_EBADF;
    }
    want |= NET_POLLERR | NET_POLLHUP;
    int ready = inet_poll(s, want);
    if (ready == 0 && timeout_ms > 0) {
        inet_conn_sleep(c, s->state == INET_CONNECTING ? NET_POLLOUT : want & (NET_POLLIN | NET_POLLOUT),
            USOCKET_INET_SLEEP_MS(timeout_ms));
        ready = c->closing ? 0 : inet_poll(s, want);
    }
    return inet_conn_leave(c) ? ready : -NET_EBADF;
}

int inet_pending_error(net_socket_t *s) {
    if (s->state == INET_CONNECTING) {
        inet_connect_result(s);
    }
    return s->error;
}

static int inet_fileno(net_socket_t *s) {
    return s->fd;
}

const net_ops_t inet_ops = {
    .open = inet_open,
    .close = inet_close,
    .abandon = inet_abandon,
    .poll = inet_poll,
    .wait = inet_wait,
    .bind = inet_bind,
    .listen = inet_listen,
    .accept = inet_accept,
    .connect = inet_connect,
    .connect_result = inet_connect_result,
    .send = inet_send,
    .recv = inet_recv,
    .recv_wait = inet_recv_wait,
    .shutdown = inet_shutdown,
    .setsockopt = inet_setsockopt,
    .getsockopt = inet_getsockopt,
    .getname = inet_getname,
    .fileno = inet_fileno,
};
