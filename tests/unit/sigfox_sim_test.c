// AF_SIGFOX sockets on the driver and the software chip: a base station rebuilds the
// bits from the carrier's phase, and answers with a second chip.
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "hal/hal.h"
#include "lora/lora.h"
#include "radio_fixture.h"
#include "sigfox/sigfox_engine.h"
#include "sigfox/sigfox_port.h"
#include "sigfox_network.h"

#define S UINT64_C(1000000)
#define FRAMES (16)

static const sigfox_device_t device = {
    .id = 0x00a1b2c3, .key = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
};
static const uint8_t number[4] = { 0x00, 0xa1, 0xb2, 0xc3 };
static const uint8_t pac[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static net_socket_t s;

/******************************************************************************/
// The base station

typedef struct {
    sigfox_network_verdict_t verdict;
    sigfox_network_uplink_t uplink;
    uint64_t first_ns, end_ns; // of the bits
    uint32_t frequency;
} seen_t;

static seen_t seen[FRAMES];
static unsigned seen_count;
static uint64_t turns[512]; // of the carrier on the air
static size_t turns_count;
static uint8_t last_phase, top_level;
static bool answers;
static bool spoilt; // a damaged answer goes before the good one
static uint8_t answer[8];
static const uint8_t *station_key = device.key;
static uint16_t bit_rate;

static const sigfox_zone_t *station_zone(void) {
    return sigfox_zone(sigfox_engine.rcz);
}

static uint8_t answer_frame[15];
static radio_modulation_t answer_modulation;
static sim_event_t answer_event;

// The frame's first bit is a 1, the second a 0, the third a 1: every other one of
// the first twenty turns. So the first turn is the start of bit 1.
static size_t rebuild(uint8_t bits[26]) {
    double bit_ns = 1e9 / bit_rate;
    memset(bits, 0xff, 26);
    size_t last = 0;
    for (size_t i = 0; i < turns_count; ++i) {
        size_t n = (size_t)((double)(turns[i] - turns[0]) / bit_ns + 1.5);
        if (n < 208) {
            bits[n / 8] &= (uint8_t) ~(0x80 >> n % 8);
            last = n;
        }
    }
    static const uint8_t sizes[] = { 14, 15, 18, 22, 26 };
    for (size_t i = 0; i < sizeof(sizes); ++i) {
        sigfox_network_uplink_t uplink;
        if (last < sizes[i] * 8u && sigfox_network_uplink(station_key, bits, sizes[i], &uplink) == SIGFOX_NETWORK_OK) {
            return sizes[i];
        }
    }
    return last / 8 + 1;
}

static void send_answer(sim_event_t *event) {
    static uint8_t frame[15];
    memcpy(frame, answer_frame, sizeof(frame));
    if (spoilt) {
        frame[5] ^= 0xff;
        frame[7] ^= 0xff;
        spoilt = false;
        sim_time_at(event, sim_time_now() + 3000000000u);
    }
    peer_fsk(&answer_modulation);
    peer_send(frame, sizeof(frame));
}

static void carrier_ended(const sim_air_frame_t *frame) {
    uint8_t bits[26];
    if (turns_count == 0 || seen_count == FRAMES) {
        return;
    }
    seen_t *one = &seen[seen_count++];
    size_t size = rebuild(bits);
    one->verdict = sigfox_network_uplink(station_key, bits, size, &one->uplink);
    uint64_t bit_ns = 1000000000u / bit_rate;
    one->first_ns = turns[0] - bit_ns;
    one->end_ns = one->first_ns + size * 8 * UINT64_C(1000000000) / bit_rate;
    one->frequency = frame->frequency;
    if (answers && one->verdict == SIGFOX_NETWORK_OK && one->uplink.rank == 1 && one->uplink.downlink) {
        sigfox_device_t known = device;
        memcpy(known.key, station_key, 16);
        sigfox_network_downlink(&known, one->uplink.counter, answer, answer_frame);
        answer_modulation = fixture_fsk();
        answer_modulation.frequency = one->frequency + (uint32_t)sigfox_zone_downlink_gap(station_zone());
        answer_modulation.fsk = (radio_fsk_t) {
            .bit_rate = 600, .deviation = 800, .preamble = 11, .sync = { 0xb2, 0x27 }, .sync_len = 2, .fixed_len = 15,
        };
        answer_event.fire = send_answer;
        sim_time_at(&answer_event, one->end_ns + station_zone()->window_after_ms * UINT64_C(1000000) + 3000000000u);
    }
}

static void on_point(const sim_air_frame_t *frame, const sim_air_point_t *point) {
    (void)frame;
    if (point->phase != last_phase && turns_count < sizeof(turns) / sizeof(turns[0])) {
        turns[turns_count++] = point->at_ns;
    }
    top_level = point->level > top_level ? point->level : top_level;
    last_phase = point->phase;
}

static void on_air(const sim_air_radio_t *radio, const sim_air_frame_t *frame, sim_air_fate_t fate) {
    if (radio != NULL || frame->modem != SIM_AIR_CARRIER) {
        return;
    }
    if (fate == SIM_AIR_ON_AIR) {
        turns_count = 0;
        last_phase = 0;
    } else if (fate == SIM_AIR_SENT) {
        carrier_ended(frame);
    }
}

/******************************************************************************/

static int sector_ret, nvm_ret;
static uint8_t sector[SIGFOX_PORT_SECTOR_SIZE];
static sigfox_port_nvm_t nvm;

int sigfox_port_sector(uint8_t out[SIGFOX_PORT_SECTOR_SIZE]) {
    memcpy(out, sector, sizeof(sector));
    return sector_ret;
}

int sigfox_port_nvm(sigfox_port_nvm_t *out) {
    *out = nvm;
    return nvm_ret;
}

// As after a reset of the CPU: the store stays.
static void boot(sim_chip_kind_t kind, int rcz) {
    net_close(&s);
    sigfox_deinit();
    lora_deinit();
    CHECK(fixture_start_kind(kind) == 0, "the chip is found");
    hal_lock();
    radio_release(&fixture.owner);
    hal_unlock();
    memset(&sigfox_engine, 0, sizeof(sigfox_engine));
    memset(&answer_event, 0, sizeof(answer_event));
    seen_count = 0;
    answers = false;
    spoilt = false;
    station_key = device.key;
    bit_rate = sigfox_zone(rcz)->bit_rate;
    sim_air_watch(on_air);
    sim_air_watch_trace(on_point);
    sigfox_settings_t settings = { .rcz = rcz };
    CHECK(sigfox_start() == 0 && sigfox_init(&settings) == 0, "Sigfox starts");
    CHECK(net_open(&s, &sigfox_ops, NET_AF_SIGFOX, NET_SOCK_RAW, 0) == 0, "a socket opens");
}

static void begin_kind(sim_chip_kind_t kind, int rcz) {
    sim_hal_store_clear();
    sector_ret = nvm_ret = -NET_ENOENT;
    boot(kind, rcz);
    CHECK(sigfox_provision(number, pac, device.key) == 0, "number and key are kept");
}

static void begin(int rcz) {
    begin_kind(SIM_SX1276, rcz);
}

static void set(int opt, int value) {
    CHECK(net_setsockopt(&s, SIGFOX_SOL_SIGFOX, opt, &value, sizeof(value)) == 0, "the option is taken");
}

// As a blocking send does.
static int finish(uint64_t us) {
    uint64_t end = hal_now_us() + us;
    int ret;
    while ((ret = net_send_finish(&s)) == -NET_EAGAIN && hal_now_us() < end) {
        net_wait(&s, NET_SENT, 100);
    }
    return ret;
}

static int send(const char *text, uint64_t us) {
    int ret = net_send(&s, text, strlen(text), NULL);
    return ret < 0 ? ret : finish(us);
}

static const char *words(void) {
    static sigfox_why_t why;
    sigfox_last_error(&why);
    return why.text;
}

static void settle(void) {
    sim_hal_run(50000);
}

/******************************************************************************/

static void message_is_three_frames(void) {
    begin(SIGFOX_ZONE_RC1);
    CHECK(send("Hello", 20 * S) == 0, "5 bytes are sent");
    settle();
    CHECK(seen_count == 3, "in three frames");
    for (unsigned i = 0; i < 3; ++i) {
        CHECK(seen[i].verdict == SIGFOX_NETWORK_OK && seen[i].uplink.rank == (int)i + 1, "the station decodes each rank");
        CHECK(seen[i].uplink.len == 5 && memcmp(seen[i].uplink.payload, "Hello", 5) == 0, "with the payload");
        CHECK(seen[i].uplink.counter == 1 && seen[i].uplink.id == device.id, "counter and number");
        CHECK(!seen[i].uplink.downlink, "and asks for nothing");
        CHECK(seen[i].frequency > 868034000 && seen[i].frequency < 868226000, "in the zone's band");
    }
    double gap = (double)(seen[1].first_ns - seen[0].end_ns) / 1e6;
    CHECK(gap > 999.9 && gap < 1000.2, "a second between two frames, to 0.1 ms");
    CHECK(sigfox_engine.doing == SIGFOX_IDLE, "the radio is given back");
    CHECK_RULES();
}

static void both_chips_send_in_every_zone(void) {
    for (int kind = SIM_SX1272; kind <= SIM_SX1276; ++kind) {
        for (int rcz = SIGFOX_ZONE_RC1; rcz <= SIGFOX_ZONE_RC7; ++rcz) {
            begin_kind((sim_chip_kind_t)kind, rcz);
            CHECK(send("x", 20 * S) == 0, "a byte is sent");
            settle();
            CHECK(seen_count == 3 && seen[2].verdict == SIGFOX_NETWORK_OK, "in three good frames");
            CHECK_RULES();
        }
    }
}

static void crystal_is_warm_for_the_next_frames(void) {
    begin_kind(SIM_SX1272, SIGFOX_ZONE_RC1);
    set(SIGFOX_SO_RX, 1);
    CHECK(send("warm", 100 * S) == -NET_ETIMEDOUT, "nobody answers");
    double gap = (double)(seen[1].first_ns - seen[0].end_ns) / 1e6;
    CHECK(gap > 499.9 && gap < 500.2, "the gap of 500 ms is kept with a crystal, too");
    CHECK_RULES();
}

static void repeats_bits_and_out_of_band(void) {
    begin(SIGFOX_ZONE_RC2);
    set(SIGFOX_SO_TX_REPEAT, 0);
    CHECK(send("one", 60 * S) == 0, "a single frame");
    settle();
    CHECK(seen_count == 1 && seen[0].uplink.rank == 1, "is one frame");
    set(SIGFOX_SO_BIT, 1);
    CHECK(send("", 60 * S) == 0, "an empty message");
    settle();
    CHECK(seen_count == 2 && seen[1].uplink.len == 0 && seen[1].uplink.indicator == 3, "is a bit that is 1");
    set(SIGFOX_SO_BIT, 0);
    CHECK(send("", 60 * S) == 0, "another");
    settle();
    CHECK(seen_count == 3 && seen[2].uplink.indicator == 2 && seen[2].uplink.counter == 3, "is 0");
    set(SIGFOX_SO_OOB, 1);
    CHECK(send("", 60 * S) == 0, "out of band");
    settle();
    CHECK(seen_count == 4 && seen[3].uplink.control && seen[3].uplink.payload[0] == 8, "is a keep-alive");
    CHECK(net_send(&s, "x", 1, NULL) == -NET_EINVAL, "and has no payload");
    set(SIGFOX_SO_RX, 1);
    CHECK(send("", 30 * S) == 0, "nor does it ask for a downlink");
    settle();
    CHECK(seen_count == 5 && seen[4].uplink.control, "whatever SO_RX says");
    CHECK(seen[1].first_ns - seen[0].end_ns > 20000000000u, "20 s lie between messages in RC2");
    CHECK_RULES();
}

static void downlink_comes_and_is_confirmed(void) {
    static const int zones[] = { SIGFOX_ZONE_RC1, SIGFOX_ZONE_RC4 };
    for (size_t i = 0; i < 2; ++i) {
        begin(zones[i]);
        answers = true;
        memcpy(answer, "12345678", 8);
        set(SIGFOX_SO_RX, 1);
        CHECK(send("twelve bytes", 100 * S) == 0, "a message that asks");
        settle();
        CHECK(seen_count == 4, "three frames, and one that confirms");
        CHECK(seen[0].uplink.downlink && seen[0].uplink.counter == 1, "the first asks");
        uint32_t offset = sigfox_zone(zones[i])->offset_hz;
        CHECK(seen[1].frequency - seen[0].frequency - offset + 70 < 140, "the second is offset up");
        CHECK(seen[0].frequency - seen[2].frequency - offset + 70 < 140, "the third down");
        CHECK(seen[3].uplink.control && seen[3].uplink.counter == 2 && seen[3].uplink.payload[0] == 9, "confirmed");
        uint8_t got[16];
        CHECK(net_poll(&s, NET_POLLIN) == NET_POLLIN, "something can be read");
        CHECK(net_recv(&s, got, 3, 0, NULL) == 3 && memcmp(got, "123", 3) == 0, "in part");
        CHECK(net_recv(&s, got, 16, 0, NULL) == 5 && memcmp(got, "45678", 5) == 0, "and the rest");
        CHECK(net_recv(&s, got, 16, 0, NULL) == -NET_EAGAIN, "and no more");
        CHECK(sigfox_rssi() < -20 && sigfox_rssi() > -120, "with a strength");
        CHECK_RULES();
    }
}

static void no_downlink_says_so(void) {
    begin(SIGFOX_ZONE_RC1);
    set(SIGFOX_SO_RX, 1);
    uint64_t before = hal_now_us();
    CHECK(send("anybody?", 100 * S) == -NET_ETIMEDOUT, "is not answered");
    CHECK(strstr(words(), "no downlink came") != NULL, "which is said");
    uint64_t took = hal_now_us() - before;
    CHECK(took > 46 * S && took < 48 * S, "after the window, 45 s behind the first frame");
    CHECK_RULES();
}

static void downlink_of_another_key_is_passed_over(void) {
    begin(SIGFOX_ZONE_RC1);
    static const uint8_t other[16] = { 9 };
    CHECK(sigfox_public_key(1) == 1, "the public key is used");
    station_key = sigfox_device_public_key;
    answers = true;
    set(SIGFOX_SO_RX, 1);
    CHECK(send("public", 100 * S) == 0 && sigfox_engine.rx_count == 1, "and works both ways");
    CHECK(sigfox_public_key(0) == 0, "back to the own one");
    station_key = other;
    CHECK(send("own", 100 * S) == -NET_ETIMEDOUT, "a station without it does not answer");
    CHECK_RULES();
}

static void damaged_answer_is_passed_over(void) {
    begin(SIGFOX_ZONE_RC1);
    answers = true;
    spoilt = true;
    set(SIGFOX_SO_RX, 1);
    CHECK(send("twice", 100 * S) == 0 && sigfox_engine.rx_count == 1, "the good one behind it is taken");
    CHECK(sigfox_engine.schedule.report.rejected == 1, "and the other counted");
    CHECK_RULES();
}

static void calibration_moves_every_frequency(void) {
    begin(SIGFOX_ZONE_RC1);
    const sigfox_offsets_t offsets = { .frequency = 100000, .rssi = -7 };
    CHECK(sigfox_set_offsets(&offsets) == 0, "a correction of 100 kHz");
    for (int i = 0; i < 2; ++i) {
        CHECK(send("x", 20 * S) == 0, "a message");
        settle();
    }
    for (unsigned i = 0; i < seen_count; ++i) {
        CHECK(seen[i].frequency > 868150000 && seen[i].frequency < 868310000, "is that much higher");
    }
    CHECK(seen_count == 6, "every frame");
    boot(SIM_SX1276, SIGFOX_ZONE_RC1);
    sigfox_offsets_t kept;
    sigfox_offsets(&kept);
    CHECK(kept.frequency == 100000 && kept.rssi == -7, "it is kept");
    CHECK_RULES();
}

static void identity_does_not_change_under_a_message(void) {
    begin(SIGFOX_ZONE_RC1);
    uint8_t id[4], got[8];
    const uint8_t none[16] = { 0 };
    CHECK(sigfox_provision(number, pac, none) == -NET_EINVAL, "a key of zeros is none");
    CHECK(sigfox_identity(id, got) == 0 && memcmp(id, number, 4) == 0, "and the old one stays");
    CHECK(net_send(&s, "x", 1, NULL) == 1, "a message is under way");
    CHECK(sigfox_provision(number, pac, device.key) == -NET_EBUSY, "no other number,");
    CHECK(sigfox_set_counter(5) == -NET_EBUSY && sigfox_public_key(1) == -NET_EBUSY, "counter or key meanwhile");
    CHECK(finish(20 * S) == 0, "it ends");
    settle();
    CHECK(seen_count == 3 && seen[2].uplink.counter == 1, "well");
    CHECK_RULES();
}

static void refusals_have_words(void) {
    begin(SIGFOX_ZONE_RC1);
    CHECK(net_send(&s, "thirteen byte", 13, NULL) == -NET_EMSGSIZE && strstr(words(), "13") != NULL, "too long");
    int value = 3;
    CHECK(net_setsockopt(&s, SIGFOX_SOL_SIGFOX, SIGFOX_SO_TX_REPEAT, &value, 4) == -NET_EINVAL, "3 repeats");
    CHECK(net_setsockopt(&s, SIGFOX_SOL_SIGFOX, 1, &value, 4) == -NET_EOPNOTSUPP, "an option of another family");
    CHECK(net_setsockopt(&s, 1, SIGFOX_SO_RX, &value, 4) == -NET_EOPNOTSUPP, "a level of another family");
    for (int i = 0; i < 4; ++i) {
        CHECK(send("twelve bytes", 20 * S) == 0, "air time for four or more");
    }
    int ret = send("twelve bytes", 20 * S);
    ret = ret == 0 ? send("twelve bytes", 20 * S) : ret;
    CHECK(ret == -NET_ENOBUFS && strstr(words(), "air time") != NULL, "then the duty cycle refuses, at once");
    CHECK_RULES();
    sim_hal_store_clear();
    boot(SIM_SX1276, SIGFOX_ZONE_RC1);
    CHECK(net_send(&s, "x", 1, NULL) == -NET_ENETDOWN && strstr(words(), "provision") != NULL, "no number");
    uint8_t id[4], got[8];
    CHECK(sigfox_identity(id, got) == -NET_ENETDOWN, "and none is told");
}

static void busy_channel_is_told(void) {
    begin(SIGFOX_ZONE_RC3);
    sim_air_frame_t noise = {
        .start_ns = sim_time_now(), .end_ns = sim_time_now() + 60000000000u, .frequency = 923200000, .bandwidth = 125000,
        .power_x10 = 200, .modem = SIM_AIR_CARRIER,
    };
    const sim_air_frame_t *on = sim_air_transmit(&fixture_peer.radio, &noise);
    uint64_t before = hal_now_us();
    CHECK(send("x", 20 * S) == -NET_EBUSY && strstr(words(), "busy") != NULL, "nothing is sent");
    uint64_t took = hal_now_us() - before;
    CHECK(took > 4900000 && took < 5200000, "after 5 s of looking");
    CHECK(seen_count == 0, "and nothing was on the air");
    sim_air_abort(on);
    CHECK(send("x", 20 * S) == 0, "it goes when the channel is free");
    settle();
    CHECK(seen_count == 3 && seen[0].uplink.counter == 1, "with the counter that was not used");
    int frames, senses;
    CHECK(sigfox_info(&frames, &senses) == 0 && frames == 3 && senses == 3, "info() tells");
    CHECK_RULES();
}

static void lora_and_sigfox_share_the_chip(void) {
    begin(SIGFOX_ZONE_RC2);
    lora_settings_t settings;
    lora_settings_default(&settings, LORA_EU868, NULL);
    CHECK(lora_start() == 0 && lora_init(&settings) == 0, "LoRa has the radio");
    net_socket_t l;
    CHECK(net_open(&l, &lora_ops, NET_AF_LORA, NET_SOCK_RAW, 0) == 0, "and a socket");
    radio_modulation_t lora = fixture_lora(7, RADIO_BW_125K, 1);
    lora.frequency = 868000000;
    for (int i = 0; i < 3; ++i) {
        uint8_t got[256];
        peer_lora(&lora);
        peer_listen();
        CHECK(net_send(&l, "lora", 4, NULL) == 4, "a LoRa frame");
        CHECK(net_send(&s, "sigfox", 6, NULL) == 6 && finish(60 * S) == 0, "and a message of Sigfox right behind it");
        settle();
        CHECK(seen_count == 3 && seen[2].verdict == SIGFOX_NETWORK_OK, "the message is sent");
        CHECK(peer_frame(got) == 4, "the frame, too");
        CHECK(net_send(&s, "again", 5, NULL) == 5, "Sigfox first");
        sim_hal_run(25 * S);
        seen_count = 0;
        CHECK(net_send(&l, "between", 7, NULL) == 7, "LoRa behind it");
        CHECK(finish(60 * S) == 0, "the message ends");
        sim_hal_run(30000000);
        seen_count = 0;
        peer_send((const uint8_t *)"to you", 6);
        sim_hal_run(100000);
        CHECK(net_recv(&l, got, sizeof(got), 0, NULL) == 6, "and LoRa hears");
    }
    net_close(&l);
    CHECK_RULES();
}

static void lora_waits_for_a_long_message(void) {
    begin(SIGFOX_ZONE_RC1);
    lora_settings_t settings;
    lora_settings_default(&settings, LORA_EU868, NULL);
    CHECK(lora_start() == 0 && lora_init(&settings) == 0, "LoRa has the radio");
    net_socket_t l;
    CHECK(net_open(&l, &lora_ops, NET_AF_LORA, NET_SOCK_RAW, 0) == 0, "and a socket");
    set(SIGFOX_SO_RX, 1);
    CHECK(net_send(&s, "long", 4, NULL) == 4, "a message that takes 47 s");
    sim_hal_run(2 * S);
    CHECK(net_send(&l, "x", 1, NULL) == 1 && net_send_finish(&l) == -NET_EAGAIN, "a LoRa frame waits");
    CHECK(lora_reset() == -NET_EBUSY, "and LoRa cannot reset the chip under it");
    sim_hal_run(50 * S);
    CHECK(net_send_finish(&s) == -NET_ETIMEDOUT, "the message has ended");
    CHECK(net_send_finish(&l) == 0, "and the frame was sent");
    net_close(&l);
    CHECK_RULES();
}

static void counter_is_never_used_twice(void) {
    begin(SIGFOX_ZONE_RC2);
    set(SIGFOX_SO_RX, 1);
    uint16_t last = 0;
    for (unsigned cut = 0; cut < 3; ++cut) {
        answers = true;
        sim_hal_store_cut(cut);
        int ret = send("cut", 100 * S);
        settle();
        CHECK(cut > 0 ? ret == 0 : ret == -NET_ENOSPC && seen_count == 0, "what cannot be stored is not sent");
        for (unsigned i = 0; i < seen_count; ++i) {
            bool first = seen[i].uplink.rank == 1;
            CHECK(!first || seen[i].uplink.counter > last, "each message has a counter of its own");
            last = first ? seen[i].uplink.counter : last;
        }
        sim_hal_store_cut(UINT32_MAX);
        boot(SIM_SX1276, SIGFOX_ZONE_RC2);
        set(SIGFOX_SO_RX, 1);
    }
    answers = true;
    CHECK(send("after", 100 * S) == 0 && seen[0].uplink.counter > last, "so has the one after the last cut");
    CHECK_RULES();
}

static void message_can_be_taken_back_before_it_begins(void) {
    begin(SIGFOX_ZONE_RC2);
    set(SIGFOX_SO_TX_REPEAT, 0);
    CHECK(send("first", 60 * S) == 0, "a message");
    CHECK(net_send(&s, "second", 6, NULL) == 6, "another, that the zone's pause holds up");
    sim_hal_run(S);
    CHECK(net_send_cancel(&s) == 0 && net_send_finish(&s) == -NET_ECANCELED, "is taken back");
    sim_hal_run(30 * S);
    CHECK(seen_count == 1, "and never sent");
    CHECK(net_send(&s, "third", 5, NULL) == 5, "a third");
    sim_hal_run(200000);
    CHECK(net_send_cancel(&s) == -NET_EALREADY, "is under way");
    CHECK(finish(60 * S) == 0, "and ends well");
    CHECK_RULES();
}

static void queue_holds_two(void) {
    begin(SIGFOX_ZONE_RC1);
    CHECK(net_poll(&s, NET_POLLOUT) == NET_POLLOUT, "there is room");
    CHECK(net_send(&s, "a", 1, NULL) == 1 && net_send(&s, "b", 1, NULL) == 1, "for two");
    CHECK(net_send(&s, "c", 1, NULL) == -NET_EAGAIN && net_poll(&s, NET_POLLOUT) == 0, "not for three");
    CHECK(finish(60 * S) == 0, "both are sent");
    settle();
    CHECK(seen_count == 6 && seen[5].uplink.counter == 2 && seen[5].uplink.payload[0] == 'b', "in their order");
    CHECK_RULES();
}

static void board_of_pycom_goes_on(void) {
    sim_hal_store_clear();
    memset(sector, 0, sizeof(sector));
    memcpy(sector + 8, number, 4);
    memcpy(sector + 12, pac, 8);
    memcpy(sector + 20, device.key, 16);
    sector_ret = 0;
    nvm = (sigfox_port_nvm_t) { .counter = 1000, .random = 77, .rssi_offset = -3, .frequency_offset = 500 };
    nvm_ret = 0;
    boot(SIM_SX1276, SIGFOX_ZONE_RC1);
    uint8_t id[4], got[8];
    CHECK(sigfox_identity(id, got) == 0 && memcmp(id, number, 4) == 0 && memcmp(got, pac, 8) == 0, "number and PAC are read");
    CHECK(send("on", 20 * S) == 0, "it sends");
    settle();
    CHECK(seen[0].verdict == SIGFOX_NETWORK_OK && seen[0].uplink.counter == 1001, "with the key, and the next counter");
    sigfox_offsets_t offsets;
    sigfox_offsets(&offsets);
    CHECK(offsets.frequency == 500 && offsets.rssi == -3, "the calibration is taken over");
    CHECK_RULES();
}

static void damaged_counter_has_to_be_set(void) {
    begin(SIGFOX_ZONE_RC1);
    CHECK(hal_store_write("sigfox", "rubbish", 7) == 0, "a damaged record");
    boot(SIM_SX1276, SIGFOX_ZONE_RC1);
    CHECK(net_send(&s, "x", 1, NULL) == -NET_EIO && strstr(words(), "damaged") != NULL, "sends nothing");
    CHECK(sigfox_counter() == -NET_EIO && sigfox_set_counter(4096) == -NET_EINVAL, "and tells no number");
    CHECK(sigfox_set_counter(99) == 0 && sigfox_counter() == 99, "until one is set");
    CHECK(send("x", 20 * S) == 0, "then it sends");
    settle();
    CHECK(seen[0].uplink.counter == 100, "with the next");
    boot(SIM_SX1276, SIGFOX_ZONE_RC1);
    CHECK(sigfox_counter() == 100, "which is stored");
    CHECK_RULES();
}

static void macro_channels_take_turns(void) {
    begin(SIGFOX_ZONE_RC2);
    set(SIGFOX_SO_TX_REPEAT, 0);
    int standard, free_channels;
    CHECK(sigfox_info(&standard, &free_channels) == 0 && standard == 1 && free_channels == 6, "at first the default");
    const uint32_t words3[3] = { 0x1ff, 0, 0 };
    const uint32_t none[3] = { 0, 0, 0 };
    CHECK(sigfox_set_config(none) == -NET_EINVAL && sigfox_set_config(words3) == 0, "nine channels");
    for (int i = 0; i < 3; ++i) {
        CHECK(send("x", 60 * S) == 0, "a message");
        settle();
        uint32_t centre = 902200000 + 300000 * (uint32_t)i;
        CHECK(seen[i].frequency > centre - 96000 && seen[i].frequency < centre + 96000, "on the next channel");
    }
    CHECK(sigfox_info(&standard, &free_channels) == 0 && standard == 0 && free_channels == 5, "info() tells");
    CHECK_RULES();
}

static void fsk_goes_from_device_to_device(void) {
    begin(SIGFOX_ZONE_RC1);
    sigfox_settings_t settings = { .mode = SIGFOX_MODE_FSK, .frequency = 868100000 };
    net_close(&s);
    CHECK(sigfox_init(&settings) == 0 && net_open(&s, &sigfox_ops, NET_AF_SIGFOX, NET_SOCK_RAW, 0) == 0, "FSK");
    sim_hal_run(10000);
    lora_settings_t lora;
    lora_settings_default(&lora, LORA_EU868, NULL);
    CHECK(lora_init(&lora) == -NET_EBUSY, "keeps the radio");
    radio_modulation_t peer = fixture_fsk();
    peer.frequency = 868100000;
    peer.fsk = (radio_fsk_t) {
        .bit_rate = 9600, .deviation = 9600, .preamble = 8, .sync = { 0x2d, 0xd4, 0x53, 0x46 }, .sync_len = 4,
        .crc = true, .whitening = true,
    };
    peer_fsk(&peer);
    peer_listen();
    char text[65] = "sixty-four bytes are the most that go, of which these are a few";
    CHECK(net_send(&s, text, 64, NULL) == 64 && finish(10 * S) == 0, "a frame is sent");
    uint8_t got[256];
    sim_hal_run(100000);
    int len = peer_frame(got);
    CHECK(len >= 64 && memcmp(got, text, 64) == 0, "and heard");
    CHECK(net_send(&s, text, 65, NULL) == -NET_EMSGSIZE, "65 bytes are too many");
    peer_send((const uint8_t *)"back", 4);
    sim_hal_run(200000);
    CHECK(net_recv(&s, got, sizeof(got), 0, NULL) == 4 && memcmp(got, "back", 4) == 0, "the answer is heard");
    CHECK_RULES();
}

static void board_without_boost_is_refused(void) {
    net_close(&s);
    sigfox_deinit();
    fixture_wiring_t rfo = fixture_wiring(SIM_SX1276);
    rfo.board.boost_from_hz = UINT32_MAX;
    CHECK(fixture_start(&rfo) == 0, "a board on the other pin");
    hal_lock();
    radio_release(&fixture.owner);
    hal_unlock();
    sigfox_settings_t settings = { .rcz = SIGFOX_ZONE_RC1 };
    CHECK(sigfox_start() == 0 && sigfox_init(&settings) == -NET_EOPNOTSUPP, "cannot send Sigfox");
    CHECK(strstr(words(), "PA_BOOST") != NULL && !sigfox_is_up(), "which is said");
    settings = (sigfox_settings_t) { .mode = SIGFOX_MODE_FSK, .frequency = 868100000 };
    CHECK(sigfox_init(&settings) == 0, "but FSK");
    sigfox_deinit();
}

static void carrier_is_bounded(void) {
    begin(SIGFOX_ZONE_RC1);
    CHECK(sigfox_carrier(868000000, 70) == -NET_EINVAL, "outside the zone there is none");
    CHECK(sigfox_carrier(868130000, 0xe7) == -NET_EINVAL && sigfox_carrier(868130000, 0) == -NET_EINVAL, "nor at a bad level");
    top_level = 0;
    CHECK(sigfox_carrier(868130000, 123) == 0, "one is sent");
    CHECK(sigfox_carrier(868130000, 70) == -NET_EBUSY, "and not another");
    CHECK(net_send(&s, "later", 5, NULL) == 5, "a message waits");
    sim_hal_run(5 * S);
    CHECK(top_level == 123 && sim_air_next(NULL) != NULL && turns_count == 0, "it is steady, at its level");
    CHECK(finish(20 * S) == 0, "then the message goes");
    settle();
    CHECK(seen_count == 3 && seen[0].verdict == SIGFOX_NETWORK_OK, "as ever");
    CHECK(sigfox_duty_used_ms(&sigfox_engine.schedule.duty, hal_now_us()) > 13200, "and both are on the account");
    CHECK(sigfox_carrier(868130000, 70) == 0, "another");
    sim_hal_run(S);
    sigfox_carrier_stop();
    sim_hal_run(100000);
    CHECK(sim_air_next(NULL) == NULL && sigfox_engine.doing == SIGFOX_IDLE, "is stopped");
    for (int i = 0; i < 2; ++i) {
        CHECK(sigfox_carrier(868130000, 70) == 0, "8 s fit into the hour twice more");
        sim_hal_run(9 * S);
    }
    CHECK(sigfox_carrier(868130000, 70) == -NET_ENOBUFS, "not three times");
    CHECK_RULES();
}

static void chip_that_fails_is_told(void) {
    begin(SIGFOX_ZONE_RC1);
    CHECK(net_send(&s, "x", 1, NULL) == 1, "a message");
    sim_hal_run(500000);
    sim_chip_power_cycle(&fixture_chip);
    CHECK(finish(20 * S) == -NET_EIO && strstr(words(), "failed") != NULL, "fails with the chip");
    CHECK(send("again", 20 * S) == 0, "the next one goes");
}

/******************************************************************************/
// Tests of a board

static int finish_test(int test, sigfox_testmode_report_t *report) {
    int ret;
    uint64_t end = hal_now_us() + 900 * S;
    while ((ret = sigfox_testmode_wait(test, report)) == -NET_EAGAIN && hal_now_us() < end) {
    }
    settle();
    return ret;
}

static void test_frames_carry_pn9(void) {
    // The sequence of ITU-T O.153 as receivers' data sheets list it, first bit in bit 0.
    static const uint8_t pn9[16] = {
        0xff, 0xe1, 0x1d, 0x9a, 0xed, 0x85, 0x33, 0x24, 0xea, 0x7a, 0xd2, 0x39, 0x70, 0x97, 0x57, 0x0a,
    };
    begin(SIGFOX_ZONE_RC1);
    sigfox_testmode_report_t report;
    CHECK(finish_test(sigfox_testmode_begin(SIGFOX_TESTMODE_TX_BPSK, 1), &report) == 0 && report.good == 1, "one frame");
    size_t turn = 0;
    bool same = true;
    for (size_t n = 0; n < 128; ++n) {
        size_t at = (size_t)((double)(turns[turn] - turns[0]) / 1e7 + 9.5); // bit 9 is the first 0
        bool turned = turn < turns_count && at == n;
        same = same && turned == !(pn9[n / 8] >> n % 8 & 1);
        turn += turned;
    }
    CHECK(same && turns_count > turn, "its bits are the sequence");
    CHECK(seen_count == 1 && seen[0].frequency > 868129900 && seen[0].frequency < 868130100, "on the centre");
    CHECK(sigfox_duty_used_ms(&sigfox_engine.schedule.duty, hal_now_us()) > 2080, "on the account");
    CHECK(sigfox_counter() == 0 && sigfox_engine.doing == SIGFOX_IDLE, "no counter is taken, and the radio given back");
    begin(SIGFOX_ZONE_RC2);
    uint64_t before = hal_now_us();
    CHECK(finish_test(sigfox_testmode_begin(SIGFOX_TESTMODE_TX_BPSK, 2), &report) == 0 && report.good == 2, "two where zones hop");
    CHECK(hal_now_us() - before > 20 * S && hal_now_us() - before < 22 * S, "take the pause of 20 s between them");
    CHECK_RULES();
}

static void test_frames_of_each_class_use_the_public_key(void) {
    static const uint8_t lens[] = { 0, 1, 4, 8, 12 };
    for (int rcz = SIGFOX_ZONE_RC1; rcz <= SIGFOX_ZONE_RC3; ++rcz) {
        begin(rcz);
        station_key = sigfox_device_public_key;
        sigfox_testmode_report_t report;
        CHECK(finish_test(sigfox_testmode_begin(SIGFOX_TESTMODE_TX_PROTOCOL, 1), &report) == 0 && report.good == 15, "15 frames");
        CHECK(seen_count == 15, "are on the air");
        for (unsigned i = 0; i < seen_count; ++i) {
            const sigfox_network_uplink_t *up = &seen[i].uplink;
            CHECK(seen[i].verdict == SIGFOX_NETWORK_OK && up->id == device.id, "each good under the test key");
            CHECK(up->rank == (int)(1 + i % 3) && up->len == lens[i / 3] && up->counter == i / 3, "of the next rank or class");
            uint32_t centre = station_zone()->uplink_hz;
            CHECK(seen[i].frequency > centre - 96000 && seen[i].frequency < centre + 96000, "in the band");
        }
        CHECK(rcz != SIGFOX_ZONE_RC2 || seen[6].first_ns - seen[5].end_ns > 20000000000u, "six micro channels, then a pause");
        CHECK(sigfox_counter() == 0, "no counter was taken");
        CHECK_RULES();
    }
}

static void test_carriers_step_over_the_band(void) {
    begin(SIGFOX_ZONE_RC4);
    static uint32_t at[12];
    sigfox_testmode_report_t report;
    int test = sigfox_testmode_begin(SIGFOX_TESTMODE_TX_SYNTHESIS, 1);
    unsigned count = 0;
    uint64_t start = 0;
    while (sigfox_testmode_wait(test, &report) == -NET_EAGAIN) {
        const sim_air_frame_t *frame = sim_air_next(NULL);
        if (frame != NULL && count < 12 && (count == 0 || frame->start_ns != start)) {
            start = frame->start_ns;
            at[count++] = frame->frequency;
        }
    }
    CHECK(count == 6 && report.good == 6 && turns_count == 0, "six carriers without a turn");
    for (unsigned i = 0; i < count; ++i) {
        CHECK(at[i] - (920737500 + 25000 * i) + 70 < 140, "25 kHz apart");
    }
    CHECK(net_send(&s, "x", 1, NULL) == 1, "a message");
    sim_hal_run(5 * S);
    CHECK(seen_count == 0, "waits for the zone's pause");
    CHECK(finish(60 * S) == 0, "and goes");
    CHECK_RULES();
}

static void test_reception_counts(void) {
    static const int modes[] = { SIGFOX_TESTMODE_RX_PROTOCOL, SIGFOX_TESTMODE_RX_GFSK, SIGFOX_TESTMODE_RX_SENSITIVITY };
    for (size_t i = 0; i < 3; ++i) {
        begin(SIGFOX_ZONE_RC1);
        sigfox_device_t known = device;
        memcpy(known.key, sigfox_device_public_key, 16);
        uint8_t frame[15];
        sigfox_testmode_report_t report;
        answer_modulation = fixture_fsk();
        answer_modulation.frequency = 869525000;
        answer_modulation.fsk = (radio_fsk_t) {
            .bit_rate = 600, .deviation = 800, .preamble = 11, .sync = { 0xb2, 0x27 }, .sync_len = 2, .fixed_len = 15,
        };
        peer_fsk(&answer_modulation);
        uint64_t before = hal_now_us();
        int test = sigfox_testmode_begin(modes[i], 10);
        for (int n = 0; n < 3; ++n) {
            sim_hal_run(S);
            sigfox_network_downlink(n < 2 ? &known : &device, 0, (const uint8_t *)"12345678", frame);
            peer_send(frame, sizeof(frame));
        }
        CHECK(finish_test(test, &report) == 0, "it ends");
        uint64_t took = hal_now_us() - before;
        CHECK(took > 9900000 && took < 10300000, "after 10 s");
        int bad = modes[i] == SIGFOX_TESTMODE_RX_GFSK ? 0 : 1;
        CHECK(report.good == 3 - bad && report.bad == bad, "a frame under the device's own key is not one of the test's");
        CHECK(report.rssi_min <= report.rssi && report.rssi <= report.rssi_max && report.rssi_max < -20, "with its strength");
        CHECK(sigfox_engine.rx_count == 0, "sockets do not get them");
        CHECK_RULES();
    }
}

static void test_is_refused_or_stopped(void) {
    begin(SIGFOX_ZONE_RC1);
    sigfox_testmode_report_t report;
    CHECK(sigfox_testmode_begin(6, 1) == -NET_EINVAL && strstr(words(), "5 TX synthesis") != NULL, "no mode 6");
    CHECK(sigfox_testmode_begin(0, 0) == -NET_EINVAL && sigfox_testmode_begin(0, 11) == -NET_EINVAL, "1 to 10 rounds");
    CHECK(sigfox_testmode_begin(2, 601) == -NET_EINVAL, "ten minutes at most");
    CHECK(sigfox_testmode_begin(1, 2) == -NET_ENOBUFS && strstr(words(), "smaller") != NULL, "more than an hour's air time");
    CHECK(finish_test(sigfox_testmode_begin(1, 1), &report) == 0, "once it goes");
    CHECK(sigfox_testmode_begin(1, 1) == -NET_ENOBUFS && strstr(words(), "for 3") != NULL, "twice in an hour not");
    uint32_t used = sigfox_duty_used_ms(&sigfox_engine.schedule.duty, hal_now_us());
    int test = sigfox_testmode_begin(SIGFOX_TESTMODE_TX_BPSK, 4);
    CHECK(test > 0 && sigfox_testmode_begin(2, 1) == -NET_EBUSY && sigfox_carrier(868130000, 70) == -NET_EBUSY, "one at a time");
    CHECK(net_send(&s, "x", 1, NULL) == 1, "a message waits");
    sim_hal_run(S);
    sigfox_testmode_stop(test + 1);
    CHECK(sigfox_testmode_wait(test, &report) == -NET_EAGAIN, "another's stop is none");
    sigfox_testmode_stop(test);
    CHECK(sigfox_testmode_wait(test, &report) == -NET_ECANCELED && report.good == 0, "its own ends it");
    CHECK(sigfox_duty_used_ms(&sigfox_engine.schedule.duty, hal_now_us()) >= used + 2080, "a part of a frame counts as one");
    CHECK(finish(20 * S) == 0, "then the message goes");
    test = sigfox_testmode_begin(SIGFOX_TESTMODE_RX_GFSK, 600);
    sim_hal_run(S);
    CHECK(sigfox_reset() == 0 && sigfox_testmode_wait(test, &report) == -NET_ECANCELED, "a reset ends it");
    settle();
    sigfox_deinit();
    CHECK(sigfox_testmode_begin(0, 1) == -NET_ENETDOWN, "none while Sigfox is off");
    sim_hal_store_clear();
    boot(SIM_SX1276, SIGFOX_ZONE_RC6);
    CHECK(sigfox_testmode_begin(1, 1) == -NET_ENETDOWN && strstr(words(), "provision") != NULL, "frames need a number");
    CHECK(finish_test(sigfox_testmode_begin(0, 1), &report) == 0, "noise does not");
    CHECK_RULES();
}

static void test_listens_before_it_talks(void) {
    begin(SIGFOX_ZONE_RC3);
    sigfox_testmode_report_t report;
    sim_air_frame_t noise = {
        .start_ns = sim_time_now(), .end_ns = sim_time_now() + 60000000000u, .frequency = 923200000, .bandwidth = 125000,
        .power_x10 = 200, .modem = SIM_AIR_CARRIER,
    };
    const sim_air_frame_t *on = sim_air_transmit(&fixture_peer.radio, &noise);
    CHECK(finish_test(sigfox_testmode_begin(0, 1), &report) == -NET_EBUSY && seen_count == 0, "a busy channel is left alone");
    sim_air_abort(on);
    CHECK(finish_test(sigfox_testmode_begin(0, 1), &report) == 0 && seen_count == 1, "a quiet one is used");
    CHECK_RULES();
}

static void test_tells_of_a_chip_that_fails(void) {
    begin(SIGFOX_ZONE_RC1);
    sigfox_testmode_report_t report;
    int test = sigfox_testmode_begin(SIGFOX_TESTMODE_TX_BPSK, 2);
    sim_hal_run(500000);
    sim_chip_power_cycle(&fixture_chip);
    CHECK(finish_test(test, &report) == -NET_EIO && strstr(words(), "failed") != NULL, "which ends it");
}

int main(void) {
    message_is_three_frames();
    both_chips_send_in_every_zone();
    crystal_is_warm_for_the_next_frames();
    repeats_bits_and_out_of_band();
    downlink_comes_and_is_confirmed();
    no_downlink_says_so();
    downlink_of_another_key_is_passed_over();
    damaged_answer_is_passed_over();
    calibration_moves_every_frequency();
    identity_does_not_change_under_a_message();
    refusals_have_words();
    busy_channel_is_told();
    lora_and_sigfox_share_the_chip();
    lora_waits_for_a_long_message();
    counter_is_never_used_twice();
    message_can_be_taken_back_before_it_begins();
    queue_holds_two();
    board_of_pycom_goes_on();
    damaged_counter_has_to_be_set();
    macro_channels_take_turns();
    fsk_goes_from_device_to_device();
    board_without_boost_is_refused();
    carrier_is_bounded();
    chip_that_fails_is_told();
    test_frames_carry_pn9();
    test_frames_of_each_class_use_the_public_key();
    test_carriers_step_over_the_band();
    test_reception_counts();
    test_is_refused_or_stopped();
    test_listens_before_it_talks();
    test_tells_of_a_chip_that_fails();
    printf("the engine takes %zu bytes\n", sizeof(sigfox_engine));
    return check_result();
}
