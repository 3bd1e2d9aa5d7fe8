// Exceptions of TLS: mbedTLS's number and name in an OSError.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/objexcept.h"
#include "py/objstr.h"
#include "py/objtuple.h"
#include "py/runtime.h"

#include "bindings/modssl_internal.h"
#include "bindings/stream_net.h"

#define TEXT_MAX (240)

// Upstream raises a ValueError whose text is only the reasons, each a line between
// empty ones, and its scripts print that; args have the number and the name.
static bool print_reasons(const mp_print_t *print, mp_obj_t self_in) {
    mp_obj_exception_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->args->len != 2 || !mp_obj_is_str(self->args->items[1])) {
        return false;
    }
    const char *reasons = strstr(mp_obj_str_get_str(self->args->items[1]), ": ");
    if (reasons == NULL) {
        return false;
    }
    mp_print_str(print, "\n");
    for (const char *c = reasons + 2; *c != '\0'; ++c) {
        mp_print_strn(print, *c == ';' ? "\n\n" : c, *c == ';' ? 2 : 1, 0, 0, 0);
    }
    mp_print_str(print, "\n");
    return true;
}

static void verify_error_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    if (kind != PRINT_STR || !print_reasons(print, self_in)) {
        mp_obj_exception_print(print, self_in, kind);
    }
}

#if MICROPY_MULTIPLE_INHERITANCE
static const mp_rom_obj_tuple_t verify_error_parents = {
    { &mp_type_tuple }, 2, { MP_ROM_PTR(&mp_type_OSError), MP_ROM_PTR(&mp_type_ValueError) },
};
#define VERIFY_ERROR_PARENT verify_error_parents
#else
#define VERIFY_ERROR_PARENT mp_type_OSError
#endif

MP_DEFINE_CONST_OBJ_TYPE(
    ssl_verify_error_type,
    MP_QSTR_SSLCertVerificationError,
    MP_TYPE_FLAG_NONE,
    make_new, mp_obj_exception_make_new,
    print, verify_error_print,
    attr, mp_obj_exception_attr,
    parent, &VERIFY_ERROR_PARENT
    );

// A str, or MP_OBJ_NULL when there is no memory: then the number must do.
static mp_obj_t new_text_maybe(const char *text) {
    size_t len = strlen(text);
    mp_obj_str_t *str = m_new_obj_maybe(mp_obj_str_t);
    byte *data = m_new_maybe(byte, len + 1);
    if (str == NULL || data == NULL) {
        return MP_OBJ_NULL;
    }
    memcpy(data, text, len + 1);
    str->base.type = &mp_type_str;
    str->data = data;
    str->len = len;
    str->hash = qstr_compute_hash(data, len);
    return MP_OBJ_FROM_PTR(str);
}

void ssl_raise(int ret) {
    if (ret == STREAM_NET_RAISED) {
        stream_net_raise();
    }
    char text[TEXT_MAX];
    const mp_obj_type_t *type = tls_error_is_verify(ret, text, sizeof(text)) ? &ssl_verify_error_type : &mp_type_OSError;
    int code = tls_error_describe(ret, text, sizeof(text));
    mp_obj_t args[] = { MP_OBJ_NEW_SMALL_INT(code), new_text_maybe(text) };
    nlr_raise(mp_obj_new_exception_args(type, args[1] == MP_OBJ_NULL ? 1 : 2, args));
}
