// Simulated time: a clock and the events that are due, in nanoseconds. Pure and
// single-threaded; a port with threads wraps it in a lock (ports/unix/host).
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_SIM_SIM_TIME_H
#define USOCKET_PORTS_SIM_SIM_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_NEVER UINT64_MAX

// Embedded in what it belongs to; zeroed before first use.
typedef struct _sim_event_t sim_event_t;
struct _sim_event_t {
    void (*fire)(sim_event_t *event); // called at its time, no longer queued
    uint64_t at_ns;
    bool queued;
    sim_event_t *next;
};

// Forget all events and start at 0 (they are not touched).
void sim_time_reset(void);
uint64_t sim_time_now(void);
// Queue, or move, an event. A time in the past fires at the next advance. Events
// of one time fire in the order in which they were queued.
void sim_time_at(sim_event_t *event, uint64_t at_ns);
void sim_time_cancel(sim_event_t *event);
// When the next event is due; SIM_NEVER.
uint64_t sim_time_next(void);
// Fire what is due up to a time and make it now. Never goes back. May be called
// from within an event (an SPI transfer takes time); then later events fire first.
void sim_time_advance(uint64_t to_ns);

#endif // USOCKET_PORTS_SIM_SIM_TIME_H
