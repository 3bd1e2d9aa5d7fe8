// One random generator for all of TLS.
//
// The entropy context lives only while it is used: on ports where mbedTLS takes
// its memory from Python's heap, a static one would not survive a soft reset.
// SPDX-License-Identifier: MIT
#include <stdatomic.h>

#include "mbedtls/ctr_drbg.h"
#include "mbedtls/entropy.h"

#include "tls/tls.h"

static mbedtls_ctr_drbg_context drbg;
static bool seeded;
// Held for some microseconds, by threads of the same priority.
static atomic_flag drbg_lock = ATOMIC_FLAG_INIT;

static int fresh_entropy(void *unused, unsigned char *out, size_t len) {
    (void)unused;
    mbedtls_entropy_context entropy;
    mbedtls_entropy_init(&entropy);
    int ret = mbedtls_entropy_func(&entropy, out, len);
    mbedtls_entropy_free(&entropy);
    return ret;
}

static int seed(void) {
    static const unsigned char personal[] = "usocket";
    mbedtls_ctr_drbg_init(&drbg);
    int ret = mbedtls_ctr_drbg_seed(&drbg, fresh_entropy, NULL, personal, sizeof(personal));
    if (ret != 0) {
        mbedtls_ctr_drbg_free(&drbg);
        return ret;
    }
    seeded = true;
    return 0;
}

static int random_chunk(unsigned char *out, size_t len) {
    while (atomic_flag_test_and_set_explicit(&drbg_lock, memory_order_acquire)) {
    }
    int ret = seeded ? 0 : seed();
    if (ret == 0) {
        ret = mbedtls_ctr_drbg_random(&drbg, out, len);
    }
    atomic_flag_clear_explicit(&drbg_lock, memory_order_release);
    return ret;
}

int tls_random(void *unused, unsigned char *out, size_t len) {
    (void)unused;
    while (len > 0) {
        size_t chunk = len < MBEDTLS_CTR_DRBG_MAX_REQUEST ? len : MBEDTLS_CTR_DRBG_MAX_REQUEST;
        int ret = random_chunk(out, chunk);
        if (ret != 0) {
            return ret;
        }
        out += chunk;
        len -= chunk;
    }
    return 0;
}
