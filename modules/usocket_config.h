// Version and compile-time settings of the module, with their defaults. A board
// overrides a setting by defining it before (CFLAGS or its own header).
// SPDX-License-Identifier: MIT
#ifndef USOCKET_USOCKET_CONFIG_H
#define USOCKET_USOCKET_CONFIG_H

#define USOCKET_VERSION "0.1.0"

// How long a sleep may keep Ctrl-C and scheduled callbacks waiting, in ms.
#ifndef USOCKET_WAIT_SLICE_MS
#define USOCKET_WAIT_SLICE_MS (100)
#endif

// listen() without an argument: what fits lwIP's queue on an ESP32 (6).
#ifndef USOCKET_BACKLOG_DEFAULT
#define USOCKET_BACKLOG_DEFAULT (5)
#endif

// Start in the mode of socket.compat("pycom"), for Pycom's boards.
#ifndef USOCKET_COMPAT_PYCOM
#define USOCKET_COMPAT_PYCOM (0)
#endif

// network.LoRa() without a region: the number of lora_region_t (EU868 5, US915 8).
#ifndef USOCKET_LORA_REGION
#define USOCKET_LORA_REGION (5)
#endif

// The milliseconds that lwIP shall sleep for, where a port's clock is not lwIP's
// (the host firmware's under a time factor). NET_FOREVER stays.
#ifndef USOCKET_INET_SLEEP_MS
#define USOCKET_INET_SLEEP_MS(ms) (ms)
#endif

#endif // USOCKET_USOCKET_CONFIG_H
