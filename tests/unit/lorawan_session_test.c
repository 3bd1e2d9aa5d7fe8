// What survives: power cuts at every write, restored records, refused records.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "lorawan/lorawan_internal.h"
#include "lorawan_peer.h"

#define UPLINKS (10)

// What the network has seen; it outlives the device's power.
typedef struct {
    int32_t last_nonce;
    int64_t last_fcnt;
    int data_frames;
    bool reused;
    uint8_t downlink[256]; // the last one, for a replay
    size_t downlink_len;
} network_t;

static void watch(peer_t *p) {
    network_t *n = p->ctx;
    if (p->uplink.type == LORAWAN_FRAME_JOIN_REQUEST) {
        n->reused |= p->uplink.dev_nonce <= n->last_nonce;
        n->last_nonce = p->uplink.dev_nonce;
        n->last_fcnt = -1;
        peer_accept_joins(p);
        return;
    }
    n->reused |= p->uplink.fcnt <= n->last_fcnt;
    n->last_fcnt = p->uplink.fcnt;
    ++n->data_frames;
    // Commands of every kind that changes state, and an ACK for what wants one.
    static const uint8_t commands[][6] = { { 0x05, 0x13, 0xd2, 0xad, 0x84 }, { 0x03, 0x31, 0x07, 0x00, 0x01 }, { 0x07, 0x03, 0x18, 0x4f, 0x84, 0x50 }, { 0x0a, 0x00, 0x18, 0x4f, 0x84 } };
    static const uint8_t lengths[] = { 5, 5, 6, 5 };
    int which = n->data_frames % 4;
    const peer_downlink_t d = { .port = 1, .payload = "d", .payload_len = 1, .fopts = commands[which], .fopts_len = lengths[which],
                                .fctrl = p->uplink.type == LORAWAN_FRAME_CONFIRMED_UP ? LORAWAN_FRAME_FCTRL_ACK : 0, .confirmed = n->data_frames % 3 == 0 };
    n->downlink_len = peer_build(p, &d, n->downlink);
    peer_put(p, n->downlink, n->downlink_len, LORAWAN_RX1, 0);
}

// Join and send until the network has ten uplinks more, or the power goes.
static void live(peer_t *p, network_t *n, int uplinks) {
    while (!p->dead && n->data_frames < uplinks) {
        if (!lorawan_joined(&p->mac)) {
            (void)peer_otaa(p);
            (void)peer_finish(p, 24 * PEER_HOUR);
        } else {
            (void)peer_exchange(p, n->data_frames % 2);
        }
    }
}

static void prepare(peer_t *p, network_t *n, uint8_t reserve) {
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.adr = true;
    config.reserve = reserve;
    peer_start(p, &config);
    *n = (network_t) { .last_nonce = -1, .last_fcnt = -1 };
    p->ctx = n;
    p->on_uplink = watch;
}

// The record in the store is the state at the last write: nothing else is lost.
static void restored_state_is_the_stored_one(const peer_t *p, const lorawan_record_t *kept) {
    CHECK(p->mac.record.dev_nonce == kept->dev_nonce && p->mac.record.activation == kept->activation, "nonce and session are the stored ones");
    CHECK(memcmp(p->mac.record.channel_hz, kept->channel_hz, sizeof(kept->channel_hz)) == 0 && p->mac.record.mask[0] == kept->mask[0], "so are the channels");
    CHECK(p->mac.record.rx2_dr == kept->rx2_dr && p->mac.record.rx1_offset == kept->rx1_offset && p->mac.record.dr == kept->dr, "so are the settings");
    CHECK(p->mac.record.answers_len == kept->answers_len && memcmp(p->mac.record.answers, kept->answers, kept->answers_len) == 0, "so are the answers that wait");
    CHECK(p->mac.record.ack_due == kept->ack_due && p->mac.record.fcnt_down == kept->fcnt_down, "so are ACK and downlink counter");
}

static void replay_of_the_last_downlink(peer_t *p, network_t *n) {
    int before = p->deliveries;
    if (n->downlink_len == 0 || !lorawan_joined(&p->mac) || p->mac.record.fcnt_down != p->fcnt_down) {
        return; // the record before it was lost: it may be heard again
    }
    p->on_uplink = NULL;
    (void)peer_send(p, 1, "x", 1, false);
    while (p->radio != RADIO_TX) {
        peer_run(p, PEER_SECOND / 100);
    }
    lorawan_event_t done = { .type = LORAWAN_TX_DONE, .time_us = p->now_us };
    lorawan_event(&p->mac, &done);
    p->radio = RADIO_OFF;
    peer_put(p, n->downlink, n->downlink_len, LORAWAN_RX1, 0);
    (void)peer_finish(p, PEER_HOUR);
    CHECK(p->deliveries == before, "a downlink that was taken is not taken again after the cut");
    n->last_fcnt = p->uplink.fcnt;
    p->on_uplink = watch;
}

static void power_is_cut_at_every_write(uint8_t reserve) {
    peer_t p;
    network_t n;
    prepare(&p, &n, reserve);
    live(&p, &n, UPLINKS);
    int writes = p.stores;
    CHECK(!n.reused && writes >= 2, "a run without cuts reuses nothing");
    for (int at = 1; at <= writes; ++at) {
        for (int lost = 0; lost < 2; ++lost) {
            prepare(&p, &n, reserve);
            p.cut_after = lost ? 0 : at;
            p.cut_before = lost ? at : 0;
            live(&p, &n, UPLINKS);
            CHECK(p.dead, "the power goes at the chosen write");
            lorawan_record_t kept = p.stored;
            bool has_record = p.has_stored;
            CHECK(peer_reboot(&p) == 0, "the record is good after any cut");
            if (has_record) {
                restored_state_is_the_stored_one(&p, &kept);
                replay_of_the_last_downlink(&p, &n);
            }
            n.data_frames = n.data_frames < UPLINKS ? n.data_frames : 0;
            live(&p, &n, UPLINKS + 5);
            CHECK(!n.reused, "no DevNonce and no uplink counter is used twice");
            CHECK(n.data_frames == UPLINKS + 5 && p.uplink.mic_good, "and the device goes on");
        }
    }
}

typedef struct {
    const char *data;
    uint8_t len;
} ask_downlink_t;

static void answer_data(peer_t *p) {
    const ask_downlink_t *a = p->ctx;
    const peer_downlink_t d = { .port = 4, .payload = a->data, .payload_len = a->len };
    peer_answer(p, &d, LORAWAN_RX1);
}

static void writes_are_few(void) {
    peer_t p;
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.no_duty_cycle = true;
    peer_start(&p, &config);
    peer_abp(&p);
    for (int i = 0; i < 160; ++i) {
        (void)peer_exchange(&p, false);
    }
    CHECK(p.stores >= 17 && p.stores <= 20, "160 uplinks without a downlink are less than 20 writes");
    uint32_t next = p.mac.fcnt_up;
    CHECK(lorawan_save(&p.mac) == 0, "a device that goes to sleep saves");
    peer_run(&p, PEER_SECOND);
    CHECK(peer_reboot(&p) == 0 && p.mac.fcnt_up == next, "and wastes no counter");
    CHECK(lorawan_save(&p.mac) == 0 && peer_exchange(&p, false) == 0 && !p.unsafe, "one that stays awake writes again before it sends");
    next = p.mac.fcnt_up;
    (void)peer_exchange(&p, false);
    CHECK(peer_reboot(&p) == 0 && p.mac.fcnt_up > next && p.mac.fcnt_up <= next + 9, "a cut wastes the reserve at most");
    (void)peer_send(&p, 1, "x", 1, false);
    CHECK(lorawan_save(&p.mac) == -NET_EBUSY, "not while a frame is in hand");
}

static void adr_count_survives(void) {
    peer_t p;
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.adr = true;
    config.no_duty_cycle = true;
    peer_start(&p, &config);
    peer_abp(&p);
    for (int i = 0; i < 60; ++i) {
        (void)peer_exchange(&p, false);
    }
    CHECK(peer_reboot(&p) == 0 && p.mac.record.adr_ack_count >= 60 && p.mac.record.adr_ack_count <= 68, "the ADR back-off goes on, as if the reserve had been sent");
}

static void a_failed_write_sends_nothing(void) {
    peer_t p;
    peer_start(&p, NULL);
    p.store_fails = true;
    (void)peer_otaa(&p);
    CHECK(peer_finish(&p, PEER_HOUR) == -NET_EIO && p.uplinks == 0, "no Join-Request without its DevNonce in the store");
    peer_abp(&p);
    CHECK(peer_exchange(&p, false) == -NET_EIO && p.uplinks == 0, "no uplink without its counter in the store");
    p.store_fails = false;
    CHECK(peer_exchange(&p, false) == 0 && p.uplinks == 1, "when the store works again, so does the device");
    p.mac.record.nb_trans = 3;
    (void)peer_send(&p, 1, "x", 1, true);
    peer_run(&p, PEER_SECOND / 2);
    p.store_fails = true;
    p.mac.dirty = true;
    CHECK(peer_finish(&p, PEER_HOUR) == -NET_EIO, "nor a repetition");
}

static void bad_records_are_refused(void) {
    peer_t p;
    peer_start(&p, NULL);
    peer_abp(&p);
    (void)peer_exchange(&p, false);
    lorawan_record_t good = p.stored;
    uint8_t bytes[sizeof(good) + 1];
    memcpy(bytes + 1, &good, sizeof(good)); // not aligned
    peer_start(&p, NULL);
    CHECK(lorawan_restore(&p.mac, bytes + 1, sizeof(good)) == 0 && lorawan_joined(&p.mac), "a good record is taken from any address");
    int wrong = 0;
    for (size_t i = 8; i < sizeof(good); ++i) {
        memcpy(bytes, &good, sizeof(good));
        bytes[i] ^= 0x10;
        peer_start(&p, NULL);
        wrong += lorawan_restore(&p.mac, bytes, sizeof(good)) != -NET_EIO || lorawan_joined(&p.mac);
    }
    CHECK(wrong == 0, "a record with one changed byte is torn");
    for (size_t len = 0; len < sizeof(good); ++len) {
        wrong += lorawan_restore(&p.mac, &good, len) != -NET_EIO;
    }
    CHECK(wrong == 0, "and so is a short one");
    memcpy(bytes, &good, sizeof(good));
    bytes[0] ^= 1;
    CHECK(lorawan_restore(&p.mac, bytes, sizeof(good)) == -NET_EPROTONOSUPPORT, "another layout is foreign");
    CHECK(!lorawan_joined(&p.mac) && p.mac.record.dev_nonce == 0, "nothing is taken from a refused record");
}

static void records_of_other_devices_are_refused(void) {
    peer_t p;
    peer_start(&p, NULL);
    (void)peer_otaa(&p);
    p.on_uplink = peer_accept_joins;
    (void)peer_finish(&p, PEER_HOUR);
    lorawan_record_t good = p.stored;
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.dev_eui[0] ^= 1;
    peer_start(&p, &config);
    CHECK(lorawan_restore(&p.mac, &good, sizeof(good)) == -NET_EADDRNOTAVAIL && p.mac.record.dev_nonce == 0, "another DevEUI");
    config = peer_config(LORAWAN_US915);
    peer_start(&p, &config);
    CHECK(lorawan_restore(&p.mac, &good, sizeof(good)) == -NET_EADDRNOTAVAIL && !lorawan_joined(&p.mac), "another region");
    CHECK(p.mac.record.dev_nonce == 1 && p.mac.record.join_nonce == 2, "whose nonces are still not to be used again");
    memset(config.dev_eui, 0, 8);
    config.region = LORAWAN_EU868;
    peer_start(&p, &config);
    CHECK(lorawan_restore(&p.mac, &good, sizeof(good)) == 0 && lorawan_joined(&p.mac), "without a DevEUI the record's is taken");
}

static void dev_nonces_run_out(void) {
    peer_t p;
    peer_start(&p, NULL);
    p.mac.record.dev_nonce = 0xffff;
    CHECK(peer_otaa(&p) == 0, "the last DevNonce may be used");
    CHECK(peer_finish(&p, PEER_HOUR) == -NET_ERANGE && p.uplinks == 1 && p.uplink.dev_nonce == 0xffff, "and then no other");
    CHECK(peer_otaa(&p) == -NET_ERANGE, "a new join is refused");
}

static void abp_counters_survive(void) {
    peer_t p;
    peer_start(&p, NULL);
    peer_abp(&p);
    for (int i = 0; i < 3; ++i) {
        (void)peer_exchange(&p, false);
    }
    (void)peer_reboot(&p);
    peer_abp(&p);
    CHECK(p.mac.fcnt_up >= 3, "ABP with the same keys goes on counting");
    memset(p.app_s_key, 0x99, 16);
    peer_abp(&p);
    CHECK(p.mac.fcnt_up == 0, "other keys start at 0");
}

static void forgetting_keeps_the_nonces(void) {
    peer_t p;
    peer_start(&p, NULL);
    (void)peer_otaa(&p);
    p.on_uplink = peer_accept_joins;
    (void)peer_finish(&p, PEER_HOUR);
    lorawan_forget(&p.mac);
    peer_run(&p, PEER_SECOND);
    CHECK(!lorawan_joined(&p.mac) && peer_reboot(&p) == 0 && !lorawan_joined(&p.mac), "the session is gone");
    static const uint8_t none[16];
    CHECK(memcmp(p.stored.nwk_key, none, 16) == 0 && memcmp(p.stored.app_key, none, 16) == 0, "its keys are wiped, in the store as well");
    CHECK(p.mac.record.dev_nonce == 1 && p.mac.record.join_nonce == 2, "the nonces are not");
}

static void counters_are_written_before_they_are_used(uint32_t store_us) {
    peer_t p;
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.reserve = 1;
    peer_start(&p, &config);
    p.store_us = store_us;
    (void)peer_otaa(&p);
    peer_run(&p, PEER_HOUR);
    CHECK(p.uplinks > 10 && !p.unsafe, "every Join-Request's DevNonce was excluded before");
    p.on_uplink = peer_acknowledge;
    CHECK(peer_finish(&p, PEER_HOUR) == 0, "a store that takes its time does not keep the device from joining");
    for (int i = 0; i < 30; ++i) {
        CHECK(peer_exchange(&p, i % 2) == 0, "nor from sending");
    }
    CHECK(!p.unsafe, "every uplink's counter was excluded before");
    int before = p.deliveries;
    const ask_downlink_t d = { "d", 1 };
    p.ctx = (void *)&d;
    p.on_uplink = answer_data;
    CHECK(peer_exchange(&p, false) == 0, "a downlink comes");
    peer_run(&p, PEER_SECOND);
    CHECK(p.deliveries == before + 1 && p.stored.fcnt_down == p.fcnt_down, "and is delivered");
    CHECK(!p.unsafe, "when its counter was written");
    p.on_uplink = NULL;
    CHECK(lorawan_save(&p.mac) == 0, "the device saves");
    peer_run(&p, store_us / 2);
    CHECK(peer_exchange(&p, false) == 0 && !p.unsafe, "and sends while that is being written");
}

int main(void) {
    counters_are_written_before_they_are_used(0);
    counters_are_written_before_they_are_used(30000);
    power_is_cut_at_every_write(1);
    power_is_cut_at_every_write(8);
    writes_are_few();
    adr_count_survives();
    a_failed_write_sends_nothing();
    bad_records_are_refused();
    records_of_other_devices_are_refused();
    dev_nonces_run_out();
    abp_counters_survive();
    forgetting_keeps_the_nonces();
    return check_result();
}
