// SPDX-License-Identifier: MIT
#define _GNU_SOURCE // ppoll, pthread_timedjoin_np, pthread_cond_clockwait
#include "host_sim.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "host_air.h"
#include "host_event.h"
#include "net/net_errno.h"
#include "sim_air.h"

#define NS (1000000000ull)
// Events that are handled before others may have the lock.
#define EVENTS_AT_ONCE (1000)
// The longest sleep of the pacing thread.
#define PACER_SLEEP_NS (NS)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t notified = PTHREAD_COND_INITIALIZER;
static __thread bool holding;
static __thread int cancel_state; // before the lock was taken

// All of the following under the lock.
static host_sim_time_t clock_now = { .factor_milli = 1000, .hold_ns = SIM_NEVER };
static int busy_count;
static uint64_t pacer_due; // the simulated time that the pacing thread sleeps for
static bool stopping;
static uint64_t limit_ns = SIM_NEVER; // besides clock_now.hold_ns
static host_sim_source_t source = { .fd = -1 };
static uint64_t moved_at = SIM_NEVER; // when the source wants to know

static pthread_t pacer;
static bool pacer_runs;
static int poke_fd = -1;

// --- The clock ---------------------------------------------------------------

static uint64_t wall_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS + (uint64_t)now.tv_nsec;
}

static uint64_t end_of_time(void) {
    return clock_now.hold_ns < limit_ns ? clock_now.hold_ns : limit_ns;
}

// a + value * times / over, or the end of time if that is too far away.
static uint64_t add_scaled(uint64_t a, uint64_t value, uint32_t times, uint32_t over) {
    uint64_t whole;
    uint64_t part = value % over * times / over;
    bool far = __builtin_mul_overflow(value / over, times, &whole) || __builtin_add_overflow(whole, part, &whole)
        || __builtin_add_overflow(a, whole, &a);
    return far ? SIM_NEVER : a;
}

// Where simulated time should be.
static uint64_t target(void) {
    uint64_t wall = wall_now();
    uint64_t passed = wall > clock_now.wall_ns ? wall - clock_now.wall_ns : 0;
    uint64_t at = add_scaled(clock_now.sim_ns, passed, clock_now.factor_milli, 1000);
    return at < end_of_time() ? at : end_of_time();
}

// Real time until simulated time should be there; a nanosecond late rather than early.
static uint64_t wall_until(uint64_t sim_ns) {
    if (sim_ns > end_of_time()) {
        return PACER_SLEEP_NS;
    }
    uint64_t ahead = sim_ns > clock_now.sim_ns ? sim_ns - clock_now.sim_ns : 0;
    uint64_t at = add_scaled(clock_now.wall_ns + 1, ahead, 1000, clock_now.factor_milli);
    uint64_t wall = wall_now();
    if (at <= wall) {
        return 0;
    }
    return at - wall < PACER_SLEEP_NS ? at - wall : PACER_SLEEP_NS;
}

// To the present, one event after another. An event may make somebody busy: then
// time stands where it is.
static void move(void) {
    uint64_t to = target();
    for (int i = 0; i < EVENTS_AT_ONCE && busy_count == 0; i++) {
        uint64_t next = sim_time_next();
        if (next > to) {
            sim_time_advance(to);
            return;
        }
        sim_time_advance(next);
    }
}

static void catch_up(void) {
    if (source.drain != NULL) {
        source.drain();
    }
    move();
    uint64_t now = sim_time_now();
    if (now >= moved_at) {
        moved_at = source.moved(now);
    }
}

// When the pacing thread has something to do.
static uint64_t next_due(void) {
    if (busy_count > 0) {
        return SIM_NEVER;
    }
    uint64_t next = sim_time_next();
    return next < moved_at ? next : moved_at;
}

// --- The lock ----------------------------------------------------------------

static void poke_pacer(void) {
    uint64_t one = 1;
    ssize_t ret = write(poke_fd, &one, sizeof(one));
    (void)ret; // full: it is awake already
}

// Python's threads are cancelled at the end of the program: not with the lock.
static void take_lock(void) {
    int state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    pthread_mutex_lock(&mutex);
    cancel_state = state;
    holding = true;
}

static void give_lock(void) {
    holding = false;
    int state = cancel_state;
    pthread_mutex_unlock(&mutex);
    pthread_setcancelstate(state, NULL);
}

void host_sim_lock(void) {
    host_sim_start();
    take_lock();
    catch_up();
}

// The pacing thread sleeps for something later than what is due now.
static void wake_pacer(void) {
    if (next_due() < pacer_due) {
        pacer_due = 0;
        poke_pacer();
    }
}

void host_sim_unlock(void) {
    wake_pacer();
    give_lock();
}

bool host_sim_locked(void) {
    return holding;
}

uint64_t host_sim_now(void) {
    if (holding) {
        return sim_time_now();
    }
    host_sim_lock();
    uint64_t now = sim_time_now();
    host_sim_unlock();
    return now;
}

uint64_t host_sim_unix_now(void) {
    uint64_t now = host_sim_now();
    host_sim_time_t time;
    host_sim_get_time(&time);
    return time.unix_ns + now - time.sim_ns;
}

void host_sim_busy(bool busy) {
    busy_count += busy ? 1 : -1;
}

void host_sim_set_time(const host_sim_time_t *time) {
    clock_now = *time;
    pacer_due = SIM_NEVER; // it must look again
}

void host_sim_set_limit(uint64_t to_ns) {
    limit_ns = to_ns;
    pacer_due = SIM_NEVER;
}

bool host_sim_stands(void) {
    return sim_time_now() >= end_of_time();
}

void host_sim_get_time(host_sim_time_t *time) {
    bool mine = holding;
    if (!mine) {
        take_lock();
    }
    *time = clock_now;
    if (!mine) {
        give_lock();
    }
}

// --- Sleeping ----------------------------------------------------------------

static void on_deadline(sim_event_t *event) {
    (void)event;
    pthread_cond_broadcast(&notified);
}

void host_sim_wait(uint64_t deadline_ns, uint32_t wall_ms) {
    sim_event_t deadline = { .fire = on_deadline };
    if (deadline_ns <= sim_time_now()) {
        return;
    }
    sim_time_at(&deadline, deadline_ns);
    wake_pacer();
    uint64_t at = wall_now() + (uint64_t)wall_ms * 1000000;
    struct timespec until = { .tv_sec = (time_t)(at / NS), .tv_nsec = (long)(at % NS) };
    holding = false;
    pthread_cond_clockwait(&notified, &mutex, CLOCK_MONOTONIC, &until);
    holding = true;
    sim_time_cancel(&deadline);
    catch_up();
}

void host_sim_sleep(pthread_cond_t *cond) {
    wake_pacer();
    holding = false;
    pthread_cond_wait(cond, &mutex);
    holding = true;
    catch_up();
}

void host_sim_notify(void) {
    pthread_cond_broadcast(&notified);
    host_event_signal();
}

// --- Threads -----------------------------------------------------------------

bool host_sim_thread(pthread_t *thread, const char *name, void *(*function)(void *)) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int ret = pthread_create(thread, NULL, function, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ret == 0) {
        pthread_setname_np(*thread, name);
    }
    return ret == 0;
}

bool host_sim_join_thread(pthread_t thread) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    return pthread_timedjoin_np(thread, NULL, &until) == 0;
}

static void *pacer_thread(void *arg) {
    (void)arg;
    prctl(PR_SET_TIMERSLACK, 1000ul);
    for (;;) {
        host_sim_lock();
        uint64_t due = next_due();
        uint64_t sleep = due == SIM_NEVER ? PACER_SLEEP_NS : wall_until(due);
        struct pollfd fds[2] = { { .fd = poke_fd, .events = POLLIN }, { .fd = source.fd, .events = POLLIN } };
        bool stop = stopping;
        pacer_due = due;
        give_lock();
        if (stop) {
            return NULL;
        }
        struct timespec timeout = { .tv_sec = (time_t)(sleep / NS), .tv_nsec = (long)(sleep % NS) };
        if (ppoll(fds, 2, &timeout, NULL) > 0 && (fds[0].revents & POLLIN) != 0) {
            uint64_t pokes;
            ssize_t ret = read(poke_fd, &pokes, sizeof(pokes));
            (void)ret;
        }
    }
}

void host_sim_set_source(const host_sim_source_t *from) {
    source = *from;
    moved_at = 0;
    poke_pacer();
}

// --- Start and end -----------------------------------------------------------

// USOCKET_TIME_FACTOR into thousandths.
static int read_factor(uint32_t *milli) {
    const char *value = getenv("USOCKET_TIME_FACTOR");
    *milli = 1000;
    if (value == NULL || *value == '\0') {
        return 0;
    }
    char *end;
    double factor = strtod(value, &end);
    if (*end != '\0' || !(factor * 1000 >= HOST_SIM_FACTOR_MIN && factor * 1000 <= HOST_SIM_FACTOR_MAX)) {
        fprintf(stderr, "usocket: USOCKET_TIME_FACTOR is \"%s\": not a factor. Allowed: 0.01 to 10000\n", value);
        return -NET_EINVAL;
    }
    *milli = (uint32_t)(factor * 1000 + 0.5);
    return 0;
}

static int start_once(void) {
    struct timespec unix_time;
    clock_gettime(CLOCK_REALTIME, &unix_time);
    uint32_t factor;
    int ret = read_factor(&factor);
    sim_time_reset();
    sim_air_reset(host_air_seed());
    clock_now = (host_sim_time_t) {
        .wall_ns = wall_now(),
        .unix_ns = (uint64_t)unix_time.tv_sec * NS + (uint64_t)unix_time.tv_nsec,
        .hold_ns = SIM_NEVER,
        .factor_milli = factor,
    };
    clock_now.sim_ns = clock_now.wall_ns;
    poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (poke_fd < 0) {
        return -NET_ENOMEM;
    }
    int air = host_air_start();
    if (ret == 0) {
        ret = air;
    }
    sim_time_advance(target());
    if (!host_sim_thread(&pacer, "sim", pacer_thread)) {
        return -NET_ENOMEM;
    }
    pacer_runs = true;
    atexit(host_sim_finish);
    return ret;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int start_result;
static __thread bool in_start;

static void start(void) {
    in_start = true;
    start_result = start_once();
    in_start = false;
}

int host_sim_start(void) {
    if (!in_start) {
        pthread_once(&once, start);
    }
    return start_result;
}

// A thread may have been cancelled with the lock: then the system ends the rest.
void host_sim_finish(void) {
    if (!pacer_runs) {
        return;
    }
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    if (pthread_mutex_timedlock(&mutex, &until) != 0) {
        return;
    }
    stopping = true;
    pacer_runs = false;
    pthread_mutex_unlock(&mutex);
    poke_pacer();
    host_sim_join_thread(pacer);
    host_air_finish();
}
