// Frames that wait to be sent, first in, first out, and what became of the last
// ones. Each has a number by which its sender asks for it.
//
// The caller excludes others (hal_lock).
// SPDX-License-Identifier: MIT
#ifndef USOCKET_LORA_LORA_TX_H
#define USOCKET_LORA_LORA_TX_H

#include "lora/lora.h"
#include "radio/radio.h"

// As many as a sender may sleep through before it asks for its own.
#define LORA_TX_RESULTS (2 * LORA_TX_FRAMES + 2)

typedef struct {
    uint32_t number;
    union {
        struct { // raw
            radio_modulation_t modulation;
            int8_t power;
        };
        struct {
            uint8_t port; // LORAWAN_NO_PORT: a frame without data
            uint8_t dr;
            bool confirmed;
        } wan;
    };
    uint8_t len;
    bool started; // given to the chip: can no longer be cancelled
    uint64_t since_us; // of the first look for a free channel; 0: none yet
    uint8_t data[LORA_PAYLOAD_MAX];
} lora_tx_frame_t;

typedef struct {
    lora_tx_frame_t slots[LORA_TX_FRAMES];
    uint8_t order[LORA_TX_FRAMES]; // slot numbers: those that wait, then the free ones
    uint8_t count;
    uint32_t last; // the number given last
    // What became of the last ones, by number modulo LORA_TX_RESULTS.
    uint32_t result_number[LORA_TX_RESULTS];
    int16_t result_error[LORA_TX_RESULTS];
} lora_tx_t;

void lora_tx_clear(lora_tx_t *tx);
// A new last frame, numbered, for the caller to fill; NULL when all slots are used.
lora_tx_frame_t *lora_tx_push(lora_tx_t *tx);
// The frame at a place, 0 the first; NULL when there are not so many.
lora_tx_frame_t *lora_tx_at(lora_tx_t *tx, size_t place);
// Remove the frame at a place. error 0 (it was sent), or a negative errno.
void lora_tx_remove(lora_tx_t *tx, size_t place, int error);
// The place of a frame; -1 when it is not (any more) there.
int lora_tx_place(const lora_tx_t *tx, uint32_t number);
// What became of a frame: -NET_EAGAIN while it is there, 0, or a negative errno.
int lora_tx_result(const lora_tx_t *tx, uint32_t number);

#endif // USOCKET_LORA_LORA_TX_H
