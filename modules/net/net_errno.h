// Error numbers of the project, on every target: those of the ESP32's C library
// (newlib), so that a script sees the same number on the PC as on the board.
// Rooms below the binding return them negated; foreign numbers (the PC's own
// errno, lwIP's err_t, mbedTLS) are translated once, at the border where they
// come in. Nothing outside such a border may use the E* names of <errno.h>.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_NET_NET_ERRNO_H
#define USOCKET_NET_NET_ERRNO_H

// X(name, number). Source: newlib, libc/include/sys/errno.h.
#define NET_ERRNO_LIST(X) \
    X(EPERM, 1) \
    X(ENOENT, 2) \
    X(EINTR, 4) \
    X(EIO, 5) \
    X(ENXIO, 6) \
    X(EBADF, 9) \
    X(EAGAIN, 11) \
    X(ENOMEM, 12) \
    X(EACCES, 13) \
    X(EFAULT, 14) \
    X(EBUSY, 16) \
    X(EEXIST, 17) \
    X(ENODEV, 19) \
    X(EINVAL, 22) \
    X(ENFILE, 23) \
    X(EMFILE, 24) \
    X(ENOSPC, 28) \
    X(EPIPE, 32) \
    X(ERANGE, 34) \
    X(ENOSYS, 88) \
    X(EOPNOTSUPP, 95) \
    X(ECONNRESET, 104) \
    X(ENOBUFS, 105) \
    X(EAFNOSUPPORT, 106) \
    X(EPROTOTYPE, 107) \
    X(ENOTSOCK, 108) \
    X(ENOPROTOOPT, 109) \
    X(ECONNREFUSED, 111) \
    X(EADDRINUSE, 112) \
    X(ECONNABORTED, 113) \
    X(ENETUNREACH, 114) \
    X(ENETDOWN, 115) \
    X(ETIMEDOUT, 116) \
    X(EHOSTDOWN, 117) \
    X(EHOSTUNREACH, 118) \
    X(EINPROGRESS, 119) \
    X(EALREADY, 120) \
    X(EDESTADDRREQ, 121) \
    X(EMSGSIZE, 122) \
    X(EPROTONOSUPPORT, 123) \
    X(ESOCKTNOSUPPORT, 124) \
    X(EADDRNOTAVAIL, 125) \
    X(ENETRESET, 126) \
    X(EISCONN, 127) \
    X(ENOTCONN, 128) \
    X(EDQUOT, 132) \
    X(ECANCELED, 140)

enum {
    #define NET_ERRNO_ENUM(name, number) NET_##name = number,
    NET_ERRNO_LIST(NET_ERRNO_ENUM)
#undef NET_ERRNO_ENUM
};

#endif // USOCKET_NET_NET_ERRNO_H
