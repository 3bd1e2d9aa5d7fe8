// AF_LORA as a socket family. All sockets read from one queue, as on Pycom's
// firmware; port, data rate and "confirmed" are each socket's own.
// net_socket_t.fd is the number of the frame that was sent last, 0 before.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "hal/hal.h"
#include "lora/lora_wan_engine.h"

static lora_engine_t *const engine = &lora_engine;

static int lora_open(net_socket_t *s) {
    if (s->type != NET_SOCK_RAW) {
        return -NET_ESOCKTNOSUPPORT;
    }
    if (!lora_is_up()) {
        return -NET_ENODEV;
    }
    s->param = LORA_PORT_DEFAULT;
    return 0;
}

// Frames that were taken are sent all the same.
static void lora_close(net_socket_t *s) {
    (void)s;
    hal_lock();
    hal_notify();
    hal_unlock();
}

static int ready(const net_socket_t *s, int want) {
    int bits = 0;
    if (engine->rx.frames > 0) {
        bits |= NET_POLLIN;
    }
    if (engine->tx.count < LORA_TX_FRAMES) {
        bits |= NET_POLLOUT;
    }
    if ((want & NET_SENT) && lora_tx_result(&engine->tx, s->fd) != -NET_EAGAIN) {
        bits |= NET_SENT;
    }
    return bits & want;
}

static int lora_poll(net_socket_t *s, int want) {
    hal_lock();
    int bits = ready(s, want & ~NET_SENT);
    hal_unlock();
    return bits;
}

static int lora_wait_for(net_socket_t *s, int want, uint32_t timeout_ms) {
    hal_lock();
    int bits = ready(s, want);
    if (bits == 0 && timeout_ms > 0) {
        hal_wait(timeout_ms);
        bits = ready(s, want);
    }
    hal_unlock();
    return bits;
}

static int lora_bind(net_socket_t *s, const net_addr_t *addr) {
    if (addr->port > LORA_PORT_MAX) {
        hal_lock();
        lora_engine_say("port %d is not in 0..%d", (int32_t)addr->port, LORA_PORT_MAX);
        hal_unlock();
        return -NET_EOPNOTSUPP;
    }
    s->param = (s->param & ~0xffu) | addr->port;
    return 0;
}

static int lora_getname(net_socket_t *s, bool peer, net_addr_t *addr) {
    if (peer) {
        return -NET_ENOTCONN;
    }
    addr->family = NET_AF_LORA;
    addr->port = LORA_PARAM_PORT(s->param);
    return 0;
}

// Queues the frame. Whoever wants to wait for its end asks lora_send_finish().
static int lora_send(net_socket_t *s, const void *buf, size_t len, const net_addr_t *to) {
    int ret = 0;
    hal_lock();
    if (to != NULL) {
        lora_engine_say("sendto() has no meaning for LoRa: use send()", 0, 0);
        ret = -NET_EOPNOTSUPP;
    } else if (len > LORA_PAYLOAD_MAX) {
        lora_engine_say("a payload of %d bytes is over %d", len > INT32_MAX ? INT32_MAX : (int32_t)len,
            LORA_PAYLOAD_MAX);
        ret = -NET_EMSGSIZE;
    } else if (len > 0) {
        ret = lora_engine_send(s->param, buf, len);
        if (ret > 0) {
            s->fd = ret;
            ret = (int)len;
        }
    }
    hal_unlock();
    return ret;
}

static int lora_send_finish(net_socket_t *s) {
    hal_lock();
    int ret = lora_tx_result(&engine->tx, s->fd);
    hal_unlock();
    return ret;
}

static int lora_send_cancel(net_socket_t *s) {
    if (lora_wan.up) {
        return lora_wan_send_cancel(s->fd);
    }
    hal_lock();
    int ret = lora_engine_cancel(s->fd);
    hal_unlock();
    return ret;
}

static int receive(void *buf, size_t len, int flags, net_addr_t *from) {
    lora_frame_t frame;
    if (!lora_queue_front(&engine->rx, &frame)) {
        return -NET_EAGAIN;
    }
    if (!(flags & NET_MSG_PEEK)) {
        lora_events_read(&frame);
    }
    if (from != NULL) {
        from->family = NET_AF_LORA;
        from->port = frame.port;
    }
    return lora_queue_read(&engine->rx, buf, len, flags & NET_MSG_PEEK);
}

static int lora_recv(net_socket_t *s, void *buf, size_t len, int flags, net_addr_t *from) {
    (void)s;
    hal_lock();
    int ret = receive(buf, len, flags, from);
    hal_unlock();
    return ret;
}

static int lora_recv_wait(net_socket_t *s, void *buf, size_t len, net_addr_t *from, uint32_t timeout_ms) {
    (void)s;
    hal_lock();
    if (engine->rx.frames == 0) {
        hal_wait(timeout_ms);
    }
    int ret = receive(buf, len, 0, from);
    hal_unlock();
    return ret;
}

static int option_value(const void *value, size_t len, int *number) {
    if (len == sizeof(*number)) {
        memcpy(number, value, len);
        return 0;
    }
    if (len == 1) {
        *number = *(const uint8_t *)value;
        return 0;
    }
    return -NET_EINVAL;
}

static bool is_rate(int number) {
    return number >= 0 && number <= 15 && (!lora_wan.up || lorawan_max_payload(&lora_wan.mac, (uint8_t)number) > 0);
}

static int set_rate(net_socket_t *s, int number) {
    enum { DR_SET = 1 << 13 };
    hal_lock();
    bool good = is_rate(number);
    if (!good) {
        lora_engine_say("no data rate %d: the region has up to %d", number,
            lora_wan.up ? lorawan_max_dr(&lora_wan.mac) : 15);
    }
    hal_unlock();
    if (!good) {
        return -NET_EOPNOTSUPP;
    }
    s->param = (s->param & ~(0xfu << 8)) | (uint32_t)number << 8 | DR_SET;
    return 0;
}

static int lora_setsockopt(net_socket_t *s, int level, int opt, const void *value, size_t len) {
    int number = 0;
    int ret = option_value(value, len, &number);
    if (level != LORA_SOL_LORA || (opt != LORA_SO_DR && opt != LORA_SO_CONFIRMED)) {
        hal_lock();
        lora_engine_say("no such LoRa socket option: SOL_LORA has SO_DR and SO_CONFIRMED", 0, 0);
        hal_unlock();
        return -NET_EOPNOTSUPP;
    }
    if (ret < 0) {
        return ret;
    }
    if (opt == LORA_SO_DR) {
        return set_rate(s, number);
    }
    s->param = (s->param & ~(1u << 12)) | (uint32_t)(number != 0) << 12;
    return 0;
}

// The rate of the next frame, for a socket that was told none.
static int rate(const net_socket_t *s) {
    hal_lock();
    bool own = LORA_PARAM_DR_SET(s->param) && !engine->settings.adr;
    lorawan_status_t status = { .dr = LORA_PARAM_DR(s->param) };
    if (lora_wan.up && !own) {
        lorawan_status(&lora_wan.mac, &status);
    }
    hal_unlock();
    return status.dr;
}

static int lora_getsockopt(net_socket_t *s, int level, int opt, void *value, size_t *len) {
    if (level != LORA_SOL_LORA || (opt != LORA_SO_DR && opt != LORA_SO_CONFIRMED)) {
        return -NET_EOPNOTSUPP;
    }
    int number = opt == LORA_SO_DR ? rate(s) : (int)LORA_PARAM_CONFIRMED(s->param);
    if (*len < sizeof(number)) {
        return -NET_EINVAL;
    }
    memcpy(value, &number, sizeof(number));
    *len = sizeof(number);
    return 0;
}

const net_ops_t lora_ops = {
    .open = lora_open,
    .close = lora_close,
    .poll = lora_poll,
    .wait = lora_wait_for,
    .bind = lora_bind,
    .send = lora_send,
    .send_finish = lora_send_finish,
    .send_cancel = lora_send_cancel,
    .recv = lora_recv,
    .recv_wait = lora_recv_wait,
    .setsockopt = lora_setsockopt,
    .getsockopt = lora_getsockopt,
    .getname = lora_getname,
};
