// The MPS2 board of QEMU as usocket's firmware uses it: a clock, a sleep that ends at
// a time or with an interrupt, and stacks that remember how deep they were.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_QEMU_QEMU_BOARD_H
#define USOCKET_PORTS_QEMU_QEMU_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Once, before everything else: interrupts, and the main stack's paint.
void qemu_board_init(void);

// The hardware's clock, 40 ns a tick. It counts instructions where QEMU does (-icount).
uint64_t qemu_board_ns(void);

// Sleep for so long (UINT64_MAX: no limit), or until qemu_board_wake(), which also
// counts when it was called since the last sleep: then true.
bool qemu_board_sleep(uint64_t ns);
// Any context.
void qemu_board_wake(void);

// A stack for functions that are called on it, one at a time. Aligned to 8 bytes.
typedef struct {
    uint32_t *words;
    size_t number;
    bool painted;
} qemu_stack_t;

// Call function(arg) there. It does not raise, and makes no Python objects.
void qemu_stack_call(qemu_stack_t *stack, void (*function)(void *arg), void *arg);
// The bytes that were in use at most so far.
size_t qemu_stack_used(const qemu_stack_t *stack);
// Forget that.
void qemu_stack_forget(qemu_stack_t *stack);
// The same for the stack that Python runs on, and its size.
size_t qemu_stack_main_used(void);
#define QEMU_STACK_MAIN_SIZE (32768)

#endif // USOCKET_PORTS_QEMU_QEMU_BOARD_H
