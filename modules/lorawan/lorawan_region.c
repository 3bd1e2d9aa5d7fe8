// The regions of this firmware (usocket_config.h), and the data rates that several share.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_region.h"

static const lorawan_region_t *const regions[] = {
    #if USOCKET_LORAWAN_EU868
    &lorawan_region_eu868,
    #endif
    #if USOCKET_LORAWAN_US915
    &lorawan_region_us915,
    #endif
    #if USOCKET_LORAWAN_AU915
    &lorawan_region_au915,
    #endif
    #if USOCKET_LORAWAN_AS923
    &lorawan_region_as923[0],
    &lorawan_region_as923[1],
    &lorawan_region_as923[2],
    &lorawan_region_as923[3],
    #endif
    #if USOCKET_LORAWAN_IN865
    &lorawan_region_in865,
    #endif
    #if USOCKET_LORAWAN_CN470
    &lorawan_region_cn470,
    #endif
    #if USOCKET_LORAWAN_KR920
    &lorawan_region_kr920,
    #endif
    #if USOCKET_LORAWAN_EU433
    &lorawan_region_eu433,
    #endif
    #if USOCKET_LORAWAN_RU864
    &lorawan_region_ru864,
    #endif
};

// RP002-1.0.4, EU863-870 and the plans modelled on it. ChirpStack has 222 for DR4
// since 1.0.3; the specification and four others have 242.
const lorawan_dr_t lorawan_region_eu_dr[8] = {
    { 12, 0, 51, 51 },
    { 11, 0, 51, 51 },
    { 10, 0, 51, 51 },
    { 9, 0, 115, 115 },
    { 8, 0, 242, 242 },
    { 7, 0, 242, 242 },
    { 7, 1, 242, 242 },
    { LORAWAN_FSK, 0, 242, 242 },
};

const lorawan_region_t *lorawan_region_find(uint8_t id) {
    for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); ++i) {
        if (regions[i]->id == id) {
            return regions[i];
        }
    }
    return NULL;
}
