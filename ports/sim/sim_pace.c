// SPDX-License-Identifier: MIT
#include "sim_pace.h"

#include "sim_time.h"

uint64_t sim_pace_now(sim_pace_t *pace, uint64_t hardware_ns) {
    uint64_t now = (pace->stops > 0 ? pace->stopped_ns : hardware_ns) + pace->offset_ns;
    uint64_t simulated = sim_time_now();
    if (now < simulated) {
        pace->offset_ns += simulated - now;
        now = simulated;
    }
    return now;
}

void sim_pace_stop(sim_pace_t *pace, uint64_t hardware_ns) {
    if (pace->stops++ == 0) {
        pace->stopped_ns = hardware_ns;
    }
}

uint64_t sim_pace_go(sim_pace_t *pace, uint64_t hardware_ns) {
    if (--pace->stops > 0) {
        return 0;
    }
    uint64_t worked = hardware_ns - pace->stopped_ns;
    pace->offset_ns -= worked;
    return worked;
}
