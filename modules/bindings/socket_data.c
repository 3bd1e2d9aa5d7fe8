// Methods of sockets that move data: send and receive in all their forms.
// SPDX-License-Identifier: MIT
#include <limits.h>
#include <string.h>

#include "py/objstr.h"
#include "py/runtime.h"

#include "bindings/modsocket.h"

// Receives up to this size are made on the C stack, so that one that finds
// nothing allocates nothing.
#define RECV_STACK_SIZE (256)

static int send_once(socket_obj_t *self, const void *buf, size_t len, const net_addr_t *to, socket_wait_t *wait) {
    int ret;
    while ((ret = net_send(&self->net, buf, len, to)) == -NET_EAGAIN) {
        socket_wait(self, wait, NET_POLLOUT);
    }
    socket_check(ret);
    int end = socket_send_finish(self, wait);
    if (end == -NET_ETIMEDOUT && self->timeout_ms < 0) {
        end = -NET_EAGAIN; // no timeout of ours: the other end did not answer (LoRaWAN: no ACK). As Pycom
    }
    socket_check(end);
    return ret;
}

static mp_obj_t socket_send(mp_obj_t self_in, mp_obj_t data_in) {
    mp_buffer_info_t data;
    mp_get_buffer_raise(data_in, &data, MP_BUFFER_READ);
    socket_wait_t wait = { 0 };
    return MP_OBJ_NEW_SMALL_INT(send_once(socket_self(self_in), data.buf, data.len, NULL, &wait));
}
MP_DEFINE_CONST_FUN_OBJ_2(socket_send_obj, socket_send);

static mp_obj_t socket_sendall(mp_obj_t self_in, mp_obj_t data_in) {
    mp_buffer_info_t data;
    mp_get_buffer_raise(data_in, &data, MP_BUFFER_READ);
    socket_wait_t wait = { 0 };
    size_t sent = 0;
    do {
        sent += send_once(socket_self(self_in), (const char *)data.buf + sent, data.len - sent, NULL, &wait);
    } while (sent < data.len);
    return socket_compat_pycom ? MP_OBJ_NEW_SMALL_INT(sent) : mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(socket_sendall_obj, socket_sendall);

static mp_obj_t socket_sendto(mp_obj_t self_in, mp_obj_t data_in, mp_obj_t addr_in) {
    socket_obj_t *self = socket_self(self_in);
    mp_buffer_info_t data;
    mp_get_buffer_raise(data_in, &data, MP_BUFFER_READ);
    net_addr_t addr;
    socket_addr_parse(self, addr_in, &addr);
    socket_wait_t wait = { 0 };
    return MP_OBJ_NEW_SMALL_INT(send_once(self, data.buf, data.len, &addr, &wait));
}
MP_DEFINE_CONST_FUN_OBJ_3(socket_sendto_obj, socket_sendto);

static int recv_flagged(socket_obj_t *self, void *buf, size_t len, mp_int_t flags, net_addr_t *from) {
    if (flags & ~(MSG_PEEK | MSG_DONTWAIT)) {
        mp_raise_msg_varg(&mp_type_ValueError,
            MP_ERROR_TEXT("flags %d: only MSG_PEEK and MSG_DONTWAIT are known"), (int)flags);
    }
    socket_wait_t wait = { 0 };
    for (;;) {
        int ret = net_recv(&self->net, buf, len, flags & MSG_PEEK ? NET_MSG_PEEK : 0, from);
        if (ret != -NET_EAGAIN || (flags & MSG_DONTWAIT)) {
            return ret;
        }
        ret = socket_wait_for(self, &wait, NET_POLLIN, self->timeout_ms);
        if (ret < 0) {
            return ret;
        }
    }
}

// "Nothing is there" is an empty result, not an error.
static bool empty_is_empty(const socket_obj_t *self) {
    return socket_compat_pycom || socket_family_follows_pycom(self->net.family);
}

// Receive into buf; flags are the script's. -NET_EAGAIN only where that is no error.
static int recv_once(socket_obj_t *self, void *buf, size_t len, mp_int_t flags, net_addr_t *from) {
    int ret = flags == 0 ? socket_recv_for(self, buf, len, from) : recv_flagged(self, buf, len, flags, from);
    if (ret == -NET_EAGAIN && empty_is_empty(self)) {
        return ret;
    }
    return socket_check(ret);
}

int socket_get_int(mp_obj_t value_in) {
    mp_int_t value = mp_obj_get_int(value_in);
    if (value < INT_MIN || value > INT_MAX) {
        mp_raise_msg(&mp_type_OverflowError, MP_ERROR_TEXT("the number does not fit in 32 bits"));
    }
    return (int)value;
}

size_t socket_get_size(mp_obj_t size_in) {
    mp_int_t size = mp_obj_get_int(size_in);
    if (size < 0) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("negative buffer size %d"), (int)size);
    }
    return size;
}

// A bytes object around data (heap, len + 1 bytes, or NULL to copy from src). Its
// hash is left 0, "not computed yet": MicroPython's own constructors hash every
// byte at once, which costs more than receiving them.
static mp_obj_t bytes_around(byte *data, const byte *src, size_t len) {
    if (len == 0) {
        return mp_const_empty_bytes;
    }
    mp_obj_str_t *o = mp_obj_malloc(mp_obj_str_t, &mp_type_bytes);
    if (data == NULL) {
        data = m_new(byte, len + 1);
        memcpy(data, src, len);
    }
    data[len] = 0;
    o->hash = 0;
    o->len = len;
    o->data = data;
    return MP_OBJ_FROM_PTR(o);
}

// The bytes of recv() and recvfrom(); *ret is the count or -NET_EAGAIN.
static mp_obj_t recv_bytes(size_t n_args, const mp_obj_t *args, net_addr_t *from, int *ret) {
    socket_obj_t *self = socket_self(args[0]);
    size_t size = socket_get_size(args[1]);
    mp_int_t flags = n_args > 2 ? mp_obj_get_int(args[2]) : 0;
    if (size <= RECV_STACK_SIZE) {
        byte buf[RECV_STACK_SIZE];
        *ret = recv_once(self, buf, size, flags, from);
        return bytes_around(NULL, buf, MAX(*ret, 0));
    }
    if (size >= INT_MAX) {
        m_malloc_fail(size);
    }
    byte *data = m_new(byte, size + 1);
    *ret = recv_once(self, data, size, flags, from);
    size_t len = MAX(*ret, 0);
    return bytes_around(m_renew(byte, data, size + 1, len + 1), NULL, len);
}

// s.recv(size[, flags])
static mp_obj_t socket_recv(size_t n_args, const mp_obj_t *args) {
    int ret;
    return recv_bytes(n_args, args, NULL, &ret);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_recv_obj, 2, 3, socket_recv);

// s.recvfrom(size[, flags]) -> (bytes, address)
static mp_obj_t socket_recvfrom(size_t n_args, const mp_obj_t *args) {
    int ret;
    uint16_t family = socket_self(args[0])->net.family;
    net_addr_t from = { .family = family };
    mp_obj_t items[2];
    items[0] = recv_bytes(n_args, args, &from, &ret);
    if (ret < 0 && !socket_family_follows_pycom(family)) {
        socket_raise(ret); // Pycom: of AF_INET, recv() gives b'' when nothing is there, recvfrom() raises
    }
    items[1] = socket_addr_format(&from);
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_recvfrom_obj, 2, 3, socket_recvfrom);

// s.recv_into(buffer[, nbytes[, flags]]) -> count
static mp_obj_t socket_recv_into(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t data;
    mp_get_buffer_raise(args[1], &data, MP_BUFFER_WRITE);
    size_t size = n_args > 2 ? socket_get_size(args[2]) : 0;
    if (size > data.len) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("buffer of %d bytes is too small for %d"),
            (int)data.len, (int)size);
    }
    mp_int_t flags = n_args > 3 ? mp_obj_get_int(args[3]) : 0;
    int ret = recv_once(socket_self(args[0]), data.buf, size == 0 ? data.len : size, flags, NULL);
    return MP_OBJ_NEW_SMALL_INT(MAX(ret, 0));
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_recv_into_obj, 2, 4, socket_recv_into);
