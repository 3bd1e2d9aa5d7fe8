// Connections of lwIP's netconn layer and the events that it reports on them.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "lwip/priv/api_msg.h"
#include "lwip/sockets.h" // LWIP_SOCKET_OFFSET
#include "lwip/tcp.h"

#include "inet/inet_conn.h"

// What a close may take when the stack has no memory for the FIN; lwIP alone would
// try for 20 s.
#define CLOSE_TIMEOUT_MS (100)

// How often the second of two threads that wait for one connection looks.
#define SECOND_NAP_MS (10)

static inet_conn_t conns[INET_CONNS];

// Protected: wake who sleeps.
static void wake(inet_conn_t *c) {
    if (c->waiter != NULL && c->has_waker) {
        sys_sem_signal(&c->waker);
    }
}

// The number of its inet_conn_t in a netconn. Below 0 for one that lwIP accepted
// and nobody has taken yet: -1 less the number of things that came for it.
#ifdef netconn_get_callback_arg
#define CONN_INDEX(conn) ((conn)->callback_arg.socket)
#else
#define CONN_INDEX(conn) ((conn)->socket) // lwIP before 2.2
#endif

inet_conn_t *inet_conn(int fd) {
    return &conns[fd - LWIP_SOCKET_OFFSET];
}

int inet_conn_fd(const inet_conn_t *c) {
    return (int)(c - conns) + LWIP_SOCKET_OFFSET;
}

int inet_conn_ready(const inet_conn_t *c) {
    if (c->broken) {
        return NET_POLLIN | NET_POLLOUT;
    }
    return (c->rx > 0 || c->pbuf != NULL || c->netbuf != NULL ? NET_POLLIN : 0) | (c->tx ? NET_POLLOUT : 0);
}

// Take two bytes more than is announced. lwIP answers an ACK that comes while it takes
// nothing with an ACK (tcp_receive(); RFC 9293, 3.10.7.4 does not): two of it with both windows
// full would do so for ever, and over the loopback interface its thread would do nothing else.
// A probe takes one byte, and is not told of when the mailbox is full.
static void keep_window_open(struct netconn *conn) {
    struct tcp_pcb *pcb = conn->pcb.tcp;
    if (NETCONNTYPE_GROUP(conn->type) != NETCONN_TCP || conn->state == NETCONN_LISTEN || pcb == NULL) {
        return;
    }
    s32_t beyond = (s32_t)(pcb->rcv_nxt + pcb->rcv_wnd - pcb->rcv_ann_right_edge);
    if (beyond < 2 || pcb->rcv_wnd < 2) {
        pcb->rcv_wnd += 2;
    }
}

// Called by lwIP, in its thread or in the caller's.
static void conn_event(struct netconn *conn, enum netconn_evt evt, u16_t len) {
    if (evt == NETCONN_EVT_RCVPLUS && len > 0) {
        keep_window_open(conn); // what came is subtracted already
    }
    SYS_ARCH_DECL_PROTECT(lev);
    SYS_ARCH_PROTECT(lev);
    int index = CONN_INDEX(conn);
    if (index < 0) {
        if (evt == NETCONN_EVT_RCVPLUS) {
            CONN_INDEX(conn) = index - 1;
        }
        SYS_ARCH_UNPROTECT(lev);
        return;
    }
    inet_conn_t *c = &conns[index];
    switch (evt) {
        case NETCONN_EVT_RCVPLUS:
            c->rx = c->rx + 1;
            break;
        case NETCONN_EVT_RCVMINUS:
            c->rx = c->rx - 1;
            break;
        case NETCONN_EVT_SENDPLUS:
            c->tx = true;
            break;
        case NETCONN_EVT_SENDMINUS:
            c->tx = false;
            break;
        case NETCONN_EVT_ERROR:
            c->broken = true;
            break;
    }
    if (inet_conn_ready(c) & c->waits_for) {
        wake(c); // under the protection: afterwards the waiter may be gone
        c->waits_for = 0; // once is enough
    }
    SYS_ARCH_UNPROTECT(lev);
}

// A mark for "taken" before there is a netconn.
#define RESERVED ((struct netconn *)conns)

int inet_conn_reserve(void) {
    int fd = -NET_ENFILE;
    SYS_ARCH_DECL_PROTECT(lev);
    SYS_ARCH_PROTECT(lev);
    for (int i = 0; i < INET_CONNS && fd < 0; ++i) {
        if (conns[i].conn == NULL) {
            memset(&conns[i], 0, sizeof(conns[i]));
            conns[i].conn = RESERVED;
            fd = i + LWIP_SOCKET_OFFSET;
        }
    }
    SYS_ARCH_UNPROTECT(lev);
    return fd;
}

void inet_conn_release(inet_conn_t *c) {
    c->conn = NULL;
}

void inet_conn_adopt(inet_conn_t *c, struct netconn *conn) {
    SYS_ARCH_DECL_PROTECT(lev);
    SYS_ARCH_PROTECT(lev);
    c->conn = conn;
    c->tx = true;
    c->rx = (s16_t)(-1 - CONN_INDEX(conn));
    CONN_INDEX(conn) = (int)(c - conns);
    SYS_ARCH_UNPROTECT(lev);
}

int inet_conn_new(enum netconn_type type, u8_t proto) {
    int fd = inet_conn_reserve();
    if (fd < 0) {
        return fd;
    }
    inet_conn_t *c = inet_conn(fd);
    struct netconn *conn = netconn_new_with_proto_and_callback(type, proto, conn_event);
    if (conn == NULL) {
        inet_conn_release(c);
        return -NET_ENOMEM;
    }
    CONN_INDEX(conn) = (int)(c - conns);
    c->tx = NETCONNTYPE_GROUP(type) != NETCONN_TCP;
    c->conn = conn;
    return fd;
}

/******************************************************************************/
// Multicast groups: lwIP counts members and forgets who they are. Only used with
// the caller's lock (the GIL) held.

static struct {
    inet_conn_t *c; // NULL: free
    ip_addr_t group;
    ip_addr_t interface;
} groups[INET_GROUPS];

static int group_find(const inet_conn_t *c, const ip_addr_t *group, const ip_addr_t *interface) {
    for (int i = 0; i < INET_GROUPS; ++i) {
        if (groups[i].c == c && (c == NULL
                                 || (ip_addr_cmp(&groups[i].group, group) && ip_addr_cmp(&groups[i].interface, interface)))) {
            return i;
        }
    }
    return -1;
}

int inet_conn_group(inet_conn_t *c, const ip_addr_t *group, const ip_addr_t *interface, bool join) {
    int i = group_find(c, group, interface);
    if (join ? i >= 0 : i < 0) {
        return join ? -NET_EADDRINUSE : -NET_EADDRNOTAVAIL;
    }
    if (join && (i = group_find(NULL, NULL, NULL)) < 0) {
        return -NET_ENOMEM;
    }
    err_t err = netconn_join_leave_group(c->conn, group, interface, join ? NETCONN_JOIN : NETCONN_LEAVE);
    if (err != ERR_OK) {
        return err == ERR_VAL ? -NET_EADDRNOTAVAIL : inet_error(err);
    }
    groups[i].c = join ? c : NULL;
    groups[i].group = *group;
    groups[i].interface = *interface;
    return 0;
}

static void leave_groups(inet_conn_t *c) {
    for (int i = 0; i < INET_GROUPS; ++i) {
        if (groups[i].c == c) {
            netconn_join_leave_group(c->conn, &groups[i].group, &groups[i].interface, NETCONN_LEAVE);
            groups[i].c = NULL;
        }
    }
}

/******************************************************************************/

void inet_conn_took(inet_conn_t *c, size_t n, u16_t min) {
    c->untold = (u16_t)(c->untold + n);
    if (c->untold > 0 && c->untold >= min) {
        netconn_tcp_recvd(c->conn, c->untold);
        c->untold = 0;
    }
}

static void conn_delete(inet_conn_t *c) {
    if (c->pbuf != NULL) {
        pbuf_free(c->pbuf);
    }
    if (c->netbuf != NULL) {
        netbuf_delete(c->netbuf);
    }
    netconn_delete(c->conn); // no more events
    if (c->has_waker) {
        sys_sem_free(&c->waker);
    }
    c->conn = NULL; // now it may be reserved, which clears the rest
}

#if LWIP_NETCONN_FULLDUPLEX
// Delete the connections that nobody accepted from a listener that has just been
// closed: lwIP 2.2 stops with a failed assertion when it has to do it itself,
// since it did not mark them as closed before it drains them.
static void refuse_waiting(struct netconn *listener) {
    void *msg;
    err_t err;
    while (sys_mbox_valid(&listener->acceptmbox)
           && sys_arch_mbox_tryfetch(&listener->acceptmbox, &msg) != SYS_MBOX_EMPTY) {
        if (!lwip_netconn_is_deallocated_msg(msg) && !lwip_netconn_is_err_msg(msg, &err)) {
            netconn_delete(msg);
        }
    }
}
#endif

// Who sleeps in it must find it closing when the stack wakes him, and must not be
// the last to leave before the stack is done with it.
static void begin_close(inet_conn_t *c) {
    SYS_ARCH_DECL_PROTECT(lev);
    SYS_ARCH_PROTECT(lev);
    ++c->users;
    c->closing = true;
    wake(c);
    SYS_ARCH_UNPROTECT(lev);
}

void inet_conn_close(inet_conn_t *c) {
    leave_groups(c);
    inet_conn_took(c, 0, 0); // with bytes not taken TCP would reset instead of close
    begin_close(c);
    netconn_set_sendtimeout(c->conn, CLOSE_TIMEOUT_MS);
    #if LWIP_NETCONN_FULLDUPLEX
    // Closes, and wakes who sleeps in it.
    netconn_prepare_delete(c->conn);
    refuse_waiting(c->conn);
    #endif
    inet_conn_leave(c);
}

bool inet_conn_enter(net_socket_t *s) {
    inet_conn_t *c = inet_conn(s->fd);
    SYS_ARCH_DECL_PROTECT(lev);
    SYS_ARCH_PROTECT(lev);
    // net_close() says so first: behind it, c may be another socket's already.
    bool open = s->ops != NULL;
    if (open) {
        ++c->users;
    }
    SYS_ARCH_UNPROTECT(lev);
    return open;
}

bool inet_conn_leave(inet_conn_t *c) {
    SYS_ARCH_DECL_PROTECT(lev);
    SYS_ARCH_PROTECT(lev);
    bool last = --c->users == 0;
    bool closing = c->closing;
    SYS_ARCH_UNPROTECT(lev);
    if (closing && last) {
        conn_delete(c);
    }
    return !closing;
}

void inet_conn_forget_users(inet_conn_t *c) {
    SYS_ARCH_DECL_PROTECT(lev);
    SYS_ARCH_PROTECT(lev);
    c->users = 0;
    c->waiter = NULL;
    c->waits_for = 0;
    SYS_ARCH_UNPROTECT(lev);
}

// Register as the one that events wake, again before each nap. False when another
// thread is it.
static bool begin_sleep(inet_conn_t *c, const void *me, int want) {
    SYS_ARCH_DECL_PROTECT(lev);
    SYS_ARCH_PROTECT(lev);
    bool alone = c->waiter == NULL || c->waiter == me;
    if (alone) {
        c->waiter = me;
        c->waits_for = (uint8_t)want;
    }
    SYS_ARCH_UNPROTECT(lev);
    return alone;
}

static void end_sleep(inet_conn_t *c) {
    SYS_ARCH_DECL_PROTECT(lev);
    SYS_ARCH_PROTECT(lev);
    c->waiter = NULL;
    SYS_ARCH_UNPROTECT(lev);
}

// Before anybody registers: an event may come at once. Two may be here; one's is kept.
static void ensure_waker(inet_conn_t *c) {
    sys_sem_t made;
    if (c->has_waker || sys_sem_new(&made, 0) != ERR_OK) {
        return;
    }
    SYS_ARCH_DECL_PROTECT(lev);
    SYS_ARCH_PROTECT(lev);
    bool taken = !c->has_waker;
    if (taken) {
        c->waker = made;
        c->has_waker = true;
    }
    SYS_ARCH_UNPROTECT(lev);
    if (!taken) {
        sys_sem_free(&made);
    }
}

// A second thread on the same connection has no place to be woken: it looks again after
// a while. A signal that nobody took makes one nap short.
static void nap(inet_conn_t *c, bool alone, u32_t ms) {
    if (alone && c->has_waker) {
        sys_arch_sem_wait(&c->waker, ms);
    } else {
        sys_msleep(ms == 0 ? SECOND_NAP_MS : LWIP_MIN(ms, SECOND_NAP_MS));
    }
}

void inet_conn_sleep(inet_conn_t *c, int want, uint32_t timeout_ms) {
    const char me = 0;
    bool alone;
    u32_t start = sys_now();
    u32_t elapsed = 0;
    if (timeout_ms == 0) {
        return;
    }
    ensure_waker(c);
    for (;;) {
        alone = begin_sleep(c, &me, want);
        if ((inet_conn_ready(c) & want) || c->closing || elapsed >= timeout_ms) {
            break;
        }
        nap(c, alone, timeout_ms == NET_FOREVER ? 0 : timeout_ms - elapsed); // 0 is for ever for lwIP
        elapsed = sys_now() - start;
    }
    if (alone) {
        end_sleep(c);
    }
}
