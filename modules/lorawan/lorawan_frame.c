// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_frame.h"

#include <string.h>

#include "crypto/crypto.h"
#include "net/net_errno.h"

#define MAJOR_MASK (0x03)
#define EUI_LEN (8)

uint16_t lorawan_frame_le16(const uint8_t *at) {
    return (uint16_t)(at[0] | at[1] << 8);
}

uint32_t lorawan_frame_le24(const uint8_t *at) {
    return lorawan_frame_le16(at) | (uint32_t)at[2] << 16;
}

uint32_t lorawan_frame_le32(const uint8_t *at) {
    return lorawan_frame_le24(at) | (uint32_t)at[3] << 24;
}

void lorawan_frame_put_le32(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; ++i) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

bool lorawan_frame_parse(uint8_t *data, size_t len, lorawan_frame_t *frame) {
    if (len < LORAWAN_FRAME_DATA_MIN || (data[0] & MAJOR_MASK) != 0) {
        return false;
    }
    frame->type = data[0] >> 5;
    frame->addr = lorawan_frame_le32(data + 1);
    frame->fctrl = data[5];
    frame->fcnt16 = lorawan_frame_le16(data + 6);
    frame->fopts_len = frame->fctrl & 0x0f;
    frame->fopts = data + 8;
    size_t rest = len - LORAWAN_FRAME_DATA_MIN;
    if (frame->type < LORAWAN_FRAME_DATA_UP || frame->type > LORAWAN_FRAME_CONFIRMED_DOWN || rest < frame->fopts_len) {
        return false;
    }
    rest -= frame->fopts_len;
    frame->has_port = rest > 0;
    frame->port = frame->has_port ? frame->fopts[frame->fopts_len] : 0;
    frame->payload = frame->fopts + frame->fopts_len + (frame->has_port ? 1 : 0);
    frame->payload_len = (uint8_t)(frame->has_port ? rest - 1 : 0);
    // 4.3.1.6: MAC commands are in one place only.
    return !(frame->has_port && frame->port == 0 && frame->fopts_len > 0);
}

// Blocks B0 of the MIC (4.4) and A of the cipher (4.3.3) differ in first and last byte.
static void fill_block(const lorawan_frame_nonce_t *nonce, uint8_t first, uint8_t last, uint8_t *block) {
    memset(block, 0, CRYPTO_BLOCK_SIZE);
    block[0] = first;
    block[5] = nonce->down;
    lorawan_frame_put_le32(block + 6, nonce->addr);
    lorawan_frame_put_le32(block + 10, nonce->fcnt);
    block[15] = last;
}

int lorawan_frame_mic(const lorawan_frame_nonce_t *nonce, const uint8_t *data, size_t len, uint8_t mic[LORAWAN_FRAME_MIC_LEN]) {
    uint8_t block[CRYPTO_BLOCK_SIZE];
    uint8_t cmac[CRYPTO_BLOCK_SIZE];
    fill_block(nonce, 0x49, (uint8_t)len, block);
    const crypto_span_t spans[] = { { block, sizeof(block) }, { data, len } };
    int ret = crypto_cmac(nonce->key, spans, 2, cmac);
    memcpy(mic, cmac, LORAWAN_FRAME_MIC_LEN);
    return ret;
}

int lorawan_frame_cipher(const lorawan_frame_nonce_t *nonce, uint8_t *data, size_t len) {
    enum { BLOCKS = 4 };
    uint8_t stream[BLOCKS * CRYPTO_BLOCK_SIZE];
    int ret = 0;
    for (size_t at = 0; at < len && ret == 0; at += sizeof(stream)) {
        size_t part = len - at < sizeof(stream) ? len - at : sizeof(stream);
        size_t blocks = (part + CRYPTO_BLOCK_SIZE - 1) / CRYPTO_BLOCK_SIZE;
        for (size_t i = 0; i < blocks; ++i) {
            fill_block(nonce, 0x01, (uint8_t)(at / CRYPTO_BLOCK_SIZE + i + 1), stream + CRYPTO_BLOCK_SIZE * i);
        }
        ret = crypto_ecb(nonce->key, stream, stream, blocks);
        for (size_t i = 0; i < part; ++i) {
            data[at + i] ^= stream[i];
        }
    }
    crypto_wipe(stream, sizeof(stream));
    return ret;
}

static void put_eui(uint8_t *out, const uint8_t *eui) {
    for (int i = 0; i < EUI_LEN; ++i) {
        out[i] = eui[EUI_LEN - 1 - i];
    }
}

// MIC of join frames: CMAC over everything in front of it.
static int plain_mic(const uint8_t *key, const uint8_t *data, size_t len, uint8_t *mic) {
    uint8_t cmac[CRYPTO_BLOCK_SIZE];
    const crypto_span_t span = { data, len };
    int ret = crypto_cmac(key, &span, 1, cmac);
    memcpy(mic, cmac, LORAWAN_FRAME_MIC_LEN);
    return ret;
}

int lorawan_frame_join_request(const lorawan_frame_join_t *join, uint8_t *out) {
    out[0] = LORAWAN_FRAME_JOIN_REQUEST << 5;
    put_eui(out + 1, join->join_eui);
    put_eui(out + 9, join->dev_eui);
    out[17] = (uint8_t)join->dev_nonce;
    out[18] = (uint8_t)(join->dev_nonce >> 8);
    return plain_mic(join->key, out, LORAWAN_FRAME_JOIN_REQUEST_LEN - LORAWAN_FRAME_MIC_LEN, out + 19);
}

int lorawan_frame_join_accept(const uint8_t *key, uint8_t *data, size_t len, lorawan_frame_accept_t *accept) {
    if ((len != 17 && len != 33) || data[0] != LORAWAN_FRAME_JOIN_ACCEPT << 5) {
        return -NET_EINVAL;
    }
    uint8_t mic[LORAWAN_FRAME_MIC_LEN];
    // 6.2.5: the server decrypts, so the device encrypts.
    int ret = crypto_ecb(key, data + 1, data + 1, len / CRYPTO_BLOCK_SIZE);
    if (ret == 0) {
        ret = plain_mic(key, data, len - LORAWAN_FRAME_MIC_LEN, mic);
    }
    if (ret < 0) {
        return ret;
    }
    if (!crypto_equal(mic, data + len - LORAWAN_FRAME_MIC_LEN, LORAWAN_FRAME_MIC_LEN)) {
        return -NET_EACCES;
    }
    accept->join_nonce = lorawan_frame_le24(data + 1);
    accept->net_id = lorawan_frame_le24(data + 4);
    accept->dev_addr = lorawan_frame_le32(data + 7);
    accept->dl_settings = data[11];
    accept->rx_delay = data[12] & 0x0f;
    accept->cflist = len == 33 ? data + 13 : NULL;
    return 0;
}

int lorawan_frame_session_key(const lorawan_frame_join_t *join, const lorawan_frame_accept_t *accept, uint8_t which, uint8_t out[16]) {
    uint8_t block[CRYPTO_BLOCK_SIZE] = { which };
    lorawan_frame_put_le32(block + 1, accept->join_nonce);
    lorawan_frame_put_le32(block + 4, accept->net_id);
    block[7] = (uint8_t)join->dev_nonce;
    block[8] = (uint8_t)(join->dev_nonce >> 8);
    return crypto_ecb(join->key, block, out, 1);
}
