// The simulation (ports/sim) with threads around it: one lock, and a thread that
// moves simulated time with the PC's clock times a factor. Python-free.
//
// Time stands still while somebody is busy (host_sim_busy), but for the time that
// SPI transfers take themselves: a loaded PC makes the simulation late, and never
// makes the firmware miss anything in simulated time. Afterwards it catches up,
// event by event. Times are nanoseconds of the simulated clock.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_SIM_H
#define USOCKET_PORTS_UNIX_HOST_SIM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim_time.h"

// How simulated time follows the PC's: at wall_ns of CLOCK_MONOTONIC it is sim_ns
// and unix_ns since 1970, and it runs factor_milli / 1000 times as fast. It does
// not pass hold_ns (SIM_NEVER: no limit).
typedef struct {
    uint64_t wall_ns;
    uint64_t sim_ns;
    uint64_t unix_ns;
    uint64_t hold_ns;
    uint32_t factor_milli;
} host_sim_time_t;

// Factors that are allowed: 0.01 to 10000.
#define HOST_SIM_FACTOR_MIN (10)
#define HOST_SIM_FACTOR_MAX (10000000)

// Start clock and thread and join the air that USOCKET_AIR names, once; later calls
// repeat the first one's answer. 0, or a negative number of net/net_errno.h after
// saying on stderr which setting is wrong; then the clock runs with factor 1.
int host_sim_start(void);
// At the end of the program, or before it is replaced: leave the air, end the thread.
void host_sim_finish(void);

// Take the lock and bring the time to the present. Does not nest. Starts what
// host_sim_start() starts.
void host_sim_lock(void);
void host_sim_unlock(void);
// Does this thread hold the lock?
bool host_sim_locked(void);

// The present. Any thread, with the lock (then it stands) or without.
uint64_t host_sim_now(void);
uint64_t host_sim_unix_now(void);

// Locked: time stands while the number of calls with true exceeds those with false.
void host_sim_busy(bool busy);
// Locked: new settings of the clock. Time that was reached is never taken back.
void host_sim_set_time(const host_sim_time_t *time);
void host_sim_get_time(host_sim_time_t *time);
// Locked: time does not pass limit_ns either (SIM_NEVER: no limit), which may be told
// often: how far the others on the air allow it.
void host_sim_set_limit(uint64_t limit_ns);
// Locked: does a hold or the limit keep time from moving? Whoever moves it by SPI
// should wait then.
bool host_sim_stands(void);

// Locked: give the lock up, sleep until host_sim_notify(), until simulated time is
// deadline_ns, or wall_ms of real time have passed (at least 1), and take it again.
// May return for nothing.
void host_sim_wait(uint64_t deadline_ns, uint32_t wall_ms);
// Locked: the same on a condition of the caller's, which it signals itself.
void host_sim_sleep(pthread_cond_t *cond);
// Locked: wake all that are in host_sim_wait(), and Python's poll loops.
void host_sim_notify(void);

// Where news from other processes comes in: when fd is readable, and before time
// moves, drain() is called with the lock; after it has moved, moved(), which answers
// the simulated time at which it wants to be called again. Locked; once.
typedef struct {
    int fd;
    void (*drain)(void);
    uint64_t (*moved)(uint64_t now_ns);
} host_sim_source_t;
void host_sim_set_source(const host_sim_source_t *source);

// A thread that blocks all signals; true if it started.
bool host_sim_thread(pthread_t *thread, const char *name, void *(*function)(void *));
// Wait for its end, at most a second; false if it goes on.
bool host_sim_join_thread(pthread_t thread);

#endif // USOCKET_PORTS_UNIX_HOST_SIM_H
