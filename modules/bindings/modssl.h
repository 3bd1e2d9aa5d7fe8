// What the ssl binding gives to the socket binding.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_BINDINGS_MODSSL_H
#define USOCKET_BINDINGS_MODSSL_H

#include "bindings/modsocket.h"

// A family's answer below this is not an errno but a TLS failure (tls/tls.h):
// socket_raise() and the stream protocol pass it to ssl_raise().
#define SSL_RET_LIMIT (-255)

// Raises the exception for a TLS failure (ret < SSL_RET_LIMIT): an OSError with
// mbedTLS's negative number and name. Never returns.
SOCKET_NORETURN void ssl_raise(int ret);

#endif // USOCKET_BINDINGS_MODSSL_H
