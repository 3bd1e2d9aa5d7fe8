// AES-128 and what LoRaWAN and Sigfox build from it, over mbedTLS's block cipher.
//
// Pure: no allocation, no waiting, any thread. Keys are 16 bytes, owned by the
// caller, and are left in no buffer here after a call. Every call returns 0, or
// -NET_EIO when the cipher (a hardware engine on the ESP32) refused; out is then
// all zero. in and out may be the same buffer.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_CRYPTO_CRYPTO_H
#define USOCKET_CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPTO_KEY_SIZE (16)
#define CRYPTO_BLOCK_SIZE (16)

// A piece of a message that does not lie in one buffer.
typedef struct {
    const void *data;
    size_t len;
} crypto_span_t;

// Encrypt blocks one by one (ECB). A device never decrypts: LoRaWAN's servers use
// the cipher the other way round.
int crypto_ecb(const uint8_t key[CRYPTO_KEY_SIZE], const void *in, void *out, size_t blocks);

// The last cipher block of CBC with a zero initial vector.
int crypto_cbc_last(const uint8_t key[CRYPTO_KEY_SIZE], const void *in, size_t blocks, uint8_t out[CRYPTO_BLOCK_SIZE]);

// AES-CMAC (RFC 4493) of the spans one after another. number may be 0.
int crypto_cmac(const uint8_t key[CRYPTO_KEY_SIZE], const crypto_span_t *spans, size_t number, uint8_t out[CRYPTO_BLOCK_SIZE]);

// True if equal, in a time that depends on len only.
bool crypto_equal(const void *a, const void *b, size_t len);

// Set to zero, and not optimised away.
void crypto_wipe(void *data, size_t len);

#endif // USOCKET_CRYPTO_CRYPTO_H
