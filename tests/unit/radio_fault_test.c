// What goes wrong: edges that are lost, lines that are not there, a bus with errors,
// a chip that loses its power or is stuck.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "radio/sx127x.h"
#include "radio_fixture.h"

static const sim_chip_kind_t kinds[] = { SIM_SX1272, SIM_SX1276 };

static radio_modulation_t modulation;

static void start(const fixture_wiring_t *wiring) {
    CHECK(fixture_start(wiring) == 0, "the chip is found");
    modulation = fixture_lora(7, RADIO_BW_125K, 1);
    peer_lora(&modulation);
}

static void start_kind(sim_chip_kind_t kind) {
    fixture_wiring_t wiring = fixture_wiring(kind);
    start(&wiring);
}

// Both directions, and a window that nobody uses.
static void it_works(void) {
    uint8_t got[255];
    peer_lora(&modulation);
    peer_listen();
    fixture_clear();
    CHECK(fixture_transmit(&modulation, "over", 4) == 0, "a frame is accepted");
    CHECK(fixture_wait(500000) && fixture.event.type == RADIO_TX_DONE, "and sent");
    CHECK(fixture.event.at_us <= hal_now_us(), "its end is not in the future");
    sim_hal_run(1000);
    CHECK(peer_frame(got) == 4 && memcmp(got, "over", 4) == 0, "and heard");
    for (uint16_t symbols = 0; symbols < 200; symbols += 100) {
        peer_lora(&modulation);
        fixture_clear();
        CHECK(fixture_receive(&modulation, symbols, 0) == 0, "a reception is accepted");
        peer_send((const uint8_t *)"and out", 7);
        CHECK(fixture_wait(2000000) && fixture.event.type == RADIO_RX_DONE, "a frame is received");
        CHECK(fixture.event.len == 7 && memcmp(fixture.data, "and out", 7) == 0, "whole");
    }
    fixture_clear();
    CHECK(fixture_receive(&modulation, 20, 0) == 0, "a reception is accepted");
    CHECK(fixture_wait(500000) && fixture.event.type == RADIO_RX_TIMEOUT, "silence times out");
}

static void merged_lines_tell_everything(void) {
    for (size_t i = 0; i < 2; ++i) {
        fixture_wiring_t wiring = fixture_wiring(kinds[i]);
        wiring.merged = true;
        wiring.no_reset_line = true; // as on the Pycom boards
        start(&wiring);
        for (int j = 0; j < 10; ++j) {
            it_works();
        }
        CHECK(radio_counters()->lost_edges == 0 && radio_counters()->faults == 0, "by edges alone");
        CHECK_RULES();
    }
}

static void an_unwired_dio1_is_replaced_by_time(void) {
    for (size_t i = 0; i < 2; ++i) {
        fixture_wiring_t wiring = fixture_wiring(kinds[i]);
        wiring.board.dio = 0x01;
        start(&wiring);
        it_works();
        uint64_t begin = hal_now_us();
        fixture_clear();
        CHECK(fixture_receive(&modulation, 10, 0) == 0, "a reception is accepted");
        CHECK(fixture_wait(500000) && fixture.event.type == RADIO_RX_TIMEOUT, "the timeout is found");
        CHECK(fixture.event.at_us - begin < 10 * 1024 + 2000, "soon after it happened");
        CHECK(radio_counters()->lost_edges == 0, "an edge that cannot come is not a lost one");
        CHECK_RULES();
    }
}

static void no_line_at_all_still_works(void) {
    fixture_wiring_t wiring = fixture_wiring(SIM_SX1276);
    wiring.board.dio = 0;
    start(&wiring);
    it_works();
    CHECK(radio_counters()->lost_edges == 0 && radio_counters()->faults == 0, "by deadlines alone");
    CHECK_RULES();
}

static void lost_edges_are_found_and_counted(void) {
    start_kind(SIM_SX1276);
    sim_hal_set_deaf(true);
    it_works();
    CHECK(radio_counters()->lost_edges == 4, "a frame sent, two received, a timeout");
    CHECK(radio_counters()->faults == 0, "none of it is a fault");
    sim_hal_set_deaf(false);
    it_works();
    CHECK(radio_counters()->lost_edges == 4, "edges count again");
    fixture_chip.faults.dio_cut = 0x01;
    fixture_clear();
    CHECK(fixture_transmit(&modulation, "x", 1) == 0 && fixture_wait(500000), "DIO0 is cut");
    CHECK(fixture.event.type == RADIO_TX_DONE && radio_counters()->lost_edges == 5, "the frame is sent all the same");
    CHECK_RULES();
}

static void stale_flags_do_not_confuse(void) {
    start_kind(SIM_SX1276);
    CHECK(fixture_receive(&modulation, 0, 0) == 0, "the receiver is on");
    sim_hal_set_deaf(true);
    peer_send((const uint8_t *)"unseen", 6);
    sim_hal_run(200000);
    CHECK(sim_chip_peek(&fixture_chip, 0x12) & 0x40, "a frame was received and nobody looked");
    sim_hal_set_deaf(false);
    fixture_clear();
    CHECK(fixture_transmit(&modulation, "x", 1) == 0, "another operation begins");
    sim_hal_run(2000);
    CHECK(sim_chip_peek(&fixture_chip, 0x12) == 0, "its flags are its own");
    CHECK(fixture_wait(500000) && fixture.event.type == RADIO_TX_DONE, "and its event");
    CHECK(sim_chip_peek(&fixture_chip, 0x12) == 0 && !sim_chip_dio(&fixture_chip, 0), "afterwards the line is down");
    it_works();
    CHECK_RULES();
}

static void a_very_late_task_loses_no_event(void) {
    start_kind(SIM_SX1276);
    sim_hal_set_latency(2000, 20000, 7);
    for (int i = 0; i < 10; ++i) {
        it_works();
    }
    CHECK(radio_counters()->faults == 0, "late is not lost");
    CHECK_RULES();
}

// What power loss does at each moment of an operation.
static void power_is_cut(void (*begin)(void), uint32_t after_us) {
    begin();
    sim_hal_run(after_us);
    fixture_clear();
    uint32_t faults = radio_counters()->faults;
    sim_chip_power_cycle(&fixture_chip);
    sim_hal_run(20000);
    CHECK(fixture_wait(4000000), "something is told");
    CHECK(fixture.event.type == RADIO_FAULT, "that the operation is lost");
    CHECK(radio_counters()->faults == faults + 1, "once");
    CHECK((sim_chip_peek(&fixture_chip, 0x01) & 0x87) == 0, "the chip sleeps, and was set up anew");
    it_works();
}

static void begin_tx(void) {
    uint8_t data[255] = { 0 };
    fixture_transmit(&modulation, data, sizeof(data));
}

static void begin_rx(void) {
    fixture_receive(&modulation, 0, 0);
}

static void begin_window(void) {
    fixture_receive(&modulation, 1000, 0);
}

static void begin_fsk(void) {
    radio_modulation_t fsk = fixture_fsk();
    fixture_receive(&fsk, 0, 0);
}

static void a_chip_that_resets_is_set_up_anew(void) {
    void(*const begins[])(void) = { begin_tx, begin_rx, begin_window, begin_fsk };
    for (size_t i = 0; i < 4; ++i) {
        for (int line = 0; line < 2; ++line) {
            fixture_wiring_t wiring = fixture_wiring(kinds[i % 2]);
            wiring.no_reset_line = line == 0;
            start(&wiring);
            for (uint32_t after_us = 1000; after_us < 300000; after_us += 97000) {
                power_is_cut(begins[i], after_us);
            }
        }
    }
}

static void a_reset_while_asleep_is_noticed_at_the_next_operation(void) {
    start_kind(SIM_SX1276);
    it_works();
    fixture_lock();
    CHECK(radio_sleep() == 0, "the chip sleeps");
    fixture_unlock();
    sim_chip_power_cycle(&fixture_chip);
    sim_hal_run(20000);
    fixture_clear();
    CHECK(fixture_transmit(&modulation, "x", 1) == -5, "the operation is refused");
    CHECK(fixture_transmit(&modulation, "x", 1) == -5, "as long as the chip is set up");
    CHECK(fixture_wait(500000) && fixture.event.type == RADIO_FAULT, "which is told");
    it_works();
    CHECK_RULES();
}

static void poke(uint8_t address, uint8_t value) {
    const uint8_t out[2] = { address | 0x80, value };
    sim_chip_spi(&fixture_chip, out, NULL, 2);
}

// A disturbance changes one register, or the mode.
static void a_receiver_that_has_gone_deaf_is_noticed(void) {
    static const uint8_t pokes[][2] = { { 0x01, 0x81 }, { 0x01, 0x80 }, { 0x08, 0x00 }, { 0x39, 0x12 }, { 0x1e, 0x84 } };
    for (size_t i = 0; i < sizeof(pokes) / sizeof(pokes[0]); ++i) {
        start_kind(SIM_SX1276);
        begin_rx();
        sim_hal_run(5000000);
        CHECK(fixture.events == 0, "a receiver stays on quietly");
        poke(pokes[i][0], pokes[i][1]);
        CHECK(fixture_wait(1500000) && fixture.event.type == RADIO_FAULT, "what it has lost is noticed");
        it_works();
    }
}

static void stick(bool low, bool stuck) {
    fixture_chip.faults.stuck = stuck && !low;
    fixture_chip.faults.stuck_low = stuck && low;
}

static void a_stuck_chip_is_given_up_and_found_again(void) {
    for (int low = 0; low < 2; ++low) {
        start_kind(SIM_SX1276);
        begin_rx();
        sim_hal_run(5000);
        stick(low, true);
        fixture_clear();
        CHECK(fixture_wait(5000000) && fixture.event.type == RADIO_FAULT, "its end is told");
        CHECK(radio_chip() == RADIO_CHIP_SX1276, "it is still known what it was");
        uint32_t transfers = radio_counters()->spi_transfers;
        fixture_clear();
        sim_hal_run(10000000);
        CHECK(fixture.events == 0 && radio_counters()->spi_transfers == transfers, "nobody keeps talking to it");
        CHECK(fixture_transmit(&modulation, "x", 1) == -5, "an operation is refused");
        CHECK(fixture_wait(3000000) && fixture.event.type == RADIO_FAULT, "after it was tried again");
        CHECK(radio_counters()->spi_transfers - transfers < 50, "a few times");
        stick(low, false);
        fixture_clear();
        CHECK(fixture_transmit(&modulation, "x", 1) == -5, "the next operation wakes it");
        CHECK(fixture_wait(500000) && fixture.event.type == RADIO_FAULT, "it is there again");
        it_works();
    }
}

// A board without a reset line finds the chip as its firmware left it.
static void a_chip_in_any_state_is_taken_over(void) {
    for (int i = 0; i < 8; ++i) {
        fixture_wiring_t wiring = fixture_wiring(kinds[i % 2]);
        wiring.no_reset_line = true;
        start(&wiring);
        radio_modulation_t other = i < 4 ? fixture_lora(9, RADIO_BW_250K, 3) : fixture_fsk();
        CHECK(fixture_receive(&other, 0, 0) == 0, "it receives");
        sim_hal_run(5000);
        if (i & 2) {
            if (other.modem == RADIO_FSK) {
                peer_fsk(&other);
            } else {
                peer_lora(&other);
            }
            peer_send((const uint8_t *)"stale", 5);
            sim_hal_set_deaf(true);
            sim_hal_run(100000);
        }
        CHECK(fixture_restart() == 0, "after a reset of the CPU the chip is found");
        peer_write(0x01, sim_chip_peek(&fixture_peer, 0x01) & 0x80);
        CHECK(fixture_receive(&modulation, 0, 0) == 0, "a reception is accepted");
        sim_hal_run(1500000);
        CHECK(fixture.events == 0, "what was received before is not told");
        it_works();
        CHECK(radio_counters()->faults == 0 && radio_counters()->lost_edges == 0, "at once");
        CHECK_RULES();
    }
}

static void a_chip_that_comes_back_in_time_is_used(void) {
    start_kind(SIM_SX1272);
    stick(false, true);
    CHECK(fixture_transmit(&modulation, "x", 1) == -5 || fixture_wait(5000000), "the chip hangs");
    sim_hal_run(100000);
    stick(false, false);
    fixture_clear();
    CHECK(fixture_wait(1000000) && fixture.event.type == RADIO_FAULT, "one of the next attempts finds it");
    it_works();
}

static bool too_often(void *steps) {
    return ++*(unsigned *)steps > 1000;
}

static void no_chip_is_no_device(void) {
    fixture_wiring_t wiring = fixture_wiring(SIM_SX1276);
    CHECK(fixture_start(&wiring) == 0, "the chip is found");
    // A fixture whose bus was dead from the start.
    fixture_dead_bus = true;
    CHECK(fixture_start(&wiring) == -19, "no answer is no device");
    CHECK(radio_chip() == RADIO_CHIP_NONE, "and no chip");
    const char *why = NULL;
    radio_modulation_t lora = fixture_lora(7, RADIO_BW_125K, 1);
    CHECK(radio_check(&lora, &why) == -22 && why != NULL, "nothing can be asked of it");
    CHECK(fixture_transmit(&lora, "x", 1) == -22, "nor sent");
    // As at the program's begin, where nothing is set up: a call must not ask for another at once,
    // since on an ESP32 it would come before the thread that sets up.
    sx127x.deadline_us = 0;
    hal_lock();
    hal_wake();
    hal_unlock();
    unsigned steps = 0;
    CHECK(!sim_hal_run_until(too_often, &steps, 1000), "a call without a chip asks for no other one");
    fixture_dead_bus = false;
    stick(false, false);
    CHECK(radio_start() == 0 && radio_chip() == RADIO_CHIP_SX1276, "a later start finds it");
}

// Not all can be noticed, but nothing may hang, and all must work afterwards.
static void bit_errors_are_survived(void) {
    for (uint32_t one_in = 300; one_in <= 30000; one_in *= 10) {
        start_kind(SIM_SX1276);
        fixture_chip.faults.spi_bit_errors = one_in;
        for (int i = 0; i < 60; ++i) {
            fixture_clear();
            int ret = i % 2 != 0 ? fixture_transmit(&modulation, "frame", 5) : fixture_receive(&modulation, 50, 0);
            CHECK(ret == 0 || ret == -5, "an operation is accepted, or the chip does not answer");
            CHECK(fixture_wait(6000000), "each operation ends");
        }
        fixture_chip.faults.spi_bit_errors = 0;
        fixture_clear();
        fixture_lock();
        radio_sleep();
        fixture_unlock();
        sim_hal_run(2000000);
        printf("1 bit in %u wrong: %u faults, %u lost edges\n", (unsigned)one_in, (unsigned)radio_counters()->faults, (unsigned)radio_counters()->lost_edges);
        // Registers may be wrong still: a receiver that stays on, and a window that
        // is far ahead, find that.
        fixture_clear();
        bool far = one_in == 3000;
        int ret = fixture_receive(&modulation, far ? 20 : 0, far ? hal_now_us() + 100000 : 0);
        CHECK(ret == 0 || far, "a receiver is on");
        sim_hal_run(3000000);
        it_works();
    }
}

int main(void) {
    merged_lines_tell_everything();
    an_unwired_dio1_is_replaced_by_time();
    no_line_at_all_still_works();
    lost_edges_are_found_and_counted();
    stale_flags_do_not_confuse();
    a_very_late_task_loses_no_event();
    a_chip_that_resets_is_set_up_anew();
    a_reset_while_asleep_is_noticed_at_the_next_operation();
    a_receiver_that_has_gone_deaf_is_noticed();
    a_stuck_chip_is_given_up_and_found_again();
    a_chip_in_any_state_is_taken_over();
    a_chip_that_comes_back_in_time_is_used();
    no_chip_is_no_device();
    bit_errors_are_survived();
    return check_result();
}
