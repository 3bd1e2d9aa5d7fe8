// A software SX1272/SX1276: RegOpMode, start-up times, the frequency.
// SPDX-License-Identifier: MIT
#include "sim_chip_internal.h"

#define CLOCK_START_US (250)
#define PLL_NS (60000u)

static bool needs_pll(uint8_t mode) {
    return mode >= MODE_FSTX;
}

static bool transmits(uint8_t mode) {
    return mode == MODE_FSTX || mode == MODE_TX;
}

void sim_chip_take_frequency(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    const uint8_t *frf = &state->common[REG_FRF_MSB];
    uint32_t steps = (uint32_t)frf[0] << 16 | (uint32_t)frf[1] << 8 | frf[2];
    // 32 MHz / 2^19 = 15625 / 256 Hz
    state->frequency = (uint32_t)(((uint64_t)steps * 15625 + 128) / 256);
}

static bool fast_hop(const sim_chip_t *chip, const sim_chip_state_t *state) {
    return state->common[chip->kind == SIM_SX1276 ? 0x44 : 0x4b] & 0x80;
}

void sim_chip_frequency_written(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    // Taken when a mode is entered; with FastHopOn also while one runs.
    if (needs_pll(state->mode) && fast_hop(chip, state)) {
        sim_chip_take_frequency(chip);
        if (state->sending != NULL) {
            sim_air_retune(state->sending, sim_chip_hz(chip, state->frequency), sim_chip_power_x10(chip));
        }
    }
}

// Does the PLL lock: with a clock, and in its range?
static bool pll_locks(sim_chip_t *chip) {
    const sim_chip_state_t *state = sim_chip_state(chip);
    if (chip->tcxo && !(state->common[chip->kind == SIM_SX1276 ? 0x4b : 0x58] & 0x10)) {
        return false;
    }
    uint32_t hz = state->frequency;
    uint32_t lowest = chip->kind == SIM_SX1276 ? 137000000 : 860000000;
    if (hz < lowest || hz > 1020000000) {
        sim_chip_break(chip, SIM_RULE_FREQUENCY);
        return false;
    }
    return true;
}

// The mode works now.
static void mode_ready(sim_event_t *event) {
    sim_chip_t *chip = ((chip_event_t *)event)->chip;
    sim_chip_state_t *state = sim_chip_state(chip);
    state->mode_ready = true;
    if (needs_pll(state->mode)) {
        state->pll_on = true;
    }
    bool lora = state->long_range;
    switch (state->mode) {
        case MODE_TX:
            (lora ? sim_chip_lora_tx : sim_chip_fsk_tx)(chip);
            break;
        case MODE_RX:
        case MODE_RX_SINGLE:
            (lora ? sim_chip_lora_rx : sim_chip_fsk_rx)(chip);
            break;
        case MODE_CAD:
            sim_chip_lora_cad(chip);
            break;
        default:
            break;
    }
    sim_chip_lines(chip);
}

static void tx_event(sim_event_t *event) {
    sim_chip_t *chip = ((chip_event_t *)event)->chip;
    bool cad = sim_chip_state(chip)->mode == MODE_CAD;
    if (!sim_chip_state(chip)->long_range) {
        sim_chip_fsk_tx_event(event);
    } else if (cad) {
        sim_chip_lora_cad_done(event);
    } else {
        sim_chip_lora_tx_done(event);
    }
}

static void rx_event(sim_event_t *event) {
    sim_chip_t *chip = ((chip_event_t *)event)->chip;
    (sim_chip_state(chip)->long_range ? sim_chip_lora_rx_event : sim_chip_fsk_rx_event)(event);
}

static void timeout_event(sim_event_t *event) {
    sim_chip_t *chip = ((chip_event_t *)event)->chip;
    (sim_chip_state(chip)->long_range ? sim_chip_lora_rx_timeout : sim_chip_fsk_rx_timeout)(chip);
}

void sim_chip_mode_init(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    state->ready.event.fire = mode_ready;
    state->tx_event.event.fire = tx_event;
    state->rx_event.event.fire = rx_event;
    state->timeout.event.fire = timeout_event;
    state->hop.event.fire = sim_chip_lora_hop;
    state->common[REG_OP_MODE] = chip->kind == SIM_SX1276 ? 0x08 : 0x00; // the bits kept as written
    state->mode = MODE_STANDBY;
    state->mode_ready = true;
    state->pll_on = false;
    state->awake_ns = 0;
    sim_chip_take_frequency(chip);
}

void sim_chip_mode_stop(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    sim_time_cancel(&state->ready.event);
    sim_time_cancel(&state->rx_event.event);
    sim_time_cancel(&state->timeout.event);
    sim_time_cancel(&state->tx_event.event);
    sim_time_cancel(&state->hop.event);
    state->rx.step = RX_OFF;
    state->rx.frame = NULL;
    state->modem_stat = 0x10 | (state->modem_stat & 0xe0);
    sim_chip_fsk_stopped(chip);
    if (state->sending != NULL) {
        const sim_air_frame_t *frame = state->sending;
        state->sending = NULL;
        sim_air_abort(frame);
    }
}

void sim_chip_mode_standby(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    sim_chip_mode_stop(chip);
    state->mode = MODE_STANDBY;
    state->mode_ready = true;
    state->pll_on = false;
    sim_chip_lines(chip);
}

uint8_t sim_chip_mode_read(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    return (uint8_t)(state->common[REG_OP_MODE] | state->long_range << 7 | (state->long_range && state->shared) << 6 | state->mode);
}

// FIFO rules at mode changes.
static void prepare_fifo(sim_chip_t *chip, uint8_t from, uint8_t to) {
    if (sim_chip_state(chip)->long_range) {
        if (to == MODE_SLEEP) {
            sim_chip_lora_slept(chip);
        }
    } else if ((from == MODE_TX && to != MODE_TX) || to == MODE_RX || (from == MODE_RX && transmits(to))) {
        sim_chip_fsk_clear(chip); // datasheet, "Status of FIFO when switching between modes"
    }
}

// How long until the new mode works; the crystal and PLL may be running already.
static uint64_t start_ns(sim_chip_t *chip, uint8_t from, uint8_t to) {
    sim_chip_state_t *state = sim_chip_state(chip);
    uint64_t now = sim_time_now();
    uint64_t at = state->awake_ns > now ? state->awake_ns : now;
    if (needs_pll(to) && !(state->pll_on && transmits(from) == transmits(to))) {
        at += sim_chip_ns(chip, PLL_NS);
    }
    if (to == MODE_TX) {
        at += sim_chip_ns(chip, sim_chip_ramp_ns(chip));
        if (!state->long_range) {
            at += sim_chip_fsk_bits_ns(chip, 1) / 2;
        }
    } else if (to >= MODE_RX && state->long_range) {
        at += sim_chip_ns(chip, sim_chip_lora_rx_ns(chip));
    } else if (to >= MODE_RX) {
        at += sim_chip_fsk_bits_ns(chip, 2); // filters settle
    }
    return at;
}

static void enter(sim_chip_t *chip, uint8_t to) {
    sim_chip_state_t *state = sim_chip_state(chip);
    uint8_t from = state->mode;
    bool pll_was_on = state->pll_on;
    sim_chip_mode_stop(chip);
    prepare_fifo(chip, from, to);
    if (from == MODE_SLEEP) {
        uint32_t start_us = chip->clock_start_us != 0 ? chip->clock_start_us : CLOCK_START_US;
        state->awake_ns = sim_time_now() + sim_chip_ns(chip, start_us * UINT64_C(1000));
    }
    state->mode = to;
    state->mode_ready = to == MODE_SLEEP;
    state->pll_on = pll_was_on && needs_pll(to);
    if (to == MODE_SLEEP) {
        state->awake_ns = 0;
        return;
    }
    if (needs_pll(to)) {
        sim_chip_take_frequency(chip);
        if (!pll_locks(chip)) {
            state->hop_channel |= 0x80; // PllTimeout; the mode never becomes ready
            return;
        }
        state->hop_channel &= 0x7f;
    }
    if (to == MODE_TX) {
        sim_chip_pa_check(chip);
    }
    if (state->long_range && (to == MODE_TX || to >= MODE_RX) && !sim_chip_lora_check(chip)) {
        return;
    }
    uint64_t at = start_ns(chip, from, to);
    if (at <= sim_time_now()) {
        mode_ready(&state->ready.event);
    } else {
        sim_time_at(&state->ready.event, at);
    }
}

void sim_chip_mode_write(sim_chip_t *chip, uint8_t value) {
    sim_chip_state_t *state = sim_chip_state(chip);
    bool long_range = value & 0x80;
    if (long_range != state->long_range) {
        if (state->mode == MODE_SLEEP) {
            state->long_range = long_range;
        } else {
            sim_chip_break(chip, SIM_RULE_LONG_RANGE);
        }
    }
    state->shared = state->long_range && (value & 0x40);
    state->common[REG_OP_MODE] = state->long_range ? value & 0x08 : value & 0x78;
    uint8_t mode = value & 7;
    if (!state->long_range && mode > MODE_RX) {
        sim_chip_break(chip, SIM_RULE_RESERVED);
        return;
    }
    if (mode != state->mode) {
        enter(chip, mode);
    }
    sim_chip_lines(chip);
}
