// When things happen: starts, ends, the gap between frames, and what it costs.
// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "radio/radio_airtime.h"
#include "radio_fixture.h"

static const sim_chip_kind_t kinds[] = { SIM_SX1272, SIM_SX1276 };

// Frames as the air saw them.
static uint64_t air_start_us[64];
static uint64_t air_end_us[64];
static unsigned air_frames;

static void watch(const sim_air_radio_t *radio, const sim_air_frame_t *frame, sim_air_fate_t fate) {
    if (radio == NULL && fate == SIM_AIR_ON_AIR && air_frames < 64) {
        air_start_us[air_frames] = frame->start_ns / 1000;
        air_end_us[air_frames++] = frame->end_ns / 1000;
    }
}

static void start(sim_chip_kind_t kind) {
    CHECK(fixture_start_kind(kind) == 0, "the chip is found");
    sim_air_watch(watch);
    air_frames = 0;
}

static void a_frame_leaves_when_it_was_asked_to(void) {
    for (size_t i = 0; i < 2; ++i) {
        static const uint32_t ahead_us[] = { 1000, 4000, 8000, 50000, 1000000, 5000000 };
        start(kinds[i]);
        radio_modulation_t modulation = fixture_lora(7, RADIO_BW_125K, 1);
        for (size_t j = 0; j < sizeof(ahead_us) / sizeof(ahead_us[0]); ++j) {
            uint8_t data[255] = { 0 };
            uint64_t at_us = hal_now_us() + ahead_us[j];
            radio_tx_t tx = { .modulation = &modulation, .power = 14, .data = data, .len = sizeof(data), .at_us = at_us };
            air_frames = 0;
            fixture_clear();
            fixture_lock();
            CHECK(radio_transmit(&tx) == 0, "a frame is accepted ahead of its time");
            fixture_unlock();
            CHECK(fixture_wait(7000000) && fixture.event.type == RADIO_TX_DONE, "it is sent");
            int64_t error = (int64_t)(air_start_us[0] - at_us);
            CHECK(air_frames == 1 && llabs(error) < 30, "its first symbol leaves at that time");
            CHECK(llabs((int64_t)(fixture.event.at_us - air_end_us[0])) <= 2, "its end is told to the microsecond");
            CHECK(air_end_us[0] - air_start_us[0] == radio_airtime_us(&modulation, 255), "its air time is the formula's");
        }
        CHECK_RULES();
    }
}

static uint64_t ready_at_us;

// The receiver is ready its start-up time after the mode was written.
static void trace(sim_chip_t *chip, uint8_t address, uint8_t value) {
    (void)chip;
    if (address == 0x01 && (value & 7) >= 5) {
        ready_at_us = hal_now_us();
    }
}

static void a_receiver_is_ready_when_it_was_asked_to(void) {
    for (size_t i = 0; i < 2; ++i) {
        start(kinds[i]);
        fixture_chip.trace = trace;
        sim_hal_set_latency(20, 0, 1);
        for (uint8_t bw = kinds[i] == SIM_SX1272 ? RADIO_BW_125K : 0; bw <= RADIO_BW_500K; ++bw) {
            radio_modulation_t modulation = fixture_lora(10, (radio_bw_t)bw, 1);
            modulation.lora.iq_inverted = true;
            uint64_t at_us = hal_now_us() + 1000000;
            uint32_t symbol_us = radio_airtime_symbol_us(&modulation.lora);
            fixture_clear();
            CHECK(fixture_receive(&modulation, 8, at_us) == 0, "a window is accepted ahead of its time");
            CHECK(fixture_wait(4000000) && fixture.event.type == RADIO_RX_TIMEOUT, "nothing is heard in it");
            int64_t error = (int64_t)(ready_at_us + radio_rx_start_us(&modulation) - at_us);
            CHECK(llabs(error) < 40, "it opens at its time, but for the task's latency");
            int64_t end = (int64_t)(fixture.event.at_us - at_us) - 8 * (int64_t)symbol_us;
            CHECK(llabs(end) < 60, "and closes after its symbols");
            CHECK((sim_chip_peek(&fixture_chip, 0x01) & 7) == 1, "the chip is in standby then");
        }
        CHECK(radio_counters()->lost_edges == 0 && radio_counters()->faults == 0, "edges told it");
        CHECK_RULES();
    }
}

static void a_chip_sleeps_while_a_window_is_far(void) {
    start(SIM_SX1276);
    radio_modulation_t modulation = fixture_lora(10, RADIO_BW_125K, 1);
    CHECK(fixture_transmit(&modulation, "x", 1) == 0 && fixture_wait(1000000), "a frame is sent");
    CHECK((sim_chip_peek(&fixture_chip, 0x01) & 7) == 1, "standby follows");
    CHECK(fixture_receive(&modulation, 8, hal_now_us() + 1000000) == 0, "a window a second ahead");
    sim_hal_run(900000);
    CHECK(sim_chip_peek(&fixture_chip, 0x01) == 0x80, "the chip sleeps until shortly before");
}

static void a_frame_in_a_window_holds_it_open(void) {
    start(SIM_SX1276);
    radio_modulation_t modulation = fixture_lora(12, RADIO_BW_125K, 1);
    uint8_t data[51] = { 1, 2, 3 };
    peer_lora(&modulation);
    peer_write(0x01, 0x81);
    fixture_clear();
    CHECK(fixture_receive(&modulation, 8, hal_now_us() + 20000) == 0, "a window of 8 symbols");
    sim_hal_run(15000);
    peer_send(data, sizeof(data));
    CHECK(fixture_wait(5000000) && fixture.event.type == RADIO_RX_DONE, "the frame, which is longer, is received");
    CHECK(fixture.event.len == sizeof(data), "as a whole");
    CHECK(radio_counters()->faults == 0, "no watchdog barked");
    CHECK_RULES();
}

static unsigned to_send;
static size_t next_len;
static uint8_t payload[255];

static void send_more(const radio_event_t *event) {
    if (event->type == RADIO_TX_DONE && to_send > 0) {
        --to_send;
        CHECK(radio_transmit_next(payload, next_len) == 0, "the frame after the next is loaded while the next is sent");
    }
}

static void next_frames_leave_no_idle_air(void) {
    static const size_t lens[] = { 1, 16, 64, 128 };
    for (size_t i = 0; i < 8; ++i) {
        start(kinds[i % 2]);
        next_len = lens[i / 2];
        radio_modulation_t modulation = fixture_lora(7, RADIO_BW_500K, 1);
        fixture.on_event = send_more;
        to_send = 18;
        CHECK(fixture_transmit(&modulation, payload, next_len) == 0, "the first");
        fixture_lock();
        CHECK(radio_transmit_next(payload, next_len) == 0, "the second, while the chip still wakes");
        CHECK(radio_transmit_next(payload, next_len) == -16, "one at most");
        fixture_unlock();
        sim_hal_run(3000000);
        CHECK(fixture.of_type[RADIO_TX_DONE] == 20 && air_frames == 20, "all are sent");
        uint64_t gap_us = 0;
        for (unsigned j = 1; j < air_frames; ++j) {
            uint64_t one_us = air_start_us[j] - air_end_us[j - 1];
            gap_us = one_us > gap_us ? one_us : gap_us;
        }
        CHECK(gap_us < radio_tx_start_us() + 15, "between two there is the PLL's start and 10 bytes of SPI");
        CHECK_RULES();
    }
}

static void next_frames_carry_their_own_payload(void) {
    start(SIM_SX1276);
    radio_modulation_t modulation = fixture_lora(7, RADIO_BW_125K, 1);
    uint8_t first[100], second[156], third[90], got[255];
    memset(first, 1, sizeof(first));
    memset(second, 2, sizeof(second));
    memset(third, 3, sizeof(third));
    peer_lora(&modulation);
    peer_listen();
    CHECK(fixture_transmit(&modulation, first, sizeof(first)) == 0, "100 bytes");
    sim_hal_run(5000);
    fixture_lock();
    CHECK(radio_transmit_next(second, 157) == -122, "157 do not fit beside them");
    CHECK(radio_transmit_next(second, sizeof(second)) == 0, "156 do");
    fixture_unlock();
    CHECK(fixture_wait(1000000), "the first is sent");
    sim_hal_run(2000);
    CHECK(peer_frame(got) == 100 && memcmp(got, first, 100) == 0, "and received");
    fixture_clear();
    fixture_lock();
    CHECK(radio_transmit_next(third, sizeof(third)) == 0, "90 bytes take the place of the first");
    fixture_unlock();
    CHECK(fixture_wait(1000000), "the second is sent");
    sim_hal_run(2000);
    CHECK(peer_frame(got) == 156 && memcmp(got, second, 156) == 0, "and received");
    fixture_clear();
    CHECK(fixture_wait(1000000), "the third is sent");
    sim_hal_run(2000);
    CHECK(peer_frame(got) == 90 && memcmp(got, third, 90) == 0, "and received");
    fixture_lock();
    CHECK(radio_transmit_next(third, sizeof(third)) == -11, "nothing follows when nothing is sent");
    fixture_unlock();
    CHECK_RULES();
}

static void spi_of(const char *what, unsigned transfers, unsigned bytes) {
    printf("%s: %u transactions, %u bytes\n", what, (unsigned)radio_counters()->spi_transfers - transfers, (unsigned)radio_counters()->spi_bytes - bytes);
}

// What the chip needs: pointer, payload, mode; flags read and cleared.
static void a_frame_costs_little_traffic(void) {
    start(SIM_SX1276);
    radio_modulation_t modulation = fixture_lora(7, RADIO_BW_125K, 1);
    peer_lora(&modulation);
    for (int i = 0; i < 3; ++i) {
        uint32_t transfers = radio_counters()->spi_transfers;
        uint32_t bytes = radio_counters()->spi_bytes;
        fixture_clear();
        CHECK(fixture_transmit(&modulation, payload, 16) == 0 && fixture_wait(1000000), "a frame is sent");
        if (i > 0) {
            CHECK(radio_counters()->spi_transfers - transfers <= 6, "check, pointer, payload, mode, flags, clear");
            CHECK(radio_counters()->spi_bytes - bytes <= 6 * 2 + 1 + 16, "and nothing else");
        }
        spi_of("sent 16 bytes", transfers, bytes);
    }
    CHECK(fixture_receive(&modulation, 0, 0) == 0, "a receiver is on");
    sim_hal_run(2000);
    for (int i = 0; i < 3; ++i) {
        peer_write(0x01, 0x81);
        sim_hal_run(1000);
        uint32_t transfers = radio_counters()->spi_transfers;
        uint32_t bytes = radio_counters()->spi_bytes;
        fixture_clear();
        peer_send(payload, 16);
        CHECK(fixture_wait(500000), "a frame is received");
        if (i > 0) {
            CHECK(radio_counters()->spi_transfers - transfers <= 5, "status, clear, frequency error, pointer, payload");
            CHECK(radio_counters()->spi_bytes - bytes <= 14 + 2 + 4 + 2 + 17, "and nothing else");
        }
        spi_of("received 16 bytes", transfers, bytes);
    }
}

int main(void) {
    a_frame_leaves_when_it_was_asked_to();
    a_receiver_is_ready_when_it_was_asked_to();
    a_chip_sleeps_while_a_window_is_far();
    a_frame_in_a_window_holds_it_open();
    next_frames_leave_no_idle_air();
    next_frames_carry_their_own_payload();
    a_frame_costs_little_traffic();
    return check_result();
}
