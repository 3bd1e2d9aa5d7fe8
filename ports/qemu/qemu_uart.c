// CMSDK APB UART. It holds one byte; QEMU gives it the next one when that was read.
// SPDX-License-Identifier: MIT
#include "qemu_uart.h"

#include <stdint.h>

#include "qemu_board.h"
#include "qemu_hooks.h"

#define REGISTER(offset) (*(volatile uint32_t *)(0x40004000 + (offset)))
#define DATA REGISTER(0x00)
#define STATE REGISTER(0x04)
#define CTRL REGISTER(0x08)
#define INTCLEAR REGISTER(0x0c)
#define BAUDDIV REGISTER(0x10)

#define STATE_TX_FULL (1 << 0)
#define STATE_RX_FULL (1 << 1)
#define CTRL_TX (1 << 0)
#define CTRL_RX (1 << 1)
#define CTRL_RX_INTERRUPT (1 << 3)
#define INT_RX (1 << 1)

// Four times the window of raw paste.
#define RING_SIZE (1024)

static uint8_t ring[RING_SIZE];
static volatile uint16_t head, tail; // next to write, next to read; modulo 2^16

void qemu_uart_init(void) {
    BAUDDIV = 16;
    CTRL = CTRL_TX | CTRL_RX | CTRL_RX_INTERRUPT;
    qemu_uart_interrupt(); // what came before
}

static bool is_full(void) {
    return (uint16_t)(head - tail) == RING_SIZE;
}

void qemu_uart_interrupt(void) {
    INTCLEAR = INT_RX;
    while (!is_full() && (STATE & STATE_RX_FULL)) {
        uint8_t byte = (uint8_t)DATA;
        if (!qemu_uart_taken(byte)) {
            ring[head % RING_SIZE] = byte;
            ++head;
        }
        qemu_board_wake();
    }
}

bool qemu_uart_any(void) {
    return head != tail;
}

int qemu_uart_read(void) {
    if (!qemu_uart_any()) {
        return -1;
    }
    uint8_t byte = ring[tail % RING_SIZE];
    uint32_t state = qemu_hooks_disable();
    bool waits = is_full();
    ++tail;
    if (waits) {
        qemu_uart_interrupt(); // a byte that found no room
    }
    qemu_hooks_restore(state);
    return byte;
}

void qemu_uart_write(const char *text, size_t len) {
    for (size_t i = 0; i < len; ++i) {
        while (STATE & STATE_TX_FULL) {
        }
        DATA = (uint8_t)text[i];
    }
}
