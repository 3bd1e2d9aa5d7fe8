// What the stack holds: for tests that prove that nothing leaks.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_STATS_H
#define USOCKET_PORTS_UNIX_HOST_STATS_H

#include <stddef.h>

typedef struct {
    const char *name;
    size_t used;
    size_t max; // most that ever were in use; 0 where nobody counts
    size_t err; // how often there was none
} host_stat_t;

// Fill at most room entries and return how many: lwIP's pools by their names
// (NETCONN is one for each open socket), "sem", "mutex", "mbox", "heap" in
// bytes, "blocks", and the TCP connections by state: "tcp_active",
// "tcp_time_wait" (no socket has them any more), "tcp_listen".
#define HOST_STATS_MAX (48)
size_t host_stats(host_stat_t *stats, size_t room);

#endif // USOCKET_PORTS_UNIX_HOST_STATS_H
