// Settings of raw LoRa: regions, what a user may ask for, what the radio is told.
// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hal/hal.h"
#include "lora/lora_settings.h"

// Limits that the Pycom firmware has for raw LoRa, and its default power.
static const struct {
    char name[8];
    uint8_t region;
    int8_t power;
    int32_t frequency, low, high;
} regions[] = {
    { "AS923", LORA_AS923, 20, 923000000, 915000000, 928000000 },
    { "AU915", LORA_AU915, 20, 915000000, 915000000, 928000000 },
    { "CN470", LORA_CN470, 14, 470000000, 470000000, 510000000 },
    { "EU433", LORA_EU433, 12, 433175000, 433000000, 435000000 },
    { "EU868", LORA_EU868, 14, 868000000, 863000000, 870000000 },
    { "IN865", LORA_IN865, 20, 865000000, 865000000, 867000000 },
    { "US915", LORA_US915, 20, 915000000, 902000000, 928000000 },
    // Not Pycom's: of RP002-1.0.4, 2.
    { "KR920", LORA_KR920, 14, 922100000, 920900000, 923300000 },
    { "RU864", LORA_RU864, 14, 868900000, 864000000, 870000000 },
    { "AS923_2", LORA_AS923_2, 14, 921400000, 920000000, 923000000 },
    { "AS923_3", LORA_AS923_3, 14, 916600000, 915000000, 921000000 },
    { "AS923_4", LORA_AS923_4, 14, 917300000, 917000000, 920000000 },
};

#define REGIONS (sizeof(regions) / sizeof(regions[0]))
#define POWER_MIN (2)
#define RFO_MAX (14)
#define POWER_MAX (20)

__attribute__((format(printf, 2, 3)))
static int refuse(lora_why_t *why, const char *format, ...) {
    if (why != NULL) {
        va_list args;
        va_start(args, format);
        vsnprintf(why->text, sizeof(why->text), format, args);
        va_end(args);
    }
    return -NET_EINVAL;
}

static int find_region(int32_t region) {
    for (size_t i = 0; i < REGIONS; ++i) {
        if (regions[i].region == region) {
            return (int)i;
        }
    }
    return -1;
}

static int refuse_region(lora_why_t *why, int32_t region) {
    return refuse(why, "invalid region %d: AS923 0, AU915 1, CN470 2, EU433 4, EU868 5, KR920 6, IN865 7, US915 8, RU864 9, "
        "AS923_2..4 10..12", (int)region);
}

// The board may have less than the chip.
static int power_max(void) {
    int board = hal_board()->power_max;
    return board >= POWER_MIN && board < POWER_MAX ? board : POWER_MAX;
}

int32_t lora_settings_power_max(int32_t region) {
    int i = find_region(region);
    bool boosted = i < 0 || (uint32_t)regions[i].frequency >= hal_board()->boost_from_hz;
    return boosted || power_max() < RFO_MAX ? power_max() : RFO_MAX;
}

int lora_settings_default(lora_settings_t *settings, int32_t region, lora_why_t *why) {
    int i = find_region(region);
    if (i < 0) {
        return refuse_region(why, region);
    }
    *settings = (lora_settings_t) {
        .region = region,
        .frequency = regions[i].frequency,
        .tx_power = regions[i].power < power_max() ? regions[i].power : power_max(),
        .sf = 7,
        .preamble = 8,
        .coding_rate = 1,
        .tx_retries = 2,
        .public = true,
        .duty_cycle = true,
    };
    return 0;
}

static int check_radio(const lora_settings_t *s, int region, lora_why_t *why) {
    if (s->frequency < regions[region].low || s->frequency > regions[region].high) {
        return refuse(why, "frequency %d out of range %d..%d of %s", (int)s->frequency, (int)regions[region].low,
            (int)regions[region].high, regions[region].name);
    }
    if (s->tx_power < POWER_MIN || s->tx_power > power_max()) {
        return refuse(why, "Tx power %d out of range %d..%d dBm of this board", (int)s->tx_power, POWER_MIN,
            power_max());
    }
    if (s->bandwidth < 0 || s->bandwidth > 2) {
        return refuse(why, "bandwidth %d not supported: 0..2, for 125, 250 and 500 kHz", (int)s->bandwidth);
    }
    if (s->sf == 6) {
        return refuse(why, "spreading factor 6 out of range 7..12: with 6 the chip sends no header");
    }
    if (s->sf < 7 || s->sf > 12) {
        return refuse(why, "spreading factor %d out of range 7..12", (int)s->sf);
    }
    if (s->coding_rate < 1 || s->coding_rate > 4) {
        return refuse(why, "coding rate %d out of range 1..4, for 4/5 to 4/8", (int)s->coding_rate);
    }
    if (s->preamble < 6 || s->preamble > UINT16_MAX) {
        return refuse(why, "preamble %d out of range 6..65535", (int)s->preamble);
    }
    return 0;
}

// US915, AU915: of eight channels; CN470: channel plans.
static int sub_band_max(int32_t region) {
    return region == LORA_US915 || region == LORA_AU915 ? 8 : region == LORA_CN470 ? 4 : 0;
}

int lora_settings_check(const lora_settings_t *s, lora_why_t *why) {
    if (s->mode != LORA_MODE_LORA && s->mode != LORA_MODE_LORAWAN) {
        return refuse(why, "invalid mode %d: 0 is LoRa.LORA, 1 LoRa.LORAWAN", (int)s->mode);
    }
    int region = find_region(s->region);
    if (region < 0) {
        return refuse_region(why, s->region);
    }
    if (s->power_mode < LORA_ALWAYS_ON || s->power_mode > LORA_SLEEP) {
        return refuse(why, "invalid power mode %d: 0..2, for ALWAYS_ON, TX_ONLY and SLEEP", (int)s->power_mode);
    }
    if (s->device_class != LORA_CLASS_A && s->device_class != LORA_CLASS_C) {
        return refuse(why, "invalid device_class %d: 0 or 2, for CLASS_A and CLASS_C", (int)s->device_class);
    }
    if (s->tx_retries < 0 || s->tx_retries > 255) {
        return refuse(why, "tx_retries %d out of range 0..255", (int)s->tx_retries);
    }
    int sub_bands = sub_band_max(s->region);
    if (s->sub_band < 0 || s->sub_band > sub_bands) {
        return refuse(why, "sub_band %d out of range 0..%d of %s", (int)s->sub_band, sub_bands, regions[region].name);
    }
    int ret = check_radio(s, region, why);
    if (ret < 0) {
        return ret;
    }
    radio_modulation_t modulation;
    lora_settings_modulation(s, true, &modulation);
    const char *chip = NULL;
    ret = radio_check(&modulation, &chip);
    return ret < 0 ? refuse(why, "the radio chip refuses: %s", chip) : 0;
}

void lora_settings_modulation(const lora_settings_t *settings, bool tx, radio_modulation_t *modulation) {
    memset(modulation, 0, sizeof(*modulation)); // they are compared as bytes
    modulation->frequency = settings->frequency;
    modulation->modem = RADIO_LORA;
    modulation->lora.sf = settings->sf;
    modulation->lora.bw = RADIO_BW_125K + settings->bandwidth;
    modulation->lora.cr = settings->coding_rate;
    modulation->lora.sync_word = settings->public ? 0x34 : 0x12;
    modulation->lora.preamble = settings->preamble;
    modulation->lora.crc = true;
    modulation->lora.iq_inverted = tx ? settings->tx_iq : settings->rx_iq;
}
