// A software SX1272/SX1276: output power, over-current protection, RSSI codes.
// SPDX-License-Identifier: MIT
#include "sim_chip_internal.h"

// What the PA draws at +20 dBm; the other settings stay below 100 mA.
#define MAX_POWER_MA (120)

static uint8_t pa_dac(sim_chip_t *chip) {
    return sim_chip_state(chip)->common[chip->kind == SIM_SX1276 ? 0x4d : 0x5a];
}

static bool boosted(sim_chip_t *chip) {
    return (pa_dac(chip) & 0x07) == 0x07;
}

int16_t sim_chip_power_x10(sim_chip_t *chip) {
    uint8_t config = sim_chip_state(chip)->common[REG_PA_CONFIG];
    int output = config & 0x0f;
    if (config & 0x80) {
        return (int16_t)((output + (boosted(chip) ? 5 : 2)) * 10);
    }
    if (chip->kind == SIM_SX1272) {
        return (int16_t)((output - 1) * 10);
    }
    return (int16_t)(108 + 6 * (config >> 4 & 7) - (15 - output) * 10);
}

static int ocp_ma(uint8_t ocp) {
    int trim = ocp & 0x1f;
    if (!(ocp & 0x20)) {
        return 1000; // off
    }
    return trim <= 15 ? 45 + 5 * trim : trim <= 27 ? -30 + 10 * trim : 240;
}

void sim_chip_pa_check(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    bool on_boost = state->common[REG_PA_CONFIG] & 0x80;
    if (on_boost && sim_chip_power_x10(chip) > 170 && ocp_ma(state->common[REG_OCP]) < MAX_POWER_MA) {
        sim_chip_break(chip, SIM_RULE_OCP);
    }
}

uint32_t sim_chip_ramp_ns(sim_chip_t *chip) {
    static const uint16_t ramp_us[16] = { 3400, 2000, 1000, 500, 250, 125, 100, 62, 50, 40, 31, 25, 20, 15, 12, 10 };
    uint32_t ramp = ramp_us[sim_chip_state(chip)->common[REG_PA_RAMP] & 0x0f];
    return 5000 + ramp * 1250;
}

int sim_chip_rssi_offset_x10(sim_chip_t *chip) {
    if (chip->kind == SIM_SX1272) {
        return 1390;
    }
    return sim_chip_state(chip)->frequency > 525000000 ? 1570 : 1640; // HF or LF port
}

uint8_t sim_chip_rssi_code(sim_chip_t *chip, int rssi_x10, int snr_x10) {
    int above = rssi_x10 + sim_chip_rssi_offset_x10(chip) - (snr_x10 < 0 ? snr_x10 : 0);
    int code = (above * 15 / 16 + 5) / 10;
    return (uint8_t)(code < 0 ? 0 : code > 255 ? 255 : code);
}
