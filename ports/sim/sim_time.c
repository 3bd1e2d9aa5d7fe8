// Simulated time: a sorted list of events.
// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "sim_time.h"

static sim_event_t *first;
static uint64_t now_ns;

void sim_time_reset(void) {
    first = NULL;
    now_ns = 0;
}

uint64_t sim_time_now(void) {
    return now_ns;
}

void sim_time_cancel(sim_event_t *event) {
    // By the list, not by its flag: after a reset the flag may be stale.
    for (sim_event_t **at = &first; *at != NULL; at = &(*at)->next) {
        if (*at == event) {
            *at = event->next;
            break;
        }
    }
    event->queued = false;
    event->next = NULL;
}

void sim_time_at(sim_event_t *event, uint64_t at_ns) {
    sim_time_cancel(event);
    if (at_ns == SIM_NEVER) {
        return;
    }
    sim_event_t **at = &first;
    while (*at != NULL && (*at)->at_ns <= at_ns) {
        at = &(*at)->next;
    }
    event->at_ns = at_ns;
    event->queued = true;
    event->next = *at;
    *at = event;
}

uint64_t sim_time_next(void) {
    return first == NULL ? SIM_NEVER : first->at_ns;
}

void sim_time_advance(uint64_t to_ns) {
    while (first != NULL && first->at_ns <= to_ns) {
        sim_event_t *event = first;
        first = event->next;
        event->next = NULL;
        event->queued = false;
        if (event->at_ns > now_ns) {
            now_ns = event->at_ns;
        }
        event->fire(event);
    }
    if (to_ns > now_ns && to_ns != SIM_NEVER) {
        now_ns = to_ns;
    }
}
