// Zones and frequencies against the rules of the vectors.
// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "check.h"
#include "sigfox/sigfox_zone.h"

#define WANT_RULES
#include "sigfox_vectors.h"

#define NUMBER(table) (sizeof(table) / sizeof((table)[0]))
#define DRAWS (20000)

// A plain generator, another than the product's.
static uint32_t next_random(void) {
    static uint64_t state = 1;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 32);
}

static void constants_are_those_of_the_vectors(void) {
    CHECK(NUMBER(rules) == SIGFOX_ZONE_NUMBER, "the vectors have every zone");
    for (size_t i = 0; i < NUMBER(rules); ++i) {
        const sigfox_zone_t *zone = sigfox_zone(rules[i].zone);
        CHECK(zone->uplink_hz == rules[i].uplink && zone->downlink_hz == rules[i].downlink, "centres");
        CHECK(zone->epsilon_hz == rules[i].epsilon && rules[i].width == SIGFOX_ZONE_WIDTH_HZ, "width and epsilon");
        CHECK(zone->offset_hz == rules[i].second && -zone->offset_hz == rules[i].third, "offsets of frames 2 and 3");
        CHECK(sigfox_zone_downlink_gap(zone) == rules[i].gap, "from uplink to downlink");
        CHECK(zone->window_after_ms == rules[i].window_after_ms && zone->window_ms == rules[i].window_ms, "the window");
    }
    CHECK(sigfox_zone(-1) == NULL && sigfox_zone(SIGFOX_ZONE_NUMBER) == NULL, "there are no others");
}

typedef struct {
    uint32_t low;
    uint32_t high;
} range_t;

static range_t drawn(const sigfox_zone_t *zone, bool asks) {
    sigfox_zone_draw_t draw = { .centre_hz = zone->uplink_hz, .asks = asks };
    range_t range = { UINT32_MAX, 0 };
    for (int i = 0; i < DRAWS; ++i) {
        uint32_t random = i == 0 ? 0 : i == 1 ? UINT32_MAX : next_random();
        uint32_t hz = sigfox_zone_draw(zone, &draw, random);
        range.low = hz < range.low ? hz : range.low;
        range.high = hz > range.high ? hz : range.high;
    }
    return range;
}

static void draws_fill_the_band_and_keep_its_limits(void) {
    for (size_t i = 0; i < NUMBER(rules); ++i) {
        const sigfox_zone_t *zone = sigfox_zone(rules[i].zone);
        uint32_t guard = zone->access == SIGFOX_ZONE_HOPPING ? 2000 : 0;
        range_t plain = drawn(zone, false);
        CHECK(plain.low == rules[i].low + guard && plain.high == rules[i].high - guard, "from limit to limit");
        range_t asks = drawn(zone, true);
        CHECK(asks.low == rules[i].first_low + guard && asks.high == rules[i].first_high - guard, "with room for both offsets");
    }
}

static void draws_are_even(void) {
    const sigfox_zone_t *zone = sigfox_zone(SIGFOX_ZONE_RC1);
    sigfox_zone_draw_t draw = { .centre_hz = zone->uplink_hz };
    int counts[16] = { 0 };
    for (int i = 0; i < DRAWS; ++i) {
        uint32_t hz = sigfox_zone_draw(zone, &draw, next_random());
        ++counts[(uint64_t)(hz - 868052780) * 16 / (868207221 - 868052780)];
    }
    for (int i = 0; i < 16; ++i) {
        CHECK(counts[i] > DRAWS / 16 * 8 / 10 && counts[i] < DRAWS / 16 * 12 / 10, "every sixteenth of the band is as likely");
    }
}

static void hops_avoid_used_micro_channels_and_guards(void) {
    const sigfox_zone_t *zone = sigfox_zone(SIGFOX_ZONE_RC4);
    uint32_t low = zone->uplink_hz - 75000;
    for (unsigned used = 0; used < 64; ++used) {
        unsigned seen = 0;
        sigfox_zone_draw_t draw = { .centre_hz = zone->uplink_hz, .used = (uint8_t)used };
        for (int i = 0; i < 300; ++i) {
            uint32_t hz = sigfox_zone_draw(zone, &draw, next_random());
            if (used == 63) {
                CHECK(hz == 0, "when all are used there is no answer");
                continue;
            }
            uint32_t inside = (hz - low) % 25000;
            CHECK(inside >= 2000 && inside <= 23000, "the guards at both ends are kept");
            CHECK(sigfox_zone_micro_bit(zone, zone->uplink_hz, hz) == 1 << (hz - low) / 25000, "the channel's bit");
            seen |= sigfox_zone_micro_bit(zone, zone->uplink_hz, hz);
        }
        CHECK(used == 63 || seen == (~used & 63), "all free channels are drawn and no other");
    }
}

static void a_request_finds_both_neighbours_free(void) {
    const sigfox_zone_t *zone = sigfox_zone(SIGFOX_ZONE_RC2);
    for (unsigned used = 0; used < 64; ++used) {
        sigfox_zone_draw_t draw = { .centre_hz = zone->uplink_hz, .used = (uint8_t)used, .asks = true };
        for (int i = 0; i < 50; ++i) {
            uint32_t hz = sigfox_zone_draw(zone, &draw, next_random());
            if (hz == 0) {
                continue;
            }
            uint8_t three = sigfox_zone_micro_bit(zone, zone->uplink_hz, hz)
                | sigfox_zone_micro_bit(zone, zone->uplink_hz, hz + 25000) | sigfox_zone_micro_bit(zone, zone->uplink_hz, hz - 25000);
            CHECK(__builtin_popcount(three) == 3 && (three & used) == 0, "three frames take three free channels");
        }
        bool possible = false;
        for (int n = 0; n + 3 <= 6; ++n) {
            possible |= (used >> n & 7) == 0;
        }
        CHECK((sigfox_zone_draw(zone, &draw, 0) != 0) == possible, "there is an answer exactly when three in a row are free");
    }
}

// The sets and their frequencies are those of docs/sigfox.md.
static void macro_channels_are_those_of_the_fcc_grid(void) {
    const sigfox_zone_t *rc2 = sigfox_zone(SIGFOX_ZONE_RC2);
    const sigfox_zone_t *rc4 = sigfox_zone(SIGFOX_ZONE_RC4);
    static const uint32_t rc2_long[3] = { 0x1ff, 0, 0 };
    static const uint32_t rc4_short[3] = { 0, 0x40000000, 0 };
    static const uint32_t rc4_long[3] = { 0, 0xf0000000, 0x1f };
    static const uint32_t beyond[3] = { 0, 0, 0xffc00000 };
    CHECK(sigfox_zone_macro_hz(rc2, 0) == 902200000 && sigfox_zone_macro_hz(rc2, 1) == 902200000, "channel 1 is RC2's own");
    CHECK(sigfox_zone_macro_nth(rc2_long, 8) == 9 && sigfox_zone_macro_hz(rc2, 9) == 904600000, "RC2's long set ends at 904.6 MHz");
    CHECK(sigfox_zone_macro_nth(rc2_long, 9) == 0, "and has nine channels");
    CHECK(sigfox_zone_macro_nth(rc4_short, 0) == 63 && sigfox_zone_macro_hz(rc4, 63) == rc4->uplink_hz, "channel 63 is RC4's own");
    CHECK(sigfox_zone_macro_nth(rc4_long, 0) == 61 && sigfox_zone_macro_hz(rc4, 61) == 920200000, "RC4's long set begins at 920.2 MHz");
    CHECK(sigfox_zone_macro_nth(rc4_long, 8) == 69 && sigfox_zone_macro_hz(rc4, 69) == 922600000, "and ends at 922.6 MHz");
    CHECK(sigfox_zone_macro_nth(beyond, 0) == 0, "there is no channel 87");
    CHECK(sigfox_zone_macro_hz(rc2, 86) == 927700000 && sigfox_zone_macro_hz(rc2, 87) == 0, "86 is the last");
    CHECK(sigfox_zone_macro_hz(sigfox_zone(SIGFOX_ZONE_RC1), 1) == 0, "Europe has none");
}

static void only_600_bit_per_s_hops(void) {
    for (int i = 0; i < SIGFOX_ZONE_NUMBER; ++i) {
        const sigfox_zone_t *zone = sigfox_zone(i);
        bool hops = zone->access == SIGFOX_ZONE_HOPPING;
        CHECK(sigfox_zone_has_bit_rate(zone, 600), "600 bit/s goes everywhere");
        CHECK(sigfox_zone_has_bit_rate(zone, 100) == !hops, "100 bit/s is too slow for 400 ms a channel");
        CHECK(!sigfox_zone_has_bit_rate(zone, 300), "there is no other");
        CHECK(sigfox_zone_has_bit_rate(zone, zone->bit_rate), "the public network's rate is one of the zone's");
    }
}

int main(void) {
    constants_are_those_of_the_vectors();
    draws_fill_the_band_and_keep_its_limits();
    draws_are_even();
    hops_avoid_used_micro_channels_and_guards();
    a_request_finds_both_neighbours_free();
    macro_channels_are_those_of_the_fcc_grid();
    only_600_bit_per_s_hops();
    return check_result();
}
