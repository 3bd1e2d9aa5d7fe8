// Sockets as MicroPython streams: read(), write(), select.poll, asyncio.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/mperrno.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "bindings/modsocket.h"

// What readline() looks at in one go.
#define LINE_PIECE_MAX (64)

_Static_assert(NET_POLLIN == MP_STREAM_POLL_RD && NET_POLLOUT == MP_STREAM_POLL_WR, "the numbers differ");
_Static_assert(NET_POLLERR == MP_STREAM_POLL_ERR && NET_POLLHUP == MP_STREAM_POLL_HUP, "the numbers differ");

// After a timeout, Pycom's read() returns what it has (None if nothing).
static int timed_out(void) {
    return socket_compat_pycom ? -NET_EAGAIN : -NET_ETIMEDOUT;
}

// After -NET_EAGAIN: wait for want. False when the caller is to return what it has.
static bool stream_wait(socket_obj_t *self, socket_wait_t *wait, int want) {
    int ret = socket_wait_for(self, wait, want, self->timeout_ms);
    if (ret == -NET_ETIMEDOUT) {
        ret = timed_out();
    }
    if (ret < 0 && ret != -NET_EAGAIN) {
        socket_raise(ret);
    }
    return ret >= 0;
}

static mp_uint_t stream_result(int ret, int *errcode) {
    if (ret >= 0) {
        return ret;
    }
    *errcode = MP_EAGAIN;
    if (ret != -NET_EAGAIN) {
        socket_raise(ret);
    }
    return MP_STREAM_ERROR;
}

static mp_uint_t stream_read(mp_obj_t self_in, void *buf, mp_uint_t size, int *errcode) {
    socket_obj_t *self = MP_OBJ_TO_PTR(self_in);
    int ret = socket_recv_for(self, buf, size, NULL);
    if (ret == -NET_ETIMEDOUT) {
        ret = timed_out();
    }
    return stream_result(ret, errcode);
}

static mp_uint_t stream_write(mp_obj_t self_in, const void *buf, mp_uint_t size, int *errcode) {
    socket_obj_t *self = MP_OBJ_TO_PTR(self_in);
    socket_wait_t wait = { 0 };
    int ret;
    do {
        ret = net_send(&self->net, buf, size, NULL);
    } while (ret == -NET_EAGAIN && stream_wait(self, &wait, NET_POLLOUT));
    int left = ret < 0 ? ret : socket_send_finish(self, &wait);
    return stream_result(left < 0 ? left : ret, errcode);
}

// Take the next bytes of a line, at most max: up to and with the newline if it is
// among them. By looking first, so that a line costs two calls and not one a byte.
static int line_piece(socket_obj_t *self, char *buf, size_t max) {
    int ret = net_recv(&self->net, buf, max, NET_MSG_PEEK, NULL);
    if (ret == -NET_EOPNOTSUPP) {
        return net_recv(&self->net, buf, 1, 0, NULL); // this family cannot look
    }
    if (ret <= 0) {
        return ret;
    }
    const char *newline = memchr(buf, '\n', ret);
    return net_recv(&self->net, buf, newline == NULL ? ret : newline - buf + 1, 0, NULL);
}

// s.readline([size]): bytes with the newline; shorter at the end of the stream or
// when size is reached; None if a non-blocking socket has nothing.
static mp_obj_t socket_readline(size_t n_args, const mp_obj_t *args) {
    socket_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_int_t limit = n_args > 1 && args[1] != mp_const_none ? mp_obj_get_int(args[1]) : -1;
    size_t left = limit < 0 ? SIZE_MAX : (size_t)limit;
    socket_wait_t wait = { 0 };
    vstr_t line;
    vstr_init(&line, LINE_PIECE_MAX);
    while (left > 0) {
        char piece[LINE_PIECE_MAX];
        int ret = line_piece(self, piece, MIN(left, sizeof(piece)));
        if (ret == -NET_EAGAIN) {
            if (stream_wait(self, &wait, NET_POLLIN)) {
                continue;
            }
            if (line.len == 0) {
                return mp_const_none;
            }
            break;
        }
        if (ret < 0) {
            socket_raise(ret);
        }
        vstr_add_strn(&line, piece, ret);
        left -= ret;
        if (ret == 0 || piece[ret - 1] == '\n') {
            break;
        }
    }
    return mp_obj_new_bytes_from_vstr(&line);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_readline_obj, 1, 2, socket_readline);

static mp_uint_t stream_poll(socket_obj_t *self, mp_uint_t want) {
    if (self->net.ops == NULL) {
        return MP_STREAM_POLL_NVAL;
    }
    int bits = net_poll(&self->net, want);
    if (bits < 0) {
        return MP_STREAM_POLL_ERR;
    }
    if (socket_compat_pycom && (bits & NET_POLLHUP) && net_connect_result(&self->net) == -NET_ENOTCONN) {
        return 0; // Pycom says nothing of a stream that was never connected
    }
    return bits;
}

static mp_uint_t stream_ioctl(mp_obj_t self_in, mp_uint_t request, uintptr_t arg, int *errcode) {
    socket_obj_t *self = MP_OBJ_TO_PTR(self_in);
    switch (request) {
        case MP_STREAM_POLL:
            return stream_poll(self, arg);
        case MP_STREAM_CLOSE:
            net_close(&self->net);
            return 0;
        default:
            *errcode = MP_EINVAL;
            return MP_STREAM_ERROR;
    }
}

const mp_stream_p_t socket_stream_p = {
    .read = stream_read,
    .write = stream_write,
    .ioctl = stream_ioctl,
};
