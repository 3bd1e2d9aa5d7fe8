// AF_SIGFOX as a socket family. All sockets read from one queue; options are each
// socket's own. net_socket_t.fd is the number of the message that was sent last.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "hal/hal.h"
#include "sigfox/sigfox_engine.h"

static sigfox_engine_t *const engine = &sigfox_engine;

static int sigfox_open(net_socket_t *s) {
    if (s->type != NET_SOCK_RAW) {
        return -NET_ESOCKTNOSUPPORT;
    }
    if (!sigfox_is_up()) {
        return -NET_ENODEV;
    }
    s->param = SIGFOX_SCHEDULE_REPEATS_MAX << SIGFOX_PARAM_REPEATS_SHIFT;
    return 0;
}

// Messages that were taken are sent all the same.
static void sigfox_close(net_socket_t *s) {
    (void)s;
    hal_lock();
    hal_notify();
    hal_unlock();
}

static int ready(const net_socket_t *s, int want) {
    int bits = 0;
    if (engine->rx_count > 0) {
        bits |= NET_POLLIN;
    }
    if (engine->tx_count < SIGFOX_TX_MESSAGES) {
        bits |= NET_POLLOUT;
    }
    if ((want & NET_SENT) && sigfox_engine_result((uint32_t)s->fd) != -NET_EAGAIN) {
        bits |= NET_SENT;
    }
    return bits & want;
}

static int sigfox_poll(net_socket_t *s, int want) {
    hal_lock();
    int bits = ready(s, want & ~NET_SENT);
    hal_unlock();
    return bits;
}

static int sigfox_wait(net_socket_t *s, int want, uint32_t timeout_ms) {
    hal_lock();
    int bits = ready(s, want);
    if (bits == 0 && timeout_ms > 0) {
        hal_wait(timeout_ms);
        bits = ready(s, want);
    }
    hal_unlock();
    return bits;
}

static int send(net_socket_t *s, const void *buf, size_t len) {
    if (len == 0 && sigfox_engine_is_fsk()) {
        return 0;
    }
    if (len > 0 && (s->param & SIGFOX_PARAM_OOB)) {
        return sigfox_engine_say(-NET_EINVAL, "with SO_OOB only an empty send() goes out, not %d bytes",
            len > INT32_MAX ? INT32_MAX : (int32_t)len, 0);
    }
    int ret = sigfox_engine_send(buf, len, s->param);
    if (ret > 0) {
        s->fd = ret;
        ret = (int)len;
    }
    return ret;
}

// Queues the message. Whoever wants to wait for its end asks sigfox_send_finish().
static int sigfox_send(net_socket_t *s, const void *buf, size_t len, const net_addr_t *to) {
    hal_lock();
    int ret = to != NULL ? sigfox_engine_say(-NET_EOPNOTSUPP, "sendto() has no meaning for Sigfox: use send()", 0, 0)
        : send(s, buf, len);
    hal_unlock();
    return ret;
}

static int sigfox_send_finish(net_socket_t *s) {
    hal_lock();
    int ret = sigfox_engine_result((uint32_t)s->fd);
    hal_unlock();
    return ret;
}

static int sigfox_send_cancel(net_socket_t *s) {
    hal_lock();
    int ret = sigfox_engine_cancel((uint32_t)s->fd);
    hal_unlock();
    return ret;
}

static int sigfox_recv(net_socket_t *s, void *buf, size_t len, int flags, net_addr_t *from) {
    hal_lock();
    int ret = sigfox_engine_read(buf, len, flags & NET_MSG_PEEK);
    hal_unlock();
    if (ret >= 0 && from != NULL) {
        from->family = s->family;
        from->port = 0;
    }
    return ret;
}

// The bit of an option that is on or off; 0: there is no such one.
static uint32_t option_bit(int opt) {
    switch (opt) {
        case SIGFOX_SO_RX:
            return SIGFOX_PARAM_RX;
        case SIGFOX_SO_OOB:
            return SIGFOX_PARAM_OOB;
        case SIGFOX_SO_BIT:
            return SIGFOX_PARAM_BIT;
        default:
            return 0;
    }
}

static int set_option(net_socket_t *s, int opt, int number) {
    uint32_t bit = option_bit(opt);
    if (opt == SIGFOX_SO_TX_REPEAT) {
        if (number < 0 || number > SIGFOX_SCHEDULE_REPEATS_MAX) {
            return sigfox_engine_say(-NET_EINVAL, "SO_TX_REPEAT %d out of range 0..2", number, 0);
        }
        s->param &= ~(3u << SIGFOX_PARAM_REPEATS_SHIFT);
        s->param |= (uint32_t)number << SIGFOX_PARAM_REPEATS_SHIFT;
        return 0;
    }
    if (bit == 0) {
        return sigfox_engine_say(-NET_EOPNOTSUPP, "no such Sigfox socket option: SO_RX, SO_TX_REPEAT, SO_OOB, SO_BIT", 0, 0);
    }
    s->param = number != 0 ? s->param | bit : s->param & ~bit;
    return 0;
}

static int sigfox_setsockopt(net_socket_t *s, int level, int opt, const void *value, size_t len) {
    int number = 0;
    if (len == sizeof(number)) {
        memcpy(&number, value, len);
    } else if (len == 1) {
        number = *(const uint8_t *)value;
    }
    hal_lock();
    int ret;
    if (level != SIGFOX_SOL_SIGFOX) {
        ret = sigfox_engine_say(-NET_EOPNOTSUPP, "option level %d: a Sigfox socket has SOL_SIGFOX only", level, 0);
    } else if (len != sizeof(number) && len != 1) {
        ret = sigfox_engine_say(-NET_EINVAL, "an option's value is an int", 0, 0);
    } else {
        ret = set_option(s, opt, number);
    }
    hal_unlock();
    return ret;
}

static int sigfox_getsockopt(net_socket_t *s, int level, int opt, void *value, size_t *len) {
    uint32_t bit = option_bit(opt);
    if (level != SIGFOX_SOL_SIGFOX || (opt != SIGFOX_SO_TX_REPEAT && bit == 0)) {
        return -NET_EOPNOTSUPP;
    }
    int number = opt == SIGFOX_SO_TX_REPEAT ? (int)SIGFOX_PARAM_REPEATS(s->param) : (s->param & bit) != 0;
    if (*len < sizeof(number)) {
        return -NET_EINVAL;
    }
    memcpy(value, &number, sizeof(number));
    *len = sizeof(number);
    return 0;
}

const net_ops_t sigfox_ops = {
    .open = sigfox_open,
    .close = sigfox_close,
    .poll = sigfox_poll,
    .wait = sigfox_wait,
    .send = sigfox_send,
    .send_finish = sigfox_send_finish,
    .send_cancel = sigfox_send_cancel,
    .recv = sigfox_recv,
    .setsockopt = sigfox_setsockopt,
    .getsockopt = sigfox_getsockopt,
};
