// The air of several processes: tools/fw.py air joins firmwares (USOCKET_AIR) over
// UDP on 127.0.0.1. What this firmware's chips send is announced to the hub, what
// others send comes in; the hub also tells everybody the one simulated time. The
// messages are described in docs/simulation.md.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_AIR_H
#define USOCKET_PORTS_UNIX_HOST_AIR_H

#include <stdbool.h>
#include <stdint.h>

#include "sim_air.h"

// Called by host_sim.c before its thread runs: join the hub, if USOCKET_AIR names
// one. 0, or -NET_EINVAL after saying on stderr what is wrong with the setting.
int host_air_start(void);
// Say goodbye.
void host_air_finish(void);
// Is there a hub that answered?
bool host_air_joined(void);

// The seed of noise and fading: USOCKET_SEED, else one that nobody knows.
uint32_t host_air_seed(void);

// What USOCKET_AIR says of this firmware. Valid after host_air_start().
const char *host_air_name(void);
// Locked: give a radio the name, place and number that it has on this air, before
// it joins. A second radio of the process gets the name with a number behind it.
void host_air_place(sim_air_radio_t *radio);

#endif // USOCKET_PORTS_UNIX_HOST_AIR_H
