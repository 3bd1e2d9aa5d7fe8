// hal.h on a software chip, in virtual time and without threads: for C tests and
// for ports that poll. The clock moves only in sim_hal_run() and with SPI.
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

// The store of tests: lives in memory. A cut lets the write number n (0: the next)
// and all after it fail as if the power had gone: -NET_EIO and no change; UINT32_MAX none.
void sim_hal_store_clear(void);
void sim_hal_store_cut(uint32_t n);
uint32_t sim_hal_store_writes(void);

#endif // USOCKET_PORTS_SIM_SIM_HAL_H
