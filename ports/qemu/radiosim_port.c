// SPDX-License-Identifier: MIT
#include "radiosim_port.h"

#include <string.h>

#include "qemu_board.h"
#include "qemu_radio.h"
#include "sim_hal.h"

// Besides the firmware's. They are no part of a board, so they are not on its heap.
#define CHIPS (8)

static sim_chip_t chips[CHIPS];
static bool taken[CHIPS];

int radiosim_port_start(void) {
    return 0;
}

void radiosim_port_lock(void) {
    sim_hal_follow();
    qemu_radio_model_begins();
}

void radiosim_port_unlock(void) {
    qemu_radio_model_ends();
}

void radiosim_port_lock_bus(void) {
    radiosim_port_lock();
}

sim_chip_t *radiosim_port_chip_new(void) {
    for (int i = 0; i < CHIPS; ++i) {
        if (!taken[i]) {
            taken[i] = true;
            memset(&chips[i], 0, sizeof(chips[i]));
            return &chips[i];
        }
    }
    return NULL;
}

void radiosim_port_chip_free(sim_chip_t *chip) {
    taken[chip - chips] = false;
}

void radiosim_port_signal(void) {
    qemu_board_wake();
}

sim_chip_t *radiosim_port_radio(void) {
    return qemu_radio_chip();
}
