// Modes, power and settings as a trace of register writes, and who owns the radio.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "radio_fixture.h"

#define TRACE (512)

static struct {
    uint8_t address, value;
} written[TRACE];
static unsigned writes;

static void trace(sim_chip_t *chip, uint8_t address, uint8_t value) {
    (void)chip;
    if (writes < TRACE) {
        written[writes].address = address;
        written[writes++].value = value;
    }
}

static int start(sim_chip_kind_t kind) {
    int ret = fixture_start_kind(kind);
    fixture_chip.trace = trace;
    writes = 0;
    return ret;
}

static unsigned count(uint8_t address) {
    unsigned found = 0;
    for (unsigned i = 0; i < writes; ++i) {
        found += written[i].address == address;
    }
    return found;
}

// The modes that were written, in order, as text.
static const char *modes(void) {
    static char text[160];
    text[0] = '\0';
    for (unsigned i = 0; i < writes; ++i) {
        if (written[i].address == 0x01) {
            sprintf(text + strlen(text), "%02x ", written[i].value);
        }
    }
    return text;
}

#define CHECK_MODES(want, sentence) \
    do { \
        CHECK(strcmp(modes(), want) == 0, sentence); \
        if (strcmp(modes(), want) != 0) { \
            printf("    modes written: %s\n", modes()); \
        } \
        writes = 0; \
    } while (0)

static void rest(bool sleep) {
    fixture_lock();
    CHECK((sleep ? radio_sleep() : radio_standby()) == 0, "the chip rests");
    fixture_unlock();
}

static void each_operation_takes_the_modes_that_it_needs(void) {
    CHECK(start(SIM_SX1276) == 0, "the chip is found");
    radio_modulation_t lora = fixture_lora(7, RADIO_BW_125K, 1);
    radio_modulation_t fsk = fixture_fsk();
    fixture_transmit(&lora, "x", 1);
    sim_hal_run(200000);
    CHECK_MODES("80 81 83 ", "FSK sleep to LoRa sleep, standby, TX; the chip ends in standby by itself");
    fixture_transmit(&lora, "x", 1);
    sim_hal_run(200000);
    CHECK_MODES("83 ", "TX from standby");
    fixture_receive(&lora, 0, 0);
    sim_hal_run(200000);
    CHECK_MODES("85 ", "continuous reception");
    fixture_transmit(&lora, "x", 1);
    sim_hal_run(200000);
    CHECK_MODES("81 83 ", "settings change in standby");
    fixture_receive(&lora, 10, 0);
    sim_hal_run(200000);
    CHECK_MODES("86 ", "single reception");
    fixture_lock();
    radio_cad(&lora);
    fixture_unlock();
    sim_hal_run(200000);
    CHECK_MODES("87 ", "activity detection");
    rest(true);
    CHECK_MODES("80 ", "sleep");
    rest(true);
    CHECK_MODES("", "sleep is not written twice");
    rest(false);
    CHECK_MODES("81 ", "standby");
    fixture_transmit(&fsk, "x", 1);
    sim_hal_run(200000);
    CHECK_MODES("80 00 01 03 01 ", "the long-range bit changes in sleep; FSK returns to standby by command");
    fixture_receive(&fsk, 0, 0);
    sim_hal_run(200000);
    CHECK_MODES("05 ", "FSK reception");
    fixture_receive(&lora, 0, 0);
    sim_hal_run(200000);
    CHECK_MODES("01 00 80 81 85 ", "and back");
    lora.frequency = fsk.frequency = 433175000;
    fixture_transmit(&lora, "x", 1);
    sim_hal_run(200000);
    CHECK_MODES("81 8b ", "the low band has its bit");
    CHECK_RULES();
}

static void an_operation_ends_the_one_before(void) {
    CHECK(start(SIM_SX1276) == 0, "the chip is found");
    radio_modulation_t lora = fixture_lora(10, RADIO_BW_125K, 1);
    radio_modulation_t fsk = fixture_fsk();
    for (int first = 0; first < 8; ++first) {
        for (uint32_t after_us = 0; after_us < 3000; after_us += 300) {
            fixture_clear();
            uint64_t at_us = first & 1 ? hal_now_us() + 2000 : 0;
            radio_modulation_t *modulation = first & 2 ? &fsk : &lora;
            if (first & 4) {
                fixture_receive(modulation, 8, at_us);
            } else {
                radio_tx_t tx = { .modulation = modulation, .power = 14, .data = (const uint8_t *)"first", .len = 5, .at_us = at_us };
                fixture_lock();
                radio_transmit(&tx);
                fixture_unlock();
            }
            sim_hal_run(after_us);
            unsigned before = fixture.events;
            CHECK(fixture_transmit(&lora, "second", 6) == 0, "another operation is accepted at any moment");
            sim_hal_run(700000);
            CHECK(fixture.events == before + 1 && fixture.event.type == RADIO_TX_DONE, "and only its own end is told");
        }
    }
    CHECK(radio_counters()->faults == 0 && radio_counters()->lost_edges == 0, "nothing went wrong");
    CHECK_RULES();
}

static void only_what_changes_is_written(void) {
    CHECK(start(SIM_SX1272) == 0, "the chip is found");
    radio_modulation_t modulation = fixture_lora(7, RADIO_BW_125K, 1);
    fixture_transmit(&modulation, "x", 1);
    sim_hal_run(200000);
    writes = 0;
    modulation.frequency += 200000;
    fixture_transmit(&modulation, "x", 1);
    sim_hal_run(200000);
    CHECK(count(0x06) + count(0x07) + count(0x08) <= 3 && count(0x08) == 1, "a new channel is three registers");
    CHECK(count(0x1d) == 0 && count(0x39) == 0 && count(0x09) == 0, "the rest stays");
    writes = 0;
    modulation.lora.sf = 9;
    fixture_transmit(&modulation, "x", 1);
    sim_hal_run(200000);
    CHECK(count(0x1e) == 1 && count(0x08) == 0, "a new spreading factor is one");
    CHECK(writes == 5, "with pointer, payload, mode and flags, nothing more");
}

typedef struct {
    int8_t wanted;
    uint8_t config, ocp, dac;
} power_row_t;

static void check_power(sim_chip_kind_t kind, uint32_t boost_from_hz, const power_row_t *rows, size_t number) {
    fixture_wiring_t wiring = fixture_wiring(kind);
    wiring.board.boost_from_hz = boost_from_hz;
    CHECK(fixture_start(&wiring) == 0, "the chip is found");
    for (size_t i = 0; i < number; ++i) {
        radio_modulation_t modulation = fixture_lora(7, RADIO_BW_500K, 1);
        radio_tx_t tx = { .modulation = &modulation, .power = rows[i].wanted, .data = (const uint8_t *)"x", .len = 1 };
        fixture_lock();
        CHECK(radio_transmit(&tx) == 0, "any power is accepted");
        fixture_unlock();
        sim_hal_run(2000);
        CHECK(sim_hal_rf() == (boost_from_hz == 0 ? HAL_RF_TX_BOOST : HAL_RF_TX_RFO), "the antenna is at the pin");
        sim_hal_run(100000);
        CHECK(sim_hal_rf() == HAL_RF_OFF, "and off afterwards");
        CHECK(sim_chip_peek(&fixture_chip, 0x09) == rows[i].config, "RegPaConfig is the datasheet's");
        CHECK(sim_chip_peek(&fixture_chip, 0x0b) == rows[i].ocp, "RegOcp lets the current pass");
        CHECK(sim_chip_peek(&fixture_chip, kind == SIM_SX1276 ? 0x4d : 0x5a) == rows[i].dac, "RegPaDac goes with it");
    }
    CHECK_RULES();
}

static void powers_are_the_datasheets(void) {
    static const power_row_t boost[] = {
        { -10, 0x80, 0x2b, 0x84 }, { 2, 0x80, 0x2b, 0x84 }, { 3, 0x81, 0x2b, 0x84 }, { 14, 0x8c, 0x2b, 0x84 },
        { 17, 0x8f, 0x2b, 0x84 }, { 18, 0x8d, 0x31, 0x87 }, { 20, 0x8f, 0x31, 0x87 }, { 30, 0x8f, 0x31, 0x87 },
        { 10, 0x88, 0x2b, 0x84 },
    };
    static const power_row_t rfo_1276[] = {
        { -10, 0x00, 0x2b, 0x84 }, { -4, 0x00, 0x2b, 0x84 }, { -1, 0x03, 0x2b, 0x84 }, { 0, 0x70, 0x2b, 0x84 },
        { 7, 0x77, 0x2b, 0x84 }, { 14, 0x7e, 0x2b, 0x84 }, { 20, 0x7e, 0x2b, 0x84 },
    };
    static const power_row_t rfo_1272[] = {
        { -10, 0x00, 0x2b, 0x84 }, { -1, 0x00, 0x2b, 0x84 }, { 0, 0x01, 0x2b, 0x84 }, { 14, 0x0f, 0x2b, 0x84 },
        { 20, 0x0f, 0x2b, 0x84 },
    };
    check_power(SIM_SX1276, 0, boost, sizeof(boost) / sizeof(boost[0]));
    check_power(SIM_SX1272, 0, boost, sizeof(boost) / sizeof(boost[0]));
    check_power(SIM_SX1276, UINT32_MAX, rfo_1276, sizeof(rfo_1276) / sizeof(rfo_1276[0]));
    check_power(SIM_SX1272, UINT32_MAX, rfo_1272, sizeof(rfo_1272) / sizeof(rfo_1272[0]));
}

static void a_board_limits_its_power(void) {
    fixture_wiring_t wiring = fixture_wiring(SIM_SX1276);
    wiring.board.power_max = 10;
    CHECK(fixture_start(&wiring) == 0, "the chip is found");
    radio_modulation_t modulation = fixture_lora(7, RADIO_BW_500K, 1);
    radio_tx_t tx = { .modulation = &modulation, .power = 20, .data = (const uint8_t *)"x", .len = 1 };
    fixture_lock();
    CHECK(radio_transmit(&tx) == 0, "20 dBm are asked for");
    fixture_unlock();
    sim_hal_run(100000);
    CHECK(sim_chip_peek(&fixture_chip, 0x09) == 0x88, "10 dBm are sent");
}

static void errata_settings_go_with_band_and_width(void) {
    static const struct {
        uint32_t frequency;
        uint8_t bw, r31, r36, r3a, r2f;
    } rows[] = {
        { 868100000, RADIO_BW_500K, 0xc3, 0x02, 0x64, 0 }, { 433175000, RADIO_BW_500K, 0xc3, 0x02, 0x7f, 0 },
        { 868100000, RADIO_BW_125K, 0x43, 0x03, 0, 0x40 }, { 868100000, RADIO_BW_62K5, 0x43, 0x03, 0, 0x40 },
        { 868100000, RADIO_BW_31K25, 0x43, 0x03, 0, 0x44 }, { 868100000, RADIO_BW_7K8, 0x43, 0x03, 0, 0x48 },
    };
    CHECK(start(SIM_SX1276) == 0, "the chip is found");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        radio_modulation_t modulation = fixture_lora(8, (radio_bw_t)rows[i].bw, 1);
        modulation.frequency = rows[i].frequency;
        CHECK(fixture_receive(&modulation, 0, 0) == 0, "the receiver is on");
        sim_hal_run(5000);
        CHECK(sim_chip_peek(&fixture_chip, 0x31) == rows[i].r31 && sim_chip_peek(&fixture_chip, 0x36) == rows[i].r36, "2.1 and 2.3");
        CHECK(rows[i].r3a == 0 || sim_chip_peek(&fixture_chip, 0x3a) == rows[i].r3a, "2.1");
        CHECK(rows[i].r2f == 0 || (sim_chip_peek(&fixture_chip, 0x2f) == rows[i].r2f && sim_chip_peek(&fixture_chip, 0x30) == 0), "2.3");
    }
    uint32_t frf = (uint32_t)sim_chip_peek(&fixture_chip, 6) << 16 | (uint32_t)sim_chip_peek(&fixture_chip, 7) << 8 | sim_chip_peek(&fixture_chip, 8);
    CHECK(frf == (uint32_t)((868100000.0 + 7810) * 524288 / 32e6 + 0.5), "a narrow receiver is tuned up by its bandwidth");
    CHECK_RULES();
}

static void iq_settings_go_with_the_direction(void) {
    static const uint8_t rows[][4] = { // inverted, transmits, RegInvertIQ, RegInvertIQ2
        { 0, 0, 0x27, 0x1d }, { 0, 1, 0x27, 0x1d }, { 1, 0, 0x67, 0x19 }, { 1, 1, 0x26, 0x19 },
    };
    for (int kind = SIM_SX1272; kind <= SIM_SX1276; ++kind) {
        CHECK(start((sim_chip_kind_t)kind) == 0, "the chip is found");
        for (size_t i = 0; i < 4; ++i) {
            radio_modulation_t modulation = fixture_lora(8, RADIO_BW_125K, 1);
            modulation.lora.iq_inverted = rows[i][0] != 0;
            int ret = rows[i][1] ? fixture_transmit(&modulation, "x", 1) : fixture_receive(&modulation, 0, 0);
            CHECK(ret == 0, "an operation is accepted");
            sim_hal_run(200000);
            CHECK(sim_chip_peek(&fixture_chip, 0x33) == rows[i][2] && sim_chip_peek(&fixture_chip, 0x3b) == rows[i][3], "both registers");
        }
        CHECK_RULES();
    }
}

static void a_tcxo_is_switched_on_and_waited_for(void) {
    for (int kind = SIM_SX1272; kind <= SIM_SX1276; ++kind) {
        fixture_wiring_t wiring = fixture_wiring((sim_chip_kind_t)kind);
        wiring.board.tcxo = true;
        wiring.board.tcxo_us = 5000;
        CHECK(fixture_start(&wiring) == 0, "the chip is found");
        CHECK(sim_chip_peek(&fixture_chip, kind == SIM_SX1272 ? 0x58 : 0x4b) == 0x19, "its input takes a TCXO");
        radio_modulation_t modulation = fixture_lora(7, RADIO_BW_500K, 1);
        fixture_chip.trace = trace;
        writes = 0;
        CHECK(fixture_transmit(&modulation, "x", 1) == 0, "a frame from sleep");
        sim_hal_run(5000);
        CHECK(count(0x00) == 0, "does not touch the FIFO while the TCXO starts");
        sim_hal_run(100000);
        CHECK(fixture.of_type[RADIO_TX_DONE] == 1, "and is sent then");
    }
}

static void the_image_is_calibrated_after_a_reset(void) {
    for (int kind = SIM_SX1272; kind <= SIM_SX1276; ++kind) {
        CHECK(start((sim_chip_kind_t)kind) == 0, "the chip is found");
        radio_modulation_t modulation = fixture_lora(7, RADIO_BW_125K, 1);
        CHECK(fixture_receive(&modulation, 0, 0) == 0, "the receiver is on");
        sim_hal_run(200000);
        writes = 0;
        sim_chip_power_cycle(&fixture_chip);
        CHECK(fixture_wait(3000000) && fixture.event.type == RADIO_FAULT, "a reset is noticed");
        unsigned starts = 0;
        for (unsigned i = 0; i < writes; ++i) {
            starts += written[i].address == 0x3b && (written[i].value & 0x40) != 0;
        }
        CHECK(starts == (kind == SIM_SX1272 ? 1 : 2), "each band is calibrated once");
        CHECK((sim_chip_peek(&fixture_chip, 0x3b) & 0x20) == 0, "and that has ended");
        CHECK_RULES();
    }
}

static uint64_t no_step(radio_owner_t *owner, uint64_t now_us) {
    (void)owner;
    (void)now_us;
    return RADIO_NEVER;
}

static void no_event(radio_owner_t *owner, const radio_event_t *event) {
    (void)owner;
    (void)event;
}

static void one_owner_at_a_time(void) {
    static radio_owner_t other = { .event = no_event, .step = no_step };
    CHECK(start(SIM_SX1276) == 0, "the chip is found");
    radio_modulation_t modulation = fixture_lora(7, RADIO_BW_125K, 1);
    fixture_receive(&modulation, 0, 0);
    sim_hal_run(5000);
    fixture_lock();
    CHECK(radio_claim(&other) == -16, "a second owner is refused");
    CHECK(radio_claim(&fixture.owner) == 0, "the same one is not");
    radio_release(&other);
    CHECK(radio_claim(&other) == -16, "who does not own cannot release");
    radio_release(&fixture.owner);
    CHECK((sim_chip_peek(&fixture_chip, 0x01) & 7) == 0, "released, the chip sleeps");
    CHECK(radio_claim(&other) == 0, "and another may have it");
    radio_release(&other);
    CHECK(radio_claim(&fixture.owner) == 0, "in turn");
    fixture_unlock();
    CHECK(sim_hal_rf() == HAL_RF_OFF, "the antenna is off");
    fixture_clear();
    sim_hal_run(2000000);
    CHECK(fixture.events == 0, "nothing is told about what was ended");
    CHECK_RULES();
}

static unsigned steps;

static void count_step(uint64_t now_us) {
    (void)now_us;
    ++steps;
}

static void steps_come_when_asked_for(void) {
    CHECK(start(SIM_SX1276) == 0, "the chip is found");
    fixture.on_step = count_step;
    sim_hal_run(1000);
    steps = 0;
    sim_hal_run(10000000);
    CHECK(steps == 0, "not by themselves");
    fixture_lock();
    radio_step_soon();
    fixture_unlock();
    sim_hal_run(1000);
    CHECK(steps == 1, "once for each time");
    radio_modulation_t modulation = fixture_lora(7, RADIO_BW_500K, 1);
    fixture_transmit(&modulation, "x", 1);
    sim_hal_run(100000);
    CHECK(steps == 2, "and after an event");
}

int main(void) {
    each_operation_takes_the_modes_that_it_needs();
    an_operation_ends_the_one_before();
    only_what_changes_is_written();
    powers_are_the_datasheets();
    a_board_limits_its_power();
    errata_settings_go_with_band_and_width();
    iq_settings_go_with_the_direction();
    a_tcxo_is_switched_on_and_waited_for();
    the_image_is_calibrated_after_a_reset();
    one_owner_at_a_time();
    steps_come_when_asked_for();
    return check_result();
}
