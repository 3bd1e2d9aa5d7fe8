// Who the device is: its number and its key in the Sigfox network.
// SPDX-License-Identifier: MIT
#include "sigfox/sigfox_device.h"

#include <stddef.h>

const uint8_t sigfox_device_public_key[SIGFOX_DEVICE_KEY_SIZE] = {
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff
};

bool sigfox_device_provisioned(const sigfox_device_t *device) {
    uint8_t any = 0;
    uint8_t all = 0xff;
    for (size_t i = 0; i < SIGFOX_DEVICE_KEY_SIZE; ++i) {
        any |= device->key[i];
        all &= device->key[i];
    }
    return device->id != 0 && device->id != UINT32_MAX && any != 0 && all != 0xff;
}

void sigfox_device_id_bytes(const sigfox_device_t *device, uint8_t out[4]) {
    for (int i = 0; i < 4; ++i) {
        out[i] = (uint8_t)(device->id >> (8 * i));
    }
}
