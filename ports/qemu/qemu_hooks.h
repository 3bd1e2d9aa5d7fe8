// What MicroPython's configuration calls of this port. No header of MicroPython.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_QEMU_QEMU_HOOKS_H
#define USOCKET_PORTS_QEMU_QEMU_HOOKS_H

#include <stdint.h>

// Interpreter loops until the next poll.
extern uint8_t qemu_hooks_loops;

// Before Python starts, and again after each soft reset.
void qemu_hooks_init(void);
// Let the simulation follow the clock.
void qemu_hooks_poll(void);
// Sleep until something happens, at most so long; -1: no limit.
void qemu_hooks_wait(uint32_t timeout_ms);
// Something happened. Interrupts, too.
void qemu_hooks_wake(void);

static inline uint32_t qemu_hooks_disable(void) {
    uint32_t state;
    __asm volatile ("mrs %0, primask\n cpsid i" : "=r" (state) : : "memory");
    return state;
}
static inline void qemu_hooks_restore(uint32_t state) {
    __asm volatile ("msr primask, %0" : : "r" (state) : "memory");
}

#endif // USOCKET_PORTS_QEMU_QEMU_HOOKS_H
