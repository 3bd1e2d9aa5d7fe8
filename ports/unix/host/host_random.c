// hal_random() on the host: the system's random numbers, or, for tests that must
// be repeatable, a sequence that USOCKET_SEED begins.
// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "hal/hal.h"
#include "host_air.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool seeded;
static uint32_t seed;
static uint64_t state;

static void system_random(uint8_t *buf, size_t len) {
    while (len > 0) {
        ssize_t got = getrandom(buf, len, 0);
        if (got > 0) {
            buf += got;
            len -= (size_t)got;
        }
    }
}

static void read_seed(void) {
    const char *value = getenv("USOCKET_SEED");
    char *end = NULL;
    unsigned long number = value == NULL ? 0 : strtoul(value, &end, 10);
    seeded = end != NULL && end != value && *end == '\0' && number <= UINT32_MAX;
    if (value != NULL && *value != '\0' && !seeded) {
        fprintf(stderr, "usocket: USOCKET_SEED is \"%s\": not a number. Allowed: 0 to 4294967295\n", value);
    }
    if (seeded) {
        seed = (uint32_t)number;
    } else {
        system_random((uint8_t *)&seed, sizeof(seed));
    }
    state = seed;
}

// splitmix64 (Steele, Lea, Flood 2014).
static uint64_t next(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

void hal_random(void *buf, size_t len) {
    pthread_once(&once, read_seed);
    if (!seeded) {
        system_random(buf, len);
        return;
    }
    uint8_t *bytes = buf;
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(next() >> 56);
    }
    pthread_mutex_unlock(&mutex);
}

uint32_t host_air_seed(void) {
    pthread_once(&once, read_seed);
    return seed;
}
