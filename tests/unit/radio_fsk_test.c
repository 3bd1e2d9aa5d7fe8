// FSK packets between the driver and a second chip: more bytes than the FIFO has.
// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "radio_fixture.h"

static const sim_chip_kind_t kinds[] = { SIM_SX1272, SIM_SX1276 };

static void fill(uint8_t *data, size_t len) {
    for (size_t i = 0; i < len; ++i) {
        data[i] = (uint8_t)(len * 31 + i * 7 + (i >> 3));
    }
}

static uint64_t longest_us(const radio_modulation_t *modulation) {
    return (uint64_t)radio_airtime_us(modulation, 255) + 100000;
}

static void goes_out(const radio_modulation_t *modulation, size_t len) {
    uint8_t data[255];
    uint8_t got[257];
    fill(data, len);
    peer_fsk(modulation);
    peer_listen();
    fixture_clear();
    CHECK(fixture_transmit(modulation, data, len) == 0, "a packet is accepted");
    CHECK(fixture_wait(longest_us(modulation)) && fixture.event.type == RADIO_TX_DONE, "it was sent");
    sim_hal_run(3000);
    CHECK(peer_frame(got) == (int)len && memcmp(data, got, len) == 0, "what arrives is what was sent");
}

static void comes_in(const radio_modulation_t *modulation, size_t len, uint16_t symbols) {
    uint8_t data[255];
    fill(data, len);
    peer_fsk(modulation);
    fixture_clear();
    CHECK(fixture_receive(modulation, symbols, 0) == 0, "a reception is accepted");
    sim_hal_run(2000);
    peer_send(data, len);
    sim_hal_run(1200);
    int rssi = sim_air_rssi_x10(&fixture_chip.radio, sim_air_next(NULL)) / 10;
    CHECK(fixture_wait(longest_us(modulation)) && fixture.event.type == RADIO_RX_DONE, "a packet was received");
    CHECK(fixture.event.len == len && memcmp(data, fixture.data, len) == 0, "it is the one that was sent");
    CHECK(abs(fixture.event.rssi - rssi) <= 2, "its RSSI is told");
    sim_hal_run(1000);
}

static void both_ways(void) {
    radio_modulation_t modulation = fixture_fsk();
    for (size_t len = 1; len <= 255; len += len > 24 && len < 70 ? 1 : 11) {
        goes_out(&modulation, len);
        comes_in(&modulation, len, 0);
        comes_in(&modulation, len, 200);
    }
    goes_out(&modulation, 255);
    comes_in(&modulation, 255, 0);
    CHECK(radio_counters()->faults == 0 && radio_counters()->crc_errors == 0, "nothing went wrong");
    CHECK_RULES();
}

static void packets_of_1_to_255_bytes(void) {
    for (size_t i = 0; i < 2; ++i) {
        CHECK(fixture_start_kind(kinds[i]) == 0, "the chip is found");
        both_ways();
    }
}

static void packets_survive_any_wiring(void) {
    fixture_wiring_t wiring = fixture_wiring(SIM_SX1276);
    wiring.merged = true;
    CHECK(fixture_start(&wiring) == 0, "the chip is found with its lines merged");
    both_ways();
    wiring.merged = false;
    wiring.board.dio = 1;
    CHECK(fixture_start(&wiring) == 0, "and with DIO0 only");
    both_ways();
    wiring.board.dio = 0;
    CHECK(fixture_start(&wiring) == 0, "and with none");
    both_ways();
}

static void a_late_task_keeps_up(void) {
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    sim_hal_set_latency(100, 900, 3);
    both_ways();
}

static void what_is_left_of_a_packet_is_not_sent(void) {
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    radio_modulation_t modulation = fixture_fsk();
    uint8_t data[255];
    fill(data, sizeof(data));
    peer_fsk(&modulation);
    for (uint32_t after_us = 2000; after_us < 40000; after_us += 1700) {
        CHECK(fixture_receive(&modulation, 0, 0) == 0, "a reception is accepted");
        sim_hal_run(2000);
        peer_send(data, sizeof(data));
        sim_hal_run(after_us);
        fixture_lock();
        CHECK(radio_standby() == 0, "it is given up in the middle of a packet");
        fixture_unlock();
        goes_out(&modulation, 10 + after_us % 100);
        CHECK(fixture_transmit(&modulation, data, sizeof(data)) == 0, "a packet is accepted");
        sim_hal_run(after_us);
        goes_out(&modulation, 20);
        comes_in(&modulation, 90, 0);
    }
    CHECK_RULES();
}

static void bit_rates_from_600_to_300000(void) {
    static const uint32_t rates[] = { 600, 1200, 9600, 38400, 100000, 300000 };
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); ++i) {
        radio_modulation_t modulation = fixture_fsk();
        modulation.fsk.bit_rate = rates[i];
        modulation.fsk.deviation = rates[i] < 2400 ? 800 : rates[i] / 4 + 600;
        modulation.fsk.rx_bandwidth = modulation.fsk.afc_bandwidth = rates[i] < 2400 ? 2600 : 250000;
        modulation.fsk.whitening = i % 2 != 0;
        uint8_t data[200];
        fill(data, sizeof(data));
        fixture_clear();
        CHECK(fixture_transmit(&modulation, data, sizeof(data)) == 0, "a packet is accepted");
        uint64_t begin = hal_now_us();
        CHECK(fixture_wait(longest_us(&modulation)) && fixture.event.type == RADIO_TX_DONE, "it was sent");
        int64_t late = (int64_t)(fixture.event.at_us - begin) - radio_airtime_us(&modulation, sizeof(data));
        CHECK(late > 0 && late < 4000, "in its air time");
    }
    CHECK_RULES();
}

// sigfox.md 3.7: 600 bit/s, sync B2 27, 15 bytes, neither whitening nor CRC.
static void a_sigfox_downlink_is_received(void) {
    for (size_t i = 0; i < 2; ++i) {
        CHECK(fixture_start_kind(kinds[i]) == 0, "the chip is found");
        radio_modulation_t modulation = {
            .frequency = 869525000,
            .modem = RADIO_FSK,
            .fsk = {
                .bit_rate = 600, .deviation = 800, .rx_bandwidth = 2600, .preamble = 5, .sync = { 0xb2, 0x27 },
                .sync_len = 2, .fixed_len = 15,
            },
        };
        comes_in(&modulation, 15, 0);
        CHECK(sim_chip_peek(&fixture_chip, 0x02) == 0xd0 && sim_chip_peek(&fixture_chip, 0x03) == 0x55, "600 bit/s");
        CHECK(sim_chip_peek(&fixture_chip, 0x05) == 0x0d, "793 Hz");
        CHECK(sim_chip_peek(&fixture_chip, 0x12) == 0x17 && sim_chip_peek(&fixture_chip, 0x13) == 0x17, "the narrowest filter");
        CHECK(sim_chip_peek(&fixture_chip, 0x27) == 0x91 && sim_chip_peek(&fixture_chip, 0x30) == 0x08, "sync and packet");
        CHECK(sim_chip_peek(&fixture_chip, 0x32) == 15, "fixed length");
        CHECK_RULES();
    }
}

static void dr7_has_the_registers_of_the_field(void) {
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    radio_modulation_t modulation = fixture_fsk();
    CHECK(fixture_receive(&modulation, 0, 0) == 0, "a reception is accepted");
    sim_hal_run(5000);
    static const uint8_t values[][2] = {
        { 0x01, 0x05 }, { 0x02, 0x02 }, { 0x03, 0x80 }, { 0x04, 0x01 }, { 0x05, 0x9a }, { 0x0d, 0x1e }, { 0x12, 0x0b },
        { 0x13, 0x12 }, { 0x1f, 0xaa }, { 0x26, 0x05 }, { 0x28, 0xc1 }, { 0x29, 0x94 }, { 0x2a, 0xc1 }, { 0x30, 0xd8 },
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); ++i) {
        CHECK(sim_chip_peek(&fixture_chip, values[i][0]) == values[i][1], "LoRaWAN's FSK settings");
    }
}

static void silence_times_out(void) {
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    radio_modulation_t modulation = fixture_fsk();
    fixture_clear();
    uint64_t begin = hal_now_us() + 20000;
    CHECK(fixture_receive(&modulation, 50, begin) == 0, "a single reception is accepted");
    CHECK(fixture_wait(100000) && fixture.event.type == RADIO_RX_TIMEOUT, "it gives up");
    CHECK(fixture.event.at_us - begin >= 50 * 160 && fixture.event.at_us - begin < 50 * 160 + 500, "after so many bytes");
    CHECK(sim_chip_peek(&fixture_chip, 0x01) == 0x01, "and the chip rests");
    CHECK_RULES();
}

static void bad_crcs_are_dropped_and_counted(void) {
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    radio_modulation_t modulation = fixture_fsk();
    uint8_t data[100];
    fill(data, sizeof(data));
    peer_fsk(&modulation);
    fixture_clear();
    CHECK(fixture_receive(&modulation, 0, 0) == 0, "a reception is accepted");
    sim_hal_run(2000);
    for (unsigned i = 0; i < 6; ++i) {
        fixture_clear();
        peer_send(data, i < 3 ? 20 : 100);
        sim_hal_run(1000);
        if (i % 3 != 2) {
            sim_air_spoil(sim_air_next(NULL));
        }
        CHECK(fixture_wait(100000), "something is told");
        CHECK(fixture.event.type == (i % 3 != 2 ? RADIO_RX_CRC_ERROR : RADIO_RX_DONE), "bad ones as bad, good ones as good");
        sim_hal_run(1000);
    }
    CHECK(radio_counters()->crc_errors == 4, "bad ones are counted");
    CHECK_RULES();
}

static void a_busy_channel_is_sensed(void) {
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    radio_modulation_t modulation = fixture_fsk();
    peer_fsk(&modulation);
    for (int busy = 0; busy < 2; ++busy) {
        uint8_t data[100] = { 0 };
        if (busy) {
            peer_send(data, sizeof(data));
        }
        fixture_clear();
        fixture_lock();
        CHECK(radio_sense(&modulation, -90, 5000) == 0, "sensing starts");
        fixture_unlock();
        CHECK(fixture_wait(20000) && fixture.event.type == RADIO_SENSE_DONE, "and ends");
        CHECK(fixture.event.detected == (busy != 0), "a sender is above the threshold, noise below");
    }
    CHECK_RULES();
}

static void bad_settings_are_refused(void) {
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    for (int i = 0; i < 9; ++i) {
        radio_modulation_t modulation = fixture_fsk();
        switch (i) {
            case 0:
                modulation.fsk.bit_rate = 599;
                break;
            case 1:
                modulation.fsk.bit_rate = 300001;
                break;
            case 2:
                modulation.fsk.deviation = 599;
                break;
            case 3:
                modulation.fsk.deviation = 200001;
                break;
            case 4:
                modulation.fsk.rx_bandwidth = 2599;
                break;
            case 5:
                modulation.fsk.rx_bandwidth = 250001;
                break;
            case 6:
                modulation.fsk.afc_bandwidth = 250001;
                break;
            case 7:
                modulation.fsk.sync_len = 0;
                break;
            default:
                modulation.fsk.sync_len = 9;
        }
        CHECK(fixture_transmit(&modulation, "x", 1) == -22, "a setting out of range is refused");
    }
    radio_modulation_t modulation = fixture_fsk();
    CHECK(fixture_transmit(&modulation, "x", 0) == -22 && fixture_transmit(&modulation, "x", 256) == -22, "1 to 255 bytes");
    fixture_lock();
    CHECK(radio_cad(&modulation) == -22, "activity detection is LoRa's");
    fixture_unlock();
}

int main(void) {
    packets_of_1_to_255_bytes();
    packets_survive_any_wiring();
    a_late_task_keeps_up();
    what_is_left_of_a_packet_is_not_sent();
    bit_rates_from_600_to_300000();
    a_sigfox_downlink_is_received();
    dr7_has_the_registers_of_the_field();
    silence_times_out();
    bad_crcs_are_dropped_and_counted();
    a_busy_channel_is_sensed();
    bad_settings_are_refused();
    return check_result();
}
