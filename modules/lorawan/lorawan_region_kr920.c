// KR920-923 (RP002-1.0.4, 2.10). Listen before talk instead of a duty cycle.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_region.h"

static const uint32_t default_hz[] = { 922100000, 922300000, 922500000 };

const lorawan_region_t lorawan_region_kr920 = {
    .id = LORAWAN_KR920,
    .flags = LORAWAN_LISTEN,
    .dr = lorawan_region_eu_dr,
    .dr_count = 6,
    .up_dr_max = 5,
    .down_dr_max = 5,
    .join_dr_max = 5,
    .default_dr = 5,
    .rx1_hi = 5,
    .rx1_offset_max = 5,
    .rx2_dr = 0,
    .rx2_hz = 921900000,
    .power_max = 7,
    .eirp_cdbm = 1400, // 10 dBm below 922 MHz, see lorawan_channels_power()
    .listen_dbm = -65,
    .listen_us = 6000,
    .min_hz = 920900000,
    .max_hz = 923300000,
    .default_hz = default_hz,
    .default_count = 3,
    .default_channel_dr = 0x50,
};
