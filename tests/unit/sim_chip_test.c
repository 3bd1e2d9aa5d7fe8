// The software SX1272/SX1276 as its datasheet describes the chips: registers, modes
// and their times, flags and lines, FIFO, refusals. LoRa frames: sim_lora_test.c.
// SPDX-License-Identifier: MIT
#include <math.h>

#include "check.h"
#include "sim_bench.h"

static const lora_set_t sf7 = { 7, 7, 1, false, true, false, 8 };

static void up(sim_chip_kind_t kind) {
    power_up(kind, SIM_SX1276);
    lora_up(&chip_a, &sf7);
    lora_up(&chip_b, &sf7);
}

static void registers_have_their_reset_values(void) {
    static const uint8_t lora[][2] = {
        { 0x06, 0x6c }, { 0x07, 0x80 }, { 0x08, 0x00 }, { 0x09, 0x4f }, { 0x0a, 0x09 }, { 0x0b, 0x2b }, { 0x0c, 0x20 },
        { 0x0d, 0x00 }, { 0x0e, 0x80 }, { 0x0f, 0x00 }, { 0x11, 0x00 }, { 0x12, 0x00 }, { 0x18, 0x10 }, { 0x1d, 0x72 },
        { 0x1e, 0x70 }, { 0x1f, 0x64 }, { 0x20, 0x00 }, { 0x21, 0x08 }, { 0x22, 0x01 }, { 0x23, 0xff }, { 0x24, 0x00 },
        { 0x26, 0x00 }, { 0x2f, 0x20 }, { 0x31, 0xc3 }, { 0x33, 0x27 }, { 0x36, 0x03 }, { 0x37, 0x0a }, { 0x39, 0x12 },
        { 0x3b, 0x1d }, { 0x40, 0x00 }, { 0x42, 0x12 }, { 0x44, 0x2d }, { 0x4b, 0x09 }, { 0x4d, 0x84 },
    };
    static const uint8_t fsk[][2] = {
        { 0x02, 0x1a }, { 0x03, 0x0b }, { 0x05, 0x52 }, { 0x25, 0x00 }, { 0x26, 0x03 }, { 0x27, 0x93 }, { 0x30, 0x90 },
        { 0x31, 0x40 }, { 0x32, 0x40 }, { 0x35, 0x0f }, { 0x3e, 0x80 }, { 0x3f, 0x40 },
    };
    power_up(SIM_SX1276, SIM_SX1272);
    CHECK(get(&chip_a, 0x01) == 0x09, "the SX1276 starts in FSK standby, low band");
    CHECK(get(&chip_b, 0x01) == 0x01, "the SX1272 in FSK standby");
    for (size_t i = 0; i < sizeof(fsk) / sizeof(fsk[0]); ++i) {
        CHECK(get(&chip_a, fsk[i][0]) == fsk[i][1], "the FSK page has the datasheet's values");
    }
    put(&chip_a, 0x01, 0x00);
    put(&chip_a, 0x01, 0x80);
    for (size_t i = 0; i < sizeof(lora) / sizeof(lora[0]); ++i) {
        CHECK(get(&chip_a, lora[i][0]) == lora[i][1], "the LoRa page has the datasheet's values");
    }
    put(&chip_b, 0x01, 0x00);
    put(&chip_b, 0x01, 0x80);
    CHECK(get(&chip_b, 0x42) == 0x22 && get(&chip_b, 0x1d) == 0x08 && get(&chip_b, 0x5a) == 0x84, "the SX1272's own values");
    CHECK(sim_chip_broken(&chip_a) == 0 && sim_chip_broken(&chip_b) == 0, "reading breaks no rule");
}

static void a_burst_counts_the_address_up(void) {
    up(SIM_SX1276);
    uint8_t out[3] = { 0xe4, 0xc0, 0x12 }, in[3];
    put_burst(&chip_a, 0x06, out, 3);
    get_burst(&chip_a, 0x06, in, 3);
    CHECK(memcmp(out, in, 3) == 0, "three registers in one transaction");
    uint64_t before = sim_time_now();
    get_burst(&chip_a, 0x06, in, 3);
    CHECK(sim_time_now() - before == 4 * 800, "a byte takes 0.8 us at 10 MHz");
}

static void version_and_status_cannot_be_written(void) {
    up(SIM_SX1276);
    put(&chip_a, 0x42, 0x55);
    CHECK(get(&chip_a, 0x42) == 0x12, "RegVersion stays");
    CHECK(chip_a.broken[SIM_RULE_RESERVED] == 1, "and the attempt is counted");
    put(&chip_a, 0x13, 0x55);
    put(&chip_a, 0x19, 0x55);
    CHECK(get(&chip_a, 0x13) == 0 && get(&chip_a, 0x19) == 0, "read-only registers stay");
}

static void long_range_mode_changes_only_in_sleep(void) {
    power_up(SIM_SX1276, SIM_SX1276);
    put(&chip_a, 0x01, 0x80);
    CHECK(get(&chip_a, 0x01) == 0x00, "from Standby the bit is ignored, the mode is taken");
    CHECK(chip_a.broken[SIM_RULE_LONG_RANGE] == 1, "and it is counted");
    put(&chip_a, 0x01, 0x80);
    CHECK(get(&chip_a, 0x01) == 0x80 && chip_a.broken[SIM_RULE_LONG_RANGE] == 1, "in Sleep it is taken");
    put(&chip_a, 0x01, 0x81);
    put(&chip_a, 0x01, 0x01);
    CHECK(get(&chip_a, 0x01) & 0x80, "back to FSK is refused in the same way");
}

static void access_shared_reg_shows_the_fsk_page(void) {
    up(SIM_SX1276);
    put(&chip_a, 0x39, 0x34);
    put(&chip_a, 0x01, 0xc1);
    CHECK(get(&chip_a, 0x39) == 0xf5, "with bit 6 the FSK page is at 0x0D to 0x3F");
    CHECK(get(&chip_a, 0x42) == 0x12, "common registers are not paged");
    put(&chip_a, 0x01, 0x81);
    CHECK(get(&chip_a, 0x39) == 0x34, "without it the LoRa page");
}

static uint64_t time_until_ready(sim_chip_t *chip, uint8_t mode) {
    put(chip, 0x01, mode);
    uint64_t from = sim_time_now();
    while (!sim_chip_dio(chip, 5) && sim_time_now() < from + 100 * MS) {
        sim_time_advance(sim_time_now() + 1000);
    }
    return (sim_time_now() - from) / 1000;
}

static bool near(uint64_t us, unsigned wanted) {
    return us + 2 >= wanted && us <= wanted + 2;
}

static void modes_take_their_start_up_times(void) {
    up(SIM_SX1276);
    put(&chip_a, 0x01, 0x80);
    CHECK(near(time_until_ready(&chip_a, 0x81), 250), "the crystal takes 250 us");
    CHECK(near(time_until_ready(&chip_a, 0x84), 60), "the PLL 60 us");
    CHECK(near(time_until_ready(&chip_a, 0x85), 71), "the receiver 71 us at 125 kHz");
    put(&chip_a, 0x01, 0x81);
    CHECK(near(time_until_ready(&chip_a, 0x85), 131), "from Standby both");
    put(&chip_a, 0x01, 0x80);
    CHECK(near(time_until_ready(&chip_a, 0x85), 381), "from Sleep all three");
    put(&chip_a, 0x01, 0x81);
    CHECK(near(time_until_ready(&chip_a, 0x83), 60 + 55), "a transmission starts after PLL and ramp: 5 us + 1.25 * 40 us");
    put(&chip_a, 0x01, 0x81);
    put(&chip_a, 0x0a, 0x0f);
    put(&chip_a, 0x01, 0x82);
    pass(MS);
    CHECK(near(time_until_ready(&chip_a, 0x83), 17), "from FSTX only the ramp, here of 10 us");
}

static void reset_takes_five_milliseconds(void) {
    up(SIM_SX1276);
    put(&chip_a, 0x39, 0x34);
    sim_chip_reset_line(&chip_a, 0);
    CHECK(get(&chip_a, 0x42) != 0x12, "in reset nothing answers");
    sim_chip_reset_line(&chip_a, -1);
    uint32_t before = chip_a.broken[SIM_RULE_DURING_RESET];
    get(&chip_a, 0x42);
    CHECK(before == 1 && chip_a.broken[SIM_RULE_DURING_RESET] == 2, "access in reset or 5 ms after it is counted");
    pass(4990000);
    get(&chip_a, 0x42);
    CHECK(chip_a.broken[SIM_RULE_DURING_RESET] == 3, "up to the end of them");
    pass(MS / 10);
    CHECK(get(&chip_a, 0x01) == 0x09 && get(&chip_a, 0x42) == 0x12, "afterwards it is in FSK standby");
    CHECK(chip_a.broken[SIM_RULE_DURING_RESET] == 3, "which may be used");
    up(SIM_SX1272);
    sim_chip_reset_line(&chip_a, 0);
    CHECK(get(&chip_a, 0x42) == 0x22, "low is not active on the SX1272");
    sim_chip_reset_line(&chip_a, 1);
    CHECK(get(&chip_a, 0x42) != 0x22, "high is");
}

static unsigned edges[SIM_CHIP_DIOS][2];

static void count_edge(sim_chip_t *chip, int dio, bool level) {
    (void)chip;
    ++edges[dio][level];
}

static void flags_are_cleared_by_writing_one(void) {
    up(SIM_SX1276);
    memset(edges, 0, sizeof(edges));
    chip_a.edge = count_edge;
    put(&chip_a, 0x40, 0x40);
    lora_send(&chip_a, "one", 3);
    CHECK(lora_await(&chip_a, 0x08, 100) == 0x08, "TxDone comes");
    CHECK(sim_chip_dio(&chip_a, 0) && edges[0][1] == 1, "DIO0 mapped to TxDone rises once");
    put(&chip_a, 0x12, 0xf7);
    CHECK(get(&chip_a, 0x12) == 0x08 && sim_chip_dio(&chip_a, 0), "ones elsewhere clear nothing");
    lora_send(&chip_a, "two", 3);
    lora_await(&chip_a, 0x80, 100);
    CHECK(edges[0][1] == 1 && edges[0][0] == 0, "with a stale flag the next frame makes no edge");
    put(&chip_a, 0x12, 0x08);
    CHECK(get(&chip_a, 0x12) == 0 && !sim_chip_dio(&chip_a, 0) && edges[0][0] == 1, "a one clears the flag and the line falls");
    put(&chip_a, 0x01, 0x83);
    lora_await(&chip_a, 0x08, 100);
    put(&chip_a, 0x01, 0x80);
    CHECK(get(&chip_a, 0x12) == 0x08, "mode changes clear no flag");
}

static void masked_flags_are_never_set(void) {
    up(SIM_SX1276);
    put(&chip_a, 0x11, 0x08);
    put(&chip_a, 0x40, 0x40);
    lora_send(&chip_a, "quiet", 5);
    pass(100 * MS);
    CHECK(get(&chip_a, 0x12) == 0 && !sim_chip_dio(&chip_a, 0), "neither flag nor line");
    CHECK((get(&chip_a, 0x01) & 7) == 1, "the frame was sent all the same");
}

static void lines_follow_their_mapping(void) {
    up(SIM_SX1276);
    put(&chip_b, 0x01, 0x85);
    pass(MS);
    lora_send(&chip_a, "map", 3);
    lora_await(&chip_b, 0x40, 100);
    CHECK(sim_chip_dio(&chip_b, 0), "DIO0, 00: RxDone");
    put(&chip_b, 0x40, 0x40);
    CHECK(!sim_chip_dio(&chip_b, 0), "DIO0, 01: TxDone");
    put(&chip_b, 0x40, 0x01);
    CHECK(sim_chip_dio(&chip_b, 3), "DIO3, 01: ValidHeader");
    put(&chip_b, 0x40, 0x02);
    CHECK(!sim_chip_dio(&chip_b, 3), "DIO3, 10: PayloadCrcError");
    put(&chip_b, 0x41, 0x40);
    CHECK(sim_chip_dio(&chip_b, 4), "DIO4, 01: PllLock");
    put(&chip_b, 0x40, 0x00);
    chip_b.faults.dio_cut = 1;
    CHECK(!sim_chip_dio(&chip_b, 0), "a cut line stays low");
}

static void single_reception_times_out_in_symbols(void) {
    up(SIM_SX1276);
    memset(edges, 0, sizeof(edges));
    chip_a.edge = count_edge;
    put(&chip_a, 0x1f, 8);
    put(&chip_a, 0x01, 0x86);
    uint64_t from = sim_time_now();
    CHECK(lora_await(&chip_a, 0x80, 100) == 0x80, "RxTimeout comes");
    uint64_t us = (sim_time_now() - from) / 1000;
    CHECK(near(us, 131 + 8 * 1024), "after start-up and eight symbols");
    CHECK((get(&chip_a, 0x01) & 7) == 1 && edges[1][1] == 1, "in Standby, DIO1 has risen");
}

static void a_preamble_holds_the_timeout_off(void) {
    up(SIM_SX1276);
    put(&chip_b, 0x1f, 6);
    lora_send(&chip_a, "held off, and longer than six symbols", 37);
    put(&chip_b, 0x01, 0x86);
    CHECK(lora_await(&chip_b, 0xc0, 500) == 0x50, "the frame is received without RxTimeout");
    CHECK((get(&chip_b, 0x01) & 7) == 1, "and the chip is in Standby");
    put(&chip_b, 0x12, 0xff);
    put(&chip_a, 0x12, 0xff);
    put(&chip_b, 0x39, 0x34);
    put(&chip_a, 0x01, 0x83);
    put(&chip_b, 0x01, 0x86);
    uint64_t from = sim_time_now();
    CHECK(lora_await(&chip_b, 0xc0, 500) == 0x80, "a frame that is not for us ends in RxTimeout");
    CHECK(sim_time_now() - from > 11 * MS, "raised late: when the sync word was seen");
}

static void continuous_reception_goes_on_behind_the_last_frame(void) {
    up(SIM_SX1276);
    put(&chip_b, 0x0f, 0x10);
    put(&chip_b, 0x01, 0x85);
    pass(MS);
    static const uint8_t starts[3] = { 0x10, 0x1a, 0x24 };
    for (unsigned i = 0; i < 3; ++i) {
        put(&chip_b, 0x12, 0xff);
        lora_send(&chip_a, "ten bytes!", 10);
        lora_await(&chip_b, 0x40, 100);
        CHECK(get(&chip_b, 0x10) == starts[i], "FifoRxCurrentAddr is where the frame begins");
        CHECK(get(&chip_b, 0x25) == starts[i] + 9, "FifoRxByteAddr is its last byte");
    }
    CHECK((get(&chip_b, 0x01) & 7) == 5, "the mode stays");
    put(&chip_b, 0x01, 0x81);
    uint8_t got[256];
    CHECK(lora_fetch(&chip_b, got) == 10 && memcmp(got, "ten bytes!", 10) == 0, "the FIFO can be read in Standby");
    put(&chip_b, 0x01, 0x80);
    CHECK(get(&chip_b, 0x17) == 0 && get(&chip_b, 0x15) == 0, "Sleep resets the counters");
}

static void bytes_are_in_the_fifo_as_they_arrive(void) {
    up(SIM_SX1276);
    put(&chip_b, 0x01, 0x85);
    pass(MS);
    uint8_t data[200];
    fill(data, sizeof(data), 9);
    lora_send(&chip_a, data, sizeof(data));
    lora_await(&chip_b, 0x10, 100);
    uint8_t last = 0xff;
    unsigned steps = 0;
    while (!(sim_chip_peek(&chip_b, 0x12) & 0x40)) {
        pass(10 * MS);
        uint8_t at = get(&chip_b, 0x25);
        CHECK(at == 0xff || at == 199 || last == 0xff || at > last, "FifoRxByteAddr moves on");
        last = at;
        ++steps;
    }
    CHECK(steps > 20 && last == 199, "byte after byte");
}

static void the_fifo_is_one_memory_that_wraps(void) {
    up(SIM_SX1276);
    uint8_t in[4];
    put(&chip_a, 0x0d, 0xfe);
    put_burst(&chip_a, 0x00, "wrap", 4);
    CHECK(get(&chip_a, 0x0d) == 0x02, "the pointer counts on and wraps at 256");
    put(&chip_a, 0x0d, 0xfe);
    get_burst(&chip_a, 0x00, in, 4);
    CHECK(memcmp(in, "wrap", 4) == 0, "it reads what was written");
    put(&chip_a, 0x01, 0x80);
    put(&chip_a, 0x0d, 0xfe);
    put_burst(&chip_a, 0x00, "gone", 4);
    CHECK(chip_a.broken[SIM_RULE_FIFO_IN_SLEEP] == 4, "in Sleep each access is counted");
    put(&chip_a, 0x01, 0x81);
    get_burst(&chip_a, 0x00, in, 4);
    CHECK(memcmp(in, "\0\0\0\0", 4) == 0, "and Sleep has cleared the memory");
}

static void cad_detects_a_preamble_only(void) {
    up(SIM_SX1276);
    uint64_t from = sim_time_now();
    put(&chip_b, 0x01, 0x87);
    CHECK(lora_await(&chip_b, 0x04, 100) == 0x04, "nothing: CadDone alone");
    double symbols = (double)(sim_time_now() - from) / 1e6 / 1.024;
    CHECK(symbols > 1.5 && symbols < 2.4 && (get(&chip_b, 0x01) & 7) == 1, "after 1.5 to 2.2 symbols and start-up, in Standby");
    put(&chip_b, 0x12, 0xff);
    lora_send(&chip_a, "preamble", 8);
    pass(2 * MS);
    put(&chip_b, 0x01, 0x87);
    CHECK(lora_await(&chip_b, 0x04, 100) == 0x05, "a preamble: CadDetected at the same moment");
    put(&chip_b, 0x12, 0xff);
    pass(15 * MS);
    put(&chip_b, 0x01, 0x87);
    CHECK(lora_await(&chip_b, 0x04, 100) == 0x04, "a payload is not detected");
}

static void power_follows_pa_config_and_pa_dac(void) {
    static const struct {
        sim_chip_kind_t kind;
        uint8_t config, dac, ocp;
        int dbm_x10;
        unsigned broken;
    } cases[] = {
        { SIM_SX1276, 0x7f, 0x84, 0x2b, 150, 0 }, { SIM_SX1276, 0x4e, 0x84, 0x2b, 122, 0 },
        { SIM_SX1276, 0x8f, 0x84, 0x2b, 170, 0 }, { SIM_SX1276, 0x80, 0x84, 0x2b, 20, 0 },
        { SIM_SX1276, 0x8f, 0x87, 0x2b, 200, 1 }, { SIM_SX1276, 0x8f, 0x87, 0x2f, 200, 0 },
        { SIM_SX1276, 0x8f, 0x87, 0x0b, 200, 0 }, { SIM_SX1272, 0x0f, 0x84, 0x2b, 140, 0 },
        { SIM_SX1272, 0x8f, 0x87, 0x31, 200, 0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        up(cases[i].kind);
        put(&chip_a, 0x09, cases[i].config);
        put(&chip_a, cases[i].kind == SIM_SX1276 ? 0x4d : 0x5a, cases[i].dac);
        put(&chip_a, 0x0b, cases[i].ocp);
        lora_send(&chip_a, "power", 5);
        pass(5 * MS);
        const sim_air_frame_t *frame = sim_air_next(NULL);
        CHECK(frame != NULL && frame->power_x10 == cases[i].dbm_x10, "the output power is the datasheet's");
        CHECK(chip_a.broken[SIM_RULE_OCP] == cases[i].broken, "+20 dBm needs 120 mA or OCP off");
    }
}

static void the_frequency_is_taken_when_a_mode_is_entered(void) {
    up(SIM_SX1276);
    lora_send(&chip_a, "frequency", 9);
    pass(5 * MS);
    tune(&chip_a, 868500000);
    CHECK(sim_air_next(NULL)->frequency / 1000 == 868099, "not while a frame is sent");
    put(&chip_a, 0x01, 0x81);
    put(&chip_a, 0x01, 0x83);
    pass(MS);
    CHECK(sim_air_next(NULL)->frequency / 1000 == 868500 || sim_air_next(NULL)->frequency / 1000 == 868499, "but for the next");
    put(&chip_a, 0x01, 0x81);
    tune(&chip_a, 100000000);
    put(&chip_a, 0x01, 0x83);
    pass(100 * MS);
    CHECK(chip_a.broken[SIM_RULE_FREQUENCY] == 1 && get(&chip_a, 0x1c) & 0x80, "outside the range the PLL does not lock");
    CHECK(get(&chip_a, 0x12) == 0, "and nothing is sent");
}

static void a_continuous_carrier_lasts_until_it_is_stopped(void) {
    up(SIM_SX1276);
    put(&chip_a, 0x1d, 0x00);
    put(&chip_a, 0x1e, 0x78);
    put(&chip_a, 0x01, 0x83);
    pass(5000 * MS);
    const sim_air_frame_t *frame = sim_air_next(NULL);
    CHECK(frame != NULL && frame->modem == SIM_AIR_CARRIER && frame->end_ns == SIM_NEVER, "a carrier is on the air");
    put(&chip_a, 0x45, 0xe7);
    put(&chip_a, 0x3e, 0x80);
    CHECK(get(&chip_a, 0x45) == 0xe7 && chip_a.broken[SIM_RULE_PA_LEVEL] == 0, "the PA may be driven by hand up to 0xE7");
    put(&chip_a, 0x45, 0xe8);
    CHECK(chip_a.broken[SIM_RULE_PA_LEVEL] == 1, "above it the chip may die: counted");
    put(&chip_b, 0x01, 0x85);
    pass(MS);
    CHECK(get(&chip_b, 0x1b) - 157 > -80, "others see it in their RSSI");
    put(&chip_a, 0x01, 0x81);
    pass(MS);
    CHECK(sim_air_next(NULL) == NULL && get(&chip_b, 0x1b) - 157 < -110, "Standby ends it");
}

static void broken_rules_are_counted(void) {
    static const struct {
        sim_chip_rule_t rule;
        uint8_t address, value, mode;
    } cases[] = {
        { SIM_RULE_PAYLOAD_LENGTH, 0x22, 0x00, 0x83 }, { SIM_RULE_SF6, 0x1e, 0x64, 0x83 },
        { SIM_RULE_LOW_RATE, 0x1e, 0xb4, 0x85 }, { SIM_RULE_ERRATUM, 0x31, 0xc3, 0x85 },
        { SIM_RULE_ERRATUM, 0x2f, 0x20, 0x85 }, { SIM_RULE_ERRATUM, 0x36, 0x02, 0x83 },
        { SIM_RULE_RESERVED, 0x1d, 0xa2, 0x83 }, { SIM_RULE_RESERVED, 0x1d, 0x70, 0x83 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        up(SIM_SX1276);
        put(&chip_a, cases[i].address, cases[i].value);
        put(&chip_a, 0x01, cases[i].mode);
        CHECK(chip_a.broken[cases[i].rule] == 1 && sim_chip_broken(&chip_a) == 1, sim_chip_rule_name(cases[i].rule));
    }
    up(SIM_SX1276);
    lora_send(&chip_a, "busy with this", 14);
    put(&chip_a, 0x1e, 0x84);
    CHECK(chip_a.broken[SIM_RULE_NOT_IN_STANDBY] == 1, "a modem setting changed in TX");
    put(&chip_a, 0x0d, 3);
    pass(MS);
    put(&chip_a, 0x00, 'x');
    CHECK(chip_a.broken[SIM_RULE_FIFO_OVERWRITTEN] == 1, "a byte of the frame being sent changed");
    put(&chip_a, 0x0d, 0x80);
    put(&chip_a, 0x00, 'x');
    CHECK(chip_a.broken[SIM_RULE_FIFO_OVERWRITTEN] == 1, "the rest of the FIFO may be filled meanwhile");
}

static void faults_of_bus_and_supply(void) {
    up(SIM_SX1276);
    chip_a.faults.stuck = true;
    CHECK(get(&chip_a, 0x42) == 0xff, "stuck high reads ones");
    put(&chip_a, 0x39, 0x34);
    chip_a.faults.stuck = false;
    chip_a.faults.stuck_low = true;
    CHECK(get(&chip_a, 0x42) == 0x00, "stuck low reads zeros");
    chip_a.faults.stuck_low = false;
    CHECK(get(&chip_a, 0x39) == 0x12, "writes did nothing");
    chip_a.faults.spi_bit_errors = 50;
    unsigned wrong = 0;
    for (int i = 0; i < 500; ++i) {
        wrong += get(&chip_a, 0x42) != 0x12;
    }
    CHECK(wrong > 50 && wrong < 350, "bit errors hit some transfers");
    chip_a.faults.spi_bit_errors = 0;
    put(&chip_a, 0x39, 0x34);
    sim_chip_power_cycle(&chip_a);
    pass(10 * MS);
    CHECK(get(&chip_a, 0x01) == 0x09, "after a loss of power it is as new");
    put(&chip_a, 0x01, 0x00);
    put(&chip_a, 0x01, 0x80);
    CHECK(get(&chip_a, 0x39) == 0x12, "and its registers too");
}

static void a_clock_that_is_off_counts_differently(void) {
    up(SIM_SX1276);
    chip_a.faults.crystal_ppb = 1000000; // 0.1 % fast, to see it
    put(&chip_a, 0x1e, 0x74 | 3);
    put(&chip_a, 0x1f, 0xff); // 1023 symbols
    put(&chip_a, 0x01, 0x86);
    uint64_t from = sim_time_now();
    lora_await(&chip_a, 0x80, 2000);
    double ms = (double)(sim_time_now() - from) / 1e6;
    CHECK(fabs(ms - (1023 * 1.024 + 0.131) * 0.999) < 0.05, "a fast crystal times out sooner");
}

static void a_tcxo_needs_its_bit(void) {
    up(SIM_SX1276);
    chip_a.tcxo = true;
    lora_send(&chip_a, "clock", 5);
    CHECK(!(lora_await(&chip_a, 0x08, 500) & 0x08), "without TcxoInputOn the PLL gets no clock");
    put(&chip_a, 0x01, 0x80);
    put(&chip_a, 0x4b, 0x19);
    put(&chip_a, 0x01, 0x81);
    pass(MS);
    lora_send(&chip_a, "clock", 5);
    CHECK(lora_await(&chip_a, 0x08, 500) & 0x08, "with it the frame is sent");
}

static uint8_t traced[8][2];
static unsigned traces;

static void trace(sim_chip_t *chip, uint8_t address, uint8_t value) {
    (void)chip;
    if (traces < 8) {
        traced[traces][0] = address;
        traced[traces][1] = value;
    }
    ++traces;
}

static void each_write_can_be_traced(void) {
    up(SIM_SX1276);
    chip_a.trace = trace;
    traces = 0;
    put_burst(&chip_a, 0x06, "\1\2\3", 3);
    get(&chip_a, 0x06);
    put(&chip_a, 0x00, 9);
    CHECK(traces == 4 && traced[1][0] == 0x07 && traced[1][1] == 2 && traced[3][0] == 0 && traced[3][1] == 9, "registers and FIFO, in order");
    uint32_t transfers = chip_a.spi_transfers, bytes = chip_a.spi_bytes;
    put_burst(&chip_a, 0x06, "\1\2\3", 3);
    CHECK(chip_a.spi_transfers == transfers + 1 && chip_a.spi_bytes == bytes + 4, "transfers and bytes are counted");
}

static void wideband_rssi_is_random(void) {
    up(SIM_SX1276);
    unsigned ones = 0, changes = 0;
    uint8_t last = 0;
    for (int i = 0; i < 1000; ++i) {
        uint8_t value = get(&chip_a, 0x2c) & 1;
        ones += value;
        changes += value != last;
        last = value;
    }
    CHECK(ones > 420 && ones < 580 && changes > 420 && changes < 580, "its lowest bit is fair");
}

int main(void) {
    registers_have_their_reset_values();
    a_burst_counts_the_address_up();
    version_and_status_cannot_be_written();
    long_range_mode_changes_only_in_sleep();
    access_shared_reg_shows_the_fsk_page();
    modes_take_their_start_up_times();
    reset_takes_five_milliseconds();
    flags_are_cleared_by_writing_one();
    masked_flags_are_never_set();
    lines_follow_their_mapping();
    single_reception_times_out_in_symbols();
    a_preamble_holds_the_timeout_off();
    continuous_reception_goes_on_behind_the_last_frame();
    bytes_are_in_the_fifo_as_they_arrive();
    the_fifo_is_one_memory_that_wraps();
    cad_detects_a_preamble_only();
    power_follows_pa_config_and_pa_dac();
    the_frequency_is_taken_when_a_mode_is_entered();
    a_continuous_carrier_lasts_until_it_is_stopped();
    broken_rules_are_counted();
    faults_of_bus_and_supply();
    a_clock_that_is_off_counts_differently();
    a_tcxo_needs_its_bit();
    each_write_can_be_traced();
    wideband_rssi_is_random();
    return check_result();
}
