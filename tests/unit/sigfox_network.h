// The network's side of the Sigfox link, for tests: checks uplinks, makes downlinks.
// Written apart from modules/sigfox, of which it uses the structs only.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_TESTS_UNIT_SIGFOX_NETWORK_H
#define USOCKET_TESTS_UNIT_SIGFOX_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigfox/sigfox_device.h"

typedef enum {
    SIGFOX_NETWORK_OK,
    SIGFOX_NETWORK_NO_FRAME, // preamble, type or length is none
    SIGFOX_NETWORK_BAD_CRC,
    SIGFOX_NETWORK_BAD_MAC,
} sigfox_network_verdict_t;

typedef struct {
    int rank; // 1..3
    bool control;
    int indicator; // the LI field
    bool downlink; // asked for
    uint16_t counter;
    uint32_t id;
    size_t len;
    uint8_t payload[12];
} sigfox_network_uplink_t;

// bits: the whole frame from the preamble on.
sigfox_network_verdict_t sigfox_network_uplink(const uint8_t key[16], const uint8_t *bits, size_t len, sigfox_network_uplink_t *uplink);

// The 15 bytes after the sync word that answer the uplink with this counter.
void sigfox_network_downlink(const sigfox_device_t *device, uint16_t counter, const uint8_t payload[8], uint8_t frame[15]);

#endif // USOCKET_TESTS_UNIT_SIGFOX_NETWORK_H
