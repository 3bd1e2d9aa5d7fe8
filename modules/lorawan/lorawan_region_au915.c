// AU915-928 (RP002-1.0.4, 2.8). The uplink dwell time is on at boot.
//
// TXPower steps: 14 as LoRaMac-node and LoRa Basics Modem; RadioLib stops at 10.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_region.h"

static const lorawan_dr_t rates[] = {
    [0] = { 12, 0, 51, 0 },
    [1] = { 11, 0, 51, 0 },
    [2] = { 10, 0, 51, 11 },
    [3] = { 9, 0, 115, 53 },
    [4] = { 8, 0, 242, 125 },
    [5] = { 7, 0, 242, 242 },
    [6] = { 8, 2, 242, 242 },
    [8] = { 12, 2, 53, 53 },
    [9] = { 11, 2, 129, 129 },
    [10] = { 10, 2, 242, 242 },
    [11] = { 9, 2, 242, 242 },
    [12] = { 8, 2, 242, 242 },
    [13] = { 7, 2, 242, 242 },
};

static const lorawan_plan_t plans[] = {
    {
        .up = { { 915200000, 200000, 64, 0x50 }, { 915900000, 1600000, 8, 0x66 } },
        .down = { { 923300000, 600000, 8, 0 } },
        .down_count = 8,
    },
};

const lorawan_region_t lorawan_region_au915 = {
    .id = LORAWAN_AU915,
    .flags = LORAWAN_TX_PARAM | LORAWAN_UP_DWELL,
    .dr = rates,
    .dr_count = 14,
    .up_dr_max = 6,
    .down_dr_min = 8,
    .down_dr_max = 13,
    .join_dr_min = 2,
    .join_dr_max = 2,
    .default_dr = 5,
    .rx1_base = 8,
    .rx1_lo = 8,
    .rx1_hi = 13,
    .rx1_offset_max = 5,
    .rx2_dr = 8,
    .rx2_hz = 923300000,
    .power_max = 14,
    .eirp_code = 13,
    .eirp_cdbm = 3000,
    .min_hz = 915000000,
    .max_hz = 928000000,
    .plans = plans,
    .plan_count = 1,
    .apply_mask = lorawan_region_72_apply_mask,
    .pick_join = lorawan_region_72_pick_join,
};
