// What a port tells of the firmware that was on the board before: Pycom's boards
// carry number and key in a sector of their flash, and the message counter in NVS.
// Read-only; a port without any of it answers -NET_ENOENT.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_SIGFOX_SIGFOX_PORT_H
#define USOCKET_SIGFOX_SIGFOX_PORT_H

#include <stddef.h>
#include <stdint.h>

#define SIGFOX_PORT_SECTOR_SIZE (52)

// The first bytes of Pycom's configuration sector (flash address 0x3FF000): LPWAN
// MAC 8, Sigfox number 4 (most significant first), PAC 8, key 16, public key 16.
int sigfox_port_sector(uint8_t out[SIGFOX_PORT_SECTOR_SIZE]);

// NVS namespace SFX_NVM.
typedef struct {
    uint16_t counter; // SFX_SEQ
    uint16_t random; // SFX_PN
    int16_t rssi_offset; // SFX_RSSI
    int16_t frequency_offset; // SFX_FREQ
} sigfox_port_nvm_t;
int sigfox_port_nvm(sigfox_port_nvm_t *out);

#endif // USOCKET_SIGFOX_SIGFOX_PORT_H
