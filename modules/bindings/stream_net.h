// A MicroPython stream (anything with read, write and ioctl) as a net socket, so
// that TLS can run over it.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_BINDINGS_STREAM_NET_H
#define USOCKET_BINDINGS_STREAM_NET_H

#include "py/obj.h"

#include "net/net.h"

// What an operation answers when the stream raised an exception, which is kept
// for stream_net_raise(). Below every code of tls/tls.h.
#define STREAM_NET_RAISED (-0x8000000)

// Make *s a socket over stream. Raises ValueError if it is no stream. All but
// wait() must be called with the GIL, wait() without it.
void stream_net_open(net_socket_t *s, mp_obj_t stream);

// Keep an exception that must not jump over C frames; answers STREAM_NET_RAISED.
int stream_net_keep(void *exception);
// Raise what was kept. Never returns.
__attribute__((noreturn)) void stream_net_raise(void);

#endif // USOCKET_BINDINGS_STREAM_NET_H
