// Two software chips on one air, and their registers, for the tests of the model.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_TESTS_UNIT_SIM_BENCH_H
#define USOCKET_TESTS_UNIT_SIM_BENCH_H

#include <string.h>

#include "sim_chip.h"

#define MS UINT64_C(1000000)

static sim_chip_t chip_a, chip_b;

static inline void put(sim_chip_t *chip, uint8_t address, uint8_t value) {
    uint8_t out[2] = { (uint8_t)(address | 0x80), value };
    sim_chip_spi(chip, out, NULL, 2);
}

static inline uint8_t get(sim_chip_t *chip, uint8_t address) {
    uint8_t out[2] = { address, 0 };
    uint8_t in[2];
    sim_chip_spi(chip, out, in, 2);
    return in[1];
}

static inline void put_burst(sim_chip_t *chip, uint8_t address, const void *data, size_t len) {
    uint8_t out[300] = { (uint8_t)(address | 0x80) };
    memcpy(out + 1, data, len);
    sim_chip_spi(chip, out, NULL, len + 1);
}

static inline void get_burst(sim_chip_t *chip, uint8_t address, void *data, size_t len) {
    uint8_t out[300] = { address };
    uint8_t in[300];
    sim_chip_spi(chip, out, in, len + 1);
    memcpy(data, in + 1, len);
}

static inline void pass(uint64_t ns) {
    sim_time_advance(sim_time_now() + ns);
}

static inline void power_up(sim_chip_kind_t a, sim_chip_kind_t b) {
    memset(&chip_a, 0, sizeof(chip_a));
    memset(&chip_b, 0, sizeof(chip_b));
    sim_time_reset();
    sim_air_reset(1);
    sim_air_set_fading(0);
    chip_b.radio.x_m = 100;
    sim_chip_init(&chip_a, a);
    sim_chip_init(&chip_b, b);
}

static inline void tune(sim_chip_t *chip, uint32_t hz) {
    uint32_t frf = (uint32_t)(((uint64_t)hz << 19) / 32000000);
    uint8_t bytes[3] = { (uint8_t)(frf >> 16), (uint8_t)(frf >> 8), (uint8_t)frf };
    put_burst(chip, 0x06, bytes, 3);
}

// LoRa settings as the registers want them; bw is the SX1276's code 0..9.
typedef struct {
    uint8_t sf, bw, cr;
    bool implicit, crc, low_rate;
    uint16_t preamble;
} lora_set_t;

static inline double symbol_ms(const lora_set_t *set) {
    static const double khz[] = { 7.8125, 500 / 48.0, 15.625, 500 / 24.0, 31.25, 500 / 12.0, 62.5, 125, 250, 500 };
    return (double)(1 << set->sf) / khz[set->bw];
}

static inline void lora_errata(sim_chip_t *chip, const lora_set_t *set) {
    put(chip, 0x31, (uint8_t)((set->bw == 9 ? 0x80 : 0) | 0x40 | (set->sf == 6 ? 5 : 3)));
    put(chip, 0x37, set->sf == 6 ? 0x0c : 0x0a);
    if (chip->kind == SIM_SX1276) {
        put(chip, 0x2f, set->bw == 0 ? 0x48 : set->bw <= 5 ? 0x44 : 0x40);
        put(chip, 0x30, 0);
        put(chip, 0x36, set->bw == 9 ? 0x02 : 0x03);
        put(chip, 0x3a, set->bw == 9 ? 0x64 : 0x65);
    }
}

static inline void lora_modem(sim_chip_t *chip, const lora_set_t *set) {
    if (chip->kind == SIM_SX1276) {
        put(chip, 0x1d, (uint8_t)(set->bw << 4 | set->cr << 1 | set->implicit));
        put(chip, 0x1e, (uint8_t)(set->sf << 4 | set->crc << 2));
        put(chip, 0x26, (uint8_t)(set->low_rate << 3 | 4));
    } else {
        put(chip, 0x1d, (uint8_t)((set->bw - 7) << 6 | set->cr << 3 | set->implicit << 2 | set->crc << 1 | set->low_rate));
        put(chip, 0x1e, (uint8_t)(set->sf << 4 | 4));
    }
    put(chip, 0x1f, 0x64);
    put(chip, 0x20, (uint8_t)(set->preamble >> 8));
    put(chip, 0x21, (uint8_t)set->preamble);
    lora_errata(chip, set);
}

// From any state to LoRa standby, ready to send or receive at 868.1 MHz.
static inline void lora_up(sim_chip_t *chip, const lora_set_t *set) {
    put(chip, 0x01, get(chip, 0x01) & 0x80);
    put(chip, 0x01, 0x80);
    put(chip, 0x01, 0x81);
    pass(MS);
    tune(chip, 868100000);
    put(chip, 0x09, 0x8c); // 14 dBm on PA_BOOST
    put(chip, 0x0a, 0x09);
    lora_modem(chip, set);
    put(chip, 0x12, 0xff);
}

static inline void lora_load(sim_chip_t *chip, const void *data, size_t len) {
    put(chip, 0x0e, 0);
    put(chip, 0x0d, 0);
    put_burst(chip, 0x00, data, len);
    put(chip, 0x22, (uint8_t)len);
}

static inline void lora_send(sim_chip_t *chip, const void *data, size_t len) {
    lora_load(chip, data, len);
    put(chip, 0x01, 0x83);
}

// The last packet from the FIFO; returns its length.
static inline size_t lora_fetch(sim_chip_t *chip, uint8_t *data) {
    size_t len = get(chip, 0x13);
    put(chip, 0x0d, get(chip, 0x10));
    get_burst(chip, 0x00, data, len);
    return len;
}

// Lets time pass until the chip has one of these flags, at most ms; returns RegIrqFlags.
static inline uint8_t lora_await(sim_chip_t *chip, uint8_t flags, uint64_t ms) {
    uint64_t end = sim_time_now() + ms * MS;
    while (!(sim_chip_peek(chip, 0x12) & flags) && sim_time_now() < end) {
        uint64_t next = sim_time_next();
        sim_time_advance(next < end ? next : end);
    }
    return sim_chip_peek(chip, 0x12);
}

static inline void fill(uint8_t *data, size_t len, uint8_t seed) {
    for (size_t i = 0; i < len; ++i) {
        data[i] = (uint8_t)(seed + 31 * i + (i >> 3));
    }
}

#endif // USOCKET_TESTS_UNIT_SIM_BENCH_H
