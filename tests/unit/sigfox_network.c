// The network's side of the Sigfox link, for tests. Slow and plain: bit by bit.
// SPDX-License-Identifier: MIT
#include "sigfox_network.h"

#include <string.h>

#include "crypto/crypto.h"

static int get_bit(const uint8_t *data, size_t n) {
    return data[n / 8] >> (7 - n % 8) & 1;
}

static void put_bit(uint8_t *data, size_t n, int bit) {
    uint8_t mask = (uint8_t)(0x80 >> n % 8);
    data[n / 8] = (uint8_t)(bit ? data[n / 8] | mask : data[n / 8] & ~mask);
}

static uint32_t get_bits(const uint8_t *data, size_t from, size_t number) {
    uint32_t value = 0;
    for (size_t i = 0; i < number; ++i) {
        value = value << 1 | (uint32_t)get_bit(data, from + i);
    }
    return value;
}

// Remainder of the division by polynomial (with its top bit), like on paper.
static uint32_t divide(const uint8_t *data, size_t bits, uint32_t polynomial, int degree) {
    uint32_t rest = 0;
    for (size_t i = 0; i < bits + (size_t)degree; ++i) {
        rest = rest << 1 | (i < bits ? (uint32_t)get_bit(data, i) : 0);
        if (rest >> degree) {
            rest ^= polynomial;
        }
    }
    return rest;
}

static void cipher(const uint8_t *key, uint8_t *block) {
    crypto_ecb(key, block, block, 1);
}

static void uplink_mac(const uint8_t *key, const uint8_t *data, size_t len, uint8_t *block) {
    size_t total = len > 16 ? 32 : 16;
    memset(block, 0, 16);
    for (size_t i = 0; i < total; ++i) {
        block[i % 16] ^= data[i % len];
        if (i % 16 == 15) {
            cipher(key, block);
        }
    }
}

// Which type has this length on the air.
static int find_rank(uint32_t type, size_t len, bool *control) {
    static const struct { size_t len;
                          uint32_t types[3];
                          bool control;
    } known[] = {
        { 14, { 0x06b, 0x6e0, 0x034 }, false },
        { 15, { 0x08d, 0x0d2, 0x302 }, false },
        { 18, { 0x35f, 0x598, 0x5a3 }, false },
        { 22, { 0x611, 0x6bf, 0x72c }, false },
        { 26, { 0x94c, 0x971, 0x997 }, false },
        { 22, { 0xf67, 0xfc9, 0x11be }, true },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); ++i) {
        for (int rank = 1; rank <= 3; ++rank) {
            if (known[i].len == len && known[i].types[rank - 1] == type) {
                *control = known[i].control;
                return rank;
            }
        }
    }
    return 0;
}

static void undo_convolution(uint8_t *data, size_t len, int rank) {
    for (size_t i = 0; rank > 1 && i < 8 * len; ++i) {
        int before = rank == 2 && i >= 1 ? get_bit(data, i - 1) : 0;
        int earlier = i >= 2 ? get_bit(data, i - 2) : 0;
        put_bit(data, i, get_bit(data, i) ^ before ^ earlier);
    }
}

sigfox_network_verdict_t sigfox_network_uplink(const uint8_t key[16], const uint8_t *bits, size_t len, sigfox_network_uplink_t *uplink) {
    uint8_t data[22];
    uplink->rank = len < 14 || len > 26 ? 0 : find_rank(get_bits(bits, 19, 13), len, &uplink->control);
    if (uplink->rank == 0 || get_bits(bits, 0, 19) != 0x55555) {
        return SIGFOX_NETWORK_NO_FRAME;
    }
    len -= 4;
    memcpy(data, bits + 4, len);
    undo_convolution(data, len, uplink->rank);
    if ((divide(data, 8 * (len - 2), 0x11021, 16) ^ 0xffff) != get_bits(data, 8 * (len - 2), 16)) {
        return SIGFOX_NETWORK_BAD_CRC;
    }
    uplink->indicator = (int)get_bits(data, 0, 2);
    uplink->downlink = get_bit(data, 2);
    uplink->counter = (uint16_t)get_bits(data, 4, 12);
    uplink->id = data[2] | (uint32_t)data[3] << 8 | (uint32_t)data[4] << 16 | (uint32_t)data[5] << 24;
    size_t mac_len = len == 10 ? 2 : 2 + (size_t)uplink->indicator; // 10: LI may be a bit
    uplink->len = len - 2 - mac_len - 6;
    memcpy(uplink->payload, data + 6, uplink->len);
    uint8_t mac[16];
    uplink_mac(key, data, 6 + uplink->len, mac);
    bool same = memcmp(mac, data + 6 + uplink->len, mac_len) == 0;
    return same ? SIGFOX_NETWORK_OK : SIGFOX_NETWORK_BAD_MAC;
}

// Parity of each bit position: bytes 4..14 are the coefficients of x^4..x^14.
static void add_parity(uint8_t *frame) {
    for (int bit = 0; bit < 8; ++bit) {
        uint8_t column[2] = { 0 };
        for (int j = 14; j >= 4; --j) {
            put_bit(column, (size_t)(14 - j), frame[j] >> bit & 1);
        }
        uint32_t parity = divide(column, 11, 0x13, 4);
        for (int j = 0; j < 4; ++j) {
            frame[j] |= (uint8_t)((parity >> j & 1) << bit);
        }
    }
}

// The register as a bit sequence s: s[n + 9] = s[n + 5] ^ s[n], where word w holds
// s[8w + 16] down to s[8w + 8].
static void whiten(uint32_t seed, uint8_t *frame) {
    int s[9 + 8 * 15];
    seed = seed == 0 ? 0x1ff : seed;
    for (int n = 0; n < (int)(sizeof(s) / sizeof(s[0])); ++n) {
        s[n] = n < 9 ? (int)(seed >> n & 1) : s[n - 4] ^ s[n - 9];
    }
    for (int i = 0; i < 120; ++i) {
        int word = i / 9;
        put_bit(frame, (size_t)i, get_bit(frame, (size_t)i) ^ s[8 * word + 16 - i % 9]);
    }
}

void sigfox_network_downlink(const sigfox_device_t *device, uint16_t counter, const uint8_t payload[8], uint8_t frame[15]) {
    uint8_t id[4] = { (uint8_t)device->id, (uint8_t)(device->id >> 8), (uint8_t)(device->id >> 16), (uint8_t)(device->id >> 24) };
    uint8_t block[16] = { id[0], id[1], id[2], id[3], (uint8_t)counter, (uint8_t)(counter >> 8) };
    memcpy(block + 6, payload, 8);
    memcpy(block + 14, id, 2);
    cipher(device->key, block);
    memset(frame, 0, 15);
    memcpy(frame + 4, payload, 8);
    memcpy(frame + 12, block, 2);
    frame[14] = (uint8_t)divide(frame + 4, 80, 0x12f, 8);
    add_parity(frame);
    whiten((uint32_t)((uint64_t)device->id * counter % 512), frame);
}
