// LoRa frames between the driver and a second chip.
// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "radio/radio_airtime.h"
#include "radio_fixture.h"

static const sim_chip_kind_t kinds[] = { SIM_SX1272, SIM_SX1276 };

static void fill(uint8_t *data, size_t len, unsigned seed) {
    for (size_t i = 0; i < len; ++i) {
        data[i] = (uint8_t)(seed * 31 + i * 7 + (i >> 3));
    }
}

static uint64_t longest_us(const radio_modulation_t *modulation) {
    return (uint64_t)radio_airtime_us(modulation, 255) + 100000;
}

static void goes_out(const radio_modulation_t *modulation, size_t len) {
    uint8_t data[255];
    uint8_t got[255];
    fill(data, len, len);
    peer_lora(modulation);
    peer_listen();
    fixture_clear();
    CHECK(fixture_transmit(modulation, data, len) == 0, "a frame is accepted");
    sim_hal_run(1500);
    const sim_air_frame_t *frame = sim_air_next(NULL);
    CHECK(frame->end_ns - frame->start_ns == UINT64_C(1000) * radio_airtime_us(modulation, len), "its air time is the chip's");
    CHECK(fixture_wait(longest_us(modulation)), "its end is told");
    CHECK(fixture.event.type == RADIO_TX_DONE, "it was sent");
    sim_hal_run(1000);
    CHECK(peer_frame(got) == (int)len && memcmp(data, got, len) == 0, "what arrives is what was sent");
}

static void comes_in(const radio_modulation_t *modulation, size_t len, uint16_t symbols) {
    uint8_t data[255];
    fill(data, len, len + 1);
    peer_lora(modulation);
    peer_write(0x01, 0x81);
    sim_hal_run(1000);
    fixture_clear();
    CHECK(fixture_receive(modulation, symbols, 0) == 0, "a reception is accepted");
    if (symbols == 0) {
        sim_hal_run(2000);
    }
    peer_send(data, len);
    sim_hal_run(300);
    int rssi = sim_air_rssi_x10(&fixture_chip.radio, sim_air_next(NULL)) / 10;
    CHECK(fixture_wait(longest_us(modulation)), "something is told");
    CHECK(fixture.event.type == RADIO_RX_DONE, "a frame was received");
    CHECK(fixture.event.len == len && memcmp(data, fixture.data, len) == 0, "it is the one that was sent");
    CHECK(abs(fixture.event.rssi - rssi) <= 2, "the RSSI is the frame's");
    CHECK(fixture.event.snr_x4 > 4 * 5 && fixture.event.snr_x4 <= 4 * 13, "the SNR is in range");
    CHECK(abs(fixture.event.frequency_error) <= 100, "the frequencies are the same");
    if (modulation->lora.implicit_len == 0) {
        CHECK(fixture.event.cr == modulation->lora.cr, "the header tells the coding rate");
    }
}

static void each_combination(sim_chip_kind_t kind, uint8_t sf, uint8_t bw, uint8_t cr) {
    radio_modulation_t modulation = fixture_lora(sf, (radio_bw_t)bw, cr);
    size_t len = 1 + (size_t)(sf + bw + cr) % 21;
    modulation.lora.implicit_len = sf == 6 || (sf + cr) % 3 == 0 ? (uint8_t)len : 0;
    if (kind == SIM_SX1272 && bw < RADIO_BW_125K) {
        CHECK(radio_check(&modulation, NULL) == -22, "the SX1272 has three bandwidths");
        return;
    }
    goes_out(&modulation, len);
    comes_in(&modulation, len, 0);
    if (cr == 1) {
        comes_in(&modulation, len, 30);
    }
}

static void every_combination_is_sent_and_received(void) {
    for (size_t i = 0; i < 2; ++i) {
        CHECK(fixture_start_kind(kinds[i]) == 0, "the chip is found");
        for (uint8_t sf = 6; sf <= 12; ++sf) {
            for (uint8_t bw = 0; bw <= RADIO_BW_500K; ++bw) {
                for (uint8_t cr = 1; cr <= 4; ++cr) {
                    each_combination(kinds[i], sf, bw, cr);
                }
            }
        }
        CHECK(radio_counters()->faults == 0 && radio_counters()->lost_edges == 0, "nothing went wrong");
        CHECK_RULES();
    }
}

static void low_bands_work(void) {
    static const uint32_t frequencies[] = { 169400000, 433175000, 510000000, 780000000, 915000000 };
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    for (size_t i = 0; i < sizeof(frequencies) / sizeof(frequencies[0]); ++i) {
        for (uint8_t bw = RADIO_BW_62K5; bw <= RADIO_BW_500K; ++bw) {
            radio_modulation_t modulation = fixture_lora(8, (radio_bw_t)bw, 1);
            modulation.frequency = frequencies[i];
            if (bw == RADIO_BW_500K && frequencies[i] != 433175000 && frequencies[i] != 510000000 && frequencies[i] < 862000000) {
                continue; // the peer's errata settings are for two bands only
            }
            goes_out(&modulation, 20);
            comes_in(&modulation, 20, 0);
        }
    }
    CHECK_RULES();
}

static void payloads_of_1_to_255_bytes(void) {
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    radio_modulation_t modulation = fixture_lora(7, RADIO_BW_500K, 1);
    uint8_t data[256] = { 0 };
    for (size_t len = 1; len <= 255; len += len < 4 || len > 250 ? 1 : 13) {
        goes_out(&modulation, len);
        comes_in(&modulation, len, 0);
    }
    fixture_clear();
    CHECK(fixture_transmit(&modulation, data, 0) == -22, "an empty frame is refused");
    CHECK(fixture_transmit(&modulation, data, 256) == -22, "256 bytes are refused");
    modulation.lora.implicit_len = 10;
    CHECK(fixture_transmit(&modulation, data, 11) == -22, "a frame of another length than agreed is refused");
    sim_hal_run(1000000);
    CHECK(fixture.events == 0, "and nothing was sent");
    CHECK_RULES();
}

static void refused_settings_change_nothing(void) {
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    radio_modulation_t good = fixture_lora(7, RADIO_BW_125K, 1);
    CHECK(fixture_receive(&good, 0, 0) == 0, "good settings are accepted");
    sim_hal_run(5000);
    uint8_t before[0x40];
    for (uint8_t i = 1; i < 0x40; ++i) {
        before[i] = sim_chip_peek(&fixture_chip, i);
    }
    static const radio_modulation_t bad[] = {
        { .frequency = 868100000, .lora = { .sf = 5, .bw = 7, .cr = 1, .preamble = 8 } },
        { .frequency = 868100000, .lora = { .sf = 13, .bw = 7, .cr = 1, .preamble = 8 } },
        { .frequency = 868100000, .lora = { .sf = 6, .bw = 7, .cr = 1, .preamble = 8 } },
        { .frequency = 868100000, .lora = { .sf = 7, .bw = 10, .cr = 1, .preamble = 8 } },
        { .frequency = 868100000, .lora = { .sf = 7, .bw = 7, .cr = 0, .preamble = 8 } },
        { .frequency = 868100000, .lora = { .sf = 7, .bw = 7, .cr = 5, .preamble = 8 } },
        { .frequency = 868100000, .lora = { .sf = 7, .bw = 7, .cr = 1, .preamble = 5 } },
        { .frequency = 868100000, .lora = { .sf = 12, .bw = 0, .cr = 1, .preamble = 65535 } },
        { .frequency = 136999999, .lora = { .sf = 7, .bw = 7, .cr = 1, .preamble = 8 } },
        { .frequency = 1020000001, .lora = { .sf = 7, .bw = 7, .cr = 1, .preamble = 8 } },
        { .frequency = 868100000, .modem = 2 },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        const char *why = NULL;
        CHECK(radio_check(&bad[i], &why) == -22 && why != NULL, "a bad setting is named");
        CHECK(fixture_transmit(&bad[i], "x", 1) == -22 && fixture_receive(&bad[i], 0, 0) == -22, "and refused");
    }
    CHECK(fixture_receive(&good, 3, 0) == -22 && fixture_receive(&good, 1024, 0) == -22, "4 to 1023 symbols");
    for (uint8_t i = 1; i < 0x40; ++i) {
        bool volatile_register = i == 0x18 || i == 0x1b || i == 0x2c;
        CHECK(volatile_register || before[i] == sim_chip_peek(&fixture_chip, i), "the chip goes on as before");
    }
    CHECK_RULES();
}

static void mismatches_are_not_heard(void) {
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    for (int i = 0; i < 5; ++i) {
        radio_modulation_t ours = fixture_lora(7, RADIO_BW_125K, 1);
        radio_modulation_t theirs = ours;
        theirs.lora.iq_inverted = i == 0;
        theirs.lora.sync_word = i == 1 ? 0x12 : 0x34;
        theirs.lora.sf = i == 2 ? 8 : 7;
        theirs.lora.bw = i == 3 ? RADIO_BW_250K : RADIO_BW_125K;
        theirs.frequency += i == 4 ? 200000 : 0;
        peer_lora(&theirs);
        fixture_clear();
        CHECK(fixture_receive(&ours, 0, 0) == 0, "the receiver is on");
        sim_hal_run(2000);
        peer_send((const uint8_t *)"hello", 5);
        sim_hal_run(500000);
        CHECK(fixture.events == 0, "a frame with another setting is not heard");
        peer_listen();
        CHECK(fixture_transmit(&ours, "hello", 5) == 0 && fixture_wait(500000), "a frame is sent");
        uint8_t got[255];
        CHECK(peer_frame(got) == -1, "nor does the other hear ours");
    }
    radio_modulation_t inverted = fixture_lora(7, RADIO_BW_125K, 1);
    inverted.lora.iq_inverted = true;
    goes_out(&inverted, 10);
    comes_in(&inverted, 10, 0);
    CHECK_RULES();
}

static void bad_crcs_are_dropped_and_counted(void) {
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    radio_modulation_t modulation = fixture_lora(7, RADIO_BW_125K, 1);
    peer_lora(&modulation);
    for (unsigned i = 0; i < 2; ++i) {
        fixture_clear();
        CHECK(fixture_receive(&modulation, i == 0 ? 0 : 60, 0) == 0, "the receiver is on");
        sim_hal_run(2000);
        peer_send((const uint8_t *)"hello", 5);
        sim_hal_run(5000);
        sim_air_spoil(sim_air_next(NULL));
        CHECK(fixture_wait(500000) && fixture.event.type == RADIO_RX_CRC_ERROR, "a bad CRC is told");
        CHECK(fixture.event.data == NULL && fixture.event.rssi < -40, "with its RSSI and without its data");
        CHECK(radio_counters()->crc_errors == i + 1, "and counted");
    }
    comes_in(&modulation, 12, 0);
    CHECK_RULES();
}

static void frames_without_crc_are_as_the_setting_says(void) {
    for (size_t i = 0; i < 2; ++i) {
        CHECK(fixture_start_kind(kinds[i]) == 0, "the chip is found");
        radio_modulation_t without = fixture_lora(7, RADIO_BW_125K, 1);
        without.lora.crc = false;
        radio_modulation_t with = fixture_lora(7, RADIO_BW_125K, 1);
        comes_in(&without, 12, 0);
        peer_lora(&without);
        fixture_clear();
        CHECK(fixture_receive(&with, 0, 0) == 0, "the receiver is on");
        sim_hal_run(2000);
        peer_send((const uint8_t *)"hello", 5);
        CHECK(fixture_wait(500000) && fixture.event.type == RADIO_RX_CRC_ERROR, "a frame without CRC is bad when one is required");
        peer_lora(&with);
        fixture_clear();
        CHECK(fixture_receive(&without, 0, 0) == 0, "the receiver is on");
        sim_hal_run(2000);
        peer_send((const uint8_t *)"hello", 5);
        CHECK(fixture_wait(500000) && fixture.event.type == RADIO_RX_DONE, "one with a CRC is good when none is required");
        CHECK_RULES();
    }
}

static void a_continuous_receiver_goes_on(void) {
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    radio_modulation_t modulation = fixture_lora(7, RADIO_BW_250K, 1);
    peer_lora(&modulation);
    CHECK(fixture_receive(&modulation, 0, 0) == 0, "the receiver is on");
    sim_hal_run(2000);
    for (unsigned i = 0; i < 50; ++i) {
        uint8_t data[64];
        fill(data, sizeof(data), i);
        fixture_clear();
        peer_send(data, 1 + i);
        CHECK(fixture_wait(500000) && fixture.event.type == RADIO_RX_DONE, "frame after frame is received");
        CHECK(fixture.event.len == 1 + i && memcmp(fixture.data, data, 1 + i) == 0, "wherever it lies in the FIFO");
    }
    CHECK(radio_counters()->lost_edges == 0, "by edges");
    CHECK_RULES();
}

static void frequency_error_is_the_senders(void) {
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    radio_modulation_t modulation = fixture_lora(9, RADIO_BW_125K, 1);
    radio_modulation_t off = modulation;
    for (int hz = -20000; hz <= 20000; hz += 5000) {
        off.frequency = modulation.frequency + (uint32_t)hz;
        peer_lora(&off);
        fixture_clear();
        CHECK(fixture_receive(&modulation, 0, 0) == 0, "the receiver is on");
        sim_hal_run(2000);
        peer_send((const uint8_t *)"hello", 5);
        CHECK(fixture_wait(900000) && fixture.event.type == RADIO_RX_DONE, "a frame off its frequency is received");
        CHECK(abs(fixture.event.frequency_error - hz) < 100, "and its error is told, positive when the sender is too high");
    }
}

static void weak_frames_have_a_negative_snr(void) {
    for (size_t i = 0; i < 2; ++i) {
        CHECK(fixture_start_kind(kinds[i]) == 0, "the chip is found");
        radio_modulation_t modulation = fixture_lora(12, RADIO_BW_125K, 1);
        peer_lora(&modulation);
        fixture_clear();
        CHECK(fixture_receive(&modulation, 0, 0) == 0, "the receiver is on");
        sim_hal_run(2000);
        peer_write(0x09, 0x80); // 2 dBm
        const sim_air_frame_t *frame = NULL;
        peer_send((const uint8_t *)"hello", 5);
        sim_hal_run(1000);
        frame = sim_air_next(NULL);
        int before = sim_air_rssi_x10(&fixture_chip.radio, frame) / 10;
        CHECK(fixture_wait(3000000), "it is received");
        fixture_clear();
        sim_air_set_loss(fixture_chip.radio.id, fixture_peer.radio.id, before + 130);
        peer_send((const uint8_t *)"hello", 5);
        CHECK(fixture_wait(3000000) && fixture.event.type == RADIO_RX_DONE, "a frame below the noise is received");
        CHECK(abs(fixture.event.rssi - -130) <= 3, "with its own strength, not the noise's");
        CHECK(abs(fixture.event.snr_x4 / 4 - -13) <= 3, "and a negative SNR");
        CHECK_RULES();
    }
}

static void activity_is_detected(void) {
    for (size_t i = 0; i < 2; ++i) {
        CHECK(fixture_start_kind(kinds[i]) == 0, "the chip is found");
        for (uint8_t sf = 7; sf <= 12; ++sf) {
            radio_modulation_t modulation = fixture_lora(sf, RADIO_BW_125K, 1);
            peer_lora(&modulation);
            fixture_clear();
            fixture_lock();
            CHECK(radio_cad(&modulation) == 0, "detection starts");
            fixture_unlock();
            CHECK(fixture_wait(300000) && fixture.event.type == RADIO_CAD_DONE && !fixture.event.detected, "silence is not a preamble");
            peer_send((const uint8_t *)"hello", 5);
            sim_hal_run(radio_airtime_symbol_us(&modulation.lora));
            fixture_clear();
            fixture_lock();
            CHECK(radio_cad(&modulation) == 0, "detection starts");
            fixture_unlock();
            CHECK(fixture_wait(300000) && fixture.event.detected, "a preamble is");
            sim_hal_run(3000000);
        }
        CHECK(radio_counters()->faults == 0 && radio_counters()->lost_edges == 0, "nothing went wrong");
        CHECK_RULES();
    }
}

static void a_busy_channel_is_sensed(void) {
    for (size_t i = 0; i < 2; ++i) {
        CHECK(fixture_start_kind(kinds[i]) == 0, "the chip is found");
        radio_modulation_t modulation = fixture_lora(7, RADIO_BW_125K, 1);
        peer_lora(&modulation);
        fixture_clear();
        fixture_lock();
        CHECK(radio_sense(&modulation, -90, 5000) == 0, "sensing starts");
        fixture_unlock();
        uint64_t begin = hal_now_us();
        CHECK(fixture_wait(20000) && fixture.event.type == RADIO_SENSE_DONE && !fixture.event.detected, "noise is below the threshold");
        CHECK(fixture.event.rssi < -105 && fixture.event.rssi > -135, "and its level is told");
        CHECK(hal_now_us() - begin >= 5000 && hal_now_us() - begin < 6500, "after the time asked for");
        peer_send((const uint8_t *)"hello there", 11);
        fixture_clear();
        fixture_lock();
        CHECK(radio_sense(&modulation, -100, 5000) == 0, "sensing starts");
        fixture_unlock();
        begin = hal_now_us();
        CHECK(fixture_wait(20000) && fixture.event.detected && fixture.event.rssi > -100, "a sender is above it");
        CHECK(hal_now_us() - begin < 2000, "and ends it early");
        CHECK_RULES();
    }
}

int main(void) {
    every_combination_is_sent_and_received();
    low_bands_work();
    payloads_of_1_to_255_bytes();
    refused_settings_change_nothing();
    mismatches_are_not_heard();
    bad_crcs_are_dropped_and_counted();
    frames_without_crc_are_as_the_setting_says();
    a_continuous_receiver_goes_on();
    frequency_error_is_the_senders();
    weak_frames_have_a_negative_snr();
    activity_is_detected();
    a_busy_channel_is_sensed();
    return check_result();
}
