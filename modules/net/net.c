// SPDX-License-Identifier: MIT
#include "net/net.h"

// Read once: another thread may close the socket meanwhile.
static inline const net_ops_t *ops_of(const net_socket_t *s) {
    return *(const net_ops_t *const volatile *)&s->ops;
}

// The whole policy for closed sockets and absent operations.
#define DISPATCH(s, slot, ...) \
    const net_ops_t *ops = ops_of(s); \
    return ops == NULL ? -NET_EBADF : ops->slot == NULL ? -NET_EOPNOTSUPP : ops->slot(__VA_ARGS__)

int net_open(net_socket_t *s, const net_ops_t *ops, uint16_t family, uint8_t type, uint8_t proto) {
    *s = (net_socket_t) { .family = family, .type = type, .proto = proto };
    int ret = ops->open(s);
    if (ret >= 0) {
        s->ops = ops;
    }
    return ret;
}

void net_close(net_socket_t *s) {
    const net_ops_t *ops = s->ops;
    if (ops != NULL) {
        s->ops = NULL;
        ops->close(s);
    }
}

void net_abandon(net_socket_t *s) {
    const net_ops_t *ops = s->ops;
    if (ops != NULL) {
        s->ops = NULL;
        (ops->abandon != NULL ? ops->abandon : ops->close)(s);
    }
}

int net_poll(net_socket_t *s, int want) {
    DISPATCH(s, poll, s, want | NET_POLLERR | NET_POLLHUP);
}

int net_wait(net_socket_t *s, int want, uint32_t timeout_ms) {
    DISPATCH(s, wait, s, want, timeout_ms);
}

int net_bind(net_socket_t *s, const net_addr_t *addr) {
    DISPATCH(s, bind, s, addr);
}

int net_listen(net_socket_t *s, int backlog) {
    DISPATCH(s, listen, s, backlog);
}

int net_accept(net_socket_t *s, net_socket_t *child, net_addr_t *from) {
    DISPATCH(s, accept, s, child, from);
}

int net_connect(net_socket_t *s, const net_addr_t *to) {
    DISPATCH(s, connect, s, to);
}

int net_connect_result(net_socket_t *s) {
    DISPATCH(s, connect_result, s);
}

int net_send(net_socket_t *s, const void *buf, size_t len, const net_addr_t *to) {
    DISPATCH(s, send, s, buf, len, to);
}

int net_send_finish(net_socket_t *s) {
    DISPATCH(s, send_finish, s);
}

int net_send_cancel(net_socket_t *s) {
    DISPATCH(s, send_cancel, s);
}

int net_recv(net_socket_t *s, void *buf, size_t len, int flags, net_addr_t *from) {
    DISPATCH(s, recv, s, buf, len, flags, from);
}

int net_recv_wait(net_socket_t *s, void *buf, size_t len, net_addr_t *from, uint32_t timeout_ms) {
    DISPATCH(s, recv_wait, s, buf, len, from, timeout_ms);
}

int net_shutdown(net_socket_t *s, int how) {
    DISPATCH(s, shutdown, s, how);
}

int net_setsockopt(net_socket_t *s, int level, int opt, const void *value, size_t len) {
    DISPATCH(s, setsockopt, s, level, opt, value, len);
}

int net_getsockopt(net_socket_t *s, int level, int opt, void *value, size_t *len) {
    DISPATCH(s, getsockopt, s, level, opt, value, len);
}

int net_getname(net_socket_t *s, bool peer, net_addr_t *addr) {
    DISPATCH(s, getname, s, peer, addr);
}

int net_fileno(net_socket_t *s) {
    DISPATCH(s, fileno, s);
}

const char *net_errno_name(int error) {
    switch (error) {
        #define NET_ERRNO_CASE(name, number) \
    case number: \
        return #name;
        NET_ERRNO_LIST(NET_ERRNO_CASE)
#undef NET_ERRNO_CASE
        default:
            return NULL;
    }
}
