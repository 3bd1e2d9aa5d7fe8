// What the socket binding shares with the other bindings (ssl, network.LoRa).
// SPDX-License-Identifier: MIT
#ifndef USOCKET_BINDINGS_MODSOCKET_H
#define USOCKET_BINDINGS_MODSOCKET_H

#include "py/obj.h"

#include "net/net.h"

// MicroPython renamed its macro between 1.25 and 1.26.
#define SOCKET_NORETURN __attribute__((noreturn))

// A socket object. Types with more state (SSLSocket) begin with this struct and
// use the same methods. Allocated with a finaliser.
typedef struct _socket_obj_t {
    mp_obj_base_t base;
    net_socket_t net;
    mp_int_t timeout_ms; // -1 waits for ever, 0 never waits
} socket_obj_t;

extern const mp_obj_type_t socket_type;
extern const mp_obj_type_t socket_timeout_type;

// The methods and the stream protocol of every socket type.
extern const mp_obj_dict_t socket_locals_dict;
extern const struct _mp_stream_p_t socket_stream_p;

// True after socket.compat("pycom").
extern bool socket_compat_pycom;

// A socket of this type with a closed net socket inside; size is the object's.
socket_obj_t *socket_new(const mp_obj_type_t *type, size_t size);
// Its finaliser.
void socket_collect(socket_obj_t *self);

// The socket behind a socket, SSLSocket or other socket type; NULL if obj is none.
socket_obj_t *socket_from_obj_maybe(mp_obj_t obj);

// Raises the exception for a negative errno of the rooms below, for a name
// resolution code, or for an mbedTLS code: -NET_ETIMEDOUT is socket.timeout, the
// rest OSError. Never returns.
SOCKET_NORETURN void socket_raise(int ret);
// Raises the OSError(EINPROGRESS) of a non-blocking connect. Never returns.
SOCKET_NORETURN void socket_raise_in_progress(void);

static inline socket_obj_t *socket_self(mp_obj_t self_in) {
    return MP_OBJ_TO_PTR(self_in);
}

// Raise what a refused operation answered, or return the count.
static inline int socket_check(int ret) {
    if (ret < 0) {
        socket_raise(ret);
    }
    return ret;
}

static inline mp_obj_t socket_none(int ret) {
    socket_check(ret);
    return mp_const_none;
}

// An argument for an int of C; OverflowError for a number that would be cut to fit.
int socket_get_int(mp_obj_t value_in);

// A size argument; ValueError when it is negative.
size_t socket_get_size(mp_obj_t size_in);

// Flags of recv(), lwIP's numbers as upstream has them.
#define MSG_PEEK (0x01)
#define MSG_DONTWAIT (0x08)

// A bounded wait on a socket; { 0 } before the first operation, so that an
// operation that need not wait does not even read the clock.
typedef struct {
    bool started;
    mp_uint_t start_ms; // of the first wait
} socket_wait_t;

// The one wait loop: call it each time an operation answers -NET_EAGAIN. It
// sleeps without the GIL and returns when the socket may be ready. It raises
// socket.timeout when the socket's timeout has passed since the first wait,
// OSError(EAGAIN) on a non-blocking socket, the error of net_wait(), and any
// pending exception (Ctrl-C).
void socket_wait(socket_obj_t *self, socket_wait_t *wait, int want);
// The same with a timeout of the caller's (ms, -1 for ever), which returns 0,
// -NET_ETIMEDOUT, -NET_EAGAIN (timeout_ms 0) or the error; it raises only what is
// pending.
int socket_wait_for(socket_obj_t *self, socket_wait_t *wait, int want, mp_int_t timeout_ms);

// After net_send() took data: on a family that takes it before it has left, wait
// until it has, as the socket's timeout says. 0, or why it did not leave: then it
// will not, unless it is on its way. Raises only what is pending.
int socket_send_finish_wait(socket_obj_t *self, socket_wait_t *wait);
static inline int socket_send_finish(socket_obj_t *self, socket_wait_t *wait) {
    const net_ops_t *ops = self->net.ops; // another thread may close the socket
    bool waits = ops != NULL && ops->send_finish != NULL && self->timeout_ms != 0;
    return waits ? socket_send_finish_wait(self, wait) : 0;
}

// Receive, waiting as the socket's timeout says. A count, -NET_EAGAIN (timeout 0),
// -NET_ETIMEDOUT or the error; it raises only what is pending.
int socket_recv_for(socket_obj_t *self, void *buf, size_t len, net_addr_t *from);

// Python address of this socket's family -> net_addr_t. Host names of AF_INET are
// resolved, which may take long and is interruptible. Raises ValueError with what
// is wrong, TypeError, or OSError with a resolution code.
void socket_addr_parse(socket_obj_t *self, mp_obj_t addr_in, net_addr_t *addr);
// The other way: ("1.2.3.4", port), or what the family has.
mp_obj_t socket_addr_format(const net_addr_t *addr);
// AF_INET's part of both (socket_inet.c).
void socket_inet_parse(mp_obj_t addr_in, net_addr_t *addr);
mp_obj_t socket_inet_format(const net_addr_t *addr);

// families[] (socket_families.c): start what the families of this firmware need before
// their first socket. 0 or a negative errno; -NET_EAGAIN: call again. A call blocks
// for 0.1 s at most: without the GIL.
int socket_families_start(void);
// The operations for an address family. NULL when this firmware does not have the family.
const net_ops_t *socket_family_ops(int family);
// The type that a socket of this family has when none is given.
int socket_family_default_type(int family);
// Does it do as Pycom's firmware where that and upstream differ, whatever
// socket.compat() says? Radio families do: only Pycom's scripts know them.
bool socket_family_follows_pycom(int family);

// Methods and functions that are defined outside modsocket.c.
extern const mp_obj_fun_builtin_fixed_t socket_send_obj;
extern const mp_obj_fun_builtin_fixed_t socket_sendall_obj;
extern const mp_obj_fun_builtin_fixed_t socket_sendto_obj;
extern const mp_obj_fun_builtin_var_t socket_recv_obj;
extern const mp_obj_fun_builtin_var_t socket_recvfrom_obj;
extern const mp_obj_fun_builtin_var_t socket_recv_into_obj;
extern const mp_obj_fun_builtin_fixed_t socket_settimeout_obj;
extern const mp_obj_fun_builtin_fixed_t socket_gettimeout_obj;
extern const mp_obj_fun_builtin_fixed_t socket_setblocking_obj;
extern const mp_obj_fun_builtin_var_t socket_setsockopt_obj;
extern const mp_obj_fun_builtin_var_t socket_getsockopt_obj;
extern const mp_obj_fun_builtin_var_t socket_getaddrinfo_obj;
extern const mp_obj_fun_builtin_var_t socket_dnsserver_obj;
extern const mp_obj_fun_builtin_var_t socket_readline_obj;

#endif // USOCKET_BINDINGS_MODSOCKET_H
