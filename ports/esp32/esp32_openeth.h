// The Ethernet of QEMU's ESP32 (CONFIG_ETH_USE_OPENETH), which MicroPython's network.LAN
// does not offer.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_ESP32_ESP32_OPENETH_H
#define USOCKET_PORTS_ESP32_ESP32_OPENETH_H

// As inet_port_start(): brings the interface up, with an address by DHCP, and waits for
// that some seconds in all. 0 in firmware without it.
int esp32_openeth_start(void);

#endif // USOCKET_PORTS_ESP32_ESP32_OPENETH_H
