// The schedule against recorded procedures of another implementation: the same
// frames at the same times; frequencies in the same relations; the same counters in
// the store, but before the first frame instead of after the last.
// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sigfox_rig.h"

#define WANT_TRACES
#include "sigfox_vectors.h"

#define NUMBER(table) (sizeof(table) / sizeof((table)[0]))
#define TOLERANCE_US (3) // the traces are rounded to microseconds

static const uint8_t kinds[] = {
    [SEND] = RIG_SEND, [SENT] = RIG_SENT, [SENSE] = RIG_SENSE, [CLEAR] = RIG_CLEAR,
    [LISTEN] = RIG_RECEIVE, [FRAME] = RIG_FRAME, [NOTHING] = RIG_NOTHING, [STORED] = RIG_STORED,
};

static bool near_to(uint64_t a, uint64_t b) {
    return a + TOLERANCE_US >= b && b + TOLERANCE_US >= a;
}

static void set_up(rig_t *rig, const trace_t *trace) {
    rig_start(rig, trace->zone, trace->stored);
    rig->device = trace->device;
    sigfox_schedule_settings_t settings = rig->schedule.settings;
    settings.bit_rate = trace->bit_rate;
    settings.gap_ms = trace->gap_ms;
    settings.confirm_ms = trace->confirm_ms;
    settings.health = (sigfox_frame_health_t) { 3300, 3100, 215 }; // as in the vectors' control messages
    CHECK(sigfox_schedule_configure(&rig->schedule, &settings) == 0, "the trace's settings are allowed");
    static const uint8_t answer[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
    memcpy(rig->answer, answer, sizeof(answer));
    // All frames before the last that the trace got were not for this device.
    int frames = 0;
    for (int i = 0; i < trace->number; ++i) {
        frames += trace->events[i].kind == FRAME;
    }
    for (int i = 0; i < frames; ++i) {
        rig->replies[i] = trace->downlink && i + 1 == frames ? RIG_ANSWER : RIG_FOREIGN;
    }
}

static const trace_event_t *next_event(const trace_t *trace, int *at, bool stored) {
    while (*at < trace->number) {
        const trace_event_t *event = &trace->events[(*at)++];
        if ((event->kind == STORED) == stored) {
            return event;
        }
    }
    return NULL;
}

// first_hz and window belong to the trace: what both sides count from.
static void compare(const rig_event_t *ours, const trace_event_t *theirs, uint64_t begin_us, uint64_t window_us) {
    CHECK(ours->kind == kinds[theirs->kind], "the same thing happens next");
    CHECK(near_to(ours->at_us - begin_us, theirs->at_us), "at the same time");
    if (theirs->kind == SEND) {
        CHECK(ours->len == theirs->bits.len && memcmp(ours->bits, theirs->bits.data, ours->len) == 0, "the same bits");
    } else if (theirs->kind == SENSE) {
        CHECK(ours->hz == theirs->hz && ours->value == theirs->value, "on the same channel, with the same threshold");
        CHECK(ours->until_us - ours->at_us == theirs->ms * 1000ull, "for as long at most");
    } else if (theirs->kind == LISTEN) {
        CHECK(near_to(ours->until_us - begin_us, window_us + theirs->ms * 1000ull), "to the same end of the window");
    }
}

static int64_t relative(const rig_t *rig, const trace_t *trace, int at_ours, int at_theirs, bool ours) {
    const rig_event_t *first = rig_find(rig, RIG_SEND, 0);
    for (int i = 0; i < trace->number; ++i) {
        if (trace->events[i].kind == SEND) {
            return ours ? (int64_t)rig->log[at_ours].hz - first->hz : (int64_t)trace->events[at_theirs].hz - trace->events[i].hz;
        }
    }
    abort();
}

// Frames 2 and 3 of a request, and the window, lie at fixed distances from frame 1.
static bool is_fixed(const trace_t *trace, const trace_event_t *event, int sends) {
    return event->kind == LISTEN || (event->kind == SEND && trace->asks && (sends == 1 || sends == 2));
}

static void run(const trace_t *trace) {
    rig_t rig;
    set_up(&rig, trace);
    sigfox_schedule_message_t message = {
        .type = trace->keep_alive ? SIGFOX_FRAME_KEEP_ALIVE : SIGFOX_FRAME_BYTES, .repeats = (uint8_t)(trace->frames - 1),
        .downlink = trace->asks, .payload = trace->payload.data, .len = trace->payload.len,
    };
    uint64_t begin_us = rig.now_us;
    CHECK(rig_send(&rig, &message) == 0, "the message starts");
    CHECK(rig.schedule.report.downlink == trace->downlink, "a downlink comes when it came there");
    CHECK(rig.schedule.report.confirmed == trace->confirmed, "and is confirmed");
    CHECK(rig.result.result == (trace->asks && !trace->downlink ? SIGFOX_SCHEDULE_NO_DOWNLINK : SIGFOX_SCHEDULE_OK), "the same result");
    int at = 0;
    int sends = 0;
    uint64_t window_us = 0;
    for (int i = 0; i < rig.logged; ++i) {
        if (rig.log[i].kind == RIG_STORED || rig.log[i].kind == RIG_DELIVER) {
            continue;
        }
        const trace_event_t *theirs = next_event(trace, &at, false);
        CHECK(theirs != NULL, "nothing more happens than there");
        if (theirs == NULL) {
            return;
        }
        window_us = theirs->kind == LISTEN && window_us == 0 ? theirs->at_us : window_us;
        compare(&rig.log[i], theirs, begin_us, window_us);
        if (is_fixed(trace, theirs, sends)) {
            CHECK(relative(&rig, trace, i, at - 1, true) == relative(&rig, trace, i, at - 1, false), "at the same distance from frame 1");
        }
        sends += theirs->kind == SEND;
    }
    CHECK(next_event(trace, &at, false) == NULL, "nothing less happens than there");
    at = 0;
    for (int n = 0; rig_find(&rig, RIG_STORED, n) != NULL; ++n) {
        const trace_event_t *theirs = next_event(trace, &at, true);
        CHECK(theirs != NULL && theirs->value == rig_find(&rig, RIG_STORED, n)->value, "the same counters are stored");
    }
    CHECK(next_event(trace, &at, true) == NULL, "all of them");
}

int main(void) {
    for (size_t i = 0; i < NUMBER(traces); ++i) {
        int failures = check_failures;
        run(&traces[i]);
        if (check_failures != failures) {
            printf("    in %s\n", traces[i].name);
        }
    }
    return check_result();
}
