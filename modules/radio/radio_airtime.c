// Air time by the formula of the datasheets (SX1276 4.1.1.6 and 4.1.1.7; SX1272 has
// the same). SF6 follows it too, unlike the SX126x.
// SPDX-License-Identifier: MIT
#include "radio/radio_airtime.h"

uint8_t radio_airtime_divider(uint8_t bw) {
    static const uint8_t dividers[] = { 64, 48, 32, 24, 16, 12, 8, 4, 2, 1 };
    return dividers[bw];
}

uint32_t radio_airtime_symbol_us(const radio_lora_t *lora) {
    return (2u << lora->sf) * radio_airtime_divider(lora->bw);
}

bool radio_airtime_low_rate(const radio_lora_t *lora) {
    return radio_airtime_symbol_us(lora) > 16000;
}

static uint32_t payload_symbols(const radio_lora_t *lora, size_t len) {
    int sf = lora->sf;
    int bits = 8 * (int)len - 4 * sf + 28 + (lora->crc ? 16 : 0) - (lora->implicit_len != 0 ? 20 : 0);
    int per_block = 4 * (sf - (radio_airtime_low_rate(lora) ? 2 : 0));
    int blocks = bits > 0 ? (bits + per_block - 1) / per_block : 0;
    return 8 + (uint32_t)(blocks * (lora->cr + 4));
}

// Everything comes in quarters of a symbol, and those are whole microseconds.
static uint32_t lora_us(const radio_lora_t *lora, size_t len) {
    uint32_t quarters = 4 * (uint32_t)lora->preamble + 17 + 4 * payload_symbols(lora, len);
    uint64_t us = (uint64_t)quarters * (radio_airtime_symbol_us(lora) / 4);
    return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

// In two steps, since neither bytes times 8,000,000 nor a 64-bit division fits here.
uint32_t radio_airtime_bytes_us(const radio_fsk_t *fsk, uint32_t bytes) {
    uint32_t bits_k = 8000 * bytes;
    uint32_t ms = bits_k / fsk->bit_rate;
    uint32_t us = (1000 * (bits_k % fsk->bit_rate) + fsk->bit_rate - 1) / fsk->bit_rate;
    return 1000 * ms + us;
}

static uint32_t fsk_us(const radio_fsk_t *fsk, size_t len) {
    uint32_t around = (uint32_t)fsk->preamble + fsk->sync_len + (fsk->fixed_len == 0 ? 1 : 0) + (fsk->crc ? 2 : 0);
    return radio_airtime_bytes_us(fsk, around + (uint32_t)len);
}

uint32_t radio_airtime_us(const radio_modulation_t *modulation, size_t len) {
    if (modulation->modem == RADIO_FSK) {
        return fsk_us(&modulation->fsk, len);
    }
    return lora_us(&modulation->lora, len);
}
