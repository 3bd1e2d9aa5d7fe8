// Who the device is: its number and its key in the Sigfox network.
//
// Pure: any thread, nothing kept. The struct is the caller's; it holds a secret, so
// it is never printed, and is wiped (crypto_wipe) when it is no longer needed.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_SIGFOX_SIGFOX_DEVICE_H
#define USOCKET_SIGFOX_SIGFOX_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#define SIGFOX_DEVICE_KEY_SIZE (16)

typedef struct {
    uint32_t id; // as printed: 0x00A1B2C3
    uint8_t key[SIGFOX_DEVICE_KEY_SIZE];
} sigfox_device_t;

// The key that test receivers know; the public network does not accept it.
extern const uint8_t sigfox_device_public_key[SIGFOX_DEVICE_KEY_SIZE];

// False for what erased or zeroed memory looks like, in the number or in the key.
bool sigfox_device_provisioned(const sigfox_device_t *device);

// The number in the order in which frames carry it, least significant byte first.
void sigfox_device_id_bytes(const sigfox_device_t *device, uint8_t out[4]);

#endif // USOCKET_SIGFOX_SIGFOX_DEVICE_H
