// EU433 (RP002-1.0.4, 2.7).
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_region.h"

static const uint32_t default_hz[] = { 433175000, 433375000, 433575000 };

// ETSI EN 300 220 allows 10 % in 433.05-434.79 MHz; LoRaMac-node and RadioLib keep
// 1 %, TTN 10 %. RP002 says "< 10 %" without a figure of its own: 1 %, the stricter
// one, which is legal where either holds.
static const lorawan_band_t bands[] = { { 8661, 8696, 10 } };

const lorawan_region_t lorawan_region_eu433 = {
    .id = LORAWAN_EU433,
    .dr = lorawan_region_eu_dr,
    .dr_count = 8,
    .up_dr_max = 7,
    .down_dr_max = 7,
    .join_dr_max = 5,
    .default_dr = 5,
    .rx1_hi = 7,
    .rx1_offset_max = 5,
    .rx2_dr = 0,
    .rx2_hz = 434665000, // also the beacon's, where TTN has 434.655
    .power_max = 5,
    .eirp_cdbm = 1215,
    .min_hz = 433050000,
    .max_hz = 434790000,
    .default_hz = default_hz,
    .default_count = 3,
    .default_channel_dr = 0x50,
    .bands = bands,
    .band_count = 1,
};
