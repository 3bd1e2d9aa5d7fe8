// The border between lwIP's error numbers and ours.
// SPDX-License-Identifier: MIT
#include "inet/inet_conn.h"

static const uint8_t errnos[] = {
    [-ERR_MEM] = NET_ENOMEM,
    [-ERR_BUF] = NET_ENOBUFS,
    [-ERR_TIMEOUT] = NET_EAGAIN, // of a receive: nothing came
    [-ERR_RTE] = NET_EHOSTUNREACH,
    [-ERR_INPROGRESS] = NET_EINPROGRESS,
    [-ERR_VAL] = NET_EINVAL,
    [-ERR_WOULDBLOCK] = NET_EAGAIN,
    [-ERR_USE] = NET_EADDRINUSE,
    [-ERR_ALREADY] = NET_EALREADY,
    [-ERR_ISCONN] = NET_EISCONN,
    [-ERR_CONN] = NET_ENOTCONN,
    [-ERR_IF] = NET_ENETDOWN,
    [-ERR_ABRT] = NET_ECONNABORTED,
    [-ERR_RST] = NET_ECONNRESET,
    [-ERR_CLSD] = NET_ENOTCONN,
    [-ERR_ARG] = NET_EIO,
};

int inet_error(err_t err) {
    int i = -err;
    return i <= 0 || i >= (int)(sizeof(errnos) / sizeof(errnos[0])) || errnos[i] == 0 ? -NET_EIO : -errnos[i];
}
