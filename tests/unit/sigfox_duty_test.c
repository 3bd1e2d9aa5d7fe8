// The air-time account against a plain list of everything that was sent.
// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <stddef.h>

#include "check.h"
#include "sigfox/sigfox_duty.h"

#define HOUR (3600000ull)
#define LIMIT (36000)
#define LIST (20000)

static struct {
    uint64_t start_ms;
    uint64_t end_ms;
} list[LIST];
static size_t listed;

static uint32_t next_random(void) {
    static uint64_t state = 7;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 32);
}

static uint64_t list_used(uint64_t now_ms) {
    uint64_t from = now_ms < HOUR ? 0 : now_ms - HOUR;
    uint64_t used = 0;
    for (size_t i = 0; i < listed; ++i) {
        uint64_t start = list[i].start_ms > from ? list[i].start_ms : from;
        uint64_t end = list[i].end_ms < now_ms ? list[i].end_ms : now_ms;
        used += end > start ? end - start : 0;
    }
    return used;
}

static void send(sigfox_duty_t *duty, uint64_t start_ms, uint32_t air_ms) {
    list[listed].start_ms = start_ms;
    list[listed++].end_ms = start_ms + air_ms;
    sigfox_duty_add(duty, (start_ms + air_ms) * 1000, air_ms * 1000);
}

// Sends for a day, at random times or as soon as is allowed, and checks each answer.
static void one_day(uint32_t air_ms, uint32_t pause_ms, bool exact) {
    sigfox_duty_t duty = { 0 };
    uint64_t now = 5 * HOUR + next_random() % 1000;
    uint64_t begin = now;
    listed = 0;
    int early = 0;
    int late = 0;
    int over = 0;
    while (now < begin + 24 * HOUR && listed < LIST) {
        uint64_t when = sigfox_duty_when(&duty, now * 1000, air_ms, LIMIT) / 1000;
        early += list_used(when) + air_ms > LIMIT;
        late += exact && when > now && list_used(when - 1) + air_ms <= LIMIT;
        send(&duty, when, air_ms);
        now = when + air_ms;
        over += list_used(now) > LIMIT;
        now += pause_ms == 0 ? 0 : next_random() % pause_ms;
    }
    CHECK(early == 0 && over == 0, "no hour ever holds more than the limit");
    CHECK(late == 0, "air time comes back in the first millisecond that allows it");
    uint64_t sum = (uint64_t)listed * air_ms;
    CHECK(pause_ms != 0 || sum > 24 * LIMIT * 9 / 10, "who sends as soon as possible gets the air time of the day");
}

static void the_hour_slides(void) {
    one_day(2080, 0, true);
    one_day(2080, 60000, true);
    one_day(1120, 0, true);
    one_day(1760, 3000000, true);
}

static void fast_frames_are_joined_and_stay_legal(void) {
    one_day(187, 0, false);
    one_day(347, 10000, false);
}

static void nothing_fits_that_is_over_the_limit(void) {
    sigfox_duty_t duty = { 0 };
    CHECK(sigfox_duty_when(&duty, 1000, LIMIT, LIMIT) == 1000, "a whole hour's share fits at the start");
    CHECK(sigfox_duty_when(&duty, 1000, LIMIT + 1, LIMIT) == UINT64_MAX, "more never fits");
}

static void a_long_silence_is_not_mistaken_for_a_short_one(void) {
    sigfox_duty_t duty = { 0 };
    sigfox_duty_add(&duty, 10000000, 2080000);
    uint64_t wrap_us = (1ull << 32) * 1000; // 49.7 days: the 32-bit times come round
    CHECK(sigfox_duty_used_ms(&duty, 10000000 + 1000) == 2080, "a moment later it is all there");
    CHECK(sigfox_duty_used_ms(&duty, 10000000 + wrap_us) == 0, "50 days later it is gone");
    duty = (sigfox_duty_t) { 0 };
    sigfox_duty_add(&duty, wrap_us - 1000000, 2080000);
    CHECK(sigfox_duty_used_ms(&duty, wrap_us + 1000000) == 2080, "the turn of the clock changes nothing");
    CHECK(sigfox_duty_used_ms(&duty, wrap_us - 1000000 + HOUR * 1000 - 1000000) == 1000, "a frame leaves the hour bit by bit");
}

int main(void) {
    the_hour_slides();
    fast_frames_are_joined_and_stay_legal();
    nothing_fits_that_is_over_the_limit();
    a_long_silence_is_not_mistaken_for_a_short_one();
    return check_result();
}
