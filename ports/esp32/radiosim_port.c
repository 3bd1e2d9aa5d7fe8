// What module radiosim asks of the ESP32's emulator firmware.
// SPDX-License-Identifier: MIT
#include "radiosim_port.h"

#include <stdlib.h>

#include "esp32_radio.h"
#include "esp32_sim.h"
#include "hal/hal.h"

int radiosim_port_start(void) {
    return 0;
}

void radiosim_port_lock(void) {
    hal_lock();
}

void radiosim_port_unlock(void) {
    hal_unlock();
}

void radiosim_port_lock_bus(void) {
    hal_lock();
}

sim_chip_t *radiosim_port_chip_new(void) {
    sim_chip_t *chip = calloc(1, sizeof(*chip));
    if (chip != NULL) {
        hal_lock();
        esp32_sim_place(chip);
        hal_unlock();
    }
    return chip;
}

void radiosim_port_chip_free(sim_chip_t *chip) {
    free(chip);
}

void radiosim_port_signal(void) {
    esp32_task_signal();
}

sim_chip_t *radiosim_port_radio(void) {
    return esp32_sim_chip();
}
