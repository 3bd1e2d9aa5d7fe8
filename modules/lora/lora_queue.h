// Received frames, as one ring of bytes: by default seven of the longest, more short ones.
// A frame that was read in part stays at the front with the rest.
//
// The caller excludes others (hal_lock).
// SPDX-License-Identifier: MIT
#ifndef USOCKET_LORA_LORA_QUEUE_H
#define USOCKET_LORA_LORA_QUEUE_H

#include "lora/lora.h"

// What is kept with a frame.
typedef struct {
    uint32_t at_us; // low 32 bits
    int16_t rssi; // dBm
    int8_t snr_x4;
    uint8_t sf; // LoRaWAN: data rate
    uint8_t port; // LoRaWAN; 0 for raw frames
    uint8_t len;
} lora_frame_t;

#define LORA_QUEUE_SIZE ((size_t)USOCKET_LORA_RX_BYTES)

_Static_assert(LORA_QUEUE_SIZE >= LORA_PAYLOAD_MAX + sizeof(lora_frame_t), "room for the longest frame");

typedef struct {
    uint16_t head; // of the first frame's record
    uint16_t used; // bytes
    uint16_t frames;
    uint8_t taken; // bytes of the first frame that were read
    uint8_t ring[LORA_QUEUE_SIZE];
} lora_queue_t;

void lora_queue_clear(lora_queue_t *queue);
// frame->len bytes of data, 1 or more. -NET_ENOBUFS: no room, nothing is changed.
int lora_queue_push(lora_queue_t *queue, const lora_frame_t *frame, const uint8_t *data);
// The first frame; false when there is none.
bool lora_queue_front(const lora_queue_t *queue, lora_frame_t *frame);
// Read at most len bytes of the first frame and remove what was read, unless peek.
// Returns the count; the queue is not empty.
int lora_queue_read(lora_queue_t *queue, uint8_t *buf, size_t len, bool peek);

#endif // USOCKET_LORA_LORA_QUEUE_H
