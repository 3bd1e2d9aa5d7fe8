// AS923-1 to AS923-4 (RP002-1.0.4, 2.9): one plan, moved by an offset.
//
// The uplink dwell time is on at boot, as in LoRaMac-node, LoRa Basics Modem and
// RadioLib (TTN does not say): right in the countries that need it, and elsewhere
// switched off by the network's first TxParamSetupReq. Duty cycle 1 % as RadioLib,
// TTN and RP002 have it; LoRaMac-node has the figure but keeps it off.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_region.h"

static const uint32_t default_hz[] = { 923200000, 923400000 };

static const lorawan_dr_t rates[] = {
    { 12, 0, 51, 0 },
    { 11, 0, 51, 0 },
    { 10, 0, 115, 11 },
    { 9, 0, 115, 53 },
    { 8, 0, 242, 125 },
    { 7, 0, 242, 242 },
    { 7, 1, 242, 242 },
    { LORAWAN_FSK, 0, 242, 242 },
};

static const lorawan_band_t bands[] = { { 18300, 18560, 10 } };

#define AS923(number, offset) { \
        .id = number, \
        .flags = LORAWAN_TX_PARAM | LORAWAN_UP_DWELL, \
        .dr = rates, \
        .dr_count = 8, \
        .up_dr_max = 7, \
        .down_dr_max = 7, \
        .join_dr_min = 2, \
        .join_dr_max = 5, \
        .default_dr = 5, \
        .rx1_hi = 7, \
        .rx1_offset_max = 7, \
        .rx2_dr = 2, \
        .rx2_hz = 923200000 + (offset), \
        .power_max = 7, \
        .eirp_code = 5, \
        .eirp_cdbm = 1600, \
        .listen_dbm = -80, \
        .listen_us = 5000, \
        .min_hz = 915000000, \
        .max_hz = 928000000, \
        .default_hz = default_hz, \
        .default_count = 2, \
        .default_channel_dr = 0x50, \
        .offset_hz = (offset), \
        .bands = bands, \
        .band_count = 1, \
}

const lorawan_region_t lorawan_region_as923[4] = {
    AS923(LORAWAN_AS923_1, 0),
    AS923(LORAWAN_AS923_2, -1800000),
    AS923(LORAWAN_AS923_3, -6600000),
    AS923(LORAWAN_AS923_4, -5900000),
};
