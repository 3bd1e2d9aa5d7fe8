// The one wait loop.
// SPDX-License-Identifier: MIT
#include "py/mphal.h"
#include "py/mpthread.h"
#include "py/runtime.h"

#include "bindings/modsocket.h"
#include "usocket_config.h"

// Time left until the deadline, in ms, at most one slice; 0 when it is over.
static uint32_t wait_slice(mp_int_t timeout_ms, socket_wait_t *wait) {
    if (timeout_ms < 0) {
        return USOCKET_WAIT_SLICE_MS;
    }
    mp_uint_t now = mp_hal_ticks_ms();
    if (!wait->started) {
        wait->started = true;
        wait->start_ms = now;
    }
    mp_uint_t elapsed = now - wait->start_ms;
    if (elapsed >= (mp_uint_t)timeout_ms) {
        return 0;
    }
    return MIN((mp_uint_t)timeout_ms - elapsed, USOCKET_WAIT_SLICE_MS);
}

int socket_wait_for(socket_obj_t *self, socket_wait_t *wait, int want, mp_int_t timeout_ms) {
    if (timeout_ms == 0) {
        return -NET_EAGAIN;
    }
    for (;;) {
        uint32_t slice = wait_slice(timeout_ms, wait);
        if (slice == 0) {
            return -NET_ETIMEDOUT;
        }
        MP_THREAD_GIL_EXIT();
        int ret = net_wait(&self->net, want, slice);
        MP_THREAD_GIL_ENTER();
        mp_handle_pending(true);
        if (ret != 0) {
            return ret < 0 ? ret : 0;
        }
    }
}

// One wait for what was sent; it is taken back when Ctrl-C or the like comes.
static int send_wait(socket_obj_t *self, socket_wait_t *wait) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        int ret = socket_wait_for(self, wait, NET_SENT, self->timeout_ms);
        nlr_pop();
        return ret;
    }
    net_send_cancel(&self->net);
    nlr_jump(nlr.ret_val);
}

int socket_send_finish_wait(socket_obj_t *self, socket_wait_t *wait) {
    int ret;
    while ((ret = net_send_finish(&self->net)) == -NET_EAGAIN) {
        ret = send_wait(self, wait);
        if (ret == -NET_ETIMEDOUT) {
            ret = net_send_cancel(&self->net);
            return ret == -NET_ENOENT ? net_send_finish(&self->net) : -NET_ETIMEDOUT;
        }
        if (ret < 0) {
            return ret;
        }
    }
    return ret;
}

// The rest of a receive that found nothing: sleep in the receive itself where the
// family can, which saves it a look at the data before and after.
static int recv_sleeping(socket_obj_t *self, void *buf, size_t len, net_addr_t *from, uint32_t slice) {
    MP_THREAD_GIL_EXIT();
    int ret = net_recv_wait(&self->net, buf, len, from, slice);
    bool received = ret != -NET_EAGAIN && ret != -NET_EOPNOTSUPP;
    if (ret == -NET_EOPNOTSUPP) {
        ret = net_wait(&self->net, NET_POLLIN, slice);
    }
    MP_THREAD_GIL_ENTER();
    if (received) {
        return ret; // what is pending must not lose the data; the VM sees to it next
    }
    mp_handle_pending(true);
    return ret >= 0 ? net_recv(&self->net, buf, len, 0, from) : ret;
}

int socket_recv_for(socket_obj_t *self, void *buf, size_t len, net_addr_t *from) {
    socket_wait_t wait = { 0 };
    int ret = net_recv(&self->net, buf, len, 0, from);
    while (ret == -NET_EAGAIN && self->timeout_ms != 0) {
        uint32_t slice = wait_slice(self->timeout_ms, &wait);
        if (slice == 0) {
            return -NET_ETIMEDOUT;
        }
        ret = recv_sleeping(self, buf, len, from, slice);
    }
    return ret;
}

void socket_wait(socket_obj_t *self, socket_wait_t *wait, int want) {
    int ret = socket_wait_for(self, wait, want, self->timeout_ms);
    if (ret < 0) {
        socket_raise(ret);
    }
}
