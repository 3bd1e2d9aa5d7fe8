// LoRa between two software chips: what is sent is what is received, in the time of
// the datasheet's formula, and what disturbs it.
// SPDX-License-Identifier: MIT
#include <math.h>

#include "check.h"
#include "sim_bench.h"

static const lora_set_t sf7 = { 7, 7, 1, false, true, false, 8 };

static sim_air_fate_t fates[256];
static unsigned fates_seen;

static void watch(const sim_air_radio_t *radio, const sim_air_frame_t *frame, sim_air_fate_t fate) {
    (void)radio;
    (void)frame;
    fates[fates_seen++ & 255] = fate;
}

static unsigned seen(sim_air_fate_t fate) {
    unsigned n = 0;
    for (unsigned i = 0; i < fates_seen && i < 256; ++i) {
        n += fates[i] == fate;
    }
    return n;
}

static void pair_up(const lora_set_t *set) {
    power_up(SIM_SX1276, SIM_SX1276);
    fates_seen = 0;
    sim_air_watch(watch);
    lora_up(&chip_a, set);
    lora_up(&chip_b, set);
}

// The formula of SX1276 datasheet, section 4.1.1.7, in floating point, milliseconds.
static double airtime_ms(const lora_set_t *set, unsigned len) {
    double blocks = ceil((8.0 * len - 4.0 * set->sf + 28 + 16 * set->crc - 20 * set->implicit) / (4.0 * (set->sf - 2 * set->low_rate)));
    double payload = 8 + fmax(blocks * (set->cr + 4), 0);
    return (set->preamble + 4.25 + payload) * symbol_ms(set);
}

static sim_air_frame_t on_air;
static void watch_frame(const sim_air_radio_t *radio, const sim_air_frame_t *frame, sim_air_fate_t fate) {
    if (radio == NULL && fate == SIM_AIR_ON_AIR) {
        on_air = *frame;
    }
}

static void send_one(const lora_set_t *set, unsigned len) {
    uint8_t sent[255], got[256] = { 0 };
    fill(sent, len, (uint8_t)(set->sf * 16 + set->cr));
    put(&chip_a, 0x12, 0xff);
    put(&chip_b, 0x12, 0xff);
    if (set->implicit) {
        put(&chip_b, 0x22, (uint8_t)len);
    }
    put(&chip_b, 0x01, 0x85);
    pass(2 * MS);
    lora_send(&chip_a, sent, len);
    uint8_t flags = lora_await(&chip_b, 0x40, 1000000);
    CHECK(flags == (set->implicit ? 0x40 : 0x50), "the receiver says RxDone, with ValidHeader if there is a header");
    CHECK(lora_await(&chip_a, 0x08, 10) == 0x08, "the sender says TxDone");
    CHECK((get(&chip_a, 0x01) & 7) == 1, "and is in Standby");
    CHECK((set->implicit ? len : get(&chip_b, 0x13)) == len, "the length is right");
    put(&chip_b, 0x0d, get(&chip_b, 0x10));
    get_burst(&chip_b, 0x00, got, len);
    CHECK(memcmp(got, sent, len) == 0, "the payload is the one that was sent");
    double ms = (double)(on_air.end_ns - on_air.start_ns) / 1e6;
    CHECK(fabs(ms - airtime_ms(set, len)) < 0.001, "the air time is the formula's");
    put(&chip_b, 0x01, 0x81);
}

static void try_combination(sim_chip_kind_t a, sim_chip_kind_t b, lora_set_t set) {
    set.low_rate = symbol_ms(&set) > 16;
    power_up(a, b);
    sim_air_watch(watch_frame);
    lora_up(&chip_a, &set);
    lora_up(&chip_b, &set);
    if (b == SIM_SX1276 && set.bw <= 5) {
        // Erratum 2.3: the receiver is tuned up by one bandwidth.
        static const uint32_t up[] = { 7812, 10416, 15625, 20833, 31250, 41666 };
        tune(&chip_b, 868100000 + up[set.bw]);
    }
    send_one(&set, 1);
    send_one(&set, 24);
    send_one(&set, 255);
    CHECK(sim_chip_broken(&chip_a) == 0 && sim_chip_broken(&chip_b) == 0, "no rule was broken");
}

static void every_combination_is_received_in_the_formulas_time(void) {
    for (uint8_t sf = 6; sf <= 12; ++sf) {
        for (uint8_t bw = 0; bw <= 9; ++bw) {
            for (uint8_t cr = 1; cr <= 4; ++cr) {
                lora_set_t set = { sf, bw, cr, sf == 6 || cr == 2, cr != 3, false, (uint16_t)(6 + cr) };
                try_combination(SIM_SX1276, SIM_SX1276, set);
                if (bw >= 7) {
                    try_combination(SIM_SX1272, SIM_SX1272, set);
                    try_combination(SIM_SX1272, SIM_SX1276, set);
                    try_combination(SIM_SX1276, SIM_SX1272, set);
                }
            }
        }
    }
}

static void rssi_and_snr_follow_the_datasheets_formulas(void) {
    pair_up(&sf7);
    sim_air_set_loss(1, 2, 40);
    put(&chip_b, 0x01, 0x85);
    pass(MS);
    lora_send(&chip_a, "level", 5);
    lora_await(&chip_b, 0x40, 1000);
    // 14 dBm - (31.2 + 27 * 2) - 40 = -111.2 dBm; noise -174 + 51 + 6 = -117 dBm
    int rssi = -157 + get(&chip_b, 0x1a) * 16 / 15;
    int snr = (int8_t)get(&chip_b, 0x19);
    CHECK(rssi >= -113 && rssi <= -110, "RSSI of a frame above the noise");
    CHECK(snr >= 5 * 4 && snr <= 7 * 4, "SNR is signal over noise");
    sim_air_set_loss(1, 2, 50);
    put(&chip_b, 0x12, 0xff);
    lora_send(&chip_a, "level", 5);
    CHECK(lora_await(&chip_b, 0x40, 1000) & 0x40, "4 dB below the noise is still received");
    snr = (int8_t)get(&chip_b, 0x19);
    rssi = -157 + get(&chip_b, 0x1a) * 16 / 15 + snr / 4;
    CHECK(snr >= -18 && snr <= -15, "SNR is negative");
    CHECK(rssi >= -123 && rssi <= -120, "RSSI with the SNR added is the signal");
    int noise = -157 + get(&chip_b, 0x1b);
    CHECK(noise >= -120 && noise <= -114, "without a signal the current RSSI is the noise");
}

static void frames_are_lost_below_the_limit_of_their_sf(void) {
    for (uint8_t sf = 7; sf <= 12; ++sf) {
        lora_set_t set = { sf, 7, 1, false, true, sf > 10, 8 };
        int limit = -75 - 25 * (sf - 7); // tenths of a dB
        for (int margin = -30; margin <= 20; margin += 10) {
            pair_up(&set);
            // Without extra loss the SNR is 14 - 85.2 + 117 = 45.8 dB.
            sim_air_set_loss(1, 2, (458 - limit - margin) / 10);
            put(&chip_b, 0x01, 0x85);
            pass(MS);
            lora_send(&chip_a, "limit", 5);
            uint8_t flags = lora_await(&chip_b, 0x40, 4000);
            bool good = (flags & 0x60) == 0x40;
            CHECK(good == (margin >= 0), "a frame is good at the limit and above it");
        }
    }
}

static void settings_that_differ_are_not_heard(void) {
    static const struct {
        uint8_t address, value;
        const char *what;
    } changes[] = {
        { 0x39, 0x34, "another sync word is not heard" },
        { 0x33, 0x67, "an inverted receiver does not hear a normal frame" },
        { 0x1e, 0x84, "another spreading factor is not heard" },
        { 0x1d, 0x82, "another bandwidth is not heard" },
        { 0x1d, 0x73, "a receiver of implicit headers takes no explicit frame" },
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); ++i) {
        pair_up(&sf7);
        put(&chip_b, changes[i].address, changes[i].value);
        put(&chip_b, 0x01, 0x85);
        pass(MS);
        lora_send(&chip_a, "differs", 7);
        lora_await(&chip_a, 0x08, 1000);
        pass(100 * MS);
        CHECK((sim_chip_peek(&chip_b, 0x12) & 0x60) != 0x40, changes[i].what);
    }
    pair_up(&sf7);
    put(&chip_b, 0x33, 0x67);
    put(&chip_a, 0x33, 0x26);
    put(&chip_b, 0x01, 0x85);
    pass(MS);
    lora_send(&chip_a, "both", 4);
    CHECK(lora_await(&chip_b, 0x40, 1000) == 0x50, "inverted at both ends is heard");
}

static void a_quarter_of_the_bandwidth_is_tolerated(void) {
    for (int off = 0; off <= 40000; off += 5000) {
        pair_up(&sf7);
        tune(&chip_a, 868100000u + (uint32_t)off);
        put(&chip_b, 0x01, 0x85);
        pass(MS);
        lora_send(&chip_a, "offset", 6);
        bool heard = lora_await(&chip_b, 0x40, 200) & 0x40;
        CHECK(heard == (off <= 31000), "an offset up to 25 % of the bandwidth is received, more is not");
        if (heard) {
            uint8_t raw[3];
            get_burst(&chip_b, 0x28, raw, 3);
            int32_t fei = (int32_t)((uint32_t)raw[0] << 28 | (uint32_t)raw[1] << 20 | (uint32_t)raw[2] << 12) >> 12;
            double hz = fei * 16777216.0 / 32e6 * 125 / 500;
            CHECK(fabs(hz + off) < 100, "RegFei says how much the receiver is too high");
        }
    }
    pair_up(&sf7);
    chip_a.faults.crystal_ppb = 30000;
    put(&chip_b, 0x01, 0x85);
    pass(MS);
    lora_send(&chip_a, "crystal", 7);
    CHECK(lora_await(&chip_b, 0x40, 200) == 0x50, "30 ppm of the crystal are 26 kHz: received");
    chip_a.faults.crystal_ppb = 40000;
    put(&chip_b, 0x12, 0xff);
    lora_send(&chip_a, "crystal", 7);
    CHECK(!(lora_await(&chip_b, 0x40, 200) & 0x40), "40 ppm are 35 kHz: not");
}

static void a_receiver_that_comes_late_misses_the_frame(void) {
    for (unsigned symbols = 0; symbols <= 6; ++symbols) {
        pair_up(&sf7);
        lora_send(&chip_a, "late", 4);
        // 60 us PLL + 55 us ramp until the first symbol; the receiver needs 131 us.
        pass(symbols * 1024000);
        put(&chip_b, 0x01, 0x85);
        bool heard = lora_await(&chip_b, 0x40, 200) & 0x40;
        CHECK(heard == (symbols <= 2), "five symbols of the preamble are needed to lock");
    }
}

static void a_bad_crc_is_flagged_with_rx_done(void) {
    pair_up(&sf7);
    put(&chip_b, 0x01, 0x85);
    pass(MS);
    lora_load(&chip_a, "spoilt", 6);
    put(&chip_a, 0x01, 0x83);
    pass(5 * MS);
    sim_air_spoil(sim_air_next(NULL));
    CHECK(lora_await(&chip_b, 0x40, 200) == 0x70, "RxDone and PayloadCrcError come together");
    CHECK(get(&chip_b, 0x15) == 1 && get(&chip_b, 0x17) == 0, "the header counts, the packet does not");
    CHECK(get(&chip_b, 0x1c) & 0x40, "CrcOnPayload is set");
    lora_set_t bare = sf7;
    bare.crc = false;
    pair_up(&bare);
    put(&chip_b, 0x1e, 0x74); // expects a CRC: the header says there is none
    put(&chip_b, 0x01, 0x85);
    pass(MS);
    lora_send(&chip_a, "bare", 4);
    CHECK(lora_await(&chip_b, 0x40, 200) == 0x50, "a frame without CRC is flagged by nothing");
    CHECK(!(get(&chip_b, 0x1c) & 0x40), "but CrcOnPayload is clear");
}

static void a_longer_frame_than_max_payload_length_is_dropped(void) {
    pair_up(&sf7);
    put(&chip_b, 0x23, 10);
    put(&chip_b, 0x01, 0x85);
    pass(MS);
    lora_send(&chip_a, "eleven byte", 11);
    lora_await(&chip_a, 0x08, 200);
    pass(MS);
    CHECK(sim_chip_peek(&chip_b, 0x12) == 0, "no header, no frame");
    lora_send(&chip_a, "ten bytes!", 10);
    CHECK(lora_await(&chip_b, 0x40, 200) == 0x50, "the greatest length is received");
}

// Two senders, one receiver at the origin between them.
static sim_chip_t chip_c;

static void three_up(int loss_a, int loss_b, const lora_set_t *set_b) {
    pair_up(&sf7);
    memset(&chip_c, 0, sizeof(chip_c));
    sim_chip_init(&chip_c, SIM_SX1276);
    lora_up(&chip_c, &sf7);
    lora_modem(&chip_b, set_b);
    sim_air_set_loss(1, 3, loss_a + 54); // A is at the receiver's place, B 100 m away
    sim_air_set_loss(2, 3, loss_b);
    put(&chip_c, 0x01, 0x85);
    pass(MS);
}

static void a_stronger_frame_captures_a_weaker_one(void) {
    three_up(30, 37, &sf7);
    lora_send(&chip_a, "strong", 6);
    pass(20 * MS);
    lora_send(&chip_b, "weak", 4);
    CHECK(lora_await(&chip_c, 0x40, 200) == 0x50, "7 dB more survive a later frame");
    CHECK(seen(SIM_AIR_RECEIVED) == 1, "the air is told");
    three_up(30, 33, &sf7);
    lora_send(&chip_a, "strong", 6);
    pass(22 * MS);
    lora_send(&chip_b, "weak", 4);
    CHECK(lora_await(&chip_c, 0x40, 200) == 0x70, "3 dB do not: the payload is broken");
    CHECK(seen(SIM_AIR_COLLISION) == 1, "it is a collision");
    three_up(37, 30, &sf7);
    lora_send(&chip_a, "weak", 4);
    pass(2 * MS);
    uint8_t got[256] = { 0 };
    lora_send(&chip_b, "strong", 6);
    CHECK(lora_await(&chip_c, 0x40, 200) == 0x50, "during the preamble the receiver turns to a stronger frame");
    CHECK(lora_fetch(&chip_c, got) == 6 && memcmp(got, "strong", 6) == 0, "which is then received");
    three_up(30, 30, &sf7);
    lora_send(&chip_a, "equal", 5);
    pass(14 * MS);
    lora_send(&chip_b, "equal", 5);
    lora_await(&chip_b, 0x08, 200);
    pass(MS);
    CHECK(!(sim_chip_peek(&chip_c, 0x12) & 0x10), "equal ones in preamble and header: no header");
}

static void other_spreading_factors_disturb_less(void) {
    lora_set_t sf8 = sf7;
    sf8.sf = 8;
    three_up(30, 25, &sf8);
    lora_send(&chip_b, "eight", 5);
    pass(2 * MS);
    lora_send(&chip_a, "seven", 5);
    CHECK(lora_await(&chip_c, 0x40, 200) == 0x50, "another SF that is 5 dB stronger does no harm");
    three_up(30, 18, &sf8);
    lora_send(&chip_b, "eight, and long enough to cover all of the other", 48);
    pass(2 * MS);
    lora_send(&chip_a, "seven", 5);
    CHECK((lora_await(&chip_c, 0x40, 200) & 0x60) != 0x40, "one that is 12 dB stronger does");
}

static void a_frame_on_another_channel_does_not_disturb(void) {
    three_up(30, 0, &sf7);
    tune(&chip_b, 868300000);
    lora_send(&chip_b, "next channel", 12);
    pass(2 * MS);
    lora_send(&chip_a, "ours", 4);
    CHECK(lora_await(&chip_c, 0x40, 200) == 0x50, "200 kHz away, 30 dB stronger: received");
}

static void an_aborted_frame_breaks_the_payload(void) {
    pair_up(&sf7);
    put(&chip_b, 0x01, 0x85);
    pass(MS);
    uint8_t data[100];
    fill(data, sizeof(data), 1);
    lora_send(&chip_a, data, sizeof(data));
    pass(60 * MS);
    put(&chip_a, 0x01, 0x81);
    CHECK(lora_await(&chip_b, 0x40, 1000) == 0x70, "the receiver goes on to the end of what the header said");
    CHECK(!(get(&chip_a, 0x12) & 0x08), "the sender has no TxDone");
    put(&chip_b, 0x12, 0xff);
    lora_send(&chip_a, data, sizeof(data));
    pass(5 * MS);
    sim_chip_power_cycle(&chip_a);
    pass(1000 * MS);
    CHECK(sim_chip_peek(&chip_b, 0x12) == 0, "cut in the preamble, nothing is received");
    CHECK(seen(SIM_AIR_ABORTED) >= 2, "the air is told");
}

static void a_notice_from_outside_may_come_late(void) {
    pair_up(&sf7);
    put(&chip_b, 0x01, 0x85);
    pass(100 * MS);
    sim_air_frame_t frame = {
        .start_ns = sim_time_now() - 30 * MS, .frequency = 868100000, .bandwidth = 125000, .power_x10 = 140, .modem = SIM_AIR_LORA,
        .sf = 7, .cr = 1, .sync = { 0x12 }, .sync_len = 1, .crc = true, .source = 77, .number = 5, .len = 4, .data = "late",
    };
    frame.preamble_ns = 12544000;
    frame.header_ns = frame.preamble_ns + 8 * 1024000;
    frame.end_ns = frame.start_ns + 30976000;
    sim_air_from_outside(&frame, 0, 0);
    CHECK(lora_await(&chip_b, 0x40, 10) == 0x50, "a frame that began 30 ms ago is caught up with");
    CHECK(get(&chip_b, 0x13) == 4, "it is complete");
    pass(200 * MS);
    frame.number = 6;
    frame.start_ns = sim_time_now() - 60 * MS;
    frame.end_ns = frame.start_ns + 30976000;
    put(&chip_b, 0x12, 0xff);
    sim_air_set_lateness(50 * MS);
    sim_air_from_outside(&frame, 0, 0);
    CHECK(lora_await(&chip_b, 0x40, 10) == 0x50, "one that has ended already, too");
}

static void two_late_frames_come_one_after_the_other(void) {
    pair_up(&sf7);
    sim_air_set_lateness(100 * MS);
    put(&chip_b, 0x01, 0x85);
    pass(200 * MS);
    sim_air_frame_t frame = {
        .start_ns = sim_time_now() - 90 * MS, .frequency = 868100000, .bandwidth = 125000, .power_x10 = 140, .modem = SIM_AIR_LORA,
        .sf = 7, .cr = 1, .sync = { 0x12 }, .sync_len = 1, .crc = true, .source = 77, .len = 4, .data = "1st.",
    };
    frame.preamble_ns = 12544000;
    frame.header_ns = frame.preamble_ns + 8 * 1024000;
    for (unsigned i = 0; i < 2; ++i) {
        frame.number = i + 1;
        frame.end_ns = frame.start_ns + 30976000;
        sim_air_from_outside(&frame, 0, 0);
        frame.start_ns = frame.end_ns + MS;
        memcpy(frame.data, "2nd.", 4);
    }
    uint8_t got[256];
    CHECK(lora_await(&chip_b, 0x40, 10) == 0x50 && lora_fetch(&chip_b, got) == 4, "the first is told");
    CHECK(memcmp(got, "1st.", 4) == 0, "and can be read before the second");
    put(&chip_b, 0x12, 0xff);
    CHECK(lora_await(&chip_b, 0x40, 10) == 0x50 && lora_fetch(&chip_b, got) == 4, "then the second");
    CHECK(memcmp(got, "2nd.", 4) == 0, "is");
}

static void a_thousand_frames_are_all_received(void) {
    pair_up(&sf7);
    put(&chip_b, 0x01, 0x85);
    pass(MS);
    unsigned good = 0;
    for (unsigned i = 0; i < 1000; ++i) {
        uint8_t data[32], got[256];
        fill(data, sizeof(data), (uint8_t)i);
        lora_send(&chip_a, data, 1 + i % 32);
        lora_await(&chip_b, 0x40, 1000);
        good += lora_fetch(&chip_b, got) == 1 + i % 32 && memcmp(data, got, 1 + i % 32) == 0;
        put(&chip_b, 0x12, 0xff);
        lora_await(&chip_a, 0x08, 10);
        put(&chip_a, 0x12, 0xff);
    }
    CHECK(good == 1000, "none is lost when none collide");
    CHECK(get(&chip_b, 0x16) * 256 + get(&chip_b, 0x17) == 1000, "ValidPacketCnt counts them");
    CHECK(sim_air_dropped() == 0, "the air had room");
}

static void frames_follow_a_hopping_sender(void) {
    for (int same = 0; same < 2; ++same) {
        pair_up(&sf7);
        put(&chip_a, 0x24, 10);
        put(&chip_b, 0x24, 10);
        put(&chip_b, 0x01, 0x85);
        pass(MS);
        uint8_t data[60];
        fill(data, sizeof(data), 3);
        lora_send(&chip_a, data, sizeof(data));
        unsigned hops = 0;
        while (!(sim_chip_peek(&chip_b, 0x12) & 0x40) && sim_time_now() < 1000 * MS) {
            pass(MS / 10);
            if (sim_chip_peek(&chip_a, 0x12) & 0x02) {
                ++hops;
                tune(&chip_a, 868100000 + hops % 4 * 200000);
                put(&chip_a, 0x12, 0x02);
            }
            if (sim_chip_peek(&chip_b, 0x12) & 0x02) {
                tune(&chip_b, 868100000 + (get(&chip_b, 0x1c) & 0x3f) % 4 * (same ? 200000u : 400000u));
                put(&chip_b, 0x12, 0x02);
            }
        }
        CHECK(hops >= 8, "FhssChangeChannel comes at each hop");
        CHECK((sim_chip_peek(&chip_b, 0x12) & 0x60) == (same ? 0x40 : 0x60), "a receiver with the same hops gets the frame, another does not");
    }
}

int main(void) {
    every_combination_is_received_in_the_formulas_time();
    rssi_and_snr_follow_the_datasheets_formulas();
    frames_are_lost_below_the_limit_of_their_sf();
    settings_that_differ_are_not_heard();
    a_quarter_of_the_bandwidth_is_tolerated();
    a_receiver_that_comes_late_misses_the_frame();
    a_bad_crc_is_flagged_with_rx_done();
    a_longer_frame_than_max_payload_length_is_dropped();
    a_stronger_frame_captures_a_weaker_one();
    other_spreading_factors_disturb_less();
    a_frame_on_another_channel_does_not_disturb();
    an_aborted_frame_breaks_the_payload();
    a_notice_from_outside_may_come_late();
    two_late_frames_come_one_after_the_other();
    a_thousand_frames_are_all_received();
    frames_follow_a_hopping_sender();
    return check_result();
}
