// A software SX1272/SX1276, LoRa: registers, FIFO, flags, lines, rules.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "sim_chip_internal.h"

// 500 kHz divided by this.
static const uint8_t divisors[] = { 64, 48, 32, 24, 16, 12, 8, 4, 2, 1 };

static void read_config_1276(const sim_chip_state_t *state, sim_lora_t *lora) {
    uint8_t config1 = state->lora[LORA_MODEM_CONFIG1];
    lora->bandwidth_code = config1 >> 4;
    lora->cr = config1 >> 1 & 7;
    lora->implicit = config1 & 1;
    lora->crc = state->lora[LORA_MODEM_CONFIG2] & 4;
    lora->low_rate = state->lora[LORA_MODEM_CONFIG3] & 8;
}

static void read_config_1272(const sim_chip_state_t *state, sim_lora_t *lora) {
    uint8_t config1 = state->lora[LORA_MODEM_CONFIG1];
    lora->bandwidth_code = (uint8_t)((config1 >> 6) + 7);
    lora->cr = config1 >> 3 & 7;
    lora->implicit = config1 & 4;
    lora->crc = config1 & 2;
    lora->low_rate = config1 & 1;
}

void sim_chip_lora_settings(sim_chip_t *chip, sim_lora_t *lora) {
    const sim_chip_state_t *state = sim_chip_state(chip);
    memset(lora, 0, sizeof(*lora));
    (chip->kind == SIM_SX1276 ? read_config_1276 : read_config_1272)(state, lora);
    uint8_t config2 = state->lora[LORA_MODEM_CONFIG2];
    lora->sf = config2 >> 4;
    lora->continuous = config2 & 8;
    lora->symbol_timeout = (uint16_t)((config2 & 3) << 8 | state->lora[LORA_SYMB_TIMEOUT]);
    lora->preamble = (uint16_t)(state->lora[LORA_PREAMBLE_MSB] << 8 | state->lora[LORA_PREAMBLE_LSB]);
    lora->valid = lora->sf >= 6 && lora->sf <= 12 && lora->bandwidth_code < sizeof(divisors) && lora->cr >= 1 && lora->cr <= 4;
    uint8_t divisor = divisors[lora->bandwidth_code < sizeof(divisors) ? lora->bandwidth_code : 9];
    lora->bandwidth = 500000u / divisor;
    lora->symbol_ns = (UINT64_C(2000) << lora->sf) * divisor;
}

uint64_t sim_chip_lora_airtime(const sim_lora_t *lora, unsigned len) {
    int sf = lora->sf;
    int bits = 8 * (int)len - 4 * sf + 28 + (lora->crc ? 16 : 0) - (lora->implicit ? 20 : 0);
    int per_block = 4 * (sf - (lora->low_rate ? 2 : 0));
    int blocks = bits > 0 ? (bits + per_block - 1) / per_block : 0;
    uint64_t quarters = 4 * (uint64_t)lora->preamble + 17 + 4 * (8 + (uint64_t)blocks * (lora->cr + 4u));
    return quarters * lora->symbol_ns / 4;
}

void sim_chip_lora_irq(sim_chip_t *chip, uint8_t flags) {
    sim_chip_state_t *state = sim_chip_state(chip);
    state->lora[LORA_IRQ_FLAGS] |= flags & (uint8_t) ~state->lora[LORA_IRQ_MASK];
    sim_chip_lines(chip);
}

uint8_t sim_chip_lora_lines(sim_chip_t *chip) {
    const sim_chip_state_t *state = sim_chip_state(chip);
    uint8_t flags = state->lora[LORA_IRQ_FLAGS];
    // Flag of DIO0..4 for each mapping; 0: handled below.
    static const uint8_t sources[4][4] = {
        { IRQ_RX_DONE, IRQ_TX_DONE, IRQ_CAD_DONE, 0 },
        { IRQ_RX_TIMEOUT, IRQ_FHSS, IRQ_CAD_DETECTED, 0 },
        { IRQ_FHSS, IRQ_FHSS, IRQ_FHSS, 0 },
        { IRQ_CAD_DONE, IRQ_VALID_HEADER, IRQ_CRC_ERROR, 0 },
    };
    uint8_t lines = 0;
    for (int dio = 0; dio < 4; ++dio) {
        uint8_t mapping = state->common[REG_DIO_MAPPING1] >> (6 - 2 * dio) & 3;
        if (flags & sources[dio][mapping]) {
            lines |= (uint8_t)(1 << dio);
        }
    }
    uint8_t dio4 = state->common[REG_DIO_MAPPING2] >> 6;
    uint8_t dio5 = state->common[REG_DIO_MAPPING2] >> 4 & 3;
    bool locked = state->mode >= MODE_FSTX && state->pll_on;
    if (dio4 == 0 ? flags & IRQ_CAD_DETECTED : dio4 < 3 && locked) {
        lines |= 1 << 4;
    }
    if (dio5 == 0 && state->mode_ready) {
        lines |= 1 << 5;
    }
    return lines;
}

uint8_t sim_chip_lora_fifo(sim_chip_t *chip, bool write, uint8_t value) {
    sim_chip_state_t *state = sim_chip_state(chip);
    if (state->mode == MODE_SLEEP) {
        sim_chip_break(chip, SIM_RULE_FIFO_IN_SLEEP);
        return 0;
    }
    sim_chip_lora_rx_progress(chip);
    uint8_t at = state->lora[LORA_FIFO_ADDR_PTR]++;
    uint8_t before = state->fifo[at];
    if (write) {
        bool sending = state->sending != NULL && (uint8_t)(at - state->sending_base) < state->sending_len;
        if (sending && value != before) {
            sim_chip_break(chip, SIM_RULE_FIFO_OVERWRITTEN);
        }
        state->fifo[at] = value;
    }
    return before;
}

void sim_chip_lora_slept(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    memset(state->fifo, 0, sizeof(state->fifo));
    state->header_count = state->packet_count = 0;
    state->modem_stat = 0x10;
}

static uint8_t live_rssi(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    bool receives = state->mode == MODE_RX || state->mode == MODE_RX_SINGLE || state->mode == MODE_CAD;
    if (receives && state->mode_ready) {
        sim_lora_t lora;
        sim_chip_lora_settings(chip, &lora);
        int level = sim_air_level_x10(&chip->radio, sim_chip_hz(chip, state->frequency), lora.bandwidth);
        int code = (level + sim_chip_rssi_offset_x10(chip) + 5) / 10 + (int)(sim_chip_random(chip) % 3) - 1;
        state->lora[LORA_RSSI] = (uint8_t)(code < 0 ? 0 : code > 255 ? 255 : code);
    }
    return state->lora[LORA_RSSI];
}

uint8_t sim_chip_lora_read(sim_chip_t *chip, uint8_t address) {
    sim_chip_state_t *state = sim_chip_state(chip);
    switch (address) {
        case LORA_HEADER_CNT:
            return (uint8_t)(state->header_count >> 8);
        case LORA_HEADER_CNT + 1:
            return (uint8_t)state->header_count;
        case LORA_PACKET_CNT:
            return (uint8_t)(state->packet_count >> 8);
        case LORA_PACKET_CNT + 1:
            return (uint8_t)state->packet_count;
        case LORA_MODEM_STAT:
            return state->modem_stat;
        case LORA_RSSI:
            return live_rssi(chip);
        case LORA_HOP_CHANNEL:
            return state->hop_channel;
        case LORA_FIFO_RX_BYTE:
            sim_chip_lora_rx_progress(chip);
            return (uint8_t)(state->rx_pointer - 1);
        case LORA_RSSI_WIDEBAND:
            return (uint8_t)(sim_chip_random(chip) >> 8);
        default:
            return state->lora[address];
    }
}

static bool read_only(uint8_t address) {
    return address == LORA_FIFO_RX_CURRENT || (address >= LORA_RX_NB_BYTES && address <= LORA_HOP_CHANNEL)
           || address == LORA_FIFO_RX_BYTE || (address >= LORA_FEI_MSB && address <= LORA_FEI_MSB + 2)
           || address == LORA_RSSI_WIDEBAND;
}

// Settings that the modem takes while it runs, at an unknown moment.
static bool modem_setting(uint8_t address) {
    switch (address) {
        case LORA_MODEM_CONFIG1:
        case LORA_MODEM_CONFIG2:
        case LORA_MODEM_CONFIG3:
        case LORA_PREAMBLE_MSB:
        case LORA_PREAMBLE_LSB:
        case LORA_HOP_PERIOD:
        case LORA_DETECT_OPTIMIZE:
        case LORA_INVERT_IQ:
        case LORA_INVERT_IQ2:
        case LORA_DETECTION_THRESHOLD:
        case LORA_SYNC_WORD:
            return true;
        default:
            return false;
    }
}

void sim_chip_lora_write(sim_chip_t *chip, uint8_t address, uint8_t value) {
    sim_chip_state_t *state = sim_chip_state(chip);
    if (read_only(address)) {
        return;
    }
    if (address == LORA_IRQ_FLAGS) {
        state->lora[LORA_IRQ_FLAGS] &= (uint8_t) ~value;
        sim_chip_lines(chip);
        return;
    }
    bool busy = state->mode == MODE_TX || state->mode >= MODE_RX;
    if (busy && modem_setting(address) && state->lora[address] != value) {
        sim_chip_break(chip, SIM_RULE_NOT_IN_STANDBY);
    }
    state->lora[address] = value;
}

uint64_t sim_chip_lora_rx_ns(sim_chip_t *chip) {
    // SX1272 datasheet, table 22; 500 kHz by the trend.
    static const uint16_t ready_us[] = { 791, 601, 407, 313, 215, 169, 119, 71, 63, 59 };
    sim_lora_t lora;
    sim_chip_lora_settings(chip, &lora);
    return lora.bandwidth_code < 10 ? ready_us[lora.bandwidth_code] * 1000u : 0;
}

// Errata 2.1 and 2.3 of the SX1276.
static bool errata_applied(sim_chip_t *chip, const sim_lora_t *lora) {
    const sim_chip_state_t *state = sim_chip_state(chip);
    const uint8_t *reg = state->lora;
    uint32_t hz = state->frequency;
    bool wide = lora->bandwidth_code == 9;
    bool high = hz >= 862000000;
    bool low = hz >= 410000000 && hz <= 525000000;
    if (wide && (high || low)) {
        if (reg[LORA_HIGH_BW1] != 0x02 || reg[LORA_HIGH_BW2] != (high ? 0x64 : 0x7f)) {
            return false;
        }
    } else if (reg[LORA_HIGH_BW1] != 0x03) {
        return false;
    }
    if (state->mode == MODE_TX) {
        return true;
    }
    bool automatic = reg[LORA_DETECT_OPTIMIZE] & 0x80;
    uint8_t if_freq = lora->bandwidth_code == 0 ? 0x48 : lora->bandwidth_code <= 5 ? 0x44 : 0x40;
    return wide ? automatic : !automatic && reg[LORA_IF_FREQ1] == if_freq && reg[LORA_IF_FREQ2] == 0;
}

bool sim_chip_lora_check(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    sim_lora_t lora;
    sim_chip_lora_settings(chip, &lora);
    if (lora.continuous && state->mode == MODE_TX) {
        return true; // a carrier: the modem's settings mean nothing
    }
    if (!lora.valid) {
        sim_chip_break(chip, SIM_RULE_RESERVED);
        return false;
    }
    bool six = lora.sf == 6;
    bool six_settings = (state->lora[LORA_DETECT_OPTIMIZE] & 7) == 5 && state->lora[LORA_DETECTION_THRESHOLD] == 0x0c;
    if (six ? !lora.implicit || !six_settings : (state->lora[LORA_DETECT_OPTIMIZE] & 7) != 3 || state->lora[LORA_DETECTION_THRESHOLD] != 0x0a) {
        sim_chip_break(chip, SIM_RULE_SF6);
    }
    if (lora.symbol_ns > 16000000 && !lora.low_rate) {
        sim_chip_break(chip, SIM_RULE_LOW_RATE);
    }
    if (chip->kind == SIM_SX1276 && !errata_applied(chip, &lora)) {
        sim_chip_break(chip, SIM_RULE_ERRATUM);
    }
    bool length_matters = state->mode == MODE_TX || (lora.implicit && state->mode != MODE_CAD);
    if (length_matters && state->lora[LORA_PAYLOAD_LENGTH] == 0) {
        sim_chip_break(chip, SIM_RULE_PAYLOAD_LENGTH);
        return false;
    }
    return true;
}
