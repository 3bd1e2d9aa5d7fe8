// What was on the air in the last hour, for zones with a duty cycle.
//
// Pure. The account is the caller's, zeroed before its first use, and is lost with
// the RAM: a device that restarts within the hour starts from nothing.
//
// The window slides: at no time does the hour that ends then hold more than the
// limit, if frames are only sent when sigfox_duty_when() allows it. 32 frames are
// kept one by one, more than 1 % of an hour holds at 100 bit/s. Beyond that (600
// bit/s) neighbours are joined into one as long as both that ends with the later:
// air time then comes back later than it might, never earlier.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_SIGFOX_SIGFOX_DUTY_H
#define USOCKET_SIGFOX_SIGFOX_DUTY_H

#include <stdint.h>

#define SIGFOX_DUTY_FRAMES (32)

typedef struct {
    uint64_t latest_ms; // the last call
    uint32_t end_ms[SIGFOX_DUTY_FRAMES]; // low 32 bits; oldest first
    uint16_t air_ms[SIGFOX_DUTY_FRAMES];
    uint8_t number;
} sigfox_duty_t;

// A frame of air_us ended at end_us. In the order of time.
void sigfox_duty_add(sigfox_duty_t *duty, uint64_t end_us, uint32_t air_us);

// Air time, in ms, of the hour that ends now, each frame rounded up.
uint32_t sigfox_duty_used_ms(sigfox_duty_t *duty, uint64_t now_us);

// The first time, from now on, at which air_ms more may begin without the hour ever
// holding more than limit_ms. UINT64_MAX when air_ms is more than the limit.
uint64_t sigfox_duty_when(sigfox_duty_t *duty, uint64_t now_us, uint32_t air_ms, uint32_t limit_ms);

#endif // USOCKET_SIGFOX_SIGFOX_DUTY_H
