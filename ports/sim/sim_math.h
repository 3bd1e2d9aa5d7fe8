// Integer decibels and a hash: the same results on every machine.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_SIM_SIM_MATH_H
#define USOCKET_PORTS_SIM_SIM_MATH_H

#include <stdint.h>

// 10 * log10(value) * 10, rounded; value 0 counts as 1.
int sim_math_db_x10(uint64_t value);
// The sum of two powers given in dB * 10.
int sim_math_add_x10(int a, int b);
// Well mixed 32 bits of a value.
uint32_t sim_math_hash(uint32_t value);
// The next of a sequence of pseudo-random numbers; state is not 0 afterwards.
uint32_t sim_math_random(uint32_t *state);

#endif // USOCKET_PORTS_SIM_SIM_MATH_H
