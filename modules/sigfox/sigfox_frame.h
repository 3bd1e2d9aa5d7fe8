// Uplink frames: from a message to the bits on the air.
//
// Pure: any thread, nothing kept. The three frames of a message carry the same
// content and counter; they differ in rank: rank 1 is plain, ranks 2 and 3 go
// through a convolution each, so that a receiver can combine them.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_SIGFOX_SIGFOX_FRAME_H
#define USOCKET_SIGFOX_SIGFOX_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigfox/sigfox_device.h"

#define SIGFOX_FRAME_PAYLOAD_MAX (12)
#define SIGFOX_FRAME_SIZE_MAX (26)
#define SIGFOX_FRAME_CONTROL_SIZE (22) // either control message
#define SIGFOX_FRAME_RANKS (3)
#define SIGFOX_FRAME_COUNTER_MASK (0xfff)

typedef enum {
    SIGFOX_FRAME_EMPTY,
    SIGFOX_FRAME_BIT, // one bit, and no payload
    SIGFOX_FRAME_BYTES, // 1..12 bytes
    SIGFOX_FRAME_KEEP_ALIVE, // control: "out of band"
    SIGFOX_FRAME_CONFIRMATION, // control: a downlink has arrived
} sigfox_frame_type_t;

typedef struct {
    uint8_t type; // sigfox_frame_type_t
    uint8_t len; // of payload; 0 for EMPTY and BIT
    bool bit; // BIT: its value
    bool downlink; // an answer is asked for; never in control messages
    uint16_t counter; // 0..4095
    uint8_t payload[SIGFOX_FRAME_PAYLOAD_MAX];
} sigfox_frame_t;

// What control messages tell the network about the device.
typedef struct {
    uint16_t idle_mv; // supply voltage at rest
    uint16_t transmit_mv; // supply voltage while transmitting
    int16_t temperature; // tenths of a degree Celsius
} sigfox_frame_health_t;

// Make *frame a control message; downlink and counter are left alone.
// rssi is in dBm and is cut to what its byte can hold (-228..27).
void sigfox_frame_keep_alive(sigfox_frame_t *frame, const sigfox_frame_health_t *health);
void sigfox_frame_confirmation(sigfox_frame_t *frame, const sigfox_frame_health_t *health, int rssi);

// The number of bytes on the air, preamble included: 14..26; every bit of them is
// sent. -NET_EMSGSIZE: payload over 12 bytes. -NET_EINVAL: a type, length or
// downlink flag that do not go together.
int sigfox_frame_size(const sigfox_frame_t *frame);

// The frame of rank 1..3 as it is sent, most significant bit of each byte first.
// Returns its size as sigfox_frame_size(), or that call's errors, -NET_EINVAL for
// another rank or counter, -NET_EIO when the cipher refused; out is then not usable.
int sigfox_frame_encode(const sigfox_device_t *device, const sigfox_frame_t *frame, int rank, uint8_t out[SIGFOX_FRAME_SIZE_MAX]);

// Differential BPSK: does the phase turn by 180 degrees at the start of bit n of a
// frame? (It does for a 0.) A steady carrier goes before bit 0.
bool sigfox_frame_turns(const uint8_t *data, size_t n);

// CRC-16 with polynomial 0x1021, start 0, inverted at the end ("CRC-16/GSM").
uint16_t sigfox_frame_crc16(const uint8_t *data, size_t len);

#endif // USOCKET_SIGFOX_SIGFOX_FRAME_H
