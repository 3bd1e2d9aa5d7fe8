// The simulated chip of an emulator's firmware, for module radiosim.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_ESP32_ESP32_SIM_H
#define USOCKET_PORTS_ESP32_ESP32_SIM_H

#include "sim_chip.h"

// The firmware's own; NULL before hal_start(). Used with hal_lock().
sim_chip_t *esp32_sim_chip(void);

// A number and a name on the air for a chip that is about to be initialised. Locked.
void esp32_sim_place(sim_chip_t *placed);

#endif // USOCKET_PORTS_ESP32_ESP32_SIM_H
