// Downlink frames: from the bytes a receiver took off the air to the payload.
//
// Pure: any thread, nothing kept. What the receiver must be set to stands here too.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_SIGFOX_SIGFOX_DOWNLINK_H
#define USOCKET_SIGFOX_SIGFOX_DOWNLINK_H

#include <stdint.h>

#include "sigfox/sigfox_device.h"

// 2-GFSK after a preamble of AA bytes; no CRC, whitening or address in hardware.
#define SIGFOX_DOWNLINK_BIT_RATE (600)
#define SIGFOX_DOWNLINK_DEVIATION (800) // Hz
#define SIGFOX_DOWNLINK_SYNC (0xb227) // most significant byte first
#define SIGFOX_DOWNLINK_FRAME_SIZE (15) // what follows the sync word
#define SIGFOX_DOWNLINK_PAYLOAD_SIZE (8)

// Take the whitening off, correct up to one bit of each of the eight code words
// (so any burst of eight bits), check CRC and authentication. counter is that of
// the uplink which asked. Returns the number of corrected code words, 0..8.
// -NET_EINVAL: CRC wrong. -NET_EACCES: CRC right, but not for this device, key and
// counter. -NET_EIO: the cipher refused. payload is then unchanged; the first two
// mean "go on listening".
int sigfox_downlink_decode(const sigfox_device_t *device, uint16_t counter, const uint8_t frame[SIGFOX_DOWNLINK_FRAME_SIZE], uint8_t payload[SIGFOX_DOWNLINK_PAYLOAD_SIZE]);

#endif // USOCKET_SIGFOX_SIGFOX_DOWNLINK_H
