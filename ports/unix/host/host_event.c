// SPDX-License-Identifier: MIT
#define _GNU_SOURCE // pthread_cond_clockwait
#include "host_event.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t signalled = PTHREAD_COND_INITIALIZER;
static atomic_uint count; // of signals
static atomic_uint waiting; // threads
static __thread unsigned int seen;

// Either the waiter below sees the new count, or this sees the waiter: both
// change their own number first and then look at the other's.
void host_event_signal(void) {
    atomic_fetch_add(&count, 1);
    if (atomic_load(&waiting) > 0) {
        pthread_mutex_lock(&mutex);
        pthread_cond_broadcast(&signalled);
        pthread_mutex_unlock(&mutex);
    }
}

void host_event_wait(unsigned int timeout_ms) {
    host_event_wait_us(timeout_ms * 1000);
}

void host_event_wait_us(unsigned int timeout_us) {
    unsigned int now = atomic_load(&count);
    if (now == seen) {
        struct timespec at;
        clock_gettime(CLOCK_MONOTONIC, &at);
        at.tv_sec += timeout_us / 1000000;
        at.tv_nsec += (long)(timeout_us % 1000000) * 1000;
        if (at.tv_nsec >= 1000000000) {
            at.tv_sec += 1;
            at.tv_nsec -= 1000000000;
        }
        pthread_mutex_lock(&mutex);
        atomic_fetch_add(&waiting, 1);
        if (atomic_load(&count) == seen) {
            // A wake-up for nothing is as good as a signal: the caller looks.
            pthread_cond_clockwait(&signalled, &mutex, CLOCK_MONOTONIC, &at);
        }
        atomic_fetch_sub(&waiting, 1);
        pthread_mutex_unlock(&mutex);
        now = atomic_load(&count);
    }
    seen = now;
}
