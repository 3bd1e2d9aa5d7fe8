// Raw LoRa sockets on the driver and the software chip, against a second chip that
// is driven register by register.
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "hal/hal.h"
#include "lora/lora_settings.h"
#include "radio_fixture.h"

static net_socket_t s;
static lora_settings_t settings;
static uint8_t buf[300];

static void apply(void) {
    CHECK(lora_settings_check(&settings, NULL) == 0 && lora_init(&settings) == 0, "the settings are taken");
    sim_hal_run(5000);
}

static void begin_kind(sim_chip_kind_t kind) {
    net_close(&s);
    lora_deinit();
    CHECK(fixture_start_kind(kind) == 0, "the chip is found");
    hal_lock();
    radio_release(&fixture.owner);
    hal_unlock();
    CHECK(lora_start() == 0, "LoRa finds it, too");
    lora_settings_default(&settings, LORA_EU868, NULL);
    apply();
    CHECK(net_open(&s, &lora_ops, NET_AF_LORA, NET_SOCK_RAW, 0) == 0, "a socket opens");
    lora_events_take();
}

static void begin(void) {
    begin_kind(SIM_SX1276);
}

// Wait as a blocking send does.
static int finish(uint32_t timeout_ms) {
    uint64_t end = hal_now_us() + timeout_ms * 1000ULL;
    int ret;
    while ((ret = net_send_finish(&s)) == -NET_EAGAIN && hal_now_us() < end) {
        net_wait(&s, NET_SENT, 100);
    }
    return ret;
}

// The peer has the settings of the socket's other end.
static void peer_as(const lora_settings_t *settings_of, bool sends) {
    static radio_modulation_t modulation;
    lora_settings_modulation(settings_of, !sends, &modulation);
    peer_lora(&modulation);
}

// Air time by the datasheet's formula (SX1276, 4.1.1.7), in us, in whole symbols / 4.
static double airtime_us(int sf, int khz, int cr, int preamble, int len) {
    double symbol = (double)(1 << sf) * 1000 / khz;
    int de = symbol > 16000 ? 1 : 0;
    int top = 8 * len - 4 * sf + 28 + 16;
    int bottom = 4 * (sf - 2 * de);
    int blocks = top > 0 ? (top + bottom - 1) / bottom : 0;
    return symbol * (preamble + 4.25 + 8 + blocks * (cr + 4));
}

static void every_setting_sends_and_receives(sim_chip_kind_t kind) {
    static const int khz[] = { 125, 250, 500 };
    begin_kind(kind);
    for (int i = 0; i < 6 * 3 * 4; ++i) {
        settings.sf = 7 + i % 6;
        settings.bandwidth = i / 6 % 3;
        settings.coding_rate = 1 + i / 18;
        apply();
        peer_as(&settings, false);
        peer_listen();
        memset(buf, i, sizeof(buf));
        size_t len = 1 + i * 3;
        CHECK(net_send(&s, buf, len, NULL) == (int)len && finish(60000) == 0, "a frame is sent");
        sim_hal_run(1000);
        uint8_t got[256];
        CHECK(peer_frame(got) == (int)len && memcmp(got, buf, len) == 0, "and heard as it was sent");
        double formula = airtime_us(settings.sf, khz[settings.bandwidth], settings.coding_rate, 8, len);
        double told = lora_airtime_us(len);
        CHECK(told >= formula - 1 && told <= formula + 1, "airtime() is the datasheet's");
        peer_as(&settings, true);
        peer_send(buf, len);
        memset(got, 0, sizeof(got));
        CHECK(net_recv_wait(&s, got, sizeof(got), NULL, 60000) == (int)len && memcmp(got, buf, len) == 0,
            "a frame of the other chip is received");
        lora_stats_t stats;
        lora_stats(&stats);
        CHECK(stats.rssi < -20 && stats.rssi > -110 && stats.snr_x4 > -80 && stats.sfrx == settings.sf,
            "RSSI, SNR and SF are those of such a frame");
        sim_hal_run(100000);
    }
    CHECK_RULES();
}

static void what_does_not_match_is_not_heard(void) {
    begin();
    lora_settings_t other = settings;
    other.public = false;
    peer_as(&other, true);
    peer_send((const uint8_t *)"private", 7);
    CHECK(net_recv_wait(&s, buf, sizeof(buf), NULL, 500) == -NET_EAGAIN, "a private sync word is not heard on a public one");
    other = settings;
    other.rx_iq = true; // what the peer sends is what others receive
    peer_as(&other, true);
    peer_send((const uint8_t *)"inverted", 8);
    CHECK(net_recv_wait(&s, buf, sizeof(buf), NULL, 500) == -NET_EAGAIN, "inverted IQ is not heard on normal");
    settings.rx_iq = true;
    apply();
    peer_send((const uint8_t *)"inverted", 8);
    CHECK(net_recv_wait(&s, buf, sizeof(buf), NULL, 500) == 8, "with rx_iq it is");
    settings.tx_iq = true;
    apply();
    peer_as(&settings, false);
    peer_listen();
    net_send(&s, "gateway", 7, NULL);
    CHECK(finish(1000) == 0, "sent with tx_iq");
    sim_hal_run(1000);
    CHECK(peer_frame(buf) == 7, "and heard by one with inverted IQ");
    CHECK_RULES();
}

static void a_thousand_frames_and_none_lost(void) {
    begin();
    peer_as(&settings, true);
    int received = 0;
    for (int i = 0; i < 1000; ++i) {
        uint8_t frame[2] = { i >> 8, i };
        peer_send(frame, sizeof(frame));
        sim_hal_run(50000);
        if (i % 7 == 6 || i == 999) {
            while (net_recv(&s, buf, sizeof(buf), 0, NULL) == 2 && buf[0] << 8 == (received & 0xff00) && buf[1] == (received & 0xff)) {
                ++received;
            }
        }
    }
    CHECK(received == 1000, "a thousand frames come in order, though they are read by sevens");
    lora_counters_t counters;
    lora_counters(&counters);
    CHECK(counters.rx_dropped == 0 && counters.lost_edges == 0, "none is lost");
}

static uint64_t on_air_ns, first_ns, last_ns;

static void watch(const sim_air_radio_t *radio, const sim_air_frame_t *frame, sim_air_fate_t fate) {
    if (radio == NULL && fate == SIM_AIR_ON_AIR) {
        on_air_ns += frame->end_ns - frame->start_ns;
        first_ns = first_ns == 0 ? frame->start_ns : first_ns;
        last_ns = frame->end_ns > last_ns ? frame->end_ns : last_ns;
    }
}

// Air time divided by the time from the first frame's start to the last one's end.
static double channel_use(size_t len, int frames, bool blocking) {
    on_air_ns = first_ns = last_ns = 0;
    sim_air_watch(watch);
    for (int sent = 0; sent < frames;) {
        if (net_send(&s, buf, len, NULL) > 0) {
            sent += 1;
        } else {
            net_wait(&s, NET_POLLOUT, 1000);
        }
        if (blocking) {
            finish(60000);
            sim_hal_run(100); // what Python takes between two calls
        }
    }
    finish(60000);
    sim_hal_run(1000);
    sim_air_watch(NULL);
    return 100.0 * on_air_ns / (last_ns - first_ns);
}

static void the_channel_is_used(void) {
    static const struct {
        int sf, bandwidth, len, frames;
        bool blocking;
        double goal;
    } rows[] = {
        { 7, 2, 255, 50, false, 99.5 }, { 7, 2, 16, 50, false, 99 }, { 12, 0, 255, 10, false, 99.9 },
        { 12, 0, 16, 20, false, 99.9 }, { 7, 2, 255, 50, true, 99.4 }, { 7, 2, 16, 50, true, 98 },
        { 12, 0, 16, 20, true, 99.9 },
    };
    begin();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        settings.sf = rows[i].sf;
        settings.bandwidth = rows[i].bandwidth;
        apply();
        double use = channel_use(rows[i].len, rows[i].frames, rows[i].blocking);
        printf("SF%d %d kHz, %3d bytes, %s: %.2f %% of the time on the air\n", rows[i].sf, 125 << rows[i].bandwidth,
                rows[i].len, rows[i].blocking ? "one by one" : "queued", use);
        CHECK(use >= rows[i].goal, "frames follow one another without idle air");
    }
    CHECK_RULES();
}

static void power_loss_while_sending(void) {
    begin();
    settings.sf = 10;
    apply();
    net_send(&s, buf, 100, NULL);
    sim_hal_run(300000);
    sim_chip_power_cycle(&fixture_chip);
    uint64_t start = hal_now_us();
    CHECK(finish(60000) == -NET_EIO, "the sender is told");
    CHECK(hal_now_us() - start < 3000000, "soon after the frame should have ended");
    lora_why_t why;
    lora_last_error(&why);
    CHECK(strstr(why.text, "while it sent a frame of 100 bytes") != NULL, "in words");
    sim_hal_run(500000);
    peer_as(&settings, true);
    peer_send((const uint8_t *)"hello", 5);
    CHECK(net_recv_wait(&s, buf, sizeof(buf), NULL, 5000) == 5, "it receives again");
    net_send(&s, buf, 10, NULL);
    CHECK(finish(5000) == 0, "and sends");
}

static void a_stuck_chip(void) {
    begin();
    fixture_chip.faults.stuck = true;
    net_send(&s, buf, 100, NULL);
    uint64_t start = hal_now_us();
    CHECK(finish(60000) == -NET_EIO && hal_now_us() - start < 5000000, "the sender is told within seconds");
    fixture_chip.faults.stuck = false;
    sim_hal_run(1000000);
    peer_as(&settings, true);
    peer_send((const uint8_t *)"hello", 5);
    CHECK(net_recv_wait(&s, buf, sizeof(buf), NULL, 5000) == 5, "it receives when the chip is back");
}

static void a_reset_mends_the_chip(void) {
    begin();
    const uint8_t sync_word[] = { 0x39 | 0x80, 0x55 };
    sim_chip_spi(&fixture_chip, sync_word, NULL, 2);
    peer_as(&settings, true);
    peer_send((const uint8_t *)"hello", 5);
    CHECK(net_recv_wait(&s, buf, sizeof(buf), NULL, 1000) == -NET_EAGAIN, "a chip with a wrong register is deaf");
    lora_counters_t before, after;
    lora_counters(&before);
    CHECK(lora_reset() == 0, "reset");
    CHECK(net_send(&s, "x", 1, NULL) == 1 && finish(5000) == 0, "a frame that is sent at once leaves");
    sim_hal_run(100000);
    peer_send((const uint8_t *)"hello", 5);
    CHECK(net_recv_wait(&s, buf, sizeof(buf), NULL, 1000) == 5, "and it hears again");
    lora_counters(&after);
    CHECK(after.faults == before.faults, "a reset that was asked for is no fault");
}

static void a_real_carrier_is_waited_for(void) {
    begin();
    settings.sf = 9;
    apply();
    peer_as(&settings, true);
    fixture_peer.radio.x_m = 10; // loud
    peer_send(buf, 200);
    sim_hal_run(20000);
    uint64_t start = hal_now_us();
    net_send(&s, "x", 1, NULL);
    CHECK(finish(60000) == 0, "the frame leaves");
    lora_counters_t counters;
    lora_counters(&counters);
    CHECK(counters.lbt_busy > 0, "after the channel was found busy");
    CHECK(hal_now_us() - start > 800000, "when the other frame had ended");
}

int main(void) {
    every_setting_sends_and_receives(SIM_SX1276);
    every_setting_sends_and_receives(SIM_SX1272);
    what_does_not_match_is_not_heard();
    a_thousand_frames_and_none_lost();
    the_channel_is_used();
    power_loss_while_sending();
    a_stuck_chip();
    a_reset_mends_the_chip();
    a_real_carrier_is_waited_for();
    return check_result();
}
