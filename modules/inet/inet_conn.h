// Of the room only: a socket's connection in lwIP's netconn layer, the layer under
// lwIP's own socket functions, with the events that it reports.
//
// Why not lwip_recv() and friends: they look the descriptor up and lock for every
// call, answer select() by walking all sockets, and tell TCP about every byte that
// was taken. Here readiness is two fields, and a read of a small message is a look
// into the mailbox. Everything used is lwIP's public api.h, with or without its
// core lock, so it works on an unmodified ESP-IDF.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_INET_INET_CONN_H
#define USOCKET_INET_INET_CONN_H

#include "lwip/api.h"
#include "lwip/sys.h"

#include "inet/inet.h"

// As many as lwIP's own sockets would be: 10 on an ESP32.
#define INET_CONNS (MEMP_NUM_NETCONN)

// Multicast groups that all sockets together can be in, as lwIP's own sockets.
#define INET_GROUPS (INET_CONNS)

// One connection, from a pool, since lwIP's thread writes to it.
typedef struct {
    struct netconn *conn; // NULL: free
    // What was received and not all taken yet.
    struct pbuf *pbuf; // streams
    struct netbuf *netbuf; // datagrams
    u16_t untold; // stream bytes that were taken and TCP does not know of yet
    u8_t users; // threads that sleep in it
    bool closing; // closed meanwhile: the last of them deletes it
    // Written by lwIP's thread, under SYS_ARCH_PROTECT.
    volatile s16_t rx; // things in the mailbox: segments, datagrams, connections
    volatile bool tx; // there is room to send; a connect is over
    volatile bool broken; // an error was reported
    // Made at the first sleep, freed with the connection. Not on the sleeper's stack:
    // MicroPython's soft reset takes that away while the stack still knows of it.
    sys_sem_t waker;
    bool has_waker;
    const void *waiter; // who sleeps for an event, NULL if nobody; only compared
    uint8_t waits_for; // NET_POLLIN, NET_POLLOUT: what it is to be woken for
} inet_conn_t;

// The connection of an open socket.
inet_conn_t *inet_conn(int fd);
// The descriptor of one; what lwIP's own sockets would be called.
int inet_conn_fd(const inet_conn_t *c);

// A connection of this type, or the child that netconn_accept() is about to give.
// The descriptor, -NET_ENFILE or -NET_ENOMEM.
int inet_conn_new(enum netconn_type type, u8_t proto);
int inet_conn_reserve(void);
void inet_conn_adopt(inet_conn_t *c, struct netconn *conn);
void inet_conn_release(inet_conn_t *c); // one that was only reserved
void inet_conn_close(inet_conn_t *c);
// Tell TCP of n more bytes that were taken; when min have come together.
void inet_conn_took(inet_conn_t *c, size_t n, u16_t min);

// Join or leave a multicast group on the interface with this address. Closing
// leaves what was joined. -NET_ENOMEM when the table of groups is full.
int inet_conn_group(inet_conn_t *c, const ip_addr_t *group, const ip_addr_t *interface, bool join);

// Around a sleep in the connection of s. enter returns false if s is closed, leave
// if it was closed meanwhile; then the connection must not be touched any more.
bool inet_conn_enter(net_socket_t *s);
bool inet_conn_leave(inet_conn_t *c);
// Who entered and did not leave was deleted meanwhile and never will.
void inet_conn_forget_users(inet_conn_t *c);

// What there is of NET_POLLIN and NET_POLLOUT; both when the connection broke.
int inet_conn_ready(const inet_conn_t *c);
// Sleep until there is something of want, at most timeout_ms.
void inet_conn_sleep(inet_conn_t *c, int want, uint32_t timeout_ms);

// The negative errno for lwIP's err_t, below 0.
int inet_error(err_t err);

// Options (inet_options.c); the connection of s is open.
int inet_setsockopt(net_socket_t *s, int level, int opt, const void *value, size_t len);
int inet_getsockopt(net_socket_t *s, int level, int opt, void *value, size_t *len);

// The pending error of s, as SO_ERROR has it: 0 or positive.
int inet_pending_error(net_socket_t *s);

#endif // USOCKET_INET_INET_CONN_H
