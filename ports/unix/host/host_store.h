// Where hal_store_read() and hal_store_write() keep their records on the host.
//
// USOCKET_STORE=DIR: a directory, made if it is not there; USOCKET_STORE=memory:
// nowhere, they end with the program. Default: a directory of the user's state,
// usocket/NAME with the firmware's name on the air. One firmware uses a directory
// at a time: a second one with the default takes NAME-2 and so on (two boards),
// one with USOCKET_STORE is refused.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_STORE_H
#define USOCKET_PORTS_UNIX_HOST_STORE_H

#include <stddef.h>

// The directory in use, "memory", or "" when it could not be opened.
const char *host_store_where(void);

// Memory: room for so many records of so many bytes.
#define HOST_STORE_RECORDS (64)
#define HOST_STORE_RECORD_MAX (1024)

#endif // USOCKET_PORTS_UNIX_HOST_STORE_H
