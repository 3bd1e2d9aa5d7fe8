// What the MAC does over time: joins, repetitions, back-off, windows, class C.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "lorawan/lorawan_internal.h"
#include "lorawan_peer.h"

static void start(peer_t *p, const lorawan_config_t *config) {
    peer_start(p, config);
    peer_abp(p);
}

static void a_join_takes_session_and_settings(void) {
    static uint8_t cflist[16] = { 0x18, 0x4f, 0x84, 0xe8, 0x56, 0x84, 0xb8, 0x5e, 0x84, 0x88, 0x66, 0x84, 0, 0, 0, 0 };
    peer_t p;
    uint8_t frame[64];
    peer_start(&p, NULL);
    CHECK(peer_send(&p, 1, "x", 1, false) == -NET_ENETDOWN, "nothing is sent before the join");
    CHECK(peer_otaa(&p) == 0 && !lorawan_joined(&p.mac), "a join starts");
    while (p.mac.state != LORAWAN_STATE_TX) {
        peer_run(&p, 1000);
    }
    const peer_accept_t a = { 7, 0x13, 0x26015566, 0x12, 3, cflist };
    size_t len = peer_accept(&p, &a, frame);
    peer_run(&p, PEER_SECOND); // transmitted; RX1 is armed, so RX2 it is
    peer_put(&p, frame, len, LORAWAN_RX2, 0);
    CHECK(peer_finish(&p, PEER_HOUR) == 0 && p.result.result.op == LORAWAN_OP_JOIN, "a Join-Accept in RX2 ends it");
    lorawan_status_t s;
    lorawan_status(&p.mac, &s);
    CHECK(s.joined && s.activation == 1 && s.dev_addr == 0x26015566 && s.net_id == 0x13, "address and network are taken");
    CHECK(s.rx1_delay_s == 3 && s.rx1_offset == 1 && s.rx2_dr == 2, "receive settings are taken");
    CHECK(lorawan_channel_hz(&p.mac, 3) == 867100000 && lorawan_channel_hz(&p.mac, 6) == 867700000, "CFList type 0 adds channels");
    CHECK(lorawan_channel_hz(&p.mac, 7) == 0, "0 in the CFList adds none");
    CHECK(peer_exchange(&p, false) == 0 && p.uplink.mic_good && p.uplink.fcnt == 0, "the session's keys work, from counter 0");
}

static void accept_with_masks(peer_t *p) {
    static const uint8_t cflist[16] = { 0x00, 0xff, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 1 };
    uint8_t frame[64];
    const peer_accept_t a = { 1, 0x13, 0x26015566, 0x08, 1, cflist };
    if (p->uplink.type == LORAWAN_FRAME_JOIN_REQUEST) {
        peer_put(p, frame, peer_accept(p, &a, frame), LORAWAN_RX1, 0);
    }
}

static void a_cflist_of_masks_is_taken(void) {
    lorawan_config_t config = peer_config(LORAWAN_US915);
    peer_t p;
    peer_start(&p, &config);
    (void)peer_otaa(&p);
    p.on_uplink = accept_with_masks;
    CHECK(peer_finish(&p, PEER_HOUR) == 0, "US915 joins");
    CHECK(p.mac.record.mask[0] == 0xff00 && p.mac.record.mask[1] == 0 && p.mac.record.mask[4] == 2, "CFList type 1 sets masks");
}

// 7: 36 s in the first hour, 36 s in the next ten, 8.7 s in 24 h.
static void joins_back_off(uint8_t region) {
    lorawan_config_t config = peer_config(region);
    config.no_duty_cycle = true;
    peer_t p;
    peer_start(&p, &config);
    uint64_t t0 = p.now_us;
    uint32_t used_ms[3] = { 0 }, first_day = 0;
    uint16_t nonce = 0;
    bool ordered = true;
    (void)peer_otaa(&p);
    while (p.now_us < t0 + 35 * PEER_HOUR) {
        int before = p.uplinks;
        peer_run(&p, PEER_SECOND);
        if (p.uplinks != before) {
            uint64_t hours = (p.now_us - t0) / PEER_HOUR;
            used_ms[hours < 1 ? 0 : hours < 11 ? 1 : 2] += p.uplink.airtime_us / 1000;
            first_day += hours < 1;
            ordered = ordered && p.uplink.dev_nonce == nonce++;
        }
    }
    CHECK(used_ms[0] <= 36000 && used_ms[1] <= 36000 && used_ms[2] <= 8700, "the air time of joins stays within the back-off");
    CHECK(used_ms[0] > 20000 || first_day > 100, "and makes use of it");
    CHECK(used_ms[1] > 18000 && used_ms[2] > 3000, "in every period");
    CHECK(ordered, "DevNonce counts up from 0, one by one");
    lorawan_cancel(&p.mac);
    CHECK(peer_finish(&p, PEER_HOUR) == -NET_ECANCELED, "a join ends when it is cancelled");
}

static void a_join_reaches_sf12_soon(void) {
    peer_t p;
    peer_start(&p, NULL);
    (void)peer_otaa(&p);
    for (int i = 0; i < 12; ++i) {
        int before = p.uplinks;
        while (p.uplinks == before) {
            peer_run(&p, PEER_SECOND);
        }
        CHECK(p.uplink.dr == 5 - i % 6, "join rates go from DR5 to DR0 and again");
    }
    CHECK(p.now_us < 12 * 60 * PEER_SECOND, "twelve requests take less than twelve minutes");
}

static void nb_trans_repeats_until_a_downlink(void) {
    peer_t p;
    start(&p, NULL);
    p.mac.record.nb_trans = 4;
    uint16_t counter = (uint16_t)p.mac.fcnt_up;
    CHECK(peer_exchange(&p, false) == 0 && p.uplinks == 4 && p.result.result.transmissions == 4, "an unconfirmed frame is sent NbTrans times");
    CHECK(p.uplink.fcnt == counter && p.mac.fcnt_up == counter + 1u, "with one counter");
    CHECK(p.windows[LORAWAN_RX1] == 4 && p.windows[LORAWAN_RX2] == 4, "each with both windows");
    CHECK(peer_exchange(&p, true) == -NET_ETIMEDOUT && p.uplinks == 8, "a confirmed frame as well, and then says there was no ACK");
    peer_ask(&p, "\x06", 1);
    CHECK(p.uplinks == 8 + 1 + 4, "a downlink ends the repetitions");
    p.on_uplink = peer_acknowledge;
    CHECK(peer_exchange(&p, true) == 0 && p.uplinks == 14, "an ACK ends a confirmed frame");
    CHECK(p.windows[LORAWAN_RX2] == 4 + 4 + 4, "RX2 is not opened when RX1 delivered");
}

static void repetitions_wait_two_seconds(void) {
    peer_t p;
    start(&p, NULL);
    lorawan_set_duty_cycle(&p.mac, false);
    p.mac.record.nb_trans = 2;
    for (int i = 0; i < 50; ++i) {
        (void)peer_send(&p, 1, "x", 1, true);
        int before = p.uplinks;
        while (p.uplinks != before + 2) {
            uint64_t end = p.uplink.end_us;
            peer_run(&p, 10000);
            if (p.uplinks == before + 2) {
                uint64_t rx2_end = end + 2 * PEER_SECOND + 230000; // SF12 window of 6 symbols
                CHECK(p.now_us > rx2_end + PEER_SECOND - 50000 && p.now_us < rx2_end + 3 * PEER_SECOND + 100000, "RETRANSMIT_TIMEOUT is 1 to 3 s after RX2");
            }
        }
        (void)peer_finish(&p, PEER_HOUR);
    }
}

static void confirmed_trials_lower_the_rate(void) {
    peer_t p;
    start(&p, NULL);
    const lorawan_uplink_t up = { .port = 2, .dr = 5, .confirmed = true, .trials = 5, .data = "x", .len = 1 };
    CHECK(lorawan_send(&p.mac, &up, p.now_us) == 0 && peer_finish(&p, PEER_HOUR) == -NET_ETIMEDOUT, "five trials fail");
    CHECK(p.uplinks == 5 && p.uplink.dr == 3, "every second trial is a rate lower");
    CHECK(p.mac.record.dr == 5, "the next frame starts where the application wants");
    p.uplinks = 0;
    static const uint8_t big[242];
    const lorawan_uplink_t large = { .port = 2, .dr = 4, .confirmed = true, .trials = 3, .data = big, .len = sizeof(big) };
    (void)lorawan_send(&p.mac, &large, p.now_us);
    (void)peer_finish(&p, 4 * PEER_HOUR);
    CHECK(p.uplinks == 3 && p.uplink.dr == 4, "but not to one that is too small");
}

// TS001-1.0.4, 4.3.1.1.
static void adr_backs_off_to_the_end(void) {
    peer_t p;
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.adr = true;
    config.no_duty_cycle = true;
    start(&p, &config);
    p.mac.record.power = 5;
    p.mac.record.mask[0] = 1;
    p.mac.record.nb_trans = 2;
    bool asks_right = true;
    uint8_t dr[320];
    int8_t power[320];
    for (int n = 0; n < 320; ++n) {
        (void)peer_exchange(&p, false);
        asks_right = asks_right && ((p.uplink.fctrl & LORAWAN_FRAME_FCTRL_ADR_ACK_REQ) != 0) == (n >= 64);
        dr[n] = p.uplink.dr;
        power[n] = p.uplink.power_dbm;
    }
    CHECK(asks_right, "ADRACKReq is set from the 64th unanswered uplink on, repetitions not counted");
    CHECK(power[95] == 6 && power[96] == 16, "after 96 the power is the default");
    CHECK(dr[127] == 5 && dr[128] == 4 && dr[159] == 4 && dr[160] == 3, "then a rate lower each 32");
    CHECK(dr[255] == 1 && dr[256] == 0 && dr[287] == 0, "down to DR0");
    CHECK(p.mac.record.mask[0] == 7 && p.mac.record.nb_trans == 1, "then default channels and one transmission");
    peer_ask(&p, "\x06", 1);
    CHECK((p.uplink.fctrl & LORAWAN_FRAME_FCTRL_ADR_ACK_REQ) == 0 && p.mac.record.adr_ack_count == 1, "any class A downlink resets it");
}

static void confirmed_downlink(peer_t *p) {
    const peer_downlink_t d = { .confirmed = true, .port = 10, .payload = "down", .payload_len = 4, .fctrl = LORAWAN_FRAME_FCTRL_PENDING };
    peer_answer(p, &d, LORAWAN_RX2);
    p->on_uplink = NULL;
}

static void downlinks_are_delivered_and_acknowledged(void) {
    peer_t p;
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.on_demand = false;
    start(&p, &config);
    p.on_uplink = confirmed_downlink;
    CHECK(peer_exchange(&p, false) == 0 && p.deliveries == 1, "a downlink in RX2 is delivered");
    CHECK(p.delivery.deliver.port == 10 && p.delivery.deliver.len == 4 && memcmp(p.delivered, "down", 4) == 0, "port and bytes");
    CHECK(p.delivery.deliver.group == -1 && p.delivery.deliver.pending && p.delivery.deliver.rssi_dbm == -90, "with what is known of it");
    CHECK(p.infos == 1 && p.info.info.kind == LORAWAN_INFO_PENDING, "FPending is told");
    int before = p.uplinks;
    peer_run(&p, 10 * PEER_SECOND);
    CHECK(p.uplinks == before + 1 && p.uplink.fctrl & LORAWAN_FRAME_FCTRL_ACK && !p.uplink.has_port, "the MAC acknowledges by itself");
    peer_run(&p, 100 * PEER_SECOND);
    CHECK(p.uplinks == before + 1 && p.results == 1, "once, and without a result of its own");
    (void)peer_exchange(&p, false);
    CHECK((p.uplink.fctrl & LORAWAN_FRAME_FCTRL_ACK) == 0, "and not again with the next frame");
}

static void class_c_hears_between_uplinks(void) {
    peer_t p;
    uint8_t frame[256];
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.device_class = LORAWAN_CLASS_C;
    start(&p, &config);
    peer_run(&p, PEER_SECOND);
    CHECK(p.radio == RADIO_RXC && p.receive.receive.phy.frequency_hz == 869525000, "class C listens on RX2 at once");
    (void)peer_exchange(&p, false);
    CHECK(p.windows[LORAWAN_RX1] == 1 && p.windows[LORAWAN_RX2] == 1 && p.windows[LORAWAN_RXC] == 4, "before, between and after the windows too");
    peer_run(&p, PEER_SECOND);
    const peer_downlink_t d = { .port = 3, .payload = "now", .payload_len = 3 };
    for (int i = 0; i < 5; ++i) {
        size_t len = peer_build(&p, &d, frame);
        peer_put(&p, frame, len, LORAWAN_RX2, 0);
        p.air[0].start_us = p.now_us + 5 * PEER_SECOND;
        peer_run(&p, 30 * PEER_SECOND);
        CHECK(p.deliveries == i + 1 && p.radio == RADIO_RXC, "a downlink at any time is delivered");
    }
    const peer_downlink_t command = { .port = -1, .fopts = "\x06", .fopts_len = 1 };
    size_t len = peer_build(&p, &command, frame);
    peer_put(&p, frame, len, LORAWAN_RX2, 0);
    p.air[0].start_us = p.now_us + PEER_SECOND;
    peer_run(&p, 30 * PEER_SECOND);
    CHECK(p.mac.ignored[LORAWAN_IGNORED_FORM] == 1 && p.mac.record.answers_len == 0, "MAC commands outside class A windows are discarded");
    peer_ask(&p, (const uint8_t[]) { 0x05, 0x03, 0xd2, 0xad, 0x84 }, 5);
    peer_run(&p, PEER_SECOND);
    CHECK(p.receive.receive.window == LORAWAN_RXC && p.receive.receive.dr == 3, "new RX2 settings are listened to");
    CHECK(lorawan_set_class(&p.mac, LORAWAN_CLASS_A) == 0, "class A again");
    int stops = p.stops;
    peer_run(&p, PEER_SECOND);
    CHECK(p.stops == stops + 1 && p.radio == RADIO_OFF, "the radio may sleep");
    CHECK(lorawan_set_class(&p.mac, 1) == -NET_EINVAL, "there is no class B");
}

// A multicast frame, by a server with the group's keys.
static void group_frame(peer_t *p, uint32_t fcnt, uint8_t fctrl, int port) {
    peer_t server = *p;
    uint8_t frame[256];
    server.dev_addr = 0x77000001;
    memset(server.nwk_s_key, 0x44, 16);
    memset(server.app_s_key, 0x55, 16);
    server.fcnt_down = fcnt;
    const peer_downlink_t d = { .port = port, .payload = "all", .payload_len = 3, .fctrl = fctrl };
    size_t len = peer_build(&server, &d, frame);
    peer_put(p, frame, len, LORAWAN_RX2, 0);
    p->air[p->air_count - 1].start_us = p->now_us + PEER_SECOND;
    peer_run(p, 30 * PEER_SECOND);
}

static void multicast_groups_are_heard(void) {
    uint8_t nwk_key[16], app_key[16];
    memset(nwk_key, 0x44, 16);
    memset(app_key, 0x55, 16);
    const lorawan_abp_t group = { 0x77000001, nwk_key, app_key };
    peer_t p;
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.device_class = LORAWAN_CLASS_C;
    start(&p, &config);
    group_frame(&p, 0, 0, 9);
    CHECK(p.deliveries == 0 && p.mac.ignored[LORAWAN_IGNORED_ADDRESS] == 1, "a group that was not joined is not heard");
    CHECK(lorawan_multicast_join(&p.mac, &group) == 0, "a group is joined");
    group_frame(&p, 0, 0, 9);
    CHECK(p.deliveries == 1, "from its counter 0 on");
    p.deliveries = 0;
    group_frame(&p, 5, 0, 9);
    CHECK(p.deliveries == 1 && p.delivery.deliver.group == 0 && memcmp(p.delivered, "all", 3) == 0, "and heard");
    group_frame(&p, 5, 0, 9);
    group_frame(&p, 4, 0, 9);
    CHECK(p.deliveries == 1 && p.mac.ignored[LORAWAN_IGNORED_REPLAY] == 2, "its counter must grow");
    group_frame(&p, 6, LORAWAN_FRAME_FCTRL_ACK, 9);
    group_frame(&p, 7, 0, 0);
    CHECK(p.deliveries == 1 && p.mac.ignored[LORAWAN_IGNORED_FORM] == 2, "no ACK and no port 0 in a group");
    CHECK(peer_reboot(&p) == 0 && p.mac.record.group[0].fcnt_down == 6, "the group and its counter survive");
    CHECK(lorawan_multicast_join(&p.mac, &group) == 0 && p.mac.record.group[0].fcnt_down == 6, "joining again keeps the counter");
    CHECK(lorawan_multicast_leave(&p.mac, 0x77000001) == 0, "a group is left");
    CHECK(lorawan_multicast_leave(&p.mac, 0x77000001) == -NET_ENOENT, "once");
    for (uint32_t i = 1; i <= LORAWAN_MULTICAST_GROUPS; ++i) {
        const lorawan_abp_t another = { i, nwk_key, app_key };
        CHECK(lorawan_multicast_join(&p.mac, &another) == 0, "there is room for four groups");
    }
    CHECK(lorawan_multicast_join(&p.mac, &group) == -NET_ENOSPC, "and not for five");
}

static void counters_roll_over(void) {
    peer_t p;
    start(&p, NULL);
    p.mac.fcnt_up = 0xffff;
    CHECK(peer_exchange(&p, false) == 0 && p.uplink.fcnt == 0xffff && p.uplink.mic_good, "uplink 65535");
    p.fcnt_up_high = 1;
    CHECK(peer_exchange(&p, false) == 0 && p.uplink.fcnt == 0 && p.uplink.mic_good, "uplink 65536 has 32 bits in its MIC");
    p.fcnt_down = 0xfffe;
    p.mac.record.fcnt_down = 0xfffe;
    for (int i = 0; i < 4; ++i) {
        peer_ask(&p, "\x06", 1);
        CHECK(p.uplink.fopts_len == 3 && p.mac.record.fcnt_down == 0xffffu + (uint32_t)i, "downlinks across 65535");
    }
    p.fcnt_down += 40000;
    peer_ask(&p, "\x06", 1);
    p.fcnt_down += 40000;
    peer_ask(&p, "\x06", 1);
    CHECK(p.uplink.fopts_len == 3, "40000 missed downlinks are no matter: there is no MAX_FCNT_GAP");
    p.fcnt_down = 0xfffffffe;
    p.mac.record.fcnt_down = 0xfffffff0;
    peer_ask(&p, "\x06", 1);
    CHECK(p.uplink.fopts_len == 3, "downlink 2^32 - 2");
    peer_ask(&p, "\x06", 1);
    p.fcnt_down = 0;
    peer_ask(&p, "\x06", 1);
    CHECK(p.uplink.fopts_len == 0 && p.mac.record.fcnt_down == 0xffffffff, "the counter does not wrap");
    p.mac.fcnt_up = 0xfffffffe;
    p.fcnt_up_high = 0xffff;
    CHECK(peer_exchange(&p, false) == 0 && p.uplink.mic_good, "uplink 2^32 - 2");
    CHECK(peer_exchange(&p, false) == -NET_ERANGE, "then a new join is needed");
}

typedef struct {
    int32_t late_us;
    int32_t jitter_us;
    lorawan_window_t window;
} timing_t;

static void answer_late(peer_t *p) {
    const timing_t *t = p->ctx;
    uint8_t frame[256];
    const peer_downlink_t d = { .port = 1, .payload = "t", .payload_len = 1 };
    size_t len = peer_build(p, &d, frame);
    int32_t jitter = t->jitter_us == 0 ? 0 : (int32_t)(lorawan_random(&p->mac, 0, 2u * (uint32_t)t->jitter_us)) - t->jitter_us;
    peer_put(p, frame, len, t->window, t->late_us + jitter);
}

// Deliveries out of n uplinks.
static int deliveries(int32_t clock_ppm, uint16_t tolerance_ppm, uint8_t dr, timing_t t, uint64_t *rx_on_us) {
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.clock_ppm = tolerance_ppm;
    config.no_duty_cycle = true;
    peer_t p;
    start(&p, &config);
    p.clock_ppm = clock_ppm;
    p.mac.record.dr = dr;
    p.mac.record.rx1_delay_s = 5;
    p.on_uplink = answer_late;
    p.ctx = &t;
    for (int i = 0; i < 20; ++i) {
        (void)peer_exchange(&p, false);
    }
    *rx_on_us = p.rx_on_us;
    return p.deliveries;
}

static void windows_meet_clocks_that_are_wrong(void) {
    static const struct {
        int32_t ppm;
        uint16_t tolerance;
    } clocks[] = { { 0, 20 }, { 20, 20 }, { -20, 20 }, { 100, 100 }, { -100, 100 }, { 10000, 10000 }, { -10000, 10000 } };
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); ++i) {
        for (uint8_t dr = 0; dr <= 7; ++dr) {
            if (dr == 6) {
                continue; // no channel
            }
            peer_t probe;
            start(&probe, NULL);
            bool channel = lorawan_channels_mask_has_dr(&probe.mac, probe.mac.record.mask, dr);
            uint64_t on;
            for (int w = LORAWAN_RX1; channel && w <= LORAWAN_RX2; ++w) {
                timing_t t = { 0, 0, (lorawan_window_t)w };
                CHECK(deliveries(clocks[i].ppm, clocks[i].tolerance, dr, t, &on) == 20, "no downlink is missed within the clock's tolerance");
            }
        }
    }
}

static void windows_learn_the_clock(void) {
    uint64_t wide, narrow;
    timing_t none = { 0, 0, LORAWAN_RX1 };
    CHECK(deliveries(4000, 10000, 5, none, &narrow) == 20, "1 % tolerance, 0.4 % error: all heard");
    peer_t p;
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.clock_ppm = 10000;
    start(&p, &config);
    (void)peer_exchange(&p, false);
    uint16_t first = p.last_window[LORAWAN_RX1].receive.symbols;
    p.clock_ppm = 4000;
    timing_t t = none;
    p.ctx = &t;
    p.on_uplink = answer_late;
    for (int i = 0; i < 20; ++i) {
        (void)peer_exchange(&p, false);
    }
    uint16_t learned = p.last_window[LORAWAN_RX1].receive.symbols;
    CHECK(first >= 23 && first <= 25, "1 % of 1 s at SF7: 4 + 20 ms of symbols");
    CHECK(learned <= 7, "after some downlinks the window is as short as the radio allows");
    p.on_uplink = NULL;
    (void)peer_exchange(&p, true);
    (void)peer_exchange(&p, false);
    wide = p.last_window[LORAWAN_RX1].receive.symbols;
    CHECK(wide == first, "a missing ACK opens it again");
    CHECK(p.deliveries == 20, "nothing was missed on the way");
}

static void windows_have_the_computed_place(void) {
    peer_t p;
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.clock_ppm = 10000; // E = 10 ms at 1 s
    config.wake_us = 1000;
    start(&p, &config);
    // Symbols and offset of the published formula, for E = 10 ms and W = 1 ms.
    static const struct {
        uint8_t dr;
        uint16_t symbols;
        int32_t offset_ms;
    } rows[] = { { 0, 6, 32 }, { 1, 6, 16 }, { 2, 7, 4 }, { 3, 9, -3 }, { 4, 14, -7 }, { 5, 24, -9 }, { 7, 129, -10 } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        lorawan_action_t a;
        p.mac.tx_dr = rows[i].dr;
        p.mac.tx_end_us = 10 * PEER_SECOND;
        lorawan_window_rx_phy(&p.mac, LORAWAN_RX1, &a.receive.phy, &a.receive.dr);
        lorawan_window_open(&p.mac, PEER_SECOND, &a);
        int64_t offset_us = (int64_t)a.receive.start_us - 11 * (int64_t)PEER_SECOND;
        CHECK(a.receive.symbols >= rows[i].symbols && a.receive.symbols <= rows[i].symbols + 1, "as many symbols as the published formula");
        CHECK(offset_us <= rows[i].offset_ms * 1000 + 50 && offset_us > rows[i].offset_ms * 1000 - 1200, "and its start, not rounded to a millisecond");
    }
}

static void late_and_missed_downlinks_do_no_harm(void) {
    uint64_t on;
    timing_t late = { 3000, 0, LORAWAN_RX1 };
    CHECK(deliveries(0, 20, 5, late, &on) == 0, "3 ms late at SF7 is outside the window");
    timing_t slight = { 0, 300, LORAWAN_RX1 };
    CHECK(deliveries(0, 100, 5, slight, &on) == 20, "a network 0.3 ms off is heard");
    peer_t p;
    start(&p, NULL);
    p.ctx = &late;
    p.on_uplink = answer_late;
    CHECK(peer_exchange(&p, true) == -NET_ETIMEDOUT, "a late ACK is none");
    p.on_uplink = peer_acknowledge;
    CHECK(peer_exchange(&p, true) == 0, "the next one is heard");
}

static void windows_that_have_passed_are_not_opened(void) {
    peer_t p;
    start(&p, NULL);
    (void)peer_send(&p, 1, "x", 1, false);
    while (p.radio != RADIO_TX) {
        peer_run(&p, 1000);
    }
    p.radio = RADIO_OFF;
    const lorawan_event_t done = { .type = LORAWAN_TX_DONE, .time_us = p.now_us };
    p.now_us += 20 * PEER_SECOND; // the engine was held up
    lorawan_event(&p.mac, &done);
    CHECK(peer_finish(&p, PEER_SECOND) == 0 && p.windows[LORAWAN_RX1] == 0 && p.windows[LORAWAN_RX2] == 0, "a late engine opens no window in vain");
}

static void a_late_report_is_not_the_clocks_drift(void) {
    peer_t p;
    start(&p, NULL);
    p.mac.tx_dr = 5;
    p.mac.tx_end_us = PEER_SECOND;
    lorawan_phy_t phy;
    uint8_t dr;
    lorawan_window_rx_phy(&p.mac, LORAWAN_RX1, &phy, &dr);
    lorawan_event_t e = { .type = LORAWAN_RX_DONE, .window = LORAWAN_RX1, .len = 20, .time_us = 2 * PEER_SECOND + lorawan_window_airtime_us(&phy, 20, false) };
    e.time_us += 3000;
    lorawan_window_seen(&p.mac, &e);
    CHECK(p.mac.drift_ppm == 0 && p.mac.seen == 0, "3 ms late with a clock of 20 ppm: the engine, not the clock");
    e.time_us -= 2900;
    lorawan_window_seen(&p.mac, &e);
    CHECK(p.mac.drift_ppm == 100 && p.mac.seen == 1, "0.1 ms may be the clock");
}

static void data_waits_for_air_time(void) {
    peer_t p;
    static const uint8_t data[51];
    start(&p, NULL);
    p.mac.record.mask[0] = 1;
    uint64_t t0 = p.now_us, on_air = 0;
    uint64_t start_of[200];
    uint32_t airtime[200];
    int n = 0;
    while (n < 120) {
        const lorawan_uplink_t up = { .port = 1, .dr = 0, .data = data, .len = sizeof(data) };
        CHECK(lorawan_send(&p.mac, &up, p.now_us) == 0, "a frame that must wait is taken");
        if (n == 12) { // 36 s / 2.79 s
            peer_run(&p, 1);
            CHECK(lorawan_wait_us(&p.mac, p.now_us) > 2500 * PEER_SECOND, "the wait is told");
        }
        CHECK(peer_finish(&p, 2 * PEER_HOUR) == 0, "and sent in time");
        start_of[n] = p.uplink.end_us - p.uplink.airtime_us;
        airtime[n] = p.uplink.airtime_us;
        on_air += p.uplink.airtime_us;
        ++n;
    }
    for (int i = 0; i < n; ++i) {
        uint64_t sum = 0;
        for (int j = i; j < n && start_of[j] < start_of[i] + PEER_HOUR; ++j) {
            sum += airtime[j];
        }
        CHECK(sum <= 36 * PEER_SECOND, "no hour has more than 36 s in a band of 1 %");
    }
    CHECK(on_air * 100 > (p.now_us - t0) * 85 / 100, "and at least 0.85 % is used");
    start(&p, NULL);
    lorawan_set_duty_cycle(&p.mac, false);
    p.mac.record.dr = 0;
    t0 = p.now_us;
    for (int i = 0; i < 60; ++i) { // 79 s of air time
        (void)peer_exchange(&p, false);
    }
    CHECK(p.now_us - t0 < 60 * 4 * PEER_SECOND, "with the limit off nothing waits");
    CHECK(lorawan_wait_us(&p.mac, p.now_us) == 0, "and no wait is told");
}

static void join_limits_are_never_off(void) {
    peer_t p;
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.no_duty_cycle = true;
    peer_start(&p, &config);
    p.mac.duty.used[2][0] = 7200; // 36 s in 868.0-868.6
    (void)peer_otaa(&p);
    peer_run(&p, PEER_SECOND);
    CHECK(p.uplinks == 0 && lorawan_wait_us(&p.mac, p.now_us) > 3000 * PEER_SECOND, "a join keeps the band's limit with duty_cycle off");
    peer_start(&p, &config);
    p.mac.join_used_ms = 35990;
    (void)peer_otaa(&p);
    peer_run(&p, PEER_SECOND);
    CHECK(p.uplinks == 0 && lorawan_wait_us(&p.mac, p.now_us) == PEER_HOUR - PEER_SECOND, "and the back-off's, until the period ends");
}

static void a_waiting_frame_can_be_cancelled(void) {
    peer_t p;
    start(&p, NULL);
    p.mac.free_us = p.now_us + PEER_HOUR;
    CHECK(peer_send(&p, 1, "x", 1, false) == 0 && peer_finish(&p, PEER_SECOND) == 1, "a frame waits");
    lorawan_cancel(&p.mac);
    CHECK(peer_finish(&p, PEER_SECOND) == -NET_ECANCELED && p.uplinks == 0, "and is given up");
    p.mac.free_us = 0;
    p.mac.record.nb_trans = 15;
    (void)peer_send(&p, 1, "x", 1, true);
    peer_run(&p, PEER_SECOND);
    lorawan_cancel(&p.mac);
    CHECK(peer_finish(&p, PEER_HOUR) == -NET_ECANCELED && p.uplinks == 1, "one on air ends after its windows");
}

static void a_dead_radio_hangs_nothing(void) {
    peer_t p;
    start(&p, NULL);
    p.tx_fails = true;
    CHECK(peer_exchange(&p, false) == -NET_EIO, "a failed transmission is told");
    p.tx_fails = false;
    p.mute = true;
    CHECK(peer_exchange(&p, false) == -NET_EIO, "a radio that never answers is told");
    p.mute = false;
    p.radio = RADIO_OFF;
    CHECK(peer_exchange(&p, false) == 0, "and the next frame goes");
    (void)peer_send(&p, 1, "x", 1, false);
    while (p.radio != RADIO_RX) {
        peer_run(&p, 1000);
    }
    p.radio = RADIO_OFF; // the window never ends
    CHECK(peer_finish(&p, 60 * PEER_SECOND) == 0 && p.stops > 0, "a window that never ends is ended");
}

static void sends_are_refused_for_their_reason(void) {
    peer_t p;
    lorawan_uplink_t up = { .port = 225, .dr = LORAWAN_DR_AUTO, .data = "x", .len = 1 };
    start(&p, NULL);
    CHECK(lorawan_send(&p.mac, &up, p.now_us) == -NET_EINVAL, "port 225");
    up.port = 0;
    CHECK(lorawan_send(&p.mac, &up, p.now_us) == -NET_EINVAL, "port 0 with data");
    up.port = 223;
    up.dr = 6;
    CHECK(lorawan_send(&p.mac, &up, p.now_us) == -NET_ENETUNREACH, "no channel has DR6");
    up.dr = 8;
    CHECK(lorawan_send(&p.mac, &up, p.now_us) == -NET_EOPNOTSUPP, "no DR8");
    CHECK(p.mac.fcnt_up == 0, "a refused frame uses no counter");
    up.dr = 0;
    CHECK(lorawan_send(&p.mac, &up, p.now_us) == 0, "port 223, DR0");
    CHECK(lorawan_send(&p.mac, &up, p.now_us) == -NET_EBUSY, "one at a time");
}

int main(void) {
    a_join_takes_session_and_settings();
    a_cflist_of_masks_is_taken();
    joins_back_off(LORAWAN_EU868);
    joins_back_off(LORAWAN_US915);
    joins_back_off(LORAWAN_AS923_1);
    a_join_reaches_sf12_soon();
    nb_trans_repeats_until_a_downlink();
    repetitions_wait_two_seconds();
    confirmed_trials_lower_the_rate();
    adr_backs_off_to_the_end();
    downlinks_are_delivered_and_acknowledged();
    class_c_hears_between_uplinks();
    multicast_groups_are_heard();
    counters_roll_over();
    windows_meet_clocks_that_are_wrong();
    windows_learn_the_clock();
    windows_have_the_computed_place();
    late_and_missed_downlinks_do_no_harm();
    windows_that_have_passed_are_not_opened();
    a_late_report_is_not_the_clocks_drift();
    data_waits_for_air_time();
    join_limits_are_never_off();
    a_waiting_frame_can_be_cancelled();
    a_dead_radio_hangs_nothing();
    sends_are_refused_for_their_reason();
    return check_result();
}
