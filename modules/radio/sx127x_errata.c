// What the errata sheets ask for with the LoRa modem. 2.1: sensitivity at 500 kHz.
// 2.3: spurious reception. Both of the SX1276; the SX1272 has the second as 2.2,
// with the automatic intermediate frequency on.
// SPDX-License-Identifier: MIT
#include "radio/sx127x.h"

#define AUTOMATIC_IF (0x80)
#define DETECT_RESERVED (0x40)

// Below 62.5 kHz the receiver is tuned up by one bandwidth, since the intermediate
// frequency is moved.
uint32_t sx127x_errata_rx_frequency(const radio_modulation_t *modulation) {
    static const uint16_t shifts[] = { 7810, 10420, 15620, 20830, 31250, 41670 };
    uint8_t bw = modulation->lora.bw;
    bool shifted = sx127x.chip == RADIO_CHIP_SX1276 && bw < RADIO_BW_62K5;
    return modulation->frequency + (shifted ? shifts[bw] : 0);
}

static void wide(uint32_t frequency) {
    if (frequency >= 862000000) {
        sx127x_set(REG_HIGH_BW_OPTIMIZE1, 0x02);
        sx127x_set(REG_HIGH_BW_OPTIMIZE2, 0x64);
    } else if (frequency >= 410000000 && frequency <= 525000000) {
        sx127x_set(REG_HIGH_BW_OPTIMIZE1, 0x02);
        sx127x_set(REG_HIGH_BW_OPTIMIZE2, 0x7f);
    } else {
        sx127x_set(REG_HIGH_BW_OPTIMIZE1, 0x03);
    }
}

static void narrow(uint8_t bw) {
    sx127x_set(REG_HIGH_BW_OPTIMIZE1, 0x03);
    uint8_t if_freq = 0x40;
    if (bw == RADIO_BW_7K8) {
        if_freq = 0x48;
    } else if (bw < RADIO_BW_62K5) {
        if_freq = 0x44;
    }
    sx127x_set(REG_IF_FREQ1, if_freq);
    sx127x_set(REG_IF_FREQ1 + 1, 0x00);
}

void sx127x_errata_lora(const radio_modulation_t *modulation) {
    const radio_lora_t *lora = &modulation->lora;
    uint8_t detect = DETECT_RESERVED | (lora->sf == 6 ? 5 : 3);
    bool automatic = sx127x.chip == RADIO_CHIP_SX1272 || lora->bw == RADIO_BW_500K;
    sx127x_set(REG_DETECT_OPTIMIZE, automatic ? detect | AUTOMATIC_IF : detect);
    if (sx127x.chip == RADIO_CHIP_SX1272) {
        return;
    }
    if (lora->bw == RADIO_BW_500K) {
        wide(modulation->frequency);
    } else {
        narrow(lora->bw);
    }
}
