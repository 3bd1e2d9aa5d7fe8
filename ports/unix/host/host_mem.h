// lwIP's memory on the host: the C library's, counted, and refused on demand.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_MEM_H
#define USOCKET_PORTS_UNIX_HOST_MEM_H

#include <stddef.h>

typedef struct {
    size_t blocks; // in use
    size_t bytes; // in use
    size_t max_bytes; // most that ever were
    size_t refused; // allocations that failed, on demand or really
} host_mem_stats_t;

void host_mem_stats(host_mem_stats_t *stats);

// Let the n-th next allocation fail, once. 0: none. Negative: all from now on.
// lwIP's timers are never refused: it cannot do without them.
void host_mem_fail(int n);

#endif // USOCKET_PORTS_UNIX_HOST_MEM_H
