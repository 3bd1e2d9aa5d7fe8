// The D-BPSK stream on the software chip: what the registers make of the carrier.
// With an argument, the trace of a whole frame goes there, for tests/bench.
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "net/net_errno.h"
#include "radio_fixture.h"
#include "sigfox/sigfox_ramp.h"
#include "sim_stream.h"

#define POINTS_MAX (40000)
#define BITS (208)

static sim_air_point_t points[POINTS_MAX];
static size_t points_used;
static sigfox_ramp_t shape;
static uint8_t levels[SIGFOX_RAMP_STEPS_MAX];
static radio_ramp_t ramp;
static uint8_t data[BITS / 8];
static uint8_t registers[0x80];

static void on_point(const sim_air_frame_t *frame, const sim_air_point_t *point) {
    (void)frame;
    if (points_used < POINTS_MAX) {
        points[points_used++] = *point;
    }
}

static void begin(sim_chip_kind_t kind, uint16_t bit_rate) {
    CHECK(fixture_start_kind(kind) == 0, "the chip is found");
    points_used = 0;
    sim_air_watch_trace(on_point);
    bool slow = bit_rate == 100;
    sigfox_ramp_shape_t wanted = {
        .bit_rate = bit_rate, .steps = slow ? 70 : 40, .top = slow ? 70 : 170, .percent = 90, .even = !slow,
    };
    CHECK(sigfox_ramp_compute(&shape, &wanted) == 0, "the ramp is computed");
    for (int n = 1; n <= shape.steps; ++n) {
        levels[n - 1] = sigfox_ramp_level(&shape, n);
    }
    ramp = (radio_ramp_t) { .at = shape.at, .level = levels, .span = shape.span, .steps = shape.steps };
    srand(bit_rate);
    for (size_t i = 0; i < sizeof(data); ++i) {
        data[i] = (uint8_t)(i < 2 ? 0xaa : rand());
    }
}

static radio_stream_t wanted_stream(uint16_t bit_rate) {
    return (radio_stream_t) { .frequency = 868130000, .ramp = &ramp, .data = data, .bits = BITS, .bit_rate = bit_rate };
}

static int start(const radio_stream_t *stream) {
    fixture_lock();
    int ret = radio_stream(stream);
    fixture_unlock();
    return ret;
}

static void send(uint16_t bit_rate) {
    radio_stream_t stream = wanted_stream(bit_rate);
    CHECK(start(&stream) == 0, "the stream is taken");
    CHECK(fixture_wait(5000000) && fixture.event.type == RADIO_TX_DONE, "it ends");
}

static bool bit_of(size_t n) {
    return data[n / 8] >> (7 - n % 8) & 1;
}

// Phases to bits; the greatest error of a turn's time against the clock that ends at
// the event, in ns.
static void check_bits(uint16_t bit_rate) {
    double bit_ns = 1e9 / bit_rate;
    double first = (double)fixture.event.at_us * 1000 - BITS * bit_ns;
    uint8_t seen[BITS];
    memset(seen, 1, sizeof(seen));
    double worst = 0;
    for (size_t i = 1; i < points_used; ++i) {
        if (points[i].phase != points[i - 1].phase) {
            double at = ((double)points[i].at_ns - first) / bit_ns;
            int bit = (int)(at + 0.5);
            if (bit >= 0 && bit < BITS) {
                seen[bit] = 0;
                double error = (at - bit) * bit_ns;
                worst = error > worst ? error : error < -worst ? -error : worst;
            } else {
                CHECK(false, "a turn lies within the frame");
            }
        }
    }
    size_t wrong = 0;
    for (size_t n = 0; n < BITS; ++n) {
        wrong += seen[n] != bit_of(n);
    }
    CHECK(wrong == 0, "the phase turns for every 0, and for no 1");
    // 100 ppm of a frame are 208 us and 34 us; this is absolute, so it does not add up.
    CHECK(worst < 3000, "each turn comes within 3 us of the bit clock, from the first bit to the last");
}

static void check_levels(void) {
    uint8_t top = 0;
    bool quiet_turns = true, monotonic = true;
    int direction = 1;
    for (size_t i = 1; i < points_used; ++i) {
        uint8_t level = points[i].level, before = points[i - 1].level;
        top = level > top ? level : top;
        quiet_turns = quiet_turns && (points[i].phase == points[i - 1].phase || (level == 0 && before == 0));
        if (level != before) {
            int now = level > before ? 1 : -1;
            // It turns round at nothing and at the top only.
            monotonic = monotonic && (now == direction || before == 0 || before == shape.top);
            direction = now;
        }
    }
    CHECK(quiet_turns, "the phase turns at level zero only");
    CHECK(monotonic, "every ramp goes one way, from nothing to the top or back");
    CHECK(top == shape.top && top < 0xe7, "the level is the ramp's, never 0xE7 or more");
    CHECK(points[0].level == 0 && points[points_used - 1].level == 0, "the carrier starts and ends at level zero");
}

// But for frequency, power, FIFO pointer, flags and noise.
static void check_restored(void) {
    size_t different = 0;
    for (int address = 0x02; address < 0x71; ++address) {
        bool may = (address >= 0x06 && address <= 0x0b) || address == 0x0d || (address >= 0x12 && address <= 0x1c) || address == 0x2c;
        if (!may && registers[address] != sim_chip_peek(&fixture_chip, (uint8_t)address)) {
            printf("register 0x%02x: 0x%02x was 0x%02x\n", address, sim_chip_peek(&fixture_chip, (uint8_t)address),
                registers[address]);
            ++different;
        }
    }
    CHECK(different == 0, "registers hold what they held before");
}

// After a reset, in the LoRa page.
static void to_reset_values(sim_chip_kind_t kind) {
    static sim_chip_t fresh;
    memset(&fresh, 0, sizeof(fresh));
    sim_chip_init(&fresh, kind);
    const uint8_t sleep[] = { 0x81, 0x00 }, lora[] = { 0x81, 0x80 };
    sim_chip_spi(&fresh, sleep, NULL, 2);
    sim_chip_spi(&fresh, lora, NULL, 2);
    for (int address = 0x02; address < 0x71; ++address) {
        registers[address] = sim_chip_peek(&fresh, (uint8_t)address);
    }
    sim_chip_deinit(&fresh);
}

// Turns of the phase with the amplifier's manual mode on, and off.
static unsigned turns_on, turns_off;
static uint8_t manual;

static void on_write(sim_chip_t *chip, uint8_t address, uint8_t value) {
    if (address == (chip->kind == SIM_SX1276 ? 0x52 : 0x63)) {
        manual = value;
    } else if (address == 0x3e && (sim_chip_peek(chip, 0x01) & 7) == 3) {
        turns_on += manual != 0;
        turns_off += manual == 0;
    }
}

static void frame(sim_chip_kind_t kind, uint16_t bit_rate) {
    begin(kind, bit_rate);
    turns_on = turns_off = 0;
    fixture_chip.trace = on_write;
    send(bit_rate);
    unsigned zeros = 0;
    for (size_t n = 0; n < BITS; ++n) {
        zeros += !bit_of(n);
    }
    CHECK(turns_on == 0 && turns_off == zeros, "the amplifier is off at each turn, and there is one for each 0");
    check_bits(bit_rate);
    check_levels();
    to_reset_values(kind);
    check_restored();
    CHECK_RULES();
}

static void sx1276_sends_100_bits_a_second(void) {
    frame(SIM_SX1276, 100);
}

static void sx1276_sends_600_bits_a_second(void) {
    frame(SIM_SX1276, 600);
}

static void sx1272_sends_100_bits_a_second(void) {
    frame(SIM_SX1272, 100);
}

static void sx1272_sends_600_bits_a_second(void) {
    frame(SIM_SX1272, 600);
}

static void first_bit_starts_when_asked(void) {
    begin(SIM_SX1276, 600);
    radio_stream_t stream = wanted_stream(600);
    stream.at_us = hal_now_us() + 500000;
    CHECK(start(&stream) == 0 && fixture_wait(5000000), "it is sent");
    int64_t late = (int64_t)(fixture.event.at_us - stream.at_us) - BITS * 10000 / 6;
    CHECK(late >= -1 && late <= 1, "the last bit ends 208 bits after the time asked for");
    check_bits(600);
    CHECK_RULES();
}

static void crystal_warms_up_once(void) {
    begin(SIM_SX1272, 100);
    radio_stream_t stream = wanted_stream(100);
    uint64_t before = hal_now_us();
    send(100);
    uint64_t took = fixture.event.at_us - before - BITS * 10000;
    CHECK(took > 500000 && took < 560000, "a cold crystal gets half a second of carrier");
    CHECK(radio_stream_lead_us(&stream) > 500000, "which is told");
    fixture_clear();
    before = hal_now_us();
    send(100);
    CHECK(fixture.event.at_us - before < BITS * 10000 + 60000, "a warm one does not");
    CHECK_RULES();
}

static void stream_can_be_ended(void) {
    begin(SIM_SX1276, 100);
    radio_stream_t stream = wanted_stream(100);
    CHECK(start(&stream) == 0, "the stream is taken");
    sim_hal_run(700000);
    size_t sent = points_used;
    fixture_lock();
    CHECK(radio_sleep() == 0, "sleep ends it");
    fixture_unlock();
    sim_hal_run(3000000);
    CHECK(points_used <= sent + 2 && fixture.events == 0, "nothing more is sent, and no event comes");
    to_reset_values(SIM_SX1276);
    check_restored();
    radio_modulation_t lora = fixture_lora(7, RADIO_BW_125K, 1);
    CHECK(fixture_transmit(&lora, "abc", 3) == 0 && fixture_wait(1000000), "LoRa sends after it");
    CHECK(fixture.event.type == RADIO_TX_DONE, "as ever");
    CHECK_RULES();
}

static void lora_and_streams_take_turns(void) {
    begin(SIM_SX1276, 600);
    radio_modulation_t lora = fixture_lora(9, RADIO_BW_125K, 1);
    peer_lora(&lora);
    for (int i = 0; i < 3; ++i) {
        uint8_t got[256];
        peer_listen();
        fixture_clear();
        CHECK(fixture_transmit(&lora, "between", 7) == 0 && fixture_wait(2000000), "LoRa sends");
        sim_hal_run(10000);
        CHECK(peer_frame(got) == 7 && memcmp(got, "between", 7) == 0, "the other chip hears it");
        fixture_clear();
        points_used = 0;
        send(600);
        check_bits(600);
        check_levels();
    }
    CHECK_RULES();
}

static void writes_that_are_late_do_not_move_the_clock(void) {
    begin(SIM_SX1276, 100);
    sim_stream_set_jitter(5000);
    send(100);
    double bit_ns = 1e7;
    double first = (double)fixture.event.at_us * 1000 - BITS * bit_ns;
    double last = 0;
    for (size_t i = 1; i < points_used; ++i) {
        if (points[i].phase != points[i - 1].phase) {
            double at = ((double)points[i].at_ns - first) / bit_ns;
            last = (at - (int)(at + 0.5)) * bit_ns;
        }
    }
    CHECK(last >= 0 && last < 8000, "the last turn is no later than the first may be");
    check_levels();
    CHECK_RULES();
}

static void refusals_change_nothing(void) {
    begin(SIM_SX1276, 100);
    radio_stream_t stream = wanted_stream(100);
    stream.bits = 0;
    CHECK(start(&stream) == -NET_EINVAL, "no bits");
    stream.bits = RADIO_STREAM_BITS_MAX + 1;
    CHECK(start(&stream) == -NET_EINVAL, "too many");
    stream = wanted_stream(100);
    stream.bit_rate = 600;
    CHECK(start(&stream) == -NET_EINVAL, "a ramp longer than a bit");
    stream = wanted_stream(100);
    levels[69] = 0xe7;
    CHECK(start(&stream) == -NET_EINVAL, "a level that may destroy the chip");
    levels[69] = 10;
    CHECK(start(&stream) == -NET_EINVAL, "a ramp that falls");
    sim_hal_run(3000000);
    CHECK(points_used == 0 && fixture.events == 0, "nothing was sent");
    fixture_wiring_t rfo = fixture_wiring(SIM_SX1276);
    rfo.board.boost_from_hz = UINT32_MAX;
    CHECK(fixture_start(&rfo) == 0, "a board on the other pin");
    levels[69] = 70;
    CHECK(start(&stream) == -NET_EOPNOTSUPP, "is told that it cannot");
    CHECK_RULES();
}

static void chip_that_is_reset_meanwhile_is_a_fault(void) {
    begin(SIM_SX1276, 600);
    radio_stream_t stream = wanted_stream(600);
    CHECK(start(&stream) == 0, "the stream is taken");
    sim_hal_run(100000);
    sim_chip_power_cycle(&fixture_chip);
    CHECK(fixture_wait(5000000) && fixture.event.type == RADIO_FAULT, "it is noticed at the end");
    fixture_clear();
    sim_hal_run(1000000);
    send(600);
}

static int write_trace(const char *path, sim_chip_kind_t kind, uint16_t bit_rate) {
    begin(kind, bit_rate);
    send(bit_rate);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return 1;
    }
    fprintf(file, "time_ns,level,phase\n");
    for (size_t i = 0; i < points_used; ++i) {
        fprintf(file, "%llu,%u,%u\n", (unsigned long long)points[i].at_ns, points[i].level, points[i].phase != 0);
    }
    return fclose(file) == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc == 4) { // PATH, 1272 or 1276, bit rate
        return write_trace(argv[1], atoi(argv[2]) == 1272 ? SIM_SX1272 : SIM_SX1276, (uint16_t)atoi(argv[3]));
    }
    sx1276_sends_100_bits_a_second();
    sx1276_sends_600_bits_a_second();
    sx1272_sends_100_bits_a_second();
    sx1272_sends_600_bits_a_second();
    first_bit_starts_when_asked();
    crystal_warms_up_once();
    stream_can_be_ended();
    lora_and_streams_take_turns();
    writes_that_are_late_do_not_move_the_clock();
    refusals_change_nothing();
    chip_that_is_reset_meanwhile_is_a_fault();
    return check_result();
}
