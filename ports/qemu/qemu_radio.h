// hal.h on QEMU: the firmware's radio is a software SX1276 whose clock is the
// board's. There are no threads: the task is called where Python waits or loops.
// Stored records are in memory and end with the program.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_QEMU_QEMU_RADIO_H
#define USOCKET_PORTS_QEMU_QEMU_RADIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim_chip.h"

void qemu_radio_init(void);

// The firmware's clock. The model's work takes none of it.
uint64_t qemu_radio_ns(void);
// Sleep until then or until something happens: true.
bool qemu_radio_sleep(uint64_t until_ns);

// The chip; NULL before hal_start().
sim_chip_t *qemu_radio_chip(void);

// Let the model work, from the first to the last of these.
void qemu_radio_model_begins(void);
void qemu_radio_model_ends(void);

// What the radio task cost: times are the processor's, without the model's work.
typedef struct {
    uint32_t steps;
    uint64_t sum_ns;
    uint32_t worst_ns;
    uint32_t worst_transfers; // SPI transfers of that step
    uint64_t worst_at_us; // hal_now_us() of that step
    size_t stack_used;
    size_t stack_size;
} qemu_radio_task_t;
void qemu_radio_task(qemu_radio_task_t *out);
void qemu_radio_task_forget(void);

#endif // USOCKET_PORTS_QEMU_QEMU_RADIO_H
