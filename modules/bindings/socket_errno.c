// Error names that MicroPython's errno module does not list: errno.EMSGSIZE and
// the like, through module delegation, with the numbers of net/net_errno.h.
// SPDX-License-Identifier: MIT
#include "py/mperrno.h"
#include "py/runtime.h"

#include "net/net_errno.h"

// The whole project relies on these being the same numbers.
_Static_assert((int)MP_EAGAIN == (int)NET_EAGAIN, "the numbers differ");
_Static_assert((int)MP_ETIMEDOUT == (int)NET_ETIMEDOUT, "the numbers differ");
_Static_assert((int)MP_EINPROGRESS == (int)NET_EINPROGRESS, "the numbers differ");
_Static_assert((int)MP_ENOTCONN == (int)NET_ENOTCONN, "the numbers differ");

static const struct {
    uint16_t name;
    uint8_t number;
} socket_errno_table[] = {
    #define SOCKET_ERRNO_ENTRY(name, number) { MP_QSTR_##name, number },
    NET_ERRNO_LIST(SOCKET_ERRNO_ENTRY)
#undef SOCKET_ERRNO_ENTRY
};

// Asked by the errno module for a name that it does not have itself.
void socket_errno_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    (void)self_in;
    if (dest[0] != MP_OBJ_NULL) {
        return; // a store or delete: not ours
    }
    for (size_t i = 0; i < MP_ARRAY_SIZE(socket_errno_table); ++i) {
        if (socket_errno_table[i].name == attr) {
            dest[0] = MP_OBJ_NEW_SMALL_INT(socket_errno_table[i].number);
            return;
        }
    }
}

extern const mp_obj_module_t mp_module_errno;
MP_REGISTER_MODULE_DELEGATION(mp_module_errno, socket_errno_attr);
