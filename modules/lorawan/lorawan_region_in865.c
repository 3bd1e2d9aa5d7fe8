// IN865-867 (RP002-1.0.4, 2.11).
//
// RX1 rates: offsets 6 and 7 raise the rate by 1 and 2, and a rate that does not
// exist (DR6) becomes the one below it. That gives DR4 5 5, DR5 5 7 and DR7 7 5 5 4 3 2
// as LoRaMac-node and LoRa Basics Modem have it; RadioLib, ChirpStack and TTN have
// 7 6 5 4 3 2 for DR7, with a DR6 that RP002 does not define here.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_region.h"

// TTN lists the first two rounded to kHz.
static const uint32_t default_hz[] = { 865062500, 865402500, 865985000 };

static const lorawan_dr_t rates[] = {
    { 12, 0, 51, 51 },
    { 11, 0, 51, 51 },
    { 10, 0, 51, 51 },
    { 9, 0, 115, 115 },
    { 8, 0, 242, 242 },
    { 7, 0, 242, 242 },
    { 0, 0, 0, 0 },
    { LORAWAN_FSK, 0, 242, 242 },
};

const lorawan_region_t lorawan_region_in865 = {
    .id = LORAWAN_IN865,
    .dr = rates,
    .dr_count = 8,
    .up_dr_max = 7,
    .down_dr_max = 7,
    .join_dr_max = 5,
    .default_dr = 5,
    .rx1_hi = 7,
    .rx1_offset_max = 7,
    .rx2_dr = 2,
    .rx2_hz = 866550000, // also the beacon's, where TTN has 866.500
    .power_max = 10,
    .eirp_cdbm = 3000,
    .min_hz = 865000000,
    .max_hz = 867000000,
    .default_hz = default_hz,
    .default_count = 3,
    .default_channel_dr = 0x50,
};
