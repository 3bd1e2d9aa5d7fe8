// Uplink frames against two other implementations and a device's recorded frames.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "net/net_errno.h"
#include "sigfox/sigfox_frame.h"
#include "sigfox_network.h"

#define WANT_UPLINKS
#define WANT_CONTROLS
#define WANT_NEGATIVES
#define WANT_PHASES
#include "sigfox_vectors.h"

#define NUMBER(table) (sizeof(table) / sizeof((table)[0]))

static const sigfox_device_t device = { 0x00a1b2c3, { 1, 2, 3 } };

static void check_frame(const sigfox_device_t *owner, const sigfox_frame_t *frame, int rank, const bytes_t *bits) {
    uint8_t out[SIGFOX_FRAME_SIZE_MAX];
    int size = sigfox_frame_encode(owner, frame, rank, out);
    CHECK(size == bits->len && sigfox_frame_size(frame) == size, "the frame has the vector's length");
    CHECK(memcmp(out, bits->data, bits->len) == 0, "every bit is the vector's");
}

static void uplinks_are_those_of_the_vectors(void) {
    for (size_t i = 0; i < NUMBER(uplinks); ++i) {
        check_frame(&uplinks[i].device, &uplinks[i].frame, uplinks[i].rank, &uplinks[i].bits);
    }
}

static void control_messages_are_those_of_the_vectors(void) {
    for (size_t i = 0; i < NUMBER(controls); ++i) {
        sigfox_frame_t frame = { .counter = controls[i].counter };
        if (controls[i].confirmation) {
            sigfox_frame_confirmation(&frame, &controls[i].health, controls[i].rssi);
        } else {
            sigfox_frame_keep_alive(&frame, &controls[i].health);
        }
        CHECK(frame.len == controls[i].payload.len, "the control payload has the vector's length");
        CHECK(memcmp(frame.payload, controls[i].payload.data, frame.len) == 0, "and its bytes");
        check_frame(&controls[i].device, &frame, controls[i].rank, &controls[i].bits);
    }
}

static void a_signal_beyond_the_byte_is_cut(void) {
    sigfox_frame_health_t health = { 0 };
    sigfox_frame_t frame = { 0 };
    sigfox_frame_confirmation(&frame, &health, -300);
    CHECK(frame.payload[7] == 0x80, "the weakest that can be said");
    sigfox_frame_confirmation(&frame, &health, 100);
    CHECK(frame.payload[7] == 0x7f, "the strongest that can be said");
}

static void phases_are_those_of_the_vectors(void) {
    for (size_t i = 0; i < NUMBER(phases); ++i) {
        char phase = phases[i].phases[0];
        bool same = strlen(phases[i].phases) == 8u * phases[i].bits.len + 1;
        for (size_t n = 0; same && n < 8u * phases[i].bits.len; ++n) {
            phase ^= sigfox_frame_turns(phases[i].bits.data, n);
            same = phase == phases[i].phases[n + 1];
        }
        CHECK(same, "a 0 turns the phase and a 1 keeps it");
    }
}

static void the_network_reads_what_was_sent(void) {
    for (unsigned counter = 0; counter <= 4095; counter += 4095 / 9) {
        for (uint8_t len = 0; len <= 12; ++len) {
            for (int rank = 1; rank <= 3; ++rank) {
                sigfox_frame_t frame = { .type = len == 0 ? SIGFOX_FRAME_BIT : SIGFOX_FRAME_BYTES, .len = len,
                                         .bit = counter & 1, .downlink = rank & 1, .counter = (uint16_t)counter };
                memset(frame.payload, (int)counter + rank, len);
                uint8_t out[SIGFOX_FRAME_SIZE_MAX];
                int size = sigfox_frame_encode(&device, &frame, rank, out);
                sigfox_network_uplink_t got;
                CHECK(sigfox_network_uplink(device.key, out, (size_t)size, &got) == SIGFOX_NETWORK_OK, "the network takes it");
                CHECK(got.rank == rank && got.counter == counter && got.id == device.id, "rank, counter and ID arrive");
                CHECK(got.len == len && memcmp(got.payload, frame.payload, len) == 0, "the payload arrives");
                CHECK(got.downlink == frame.downlink && !got.control, "the request arrives");
                CHECK(len > 0 || got.indicator == 2 + frame.bit, "the bit arrives");
            }
        }
    }
}

// A test of the network's side, which the schedule's test relies on.
static void the_network_refuses_what_the_vectors_say(void) {
    for (size_t i = 0; i < NUMBER(negatives); ++i) {
        sigfox_network_uplink_t got;
        int verdict = sigfox_network_uplink(negatives[i].key, negatives[i].bits.data, negatives[i].bits.len, &got);
        CHECK(verdict == (negatives[i].crc_right ? SIGFOX_NETWORK_BAD_MAC : SIGFOX_NETWORK_BAD_CRC), "refused for the vector's reason");
    }
}

static void a_frame_changes_with_each_of_its_fields(void) {
    const sigfox_frame_t frame = { .type = SIGFOX_FRAME_BYTES, .len = 4, .counter = 7 };
    sigfox_frame_t other = frame;
    uint8_t a[SIGFOX_FRAME_SIZE_MAX];
    uint8_t b[SIGFOX_FRAME_SIZE_MAX];
    int size = sigfox_frame_encode(&device, &frame, 1, a);
    other.downlink = true;
    sigfox_frame_encode(&device, &other, 1, b);
    CHECK(memcmp(a + 10 + 4, b + 10 + 4, (size_t)size - 14) != 0, "the request is authenticated");
    sigfox_device_t stranger = device;
    stranger.key[15] ^= 1;
    sigfox_frame_encode(&stranger, &frame, 1, b);
    CHECK(memcmp(a, b, 14) == 0 && memcmp(a + 14, b + 14, (size_t)size - 14) != 0, "a key changes the end and nothing else");
}

static int size_of(int type, int len, bool downlink) {
    sigfox_frame_t frame = { .type = (uint8_t)type, .len = (uint8_t)len, .downlink = downlink };
    uint8_t out[SIGFOX_FRAME_SIZE_MAX];
    int size = sigfox_frame_size(&frame);
    CHECK(sigfox_frame_encode(&device, &frame, 2, out) == size, "encode and size agree, in errors too");
    return size;
}

static void what_does_not_go_together_is_refused(void) {
    CHECK(size_of(SIGFOX_FRAME_BYTES, 13, false) == -NET_EMSGSIZE, "13 bytes are too many");
    CHECK(size_of(SIGFOX_FRAME_BYTES, 0, false) == -NET_EINVAL, "no bytes are no byte message");
    CHECK(size_of(SIGFOX_FRAME_BIT, 1, false) == -NET_EINVAL, "a bit message has no payload");
    CHECK(size_of(SIGFOX_FRAME_EMPTY, 1, false) == -NET_EINVAL, "an empty message has no payload");
    CHECK(size_of(SIGFOX_FRAME_KEEP_ALIVE, 8, false) == -NET_EINVAL, "a keep-alive has seven bytes");
    CHECK(size_of(SIGFOX_FRAME_KEEP_ALIVE, 7, true) == -NET_EINVAL, "a control message asks for nothing");
    CHECK(size_of(SIGFOX_FRAME_CONFIRMATION + 1, 0, false) == -NET_EINVAL, "there is no such type");
    sigfox_frame_t frame = { .type = SIGFOX_FRAME_EMPTY, .counter = 4096 };
    uint8_t out[SIGFOX_FRAME_SIZE_MAX];
    CHECK(sigfox_frame_encode(&device, &frame, 1, out) == -NET_EINVAL, "counters have 12 bits");
    frame.counter = 0;
    CHECK(sigfox_frame_encode(&device, &frame, 0, out) == -NET_EINVAL, "there is no rank 0");
    CHECK(sigfox_frame_encode(&device, &frame, 4, out) == -NET_EINVAL, "there is no rank 4");
}

static void the_crc_is_crc_16_gsm(void) {
    CHECK(sigfox_frame_crc16((const uint8_t *)"123456789", 9) == 0xce3c, "the catalogue's check value");
}

static void erased_memory_is_not_a_device(void) {
    sigfox_device_t one = device;
    CHECK(sigfox_device_provisioned(&one), "a number and a key make a device");
    one.id = 0;
    CHECK(!sigfox_device_provisioned(&one), "number 0 is none");
    one.id = 0xffffffff;
    CHECK(!sigfox_device_provisioned(&one), "an erased number is none");
    one.id = 1;
    memset(one.key, 0xff, sizeof(one.key));
    CHECK(!sigfox_device_provisioned(&one), "an erased key is none");
    memset(one.key, 0, sizeof(one.key));
    CHECK(!sigfox_device_provisioned(&one), "a key of zeros is none");
    one.key[15] = 1;
    CHECK(sigfox_device_provisioned(&one), "one bit makes a key");
}

int main(void) {
    uplinks_are_those_of_the_vectors();
    control_messages_are_those_of_the_vectors();
    a_signal_beyond_the_byte_is_cut();
    phases_are_those_of_the_vectors();
    the_network_reads_what_was_sent();
    the_network_refuses_what_the_vectors_say();
    a_frame_changes_with_each_of_its_fields();
    what_does_not_go_together_is_refused();
    the_crc_is_crc_16_gsm();
    erased_memory_is_not_a_device();
    return check_result();
}
