// A REPL like a board's, on the firmware's standard input and output.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_REPL_H
#define USOCKET_PORTS_UNIX_HOST_REPL_H

#include <stdbool.h>

// Mount USOCKET_FS, run boot.py and main.py from it, then friendly and raw REPL
// until standard input ends. A soft reset starts the program anew.
void host_repl_run(void) __attribute__((noreturn));

// Start the program anew, as a board's reset: same arguments, in the friendly
// REPL if raw is false.
void host_repl_reset(bool raw) __attribute__((noreturn));

#endif // USOCKET_PORTS_UNIX_HOST_REPL_H
