// What must survive a power cut: the message counter and the random state.
//
// Pure; the state is the caller's. The rule: sigfox_state_take() names the counter
// of a message, the record with it is stored, and only then is it sent. So a cut at
// any instruction wastes a counter at most and never uses one twice. (Other
// implementations store after the last frame; the value is the same, the time not.)
// A counter that was stored but never reached the air is given to the next message.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_SIGFOX_SIGFOX_STATE_H
#define USOCKET_SIGFOX_SIGFOX_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGFOX_STATE_RECORD_SIZE (10)

typedef struct {
    uint32_t random;
    uint16_t counter; // the last one taken
    bool open; // taken, and not sent yet
    bool stored; // the open one is in the store
} sigfox_state_t;

// A device that never sent: the first message has counter 1. seed should differ
// between devices (the ID and noise).
void sigfox_state_new(sigfox_state_t *state, uint32_t seed);

// Go on from another firmware's stored counter: the next message has counter + 1,
// which the network takes whether the stored one was used or was to be used next.
// Also for setting the counter by hand. random is mixed in (Pycom's SFX_PN, or 0).
// -NET_EINVAL when counter is above 4095: the state is unchanged.
int sigfox_state_continue(sigfox_state_t *state, uint16_t counter, uint32_t random);

// From a stored record. Errors, with the state unchanged; do not send then, since a
// counter below the last one is refused by the network in silence:
// -NET_EIO: not a whole record. -NET_EOPNOTSUPP: of a version unknown here.
int sigfox_state_load(sigfox_state_t *state, const uint8_t *record, size_t len);

// Mix in noise, for instance at start.
void sigfox_state_stir(sigfox_state_t *state, uint32_t noise);

// Take a counter for a message; answers whether the record must be stored first.
bool sigfox_state_take(sigfox_state_t *state);

// What to store: the counter taken and the random state.
void sigfox_state_record(const sigfox_state_t *state, uint8_t record[SIGFOX_STATE_RECORD_SIZE]);

// The record with the open counter is in the store.
void sigfox_state_stored(sigfox_state_t *state);

// The open counter is about to go on the air: it will not be given again.
void sigfox_state_used(sigfox_state_t *state);

// The next random number. No secret: it spreads frequencies.
uint32_t sigfox_state_random(sigfox_state_t *state);

#endif // USOCKET_SIGFOX_SIGFOX_STATE_H
