// What must survive a power cut: the message counter and the random state.
//
// Record: version 1 | flags 1, zero | counter 2 | random 4 | CRC-16 2; low byte first.
// SPDX-License-Identifier: MIT
#include "sigfox/sigfox_state.h"

#include "net/net_errno.h"
#include "sigfox/sigfox_frame.h"

enum {
    VERSION = 1,
    COUNTER_AT = 2,
    RANDOM_AT = 4,
    CRC_AT = 8,
};

// Every bit of the answer depends on every bit of x (the finishing step of
// MurmurHash3, which is in the public domain).
static uint32_t spread(uint32_t x) {
    x = (x ^ x >> 16) * 0x85ebca6b;
    x = (x ^ x >> 13) * 0xc2b2ae35;
    return x ^ x >> 16;
}

static void put(uint8_t *out, uint32_t value, int size) {
    for (int i = 0; i < size; ++i) {
        out[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint32_t get(const uint8_t *in, int size) {
    uint32_t value = 0;
    for (int i = size; i-- > 0;) {
        value = value << 8 | in[i];
    }
    return value;
}

void sigfox_state_new(sigfox_state_t *state, uint32_t seed) {
    *state = (sigfox_state_t) { .random = spread(seed) };
}

int sigfox_state_continue(sigfox_state_t *state, uint16_t counter, uint32_t random) {
    if (counter > SIGFOX_FRAME_COUNTER_MASK) {
        return -NET_EINVAL;
    }
    *state = (sigfox_state_t) { .random = state->random, .counter = counter };
    sigfox_state_stir(state, random);
    return 0;
}

int sigfox_state_load(sigfox_state_t *state, const uint8_t *record, size_t len) {
    if (len != SIGFOX_STATE_RECORD_SIZE || get(record + CRC_AT, 2) != sigfox_frame_crc16(record, CRC_AT)) {
        return -NET_EIO;
    }
    uint32_t counter = get(record + COUNTER_AT, 2);
    if (record[0] != VERSION || record[1] != 0 || counter > SIGFOX_FRAME_COUNTER_MASK) {
        return -NET_EOPNOTSUPP;
    }
    *state = (sigfox_state_t) { .random = get(record + RANDOM_AT, 4), .counter = (uint16_t)counter };
    return 0;
}

void sigfox_state_stir(sigfox_state_t *state, uint32_t noise) {
    state->random = spread(state->random ^ noise);
}

bool sigfox_state_take(sigfox_state_t *state) {
    if (!state->open) {
        state->counter = (state->counter + 1) & SIGFOX_FRAME_COUNTER_MASK;
        state->open = true;
        state->stored = false;
        sigfox_state_random(state); // what is stored is not what was stored before
    }
    return !state->stored;
}

void sigfox_state_record(const sigfox_state_t *state, uint8_t record[SIGFOX_STATE_RECORD_SIZE]) {
    record[0] = VERSION;
    record[1] = 0;
    put(record + COUNTER_AT, state->counter, 2);
    put(record + RANDOM_AT, state->random, 4);
    put(record + CRC_AT, sigfox_frame_crc16(record, CRC_AT), 2);
}

void sigfox_state_stored(sigfox_state_t *state) {
    state->stored = true;
}

void sigfox_state_used(sigfox_state_t *state) {
    state->open = false;
}

// The counter is part of it, so that a state that was stored before a power cut does
// not give the frequencies of the message before the cut again.
uint32_t sigfox_state_random(sigfox_state_t *state) {
    state->random += 0x9e3779b9; // 2^32 / golden ratio: visits every value
    return spread(state->random ^ (uint32_t)state->counter << 16);
}
