// Times of frames, in whole microseconds and without division by a variable where
// the chip's own units allow it. Pure.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_RADIO_RADIO_AIRTIME_H
#define USOCKET_RADIO_RADIO_AIRTIME_H

#include "radio/radio.h"

// Bandwidths are 500 kHz divided by this; a chip lasts twice as many microseconds.
uint8_t radio_airtime_divider(uint8_t bw);
uint32_t radio_airtime_symbol_us(const radio_lora_t *lora);
// Are the symbols so long (over 16 ms) that LowDataRateOptimize is needed?
bool radio_airtime_low_rate(const radio_lora_t *lora);
// So many FSK bytes (up to 66000), rounded up.
uint32_t radio_airtime_bytes_us(const radio_fsk_t *fsk, uint32_t bytes);

#endif // USOCKET_RADIO_RADIO_AIRTIME_H
