// What was on the air in the last hour, for zones with a duty cycle.
// SPDX-License-Identifier: MIT
#include "sigfox/sigfox_duty.h"

#include <string.h>

#include "sigfox/sigfox_zone.h"

static void drop(sigfox_duty_t *duty, int at) {
    --duty->number;
    size_t rest = (size_t)(duty->number - at);
    memmove(&duty->end_ms[at], &duty->end_ms[at + 1], rest * sizeof(duty->end_ms[0]));
    memmove(&duty->air_ms[at], &duty->air_ms[at + 1], rest * sizeof(duty->air_ms[0]));
}

// Forget what ended an hour ago. Ages fit 32 bits: nothing older stays.
static void settle(sigfox_duty_t *duty, uint64_t now_ms) {
    if (now_ms > duty->latest_ms) {
        if (now_ms - duty->latest_ms >= SIGFOX_ZONE_HOUR_MS) {
            duty->number = 0;
        }
        duty->latest_ms = now_ms;
    }
    while (duty->number > 0 && (uint32_t)duty->latest_ms - duty->end_ms[0] >= SIGFOX_ZONE_HOUR_MS) {
        drop(duty, 0);
    }
}

static uint32_t start(const sigfox_duty_t *duty, int at) {
    return duty->end_ms[at] - duty->air_ms[at];
}

static void join_closest(sigfox_duty_t *duty) {
    int best = 0;
    uint32_t best_gap = UINT32_MAX;
    for (int i = 0; i + 1 < duty->number; ++i) {
        uint32_t gap = start(duty, i + 1) - duty->end_ms[i];
        if (gap < best_gap) {
            best = i;
            best_gap = gap;
        }
    }
    duty->air_ms[best + 1] = (uint16_t)(duty->air_ms[best + 1] + duty->air_ms[best]);
    drop(duty, best);
}

void sigfox_duty_add(sigfox_duty_t *duty, uint64_t end_us, uint32_t air_us) {
    uint64_t end_ms = (end_us + 999) / 1000;
    settle(duty, end_ms);
    if (duty->number == SIGFOX_DUTY_FRAMES) {
        join_closest(duty);
    }
    duty->end_ms[duty->number] = (uint32_t)end_ms;
    duty->air_ms[duty->number] = (uint16_t)((air_us + 999) / 1000);
    ++duty->number;
}

// What of this frame lies in the hour that ends now.
static uint32_t inside(const sigfox_duty_t *duty, int at) {
    uint32_t left = SIGFOX_ZONE_HOUR_MS - ((uint32_t)duty->latest_ms - duty->end_ms[at]);
    return left < duty->air_ms[at] ? left : duty->air_ms[at];
}

uint32_t sigfox_duty_used_ms(sigfox_duty_t *duty, uint64_t now_us) {
    settle(duty, now_us / 1000);
    uint32_t used = 0;
    for (int i = 0; i < duty->number; ++i) {
        used += inside(duty, i);
    }
    return used;
}

uint64_t sigfox_duty_when(sigfox_duty_t *duty, uint64_t now_us, uint32_t air_ms, uint32_t limit_ms) {
    if (air_ms > limit_ms) {
        return UINT64_MAX;
    }
    uint32_t room = limit_ms - air_ms;
    uint32_t used = sigfox_duty_used_ms(duty, now_us);
    if (used <= room) {
        return now_us;
    }
    uint32_t excess = used - room;
    int at = 0;
    while (inside(duty, at) < excess) {
        excess -= inside(duty, at++);
    }
    // Frame at must be out of the hour but for inside - excess of its end.
    uint32_t keep = inside(duty, at) - excess;
    uint32_t age = (uint32_t)duty->latest_ms - duty->end_ms[at];
    return (duty->latest_ms + (SIGFOX_ZONE_HOUR_MS - keep - age)) * 1000;
}
