// Downlink frames against two other implementations and one from the real network.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "net/net_errno.h"
#include "sigfox/sigfox_downlink.h"
#include "sigfox_network.h"

#define WANT_DOWNLINKS
#include "sigfox_vectors.h"

#define NUMBER(table) (sizeof(table) / sizeof((table)[0]))
#define BITS (8 * SIGFOX_DOWNLINK_FRAME_SIZE)

static void check_reception(const downlink_t *given) {
    uint8_t payload[SIGFOX_DOWNLINK_PAYLOAD_SIZE];
    memset(payload, 0x5a, sizeof(payload));
    int ret = sigfox_downlink_decode(&given->device, given->counter, given->frame.data, payload);
    if (given->corrected >= 0) {
        CHECK(ret == given->corrected, "as many code words are corrected as the vector says");
        CHECK(memcmp(payload, given->payload.data, sizeof(payload)) == 0, "the payload is the vector's");
    } else {
        CHECK(ret == -NET_EINVAL || ret == -NET_EACCES, "the frame is refused");
        CHECK(payload[0] == 0x5a && payload[7] == 0x5a, "and the payload left alone");
    }
}

static void receptions_are_those_of_the_vectors(void) {
    for (size_t i = 0; i < NUMBER(downlinks); ++i) {
        check_reception(&downlinks[i]);
    }
    for (size_t i = 0; i < NUMBER(receptions); ++i) {
        check_reception(&receptions[i]);
    }
}

static void the_network_sends_what_the_vectors_say(void) {
    for (size_t i = 0; i < NUMBER(downlinks); ++i) {
        uint8_t frame[SIGFOX_DOWNLINK_FRAME_SIZE];
        sigfox_network_downlink(&downlinks[i].device, downlinks[i].counter, downlinks[i].payload.data, frame);
        CHECK(memcmp(frame, downlinks[i].frame.data, sizeof(frame)) == 0, "the test's network makes the vector's frame");
    }
}

static void a_wrong_key_is_told_from_noise(void) {
    uint8_t payload[SIGFOX_DOWNLINK_PAYLOAD_SIZE];
    sigfox_device_t stranger = downlinks[0].device;
    stranger.key[0] ^= 1;
    CHECK(sigfox_downlink_decode(&stranger, downlinks[0].counter, downlinks[0].frame.data, payload) == -NET_EACCES, "the CRC was right");
    uint8_t noise[SIGFOX_DOWNLINK_FRAME_SIZE] = { 1, 2, 4, 8, 16, 32, 64, 128 };
    CHECK(sigfox_downlink_decode(&stranger, downlinks[0].counter, noise, payload) == -NET_EINVAL, "the CRC was wrong");
}

// Flip bits from..from+len-1 where mask has a 1.
static int decode_flipped(int from, int len, unsigned mask) {
    uint8_t frame[SIGFOX_DOWNLINK_FRAME_SIZE];
    uint8_t payload[SIGFOX_DOWNLINK_PAYLOAD_SIZE];
    memcpy(frame, downlinks[0].frame.data, sizeof(frame));
    for (int i = 0; i < len; ++i) {
        frame[(from + i) / 8] ^= (uint8_t)((mask >> i & 1) << (7 - (from + i) % 8));
    }
    int ret = sigfox_downlink_decode(&downlinks[0].device, downlinks[0].counter, frame, payload);
    return ret >= 0 && memcmp(payload, downlinks[0].payload.data, sizeof(payload)) != 0 ? -1000 : ret;
}

static void every_burst_of_eight_bits_is_corrected(void) {
    int wrong = 0;
    for (int from = 0; from + 8 <= BITS; ++from) {
        for (unsigned mask = 0; mask < 256; ++mask) {
            wrong += decode_flipped(from, 8, mask) != __builtin_popcount(mask);
        }
    }
    CHECK(wrong == 0, "a burst hits each code word once at most");
}

static void two_errors_in_one_code_word_never_pass(void) {
    int passed = 0;
    for (int first = 0; first < BITS; ++first) {
        for (int second = first + 8; second < BITS; second += 8) {
            uint8_t frame[SIGFOX_DOWNLINK_FRAME_SIZE];
            uint8_t payload[SIGFOX_DOWNLINK_PAYLOAD_SIZE];
            memcpy(frame, downlinks[0].frame.data, sizeof(frame));
            frame[first / 8] ^= (uint8_t)(0x80 >> first % 8);
            frame[second / 8] ^= (uint8_t)(0x80 >> second % 8);
            int ret = sigfox_downlink_decode(&downlinks[0].device, downlinks[0].counter, frame, payload);
            passed += ret >= 0 && memcmp(payload, downlinks[0].payload.data, sizeof(payload)) != 0;
        }
    }
    CHECK(passed == 0, "no wrong payload is handed out");
}

static void no_other_counter_opens_the_frame(void) {
    int opened = 0;
    uint8_t payload[SIGFOX_DOWNLINK_PAYLOAD_SIZE];
    for (unsigned counter = 0; counter < 4096; ++counter) {
        opened += sigfox_downlink_decode(&downlinks[0].device, (uint16_t)counter, downlinks[0].frame.data, payload) >= 0;
    }
    CHECK(opened == 1, "of all counters only the right one opens it");
}

int main(void) {
    receptions_are_those_of_the_vectors();
    the_network_sends_what_the_vectors_say();
    a_wrong_key_is_told_from_noise();
    every_burst_of_eight_bits_is_corrected();
    two_errors_in_one_code_word_never_pass();
    no_other_counter_opens_the_frame();
    return check_result();
}
