// The amplitude ramp that makes differential BPSK narrow: for a bit that is 0 the
// power goes down to nothing, the phase turns by 180 degrees, the power comes back.
//
// Pure: any thread, nothing kept; computed once per bit rate, in integers.
//
// The signal's voltage follows a curve from +1 to -1 that is a half cosine with
// flatter ends. That the amplifier's level register is linear in voltage is an
// assumption: the curve of a real chip has to be measured. There are two ways:
// - steps of equal height, each when the curve is half way between two levels:
//   close together near zero, far apart near the top. Noise of about -75 dB, no
//   lines; for 100 bit/s and few levels.
// - steps at equal times (even): the bus has twice the time, and the noise is lower
//   yet with 150 levels and more, but there is a line of -50 dB at the steps' rate;
//   for 600 bit/s.
//
// Going up, level(1) is set at at(1) after the phase turn, level(2) at at(2) and so
// on; after span the bit rests at level(steps), which is top. Going down is the
// mirror image: level(n - 1) is set at span - at(n), so that 0 is reached at
// span - at(1), and the phase turns at span.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_SIGFOX_SIGFOX_RAMP_H
#define USOCKET_SIGFOX_SIGFOX_RAMP_H

#include <stdbool.h>
#include <stdint.h>

#define SIGFOX_RAMP_LEVEL_LIMIT (0xe7) // levels stay below: more may destroy the chip
#define SIGFOX_RAMP_STEPS_MIN (40)
#define SIGFOX_RAMP_STEPS_MAX (70)
#define SIGFOX_RAMP_PERCENT_MAX (90) // of a bit, down and up together

typedef struct {
    uint16_t span; // of one way, in tenths of a microsecond
    uint8_t steps;
    uint8_t top; // the level between the ramps
    bool even;
    uint16_t at[SIGFOX_RAMP_STEPS_MAX]; // tenths of a microsecond after the turn
} sigfox_ramp_t;

typedef struct {
    uint16_t bit_rate; // 100 or 600
    uint8_t steps; // 40..70
    uint8_t top; // steps..0xe6
    uint8_t percent; // of the bit spent in both ramps, 10..90
    bool even; // steps at equal times, not of equal height
} sigfox_ramp_shape_t;

// -NET_EINVAL, and *ramp unchanged, when the shape is outside of those ranges.
int sigfox_ramp_compute(sigfox_ramp_t *ramp, const sigfox_ramp_shape_t *shape);

// The level after step n, 0..steps: 0 at 0, top at steps, never falling between;
// with even, steps near the top may repeat a level.
uint8_t sigfox_ramp_level(const sigfox_ramp_t *ramp, int n);

// When step n, 1..steps, is taken on the way up, in tenths of a microsecond.
uint16_t sigfox_ramp_at(const sigfox_ramp_t *ramp, int n);

// The shortest time between two settings, in tenths of a microsecond: what the bus
// and the timer must be able to do.
uint16_t sigfox_ramp_shortest(const sigfox_ramp_t *ramp);

#endif // USOCKET_SIGFOX_SIGFOX_RAMP_H
