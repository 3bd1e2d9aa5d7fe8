// Exceptions of sockets: socket.timeout, the one for "in progress", and the one
// place where a negative errno becomes an OSError.
// SPDX-License-Identifier: MIT
#include "py/mperrno.h"
#include "py/objexcept.h"
#include "py/objstr.h"
#include "py/objtuple.h"
#include "py/runtime.h"

#include "bindings/modsocket.h"
#include "bindings/modssl.h"
#include "usocket_config.h"

static mp_obj_exception_t *exception_self(mp_obj_t self_in) {
    return MP_OBJ_TO_PTR(self_in);
}

static void exception_print_as(const mp_print_t *print, mp_print_kind_t kind, qstr name, const char *text) {
    bool is_subclass = kind & PRINT_EXC_SUBCLASS;
    kind &= ~PRINT_EXC_SUBCLASS;
    if (kind == PRINT_REPR) {
        mp_printf(print, "%q('%s')", name, text);
    } else if (kind == PRINT_EXC && !is_subclass) {
        mp_printf(print, "%q: %s", name, text);
    } else {
        mp_print_str(print, text);
    }
}

/******************************************************************************/
// socket.timeout: an OSError whose errno is ETIMEDOUT and whose text says so.

static void timeout_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    mp_obj_exception_t *self = exception_self(self_in);
    if (self->base.type == &socket_timeout_type) {
        exception_print_as(print, kind, MP_QSTR_timeout, "timed out");
    } else {
        mp_obj_exception_print(print, self_in, kind);
    }
}

static void timeout_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    if (dest[0] == MP_OBJ_NULL && attr == MP_QSTR_errno) {
        // In Pycom's mode args[0] is the text, so args cannot say it.
        dest[0] = MP_OBJ_NEW_SMALL_INT(NET_ETIMEDOUT);
    } else {
        mp_obj_exception_attr(self_in, attr, dest);
    }
}

MP_DEFINE_CONST_OBJ_TYPE(
    socket_timeout_type,
    MP_QSTR_timeout,
    MP_TYPE_FLAG_NONE,
    make_new, mp_obj_exception_make_new,
    print, timeout_print,
    attr, timeout_attr,
    parent, &mp_type_OSError
    );

static SOCKET_NORETURN void raise_timeout(void) {
    // Not const: printing an exception stores the hash of its text in it.
    static MP_DEFINE_STR_OBJ(text_obj, "timed out");
    mp_obj_t text = MP_OBJ_FROM_PTR(&text_obj);
    if (socket_compat_pycom) {
        nlr_raise(mp_obj_new_exception_arg1(&socket_timeout_type, text));
    }
    mp_obj_t args[] = { MP_OBJ_NEW_SMALL_INT(NET_ETIMEDOUT), text };
    nlr_raise(mp_obj_new_exception_args(&socket_timeout_type, MP_ARRAY_SIZE(args), args));
}

/******************************************************************************/
// A non-blocking connect that goes on. The reference page's example compares
// str(e) with '119', but str() of a plain OSError gives the name: so this one is
// of its own type, called OSError, that prints the number.

static void in_progress_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    (void)self_in;
    exception_print_as(print, kind, MP_QSTR_OSError, "119");
}

static MP_DEFINE_CONST_OBJ_TYPE(
    in_progress_type,
    MP_QSTR_OSError,
    MP_TYPE_FLAG_NONE,
    make_new, mp_obj_exception_make_new,
    print, in_progress_print,
    attr, mp_obj_exception_attr,
    parent, &mp_type_OSError
    );

/******************************************************************************/

void socket_raise_in_progress(void) {
    nlr_raise(mp_obj_new_exception_arg1(&in_progress_type, MP_OBJ_NEW_SMALL_INT(NET_EINPROGRESS)));
}

void socket_raise(int ret) {
    #if USOCKET_TLS
    if (ret < SSL_RET_LIMIT) {
        ssl_raise(ret);
    }
    #endif
    if (ret == -NET_ETIMEDOUT) {
        raise_timeout();
    }
    mp_obj_t number = MP_OBJ_NEW_SMALL_INT(-ret);
    const char *name = net_errno_name(-ret);
    if (name == NULL || mp_errno_to_str(number) != MP_QSTRnull) {
        mp_raise_OSError(-ret);
    }
    // MicroPython would print a bare number: say what it means.
    mp_obj_t args[] = { number, mp_obj_new_str_from_cstr(name) };
    nlr_raise(mp_obj_new_exception_args(&mp_type_OSError, MP_ARRAY_SIZE(args), args));
}
