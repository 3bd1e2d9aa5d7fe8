// The clock that paces the simulation, and the HAL that follows it.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "sim_hal.h"
#include "sim_pace.h"

static sim_pace_t pace;
static uint64_t hardware_ns;
static bool interrupted;
static unsigned calls, sleeps, notices;
static uint64_t last_call_us;
static sim_chip_t chip;
static const hal_board_t board = { .dio = 0x03 };

static void it_runs_with_the_hardware(void) {
    sim_time_reset();
    memset(&pace, 0, sizeof(pace));
    CHECK(sim_pace_now(&pace, 1000) == 1000, "it begins with the hardware's clock");
    sim_time_advance(1500);
    CHECK(sim_pace_now(&pace, 1100) == 1500, "it is never behind simulated time");
    CHECK(sim_pace_now(&pace, 1200) == 1600, "and runs on from there");
    sim_pace_stop(&pace, 1200);
    sim_pace_stop(&pace, 1250);
    CHECK(sim_pace_go(&pace, 1300) == 0, "an inner stop ends with the outer one");
    CHECK(sim_pace_now(&pace, 1350) == 1600, "it stands while the model works");
    CHECK(sim_pace_go(&pace, 1400) == 200, "the model's work is told");
    CHECK(sim_pace_now(&pace, 1450) == 1650, "and takes no time");
    sim_pace_stop(&pace, 1450);
    sim_time_advance(1900);
    sim_pace_go(&pace, 1500);
    CHECK(sim_pace_now(&pace, 1500) == 1900, "what a transfer takes counts");
}

static uint64_t now_ns(void) {
    return sim_pace_now(&pace, hardware_ns);
}

static bool sleep_until(uint64_t until_ns) {
    ++sleeps;
    uint64_t now = now_ns();
    if (interrupted || until_ns == SIM_NEVER) {
        return true;
    }
    hardware_ns += until_ns > now ? until_ns - now : 0;
    return false;
}

static void notice(void) {
    ++notices;
}

static void model(void (*work)(void *arg), void *arg) {
    work(arg);
}

static void call(hal_run_t run, uint64_t edge_us) {
    run(edge_us);
}

static const sim_hal_pace_t port = { now_ns, sleep_until, notice, model, call };

static void task(uint64_t edge_us) {
    (void)edge_us;
    ++calls;
    last_call_us = hal_now_us();
    hal_notify();
}

static void start(void) {
    sim_time_reset();
    sim_air_reset(1);
    memset(&pace, 0, sizeof(pace));
    memset(&chip, 0, sizeof(chip));
    hardware_ns = 0;
    interrupted = false;
    calls = sleeps = notices = 0;
    sim_chip_init(&chip, SIM_SX1276);
    sim_hal_init(&chip, &board, true);
    sim_hal_set_pace(&port);
    hal_start(task);
    sim_hal_follow();
}

static void the_task_is_called_in_its_time_however_late_it_is_polled(void) {
    start();
    CHECK(calls == 1, "at the start");
    hal_wake_at(5000);
    CHECK(sim_hal_next_ns() == 5000000, "the deadline is what comes next");
    hardware_ns = 4000000;
    CHECK(hal_now_us() == 4000 && calls == 1, "not before its deadline");
    hardware_ns = 900000000;
    CHECK(hal_now_us() == 900000 && calls == 2, "a look at the time brings it up to date");
    CHECK(last_call_us == 5000, "the task has seen its deadline, not the poll");
    hal_wake_at(950000);
    hardware_ns = 1000000000;
    hal_lock();
    CHECK(calls == 3 && last_call_us == 950000, "so does taking the lock");
    hardware_ns = 2000000000;
    hal_wake_at(1500000);
    sim_hal_follow();
    CHECK(calls == 3, "nothing is called while it is held");
    hal_unlock();
    sim_hal_follow();
    CHECK(calls == 4 && last_call_us == 1500000, "but afterwards");
}

static void waits_sleep_until_something_happens(void) {
    start();
    hal_wake_at(70000);
    hal_lock();
    hal_wait(50);
    CHECK(hal_now_us() == 50000 && calls == 1 && sleeps > 0, "at most the time that was given");
    hal_wait(50);
    CHECK(hal_now_us() == 70000 && calls == 2, "until the task notifies");
    CHECK(notices == calls, "the port is told, too");
    interrupted = true;
    sleeps = 0;
    hal_wait(50);
    CHECK(sleeps == 1 && hal_now_us() < 120000, "an interrupt ends it");
    hal_unlock();
    CHECK(sim_hal_lock_faults() == 0, "the lock was held where it must be");
}

int main(void) {
    it_runs_with_the_hardware();
    the_task_is_called_in_its_time_however_late_it_is_polled();
    waits_sleep_until_something_happens();
    return check_result();
}
