// RU864-870 (RP002-1.0.4, 2.13).
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_region.h"

static const uint32_t default_hz[] = { 868900000, 869100000 };

static const lorawan_band_t bands[] = { { 17280, 17400, 10 } };

const lorawan_region_t lorawan_region_ru864 = {
    .id = LORAWAN_RU864,
    .dr = lorawan_region_eu_dr,
    .dr_count = 8,
    .up_dr_max = 7,
    .down_dr_max = 7,
    .join_dr_max = 5,
    .default_dr = 5,
    .rx1_hi = 7,
    .rx1_offset_max = 5,
    .rx2_dr = 0,
    .rx2_hz = 869100000,
    .power_max = 7,
    .eirp_cdbm = 1600,
    .min_hz = 864000000,
    .max_hz = 870000000,
    .default_hz = default_hz,
    .default_count = 2,
    .default_channel_dr = 0x50,
    .bands = bands,
    .band_count = 1,
};
