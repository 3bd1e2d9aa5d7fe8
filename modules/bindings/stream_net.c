// SPDX-License-Identifier: MIT
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/mpthread.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "bindings/stream_net.h"

// A stream cannot wake anybody: look this often.
#define LOOK_MS (2)

static mp_obj_t stream_of(net_socket_t *s) {
    return MP_OBJ_FROM_PTR(s->ctx);
}

static int stream_answer(mp_uint_t ret, int error) {
    if (ret != MP_STREAM_ERROR) {
        return (int)ret;
    }
    if (mp_is_nonblocking_error(error)) {
        return -NET_EAGAIN;
    }
    return error > 0 && error < 256 ? -error : -NET_EIO;
}

int stream_net_keep(void *exception) {
    MP_STATE_VM(stream_net_exception) = MP_OBJ_FROM_PTR(exception);
    return STREAM_NET_RAISED;
}

static int stream_send(net_socket_t *s, const void *buf, size_t len, const net_addr_t *to) {
    (void)to;
    nlr_buf_t nlr;
    if (nlr_push(&nlr) != 0) {
        return stream_net_keep(nlr.ret_val);
    }
    int error = 0;
    mp_uint_t ret = mp_get_stream(stream_of(s))->write(stream_of(s), buf, len, &error);
    nlr_pop();
    return stream_answer(ret, error);
}

static int stream_recv(net_socket_t *s, void *buf, size_t len, int flags, net_addr_t *from) {
    (void)from;
    if (flags != 0) {
        return -NET_EOPNOTSUPP;
    }
    nlr_buf_t nlr;
    if (nlr_push(&nlr) != 0) {
        return stream_net_keep(nlr.ret_val);
    }
    int error = 0;
    mp_uint_t ret = mp_get_stream(stream_of(s))->read(stream_of(s), buf, len, &error);
    nlr_pop();
    return stream_answer(ret, error);
}

// A stream that cannot be asked is always ready: reading will tell.
static int stream_poll(net_socket_t *s, int want) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) != 0) {
        mp_sched_exception(MP_OBJ_FROM_PTR(nlr.ret_val)); // raised as soon as Python runs
        return want;
    }
    int error = 0;
    mp_uint_t ret = mp_get_stream(stream_of(s))->ioctl(stream_of(s), MP_STREAM_POLL, want, &error);
    nlr_pop();
    return ret == MP_STREAM_ERROR ? want : (int)ret;
}

static int stream_wait(net_socket_t *s, int want, uint32_t timeout_ms) {
    mp_uint_t start = mp_hal_ticks_ms();
    for (;;) {
        MP_THREAD_GIL_ENTER();
        int bits = stream_poll(s, want);
        MP_THREAD_GIL_EXIT();
        if (bits != 0 || mp_hal_ticks_ms() - start >= timeout_ms) {
            return bits;
        }
        mp_hal_delay_us(LOOK_MS * 1000);
    }
}

static void stream_close(net_socket_t *s) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        int error = 0;
        mp_get_stream(stream_of(s))->ioctl(stream_of(s), MP_STREAM_CLOSE, 0, &error);
        nlr_pop();
    } else {
        mp_sched_exception(MP_OBJ_FROM_PTR(nlr.ret_val));
    }
}

static const net_ops_t stream_net_ops = {
    .close = stream_close,
    .poll = stream_poll,
    .wait = stream_wait,
    .send = stream_send,
    .recv = stream_recv,
};

void stream_net_open(net_socket_t *s, mp_obj_t stream) {
    const mp_stream_p_t *p = MP_OBJ_TYPE_GET_SLOT_OR_NULL(mp_obj_get_type(stream), protocol);
    if (!mp_obj_is_obj(stream) || p == NULL || p->read == NULL || p->write == NULL || p->ioctl == NULL) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("cannot wrap '%s': it is neither a socket nor a stream"),
            mp_obj_get_type_str(stream));
    }
    *s = (net_socket_t) { .ops = &stream_net_ops, .type = NET_SOCK_STREAM, .ctx = MP_OBJ_TO_PTR(stream) };
}

void stream_net_raise(void) {
    mp_obj_t exception = MP_STATE_VM(stream_net_exception);
    MP_STATE_VM(stream_net_exception) = MP_OBJ_NULL;
    if (exception == MP_OBJ_NULL) {
        mp_raise_OSError(MP_EIO); // asked a second time
    }
    nlr_raise(exception);
}

MP_REGISTER_ROOT_POINTER(mp_obj_t stream_net_exception);
