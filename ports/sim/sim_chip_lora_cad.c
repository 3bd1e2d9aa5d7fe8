// A software SX1272/SX1276, LoRa: channel activity detection.
// SPDX-License-Identifier: MIT
#include "sim_chip_internal.h"

void sim_chip_lora_cad(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    sim_lora_t lora;
    sim_chip_lora_settings(chip, &lora);
    // Listen for (2^SF + 32) / BW, then work for 0.85 of a symbol.
    uint64_t listen = lora.symbol_ns + (lora.symbol_ns >> lora.sf) * 32;
    state->cad_from_ns = sim_time_now();
    uint64_t done = sim_time_now() + sim_chip_ns(chip, listen + lora.symbol_ns * 85 / 100);
    sim_time_at(&state->tx_event.event, done + sim_air_lateness());
}

// A preamble of these settings for most of the time that was listened.
static bool detects(sim_chip_t *chip, const sim_lora_t *lora, const sim_air_frame_t *frame) {
    const sim_chip_state_t *state = sim_chip_state(chip);
    uint64_t to = state->cad_from_ns + lora->symbol_ns + (lora->symbol_ns >> lora->sf) * 32;
    uint64_t begin = frame->start_ns > state->cad_from_ns ? frame->start_ns : state->cad_from_ns;
    uint64_t end = frame->start_ns + frame->preamble_ns;
    end = end < to ? end : to;
    return end > begin && (end - begin) * 5 >= lora->symbol_ns * 4
           && sim_chip_lora_fits(chip, lora, frame)
           && sim_air_snr_x10(&chip->radio, frame) >= sim_air_limit_x10(frame->sf);
}

void sim_chip_lora_cad_done(sim_event_t *event) {
    sim_chip_t *chip = ((chip_event_t *)event)->chip;
    sim_lora_t lora;
    sim_chip_lora_settings(chip, &lora);
    bool detected = false;
    const sim_air_frame_t *frame = NULL;
    while ((frame = sim_air_next(frame)) != NULL) {
        detected = detected || detects(chip, &lora, frame);
    }
    sim_chip_mode_standby(chip);
    sim_chip_lora_irq(chip, IRQ_CAD_DONE | (detected ? IRQ_CAD_DETECTED : 0));
}
