// A software SX1272/SX1276, LoRa: transmission and hops.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "sim_chip_internal.h"

static void carrier(sim_chip_t *chip, const sim_lora_t *lora, sim_air_frame_t *frame) {
    frame->modem = SIM_AIR_CARRIER;
    frame->bandwidth = lora->bandwidth;
    frame->end_ns = SIM_NEVER;
    frame->frequency = sim_chip_hz(chip, sim_chip_state(chip)->frequency);
}

static void describe(sim_chip_t *chip, const sim_lora_t *lora, sim_air_frame_t *frame) {
    sim_chip_state_t *state = sim_chip_state(chip);
    frame->modem = SIM_AIR_LORA;
    frame->sf = lora->sf;
    frame->cr = lora->cr;
    frame->bandwidth = lora->bandwidth;
    frame->sync[0] = state->lora[LORA_SYNC_WORD];
    frame->sync_len = 1;
    frame->iq_inverted = !(state->lora[LORA_INVERT_IQ] & 1);
    frame->implicit = lora->implicit;
    frame->crc = lora->crc;
    frame->low_rate = lora->low_rate;
    frame->hop_period = state->lora[LORA_HOP_PERIOD];
    frame->frequency = sim_chip_hz(chip, state->frequency);
    frame->len = state->lora[LORA_PAYLOAD_LENGTH];
    uint64_t symbol = sim_chip_ns(chip, lora->symbol_ns * 16); // times 16: a short symbol's error counts too
    frame->preamble_ns = symbol * (4 * (uint64_t)lora->preamble + 17) / 64;
    frame->header_ns = lora->implicit ? 0 : frame->preamble_ns + symbol / 2;
    frame->end_ns = frame->start_ns + sim_chip_ns(chip, sim_chip_lora_airtime(lora, frame->len));
    state->sending_base = state->lora[LORA_FIFO_TX_BASE];
    state->sending_len = state->lora[LORA_PAYLOAD_LENGTH];
    for (unsigned i = 0; i < frame->len; ++i) {
        frame->data[i] = state->fifo[(uint8_t)(state->sending_base + i)];
    }
}

void sim_chip_lora_tx(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    sim_lora_t lora;
    sim_chip_lora_settings(chip, &lora);
    sim_air_frame_t frame;
    memset(&frame, 0, sizeof(frame));
    frame.start_ns = sim_time_now();
    frame.power_x10 = sim_chip_power_x10(chip);
    if (lora.continuous) {
        carrier(chip, &lora, &frame);
    } else {
        describe(chip, &lora, &frame);
    }
    // Before the air tells: a watcher may look at the clock only.
    if (frame.end_ns != SIM_NEVER) {
        sim_time_at(&state->tx_event.event, frame.end_ns);
    }
    state->hop_channel &= 0x80;
    if (frame.hop_period != 0) {
        sim_time_at(&state->hop.event, frame.start_ns + frame.preamble_ns + sim_chip_ns(chip, lora.symbol_ns));
    }
    state->sending = sim_air_transmit(&chip->radio, &frame);
}

void sim_chip_lora_tx_done(sim_event_t *event) {
    sim_chip_t *chip = ((chip_event_t *)event)->chip;
    sim_chip_mode_standby(chip);
    sim_chip_lora_irq(chip, IRQ_TX_DONE);
}

// A hop of sender or receiver: the frequency in RegFrf is taken, the host is asked
// for the next one.
void sim_chip_lora_hop(sim_event_t *event) {
    sim_chip_t *chip = ((chip_event_t *)event)->chip;
    sim_chip_state_t *state = sim_chip_state(chip);
    sim_lora_t lora;
    sim_chip_lora_settings(chip, &lora);
    sim_chip_take_frequency(chip);
    state->hop_channel = (uint8_t)((state->hop_channel & 0xc0) | ((state->hop_channel + 1) & 0x3f));
    uint32_t period = state->lora[LORA_HOP_PERIOD];
    if (period != 0) {
        sim_time_at(event, sim_time_now() + sim_chip_ns(chip, period * lora.symbol_ns));
    }
    if (state->mode == MODE_TX) {
        if (state->sending != NULL) {
            sim_air_retune(state->sending, sim_chip_hz(chip, state->frequency), sim_chip_power_x10(chip));
        }
    } else {
        sim_chip_lora_rx_hop(chip);
    }
    sim_chip_lora_irq(chip, IRQ_FHSS);
}
