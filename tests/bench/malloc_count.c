// Preloaded into a firmware by the RAM benchmarks: keeps the number of bytes that
// malloc() has handed out in the first eight bytes of the file that
// USOCKET_BENCH_HEAP names, where a script can read it. That is lwIP's heap and
// mbedTLS's, on any firmware, with no change to it.
// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// glibc's own allocator, under the names it exports.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *ptr, size_t size);
extern void __libc_free(void *ptr);

static _Atomic long long early;
static _Atomic long long *used = &early;

__attribute__((constructor)) static void share(void) {
    const char *name = getenv("USOCKET_BENCH_HEAP");
    int fd = name == NULL ? -1 : open(name, O_RDWR);
    if (fd < 0) {
        return;
    }
    void *page = mmap(NULL, sizeof(*used), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (page != MAP_FAILED) {
        used = page;
        atomic_store(used, early);
    }
}

static void count(void *ptr, int sign) {
    if (ptr != NULL) {
        atomic_fetch_add(used, sign * (long long)malloc_usable_size(ptr));
    }
}

void *malloc(size_t size) {
    void *ptr = __libc_malloc(size);
    count(ptr, 1);
    return ptr;
}

void *calloc(size_t n, size_t size) {
    void *ptr = __libc_calloc(n, size);
    count(ptr, 1);
    return ptr;
}

void *realloc(void *old, size_t size) {
    count(old, -1);
    void *ptr = __libc_realloc(old, size);
    count(ptr != NULL || size == 0 ? ptr : old, 1);
    return ptr;
}

void free(void *ptr) {
    int keep = errno;
    count(ptr, -1);
    __libc_free(ptr);
    errno = keep;
}
