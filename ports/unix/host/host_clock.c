// SPDX-License-Identifier: MIT
#include "host_clock.h"

#include <pthread.h>
#include <stdlib.h>

#include "host_event.h"
#include "host_sim.h"

#define POLL_US_MIN (50)

int host_clock_decided;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint32_t factor_milli = 1000;

static bool is_set(const char *name, double except) {
    const char *value = getenv(name);
    return value != NULL && *value != '\0' && strtod(value, NULL) != except;
}

static void decide(void) {
    bool simulated = is_set("USOCKET_TIME_FACTOR", 1) || is_set("USOCKET_AIR", 0);
    if (simulated) {
        host_sim_time_t time;
        host_sim_start(); // which says what is wrong with a setting
        host_sim_get_time(&time);
        factor_milli = time.factor_milli;
    }
    __atomic_store_n(&host_clock_decided, simulated ? 2 : 1, __ATOMIC_RELEASE);
}

bool host_clock_decide(void) {
    pthread_once(&once, decide);
    return host_clock_decided == 2;
}

uint64_t host_clock_ns(void) {
    return host_sim_now();
}

uint64_t host_clock_unix_ns(void) {
    return host_sim_unix_now();
}

bool host_clock_sleep(uint64_t until_ns, uint32_t wall_ms) {
    host_sim_lock();
    host_sim_wait(until_ns, wall_ms);
    bool over = sim_time_now() >= until_ns;
    host_sim_unlock();
    return over;
}

void host_clock_poll(void) {
    if (!host_clock_simulated() || factor_milli <= 1000) {
        host_event_wait(1);
        return;
    }
    uint32_t us = 1000000 / factor_milli;
    host_event_wait_us(us < POLL_US_MIN ? POLL_US_MIN : us);
}

uint32_t host_clock_wall_ms(uint32_t ms) {
    if (!host_clock_simulated() || ms == 0 || ms == UINT32_MAX) {
        return ms;
    }
    uint64_t wall = (uint64_t)ms * 1000 / factor_milli;
    return wall == 0 ? 1 : wall >= UINT32_MAX ? UINT32_MAX - 1 : (uint32_t)wall;
}
