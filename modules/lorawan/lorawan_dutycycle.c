// Air time per band over a sliding hour.
//
// The hour is kept as 13 slots of 5 minutes, the current one included, so that every
// hour that contains "now" lies within them: the limit holds in each of them exactly.
// A silent device may therefore use its whole budget at once.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

#include <string.h>

#define SLOT_US (300 * LORAWAN_SECOND_US)
#define UNIT_US (5000)
#define HOUR_UNITS (3600000000u / UNIT_US)
#define BAND_STEP_HZ (50000)

int lorawan_dutycycle_band(const lorawan_t *l, uint32_t frequency_hz) {
    for (int i = 0; i < l->region->band_count; ++i) {
        const lorawan_band_t *band = &l->region->bands[i];
        if (frequency_hz >= band->from_50khz * (uint32_t)BAND_STEP_HZ &&
            frequency_hz < band->to_50khz * (uint32_t)BAND_STEP_HZ) {
            return i;
        }
    }
    return -1;
}

// Forget the slots that have left the window.
static void move_to(lorawan_t *l, uint64_t now_us) {
    uint32_t slot = (uint32_t)(now_us / SLOT_US);
    for (int left = LORAWAN_DUTY_SLOTS; l->duty.slot < slot && left > 0; --left) {
        l->duty.slot = left == 1 ? slot : l->duty.slot + 1;
        for (int band = 0; band < LORAWAN_BANDS; ++band) {
            l->duty.used[band][l->duty.slot % LORAWAN_DUTY_SLOTS] = 0;
        }
    }
}

static uint32_t units(uint32_t airtime_us) {
    return (airtime_us + UNIT_US - 1) / UNIT_US;
}

static uint64_t band_allowed(lorawan_t *l, uint32_t frequency_hz, uint32_t airtime_us, uint64_t now_us) {
    int band = lorawan_dutycycle_band(l, frequency_hz);
    if (band < 0) {
        return now_us;
    }
    move_to(l, now_us);
    const uint16_t *used = l->duty.used[band];
    uint32_t budget = HOUR_UNITS / 1000 * l->region->bands[band].permille;
    uint32_t sum = units(airtime_us);
    for (int i = 0; i < LORAWAN_DUTY_SLOTS; ++i) {
        sum += used[i];
    }
    uint64_t at = now_us;
    uint64_t slot = l->duty.slot;
    for (uint64_t i = 1; sum > budget && i <= LORAWAN_DUTY_SLOTS; ++i) { // the oldest leave first
        sum -= used[(slot + i) % LORAWAN_DUTY_SLOTS];
        at = (slot + i) * SLOT_US;
    }
    return sum > budget ? LORAWAN_FOREVER : at;
}

uint64_t lorawan_dutycycle_allowed(lorawan_t *l, uint32_t frequency_hz, uint32_t airtime_us, uint64_t now_us) {
    bool regional = !l->config.no_duty_cycle || l->op == LORAWAN_OP_JOIN;
    uint64_t at = regional ? band_allowed(l, frequency_hz, airtime_us, now_us) : now_us;
    return at > l->free_us ? at : l->free_us;
}

void lorawan_dutycycle_used(lorawan_t *l, uint32_t frequency_hz, uint32_t airtime_us, uint64_t end_us) {
    int band = lorawan_dutycycle_band(l, frequency_hz);
    if (band >= 0) {
        move_to(l, end_us);
        uint16_t *used = &l->duty.used[band][l->duty.slot % LORAWAN_DUTY_SLOTS];
        uint32_t sum = *used + units(airtime_us);
        *used = (uint16_t)(sum < UINT16_MAX ? sum : UINT16_MAX);
    }
    // DutyCycleReq (5.2): over all bands, silent for 2^n - 1 air times.
    l->free_us = end_us + (uint64_t)airtime_us * ((1u << l->record.max_duty) - 1);
}
