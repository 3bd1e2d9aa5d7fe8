// Certificates and keys as scripts give them: bytes, PEM text, or a path.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/builtin.h"
#include "py/mperrno.h"
#include "py/objstr.h"

#include "py/runtime.h"
#include "py/stream.h"

#include "bindings/modssl_internal.h"

#define PEM_BEGIN "-----BEGIN "
#define CHUNK (512)

static bool is_pem(const char *text) {
    return strstr(text, PEM_BEGIN) != NULL;
}

// Own the bytes, and their NUL if they are PEM.
static void own(ssl_file_t *file, vstr_t *vstr) {
    file->data = (const uint8_t *)vstr_null_terminated_str(vstr);
    file->owned = vstr->alloc;
    file->len = vstr->len + (is_pem((const char *)file->data) ? 1 : 0);
}

SOCKET_NORETURN static void raise_not_found(mp_obj_t path, const char *what) {
    vstr_t text;
    vstr_init(&text, 64);
    vstr_printf(&text, "%s file not found: '%s'", what, mp_obj_str_get_str(path));
    mp_obj_t args[] = { MP_OBJ_NEW_SMALL_INT(MP_ENOENT), mp_obj_new_str_from_vstr(&text) };
    nlr_raise(mp_obj_new_exception_args(&mp_type_OSError, 2, args));
}

static mp_obj_t open_file(mp_obj_t path, const char *what) {
    mp_obj_t args[] = { path, MP_OBJ_NEW_QSTR(MP_QSTR_rb) };
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t file = mp_builtin_open(2, args, (mp_map_t *)&mp_const_empty_map);
        nlr_pop();
        return file;
    }
    mp_obj_t exception = MP_OBJ_FROM_PTR(nlr.ret_val);
    if (mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(mp_obj_get_type(exception)), MP_OBJ_FROM_PTR(&mp_type_OSError))
        && mp_obj_exception_get_value(exception) == MP_OBJ_NEW_SMALL_INT(MP_ENOENT)) {
        raise_not_found(path, what);
    }
    nlr_raise(exception);
}

static void read_file(ssl_file_t *file, mp_obj_t path, const char *what) {
    mp_obj_t stream = open_file(path, what);
    vstr_t vstr;
    vstr_init(&vstr, CHUNK);
    for (;;) {
        int error = 0;
        char *chunk = vstr_add_len(&vstr, CHUNK);
        mp_uint_t n = mp_stream_rw(stream, chunk, CHUNK, &error, MP_STREAM_RW_READ);
        if (error != 0) {
            mp_stream_close(stream);
            mp_raise_OSError_with_filename(error, mp_obj_str_get_str(path));
        }
        vstr_cut_tail_bytes(&vstr, CHUNK - n);
        if (n == 0) {
            break;
        }
    }
    mp_stream_close(stream);
    file->path = path;
    own(file, &vstr);
}

void ssl_file_load(ssl_file_t *file, mp_obj_t arg, const char *what) {
    *file = (ssl_file_t) { .path = MP_OBJ_NULL };
    if (mp_obj_is_str_or_bytes(arg)) {
        // MicroPython ends both with a NUL.
        const char *text = mp_obj_str_get_data(arg, &file->len);
        file->data = (const uint8_t *)text;
        if (is_pem(text)) {
            ++file->len;
        } else if (mp_obj_is_str(arg)) {
            read_file(file, arg, what);
        }
        return;
    }
    mp_buffer_info_t buf;
    if (!mp_get_buffer(arg, &buf, MP_BUFFER_READ)) {
        mp_obj_str_get_data(arg, &file->len); // raises what it raises for anything else
    }
    vstr_t vstr;
    vstr_init(&vstr, buf.len + 1);
    vstr_add_strn(&vstr, buf.buf, buf.len);
    own(file, &vstr);
}

void ssl_file_free(ssl_file_t *file) {
    if (file->owned > 0) {
        tls_wipe((void *)file->data, file->owned);
        m_del(uint8_t, (uint8_t *)file->data, file->owned);
        file->owned = 0;
    }
}
