// The console of a board on standard input and output. A thread reads what comes
// in, as a board's UART interrupt does: Ctrl-C while code runs becomes a call,
// everything else waits in a pipe that takes the place of standard input.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_CONSOLE_H
#define USOCKET_PORTS_UNIX_HOST_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

// Put a terminal on standard input in raw mode and start the thread, which calls
// interrupt() for Ctrl-C, and again every 50 ms until pending() is false. Called
// by the thread that runs code. saved is NULL, or what host_console_save() wrote
// in the program that this one replaces. Returns false, with errno set, on failure.
bool host_console_start(const char *saved, void (*interrupt)(void), bool (*pending)(void));
bool host_console_started(void);

// While true, Ctrl-C interrupts; else it is a character like others.
void host_console_interruptible(bool interruptible);

// One character; -1 when there is none within timeout_ms, -2 at the end of input.
int host_console_read(int timeout_ms);
// Everything, to standard output.
void host_console_write(const char *text, size_t len);

// What the next program needs to go on with this console after exec(). Nothing
// is read from here on.
#define HOST_CONSOLE_SAVED_MAX (256)
void host_console_save(char saved[HOST_CONSOLE_SAVED_MAX]);

#endif // USOCKET_PORTS_UNIX_HOST_CONSOLE_H
