// A device in virtual time for the schedule's tests: clock, store, radio, and the
// network at the other end. It carries actions out, writes down what happened, and
// checks what must hold in every run.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_TESTS_UNIT_SIGFOX_RIG_H
#define USOCKET_TESTS_UNIT_SIGFOX_RIG_H

#include "sigfox/sigfox_schedule.h"
#include "sigfox_network.h"

#define SIGFOX_RIG_LOG (64)

typedef enum {
    RIG_STORED, // value: the counter
    RIG_SENSE, // hz, until_us, value: threshold
    RIG_CLEAR,
    RIG_BUSY,
    RIG_SEND, // hz, bits
    RIG_SENT,
    RIG_RECEIVE, // hz, until_us
    RIG_FRAME,
    RIG_NOTHING,
    RIG_DELIVER, // bits: payload, value: rssi
    RIG_WAIT, // until_us
} rig_kind_t;

typedef struct {
    uint8_t kind;
    uint8_t len;
    int value;
    uint32_t hz;
    uint64_t at_us;
    uint64_t until_us;
    uint8_t bits[SIGFOX_FRAME_SIZE_MAX];
} rig_event_t;

// What the network sends into the receive window, 2 s after the receiver is ready.
typedef enum { RIG_SILENCE, RIG_ANSWER, RIG_FOREIGN, RIG_OLD, RIG_NOISE } rig_reply_t;

typedef struct {
    sigfox_schedule_t schedule;
    sigfox_device_t device;
    uint64_t now_us;
    uint8_t record[SIGFOX_STATE_RECORD_SIZE]; // the store
    int stores;
    // What is to happen.
    uint32_t busy; // bit n: listening number n of the message finds no quiet
    rig_reply_t replies[4];
    uint32_t store_ms; // how long a write takes
    uint8_t answer[SIGFOX_DOWNLINK_PAYLOAD_SIZE];
    int cut_at; // the power goes at action number n: -1 never
    bool cut_late; // after the write of a STORE, not before it
    int fail_at; // action number n fails: -1 never
    int cancel_at; // action number n is cancelled: -1 never
    // What happened.
    rig_event_t log[SIGFOX_RIG_LOG];
    int logged;
    int actions; // of this message
    bool off; // the power went
    sigfox_schedule_action_t result;
} rig_t;

// A provisioned device in its zone; the counter in the store is the last used.
void rig_start(rig_t *rig, int zone, uint16_t counter);

// The power comes back: RAM is new, the store stays.
void rig_restart(rig_t *rig, int zone);

// One whole message, or up to the power cut. Returns what start() said.
int rig_send(rig_t *rig, const sigfox_schedule_message_t *message);

// Event number n of this kind in the log of the last message, or NULL.
const rig_event_t *rig_find(const rig_t *rig, int kind, int n);

#endif // USOCKET_TESTS_UNIT_SIGFOX_RIG_H
