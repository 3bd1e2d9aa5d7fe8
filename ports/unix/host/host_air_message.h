// The messages between firmwares and the hub of their air (tools/fw.py air), as
// docs/simulation.md has them: one UDP datagram each, little-endian.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_AIR_MESSAGE_H
#define USOCKET_PORTS_UNIX_HOST_AIR_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host_sim.h"
#include "sim_air.h"

#define HOST_AIR_VERSION (1)
#define HOST_AIR_MESSAGE_MAX (512)

typedef enum {
    HOST_AIR_JOIN = 1, // to the hub: I am here; again every few seconds
    HOST_AIR_WELCOME = 2, // from the hub: your number, and the time
    HOST_AIR_TIME = 3, // from the hub: how simulated time runs from now on
    HOST_AIR_FRAME = 4, // both ways: a frame begins, or has ended
    HOST_AIR_FATE = 5, // to the hub: what became of a frame at a receiver
    HOST_AIR_BYE = 6, // to the hub: I leave
    // 7 and 8 are a client's
    HOST_AIR_REACHED = 9, // to the hub: so far my time has moved
    HOST_AIR_LIMIT = 10, // from the hub: nobody passes this time
} host_air_type_t;

typedef struct {
    char name[16];
    int32_t x_m, y_m;
    uint16_t participant; // 0: a new one; else what a hub has said before
} host_air_join_t;

typedef struct {
    uint16_t participant;
    uint32_t seed;
    uint32_t sequence; // a TIME with a lower one is old
    uint64_t lateness_ns;
    host_sim_time_t time;
} host_air_time_t;

// Which moment of its life a frame message tells.
typedef enum { HOST_AIR_BEGINS, HOST_AIR_COMPLETE, HOST_AIR_CUT } host_air_stage_t;

typedef struct {
    uint8_t stage; // host_air_stage_t
    int32_t x_m, y_m; // the sender's place
    sim_air_frame_t frame;
} host_air_frame_t;

typedef struct {
    uint32_t receiver, source, number;
    uint8_t fate; // sim_air_fate_t
    int16_t rssi_x10, snr_x10;
} host_air_fate_t;

// Each answers the length that it wrote to out.
size_t host_air_put_join(uint8_t out[HOST_AIR_MESSAGE_MAX], const host_air_join_t *join);
size_t host_air_put_frame(uint8_t out[HOST_AIR_MESSAGE_MAX], const host_air_frame_t *frame);
size_t host_air_put_fate(uint8_t out[HOST_AIR_MESSAGE_MAX], const host_air_fate_t *fate);
size_t host_air_put_bye(uint8_t out[HOST_AIR_MESSAGE_MAX]);
size_t host_air_put_reached(uint8_t out[HOST_AIR_MESSAGE_MAX], uint64_t sim_ns);

// The type of a message; 0 when it is none, or of another version.
int host_air_type(const uint8_t *message, size_t len);
// False when the message is too short or says what cannot be.
bool host_air_get_time(const uint8_t *message, size_t len, host_air_time_t *time);
bool host_air_get_frame(const uint8_t *message, size_t len, host_air_frame_t *frame);
bool host_air_get_limit(const uint8_t *message, size_t len, uint64_t *sim_ns);

#endif // USOCKET_PORTS_UNIX_HOST_AIR_MESSAGE_H
