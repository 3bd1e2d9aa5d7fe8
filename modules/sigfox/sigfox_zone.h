// Radio configurations RC1..RC7: what a part of the world prescribes, as constants,
// and where in its band a frame goes.
//
// Pure: any thread, nothing kept. Frequencies are Hz, without the device's own
// calibration, which the caller adds to every one of them.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_SIGFOX_SIGFOX_ZONE_H
#define USOCKET_SIGFOX_SIGFOX_ZONE_H

#include <stdbool.h>
#include <stdint.h>

// Index of the zone table; RC1..RC7 are Pycom's RCZ1 (0) and so on.
typedef enum {
    SIGFOX_ZONE_RC1, // Europe, Middle East, South Africa
    SIGFOX_ZONE_RC2, // USA, Canada, Mexico, Brazil
    SIGFOX_ZONE_RC3, // Japan, with carrier sense
    SIGFOX_ZONE_RC4, // Latin America, Asia Pacific
    SIGFOX_ZONE_RC5, // South Korea
    SIGFOX_ZONE_RC6, // India
    SIGFOX_ZONE_RC7, // Russia
    SIGFOX_ZONE_RC3_LDC, // Japan, low duty cycle instead of carrier sense
    SIGFOX_ZONE_NUMBER
} sigfox_zone_number_t;

// How the zone shares its band.
typedef enum {
    SIGFOX_ZONE_FREE, // no rule
    SIGFOX_ZONE_DUTY_CYCLE, // SIGFOX_ZONE_AIR_MS in any SIGFOX_ZONE_HOUR_MS
    SIGFOX_ZONE_HOPPING, // a micro channel once in SIGFOX_ZONE_PAUSE_MS
    SIGFOX_ZONE_SENSE, // listen before talk
    SIGFOX_ZONE_BURST, // short bursts: SIGFOX_ZONE_BURST_MS when gaps are short
} sigfox_zone_access_t;

#define SIGFOX_ZONE_WIDTH_HZ (192000) // around the centre, less epsilon at both ends
#define SIGFOX_ZONE_HOUR_MS (3600000)
#define SIGFOX_ZONE_AIR_MS (36000) // 1 %
#define SIGFOX_ZONE_PAUSE_MS (20000) // after the last frame, and the memory of a micro channel
#define SIGFOX_ZONE_BURST_MS (4000)
#define SIGFOX_ZONE_BURST_GAP_MS (50) // from this gap on a burst may be longer

#define SIGFOX_ZONE_ASKED_GAP_MS (500) // between frames that ask for a downlink
#define SIGFOX_ZONE_GAP_MAX_MS (2000) // between others
#define SIGFOX_ZONE_CONFIRM_MIN_MS (1400) // from the downlink's end to its confirmation
#define SIGFOX_ZONE_CONFIRM_MAX_MS (4000)

#define SIGFOX_ZONE_SENSE_WIDTH_HZ (200000) // around the uplink centre
#define SIGFOX_ZONE_SENSE_QUIET_MS (5) // below the threshold for so long
#define SIGFOX_ZONE_SENSE_FIRST_MS (5000) // default limit for frame 1
#define SIGFOX_ZONE_SENSE_REST_MS (8000) // from the end of frame 1 to the start of the last

#define SIGFOX_ZONE_MICRO_CHANNELS (6) // usable ones of a macro channel
#define SIGFOX_ZONE_MACRO_CHANNELS (86) // numbered from 1; FCC

typedef struct {
    uint32_t uplink_hz; // centre
    uint32_t downlink_hz; // centre
    uint16_t epsilon_hz; // inaccuracy of device and network
    uint16_t offset_hz; // frames 2 and 3 of a message that asks for a downlink: + and -
    uint16_t bit_rate; // of the public network's uplink: 100 or 600
    uint16_t gap_ms; // usual gap between frames that ask for nothing
    uint16_t window_after_ms; // end of frame 1 to the start of the receive window
    uint16_t window_ms; // its length
    uint8_t access; // sigfox_zone_access_t
    int8_t eirp_max; // dBm
    int8_t sense_dbm; // threshold, SENSE only
} sigfox_zone_t;

// The zone of that number (sigfox_zone_number_t), a constant, or NULL.
const sigfox_zone_t *sigfox_zone(int number);

// What the downlink's frequency is above the first frame's.
int32_t sigfox_zone_downlink_gap(const sigfox_zone_t *zone);

// Is this bit rate one of the zone's? The hopping zones only know 600.
bool sigfox_zone_has_bit_rate(const sigfox_zone_t *zone, int bit_rate);

// What a frame's frequency depends on.
typedef struct {
    uint32_t centre_hz; // the zone's uplink centre, or another macro channel's
    uint8_t used; // bit n: micro channel n is taken (hopping zones)
    bool asks; // the first of three frames that ask for a downlink
} sigfox_zone_draw_t;

// A frequency for a frame; random decides, all of whose values are equally likely.
// The answer keeps the zone's limits; with asks, frames 2 and 3 at the zone's offset
// keep them too. 0 when every micro channel that would do is taken.
uint32_t sigfox_zone_draw(const sigfox_zone_t *zone, const sigfox_zone_draw_t *draw, uint32_t random);

// The bit of sigfox_zone_draw_t.used for this frequency; 0 where zones do not hop.
uint8_t sigfox_zone_micro_bit(const sigfox_zone_t *zone, uint32_t centre_hz, uint32_t hz);

// Centre of an FCC macro channel; channel 0 is the zone's own, which the public
// network listens to. 0 when the zone does not hop or has no such channel.
uint32_t sigfox_zone_macro_hz(const sigfox_zone_t *zone, int channel);

// Macro channel number n (from 0) of a set of three 32-bit words, bit k of them
// being channel k + 1, or 0 when the set has fewer. Bits beyond 86 do not count.
int sigfox_zone_macro_nth(const uint32_t words[3], int n);

#endif // USOCKET_SIGFOX_SIGFOX_ZONE_H
