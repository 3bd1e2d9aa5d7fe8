// hal.h on a software chip, in virtual time; sim_hal_store.c has the records.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "net/net_errno.h"
#include "sim_hal.h"
#include "sim_math.h"
#include "sim_stream.h"

#define NS_PER_US (1000u)
// A task that asks to be called again and again at one moment still lets time pass.
#define STEP_NS (1000u)

static struct {
    sim_chip_t *chip;
    const hal_board_t *board;
    const sim_hal_pace_t *pace; // NULL: sim_hal_run() lets time pass
    hal_run_t run;
    uint64_t edge_ns; // of the last edge since the last call; 0 none
    uint64_t due_ns; // the task is called then; SIM_NEVER
    uint64_t deadline_us;
    uint64_t late_ns; // how late the task will be at its deadline
    uint32_t latency_us, jitter_us, late_max_us, random;
    hal_rf_t rf;
    uint32_t lock_faults;
    uint8_t levels; // of the lines that wake, for merging
    bool reset_line, merged, deaf;
    bool in_task, locked, notified;
} hal;

static uint64_t latency_ns(void) {
    uint32_t jitter = hal.jitter_us == 0 ? 0 : sim_math_random(&hal.random) % (hal.jitter_us + 1);
    return (uint64_t)(hal.latency_us + jitter) * NS_PER_US;
}

static void call_soon(void) {
    uint64_t due = sim_time_now() + latency_ns();
    if (due < hal.due_ns) {
        hal.due_ns = due;
    }
}

static void on_edge(sim_chip_t *chip, int dio, bool level) {
    (void)chip;
    if (!(hal.board->dio & 1 << dio)) {
        return;
    }
    uint8_t before = hal.levels;
    hal.levels = (uint8_t)(level ? before | 1 << dio : before & ~(1 << dio));
    bool rising = hal.merged ? before == 0 && hal.levels != 0 : level;
    if (rising && !hal.deaf && hal.run != NULL) {
        hal.edge_ns = sim_time_now();
        call_soon();
    }
}

void sim_hal_init(sim_chip_t *chip, const hal_board_t *board, bool reset_line) {
    memset(&hal, 0, sizeof(hal));
    sim_stream_stop();
    sim_stream_set_jitter(0);
    hal.chip = chip;
    hal.board = board;
    hal.reset_line = reset_line;
    hal.due_ns = SIM_NEVER;
    hal.deadline_us = HAL_NEVER;
    chip->edge = on_edge;
}

void sim_hal_set_latency(uint32_t fixed_us, uint32_t jitter_us, uint32_t seed) {
    hal.latency_us = fixed_us;
    hal.jitter_us = jitter_us;
    hal.random = seed;
}

void sim_hal_set_late(uint32_t max_us) {
    hal.late_max_us = max_us;
}

void sim_hal_set_merged(bool merged) {
    hal.merged = merged;
}

void sim_hal_set_deaf(bool deaf) {
    hal.deaf = deaf;
}

hal_rf_t sim_hal_rf(void) {
    return hal.rf;
}

uint32_t sim_hal_lock_faults(void) {
    return hal.lock_faults;
}

void sim_hal_set_pace(const sim_hal_pace_t *pace) {
    hal.pace = pace;
}

// --- The model's work --------------------------------------------------------

static void model(void (*work)(void *arg), void *arg) {
    if (hal.pace != NULL) {
        hal.pace->model(work, arg);
    } else {
        work(arg);
    }
}

static void work_advance(void *to_ns) {
    sim_time_advance(*(uint64_t *)to_ns);
}

static void advance(uint64_t to_ns) {
    model(work_advance, &to_ns);
}

typedef struct {
    uint8_t address;
    const uint8_t *out;
    uint8_t *in;
    size_t len;
} transfer_t;

static void work_transfer(void *arg) {
    const transfer_t *transfer = arg;
    sim_chip_transfer(hal.chip, transfer->address, transfer->out, transfer->in, transfer->len);
}

static void work_reset_line(void *level) {
    sim_chip_reset_line(hal.chip, *(int *)level);
}

// --- Time and the task -------------------------------------------------------

static bool in_context(void) {
    if (!hal.in_task && !hal.locked) {
        ++hal.lock_faults;
        return false;
    }
    return true;
}

static uint64_t task_due_ns(void) {
    uint64_t deadline = hal.deadline_us >= SIM_NEVER / NS_PER_US ? SIM_NEVER : hal.deadline_us * NS_PER_US;
    if (deadline != SIM_NEVER) {
        deadline += (uint64_t)hal.latency_us * NS_PER_US + hal.late_ns;
    }
    return hal.due_ns < deadline ? hal.due_ns : deadline;
}

static void call_task(void) {
    uint64_t edge = hal.edge_ns;
    uint64_t edge_us = edge == 0 ? 0 : edge < NS_PER_US ? 1 : edge / NS_PER_US;
    hal.edge_ns = 0;
    hal.due_ns = SIM_NEVER;
    if (hal.deadline_us != HAL_NEVER && sim_time_now() / NS_PER_US >= hal.deadline_us) {
        hal.deadline_us = HAL_NEVER;
    }
    hal.in_task = true;
    hal.locked = true;
    if (hal.pace != NULL) {
        hal.pace->task(hal.run, edge_us);
    } else {
        hal.run(edge_us);
    }
    hal.lock_faults += !hal.locked;
    hal.locked = false;
    hal.in_task = false;
}

// One step on: to the task's next call or the model's next event, at most to end.
static void step(uint64_t end_ns) {
    uint64_t now = sim_time_now();
    uint64_t due = hal.run == NULL ? SIM_NEVER : task_due_ns();
    if (due <= now) {
        call_task();
        if (sim_time_now() == now && task_due_ns() <= now) {
            advance(now + STEP_NS);
        }
        return;
    }
    uint64_t next = sim_time_next();
    next = next < due ? next : due;
    advance(next < end_ns ? next : end_ns);
}

uint64_t sim_hal_next_ns(void) {
    uint64_t next = sim_time_next();
    uint64_t due = hal.run == NULL ? SIM_NEVER : task_due_ns();
    return next < due ? next : due;
}

// To the present, and the task's call that is due then.
static void follow(void) {
    uint64_t now = hal.pace->now_ns();
    while (sim_time_now() < now) {
        step(now);
    }
    if (sim_hal_next_ns() <= sim_time_now()) {
        step(now);
    }
}

void sim_hal_follow(void) {
    if (hal.pace != NULL && !hal.in_task && !hal.locked) {
        follow();
    }
}

void sim_hal_run(uint64_t us) {
    sim_hal_run_until(NULL, NULL, us);
}

bool sim_hal_run_until(bool (*condition)(void *arg), void *arg, uint64_t us) {
    uint64_t end = sim_time_now() + us * NS_PER_US;
    for (;;) {
        if (condition != NULL && condition(arg)) {
            return true;
        }
        if (sim_time_now() >= end) {
            return false;
        }
        step(end);
    }
}

int hal_start(hal_run_t run) {
    if (hal.chip == NULL) {
        return -NET_ENODEV;
    }
    if (hal.run == NULL) {
        hal.run = run;
        call_soon();
    }
    return 0;
}

const hal_board_t *hal_board(void) {
    return hal.board;
}

int hal_spi_transfer(uint8_t address, const uint8_t *out, uint8_t *in, size_t len) {
    transfer_t transfer = { address, out, in, len };
    in_context();
    if (hal.chip == NULL || len > 256) {
        return -NET_EIO;
    }
    hal.lock_faults += sim_stream_runs();
    model(work_transfer, &transfer);
    return 0;
}

int hal_spi_stream(hal_stream_t next, uint64_t start_us) {
    in_context();
    if (next == NULL) {
        sim_stream_stop();
        return 0;
    }
    return sim_stream_start(hal.chip, next, start_us * NS_PER_US, call_soon);
}

int hal_reset_line(bool active, bool active_level) {
    in_context();
    if (!hal.reset_line) {
        return -NET_ENODEV;
    }
    int level = active ? active_level : -1;
    model(work_reset_line, &level);
    return 0;
}

void hal_rf_switch(hal_rf_t rf) {
    in_context();
    hal.rf = rf;
}

uint64_t hal_now_us(void) {
    sim_hal_follow();
    return sim_time_now() / NS_PER_US;
}

void hal_wake(void) {
    call_soon();
}

void hal_wake_at(uint64_t when_us) {
    if (hal.deadline_us != when_us) {
        uint32_t late_us = hal.late_max_us == 0 ? 0 : sim_math_random(&hal.random) % (hal.late_max_us + 1);
        hal.late_ns = (uint64_t)late_us * NS_PER_US;
    }
    hal.deadline_us = when_us;
}

void hal_random(void *buf, size_t len) {
    uint8_t *bytes = buf;
    for (size_t i = 0; i < len; ++i) {
        bytes[i] = (uint8_t)(sim_math_random(&hal.random) >> 11);
    }
}

void hal_lock(void) {
    sim_hal_follow();
    hal.lock_faults += hal.locked;
    hal.locked = true;
}

void hal_unlock(void) {
    hal.lock_faults += !hal.locked;
    hal.locked = false;
}

// Follow the port's clock until somebody notifies; also ends when the port has
// something else to do.
static void wait_paced(uint64_t end_ns) {
    bool over = false;
    while (!hal.notified && !over) {
        uint64_t next = sim_hal_next_ns();
        over = hal.pace->sleep(next < end_ns ? next : end_ns);
        follow();
        over = over || sim_time_now() >= end_ns;
    }
}

void hal_wait(uint32_t timeout_ms) {
    if (!in_context() || hal.in_task) {
        ++hal.lock_faults; // the task never sleeps
        return;
    }
    hal.locked = false;
    hal.notified = false;
    uint64_t end = sim_time_now() + (uint64_t)timeout_ms * 1000 * NS_PER_US;
    if (hal.pace != NULL) {
        wait_paced(end);
    }
    while (hal.pace == NULL && !hal.notified && sim_time_now() < end) {
        step(end);
    }
    hal.locked = true;
}

void hal_notify(void) {
    hal.notified = true;
    if (hal.pace != NULL) {
        hal.pace->notified();
    }
}
