// The board's UART, which is the prompt: what comes in waits in a ring that its
// interrupt fills. When the ring is full the sender has to wait; nothing is lost.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_QEMU_QEMU_UART_H
#define USOCKET_PORTS_QEMU_QEMU_UART_H

#include <stdbool.h>
#include <stddef.h>

void qemu_uart_init(void);
void qemu_uart_interrupt(void);

// Is there something to read?
bool qemu_uart_any(void);
// The next byte, -1 when there is none.
int qemu_uart_read(void);
void qemu_uart_write(const char *text, size_t len);

// Called by the interrupt for each byte: true when it is not for the ring (Ctrl-C).
bool qemu_uart_taken(int byte);

#endif // USOCKET_PORTS_QEMU_QEMU_UART_H
