// EU863-870 (RP002-1.0.4, 2.5) with the sub-bands of ETSI EN 300 220.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_region.h"

static const uint32_t default_hz[] = { 868100000, 868300000, 868500000 };

// The gaps are not for LoRaWAN: a channel there is refused.
static const lorawan_band_t bands[] = {
    { 17260, 17300, 1 },   // 863.0-865.0
    { 17300, 17360, 10 },  // 865.0-868.0
    { 17360, 17372, 10 },  // 868.0-868.6
    { 17374, 17384, 1 },   // 868.7-869.2
    { 17388, 17393, 100 }, // 869.4-869.65
    { 17394, 17400, 10 },  // 869.7-870.0
};

const lorawan_region_t lorawan_region_eu868 = {
    .id = LORAWAN_EU868,
    .dr = lorawan_region_eu_dr,
    .dr_count = 8,
    .up_dr_max = 7,
    .down_dr_max = 7,
    .join_dr_max = 5,
    .default_dr = 5,
    .rx1_hi = 7,
    .rx1_offset_max = 5,
    .rx2_dr = 0,
    .rx2_hz = 869525000,
    .power_max = 7,
    .eirp_cdbm = 1600,
    .min_hz = 863000000,
    .max_hz = 870000000,
    .default_hz = default_hz,
    .default_count = 3,
    .default_channel_dr = 0x50,
    .bands = bands,
    .band_count = 6,
};
