// SPDX-License-Identifier: MIT
#include "host_radio.h"

#include <stdlib.h>

#include "host_air.h"
#include "host_radio_config.h"
#include "host_sim.h"
#include "net/net_errno.h"
#include "sim_stream.h"

#define US (1000ull)
// How long a sleep may keep Ctrl-C waiting when simulated time does not move.
#define WAIT_WALL_MS (100)
#define EUI_RECORD "host.eui"

static pthread_mutex_t start_mutex = PTHREAD_MUTEX_INITIALIZER;
static host_radio_config_t config;
static int config_result;
static bool started;

// All of the following with the simulation's lock.
static sim_chip_t chip;
static hal_run_t task_run;
static pthread_t task;
static pthread_cond_t task_due = PTHREAD_COND_INITIALIZER;
static bool task_pending;
static bool task_stops;
static uint64_t edge_ns; // the last one that the task has not been told of

// --- The task ----------------------------------------------------------------

// Time stands from here until the task has run.
static void wake_task(void) {
    if (!task_pending) {
        task_pending = true;
        host_sim_busy(true);
        pthread_cond_signal(&task_due);
    }
}

static void *task_thread(void *arg) {
    (void)arg;
    host_sim_lock();
    for (;;) {
        while (!task_pending && !task_stops) {
            host_sim_sleep(&task_due);
        }
        if (task_stops) {
            break;
        }
        task_pending = false;
        uint64_t edge = edge_ns;
        edge_ns = 0;
        task_run(edge / US);
        host_sim_busy(false);
        // Others may have the lock before the next run.
        host_sim_unlock();
        host_sim_lock();
    }
    host_sim_unlock();
    return NULL;
}

static void on_deadline(sim_event_t *event) {
    (void)event;
    wake_task();
}
static sim_event_t deadline = { .fire = on_deadline };

// Merged lines are one input: it rises when the first of them does.
static void on_edge(sim_chip_t *self, int dio, bool level) {
    if (!level || (config.board.dio & 1u << dio) == 0) {
        return;
    }
    for (int other = 0; config.merged && other < SIM_CHIP_DIOS; other++) {
        if (other != dio && (config.board.dio & 1u << other) != 0 && sim_chip_dio(self, other)) {
            return;
        }
    }
    edge_ns = sim_time_now();
    wake_task();
}

void hal_wake(void) {
    bool mine = host_sim_locked();
    if (!mine) {
        host_sim_lock();
    }
    if (task_run != NULL) {
        wake_task();
    }
    if (!mine) {
        host_sim_unlock();
    }
}

void hal_wake_at(uint64_t when_us) {
    if (when_us > UINT64_MAX / US) {
        sim_time_cancel(&deadline);
    } else {
        sim_time_at(&deadline, when_us * US);
    }
}

// --- Start and end -----------------------------------------------------------

// Its own, and the same at every start, unless the settings say which.
static void choose_eui(uint8_t eui[8]) {
    if (hal_store_read(EUI_RECORD, eui, 8) == 8) {
        return;
    }
    hal_random(eui, 8);
    eui[0] = (uint8_t)((eui[0] & 0xfc) | 0x02); // locally administered, one station
    (void)hal_store_write(EUI_RECORD, eui, 8); // else it is another one at the next start
}

static void read_config(void) {
    config_result = host_radio_config_read(&config);
    if (config.present && !config.has_eui) {
        choose_eui(config.board.eui);
    }
}

static void ensure_config(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, read_config);
}

static int start(hal_run_t run) {
    ensure_config();
    if (config_result != 0 || !config.present) {
        return config_result != 0 ? config_result : -NET_ENODEV;
    }
    int ret = host_sim_start();
    if (ret != 0) {
        return ret;
    }
    host_sim_lock();
    chip.edge = on_edge;
    chip.spi_hz = config.spi_hz;
    chip.tcxo = config.board.tcxo;
    chip.clock_start_us = config.board.tcxo_us;
    host_air_place(&chip.radio);
    sim_chip_init(&chip, config.kind);
    task_run = run;
    if (host_sim_thread(&task, "radio", task_thread)) {
        started = true;
        wake_task();
        atexit(host_radio_finish);
    } else {
        task_run = NULL;
        sim_chip_deinit(&chip);
        ret = -NET_ENOMEM;
    }
    host_sim_unlock();
    return ret;
}

int hal_start(hal_run_t run) {
    pthread_mutex_lock(&start_mutex);
    int ret = started ? 0 : start(run);
    pthread_mutex_unlock(&start_mutex);
    return ret;
}

void host_radio_finish(void) {
    pthread_mutex_lock(&start_mutex);
    if (started && task_run != NULL) {
        host_sim_lock();
        task_run = NULL;
        task_stops = true;
        pthread_cond_signal(&task_due);
        host_sim_unlock();
        host_sim_join_thread(task);
    }
    pthread_mutex_unlock(&start_mutex);
}

sim_chip_t *host_radio_chip(void) {
    return started ? &chip : NULL;
}

const hal_board_t *hal_board(void) {
    ensure_config();
    return &config.board;
}

// --- The chip's lines --------------------------------------------------------

int hal_spi_transfer(uint8_t address, const uint8_t *out, uint8_t *in, size_t len) {
    if (len > 256) {
        return -NET_EINVAL;
    }
    sim_chip_transfer(&chip, address, out, in, len);
    return 0;
}

int hal_spi_stream(hal_stream_t next, uint64_t start_us) {
    if (next == NULL) {
        sim_stream_stop();
        return 0;
    }
    return sim_stream_start(&chip, next, start_us * US, wake_task);
}

int hal_reset_line(bool active, bool active_level) {
    if (!config.reset_line) {
        return -NET_ENODEV;
    }
    sim_chip_reset_line(&chip, active ? active_level : -1);
    return 0;
}

// The chip model has no switch between itself and its antenna.
void hal_rf_switch(hal_rf_t rf) {
    (void)rf;
}

// --- Time and waiting --------------------------------------------------------

uint64_t hal_now_us(void) {
    return host_sim_now() / US;
}

void hal_lock(void) {
    host_sim_lock();
}

void hal_unlock(void) {
    host_sim_unlock();
}

void hal_wait(uint32_t timeout_ms) {
    host_sim_wait(sim_time_now() + timeout_ms * (1000 * US), WAIT_WALL_MS);
}

void hal_notify(void) {
    host_sim_notify();
}
