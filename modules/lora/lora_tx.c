// SPDX-License-Identifier: MIT
#include <string.h>

#include "lora/lora_tx.h"

void lora_tx_clear(lora_tx_t *tx) {
    uint32_t last = tx->last; // a number is never used twice
    memset(tx, 0, sizeof(*tx));
    tx->last = last;
    for (uint8_t i = 0; i < LORA_TX_FRAMES; ++i) {
        tx->order[i] = i;
    }
}

lora_tx_frame_t *lora_tx_push(lora_tx_t *tx) {
    if (tx->count == LORA_TX_FRAMES) {
        return NULL;
    }
    lora_tx_frame_t *frame = &tx->slots[tx->order[tx->count]];
    tx->count += 1;
    tx->last = tx->last == INT32_MAX ? 1 : tx->last + 1; // a socket keeps it as an int
    frame->number = tx->last;
    frame->started = false;
    frame->since_us = 0;
    return frame;
}

lora_tx_frame_t *lora_tx_at(lora_tx_t *tx, size_t place) {
    return place < tx->count ? &tx->slots[tx->order[place]] : NULL;
}

void lora_tx_remove(lora_tx_t *tx, size_t place, int error) {
    uint8_t slot = tx->order[place];
    uint32_t number = tx->slots[slot].number;
    tx->result_number[number % LORA_TX_RESULTS] = number;
    tx->result_error[number % LORA_TX_RESULTS] = (int16_t)error;
    tx->count -= 1;
    memmove(tx->order + place, tx->order + place + 1, tx->count - place);
    tx->order[tx->count] = slot;
}

int lora_tx_place(const lora_tx_t *tx, uint32_t number) {
    for (size_t place = 0; place < tx->count; ++place) {
        if (tx->slots[tx->order[place]].number == number) {
            return (int)place;
        }
    }
    return -1;
}

int lora_tx_result(const lora_tx_t *tx, uint32_t number) {
    if (lora_tx_place(tx, number) >= 0) {
        return -NET_EAGAIN;
    }
    size_t i = number % LORA_TX_RESULTS;
    return tx->result_number[i] == number ? tx->result_error[i] : 0;
}
