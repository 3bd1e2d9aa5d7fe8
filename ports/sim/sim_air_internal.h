// Shared by the two files of the air.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_SIM_SIM_AIR_INTERNAL_H
#define USOCKET_PORTS_SIM_SIM_AIR_INTERNAL_H

#include "sim_air.h"
#include "sim_time.h"

// Frames that are on the air, or that one on the air may have overlapped.
#ifndef SIM_AIR_FRAMES
#define SIM_AIR_FRAMES (48)
#endif

typedef struct {
    sim_air_frame_t frame; // first: users hold a pointer to it
    sim_event_t event; // its end, then the end of its keeping
    uint64_t planned_end_ns; // as told at its start: receivers follow it to there
    int32_t x_m, y_m; // where it was sent
    bool used;
    bool ended;
    bool told; // a radio said what became of it
    bool outside;
} sim_air_slot_t;

sim_air_slot_t *sim_air_slot(const sim_air_frame_t *frame);
sim_air_slot_t *sim_air_slots(void);
void sim_air_channel_reset(uint32_t seed);

#endif // USOCKET_PORTS_SIM_SIM_AIR_INTERNAL_H
