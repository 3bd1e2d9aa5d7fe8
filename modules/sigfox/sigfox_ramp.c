// The amplitude ramp that makes differential BPSK narrow.
// SPDX-License-Identifier: MIT
#include "sigfox/sigfox_ramp.h"

#include "net/net_errno.h"

#define ONE (1 << 15)

// Sine of x quarter turns, both with 15 bits behind the point: the odd polynomial
// of degree 5 that has sine's value and slope at 0 and at 1. Good to 1 in 4000.
static int32_t quarter_sine(int32_t x) {
    const int32_t a = 51472; // pi / 2
    const int32_t b = 2 * 51472 - 5 * ONE / 2; // pi - 5 / 2
    const int32_t c = 51472 - 3 * ONE / 2; // (pi - 3) / 2
    int32_t square = x * x >> 15;
    int32_t inner = b - (square * c >> 15);
    return (x * (a - (square * inner >> 15)) + ONE / 2) >> 15;
}

// The curve: with s the sine, s (3 - s^2) / 2. Its second derivative too is 0 at the
// top, which takes 20 dB off at five bit rates from the carrier.
static int32_t curve(int32_t x) {
    int32_t s = quarter_sine(x);
    int32_t inner = 3 * ONE - (s * s >> 15);
    return (s * (inner >> 1) + ONE / 2) >> 15;
}

// x with curve(x) = y.
static int32_t inverse(int32_t y) {
    int32_t x = 0;
    for (int32_t bit = ONE / 2; bit > 0; bit >>= 1) {
        if (curve(x + bit) <= y) {
            x += bit;
        }
    }
    return x;
}

int sigfox_ramp_compute(sigfox_ramp_t *ramp, const sigfox_ramp_shape_t *shape) {
    if ((shape->bit_rate != 100 && shape->bit_rate != 600) || shape->steps < SIGFOX_RAMP_STEPS_MIN
        || shape->steps > SIGFOX_RAMP_STEPS_MAX || shape->top < shape->steps || shape->top >= SIGFOX_RAMP_LEVEL_LIMIT
        || shape->percent < 10 || shape->percent > SIGFOX_RAMP_PERCENT_MAX) {
        return -NET_EINVAL;
    }
    ramp->steps = shape->steps;
    ramp->top = shape->top;
    ramp->even = shape->even;
    ramp->span = (uint16_t)(10000000u / shape->bit_rate * shape->percent / 200);
    for (int n = 1; n <= ramp->steps; ++n) {
        if (ramp->even) {
            ramp->at[n - 1] = (uint16_t)((2u * n - 1) * ramp->span / (2u * ramp->steps));
            continue;
        }
        int32_t middle = (sigfox_ramp_level(ramp, n - 1) + sigfox_ramp_level(ramp, n)) * (ONE / 2) / ramp->top;
        ramp->at[n - 1] = (uint16_t)((uint32_t)inverse(middle) * ramp->span >> 15);
    }
    return 0;
}

uint8_t sigfox_ramp_level(const sigfox_ramp_t *ramp, int n) {
    if (ramp->even) {
        return (uint8_t)((curve(n * ONE / ramp->steps) * ramp->top + ONE / 2) >> 15);
    }
    return (uint8_t)((n * ramp->top + ramp->steps / 2) / ramp->steps);
}

uint16_t sigfox_ramp_at(const sigfox_ramp_t *ramp, int n) {
    return ramp->at[n - 1];
}

// The steps are closest together at the turn, where the curve is steepest; level 0
// lasts twice at(1).
uint16_t sigfox_ramp_shortest(const sigfox_ramp_t *ramp) {
    uint16_t shortest = (uint16_t)(2 * ramp->at[0]);
    for (int n = 1; n < ramp->steps; ++n) {
        uint16_t between = ramp->at[n] - ramp->at[n - 1];
        shortest = between < shortest ? between : shortest;
    }
    return shortest;
}
