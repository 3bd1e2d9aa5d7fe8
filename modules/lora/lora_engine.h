// The owner of the radio for LoRa: what it does now, what waits, what happened.
// Everything here is locked (hal_lock) or runs in the radio task.
//
// The engine is at rest (receiving or asleep, as the power mode says), or sends, or
// listens for others. Only advance() in lora_engine.c leaves the rest; the radio's
// events lead back to it.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_LORA_LORA_ENGINE_H
#define USOCKET_LORA_LORA_ENGINE_H

#include "lora/lora_queue.h"
#include "lora/lora_tx.h"

typedef enum { LORA_OFF, LORA_REST, LORA_LISTEN, LORA_SENSE, LORA_SEND } lora_doing_t;
typedef enum { LORA_SENSE_NONE, LORA_SENSE_WANTED, LORA_SENSE_NOW, LORA_SENSE_KNOWN } lora_sense_t;

typedef struct {
    radio_owner_t owner; // first: the radio's view of it
    lora_settings_t settings; // valid unless OFF
    lora_queue_t rx;
    lora_tx_t tx;
    uint8_t doing; // lora_doing_t
    bool lent; // the radio is with Sigfox; it comes back
    bool resting; // the radio does what it is to do at rest
    bool next_offered; // the chip holds the frame after the one on the air,
    bool next_refused; // or cannot
    uint64_t hold_us; // nothing is sent before: the channel was busy, or the chip failed
    uint64_t rest_us; // rest is not tried before: the chip failed
    uint64_t clear_us; // until then a channel was found free, or was ours,
    uint32_t clear_hz; // at this frequency
    struct {
        uint8_t state; // lora_sense_t
        int8_t result;
        int16_t threshold;
        uint32_t time_us;
    } sense;
    lora_frame_t told; // the received frame of lora_stats()
    bool told_read; // it was read or announced, so hearing another does not replace it
    struct {
        uint8_t bits;
        uint8_t trigger;
        uint16_t due[3]; // calls: RX, TX, TX_FAILED
        bool announced;
        bool (*hook)(void);
    } events;
    lora_stats_t sent; // the fields of lora_stats() about sending
    lora_counters_t counters;
    struct {
        const char *format;
        int32_t a, b;
    } error;
} lora_engine_t;

extern lora_engine_t lora_engine;

// The words of lora_last_error(); the format takes at most two ints.
void lora_engine_say(const char *format, int32_t a, int32_t b);

// Queue a frame of 1 to 255 bytes: its number. -NET_ENETDOWN, -NET_EAGAIN: no room; more
// with LoRaWAN. param is the socket's.
int lora_engine_send(uint32_t param, const void *buf, size_t len);
// 0: the frame will not be sent. -NET_EALREADY: it is on the air. -NET_ENOENT: it does
// not wait.
int lora_engine_cancel(uint32_t number);

// The question of lora_sense(): ask the chip; its answer is known.
int lora_engine_sense_begin(void);
void lora_engine_sense_known(int result);

// Something happened: for lora_events.c.
void lora_events_add(uint8_t event);
// A frame was heard or read.
void lora_events_heard(const lora_frame_t *frame);
void lora_events_read(const lora_frame_t *frame);
// Tell the hook what is due. When to do it again, or RADIO_NEVER.
uint64_t lora_events_announce(uint64_t now_us);

#endif // USOCKET_LORA_LORA_ENGINE_H
