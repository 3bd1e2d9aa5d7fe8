// Settings in the radio's terms.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_LORA_LORA_SETTINGS_H
#define USOCKET_LORA_LORA_SETTINGS_H

#include "lora/lora.h"
#include "radio/radio.h"

// How raw frames are sent (tx) or received. Equal settings give equal bytes.
void lora_settings_modulation(const lora_settings_t *settings, bool tx, radio_modulation_t *modulation);

#endif // USOCKET_LORA_LORA_SETTINGS_H
