// Radio configurations RC1..RC7. docs/sigfox.md has the table in words.
// SPDX-License-Identifier: MIT
#include "sigfox/sigfox_zone.h"

#include <stddef.h>

enum {
    MICRO_HZ = 25000, // width of a micro channel
    MICRO_GUARD_HZ = 2000, // kept free at each end of it
    MACRO_HZ = 300000, // from one macro channel to the next
    MACRO_FIRST_HZ = 902200000,
};

static const sigfox_zone_t zones[SIGFOX_ZONE_NUMBER] = {
    [SIGFOX_ZONE_RC1] = { 868130000, 869525000, 18780, 6000, 100, 1000, 20000, 25000, SIGFOX_ZONE_DUTY_CYCLE, 16, 0 },
    [SIGFOX_ZONE_RC2] = { 902200000, 905200000, 21000, 25000, 600, 1000, 20000, 25000, SIGFOX_ZONE_HOPPING, 24, 0 },
    [SIGFOX_ZONE_RC3] = { 923200000, 922200000, 19970, 6000, 100, 50, 19000, 33500, SIGFOX_ZONE_SENSE, 16, -80 },
    [SIGFOX_ZONE_RC4] = { 920800000, 922300000, 21000, 25000, 600, 1000, 20000, 25000, SIGFOX_ZONE_HOPPING, 24, 0 },
    [SIGFOX_ZONE_RC5] = { 923300000, 922300000, 19970, 6000, 100, 50, 19000, 33500, SIGFOX_ZONE_SENSE, 14, -65 },
    [SIGFOX_ZONE_RC6] = { 865200000, 866300000, 18720, 6000, 100, 1000, 20000, 25000, SIGFOX_ZONE_FREE, 16, 0 },
    [SIGFOX_ZONE_RC7] = { 868800000, 869100000, 18790, 6000, 100, 1000, 20000, 25000, SIGFOX_ZONE_DUTY_CYCLE, 16, 0 },
    [SIGFOX_ZONE_RC3_LDC] = { 923200000, 922200000, 19970, 6000, 100, 50, 19000, 33500, SIGFOX_ZONE_BURST, 16, 0 },
};

const sigfox_zone_t *sigfox_zone(int number) {
    return number >= 0 && number < SIGFOX_ZONE_NUMBER ? &zones[number] : NULL;
}

int32_t sigfox_zone_downlink_gap(const sigfox_zone_t *zone) {
    return (int32_t)(zone->downlink_hz - zone->uplink_hz);
}

bool sigfox_zone_has_bit_rate(const sigfox_zone_t *zone, int bit_rate) {
    return bit_rate == 600 || (bit_rate == 100 && zone->access != SIGFOX_ZONE_HOPPING);
}

// random, evenly spread over 0..range - 1.
static uint32_t scale(uint32_t random, uint32_t range) {
    return (uint32_t)((uint64_t)random * range >> 32);
}

static uint32_t lowest(const sigfox_zone_t *zone, uint32_t centre_hz) {
    return centre_hz - SIGFOX_ZONE_WIDTH_HZ / 2 + zone->epsilon_hz;
}

// Which micro channels frame 1 may take: with frames 2 and 3 beside it, an inner
// one whose neighbours are free too.
static uint8_t free_micro(const sigfox_zone_draw_t *draw) {
    const uint8_t all = (1 << SIGFOX_ZONE_MICRO_CHANNELS) - 1;
    uint8_t open = all & (uint8_t) ~draw->used;
    return draw->asks ? open & (uint8_t)(open << 1) & (uint8_t)(open >> 1) : open;
}

static uint32_t draw_micro(uint32_t base_hz, uint8_t open, uint32_t random) {
    uint32_t number = 0;
    for (int i = 0; i < SIGFOX_ZONE_MICRO_CHANNELS; ++i) {
        number += open >> i & 1;
    }
    if (number == 0) {
        return 0;
    }
    uint32_t width = MICRO_HZ - 2 * MICRO_GUARD_HZ + 1;
    uint32_t drawn = scale(random, number * width);
    uint32_t skip = drawn / width;
    uint32_t micro = 0;
    while (!(open >> micro & 1) || skip-- != 0) {
        ++micro;
    }
    return base_hz + micro * MICRO_HZ + MICRO_GUARD_HZ + drawn % width;
}

uint32_t sigfox_zone_draw(const sigfox_zone_t *zone, const sigfox_zone_draw_t *draw, uint32_t random) {
    uint32_t low = lowest(zone, draw->centre_hz);
    if (zone->access == SIGFOX_ZONE_HOPPING) {
        return draw_micro(low, free_micro(draw), random);
    }
    uint32_t margin = draw->asks ? zone->offset_hz : 0;
    uint32_t width = SIGFOX_ZONE_WIDTH_HZ - 2 * (zone->epsilon_hz + margin);
    return low + margin + scale(random, width + 1);
}

uint8_t sigfox_zone_micro_bit(const sigfox_zone_t *zone, uint32_t centre_hz, uint32_t hz) {
    if (zone->access != SIGFOX_ZONE_HOPPING) {
        return 0;
    }
    return (uint8_t)(1 << (hz - lowest(zone, centre_hz)) / MICRO_HZ);
}

uint32_t sigfox_zone_macro_hz(const sigfox_zone_t *zone, int channel) {
    if (channel == 0) {
        return zone->uplink_hz;
    }
    if (zone->access != SIGFOX_ZONE_HOPPING || channel < 0 || channel > SIGFOX_ZONE_MACRO_CHANNELS) {
        return 0;
    }
    return MACRO_FIRST_HZ + (uint32_t)(channel - 1) * MACRO_HZ;
}

int sigfox_zone_macro_nth(const uint32_t words[3], int n) {
    for (int k = 0; k < SIGFOX_ZONE_MACRO_CHANNELS; ++k) {
        if (words[k / 32] >> (k % 32) & 1 && n-- == 0) {
            return k + 1;
        }
    }
    return 0;
}
