// The socket core: what every address family can do, and the one dispatcher.
//
// Python-free. Error numbers are those of net/net_errno.h, negated.
//
// No call here blocks except net_wait() and net_recv_wait(). Everything else does what can be done
// now and answers -NET_EAGAIN where it would have to wait. Threads: calls on
// different sockets may overlap; on one socket, one reader and one writer may
// overlap, and net_close() may be called while another thread is in net_wait() or
// net_recv_wait(), which then answers -NET_EBADF.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_NET_NET_H
#define USOCKET_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/net_errno.h"

// Address families and socket types, as in the reference page.
#define NET_AF_INET (2)
#define NET_AF_LORA (160)
#define NET_AF_SIGFOX (161)
#define NET_SOCK_STREAM (1)
#define NET_SOCK_DGRAM (2)
#define NET_SOCK_RAW (3)

// Readiness bits, the values of MicroPython's select.POLL*.
#define NET_POLLIN (0x01)
#define NET_POLLOUT (0x04)
#define NET_POLLERR (0x08)
#define NET_POLLHUP (0x10)

// For net_wait() alone: what net_send() took last has left, or will not leave.
#define NET_SENT (0x100)

// Flags of net_recv(): look without taking.
#define NET_MSG_PEEK (0x01)

// net_wait() with this timeout waits until something happens.
#define NET_FOREVER UINT32_MAX

// An address, filled by the binding's parser for the family.
typedef struct {
    uint16_t family;
    union {
        struct {
            uint8_t ip[4]; // in the order it is written
            uint16_t port; // host byte order
        } inet;
        uint32_t port; // LoRa
    };
} net_addr_t;

typedef struct _net_socket_t net_socket_t;

// What one family can do. Every call returns 0 or a count, or a negative errno.
// A NULL slot means "not for this family": the dispatcher answers
// -NET_EOPNOTSUPP, so families write no refusal stubs. A closed socket never
// reaches a slot: the dispatcher answers -NET_EBADF.
typedef struct {
    // Make the socket usable; s->family, type and proto are set by the caller.
    // On failure nothing is held.
    int (*open)(net_socket_t *s); // required
    // Give everything back. Called once; must not fail and not wait.
    void (*close)(net_socket_t *s); // required
    // close, when whoever was in the socket is gone for good. Without it, close is called.
    void (*abandon)(net_socket_t *s);
    // The bits of NET_POLL* that are true now, out of want (ERR and HUP always).
    int (*poll)(net_socket_t *s, int want); // required
    // Sleep until one bit of want (or ERR, HUP) may be true, at most timeout_ms.
    // Returns 0 or more; 0 also when woken for nothing: the caller tries again.
    int (*wait)(net_socket_t *s, int want, uint32_t timeout_ms); // required
    int (*bind)(net_socket_t *s, const net_addr_t *addr);
    int (*listen)(net_socket_t *s, int backlog);
    // Fills child (ops and all) and from. -NET_EAGAIN when nobody is there.
    int (*accept)(net_socket_t *s, net_socket_t *child, net_addr_t *from);
    // -NET_EINPROGRESS when it goes on: wait for NET_POLLOUT, then call
    // connect_result. A second call meanwhile answers -NET_EALREADY.
    int (*connect)(net_socket_t *s, const net_addr_t *to);
    // 0 when connected, -NET_EINPROGRESS while it goes on, else why it failed.
    int (*connect_result)(net_socket_t *s);
    // to is NULL for a connected socket. May send less than len on a stream.
    int (*send)(net_socket_t *s, const void *buf, size_t len, const net_addr_t *to);
    // For families that take data long before it has left (radios): what became of
    // what send() took last. 0 it has left, -NET_EAGAIN: wait for NET_SENT, else
    // why it did not leave; -NET_ETIMEDOUT: it has, and the answer that it asked for
    // did not come. Without it, what send() took is done with.
    int (*send_finish)(net_socket_t *s);
    // Take that back. 0: it will not leave. -NET_EALREADY: it is leaving. -NET_ENOENT:
    // nothing is waiting.
    int (*send_cancel)(net_socket_t *s);
    // from may be NULL. 0 at the end of a stream, every time it is asked.
    int (*recv)(net_socket_t *s, void *buf, size_t len, int flags, net_addr_t *from);
    // recv, but sleeps at most timeout_ms for the data: a wait and a recv in one,
    // for families that can do it more cheaply. Without it callers use wait.
    int (*recv_wait)(net_socket_t *s, void *buf, size_t len, net_addr_t *from, uint32_t timeout_ms);
    // how: 0 no more reading, 1 no more writing, 2 both.
    int (*shutdown)(net_socket_t *s, int how);
    // The value is an int (4 bytes, native order) or the option's own bytes.
    int (*setsockopt)(net_socket_t *s, int level, int opt, const void *value, size_t len);
    // Fills at most *len bytes and sets *len.
    int (*getsockopt)(net_socket_t *s, int level, int opt, void *value, size_t *len);
    // peer: the other end's address, else our own.
    int (*getname)(net_socket_t *s, bool peer, net_addr_t *addr);
    // The number that the stack below knows the socket by.
    int (*fileno)(net_socket_t *s);
} net_ops_t;

// A socket: common state, owned by the caller, zeroed before net_open().
struct _net_socket_t {
    const net_ops_t *ops; // NULL when closed
    uint16_t family;
    uint8_t type;
    uint8_t proto;
    uint8_t state; // the family's own
    uint8_t flags; // the family's own
    int16_t error; // a pending error of the family, 0 or positive
    union {
        int fd; // a handle of the stack below
        void *ctx; // or the family's state, owned as its header says
    };
    uint32_t param; // the family's own word (LoRa: port, data rate, confirmed)
};

int net_open(net_socket_t *s, const net_ops_t *ops, uint16_t family, uint8_t type, uint8_t proto);
// Safe on a closed socket.
void net_close(net_socket_t *s);
// net_close() for the garbage collector, which found that nobody has the socket. A thread that
// is still in net_wait() or net_recv_wait() by its books was deleted there, with its stack, as
// MicroPython's soft reset does on an ESP32: it is not waited for.
void net_abandon(net_socket_t *s);
int net_poll(net_socket_t *s, int want);
int net_wait(net_socket_t *s, int want, uint32_t timeout_ms);
int net_bind(net_socket_t *s, const net_addr_t *addr);
int net_listen(net_socket_t *s, int backlog);
int net_accept(net_socket_t *s, net_socket_t *child, net_addr_t *from);
int net_connect(net_socket_t *s, const net_addr_t *to);
int net_connect_result(net_socket_t *s);
int net_send(net_socket_t *s, const void *buf, size_t len, const net_addr_t *to);
int net_send_finish(net_socket_t *s);
int net_send_cancel(net_socket_t *s);
int net_recv(net_socket_t *s, void *buf, size_t len, int flags, net_addr_t *from);
int net_recv_wait(net_socket_t *s, void *buf, size_t len, net_addr_t *from, uint32_t timeout_ms);
int net_shutdown(net_socket_t *s, int how);
int net_setsockopt(net_socket_t *s, int level, int opt, const void *value, size_t len);
int net_getsockopt(net_socket_t *s, int level, int opt, void *value, size_t *len);
int net_getname(net_socket_t *s, bool peer, net_addr_t *addr);
int net_fileno(net_socket_t *s);

// "EMSGSIZE" for 122, NULL for a number that has no name here.
const char *net_errno_name(int error);

#endif // USOCKET_NET_NET_H
