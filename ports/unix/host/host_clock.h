// The firmware's clock: the PC's, or the simulation's when the firmware is on an
// air with others or a time factor is set. lwIP keeps to the PC's in any case.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_CLOCK_H
#define USOCKET_PORTS_UNIX_HOST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

// Is it the simulation's? Never changes. Costs a look at a variable.
extern int host_clock_decided; // 0 not yet, 1 the PC's, 2 the simulation's
bool host_clock_decide(void);
static inline bool host_clock_simulated(void) {
    int decided = __atomic_load_n(&host_clock_decided, __ATOMIC_ACQUIRE);
    return decided == 0 ? host_clock_decide() : decided == 2;
}

// The rest is for a simulated clock, and starts the simulation.

// Since an unknown moment, never back; and since 1970.
uint64_t host_clock_ns(void);
uint64_t host_clock_unix_ns(void);

// Sleep until then, at most wall_ms of real time; true if it is then.
bool host_clock_sleep(uint64_t until_ns, uint32_t wall_ms);

// What a Python loop that polls sleeps for before it looks again: until the stack
// or the radio has worked, at most a millisecond of the firmware's clock (but at
// least 50 us of real time). For either clock.
void host_clock_poll(void);

// So much of the firmware's clock in milliseconds of real time, at least 1. For
// either clock; NET_FOREVER stays.
uint32_t host_clock_wall_ms(uint32_t ms);

#endif // USOCKET_PORTS_UNIX_HOST_CLOCK_H
