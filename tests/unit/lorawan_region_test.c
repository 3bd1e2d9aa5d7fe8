// RP002 as the MAC shows it: what a device of each region transmits, listens to and
// refuses. The expected values are written out here, not computed as in the tables.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "lorawan/lorawan_internal.h"
#include "lorawan_peer.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define NO (0xff)

typedef struct {
    uint8_t region;
    const char *name;
    uint8_t joins[3];           // 0-based number of default channels, lowest and highest rate
    uint32_t default_hz[3];
    uint32_t rx2_hz;
    uint8_t rx2_dr;
    uint8_t payload[8];         // by uplink data rate at boot, 0 for one that cannot be used
    uint8_t payload_no_dwell[8];
    int8_t eirp_dbm;            // rounded down
    uint8_t power_max;
    uint16_t permille;          // duty cycle on the first default channel
    uint8_t offset_max;
} expect_t;

#define EU_PAYLOAD { 51, 51, 51, 115, 242, 242, 242, 242 }
#define AS_PAYLOAD { 0, 0, 11, 53, 125, 242, 242, 242 }
#define AS_OPEN { 51, 51, 115, 115, 242, 242, 242, 242 }
#define AU_PAYLOAD { 0, 0, 11, 53, 125, 242, 242, 0 }
#define AU_OPEN { 51, 51, 51, 115, 242, 242, 242, 0 }

static const expect_t expects[] = {
    { LORAWAN_EU868, "EU868", { 3, 0, 5 }, { 868100000, 868300000, 868500000 }, 869525000, 0, EU_PAYLOAD, EU_PAYLOAD, 16, 7, 10, 5 },
    { LORAWAN_EU433, "EU433", { 3, 0, 5 }, { 433175000, 433375000, 433575000 }, 434665000, 0, EU_PAYLOAD, EU_PAYLOAD, 12, 5, 10, 5 },
    { LORAWAN_RU864, "RU864", { 2, 0, 5 }, { 868900000, 869100000 }, 869100000, 0, EU_PAYLOAD, EU_PAYLOAD, 16, 7, 10, 5 },
    { LORAWAN_IN865, "IN865", { 3, 0, 5 }, { 865062500, 865402500, 865985000 }, 866550000, 2, { 51, 51, 51, 115, 242, 242, 0, 242 }, { 51, 51, 51, 115, 242, 242, 0, 242 }, 30, 10, 0, 7 },
    { LORAWAN_KR920, "KR920", { 3, 0, 5 }, { 922100000, 922300000, 922500000 }, 921900000, 0, { 51, 51, 51, 115, 242, 242 }, { 51, 51, 51, 115, 242, 242 }, 14, 7, 0, 5 },
    { LORAWAN_AS923_1, "AS923-1", { 2, 2, 5 }, { 923200000, 923400000 }, 923200000, 2, AS_PAYLOAD, AS_OPEN, 16, 7, 10, 7 },
    { LORAWAN_AS923_2, "AS923-2", { 2, 2, 5 }, { 921400000, 921600000 }, 921400000, 2, AS_PAYLOAD, AS_OPEN, 16, 7, 10, 7 },
    { LORAWAN_AS923_3, "AS923-3", { 2, 2, 5 }, { 916600000, 916800000 }, 916600000, 2, AS_PAYLOAD, AS_OPEN, 16, 7, 10, 7 },
    { LORAWAN_AS923_4, "AS923-4", { 2, 2, 5 }, { 917300000, 917500000 }, 917300000, 2, AS_PAYLOAD, AS_OPEN, 16, 7, 10, 7 },
    { LORAWAN_US915, "US915", { 72, 0, 0 }, { 902300000, 902500000, 902700000 }, 923300000, 8, { 11, 53, 125, 242, 242 }, { 11, 53, 125, 242, 242 }, 30, 14, 0, 3 },
    { LORAWAN_AU915, "AU915", { 72, 2, 2 }, { 915200000, 915400000, 915600000 }, 923300000, 8, AU_PAYLOAD, AU_OPEN, 30, 14, 0, 5 },
    { LORAWAN_CN470, "CN470", { 64, 1, 5 }, { 470300000, 470500000, 470700000 }, 486900000, 1, { 0, 23, 86, 184, 242, 242 }, { 0, 23, 86, 184, 242, 242 }, 19, 7, 0, 5 },
};

static void start(peer_t *p, uint8_t region) {
    lorawan_config_t config = peer_config(region);
    config.max_power_dbm = 40;
    peer_start(p, &config);
    peer_abp(p);
}

static void channels_are_the_regions(peer_t *p, const expect_t *e) {
    uint8_t enabled = 0;
    for (uint8_t i = 0; i < lorawan_channel_count(&p->mac); ++i) {
        enabled += lorawan_channel_hz(&p->mac, i) != 0;
    }
    CHECK(enabled == e->joins[0], e->name);
    for (uint8_t i = 0; i < 3 && i < e->joins[0]; ++i) {
        CHECK(lorawan_channel_hz(&p->mac, i) == e->default_hz[i], e->name);
    }
    CHECK(p->mac.record.rx2_hz == e->rx2_hz && p->mac.record.rx2_dr == e->rx2_dr, e->name);
    CHECK(p->mac.region->join_dr_min == e->joins[1] && p->mac.region->join_dr_max == e->joins[2], e->name);
}

static void payloads_are_the_regions(peer_t *p, const expect_t *e) {
    static uint8_t data[250];
    for (uint8_t dr = 0; dr < 8; ++dr) {
        p->mac.record.up_dwell = p->mac.region->flags & LORAWAN_UP_DWELL ? 1 : 0;
        CHECK(lorawan_max_payload(&p->mac, dr) == e->payload[dr], e->name);
        p->mac.record.up_dwell = 0;
        CHECK(lorawan_max_payload(&p->mac, dr) == e->payload_no_dwell[dr], e->name);
        const lorawan_uplink_t up = { .port = 1, .dr = dr, .data = data, .len = e->payload_no_dwell[dr] + 1u };
        int error = lorawan_send(&p->mac, &up, p->now_us);
        CHECK(error == (e->payload_no_dwell[dr] == 0 ? -NET_EOPNOTSUPP : -NET_EMSGSIZE), "one byte more than fits is refused");
    }
    p->mac.record.up_dwell = p->mac.region->flags & LORAWAN_UP_DWELL ? 1 : 0;
    CHECK(lorawan_max_payload(&p->mac, 8) == 0 && lorawan_max_payload(&p->mac, 255) == 0, "other rates are not for uplinks");
}

static void power_steps_are_the_regions(peer_t *p, const expect_t *e) {
    lorawan_status_t s;
    lorawan_status(&p->mac, &s);
    CHECK(s.eirp_dbm == e->eirp_dbm, e->name);
    CHECK(p->mac.region->power_max == e->power_max, e->name);
    p->mac.record.power = 1;
    lorawan_status(&p->mac, &s);
    CHECK(s.eirp_dbm == e->eirp_dbm - 2, "a step is 2 dB");
    p->mac.record.power = 0;
    p->mac.config.antenna_dbi = 3;
    lorawan_status(&p->mac, &s);
    CHECK(s.power_dbm == e->eirp_dbm - 3 && s.eirp_dbm == e->eirp_dbm, "the antenna's gain is taken off");
    p->mac.config.max_power_dbm = 5;
    lorawan_status(&p->mac, &s);
    CHECK(s.power_dbm == 5, "the radio's limit holds");
    p->mac.config.max_power_dbm = 40;
    p->mac.config.antenna_dbi = 0;
}

static void duty_cycle_is_the_regions(peer_t *p, const expect_t *e) {
    int band = lorawan_dutycycle_band(&p->mac, e->default_hz[0]);
    CHECK((band < 0 ? 0 : p->mac.region->bands[band].permille) == e->permille, e->name);
}

static uint8_t rx1(peer_t *p, uint8_t dr, uint8_t offset) {
    p->mac.tx_dr = dr;
    p->mac.record.rx1_offset = offset;
    return lorawan_window_rx1_dr(&p->mac);
}

static void check_rx1(peer_t *p, const uint8_t *table, uint8_t rows, uint8_t offsets) {
    for (uint8_t dr = 0; dr < rows; ++dr) {
        for (uint8_t offset = 0; offset < offsets; ++offset) {
            uint8_t want = table[dr * offsets + offset];
            CHECK(want == NO || rx1(p, dr, offset) == want, p->mac.region->flags & LORAWAN_TX_PARAM ? "RX1 rate under dwell rules" : "RX1 rate");
        }
    }
}

// RP002-1.0.4, tables "RX1DROffset" of each region.
static void rx1_rates_are_the_regions(void) {
    static const uint8_t eu[] = {
        0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 3, 2, 1, 0, 0, 0,
        4, 3, 2, 1, 0, 0, 5, 4, 3, 2, 1, 0, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2,
    };
    static const uint8_t cn[] = {
        NO, NO, NO, NO, NO, NO, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 3, 2, 1, 1, 1, 1, 4, 3, 2, 1, 1, 1, 5, 4, 3, 2, 1, 1,
    };
    static const uint8_t us[] = { 10, 9, 8, 8, 11, 10, 9, 8, 12, 11, 10, 9, 13, 12, 11, 10, 13, 13, 12, 11 };
    static const uint8_t au[] = {
        8, 8, 8, 8, 8, 8, 9, 8, 8, 8, 8, 8, 10, 9, 8, 8, 8, 8, 11, 10, 9, 8, 8, 8,
        12, 11, 10, 9, 8, 8, 13, 12, 11, 10, 9, 8, 13, 13, 12, 11, 10, 9,
    };
    static const uint8_t as_open[] = {
        0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 2, 3, 2, 1, 0, 0, 0, 0, 3, 4, 3, 2, 1, 0, 0, 0, 4, 5,
        4, 3, 2, 1, 0, 0, 5, 6, 5, 4, 3, 2, 1, 0, 6, 7, 6, 5, 4, 3, 2, 1, 7, 7, 7, 6, 5, 4, 3, 2, 7, 7,
    };
    static const uint8_t as_dwell[] = {
        2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 2, 2, 2, 2, 2, 3, 4, 3, 2, 2, 2, 2, 2, 4, 5,
        4, 3, 2, 2, 2, 2, 5, 6, 5, 4, 3, 2, 2, 2, 6, 7, 6, 5, 4, 3, 2, 2, 7, 7, 7, 6, 5, 4, 3, 2, 7, 7,
    };
    static const uint8_t in[] = {
        0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 2, 3, 2, 1, 0, 0, 0, 0, 3, 4, 3, 2, 1, 0, 0, 0, 4, 5,
        4, 3, 2, 1, 0, 0, 5, 5, 5, 4, 3, 2, 1, 0, 5, 7, NO, NO, NO, NO, NO, NO, NO, NO, 7, 5, 5, 4, 3, 2, 7, 7,
    };
    static const struct {
        uint8_t region;
        const uint8_t *table;
        uint8_t rows, offsets, down_dwell;
    } tables[] = {
        { LORAWAN_EU868, eu, 8, 6, 0 }, { LORAWAN_EU433, eu, 8, 6, 0 }, { LORAWAN_RU864, eu, 8, 6, 0 }, { LORAWAN_KR920, eu, 6, 6, 0 },
        { LORAWAN_CN470, cn, 6, 6, 0 }, { LORAWAN_US915, us, 5, 4, 0 }, { LORAWAN_AU915, au, 7, 6, 0 }, { LORAWAN_AU915, au, 7, 6, 1 },
        { LORAWAN_AS923_1, as_open, 8, 8, 0 }, { LORAWAN_AS923_4, as_dwell, 8, 8, 1 }, { LORAWAN_IN865, in, 8, 8, 0 },
    };
    for (size_t i = 0; i < COUNT(tables); ++i) {
        peer_t p;
        start(&p, tables[i].region);
        p.mac.record.down_dwell = tables[i].down_dwell;
        check_rx1(&p, tables[i].table, tables[i].rows, tables[i].offsets);
    }
}

static void fixed_plans_number_their_channels(void) {
    static const struct {
        uint8_t region, plan, channel;
        uint32_t up_hz, rx1_hz;
    } rows[] = {
        { LORAWAN_US915, 0, 0, 902300000, 923300000 }, { LORAWAN_US915, 0, 63, 914900000, 927500000 },
        { LORAWAN_US915, 0, 64, 903000000, 923300000 }, { LORAWAN_US915, 0, 71, 914200000, 927500000 },
        { LORAWAN_US915, 0, 9, 904100000, 923900000 }, { LORAWAN_AU915, 0, 8, 916800000, 923300000 },
        { LORAWAN_AU915, 0, 63, 927800000, 927500000 }, { LORAWAN_AU915, 0, 65, 917500000, 923900000 },
        { LORAWAN_CN470, 0, 0, 470300000, 483900000 }, { LORAWAN_CN470, 0, 31, 476500000, 490100000 },
        { LORAWAN_CN470, 0, 32, 503500000, 490300000 }, { LORAWAN_CN470, 0, 63, 509700000, 496500000 },
        { LORAWAN_CN470, 1, 31, 483100000, 483100000 }, { LORAWAN_CN470, 1, 32, 496900000, 496900000 },
        { LORAWAN_CN470, 2, 0, 470300000, 490100000 }, { LORAWAN_CN470, 2, 47, 479700000, 494700000 },
        { LORAWAN_CN470, 3, 24, 485100000, 500100000 }, { LORAWAN_CN470, 3, 47, 489700000, 504700000 },
    };
    for (size_t i = 0; i < COUNT(rows); ++i) {
        peer_t p;
        start(&p, rows[i].region);
        p.mac.record.plan = rows[i].plan;
        CHECK(lorawan_channels_hz(&p.mac, rows[i].channel) == rows[i].up_hz, "uplink channel of a fixed plan");
        CHECK(lorawan_channels_rx1_hz(&p.mac, rows[i].channel) == rows[i].rx1_hz, "its RX1 frequency");
    }
}

// RP002-1.0.4, CN470: the common join channels.
static void cn470_joins_select_the_plan(void) {
    static const struct {
        uint8_t plan;
        uint32_t up_hz, rx1_hz, rx2_hz;
    } joins[] = {
        { 0, 470900000, 484500000, 485300000 }, { 0, 472500000, 486100000, 486900000 }, { 0, 474100000, 487700000, 488500000 },
        { 0, 475700000, 489300000, 490100000 }, { 0, 504100000, 490900000, 491700000 }, { 0, 505700000, 492500000, 493300000 },
        { 0, 507300000, 494100000, 494900000 }, { 0, 508900000, 495700000, 496500000 }, { 1, 479900000, 479900000, 478300000 },
        { 1, 499900000, 499900000, 498300000 }, { 2, 470300000, 492500000, 492500000 }, { 2, 472300000, 492500000, 492500000 },
        { 2, 478300000, 492500000, 492500000 }, { 3, 480300000, 502500000, 502500000 }, { 3, 488300000, 502500000, 502500000 },
    };
    int seen[COUNT(joins)] = { 0 };
    lorawan_config_t config = peer_config(LORAWAN_CN470);
    peer_t p;
    peer_start(&p, &config);
    (void)peer_otaa(&p);
    for (int n = 0; n < 400; ++n) {
        int before = p.uplinks;
        while (p.uplinks == before) {
            peer_run(&p, PEER_SECOND);
        }
        peer_run(&p, 7 * PEER_SECOND);
        CHECK(p.last_window[LORAWAN_RX2].receive.dr == 1, "RX2 of a join is at DR1");
        for (size_t i = 0; i < COUNT(joins); ++i) {
            if (p.uplink.frequency_hz == joins[i].up_hz && p.mac.record.plan == joins[i].plan) {
                ++seen[i];
                CHECK(p.last_window[LORAWAN_RX1].receive.phy.frequency_hz == joins[i].rx1_hz, "RX1 of a join channel");
                CHECK(p.last_window[LORAWAN_RX2].receive.phy.frequency_hz == joins[i].rx2_hz, "RX2 of a join channel");
            }
        }
    }
    for (size_t i = 0; i < COUNT(joins); ++i) {
        CHECK(seen[i] > 0, "every join channel is tried");
    }
    p.on_uplink = peer_accept_joins;
    CHECK(peer_finish(&p, 48 * PEER_HOUR) == 0, "CN470 joins");
    uint32_t rx2_hz = p.mac.record.rx2_hz;
    p.on_uplink = NULL;
    CHECK(peer_exchange(&p, false) == 0, "CN470 sends");
    CHECK(p.last_window[LORAWAN_RX2].receive.phy.frequency_hz == rx2_hz, "the session listens where its join did");
}

// Groups of eight without repeat, then a wide channel (RP002-1.0.4, US902-928).
static void us915_joins_visit_every_group(uint8_t region, uint8_t wide_dr, uint8_t narrow_dr) {
    lorawan_config_t config = peer_config(region);
    peer_t p;
    peer_start(&p, &config);
    (void)peer_otaa(&p);
    for (int round = 0; round < 3; ++round) {
        uint8_t groups = 0;
        for (int n = 0; n < 9; ++n) {
            int before = p.uplinks;
            while (p.uplinks == before) {
                peer_run(&p, PEER_SECOND);
            }
            bool wide = p.uplink.channel >= 64;
            CHECK(wide == (n == 8), "every ninth request goes to a 500 kHz channel");
            CHECK(p.uplink.dr == (wide ? wide_dr : narrow_dr), "a join has the region's data rate");
            groups |= (uint8_t)(wide ? 0 : 1u << p.uplink.channel / 8);
        }
        CHECK(groups == 0xff, "eight requests meet eight groups");
    }
}

static void us915_keeps_to_its_sub_band(void) {
    lorawan_config_t config = peer_config(LORAWAN_US915);
    config.sub_band = 2;
    peer_t p;
    peer_start(&p, &config);
    (void)peer_otaa(&p);
    p.on_uplink = peer_accept_joins;
    CHECK(peer_finish(&p, PEER_HOUR) == 0, "US915 joins in a sub-band");
    for (int i = 0; i < 40; ++i) {
        (void)peer_exchange(&p, false);
        CHECK(p.uplink.channel >= 8 && p.uplink.channel < 16, "uplinks stay in sub-band 2");
    }
    p.mac.record.dr = 4;
    (void)peer_exchange(&p, false);
    CHECK(p.uplink.channel == 65, "the wide channel of sub-band 2 is number 65");
    CHECK(lorawan_channel_sub_band(&p.mac, 9) == -NET_EINVAL, "there are eight sub-bands");
    start(&p, LORAWAN_EU868);
    CHECK(lorawan_channel_sub_band(&p.mac, 1) == -NET_EINVAL, "EU868 has no sub-bands");
    config = peer_config(LORAWAN_EU868);
    config.sub_band = 1;
    CHECK(lorawan_init(&p.mac, &config, 0) == -NET_EINVAL, "EU868 starts without a sub-band");
}

// FCC: fewer than 50 narrow channels 21 dBm, the wide ones 26 dBm.
static void us915_power_depends_on_hopping(void) {
    peer_t p;
    lorawan_status_t s;
    start(&p, LORAWAN_US915);
    p.mac.record.dr = 4;
    lorawan_status(&p.mac, &s);
    CHECK(s.eirp_dbm == 26, "500 kHz: 26 dBm");
    p.mac.record.dr = 0;
    (void)lorawan_channel_sub_band(&p.mac, 1);
    lorawan_status(&p.mac, &s);
    CHECK(s.eirp_dbm == 21, "eight channels: 21 dBm");
}

static void kr920_power_depends_on_frequency(void) {
    peer_t p;
    lorawan_status_t s;
    start(&p, LORAWAN_KR920);
    CHECK(lorawan_channel_set(&p.mac, 3, &(lorawan_channel_t) { 921900000, 0, 5 }) == 0, "921.9 MHz is in KR920");
    p.mac.record.mask[0] = 8;
    lorawan_status(&p.mac, &s);
    CHECK(s.eirp_dbm == 10, "below 922 MHz: 10 dBm");
}

static void kr920_listens_before_talk(void) {
    peer_t p;
    start(&p, LORAWAN_KR920);
    lorawan_action_t a;
    (void)peer_send(&p, 1, "x", 1, false);
    while (lorawan_next(&p.mac, p.now_us, &a) != LORAWAN_TRANSMIT) {
        lorawan_event(&p.mac, &(lorawan_event_t) { .type = LORAWAN_STORED });
    }
    CHECK(a.transmit.listen_dbm == -65 && a.transmit.listen_us == 6000, "KR920 listens for 6 ms at -65 dBm");
    start(&p, LORAWAN_KR920);
    p.lbt_busy = 5;
    CHECK(peer_exchange(&p, false) == 0 && p.uplinks == 1, "a busy channel delays the frame");
    p.lbt_busy = 1000;
    CHECK(peer_exchange(&p, false) == -NET_EBUSY, "a channel that is never free ends the frame");
}

static void masks_are_the_regions(void) {
    static const struct {
        uint8_t region, cntl;
        uint16_t bits;
        bool good;
        uint16_t mask[5];
    } rows[] = {
        { LORAWAN_EU868, 0, 0x0005, true, { 5 } }, { LORAWAN_EU868, 0, 0x0008, false, { 0 } }, { LORAWAN_EU868, 6, 0, true, { 7 } },
        { LORAWAN_EU868, 1, 1, false, { 0 } }, { LORAWAN_EU868, 7, 1, false, { 0 } }, { LORAWAN_AS923_1, 0, 2, true, { 2 } },
        { LORAWAN_US915, 0, 0xff00, true, { 0xff00, 0xffff, 0xffff, 0xffff, 0xff } },
        { LORAWAN_US915, 4, 0xff01, true, { 0xffff, 0xffff, 0xffff, 0xffff, 0x01 } },
        { LORAWAN_US915, 5, 0x0002, true, { 0xff00, 0, 0, 0, 2 } }, { LORAWAN_US915, 5, 0x0084, true, { 0, 0xff, 0, 0xff00, 0x84 } },
        { LORAWAN_US915, 6, 0x0003, true, { 0xffff, 0xffff, 0xffff, 0xffff, 3 } }, { LORAWAN_US915, 7, 0x0003, true, { 0, 0, 0, 0, 3 } },
        { LORAWAN_AU915, 7, 0x0002, true, { 0, 0, 0, 0, 2 } }, { LORAWAN_CN470, 3, 0x00f0, true, { 0xffff, 0xffff, 0xffff, 0x00f0 } },
        { LORAWAN_CN470, 6, 0, true, { 0xffff, 0xffff, 0xffff, 0xffff } }, { LORAWAN_CN470, 7, 0, true, { 0, 0, 0, 0 } },
        { LORAWAN_CN470, 4, 1, false, { 0 } }, { LORAWAN_CN470, 5, 1, false, { 0 } },
    };
    for (size_t i = 0; i < COUNT(rows); ++i) {
        peer_t p;
        uint16_t mask[LORAWAN_MASKS];
        start(&p, rows[i].region);
        memcpy(mask, p.mac.record.mask, sizeof(mask));
        bool good = lorawan_channels_apply_mask(&p.mac, mask, rows[i].cntl, rows[i].bits);
        CHECK(good == rows[i].good, "ChMaskCntl is defined, or refused");
        CHECK(!good || memcmp(mask, rows[i].mask, sizeof(rows[i].mask)) == 0, "ChMask switches the channels of RP002");
    }
}

static void cn470_26_mhz_masks(void) {
    peer_t p;
    lorawan_config_t config = peer_config(LORAWAN_CN470);
    config.sub_band = 3;
    peer_start(&p, &config);
    peer_abp(&p);
    uint16_t mask[LORAWAN_MASKS] = { 0 };
    CHECK(lorawan_channel_count(&p.mac) == 48 && p.mac.record.mask[3] == 0, "plan 26A has 48 channels");
    CHECK(lorawan_channels_apply_mask(&p.mac, mask, 3, 0) && mask[2] == 0xffff && mask[3] == 0, "3 is all on");
    CHECK(lorawan_channels_apply_mask(&p.mac, mask, 4, 0) && mask[2] == 0, "4 is all off");
    CHECK(!lorawan_channels_apply_mask(&p.mac, mask, 6, 0), "6 is not defined");
    (void)peer_exchange(&p, false);
    CHECK(p.last_window[LORAWAN_RX2].receive.phy.frequency_hz == 492500000, "26A listens on 492.5 MHz");
}

static void channels_obey_the_application(void) {
    peer_t p;
    start(&p, LORAWAN_EU868);
    lorawan_t *l = &p.mac;
    CHECK(lorawan_channel_set(l, 3, &(lorawan_channel_t) { 867100000, 0, 5 }) == 0 && lorawan_channel_hz(l, 3) == 867100000, "a channel is added and on");
    CHECK(lorawan_channel_set(l, 16, &(lorawan_channel_t) { 867100000, 0, 5 }) == -NET_EINVAL, "there are 16 channels");
    CHECK(lorawan_channel_set(l, 4, &(lorawan_channel_t) { 862000000, 0, 5 }) == -NET_EINVAL, "862 MHz is outside");
    CHECK(lorawan_channel_set(l, 4, &(lorawan_channel_t) { 868650000, 0, 5 }) == -NET_EINVAL, "868.65 MHz is in a gap between bands");
    CHECK(lorawan_channel_set(l, 4, &(lorawan_channel_t) { 867300000, 5, 0 }) == -NET_EINVAL, "dr_min is not above dr_max");
    CHECK(lorawan_channel_set(l, 4, &(lorawan_channel_t) { 867300000, 0, 8 }) == -NET_EINVAL, "DR8 does not exist");
    CHECK(lorawan_channel_set(l, 0, &(lorawan_channel_t) { 868100000, 1, 5 }) == -NET_EINVAL, "a default channel keeps DR0");
    CHECK(lorawan_channel_set(l, 0, &(lorawan_channel_t) { 868100000, 0, 4 }) == -NET_EINVAL, "a default channel keeps DR5");
    CHECK(lorawan_channel_remove(l, 0) == -NET_EPERM, "a default channel stays");
    CHECK(lorawan_channel_remove(l, 3) == 0 && lorawan_channel_hz(l, 3) == 0, "an added channel goes");
    CHECK(lorawan_channel_remove(l, 16) == -NET_EINVAL, "there is no channel 16 to remove");
    for (uint8_t i = 0; i < 3; ++i) { // a gateway with one channel
        CHECK(lorawan_channel_set(l, i, &(lorawan_channel_t) { 868100000, 0, 5 }) == 0, "default channels may move");
    }
    (void)peer_otaa(&p);
    p.on_uplink = peer_accept_joins;
    CHECK(peer_finish(&p, PEER_HOUR) == 0 && p.uplink.frequency_hz == 868100000, "the join keeps to the one channel");
    for (int i = 0; i < 10; ++i) {
        (void)peer_exchange(&p, false);
        CHECK(p.uplink.frequency_hz == 868100000, "and so do uplinks");
    }
    start(&p, LORAWAN_IN865);
    CHECK(lorawan_channel_set(l, 3, &(lorawan_channel_t) { 866000000, 0, 6 }) == -NET_EINVAL, "IN865 has no DR6");
}

static void fixed_channels_obey_the_application(void) {
    peer_t p;
    start(&p, LORAWAN_US915);
    lorawan_t *l = &p.mac;
    for (uint8_t i = 0; i < 72; ++i) {
        CHECK(lorawan_channel_remove(l, i) == 0, "every channel of US915 may be switched off");
    }
    CHECK(peer_send(&p, 1, "x", 1, false) == -NET_ENETUNREACH, "without channels nothing is sent");
    for (uint8_t i = 8; i < 16; ++i) {
        CHECK(lorawan_channel_set(l, i, &(lorawan_channel_t) { 902300000 + 200000u * i, 0, 3 }) == 0, "and on again");
    }
    CHECK(lorawan_channel_set(l, 0, &(lorawan_channel_t) { 902400000, 0, 3 }) == -NET_EINVAL, "902.4 MHz is no channel");
    CHECK(lorawan_channel_set(l, 0, &(lorawan_channel_t) { 902300000, 1, 3 }) == -NET_EINVAL, "dr_min is 0");
    CHECK(lorawan_channel_set(l, 65, &(lorawan_channel_t) { 904600000, 4, 4 }) == 0, "wide channels have DR4");
    (void)peer_otaa(&p);
    p.on_uplink = peer_accept_joins;
    CHECK(peer_finish(&p, PEER_HOUR) == 0, "the join uses the application's channels");
    for (int i = 0; i < 20; ++i) {
        (void)peer_exchange(&p, false);
        CHECK(p.uplink.channel >= 8 && p.uplink.channel < 16, "and so do uplinks");
    }
}

static void bands_of_eu868_are_etsis(void) {
    static const struct {
        uint32_t hz;
        uint16_t permille;
    } rows[] = {
        { 863100000, 1 }, { 864900000, 1 }, { 865100000, 10 }, { 867900000, 10 }, { 868100000, 10 }, { 868800000, 1 }, { 869525000, 100 }, { 869850000, 10 },
    };
    peer_t p;
    start(&p, LORAWAN_EU868);
    for (size_t i = 0; i < COUNT(rows); ++i) {
        int band = lorawan_dutycycle_band(&p.mac, rows[i].hz);
        CHECK(band >= 0 && p.mac.region->bands[band].permille == rows[i].permille, "duty cycle of a frequency");
    }
    CHECK(lorawan_dutycycle_band(&p.mac, 868650000) < 0 && lorawan_dutycycle_band(&p.mac, 869300000) < 0 && lorawan_dutycycle_band(&p.mac, 869675000) < 0, "gaps are in no band");
}

static uint8_t first_join_dr(uint8_t region, uint8_t dr) {
    lorawan_config_t config = peer_config(region);
    peer_t p;
    peer_start(&p, &config);
    static const uint8_t eui[8] = { 1 };
    const lorawan_otaa_t otaa = { eui, eui, p.app_key, dr };
    if (lorawan_join_otaa(&p.mac, &otaa, p.now_us) < 0) {
        return NO;
    }
    peer_run(&p, PEER_SECOND);
    return p.uplinks == 1 ? p.uplink.dr : NO;
}

static void joins_keep_to_the_rate_that_was_asked(void) {
    CHECK(first_join_dr(LORAWAN_EU868, 0) == 0 && first_join_dr(LORAWAN_EU868, 5) == 5, "EU868: any of DR0-5");
    CHECK(first_join_dr(LORAWAN_EU868, 8) == NO && first_join_dr(LORAWAN_IN865, 6) == NO, "rates that do not exist are refused");
    CHECK(first_join_dr(LORAWAN_US915, 0) == 0 && first_join_dr(LORAWAN_US915, 4) == 4, "US915: narrow or wide");
    CHECK(first_join_dr(LORAWAN_AU915, 0) == 2 && first_join_dr(LORAWAN_AU915, 6) == 6, "AU915: the dwell time raises DR0 to DR2");
    CHECK(first_join_dr(LORAWAN_AS923_1, 0) == 2, "AS923 as well");
    CHECK(first_join_dr(LORAWAN_CN470, 0) == NO && first_join_dr(LORAWAN_CN470, 3) == 3, "CN470 has no DR0");
}

int main(void) {
    joins_keep_to_the_rate_that_was_asked();
    for (size_t i = 0; i < COUNT(expects); ++i) {
        peer_t p;
        start(&p, expects[i].region);
        channels_are_the_regions(&p, &expects[i]);
        payloads_are_the_regions(&p, &expects[i]);
        power_steps_are_the_regions(&p, &expects[i]);
        duty_cycle_is_the_regions(&p, &expects[i]);
        CHECK(p.mac.region->rx1_offset_max == expects[i].offset_max, expects[i].name);
    }
    rx1_rates_are_the_regions();
    fixed_plans_number_their_channels();
    cn470_joins_select_the_plan();
    us915_joins_visit_every_group(LORAWAN_US915, 4, 0);
    us915_joins_visit_every_group(LORAWAN_AU915, 6, 2);
    us915_keeps_to_its_sub_band();
    us915_power_depends_on_hopping();
    kr920_power_depends_on_frequency();
    kr920_listens_before_talk();
    masks_are_the_regions();
    cn470_26_mhz_masks();
    channels_obey_the_application();
    fixed_channels_obey_the_application();
    bands_of_eu868_are_etsis();
    CHECK(lorawan_region_find(3) == NULL, "CN779 is not there");
    return check_result();
}
