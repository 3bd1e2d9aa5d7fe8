// SPDX-License-Identifier: MIT
#include "host_stats.h"

#include "lwip/memp.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "lwip/tcpip.h"

#include "host_mem.h"

static const char *const pool_names[] = {
    #define LWIP_MEMPOOL(name, num, size, desc) #name,
    #include "lwip/priv/memp_std.h"
};

_Static_assert(sizeof(pool_names) / sizeof(pool_names[0]) == MEMP_MAX, "a name for every pool");
_Static_assert(MEMP_MAX + 8 <= HOST_STATS_MAX, "room for all");

static size_t connections(struct tcp_pcb *const *list) {
    size_t number = 0;
    for (const struct tcp_pcb *pcb = *list; pcb != NULL; pcb = pcb->next) {
        number += 1;
    }
    return number;
}

static host_stat_t object(const char *name, const struct stats_syselem *stat) {
    return (host_stat_t) { .name = name, .used = stat->used, .max = stat->max, .err = stat->err };
}

size_t host_stats(host_stat_t *stats, size_t room) {
    if (room < HOST_STATS_MAX) {
        return 0;
    }
    size_t n = 0;
    LOCK_TCPIP_CORE();
    for (int i = 0; i < MEMP_MAX; i++) {
        const struct stats_mem *stat = lwip_stats.memp[i];
        stats[n++] = (host_stat_t) { .name = pool_names[i], .used = stat->used, .max = stat->max, .err = stat->err };
    }
    stats[n++] = object("sem", &lwip_stats.sys.sem);
    stats[n++] = object("mutex", &lwip_stats.sys.mutex);
    stats[n++] = object("mbox", &lwip_stats.sys.mbox);
    stats[n++] = (host_stat_t) { .name = "tcp_active", .used = connections(&tcp_active_pcbs) };
    stats[n++] = (host_stat_t) { .name = "tcp_time_wait", .used = connections(&tcp_tw_pcbs) };
    stats[n++] = (host_stat_t) { .name = "tcp_listen", .used = connections(&tcp_listen_pcbs.pcbs) };
    UNLOCK_TCPIP_CORE();
    host_mem_stats_t mem;
    host_mem_stats(&mem);
    stats[n++] = (host_stat_t) { .name = "heap", .used = mem.bytes, .max = mem.max_bytes, .err = mem.refused };
    stats[n++] = (host_stat_t) { .name = "blocks", .used = mem.blocks };
    return n;
}
