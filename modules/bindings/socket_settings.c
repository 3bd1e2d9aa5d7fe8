// Methods of sockets that set and tell: timeouts and options.
// SPDX-License-Identifier: MIT
#include <math.h>

#include "py/runtime.h"

#include "bindings/modsocket.h"

// s.settimeout(seconds): None waits for ever (so does a negative number, as on
// Pycom's firmware), 0 never waits.
static mp_obj_t socket_settimeout(mp_obj_t self_in, mp_obj_t timeout_in) {
    socket_obj_t *self = socket_self(self_in);
    mp_int_t timeout_ms = -1;
    if (timeout_in != mp_const_none) {
        mp_float_t seconds = mp_obj_get_float(timeout_in);
        if (isnan(seconds)) {
            mp_raise_ValueError(MP_ERROR_TEXT("timeout is not a number (nan)"));
        }
        if (seconds >= 0) {
            // More than a month is for ever; less than 1 ms is still a wait.
            mp_float_t ms = MICROPY_FLOAT_C_FUN(ceil)(seconds * 1000);
            timeout_ms = ms < (mp_float_t)0x7fffffff ? (mp_int_t)ms : -1;
        }
    }
    if (self->net.ops == NULL) {
        socket_raise(-NET_EBADF);
    }
    self->timeout_ms = timeout_ms;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(socket_settimeout_obj, socket_settimeout);

static mp_obj_t socket_gettimeout(mp_obj_t self_in) {
    mp_int_t timeout_ms = socket_self(self_in)->timeout_ms;
    return timeout_ms < 0 ? mp_const_none : mp_obj_new_float((mp_float_t)timeout_ms / 1000);
}
MP_DEFINE_CONST_FUN_OBJ_1(socket_gettimeout_obj, socket_gettimeout);

static mp_obj_t socket_setblocking(mp_obj_t self_in, mp_obj_t flag_in) {
    return socket_settimeout(self_in, mp_obj_is_true(flag_in) ? mp_const_none : MP_OBJ_NEW_SMALL_INT(0));
}
MP_DEFINE_CONST_FUN_OBJ_2(socket_setblocking_obj, socket_setblocking);

// s.setsockopt(level, option, value)
static mp_obj_t socket_setsockopt(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    socket_obj_t *self = socket_self(args[0]);
    int level = socket_get_int(args[1]);
    int opt = socket_get_int(args[2]);
    if (mp_obj_is_integer(args[3]) || mp_obj_is_bool(args[3])) {
        int value = socket_get_int(args[3]);
        return socket_none(net_setsockopt(&self->net, level, opt, &value, sizeof(value)));
    }
    mp_buffer_info_t data;
    mp_get_buffer_raise(args[3], &data, MP_BUFFER_READ);
    return socket_none(net_setsockopt(&self->net, level, opt, data.buf, data.len));
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_setsockopt_obj, 4, 4, socket_setsockopt);

// s.getsockopt(level, option[, size]) -> int, or bytes when a size is given
static mp_obj_t socket_getsockopt(size_t n_args, const mp_obj_t *args) {
    socket_obj_t *self = socket_self(args[0]);
    byte buf[64];
    int value = 0;
    size_t size = n_args > 3 ? socket_get_size(args[3]) : 0;
    if (size > sizeof(buf)) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("size %d is over 64"), (int)size);
    }
    size_t len = size == 0 ? sizeof(value) : size;
    void *out = size == 0 ? (void *)&value : buf;
    socket_check(net_getsockopt(&self->net, socket_get_int(args[1]), socket_get_int(args[2]), out, &len));
    return size == 0 ? mp_obj_new_int(value) : mp_obj_new_bytes(buf, len);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_getsockopt_obj, 3, 4, socket_getsockopt);
