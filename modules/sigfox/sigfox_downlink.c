// Downlink frames: from the bytes a receiver took off the air to the payload.
//
//   BCH parity 4 | payload 8 | authentication 2 | CRC-8 1     all of it whitened
// SPDX-License-Identifier: MIT
#include "sigfox/sigfox_downlink.h"

#include <string.h>

#include "crypto/crypto.h"
#include "net/net_errno.h"

enum {
    PAYLOAD_AT = 4,
    MAC_AT = PAYLOAD_AT + SIGFOX_DOWNLINK_PAYLOAD_SIZE,
    MAC_SIZE = 2,
    CRC_AT = MAC_AT + MAC_SIZE,
    WORD_BITS = 9,
};

// x^9 + x^5 + 1. The register moves by eight before each word of nine bits, so one
// bit of a word comes again in the next: this is not a plain bit sequence.
static void whiten(uint32_t id, uint16_t counter, uint8_t *data) {
    unsigned word = id * counter & 0x1ff;
    if (word == 0) {
        word = 0x1ff;
    }
    for (int i = 0; i < 8 * SIGFOX_DOWNLINK_FRAME_SIZE; ++i) {
        if (i % WORD_BITS == 0) {
            for (int step = 0; step < 8; ++step) {
                word = word >> 1 | ((word >> 5 ^ word) & 1) << (WORD_BITS - 1);
            }
        }
        unsigned bit = word >> (WORD_BITS - 1 - i % WORD_BITS) & 1;
        data[i / 8] ^= (uint8_t)(bit << (7 - i % 8));
    }
}

// Next power of alpha in GF(16), alpha^4 = alpha + 1.
static unsigned next_power(unsigned power) {
    return (power << 1 ^ (power & 8 ? 0x13 : 0)) & 0xf;
}

// BCH(15,11), one code word to each bit position: byte j is the coefficient of x^j.
// Returns how many code words were changed.
static int correct(uint8_t *data) {
    int corrected = 0;
    for (int bit = 0; bit < 8; ++bit) {
        unsigned syndrome = 0;
        unsigned power = 1;
        for (int j = 0; j < SIGFOX_DOWNLINK_FRAME_SIZE; ++j, power = next_power(power)) {
            syndrome ^= data[j] >> bit & 1 ? power : 0;
        }
        for (int j = 0; syndrome != 0 && j < SIGFOX_DOWNLINK_FRAME_SIZE; ++j, power = next_power(power)) {
            data[j] ^= (uint8_t)((power == syndrome) << bit);
        }
        corrected += syndrome != 0;
    }
    return corrected;
}

static uint8_t crc8(const uint8_t *data, size_t len) {
    uint8_t crc = 0;
    for (size_t i = 0; i < len; ++i) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; ++bit) {
            crc = (uint8_t)(crc << 1 ^ (crc & 0x80 ? 0x2f : 0));
        }
    }
    return crc;
}

static int check_mac(const sigfox_device_t *device, uint16_t counter, const uint8_t *data) {
    uint8_t block[CRYPTO_BLOCK_SIZE];
    sigfox_device_id_bytes(device, block);
    block[4] = (uint8_t)counter;
    block[5] = (uint8_t)(counter >> 8);
    memcpy(block + 6, data + PAYLOAD_AT, SIGFOX_DOWNLINK_PAYLOAD_SIZE);
    memcpy(block + 6 + SIGFOX_DOWNLINK_PAYLOAD_SIZE, block, 2);
    int ret = crypto_ecb(device->key, block, block, 1);
    if (ret == 0 && !crypto_equal(block, data + MAC_AT, MAC_SIZE)) {
        ret = -NET_EACCES;
    }
    return ret;
}

int sigfox_downlink_decode(const sigfox_device_t *device, uint16_t counter, const uint8_t frame[SIGFOX_DOWNLINK_FRAME_SIZE], uint8_t payload[SIGFOX_DOWNLINK_PAYLOAD_SIZE]) {
    uint8_t data[SIGFOX_DOWNLINK_FRAME_SIZE];
    memcpy(data, frame, sizeof(data));
    whiten(device->id, counter, data);
    int corrected = correct(data);
    if (crc8(data + PAYLOAD_AT, CRC_AT - PAYLOAD_AT) != data[CRC_AT]) {
        return -NET_EINVAL;
    }
    int ret = check_mac(device, counter, data);
    if (ret < 0) {
        return ret;
    }
    memcpy(payload, data + PAYLOAD_AT, SIGFOX_DOWNLINK_PAYLOAD_SIZE);
    return corrected;
}
