// A software SX1272/SX1276, FSK packet mode: registers, 64-byte FIFO, flags, lines.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "sim_chip_internal.h"

#define FIFO_SIZE (sizeof(((fsk_t *)0)->fifo))
#define CALIBRATION_NS UINT64_C(10000000)

static uint32_t bit_rate_x16(sim_chip_t *chip) {
    const uint8_t *reg = sim_chip_state(chip)->common;
    uint8_t fraction = reg[chip->kind == SIM_SX1276 ? 0x5d : 0x70] & 0x0f;
    uint32_t divisor = ((uint32_t)reg[REG_BITRATE_MSB] << 8 | reg[REG_BITRATE_LSB]) * 16;
    return divisor == 0 ? 16 : divisor + (chip->kind == SIM_SX1276 ? fraction : 0);
}

uint64_t sim_chip_fsk_bits_ns(sim_chip_t *chip, uint32_t bits) {
    // divisor / (16 * 32 MHz)
    return sim_chip_ns(chip, (uint64_t)bits * bit_rate_x16(chip) * 125 / 64);
}

uint32_t sim_chip_fsk_bit_rate(sim_chip_t *chip) {
    return (512000000u + bit_rate_x16(chip) / 2) / bit_rate_x16(chip);
}

uint32_t sim_chip_fsk_deviation(sim_chip_t *chip) {
    const uint8_t *reg = sim_chip_state(chip)->common;
    uint32_t steps = (uint32_t)(reg[REG_FDEV_MSB] & 0x3f) << 8 | reg[REG_FDEV_LSB];
    return steps * 15625 / 256;
}

uint32_t sim_chip_fsk_filter(uint8_t code) {
    return 32000000u / ((16u + 4u * (code >> 3 & 3)) << ((code & 7) + 2));
}

static uint8_t threshold(const sim_chip_state_t *state) {
    return state->fsk[FSK_FIFO_THRESH] & 0x3f;
}

static uint8_t live_rssi(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    if (state->mode == MODE_RX && state->mode_ready) {
        int level = state->fsk_state.rssi_x10;
        if (state->rx.step != RX_HALTED) {
            uint32_t side = sim_chip_fsk_filter(state->fsk[FSK_RX_BW]);
            level = sim_air_level_x10(&chip->radio, sim_chip_hz(chip, state->frequency), 2 * side);
        }
        int value = -level / 5;
        state->fsk[FSK_RSSI] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
    return state->fsk[FSK_RSSI];
}

static uint8_t flags1(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    uint8_t flags = state->fsk_state.flags1;
    if (state->mode_ready) {
        flags |= FLAG1_MODE_READY;
        if (state->mode == MODE_RX) {
            flags |= FLAG1_RX_READY;
        } else if (state->mode == MODE_TX) {
            flags |= FLAG1_TX_READY;
        }
    }
    if (state->mode >= MODE_FSTX && state->pll_on) {
        flags |= FLAG1_PLL_LOCK;
    }
    return flags;
}

static uint8_t flags2(sim_chip_t *chip) {
    const sim_chip_state_t *state = sim_chip_state(chip);
    uint8_t flags = state->fsk_state.flags2;
    uint8_t count = state->fsk_state.count;
    if (count == FIFO_SIZE) {
        flags |= FLAG2_FULL;
    }
    if (count == 0) {
        flags |= FLAG2_EMPTY;
    }
    if (count > threshold(state)) {
        flags |= FLAG2_LEVEL;
    }
    return flags;
}

// SX1276 datasheet, table "DIO mapping in packet mode".
uint8_t sim_chip_fsk_lines(sim_chip_t *chip) {
    const sim_chip_state_t *state = sim_chip_state(chip);
    uint8_t one = flags1(chip);
    uint8_t two = flags2(chip);
    bool rx = state->mode == MODE_RX;
    bool preamble_mapped = state->common[REG_DIO_MAPPING2] & 1;
    bool full = two & FLAG2_FULL;
    bool empty = two & FLAG2_EMPTY;
    bool lock = one & FLAG1_PLL_LOCK;
    const bool sources[SIM_CHIP_DIOS][4] = {
        { rx || state->mode < MODE_FSTX ? two & FLAG2_READY : two & FLAG2_SENT, two & FLAG2_CRC_OK, false, false },
        { two & FLAG2_LEVEL, empty, full, false },
        { full, one & FLAG1_RX_READY, rx ? one & FLAG1_TIMEOUT : full, rx ? one & FLAG1_SYNC : full },
        { empty, one & FLAG1_TX_READY, empty, empty },
        { false, lock, one & FLAG1_TIMEOUT, preamble_mapped ? one & FLAG1_PREAMBLE : one & FLAG1_RSSI },
        { false, lock, false, one & FLAG1_MODE_READY },
    };
    uint16_t mapping = (uint16_t)(state->common[REG_DIO_MAPPING1] << 8 | state->common[REG_DIO_MAPPING2]);
    uint8_t lines = 0;
    for (int dio = 0; dio < SIM_CHIP_DIOS; ++dio) {
        if (sources[dio][mapping >> (14 - 2 * dio) & 3]) {
            lines |= (uint8_t)(1 << dio);
        }
    }
    return lines;
}

void sim_chip_fsk_clear(sim_chip_t *chip) {
    fsk_t *fsk = &sim_chip_state(chip)->fsk_state;
    fsk->count = 0;
    fsk->flags2 &= (uint8_t) ~(FLAG2_READY | FLAG2_CRC_OK | FLAG2_OVERRUN);
}

void sim_chip_fsk_stopped(sim_chip_t *chip) {
    fsk_t *fsk = &sim_chip_state(chip)->fsk_state;
    fsk->flags1 = 0;
    fsk->flags2 &= (uint8_t) ~FLAG2_SENT;
}

void sim_chip_fsk_push(sim_chip_t *chip, uint8_t byte) {
    fsk_t *fsk = &sim_chip_state(chip)->fsk_state;
    if (fsk->count == FIFO_SIZE) {
        fsk->flags2 |= FLAG2_OVERRUN; // the byte is lost
        return;
    }
    fsk->fifo[(fsk->head + fsk->count++) % FIFO_SIZE] = byte;
}

int sim_chip_fsk_pop(sim_chip_t *chip) {
    fsk_t *fsk = &sim_chip_state(chip)->fsk_state;
    if (fsk->count == 0) {
        return -1;
    }
    uint8_t byte = fsk->fifo[fsk->head];
    fsk->head = (uint8_t)((fsk->head + 1) % FIFO_SIZE);
    --fsk->count;
    return byte;
}

uint8_t sim_chip_fsk_fifo(sim_chip_t *chip, bool write, uint8_t value) {
    sim_chip_state_t *state = sim_chip_state(chip);
    int byte = 0;
    if (write) {
        sim_chip_fsk_push(chip, value);
        if (state->mode == MODE_TX && state->mode_ready) {
            sim_chip_fsk_tx_refilled(chip, value);
        }
    } else {
        byte = sim_chip_fsk_pop(chip);
        if (state->fsk_state.count == 0) {
            state->fsk_state.flags2 &= (uint8_t) ~(FLAG2_READY | FLAG2_CRC_OK);
            if (state->rx.step == RX_HALTED) {
                sim_chip_fsk_rx_emptied(chip);
            }
        }
    }
    sim_chip_lines(chip);
    return byte < 0 ? 0 : (uint8_t)byte;
}

uint8_t sim_chip_fsk_read(sim_chip_t *chip, uint8_t address) {
    sim_chip_state_t *state = sim_chip_state(chip);
    switch (address) {
        case FSK_RSSI:
            return live_rssi(chip);
        case FSK_IRQ_FLAGS1: {
            bool loud = state->mode == MODE_RX && live_rssi(chip) <= state->fsk[0x10];
            return flags1(chip) | (loud ? FLAG1_RSSI : 0);
        }
        case FSK_IRQ_FLAGS2:
            return flags2(chip);
        case FSK_IMAGE_CAL:
            return (uint8_t)((state->fsk[FSK_IMAGE_CAL] & 0x9f) | (sim_time_now() < state->fsk_state.calibrated_ns ? 0x20 : 0));
        default:
            return state->fsk[address];
    }
}

static void write_rx_config(sim_chip_t *chip, uint8_t value) {
    sim_chip_state_t *state = sim_chip_state(chip);
    state->fsk[FSK_RX_CONFIG] = value & 0x9f; // RestartRx bits are commands
    if ((value & 0x60) && state->mode == MODE_RX && state->mode_ready) {
        if (value & 0x20) {
            sim_chip_take_frequency(chip);
        }
        sim_chip_fsk_clear(chip);
        sim_chip_fsk_rx(chip);
    }
}

static void clear_flags(sim_chip_t *chip, uint8_t address, uint8_t value) {
    sim_chip_state_t *state = sim_chip_state(chip);
    if (address == FSK_IRQ_FLAGS1) {
        state->fsk_state.flags1 &= (uint8_t) ~(value & (FLAG1_RSSI | FLAG1_PREAMBLE | FLAG1_SYNC));
    } else if (value & FLAG2_OVERRUN) {
        sim_chip_fsk_clear(chip);
    }
}

void sim_chip_fsk_write(sim_chip_t *chip, uint8_t address, uint8_t value) {
    sim_chip_state_t *state = sim_chip_state(chip);
    switch (address) {
        case FSK_RSSI:
        case FSK_FEI_MSB:
        case FSK_FEI_MSB + 1:
        case FSK_TEMPERATURE:
            break; // read only
        case FSK_IRQ_FLAGS1:
        case FSK_IRQ_FLAGS2:
            clear_flags(chip, address, value);
            break;
        case FSK_RX_CONFIG:
            write_rx_config(chip, value);
            break;
        case FSK_IMAGE_CAL:
            state->fsk[FSK_IMAGE_CAL] = value & 0x9f;
            if ((value & 0x40) && state->mode == MODE_STANDBY) {
                state->fsk_state.calibrated_ns = sim_time_now() + CALIBRATION_NS;
            }
            break;
        default:
            state->fsk[address] = value;
            break;
    }
    sim_chip_lines(chip);
}
