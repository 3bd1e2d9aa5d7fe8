// CMAC is written here on the block cipher alone: mbedTLS's own needs its cipher
// layer, which stock ESP-IDF builds leave out and which is larger than our MAC.
// SPDX-License-Identifier: MIT
#include "crypto/crypto.h"

#include <string.h>

#include "mbedtls/aes.h"
#include "mbedtls/platform_util.h"

#include "net/net_errno.h"

static int encrypt(mbedtls_aes_context *aes, const uint8_t *in, uint8_t *out) {
    return mbedtls_aes_crypt_ecb(aes, MBEDTLS_AES_ENCRYPT, in, out) == 0 ? 0 : -NET_EIO;
}

static int start(mbedtls_aes_context *aes, const uint8_t *key) {
    mbedtls_aes_init(aes);
    return mbedtls_aes_setkey_enc(aes, key, 8 * CRYPTO_KEY_SIZE) == 0 ? 0 : -NET_EIO;
}

// mbedtls_aes_free() wipes the key schedule.
static int finish(mbedtls_aes_context *aes, int ret, void *out, size_t len) {
    mbedtls_aes_free(aes);
    if (ret < 0) {
        memset(out, 0, len);
    }
    return ret;
}

static void xor_block(uint8_t *to, const uint8_t *with) {
    for (size_t i = 0; i < CRYPTO_BLOCK_SIZE; ++i) {
        to[i] ^= with[i];
    }
}

int crypto_ecb(const uint8_t key[CRYPTO_KEY_SIZE], const void *in, void *out, size_t blocks) {
    mbedtls_aes_context aes;
    int ret = start(&aes, key);
    for (size_t i = 0; ret == 0 && i < blocks; ++i) {
        ret = encrypt(&aes, (const uint8_t *)in + CRYPTO_BLOCK_SIZE * i, (uint8_t *)out + CRYPTO_BLOCK_SIZE * i);
    }
    return finish(&aes, ret, out, CRYPTO_BLOCK_SIZE * blocks);
}

int crypto_cbc_last(const uint8_t key[CRYPTO_KEY_SIZE], const void *in, size_t blocks, uint8_t out[CRYPTO_BLOCK_SIZE]) {
    mbedtls_aes_context aes;
    uint8_t chain[CRYPTO_BLOCK_SIZE] = { 0 };
    int ret = start(&aes, key);
    for (size_t i = 0; ret == 0 && i < blocks; ++i) {
        xor_block(chain, (const uint8_t *)in + CRYPTO_BLOCK_SIZE * i);
        ret = encrypt(&aes, chain, chain);
    }
    memcpy(out, chain, CRYPTO_BLOCK_SIZE);
    return finish(&aes, ret, out, CRYPTO_BLOCK_SIZE);
}

// RFC 4493, 2.3: times x in GF(2^128).
static void double_block(uint8_t *block) {
    uint8_t carry = block[0] & 0x80 ? 0x87 : 0;
    for (size_t i = 0; i + 1 < CRYPTO_BLOCK_SIZE; ++i) {
        block[i] = (uint8_t)(block[i] << 1 | block[i + 1] >> 7);
    }
    block[CRYPTO_BLOCK_SIZE - 1] = (uint8_t)(block[CRYPTO_BLOCK_SIZE - 1] << 1) ^ carry;
}

// Chain the spans; what is left for the last block stays in chain, already added.
// Returns how many bytes of it are used.
static int chain_spans(mbedtls_aes_context *aes, const crypto_span_t *spans, size_t number, uint8_t *chain) {
    int used = 0;
    for (size_t i = 0; i < number; ++i) {
        const uint8_t *data = spans[i].data;
        for (size_t j = 0; j < spans[i].len; ++j) {
            if (used == CRYPTO_BLOCK_SIZE) { // only now is it not the last one
                if (encrypt(aes, chain, chain) < 0) {
                    return -NET_EIO;
                }
                used = 0;
            }
            chain[used++] ^= data[j];
        }
    }
    return used;
}

int crypto_cmac(const uint8_t key[CRYPTO_KEY_SIZE], const crypto_span_t *spans, size_t number, uint8_t out[CRYPTO_BLOCK_SIZE]) {
    mbedtls_aes_context aes;
    uint8_t chain[CRYPTO_BLOCK_SIZE] = { 0 };
    uint8_t subkey[CRYPTO_BLOCK_SIZE] = { 0 };
    int ret = start(&aes, key);
    if (ret == 0) {
        ret = encrypt(&aes, subkey, subkey);
    }
    int used = ret == 0 ? chain_spans(&aes, spans, number, chain) : ret;
    if (used >= 0) {
        double_block(subkey);
        if (used < CRYPTO_BLOCK_SIZE) {
            chain[used] ^= 0x80;
            double_block(subkey);
        }
        xor_block(chain, subkey);
        used = encrypt(&aes, chain, out);
    }
    crypto_wipe(subkey, sizeof(subkey));
    return finish(&aes, used, out, CRYPTO_BLOCK_SIZE);
}

bool crypto_equal(const void *a, const void *b, size_t len) {
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t differ = 0;
    for (size_t i = 0; i < len; ++i) {
        differ |= x[i] ^ y[i];
    }
    return differ == 0;
}

void crypto_wipe(void *data, size_t len) {
    mbedtls_platform_zeroize(data, len);
}
