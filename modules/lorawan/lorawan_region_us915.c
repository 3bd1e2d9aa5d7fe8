// US902-928 (RP002-1.0.4, 2.5). The dwell time is built into the payload sizes.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_region.h"

static const lorawan_dr_t rates[] = {
    [0] = { 10, 0, 11, 11 },
    [1] = { 9, 0, 53, 53 },
    [2] = { 8, 0, 125, 125 },
    [3] = { 7, 0, 242, 242 },
    [4] = { 8, 2, 242, 242 },
    [8] = { 12, 2, 53, 53 },
    [9] = { 11, 2, 129, 129 },
    [10] = { 10, 2, 242, 242 },
    [11] = { 9, 2, 242, 242 },
    [12] = { 8, 2, 242, 242 },
    [13] = { 7, 2, 242, 242 },
};

static const lorawan_plan_t plans[] = {
    {
        .up = { { 902300000, 200000, 64, 0x30 }, { 903000000, 1600000, 8, 0x44 } },
        .down = { { 923300000, 600000, 8, 0 } },
        .down_count = 8,
    },
};

const lorawan_region_t lorawan_region_us915 = {
    .id = LORAWAN_US915,
    .flags = LORAWAN_TWO_NARROW | LORAWAN_HOP_POWER,
    .dr = rates,
    .dr_count = 14,
    .up_dr_max = 4,
    .down_dr_min = 8,
    .down_dr_max = 13,
    .join_dr_min = 0,
    .join_dr_max = 0,
    .default_dr = 3,
    .rx1_base = 10,
    .rx1_lo = 8,
    .rx1_hi = 13,
    .rx1_offset_max = 3,
    .rx2_dr = 8,
    .rx2_hz = 923300000,
    .power_max = 14,
    .eirp_cdbm = 3000,
    .min_hz = 902000000,
    .max_hz = 928000000,
    .plans = plans,
    .plan_count = 1,
    .apply_mask = lorawan_region_72_apply_mask,
    .pick_join = lorawan_region_72_pick_join,
};
