// hal.h on the host, over threads: the firmware's one radio is a software chip.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_RADIO_H
#define USOCKET_PORTS_UNIX_HOST_RADIO_H

#include "hal/hal.h"
#include "sim_chip.h"

// The firmware's chip, for tests; NULL before hal_start() and when there is none.
// What it points to: with host_sim_lock().
sim_chip_t *host_radio_chip(void);

// At the end of the program, or before it is replaced: end the radio task.
void host_radio_finish(void);

#endif // USOCKET_PORTS_UNIX_HOST_RADIO_H
