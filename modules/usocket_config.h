// Version and compile-time settings of the module, with their defaults. A board
// overrides a setting by defining it before (CFLAGS or its own header).
// SPDX-License-Identifier: MIT
#ifndef USOCKET_USOCKET_CONFIG_H
#define USOCKET_USOCKET_CONFIG_H

#define USOCKET_VERSION "0.1.0"

// What is in this firmware. The build sets these together with the sources, from
// USOCKET_FEATURES (micropython.mk, micropython.cmake): do not set them alone.
#ifndef USOCKET_INET
#define USOCKET_INET (1)
#endif
#ifndef USOCKET_TLS
#define USOCKET_TLS (1)
#endif
#ifndef USOCKET_LORA
#define USOCKET_LORA (1)
#endif
#ifndef USOCKET_SIGFOX
#define USOCKET_SIGFOX (1)
#endif

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

// Bytes that hold received LoRa frames: each takes its payload and 12 more. The least is
// 267, one of the longest; 1869 are seven. Frames that wait to be sent take some 320
// bytes each.
#ifndef USOCKET_LORA_RX_BYTES
#define USOCKET_LORA_RX_BYTES (1869)
#endif
#ifndef USOCKET_LORA_TX_FRAMES
#define USOCKET_LORA_TX_FRAMES (7)
#endif

// LoRaWAN multicast groups; 40 bytes each, in memory and in the stored record.
#ifndef USOCKET_LORAWAN_MULTICAST_GROUPS
#define USOCKET_LORAWAN_MULTICAST_GROUPS (4)
#endif

// Tolerance of the clock that times LoRaWAN's receive windows, in ppm: an ESP32's
// crystal; 10000 for an oscillator of 1 %.
#ifndef USOCKET_LORAWAN_CLOCK_PPM
#define USOCKET_LORAWAN_CLOCK_PPM (50)
#endif

// The milliseconds that lwIP shall sleep for, where a port's clock is not lwIP's
// (the host firmware's under a time factor). NET_FOREVER stays.
#ifndef USOCKET_INET_SLEEP_MS
#define USOCKET_INET_SLEEP_MS(ms) (ms)
#endif

// 1 where a soft reset deletes Python's threads at once, wherever they are, before it finalises
// objects: then sockets that they slept in are abandoned, not waited for.
#ifndef USOCKET_RESET_DELETES_THREADS
#define USOCKET_RESET_DELETES_THREADS (0)
#endif

// LoRaWAN regions in the firmware. A small image sets USOCKET_LORAWAN_ALL to 0 and
// the wanted ones to 1.
#ifndef USOCKET_LORAWAN_ALL
#define USOCKET_LORAWAN_ALL (1)
#endif
#ifndef USOCKET_LORAWAN_EU868
#define USOCKET_LORAWAN_EU868 USOCKET_LORAWAN_ALL
#endif
#ifndef USOCKET_LORAWAN_US915
#define USOCKET_LORAWAN_US915 USOCKET_LORAWAN_ALL
#endif
#ifndef USOCKET_LORAWAN_AU915
#define USOCKET_LORAWAN_AU915 USOCKET_LORAWAN_ALL
#endif
#ifndef USOCKET_LORAWAN_AS923
#define USOCKET_LORAWAN_AS923 USOCKET_LORAWAN_ALL
#endif
#ifndef USOCKET_LORAWAN_IN865
#define USOCKET_LORAWAN_IN865 USOCKET_LORAWAN_ALL
#endif
#ifndef USOCKET_LORAWAN_CN470
#define USOCKET_LORAWAN_CN470 USOCKET_LORAWAN_ALL
#endif
#ifndef USOCKET_LORAWAN_KR920
#define USOCKET_LORAWAN_KR920 USOCKET_LORAWAN_ALL
#endif
#ifndef USOCKET_LORAWAN_EU433
#define USOCKET_LORAWAN_EU433 USOCKET_LORAWAN_ALL
#endif
#ifndef USOCKET_LORAWAN_RU864
#define USOCKET_LORAWAN_RU864 USOCKET_LORAWAN_ALL
#endif

#endif // USOCKET_USOCKET_CONFIG_H
