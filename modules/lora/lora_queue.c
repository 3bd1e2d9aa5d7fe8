// SPDX-License-Identifier: MIT
#include <string.h>

#include "lora/lora_queue.h"

// Copy out of the ring, from an offset behind the head.
static void copy_out(const lora_queue_t *queue, size_t offset, void *to, size_t len) {
    size_t at = (queue->head + offset) % LORA_QUEUE_SIZE;
    size_t first = LORA_QUEUE_SIZE - at < len ? LORA_QUEUE_SIZE - at : len;
    memcpy(to, queue->ring + at, first);
    memcpy((uint8_t *)to + first, queue->ring, len - first);
}

static void append(lora_queue_t *queue, const void *from, size_t len) {
    size_t at = (queue->head + queue->used) % LORA_QUEUE_SIZE;
    size_t first = LORA_QUEUE_SIZE - at < len ? LORA_QUEUE_SIZE - at : len;
    memcpy(queue->ring + at, from, first);
    memcpy(queue->ring, (const uint8_t *)from + first, len - first);
    queue->used += len;
}

void lora_queue_clear(lora_queue_t *queue) {
    queue->head = 0;
    queue->used = 0;
    queue->frames = 0;
    queue->taken = 0;
}

int lora_queue_push(lora_queue_t *queue, const lora_frame_t *frame, const uint8_t *data) {
    if (LORA_QUEUE_SIZE - queue->used < sizeof(*frame) + frame->len) {
        return -NET_ENOBUFS;
    }
    append(queue, frame, sizeof(*frame));
    append(queue, data, frame->len);
    queue->frames += 1;
    return 0;
}

bool lora_queue_front(const lora_queue_t *queue, lora_frame_t *frame) {
    if (queue->frames == 0) {
        return false;
    }
    copy_out(queue, 0, frame, sizeof(*frame));
    return true;
}

int lora_queue_read(lora_queue_t *queue, uint8_t *buf, size_t len, bool peek) {
    lora_frame_t frame;
    copy_out(queue, 0, &frame, sizeof(frame));
    size_t left = frame.len - queue->taken;
    size_t count = len < left ? len : left;
    copy_out(queue, sizeof(frame) + queue->taken, buf, count);
    if (peek) {
        return (int)count;
    }
    queue->taken += count;
    if (queue->taken == frame.len) {
        size_t record = sizeof(frame) + frame.len;
        queue->head = (queue->head + record) % LORA_QUEUE_SIZE;
        queue->used -= record;
        queue->frames -= 1;
        queue->taken = 0;
    }
    return (int)count;
}
