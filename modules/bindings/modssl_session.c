// SSLSession: what it takes to resume a TLS session. It has the buffer protocol:
// bytes(session) can be kept over deep sleep and given back as saved_session.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/runtime.h"

#include "bindings/modssl_internal.h"

typedef struct {
    mp_obj_base_t base;
    size_t len;
    uint8_t data[];
} ssl_session_obj_t;

static mp_int_t session_get_buffer(mp_obj_t self_in, mp_buffer_info_t *buf, mp_uint_t flags) {
    ssl_session_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (flags & MP_BUFFER_WRITE) {
        return 1;
    }
    buf->buf = self->data;
    buf->len = self->len;
    buf->typecode = 'B';
    return 0;
}

MP_DEFINE_CONST_OBJ_TYPE(
    ssl_session_type,
    MP_QSTR_SSLSession,
    MP_TYPE_FLAG_NONE,
    buffer, session_get_buffer
    );

mp_obj_t ssl_session_new(ssl_socket_obj_t *socket) {
    if (socket->base.net.ops == NULL) {
        socket_raise(-NET_EBADF);
    }
    const uint8_t *data;
    size_t len;
    int ret = tls_conn_save_session(&socket->conn, &data, &len);
    if (ret < 0) {
        socket_raise(ret);
    }
    ssl_session_obj_t *self = mp_obj_malloc_var(ssl_session_obj_t, data, uint8_t, len, &ssl_session_type);
    self->len = len;
    memcpy(self->data, data, len);
    return MP_OBJ_FROM_PTR(self);
}

void ssl_session_get(mp_obj_t session, const uint8_t **data, size_t *len) {
    mp_buffer_info_t buf;
    if (!mp_get_buffer(session, &buf, MP_BUFFER_READ) || mp_obj_is_str(session)) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("'%s' is not an SSLSession"), mp_obj_get_type_str(session));
    }
    if (tls_session_check(buf.buf, buf.len) < 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("the saved session is damaged, or of other firmware"));
    }
    *data = buf.buf;
    *len = buf.len;
}
