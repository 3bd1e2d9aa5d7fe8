// SPDX-License-Identifier: MIT
#include "radiosim_port.h"

#include <stdlib.h>

#include "py/mpthread.h"
#include "py/runtime.h"

#include "host_air.h"
#include "host_event.h"
#include "host_radio.h"
#include "host_sim.h"

// How often somebody who must not let time move looks whether it may again.
#define STANDS_MS (1)

int radiosim_port_start(void) {
    return host_sim_start();
}

void radiosim_port_lock(void) {
    host_sim_lock();
}

void radiosim_port_unlock(void) {
    host_sim_unlock();
}

void radiosim_port_lock_bus(void) {
    host_sim_lock();
    while (host_sim_stands()) {
        host_sim_unlock();
        mp_handle_pending(true);
        MP_THREAD_GIL_EXIT();
        host_sim_lock();
        host_sim_wait(SIM_NEVER, STANDS_MS);
        host_sim_unlock();
        MP_THREAD_GIL_ENTER();
        host_sim_lock();
    }
}

sim_chip_t *radiosim_port_chip_new(void) {
    sim_chip_t *chip = calloc(1, sizeof(*chip));
    if (chip != NULL) {
        host_sim_lock();
        host_air_place(&chip->radio);
        host_sim_unlock();
    }
    return chip;
}

void radiosim_port_chip_free(sim_chip_t *chip) {
    free(chip);
}

void radiosim_port_signal(void) {
    host_event_signal();
}

sim_chip_t *radiosim_port_radio(void) {
    return host_radio_chip();
}
