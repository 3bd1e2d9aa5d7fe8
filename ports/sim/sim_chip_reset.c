// The registers' values after a reset: datasheet, register tables, column "reset".
// SPDX-License-Identifier: MIT
#include <string.h>

#include "sim_chip_internal.h"

typedef struct {
    uint8_t address, value;
} reg_t;

static const reg_t common[] = {
    { REG_BITRATE_MSB, 0x1a }, { REG_BITRATE_LSB, 0x0b }, { REG_FDEV_MSB, 0x00 }, { REG_FDEV_LSB, 0x52 },
    { REG_OCP, 0x2b }, { REG_LNA, 0x20 },
};

static const reg_t sx1276[] = {
    { REG_FRF_MSB, 0x6c }, { REG_FRF_MID, 0x80 }, { REG_PA_CONFIG, 0x4f }, { REG_PA_RAMP, 0x09 },
    { REG_VERSION, 0x12 }, { 0x44, 0x2d }, { 0x46, 0x03 }, { 0x4b, 0x09 }, { 0x4d, 0x84 }, { 0x61, 0x13 },
    { 0x62, 0x0e }, { 0x63, 0x5b }, { 0x64, 0xdb }, { 0x70, 0xd0 },
};

static const reg_t sx1272[] = {
    { REG_FRF_MSB, 0xe4 }, { REG_FRF_MID, 0xc0 }, { REG_PA_CONFIG, 0x0f }, { REG_PA_RAMP, 0x19 },
    { REG_VERSION, 0x22 }, { 0x43, 0x13 }, { 0x44, 0x0e }, { 0x45, 0x5b }, { 0x46, 0xdb }, { 0x4b, 0x2e },
    { 0x4d, 0x03 }, { 0x58, 0x09 }, { 0x5a, 0x84 }, { 0x5c, 0xd0 }, { 0x5e, 0xd0 },
};

static const reg_t lora[] = {
    { LORA_FIFO_TX_BASE, 0x80 }, { LORA_MODEM_CONFIG2, 0x70 }, { LORA_SYMB_TIMEOUT, 0x64 },
    { LORA_PREAMBLE_LSB, 0x08 }, { LORA_PAYLOAD_LENGTH, 0x01 }, { LORA_MAX_PAYLOAD, 0xff },
    { LORA_IF_FREQ1, 0x20 }, { LORA_DETECT_OPTIMIZE, 0xc3 }, { LORA_INVERT_IQ, 0x27 }, { LORA_HIGH_BW1, 0x03 },
    { LORA_DETECTION_THRESHOLD, 0x0a }, { LORA_SYNC_WORD, 0x12 }, { LORA_INVERT_IQ2, 0x1d }, { 0x3d, 0xa1 },
};

static const reg_t fsk[] = {
    { FSK_RX_CONFIG, 0x08 }, { 0x0e, 0x02 }, { 0x0f, 0x0a }, { 0x10, 0xff }, { FSK_RX_BW, 0x15 },
    { FSK_AFC_BW, 0x0b }, { 0x14, 0x28 }, { 0x15, 0x0c }, { 0x16, 0x12 }, { 0x17, 0x47 }, { 0x18, 0x32 },
    { 0x19, 0x3e }, { FSK_PREAMBLE_DETECT, 0x40 }, { 0x24, 0x05 }, { FSK_PREAMBLE_LSB, 0x03 },
    { FSK_SYNC_CONFIG, 0x93 }, { 0x28, 0x55 }, { 0x29, 0x55 }, { 0x2a, 0x55 }, { 0x2b, 0x55 }, { 0x2c, 0x55 },
    { 0x2d, 0x55 }, { 0x2e, 0x55 }, { 0x2f, 0x55 }, { FSK_PACKET_CONFIG1, 0x90 }, { FSK_PACKET_CONFIG2, 0x40 },
    { FSK_PAYLOAD_LENGTH, 0x40 }, { FSK_FIFO_THRESH, 0x0f }, { 0x39, 0xf5 }, { 0x3a, 0x20 },
    { FSK_IMAGE_CAL, 0x82 }, { 0x3d, 0x02 },
};

static void fill(uint8_t *to, const reg_t *from, size_t number) {
    for (size_t i = 0; i < number; ++i) {
        to[from[i].address] = from[i].value;
    }
}

#define FILL(to, from) fill(to, from, sizeof(from) / sizeof(from[0]))

void sim_chip_reset_registers(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    memset(state->common, 0, sizeof(state->common));
    memset(state->lora, 0, sizeof(state->lora));
    memset(state->fsk, 0, sizeof(state->fsk));
    FILL(state->common, common);
    FILL(state->lora, lora);
    FILL(state->fsk, fsk);
    if (chip->kind == SIM_SX1276) {
        FILL(state->common, sx1276);
        state->lora[LORA_MODEM_CONFIG1] = 0x72;
    } else {
        FILL(state->common, sx1272);
        state->lora[LORA_MODEM_CONFIG1] = 0x08;
    }
    state->modem_stat = 0x10;
    state->hop_channel = 0;
    state->header_count = state->packet_count = 0;
    state->rx_pointer = 0;
    state->long_range = state->shared = false;
    memset(&state->fsk_state, 0, sizeof(state->fsk_state));
}
