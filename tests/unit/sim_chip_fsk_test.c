// The FSK packet handler of the software SX1272/SX1276, as its datasheet describes it.
// SPDX-License-Identifier: MIT
#include <math.h>

#include "check.h"
#include "sim_bench.h"
#include "sim_chip_internal.h"

typedef struct {
    uint16_t bit_rate, deviation; // registers
    uint8_t rx_bw, afc_bw, preamble, config1, payload_length, sync_len;
    uint8_t sync[8];
} fsk_set_t;

// LoRaWAN's FSK data rate: 50 kbit/s, 25 kHz, variable length, CRC, whitening.
static const fsk_set_t dr7 = { 0x0280, 0x019a, 0x0b, 0x12, 5, 0xd0, 0xff, 3, { 0xc1, 0x94, 0xc1 } };
// Sigfox's downlink: 600 bit/s, 800 Hz, 15 bytes, nothing else.
static const fsk_set_t sigfox = { 0xd055, 0x000d, 0x17, 0x17, 11, 0x08, 15, 2, { 0xb2, 0x27 } };

static void fsk_settings(sim_chip_t *chip, const fsk_set_t *set) {
    put(chip, 0x02, (uint8_t)(set->bit_rate >> 8));
    put(chip, 0x03, (uint8_t)set->bit_rate);
    put(chip, 0x04, (uint8_t)(set->deviation >> 8));
    put(chip, 0x05, (uint8_t)set->deviation);
    put(chip, 0x12, set->rx_bw);
    put(chip, 0x13, set->afc_bw);
    put(chip, 0x0d, 0x1e);
    put(chip, 0x1f, 0xaa);
    put(chip, 0x26, set->preamble);
    put(chip, 0x27, (uint8_t)(0x90 | (set->sync_len - 1)));
    put_burst(chip, 0x28, set->sync, set->sync_len);
    put(chip, 0x30, set->config1);
    put(chip, 0x31, 0x40);
    put(chip, 0x32, set->payload_length);
    put(chip, 0x35, 0x8f); // start when not empty; threshold 15
}

static void fsk_up(sim_chip_t *chip, const fsk_set_t *set) {
    put(chip, 0x01, 0x00);
    put(chip, 0x01, 0x01);
    pass(MS);
    tune(chip, 868800000);
    put(chip, 0x09, 0x8c);
    fsk_settings(chip, set);
}

static void pair_up(const fsk_set_t *a, const fsk_set_t *b) {
    power_up(SIM_SX1276, SIM_SX1276);
    fsk_up(&chip_a, a);
    fsk_up(&chip_b, b);
}

static uint8_t await2(sim_chip_t *chip, uint8_t flags, uint64_t ms) {
    uint64_t end = sim_time_now() + ms * MS;
    while (!(sim_chip_peek(chip, 0x3f) & flags) && sim_time_now() < end) {
        uint64_t next = sim_time_next();
        sim_time_advance(next < end ? next : end);
    }
    return sim_chip_peek(chip, 0x3f);
}

static sim_air_frame_t on_air;
static sim_air_fate_t last_fate;
static void watch(const sim_air_radio_t *radio, const sim_air_frame_t *frame, sim_air_fate_t fate) {
    if (radio == NULL && fate == SIM_AIR_ON_AIR) {
        on_air = *frame;
    } else if (radio != NULL) {
        last_fate = fate;
    }
}

static void a_short_packet_is_received(void) {
    pair_up(&dr7, &dr7);
    sim_air_watch(watch);
    put(&chip_b, 0x01, 0x05);
    pass(MS);
    CHECK((get(&chip_b, 0x3e) & 0xd0) == 0xd0, "the receiver says ModeReady, RxReady, PllLock");
    put_burst(&chip_a, 0x00, "\x05hello", 6);
    CHECK(get(&chip_a, 0x3f) == 0x00, "the FIFO is not empty");
    put(&chip_a, 0x01, 0x03);
    CHECK((await2(&chip_b, 0x04, 100) & 0x06) == 0x06, "PayloadReady and CrcOk come");
    CHECK(await2(&chip_a, 0x08, 10) & 0x08, "the sender says PacketSent");
    CHECK((get(&chip_a, 0x01) & 7) == 3, "and stays in TX");
    double ms = (double)(on_air.end_ns - on_air.start_ns) / 1e6;
    CHECK(fabs(ms - (5 + 3 + 1 + 5 + 2) * 8 / 50.0) < 0.001, "air time: preamble, sync, length, payload, CRC");
    CHECK(sim_chip_dio(&chip_b, 0), "DIO0 is PayloadReady");
    CHECK((get(&chip_b, 0x3e) & 0x03) == 0x03, "PreambleDetect and SyncAddressMatch are set");
    // 14 dBm - 85.2 dB
    CHECK(get(&chip_b, 0x11) >= 140 && get(&chip_b, 0x11) <= 145, "RSSI is -RegRssiValue / 2");
    uint8_t got[6];
    get_burst(&chip_b, 0x00, got, 6);
    CHECK(memcmp(got, "\x05hello", 6) == 0, "the FIFO has length and payload");
    CHECK((get(&chip_b, 0x3f) & 0x46) == 0x40 && !sim_chip_dio(&chip_b, 0), "empty, PayloadReady goes");
}

static void the_receiver_starts_again_when_the_fifo_is_empty(void) {
    pair_up(&dr7, &dr7);
    put(&chip_b, 0x01, 0x05);
    pass(MS);
    for (int i = 0; i < 3; ++i) {
        uint8_t got[3];
        put_burst(&chip_a, 0x00, "\x02ok", 3);
        put(&chip_a, 0x01, 0x03);
        CHECK(await2(&chip_b, 0x04, 100) & 0x04, "a packet arrives");
        get_burst(&chip_b, 0x00, got, 3);
        put(&chip_a, 0x01, 0x01);
    }
    put_burst(&chip_a, 0x00, "\x02no", 3);
    put(&chip_a, 0x01, 0x03);
    await2(&chip_b, 0x04, 100);
    put(&chip_a, 0x01, 0x01);
    put_burst(&chip_a, 0x00, "\x02un", 3);
    put(&chip_a, 0x01, 0x03);
    pass(20 * MS);
    uint8_t got[3];
    get_burst(&chip_b, 0x00, got, 3);
    CHECK(memcmp(got, "\x02no", 3) == 0 && get(&chip_b, 0x3f) & 0x40, "with the FIFO unread no other packet is taken");
}

// Feeds and drains both FIFOs by their levels, as a driver does.
static bool stream(const uint8_t *data, size_t len, uint8_t *got) {
    size_t fed = 0, drained = 0;
    put(&chip_b, 0x01, 0x05);
    pass(MS);
    put_burst(&chip_a, 0x00, data, fed = len < 64 ? len : 64);
    put(&chip_a, 0x01, 0x03);
    for (int i = 0; i < 100000 && !(sim_chip_peek(&chip_a, 0x3f) & 0x08); ++i) {
        pass(MS / 20);
        if (fed < len && !(get(&chip_a, 0x3f) & 0x20)) { // not over the threshold
            size_t part = len - fed < 48 ? len - fed : 48;
            put_burst(&chip_a, 0x00, data + fed, part);
            fed += part;
        }
        if (get(&chip_b, 0x3f) & 0x20) {
            get_burst(&chip_b, 0x00, got + drained, 14);
            drained += 14;
        }
    }
    bool ready = get(&chip_b, 0x3f) & 0x04;
    while (drained < 300 && !(get(&chip_b, 0x3f) & 0x40)) {
        got[drained++] = get(&chip_b, 0x00);
    }
    return ready && fed == len && drained == len;
}

static void a_long_packet_needs_refills(void) {
    pair_up(&dr7, &dr7);
    uint8_t data[256], got[320] = { 0 };
    fill(data, sizeof(data), 5);
    data[0] = 255;
    CHECK(stream(data, sizeof(data), got), "255 bytes pass through 64-byte FIFOs");
    CHECK(memcmp(data, got, sizeof(data)) == 0, "each of them right");
    CHECK(sim_chip_broken(&chip_a) == 0, "no rule was broken");
    pair_up(&dr7, &dr7);
    put(&chip_b, 0x01, 0x05);
    put_burst(&chip_a, 0x00, data, 64);
    put(&chip_a, 0x01, 0x03);
    await2(&chip_a, 0x08, 200);
    CHECK(chip_a.broken[SIM_RULE_FIFO_UNDERRUN] != 0, "without refills the FIFO runs empty: counted");
    CHECK(!(get(&chip_b, 0x3f) & 0x04), "and nothing good arrives");
    CHECK(get(&chip_b, 0x3f) & 0x10 || get(&chip_b, 0x3f) & 0x40, "the receiver's FIFO, unread, has run over or was cleared");
}

static void levels_follow_the_bytes(void) {
    pair_up(&dr7, &dr7);
    uint8_t data[64] = { 63 };
    for (int i = 0; i < 15; ++i) {
        put(&chip_a, 0x00, 1);
    }
    CHECK(!(get(&chip_a, 0x3f) & 0x20) && !sim_chip_dio(&chip_a, 1), "15 bytes do not exceed a threshold of 15");
    put(&chip_a, 0x00, 1);
    CHECK(get(&chip_a, 0x3f) & 0x20 && sim_chip_dio(&chip_a, 1), "16 do: FifoLevel, on DIO1");
    put_burst(&chip_a, 0x00, data, 48);
    CHECK(get(&chip_a, 0x3f) == 0xa0, "64 bytes: FifoFull");
    put(&chip_a, 0x00, 1);
    CHECK(get(&chip_a, 0x3f) & 0x10, "one more: FifoOverrun");
    put(&chip_a, 0x3f, 0x10);
    CHECK(get(&chip_a, 0x3f) == 0x40, "writing a one to it clears the FIFO");
    put_burst(&chip_a, 0x00, data, 64);
    put(&chip_a, 0x01, 0x03);
    uint64_t start = 0, end = 0;
    while (!(sim_chip_peek(&chip_a, 0x3f) & 0x40)) {
        pass(1000);
        start = start == 0 && !(sim_chip_peek(&chip_a, 0x3f) & 0x80) ? sim_time_now() : start;
    }
    end = sim_time_now();
    CHECK(fabs((double)(end - start) / 1000 - 63 * 160) < 5, "bytes leave at the bit rate, 160 us each");
}

static void transmission_starts_by_its_condition(void) {
    pair_up(&dr7, &dr7);
    put(&chip_a, 0x35, 0x07);
    put(&chip_a, 0x01, 0x03);
    pass(MS);
    uint8_t data[8] = { 7, 1, 2, 3, 4, 5, 6, 7 };
    put_burst(&chip_a, 0x00, data, 7);
    pass(MS);
    CHECK(sim_air_next(NULL) == NULL, "seven bytes are not more than FifoThreshold");
    put(&chip_a, 0x00, 7);
    CHECK(sim_air_next(NULL) != NULL, "eight are");
    CHECK(await2(&chip_a, 0x08, 100) & 0x08, "and the packet goes out");
}

static void fixed_length_and_slow_bits_as_sigfox_has_them(void) {
    pair_up(&sigfox, &sigfox);
    CHECK(sim_chip_broken(&chip_a) == 0, "600 bit/s are accepted");
    put(&chip_b, 0x01, 0x05);
    pass(50 * MS);
    uint8_t data[15], got[15];
    fill(data, sizeof(data), 0xa0);
    sim_air_frame_t frame = {
        .start_ns = sim_time_now(), .frequency = 868800500, .bandwidth = 2200, .power_x10 = 140, .modem = SIM_AIR_FSK,
        .sync = { 0xb2, 0x27 }, .sync_len = 2, .bit_rate = 600, .deviation = 800, .fixed_len = true, .source = 99, .number = 1,
        .len = 15,
    };
    memcpy(frame.data, data, sizeof(data));
    frame.preamble_ns = UINT64_C(13) * 8 * 1000000000 / 600;
    frame.end_ns = frame.start_ns + UINT64_C(28) * 8 * 1000000000 / 600;
    sim_air_from_outside(&frame, 5000, 0);
    CHECK((await2(&chip_b, 0x04, 1000) & 0x06) == 0x04, "PayloadReady comes; CrcOk does not, there is no CRC");
    CHECK(sim_time_now() >= frame.end_ns && sim_time_now() < frame.end_ns + MS, "at the end of the fifteenth byte");
    get_burst(&chip_b, 0x00, got, 15);
    CHECK(memcmp(data, got, 15) == 0, "fifteen bytes, as they were sent");
    int16_t afc = (int16_t)(get(&chip_b, 0x1b) << 8 | get(&chip_b, 0x1c));
    CHECK(afc * 61 > 400 && afc * 61 < 650, "RegAfc has the frequency error");
}

static bool arrives(const fsk_set_t *other) {
    pair_up(&dr7, other);
    sim_air_watch(watch);
    put(&chip_b, 0x01, 0x05);
    pass(50 * MS);
    put_burst(&chip_a, 0x00, "\x05hello", 6);
    put(&chip_a, 0x01, 0x03);
    await2(&chip_b, 0x04, 100);
    uint8_t got[6];
    bool good = get(&chip_b, 0x3f) & 0x04;
    get_burst(&chip_b, 0x00, got, 6);
    return good && memcmp(got, "\x05hello", 6) == 0;
}

static void settings_must_agree(void) {
    fsk_set_t other = dr7;
    CHECK(arrives(&other), "equal settings work");
    other.bit_rate = 0x0290;
    CHECK(!arrives(&other), "another bit rate does not");
    other = dr7;
    other.deviation = 0x00c0;
    CHECK(!arrives(&other), "nor another deviation");
    other = dr7;
    other.sync[2] = 0xc2;
    CHECK(!arrives(&other), "nor another sync word");
    other = dr7;
    other.config1 = 0x90;
    CHECK(!arrives(&other), "nor data without whitening");
    other = dr7;
    other.config1 = 0x50;
    other.payload_length = 5;
    CHECK(!arrives(&other), "nor a fixed length, whose CRC is elsewhere");
    other = dr7;
    other.config1 = 0xd1;
    CHECK(!arrives(&other), "nor the other CRC");
    other = dr7;
    other.payload_length = 4;
    CHECK(!arrives(&other), "nor a packet over the greatest length");
    other = dr7;
    other.rx_bw = other.afc_bw = 0x0d; // 12.5 kHz
    CHECK(!arrives(&other), "nor a filter that is too narrow");
    other = dr7;
    other.sync_len = 2;
    other.sync[0] = 0x94;
    other.sync[1] = 0xc1;
    CHECK(arrives(&other), "a shorter sync word that ends alike does");
}

static void a_bad_crc_is_dropped_or_kept(void) {
    for (int keep = 0; keep < 2; ++keep) {
        fsk_set_t set = dr7;
        set.config1 = keep ? 0xd8 : 0xd0;
        pair_up(&set, &set);
        put(&chip_b, 0x01, 0x05);
        pass(MS);
        put_burst(&chip_a, 0x00, "\x05hello", 6);
        put(&chip_a, 0x01, 0x03);
        pass(MS);
        sim_air_spoil(sim_air_next(NULL));
        pass(20 * MS);
        CHECK((get(&chip_b, 0x3f) & 0x06) == (keep ? 0x04 : 0), "CrcAutoClearOff keeps it, without CrcOk; otherwise it is gone");
        CHECK(!!(get(&chip_b, 0x3f) & 0x40) == !keep, "and so is the FIFO's content");
    }
}

static void addresses_are_filtered(void) {
    fsk_set_t set = dr7;
    set.config1 = 0xd4;
    pair_up(&dr7, &set);
    put(&chip_b, 0x33, 0x11);
    put(&chip_b, 0x34, 0x22);
    static const struct {
        uint8_t address;
        bool taken;
    } cases[] = { { 0x11, true }, { 0x22, true }, { 0x33, false } };
    for (size_t i = 0; i < 3; ++i) {
        put(&chip_b, 0x01, 0x05);
        pass(MS);
        put_burst(&chip_a, 0x00, (uint8_t[]) { 2, cases[i].address, 7 }, 3);
        put(&chip_a, 0x01, 0x03);
        CHECK(!!(await2(&chip_b, 0x04, 20) & 0x04) == cases[i].taken, "node and broadcast addresses pass, others do not");
        put(&chip_a, 0x01, 0x01);
        put(&chip_b, 0x01, 0x01);
    }
}

static void a_receive_timeout_is_flagged(void) {
    pair_up(&dr7, &dr7);
    put(&chip_b, 0x21, 10);
    put(&chip_b, 0x41, 0x80);
    put(&chip_b, 0x01, 0x05);
    pass(2 * MS);
    CHECK(!(get(&chip_b, 0x3e) & 0x04), "not before its time");
    pass(2 * MS);
    CHECK(get(&chip_b, 0x3e) & 0x04 && sim_chip_dio(&chip_b, 4), "160 bits without a preamble: Timeout, on DIO4");
}

static void the_image_is_calibrated_in_standby(void) {
    pair_up(&dr7, &dr7);
    put(&chip_a, 0x3b, 0x42);
    CHECK((get(&chip_a, 0x3b) & 0x60) == 0x20, "it runs");
    pass(11 * MS);
    CHECK((get(&chip_a, 0x3b) & 0x60) == 0x00, "and ends");
    put(&chip_a, 0x01, 0x05);
    put(&chip_a, 0x3b, 0x42);
    CHECK((get(&chip_a, 0x3b) & 0x60) == 0x00, "in another mode it does not start");
}

static void frames_collide_in_fsk_too(void) {
    pair_up(&dr7, &dr7);
    sim_air_watch(watch);
    put(&chip_b, 0x01, 0x05);
    pass(MS);
    put_burst(&chip_a, 0x00, "\x1e and thirty bytes of it follow", 31);
    put(&chip_a, 0x01, 0x03);
    pass(4 * MS);
    sim_air_frame_t other = { .start_ns = sim_time_now(), .end_ns = sim_time_now() + MS, .frequency = 868800000, .bandwidth = 100000,
                              .power_x10 = 140, .modem = SIM_AIR_CARRIER, .source = 50, .number = 1 };
    sim_air_from_outside(&other, 0, 0);
    pass(20 * MS);
    CHECK(!(get(&chip_b, 0x3f) & 0x04) && last_fate == SIM_AIR_COLLISION, "an equally strong carrier breaks the packet");
}

static void crc_and_whitening_are_the_known_ones(void) {
    // CRC-16/SPI-FUJITSU of "123456789" is E5CC (reveng's catalogue); the chip sends its complement.
    uint16_t crc = sim_fsk_crc_start(false);
    for (const char *at = "123456789"; *at != 0; ++at) {
        crc = sim_fsk_crc(crc, (uint8_t)*at, false);
    }
    CHECK(crc == 0xe5cc && sim_fsk_crc_end(crc, false) == 0x1a33, "CCITT with 1D0F, inverted");
    crc = sim_fsk_crc_start(true);
    for (const char *at = "123456789"; *at != 0; ++at) {
        crc = sim_fsk_crc(crc, (uint8_t)*at, true);
    }
    CHECK(sim_fsk_crc_end(crc, true) == 0xaee7, "IBM's is CRC-16/CMS");
    // The start of PN9 as Texas Instruments' design note DN509 prints it.
    static const uint8_t pn9[] = { 0xff, 0xe1, 0x1d, 0x9a, 0xed, 0x85, 0x33, 0x24, 0xea, 0x7a, 0xd2, 0x39 };
    for (unsigned i = 0; i < sizeof(pn9); ++i) {
        CHECK(sim_fsk_pn9(i) == pn9[i], "the whitening sequence is PN9");
    }
}

int main(void) {
    crc_and_whitening_are_the_known_ones();
    a_short_packet_is_received();
    the_receiver_starts_again_when_the_fifo_is_empty();
    a_long_packet_needs_refills();
    levels_follow_the_bytes();
    transmission_starts_by_its_condition();
    fixed_length_and_slow_bits_as_sigfox_has_them();
    settings_must_agree();
    a_bad_crc_is_dropped_or_kept();
    addresses_are_filtered();
    a_receive_timeout_is_flagged();
    the_image_is_calibrated_in_standby();
    frames_collide_in_fsk_too();
    return check_result();
}
