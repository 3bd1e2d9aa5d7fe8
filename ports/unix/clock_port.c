// MicroPython's clock, on the simulated one where host_clock.h says so: the linker
// puts the functions below in place of the unix port's (-Wl,--wrap,
// mpconfigvariant.mk), and modtime.c is compiled to call those at the end instead
// of the C library's.
// SPDX-License-Identifier: MIT
#include <errno.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "py/mphal.h"
#include "py/mpthread.h"
#include "py/runtime.h"

#include "clock_port.h"
#include "host_clock.h"

#define MS (1000000ull)
#define US (1000ull)
// Scheduled callbacks and Ctrl-C wait at most so long for a sleep.
#define SLICE_MS (1)

// --- unix_mphal.c ------------------------------------------------------------

mp_uint_t __real_mp_hal_ticks_ms(void);
mp_uint_t __wrap_mp_hal_ticks_ms(void);
mp_uint_t __wrap_mp_hal_ticks_ms(void) {
    return host_clock_simulated() ? host_clock_ns() / MS : __real_mp_hal_ticks_ms();
}

mp_uint_t __real_mp_hal_ticks_us(void);
mp_uint_t __wrap_mp_hal_ticks_us(void);
mp_uint_t __wrap_mp_hal_ticks_us(void) {
    return host_clock_simulated() ? host_clock_ns() / US : __real_mp_hal_ticks_us();
}

uint64_t __real_mp_hal_time_ns(void);
uint64_t __wrap_mp_hal_time_ns(void);
uint64_t __wrap_mp_hal_time_ns(void) {
    return host_clock_simulated() ? host_clock_unix_ns() : __real_mp_hal_time_ns();
}

void __real_mp_hal_delay_ms(mp_uint_t ms);
void __wrap_mp_hal_delay_ms(mp_uint_t ms);
void __wrap_mp_hal_delay_ms(mp_uint_t ms) {
    if (!host_clock_simulated()) {
        __real_mp_hal_delay_ms(ms);
        return;
    }
    uint64_t until = host_clock_ns() + ms * MS;
    bool over;
    do {
        mp_handle_pending(true);
        MP_THREAD_GIL_EXIT();
        over = host_clock_sleep(until, SLICE_MS);
        MP_THREAD_GIL_ENTER();
    } while (!over);
}

// --- What modtime.c calls ----------------------------------------------------

// time.sleep(): called without the global lock. "Interrupted" after each slice,
// with the rest in *timeout, so that the caller looks for what is pending.
int clock_port_select(int n, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout) {
    if (!host_clock_simulated()) {
        return select(n, r, w, x, timeout);
    }
    uint64_t until = host_clock_ns() + (uint64_t)timeout->tv_sec * 1000 * MS + (uint64_t)timeout->tv_usec * US;
    if (host_clock_sleep(until, SLICE_MS)) {
        return 0;
    }
    uint64_t now = host_clock_ns();
    uint64_t left = until > now ? until - now : 0;
    timeout->tv_sec = (time_t)(left / (1000 * MS));
    timeout->tv_usec = (suseconds_t)(left % (1000 * MS) / US);
    errno = EINTR;
    return -1;
}

// time.sleep_us(), with the global lock.
int clock_port_usleep(useconds_t us) {
    if (!host_clock_simulated()) {
        return usleep(us);
    }
    uint64_t until = host_clock_ns() + us * US;
    while (!host_clock_sleep(until, SLICE_MS)) {
    }
    return 0;
}

int clock_port_gettimeofday(struct timeval *now, void *zone) {
    if (!host_clock_simulated()) {
        return gettimeofday(now, zone);
    }
    uint64_t ns = host_clock_unix_ns();
    now->tv_sec = (time_t)(ns / (1000 * MS));
    now->tv_usec = (suseconds_t)(ns % (1000 * MS) / US);
    return 0;
}

time_t clock_port_time(time_t *now) {
    if (!host_clock_simulated()) {
        return time(now);
    }
    return (time_t)(host_clock_unix_ns() / (1000 * MS));
}
