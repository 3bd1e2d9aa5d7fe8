// The flash sector with which Pycom gave its boards their identity: LPWAN address,
// Sigfox number and keys. Only read.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_ESP32_ESP32_SECTOR_H
#define USOCKET_PORTS_ESP32_ESP32_SECTOR_H

#include <stddef.h>

#define ESP32_SECTOR_ADDRESS (0x3ff000)

// Its first bytes. -NET_ENOENT: not a board of Pycom's (USOCKET_PYCOM_SECTOR).
// -NET_EIO: the flash cannot be read.
int esp32_sector_read(void *buf, size_t len);

#endif // USOCKET_PORTS_ESP32_ESP32_SECTOR_H
