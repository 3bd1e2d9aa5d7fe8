// The clock that a port paces the simulation by, where simulation and firmware share
// one processor: it runs with the hardware's, stands while the processor works for
// the model (silicon would cost it nothing), and is never behind simulated time,
// which SPI transfers move ahead. Pure.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_SIM_SIM_PACE_H
#define USOCKET_PORTS_SIM_SIM_PACE_H

#include <stdint.h>

// All zero at the start.
typedef struct {
    uint64_t offset_ns; // hardware's plus this, modulo 2^64
    uint64_t stopped_ns; // the hardware's time of the outermost stop
    uint32_t stops;
} sim_pace_t;

// The present; hardware_ns never steps back.
uint64_t sim_pace_now(sim_pace_t *pace, uint64_t hardware_ns);
// The model works, from the first to the last of these; they nest.
void sim_pace_stop(sim_pace_t *pace, uint64_t hardware_ns);
// Returns for how long it worked, 0 when an outer stop goes on.
uint64_t sim_pace_go(sim_pace_t *pace, uint64_t hardware_ns);

#endif // USOCKET_PORTS_SIM_SIM_PACE_H
