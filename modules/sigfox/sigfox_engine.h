// The owner of the radio for Sigfox: the message under way, those that wait, what
// happened. Everything here is locked (hal_lock) or runs in the radio task.
//
// A message's course is sigfox_schedule.c's: it answers with actions, the engine
// carries them out on the radio and reports. In FSK mode (sigfox_fsk.c) the engine
// keeps the radio and listens between frames.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_SIGFOX_SIGFOX_ENGINE_H
#define USOCKET_SIGFOX_SIGFOX_ENGINE_H

#include "radio/radio.h"
#include "sigfox/sigfox.h"
#include "sigfox/sigfox_ramp.h"
#include "sigfox/sigfox_schedule.h"

typedef enum {
    SIGFOX_OFF,
    SIGFOX_IDLE, // the radio is not ours
    SIGFOX_ASKED, // a message waits for the radio
    SIGFOX_BUSY, // a message is under way, the action in hand is in action
    SIGFOX_CARRIER, // for a bench
    SIGFOX_TEST, // for a bench: sigfox_testmode.c; the action in hand is in action
    SIGFOX_FSK_LISTENS, // FSK: the radio is ours
    SIGFOX_FSK_SENDS,
} sigfox_doing_t;

// net_socket_t.param, and what a message keeps of it.
#define SIGFOX_PARAM_RX (1u << 0)
#define SIGFOX_PARAM_OOB (1u << 1)
#define SIGFOX_PARAM_BIT (1u << 2)
#define SIGFOX_PARAM_REPEATS_SHIFT (4)
#define SIGFOX_PARAM_REPEATS(param) ((param) >> SIGFOX_PARAM_REPEATS_SHIFT & 3)

#define SIGFOX_RESULTS (4)

typedef struct {
    uint32_t number;
    uint8_t param;
    uint8_t len;
} sigfox_waiting_t;

typedef struct {
    radio_owner_t owner; // first: the radio's view of it
    uint8_t doing; // sigfox_doing_t
    uint8_t rcz;
    bool started; // the store was read
    bool public_key;
    bool state_bad; // the stored counter is damaged
    bool has_pac;
    bool receiving; // the radio is in the receive window
    bool sensing;
    sigfox_schedule_t schedule;
    sigfox_schedule_action_t action; // in hand while BUSY or TEST
    sigfox_device_t device; // its own number and key
    sigfox_device_t used; // as the messages use it: maybe with the public key
    uint8_t pac[SIGFOX_PAC_SIZE];
    sigfox_offsets_t offsets;
    uint32_t config[3];
    uint8_t channel; // of config, for the next message
    int16_t rssi;
    uint64_t hold_us; // no message begins before
    uint64_t wake_us; // step is wanted then
    uint32_t frequency; // FSK
    // Messages that wait, the first of them may be under way; received ones.
    sigfox_waiting_t tx[SIGFOX_TX_MESSAGES];
    uint8_t tx_count;
    uint8_t rx_count;
    uint8_t rx_taken; // bytes of the first that were read
    uint8_t rx_len[SIGFOX_RX_MESSAGES];
    uint32_t last; // message number
    struct {
        uint32_t number;
        int16_t error;
    } results[SIGFOX_RESULTS];
    union { // the modes exclude each other
        struct {
            sigfox_ramp_t shape;
            radio_ramp_t ramp;
            uint8_t levels[SIGFOX_RAMP_STEPS_MAX];
            uint8_t tx[SIGFOX_TX_MESSAGES][SIGFOX_FRAME_PAYLOAD_MAX];
            uint8_t rx[SIGFOX_RX_MESSAGES][SIGFOX_DOWNLINK_PAYLOAD_SIZE];
        } sigfox;
        struct {
            uint8_t tx[SIGFOX_TX_MESSAGES][SIGFOX_FSK_PAYLOAD_MAX];
            uint8_t rx[SIGFOX_RX_MESSAGES][SIGFOX_FSK_PAYLOAD_MAX];
        } fsk;
    };
    struct {
        const char *format;
        int32_t a, b;
    } error;
} sigfox_engine_t;

extern sigfox_engine_t sigfox_engine;

static inline bool sigfox_engine_is_fsk(void) {
    return sigfox_engine.doing >= SIGFOX_FSK_LISTENS;
}

// The words of sigfox_last_error(); the format takes at most two ints. Answers error.
int sigfox_engine_say(int error, const char *format, int32_t a, int32_t b);

// Queue a message with the options in param: its number, or a negative errno.
int sigfox_engine_send(const void *buf, size_t len, uint32_t param);
// 0: it will not be sent. -NET_EALREADY: some of it is on the air. -NET_ENOENT.
int sigfox_engine_cancel(uint32_t number);
// -NET_EAGAIN while it is there, 0 (also of one long ago), or a negative errno.
int sigfox_engine_result(uint32_t number);
// The first received message's bytes, removed unless peek. -NET_EAGAIN: none.
int sigfox_engine_read(uint8_t *buf, size_t len, bool peek);

// For sigfox_fsk.c. The message in front has ended; a message has come.
void sigfox_engine_done(int error);
void sigfox_engine_received(const uint8_t *data, size_t len, int16_t rssi);

// Begin the action in hand: LISTEN, RECEIVE, TRANSMIT. The radio's errors.
int sigfox_engine_sense(void);
int sigfox_engine_receive(void);
int sigfox_engine_transmit(void);

// The ramp for the zone's bit rate and the chip.
void sigfox_engine_make_ramp(void);
// The carrier is no longer sent; nothing if there was none: sigfox_carrier.c.
void sigfox_carrier_end(void);

// The test under way, if any, ends with this error; events; the next step.
void sigfox_testmode_end(int error);
void sigfox_testmode_event(const radio_event_t *event);
uint64_t sigfox_testmode_step(uint64_t now_us);

// FSK: begin to listen; events; the next step. -NET_EBUSY, -NET_EIO.
int sigfox_fsk_begin(void);
void sigfox_fsk_event(const radio_event_t *event);
uint64_t sigfox_fsk_step(uint64_t now_us);

// Read what the store and the board's maker keep: sigfox_identity.c.
void sigfox_identity_read(void);
// The schedule's settings, by zone, configuration and device; not while BUSY.
int sigfox_engine_configure(void);

#endif // USOCKET_SIGFOX_SIGFOX_ENGINE_H
