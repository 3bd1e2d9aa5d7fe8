// SPDX-License-Identifier: MIT
#include "host_mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lwip/memp.h"

static atomic_size_t blocks;
static atomic_size_t bytes;
static atomic_size_t max_bytes;
static atomic_size_t refused;
static atomic_int fail_countdown; // 0: off
static __thread bool must_succeed;

static bool must_fail(void) {
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) == 0 || must_succeed) {
        return false;
    }
    int n = atomic_load(&fail_countdown);
    while (n > 0 && !atomic_compare_exchange_weak(&fail_countdown, &n, n - 1)) {
        // n has been read anew.
    }
    return n == 1 || n < 0;
}

static void *count(void *ptr) {
    if (ptr == NULL) {
        atomic_fetch_add(&refused, 1);
        return NULL;
    }
    size_t size = malloc_usable_size(ptr);
    atomic_fetch_add_explicit(&blocks, 1, memory_order_relaxed);
    size_t now = atomic_fetch_add_explicit(&bytes, size, memory_order_relaxed) + size;
    size_t max = atomic_load_explicit(&max_bytes, memory_order_relaxed);
    while (now > max && !atomic_compare_exchange_weak(&max_bytes, &max, now)) {
        // max has been read anew.
    }
    return ptr;
}

void *host_mem_malloc(size_t size) {
    return count(must_fail() ? NULL : malloc(size));
}

void *host_mem_calloc(size_t number, size_t size) {
    return count(must_fail() ? NULL : calloc(number, size));
}

void host_mem_free(void *ptr) {
    if (ptr != NULL) {
        atomic_fetch_sub_explicit(&blocks, 1, memory_order_relaxed);
        atomic_fetch_sub_explicit(&bytes, malloc_usable_size(ptr), memory_order_relaxed);
        free(ptr);
    }
}

// lwIP's timers are compiled to take their memory here (CMakeLists.txt).
void *host_memp_malloc_timer(memp_t type);
void *host_memp_malloc_timer(memp_t type) {
    must_succeed = true;
    void *ptr = memp_malloc(type);
    must_succeed = false;
    return ptr;
}

void host_mem_fail(int n) {
    atomic_store(&fail_countdown, n);
}

void host_mem_stats(host_mem_stats_t *stats) {
    stats->blocks = atomic_load(&blocks);
    stats->bytes = atomic_load(&bytes);
    stats->max_bytes = atomic_load(&max_bytes);
    stats->refused = atomic_load(&refused);
}
