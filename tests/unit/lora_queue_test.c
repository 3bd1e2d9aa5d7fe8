// The queue of received frames, and the list of frames to send.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "lora/lora_queue.h"

#define FRAMES ((int)(LORA_QUEUE_SIZE / (LORA_PAYLOAD_MAX + sizeof(lora_frame_t)))) // of the longest
#include "lora/lora_tx.h"

static lora_queue_t queue;
static lora_tx_t tx;
static uint8_t buf[300];

static int push(uint8_t fill, uint8_t len) {
    uint8_t data[255];
    memset(data, fill, sizeof(data));
    data[0] = len;
    lora_frame_t frame = { .at_us = fill * 1000u, .rssi = -fill, .snr_x4 = (int8_t)fill, .sf = 7, .len = len };
    return lora_queue_push(&queue, &frame, data);
}

static void seven_of_the_longest_fit(void) {
    lora_queue_clear(&queue);
    for (int i = 1; i <= FRAMES; ++i) {
        CHECK(push(i, 255) == 0, "seven frames of 255 bytes fit");
    }
    CHECK(push(8, 1) == -NET_ENOBUFS, "then not even a short one does");
    for (int i = 1; i <= FRAMES; ++i) {
        lora_frame_t frame;
        CHECK(lora_queue_front(&queue, &frame), "there is a first frame");
        CHECK(frame.at_us == i * 1000u && frame.rssi == -i && frame.snr_x4 == i && frame.len == 255,
            "each frame keeps its own time, RSSI and SNR");
        CHECK(lora_queue_read(&queue, buf, sizeof(buf), false) == 255, "a frame comes out whole");
        CHECK(buf[0] == 255 && buf[1] == i && buf[254] == i, "and is the one that went in");
    }
    CHECK(!lora_queue_front(&queue, &(lora_frame_t) { 0 }), "then the queue is empty");
}

static void short_frames_share_the_room(void) {
    lora_queue_clear(&queue);
    int n = 0;
    while (push(n & 0x7f, 10) == 0) {
        ++n;
    }
    CHECK(n > 80, "over eighty frames of ten bytes fit");
    CHECK(queue.frames == n, "and are counted");
}

static void a_frame_is_read_in_parts(void) {
    lora_queue_clear(&queue);
    push(1, 100);
    push(2, 5);
    CHECK(lora_queue_read(&queue, buf, 40, true) == 40, "a look gives the beginning");
    CHECK(lora_queue_read(&queue, buf, 0, false) == 0, "no room takes nothing");
    CHECK(lora_queue_read(&queue, buf, 40, false) == 40 && buf[0] == 100, "the first part");
    CHECK(lora_queue_read(&queue, buf, 40, false) == 40 && buf[0] == 1, "the second part");
    CHECK(lora_queue_read(&queue, buf, 40, false) == 20, "the rest, not the next frame");
    CHECK(lora_queue_read(&queue, buf, 40, false) == 5 && buf[0] == 5, "then the next frame");
}

// Lengths that do not divide the ring's size, many times round.
static void the_ring_wraps(void) {
    lora_queue_clear(&queue);
    uint8_t in = 0, out = 0;
    bool good = true;
    for (int i = 0; i < 20000; ++i) {
        uint8_t len = 1 + (in * 37) % 255;
        if (push(in, len) == 0) {
            ++in;
        } else {
            uint8_t wanted = 1 + (out * 37) % 255;
            int got = lora_queue_read(&queue, buf, sizeof(buf), false);
            good = good && got == wanted && buf[0] == wanted && (wanted < 2 || buf[wanted - 1] == out);
            ++out;
        }
    }
    CHECK(good, "frames come out as they went in, however the ring wraps");
}

static void frames_to_send_keep_their_order(void) {
    lora_tx_clear(&tx);
    uint32_t numbers[LORA_TX_FRAMES];
    for (int i = 0; i < LORA_TX_FRAMES; ++i) {
        lora_tx_frame_t *frame = lora_tx_push(&tx);
        CHECK(frame != NULL, "seven frames wait");
        numbers[i] = frame->number;
        frame->len = i;
    }
    CHECK(lora_tx_push(&tx) == NULL, "an eighth finds no room");
    lora_tx_remove(&tx, 3, -NET_ECANCELED);
    CHECK(lora_tx_result(&tx, numbers[3]) == -NET_ECANCELED, "a result is kept");
    CHECK(lora_tx_result(&tx, numbers[4]) == -NET_EAGAIN, "the next still waits");
    CHECK(lora_tx_place(&tx, numbers[4]) == 3 && lora_tx_at(&tx, 3)->len == 4, "and moved up");
    lora_tx_frame_t *again = lora_tx_push(&tx);
    CHECK(again != NULL && again == lora_tx_at(&tx, 6) && again->number == numbers[6] + 1, "there is room again");
    lora_tx_remove(&tx, 0, 0);
    CHECK(lora_tx_result(&tx, numbers[0]) == 0, "sent");
    uint32_t last = again->number;
    lora_tx_clear(&tx);
    CHECK(lora_tx_push(&tx)->number == last + 1, "no number is used twice");
    CHECK(lora_tx_result(&tx, 0) == 0, "a socket that sent nothing waits for nothing");
}

int main(void) {
    seven_of_the_longest_fit();
    short_frames_share_the_room();
    a_frame_is_read_in_parts();
    the_ring_wraps();
    frames_to_send_keep_their_order();
    return check_result();
}
