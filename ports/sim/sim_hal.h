// hal.h on a software chip, in virtual time and without threads: for C tests and
// for ports that poll. The clock moves only in sim_hal_run() and with SPI; or, where
// a port paces it, with that port's clock.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_SIM_SIM_HAL_H
#define USOCKET_PORTS_SIM_SIM_HAL_H

#include "hal/hal.h"
#include "sim_chip.h"

// Before hal_start(): which chip, and how it is wired. Resets everything of the HAL.
void sim_hal_init(sim_chip_t *chip, const hal_board_t *board, bool reset_line);

// Between an edge or deadline and the task: a fixed latency and a random jitter (us).
void sim_hal_set_latency(uint32_t fixed_us, uint32_t jitter_us, uint32_t seed);

// The task is late for each of its deadlines, by a random time up to this.
void sim_hal_set_late(uint32_t max_us);

// All lines on one pin, as on the Pycom boards: only an edge of their OR wakes.
void sim_hal_set_merged(bool merged);
// Edges are seen no more, for tests of drivers that must not rely on them.
void sim_hal_set_deaf(bool deaf);

// What the antenna switch was told last.
hal_rf_t sim_hal_rf(void);
// Times that the lock was taken twice or given up unheld, and SPI, reset line or
// hal_wait() used without it, or SPI during a stream. A test asserts 0.
uint32_t sim_hal_lock_faults(void);

// Let time pass, calling the task when it is due.
void sim_hal_run(uint64_t us);
// The same until a condition holds, at most us; true if it does.
bool sim_hal_run_until(bool (*condition)(void *arg), void *arg, uint64_t us);

// A port without threads. The simulation follows its clock event by event, in
// hal_lock(), hal_wait(), hal_now_us() and sim_hal_follow(): a port that polls seldom makes
// Python late, and never makes the task miss anything in simulated time.
typedef struct {
    uint64_t (*now_ns)(void); // never behind sim_time_now(): sim_pace.h
    // Sleep until then, or until something happens that others wait for: true.
    bool (*sleep)(uint64_t until_ns);
    void (*notified)(void); // hal_notify() was called
    void (*model)(void (*work)(void *arg), void *arg); // let the model work: call it
    void (*task)(hal_run_t run, uint64_t edge_us); // call the task
} sim_hal_pace_t;
// After sim_hal_init(), which ends it. It stays the caller's.
void sim_hal_set_pace(const sim_hal_pace_t *pace);
// Bring the simulation to the present, unless the task or a holder of the lock calls.
void sim_hal_follow(void);
// When there is something to follow next; SIM_NEVER.
uint64_t sim_hal_next_ns(void);

// The store of tests: lives in memory. A cut lets the write number n (0: the next)
// and all after it fail as if the power had gone: -NET_EIO and no change; UINT32_MAX none.
void sim_hal_store_clear(void);
void sim_hal_store_cut(uint32_t n);
uint32_t sim_hal_store_writes(void);

#endif // USOCKET_PORTS_SIM_SIM_HAL_H
