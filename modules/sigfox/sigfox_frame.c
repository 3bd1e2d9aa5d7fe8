// Uplink frames: from a message to the bits on the air.
//
//   preamble 19 | type 13 | LI 2 BF 1 REP 1 counter 12 | ID 32 | payload | auth | CRC 16
//
// The type names length class and rank. LI (length indicator) is the length of the
// authentication minus 2, or holds the bit of a bit message.
// SPDX-License-Identifier: MIT
#include "sigfox/sigfox_frame.h"

#include <string.h>

#include "crypto/crypto.h"
#include "net/net_errno.h"

enum {
    HEAD = 4, // preamble and type, in bytes
    PAYLOAD_AT = HEAD + 6, // after flags, counter and ID
    AUTH_MIN = 2,
    CRC_SIZE = 2,
    KEEP_ALIVE = 0x08, // first payload byte of control messages
    CONFIRMATION = 0x09,
};

static const uint16_t frame_types[][SIGFOX_FRAME_RANKS] = {
    { 0x006b, 0x06e0, 0x0034 }, // no payload
    { 0x008d, 0x00d2, 0x0302 }, // 1 byte
    { 0x035f, 0x0598, 0x05a3 }, // 2..4
    { 0x0611, 0x06bf, 0x072c }, // 5..8
    { 0x094c, 0x0971, 0x0997 }, // 9..12
    { 0x0f67, 0x0fc9, 0x11be }, // control
};

static bool is_control(const sigfox_frame_t *frame) {
    return frame->type >= SIGFOX_FRAME_KEEP_ALIVE;
}

static const uint16_t *types_of(const sigfox_frame_t *frame) {
    if (is_control(frame)) {
        return frame_types[5];
    }
    return frame_types[frame->len < 2 ? frame->len : 2 + (frame->len - 1) / 4];
}

static int pad_indicator(const sigfox_frame_t *frame) {
    return frame->len < 2 ? 0 : 3 - (frame->len - 1) % 4;
}

static size_t put_u16(uint8_t *out, uint16_t value) {
    out[0] = (uint8_t)value;
    out[1] = (uint8_t)(value >> 8);
    return 2;
}

static void control(sigfox_frame_t *frame, int code, const sigfox_frame_health_t *health) {
    size_t at = 0;
    frame->payload[at++] = (uint8_t)code;
    at += put_u16(frame->payload + at, health->idle_mv);
    at += put_u16(frame->payload + at, health->transmit_mv);
    at += put_u16(frame->payload + at, (uint16_t)health->temperature);
    frame->len = (uint8_t)at;
    frame->bit = false;
}

void sigfox_frame_keep_alive(sigfox_frame_t *frame, const sigfox_frame_health_t *health) {
    frame->type = SIGFOX_FRAME_KEEP_ALIVE;
    control(frame, KEEP_ALIVE, health);
}

void sigfox_frame_confirmation(sigfox_frame_t *frame, const sigfox_frame_health_t *health, int rssi) {
    frame->type = SIGFOX_FRAME_CONFIRMATION;
    control(frame, CONFIRMATION, health);
    int level = rssi + 100;
    level = level < INT8_MIN ? INT8_MIN : level > INT8_MAX ? INT8_MAX : level;
    frame->payload[frame->len++] = (uint8_t)level;
}

int sigfox_frame_size(const sigfox_frame_t *frame) {
    static const uint8_t lengths[][2] = { // shortest, longest
        [SIGFOX_FRAME_EMPTY] = { 0, 0 },
        [SIGFOX_FRAME_BIT] = { 0, 0 },
        [SIGFOX_FRAME_BYTES] = { 1, SIGFOX_FRAME_PAYLOAD_MAX },
        [SIGFOX_FRAME_KEEP_ALIVE] = { 7, 7 },
        [SIGFOX_FRAME_CONFIRMATION] = { 8, 8 },
    };
    if (frame->len > SIGFOX_FRAME_PAYLOAD_MAX) {
        return -NET_EMSGSIZE;
    }
    if (frame->type > SIGFOX_FRAME_CONFIRMATION || (is_control(frame) && frame->downlink)
        || frame->len < lengths[frame->type][0] || frame->len > lengths[frame->type][1]) {
        return -NET_EINVAL;
    }
    return PAYLOAD_AT + frame->len + AUTH_MIN + pad_indicator(frame) + CRC_SIZE;
}

bool sigfox_frame_turns(const uint8_t *data, size_t n) {
    return !(data[n / 8] >> (7 - n % 8) & 1);
}

uint16_t sigfox_frame_crc16(const uint8_t *data, size_t len) {
    uint16_t crc = 0;
    for (size_t i = 0; i < len; ++i) {
        crc ^= (uint16_t)(data[i] << 8);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (uint16_t)(crc << 1 ^ (crc & 0x8000 ? 0x1021 : 0));
        }
    }
    return (uint16_t) ~crc;
}

// The content is repeated until it fills one block, or two when it is longer than one.
static int authenticate(const uint8_t *key, const uint8_t *content, size_t len, uint8_t mac[CRYPTO_BLOCK_SIZE]) {
    uint8_t text[2 * CRYPTO_BLOCK_SIZE];
    size_t blocks = len <= CRYPTO_BLOCK_SIZE ? 1 : 2;
    for (size_t i = 0; i < blocks * CRYPTO_BLOCK_SIZE; ++i) {
        text[i] = content[i % len];
    }
    return crypto_cbc_last(key, text, blocks, mac);
}

// Rate 1, no tail: rank 2 is 1 + D + D^2, rank 3 is 1 + D^2.
static void convolve(uint8_t *data, size_t len, int rank) {
    unsigned window = 0;
    for (size_t i = 0; i < len; ++i) {
        window = window << 8 | data[i];
        data[i] = (uint8_t)(window ^ window >> 2 ^ (rank == 2 ? window >> 1 : 0));
    }
}

int sigfox_frame_encode(const sigfox_device_t *device, const sigfox_frame_t *frame, int rank, uint8_t out[SIGFOX_FRAME_SIZE_MAX]) {
    int size = sigfox_frame_size(frame);
    if (size < 0) {
        return size;
    }
    if (rank < 1 || rank > SIGFOX_FRAME_RANKS || frame->counter > SIGFOX_FRAME_COUNTER_MASK) {
        return -NET_EINVAL;
    }
    int indicator = frame->type == SIGFOX_FRAME_BIT ? 2 | frame->bit : pad_indicator(frame);
    uint16_t flags = (uint16_t)(indicator << 14 | frame->downlink << 13 | frame->counter);
    uint32_t head = 0xaaaaa000 | types_of(frame)[rank - 1];
    for (int i = 0; i < HEAD; ++i) {
        out[i] = (uint8_t)(head >> (24 - 8 * i));
    }
    out[HEAD] = (uint8_t)(flags >> 8);
    out[HEAD + 1] = (uint8_t)flags;
    sigfox_device_id_bytes(device, out + HEAD + 2);
    memcpy(out + PAYLOAD_AT, frame->payload, frame->len);

    size_t auth_at = PAYLOAD_AT + (size_t)frame->len;
    size_t crc_at = (size_t)size - CRC_SIZE;
    uint8_t mac[CRYPTO_BLOCK_SIZE];
    int ret = authenticate(device->key, out + HEAD, auth_at - HEAD, mac);
    if (ret < 0) {
        return ret;
    }
    memcpy(out + auth_at, mac, crc_at - auth_at);
    uint16_t crc = sigfox_frame_crc16(out + HEAD, crc_at - HEAD);
    out[crc_at] = (uint8_t)(crc >> 8);
    out[crc_at + 1] = (uint8_t)crc;
    if (rank > 1) {
        convolve(out + HEAD, (size_t)size - HEAD, rank);
    }
    return size;
}
