// What module `radiosim` asks of the port that has it: the simulation's lock and
// time, room for chips, and the firmware's own chip.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_RADIOSIM_RADIOSIM_PORT_H
#define USOCKET_PORTS_RADIOSIM_RADIOSIM_PORT_H

#include "sim_chip.h"

// The simulation runs from here on. 0, or a negative number of net/net_errno.h.
int radiosim_port_start(void);

// Exclude the simulation, after bringing it to the present. Does not nest.
void radiosim_port_lock(void);
void radiosim_port_unlock(void);
// The same for a transfer, which moves time itself: waits until time may move, and
// lets Python raise meanwhile.
void radiosim_port_lock_bus(void);

// A zeroed chip, with the name and place that this firmware has on the air; NULL
// when there is no room for another one.
sim_chip_t *radiosim_port_chip_new(void);
void radiosim_port_chip_free(sim_chip_t *chip);

// A scheduled callback was added: Python's sleepers look. Called with the lock.
void radiosim_port_signal(void);

// The chip that the firmware's radio is; NULL while it is not started.
sim_chip_t *radiosim_port_radio(void);

#endif // USOCKET_PORTS_RADIOSIM_RADIOSIM_PORT_H
