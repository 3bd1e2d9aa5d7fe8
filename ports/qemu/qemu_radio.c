// SPDX-License-Identifier: MIT
#include "qemu_radio.h"

#include "qemu_board.h"
#include "sim_air.h"
#include "sim_hal.h"
#include "sim_pace.h"
#include "sim_time.h"

// Random numbers repeat from start to start: so does everything that a script does.
#define SEED (1)
#define STACK_WORDS (1024)

// A TTGO LoRa32's wiring, with a EUI of nobody's.
static const hal_board_t board = {
    .dio = 1 << 0 | 1 << 1,
    .power_max = 20,
    .eui = { 0x02, 0x00, 0x00, 0xff, 0xfe, 0x51, 0x45, 0x4d },
};

static sim_chip_t chip = { .spi_hz = 10000000 };
static sim_pace_t pace;
static bool started;

static uint32_t task_words[STACK_WORDS] __attribute__((aligned(8)));
static uint32_t model_words[STACK_WORDS] __attribute__((aligned(8)));
static qemu_stack_t task_stack = { task_words, STACK_WORDS, false };
static qemu_stack_t model_stack = { model_words, STACK_WORDS, false };
static qemu_radio_task_t figures;
static uint64_t model_ns; // of the step in hand

// --- The clock ---------------------------------------------------------------

uint64_t qemu_radio_ns(void) {
    return sim_pace_now(&pace, qemu_board_ns());
}

bool qemu_radio_sleep(uint64_t until_ns) {
    if (until_ns == SIM_NEVER) {
        return qemu_board_sleep(UINT64_MAX);
    }
    uint64_t now = qemu_radio_ns();
    return qemu_board_sleep(until_ns > now ? until_ns - now : 0);
}

void qemu_radio_model_begins(void) {
    sim_pace_stop(&pace, qemu_board_ns());
}

void qemu_radio_model_ends(void) {
    model_ns += sim_pace_go(&pace, qemu_board_ns());
}

static void model(void (*work)(void *arg), void *arg) {
    qemu_radio_model_begins();
    qemu_stack_call(&model_stack, work, arg);
    qemu_radio_model_ends();
}

// --- The task ----------------------------------------------------------------

typedef struct {
    hal_run_t run;
    uint64_t edge_us;
} step_t;

static void run_step(void *arg) {
    const step_t *step = arg;
    step->run(step->edge_us);
}

static void task(hal_run_t run, uint64_t edge_us) {
    step_t step = { run, edge_us };
    started = true;
    uint32_t transfers = chip.spi_transfers;
    uint64_t at_us = sim_time_now() / 1000;
    model_ns = 0;
    uint64_t start_ns = qemu_board_ns();
    qemu_stack_call(&task_stack, run_step, &step);
    uint64_t took_ns = qemu_board_ns() - start_ns - model_ns;
    figures.steps += 1;
    figures.sum_ns += took_ns;
    if (took_ns > figures.worst_ns) {
        figures.worst_ns = (uint32_t)took_ns;
        figures.worst_transfers = chip.spi_transfers - transfers;
        figures.worst_at_us = at_us;
    }
}

void qemu_radio_task(qemu_radio_task_t *out) {
    *out = figures;
    out->stack_used = qemu_stack_used(&task_stack);
    out->stack_size = 4 * STACK_WORDS;
}

void qemu_radio_task_forget(void) {
    figures = (qemu_radio_task_t) { 0 };
    qemu_stack_forget(&task_stack);
}

// --- Start -------------------------------------------------------------------

static const sim_hal_pace_t hal_pace = {
    .now_ns = qemu_radio_ns,
    .sleep = qemu_radio_sleep,
    .notified = qemu_board_wake,
    .model = model,
    .task = task,
};

void qemu_radio_init(void) {
    sim_time_reset();
    sim_air_reset(SEED);
    sim_hal_init(&chip, &board, true);
    sim_chip_init(&chip, SIM_SX1276);
    sim_hal_set_latency(0, 0, SEED);
    sim_hal_set_pace(&hal_pace);
}

sim_chip_t *qemu_radio_chip(void) {
    return started ? &chip : NULL;
}
