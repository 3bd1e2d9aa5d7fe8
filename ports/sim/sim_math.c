// Integer decibels and a hash: the same results on every machine.
// SPDX-License-Identifier: MIT
#include "sim_math.h"

int sim_math_db_x10(uint64_t value) {
    if (value == 0) {
        value = 1;
    }
    int exponent = 63 - __builtin_clzll(value);
    // The mantissa as 1.31; each squaring gives one more bit of the logarithm.
    uint64_t mantissa = exponent > 31 ? value >> (exponent - 31) : value << (31 - exponent);
    uint64_t log2 = (uint64_t)exponent << 16;
    for (int bit = 15; bit >= 0; --bit) {
        mantissa = (mantissa * mantissa) >> 31;
        if (mantissa >= UINT64_C(1) << 32) {
            mantissa >>= 1;
            log2 |= UINT64_C(1) << bit;
        }
    }
    // 100 * log10(2) = 30.10300
    return (int)((log2 * 3010300 + (UINT64_C(50000) << 16)) / (UINT64_C(100000) << 16));
}

int sim_math_add_x10(int a, int b) {
    // 100 * log10(1 + 10^(-n/10)) for n whole dB of difference
    static const uint8_t more[] = { 30, 25, 21, 18, 15, 12, 10, 8, 6, 5, 4, 3, 3, 2, 2, 1, 1, 1, 1 };
    int high = a > b ? a : b;
    unsigned difference = (unsigned)(a > b ? a - b : b - a) / 10;
    return difference < sizeof(more) ? high + more[difference] : high;
}

uint32_t sim_math_hash(uint32_t value) {
    value ^= value >> 16;
    value *= 0x7feb352du;
    value ^= value >> 15;
    value *= 0x846ca68bu;
    return value ^ (value >> 16);
}

uint32_t sim_math_random(uint32_t *state) {
    *state += 0x9e3779b9u;
    return sim_math_hash(*state);
}
