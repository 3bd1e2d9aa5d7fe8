// Hostile air: whatever arrives that is not an authentic, new frame for this device is
// ignored, counted, and changes nothing.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "lorawan/lorawan_internal.h"
#include "lorawan_peer.h"

static unsigned ignored(const peer_t *p) {
    unsigned sum = 0;
    for (int i = 0; i < LORAWAN_IGNORED_KINDS; ++i) {
        sum += p->mac.ignored[i];
    }
    return sum;
}

// Class C, listening: frames can be thrown at it one after another.
static void start(peer_t *p) {
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.device_class = LORAWAN_CLASS_C;
    config.certification = true;
    peer_start(p, &config);
    peer_abp(p);
    peer_run(p, PEER_SECOND);
    (void)peer_exchange(p, false);
    peer_run(p, PEER_SECOND);
}

// True if the frame was ignored, counted once, and nothing changed.
static bool is_ignored(peer_t *p, const uint8_t *data, size_t len, lorawan_window_t window) {
    uint8_t copy[600];
    lorawan_record_t before = p->mac.record;
    unsigned counted = ignored(p);
    int deliveries = p->deliveries, stores = p->stores;
    memcpy(copy, data, len < sizeof(copy) ? len : sizeof(copy));
    const lorawan_event_t e = { .type = LORAWAN_RX_DONE, .window = window, .data = copy, .len = len, .time_us = p->now_us };
    lorawan_event(&p->mac, &e);
    peer_run(p, 1000);
    return memcmp(&before, &p->mac.record, sizeof(before)) == 0 && ignored(p) == counted + 1 && p->deliveries == deliveries && p->stores == stores;
}

static size_t genuine(peer_t *p, uint8_t *out) {
    const peer_downlink_t d = { .port = 5, .payload = "genuine payload of some blocks", .payload_len = 30 };
    return peer_build(p, &d, out);
}

static void damaged_frames_are_ignored(void) {
    peer_t p;
    uint8_t frame[300];
    int taken = 0;
    start(&p);
    size_t len = genuine(&p, frame);
    for (size_t bit = 0; bit < 8 * len; ++bit) {
        frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
        taken += !is_ignored(&p, frame, len, LORAWAN_RXC);
        frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    CHECK(taken == 0, "a frame with any bit flipped is ignored");
    for (size_t cut = 0; cut < len; ++cut) {
        taken += !is_ignored(&p, frame, cut, LORAWAN_RXC);
    }
    CHECK(taken == 0, "a truncated frame is ignored");
    static uint8_t huge[600];
    memcpy(huge, frame, len);
    for (size_t longer = len + 1; longer <= sizeof(huge); longer += 3) {
        taken += !is_ignored(&p, huge, longer, LORAWAN_RXC);
    }
    CHECK(taken == 0, "a frame that is too long is ignored");
    CHECK(!is_ignored(&p, frame, len, LORAWAN_RXC) && p.deliveries == 1, "the frame itself is taken");
    CHECK(is_ignored(&p, frame, len, LORAWAN_RXC) && p.mac.ignored[LORAWAN_IGNORED_REPLAY] > 0, "once: again it is a replay");
    CHECK(is_ignored(&p, frame, len, LORAWAN_RX1), "in any window");
}

static void old_frames_are_ignored(void) {
    peer_t p;
    uint8_t frames[6][300];
    size_t len[6];
    start(&p);
    for (int i = 0; i < 6; ++i) {
        len[i] = genuine(&p, frames[i]);
    }
    CHECK(!is_ignored(&p, frames[3], len[3], LORAWAN_RXC), "a frame after a gap is taken");
    for (int i = 0; i <= 3; ++i) {
        CHECK(is_ignored(&p, frames[i], len[i], LORAWAN_RXC), "those before it come too late");
    }
    CHECK(!is_ignored(&p, frames[5], len[5], LORAWAN_RXC), "later ones are taken");
    CHECK(is_ignored(&p, frames[4], len[4], LORAWAN_RXC), "but not out of order");
}

static void foreign_frames_are_ignored(void) {
    peer_t p;
    uint8_t frame[300];
    start(&p);
    peer_t other = p;
    other.dev_addr ^= 0x100;
    size_t len = genuine(&other, frame);
    CHECK(is_ignored(&p, frame, len, LORAWAN_RXC) && p.mac.ignored[LORAWAN_IGNORED_ADDRESS] == 1, "a frame for somebody else");
    other = p;
    memset(other.nwk_s_key, 0xee, 16);
    len = genuine(&other, frame);
    CHECK(is_ignored(&p, frame, len, LORAWAN_RXC) && p.mac.ignored[LORAWAN_IGNORED_MIC] == 1, "a frame with another key");
    len = genuine(&p, frame);
    for (int type = 0; type < 8; ++type) {
        for (int major = 0; major < 4; ++major) {
            frame[0] = (uint8_t)(type << 5 | major);
            CHECK((type == 3 && major == 0) || is_ignored(&p, frame, len, LORAWAN_RXC), "a frame of another type or version");
        }
    }
}

static void noise_is_ignored(void) {
    peer_t p;
    uint8_t frame[300];
    int taken = 0;
    start(&p);
    for (int n = 0; n < 20000; ++n) {
        size_t len = lorawan_random(&p.mac, 0, 255);
        for (size_t i = 0; i < len; ++i) {
            frame[i] = (uint8_t)lorawan_random(&p.mac, 0, 255);
        }
        if (len > 5 && n % 2 == 0) { // so that it comes further
            frame[0] = 0x60;
            memcpy(frame + 1, (const uint8_t[]) { 0x34, 0x12, 0x01, 0x26 }, 4);
        }
        taken += !is_ignored(&p, frame, len, n % 3 == 0 ? LORAWAN_RX2 : LORAWAN_RXC);
    }
    CHECK(taken == 0, "20000 frames of noise are ignored");
    CHECK(peer_exchange(&p, false) == 0, "and the device goes on");
}

static void noise_in_rx1_does_not_cost_rx2(void) {
    peer_t p;
    uint8_t frame[300];
    peer_start(&p, NULL);
    peer_abp(&p);
    (void)peer_send(&p, 1, "x", 1, false);
    while (p.radio != RADIO_RX) {
        peer_run(&p, 1000);
    }
    p.radio = RADIO_OFF;
    memset(frame, 0xa5, sizeof(frame));
    CHECK(is_ignored(&p, frame, 40, LORAWAN_RX1), "noise in RX1");
    CHECK(p.receive.receive.window == LORAWAN_RX2 && p.radio == RADIO_RX, "RX2 is opened after it");
    size_t len = genuine(&p, frame);
    p.radio = RADIO_OFF;
    CHECK(!is_ignored(&p, frame, len, LORAWAN_RX2) && p.deliveries == 1 && p.results == 1, "and hears the genuine frame");
}

// A MIC-valid frame whose commands are rubbish: the sender has the keys, but nothing may crash.
static void authentic_rubbish_is_survived(void) {
    static const uint8_t regions[] = { LORAWAN_EU868, LORAWAN_US915, LORAWAN_AS923_1, LORAWAN_CN470, LORAWAN_IN865, LORAWAN_AU915 };
    for (size_t r = 0; r < sizeof(regions); ++r) {
        peer_t p;
        lorawan_config_t config = peer_config(regions[r]);
        config.adr = true;
        config.certification = true;
        config.no_duty_cycle = true;
        peer_start(&p, &config);
        peer_abp(&p);
        for (int n = 0; n < 3000; ++n) {
            uint8_t rubbish[60];
            for (size_t i = 0; i < sizeof(rubbish); ++i) {
                rubbish[i] = (uint8_t)lorawan_random(&p.mac, 0, i % 5 == 0 ? 14 : 255);
            }
            const peer_downlink_t d = { .port = n % 3 == 0 ? 224 : 0, .payload = rubbish, .payload_len = (uint8_t)lorawan_random(&p.mac, 1, 59) };
            uint8_t frame[300];
            size_t len = peer_build(&p, &d, frame);
            lorawan_event_t e = { .type = LORAWAN_RX_DONE, .window = LORAWAN_RX1, .data = frame, .len = len, .time_us = p.now_us };
            lorawan_event(&p.mac, &e);
            peer_run(&p, PEER_SECOND / 10);
            (void)peer_send(&p, 1, "x", 1, false);
        }
        CHECK(p.mac.record.rx1_delay_s >= 1 && p.mac.record.nb_trans >= 1 && p.mac.record.answers_len <= LORAWAN_ANSWERS_MAX, "settings stay within their limits");
        CHECK(p.mac.record.power <= p.mac.region->power_max && p.mac.record.rx1_offset <= p.mac.region->rx1_offset_max, "whatever the network says");
        CHECK(lorawan_channels_mask_has_dr(&p.mac, p.mac.record.mask, p.mac.record.dr), "and a channel remains for the data rate");
    }
}

typedef struct {
    uint8_t frame[64];
    size_t len;
} capture_t;

static void capture(peer_t *p) {
    capture_t *c = p->ctx;
    if (p->uplink.type == LORAWAN_FRAME_JOIN_REQUEST) {
        const peer_accept_t a = { .join_nonce = p->join_nonce++, .dev_addr = 0x26010001 };
        c->len = peer_accept(p, &a, c->frame);
        peer_put(p, c->frame, c->len, LORAWAN_RX1, 0);
    }
}

static void replay(peer_t *p) {
    const capture_t *c = p->ctx;
    peer_put(p, c->frame, c->len, LORAWAN_RX1, 0);
}

static void join_accepts_are_not_replayed(void) {
    peer_t p;
    capture_t c;
    peer_start(&p, NULL);
    p.ctx = &c;
    p.on_uplink = capture;
    p.join_nonce = 5;
    (void)peer_otaa(&p);
    CHECK(peer_finish(&p, PEER_HOUR) == 0 && p.mac.record.join_nonce == 6, "the device joins with JoinNonce 5");
    CHECK(is_ignored(&p, c.frame, c.len, LORAWAN_RX1), "a Join-Accept without a join is ignored");
    (void)peer_otaa(&p);
    p.on_uplink = replay;
    CHECK(peer_finish(&p, PEER_HOUR) == 1 && p.mac.ignored[LORAWAN_IGNORED_REPLAY] > 0, "a replayed one does not join");
    CHECK(p.mac.record.join_nonce == 6 && !lorawan_joined(&p.mac), "and changes nothing");
    p.on_uplink = capture;
    p.join_nonce = 3;
    CHECK(peer_finish(&p, PEER_HOUR) == 0 && p.mac.record.join_nonce == 7, "3, 4 and 5 are old, 6 is new");
    CHECK(peer_reboot(&p) == 0 && p.mac.record.join_nonce == 7, "the check survives a reboot");
    CHECK(p.mac.record.rx1_delay_s == 1, "a delay of 0 is one second");
    static const uint8_t eui[8] = { 7 };
    const lorawan_otaa_t elsewhere = { eui, eui, p.app_key, LORAWAN_DR_AUTO };
    p.join_nonce = 0;
    (void)lorawan_join_otaa(&p.mac, &elsewhere, p.now_us);
    CHECK(peer_finish(&p, PEER_HOUR) == 0 && p.mac.record.join_nonce == 1, "another Join Server counts for itself");
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.any_join_nonce = true;
    peer_start(&p, &config);
    p.mac.record.join_nonce = 1000;
    memset(p.mac.record.join_eui, 9, 8);
    p.join_nonce = 999;
    p.ctx = &c;
    p.on_uplink = capture;
    (void)peer_otaa(&p);
    (void)peer_finish(&p, PEER_HOUR);
    CHECK(p.mac.ignored[LORAWAN_IGNORED_REPLAY] == 1, "a server with random nonces: the last one is refused");
    p.join_nonce = 17;
    (void)peer_otaa(&p);
    CHECK(peer_finish(&p, PEER_HOUR) == 0, "a lower one is taken");
}

static void damaged_join_accepts_are_ignored(void) {
    peer_t p;
    static const uint8_t cflist[16] = { 0 };
    peer_start(&p, NULL);
    (void)peer_otaa(&p);
    while (p.radio != RADIO_RX) {
        peer_run(&p, 1000);
    }
    uint8_t frame[64];
    const peer_accept_t good = { .join_nonce = 1, .dev_addr = 1, .cflist = cflist };
    const peer_accept_t bad_dr = { .join_nonce = 1, .dev_addr = 1, .dl_settings = 0x0f };
    const peer_accept_t bad_offset = { .join_nonce = 1, .dev_addr = 1, .dl_settings = 0x70 };
    size_t len = peer_accept(&p, &good, frame);
    int taken = 0;
    for (size_t i = 0; i < len; ++i) {
        frame[i] ^= 0x20;
        p.mac.state = LORAWAN_STATE_RX2;
        p.mac.rx_armed = false; // keep the window
        taken += !is_ignored(&p, frame, len, LORAWAN_RX2);
        frame[i] ^= 0x20;
    }
    for (size_t cut = 0; cut < len; ++cut) {
        p.mac.state = LORAWAN_STATE_RX2;
        p.mac.rx_armed = false;
        taken += !is_ignored(&p, frame, cut, LORAWAN_RX2);
    }
    CHECK(taken == 0, "damaged and truncated Join-Accepts are ignored");
    p.mac.state = LORAWAN_STATE_RX2;
    p.mac.rx_armed = false;
    CHECK(is_ignored(&p, frame, peer_accept(&p, &bad_dr, frame), LORAWAN_RX2), "one with an RX2 rate that does not exist");
    p.mac.state = LORAWAN_STATE_RX2;
    p.mac.rx_armed = false;
    CHECK(is_ignored(&p, frame, peer_accept(&p, &bad_offset, frame), LORAWAN_RX2), "one with an offset that does not exist");
    p.mac.state = LORAWAN_STATE_RX2;
    CHECK(!is_ignored(&p, frame, peer_accept(&p, &good, frame), LORAWAN_RX2) && lorawan_joined(&p.mac), "the good one joins");
}

int main(void) {
    damaged_frames_are_ignored();
    old_frames_are_ignored();
    foreign_frames_are_ignored();
    noise_is_ignored();
    noise_in_rx1_does_not_cost_rx2();
    authentic_rubbish_is_survived();
    join_accepts_are_not_replayed();
    damaged_join_accepts_are_ignored();
    return check_result();
}
