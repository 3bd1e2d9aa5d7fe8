// What the ESP32 port's modsocket.c and modnetwork.h need of ESP-IDF's header,
// so that the benchmarks can run that module on the host's lwIP.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_BENCH_PEER_ESP_NETIF_H
#define USOCKET_BENCH_PEER_ESP_NETIF_H

#include "host_net.h"

typedef int esp_err_t;
typedef int esp_interface_t;
typedef struct esp_netif_obj esp_netif_t;

#define ESP_OK (0)

static inline esp_err_t esp_netif_init(void) {
    int ret = host_net_start();
    while (ret == 0 && !host_net_settled(100)) {
    }
    return ret;
}

#endif // USOCKET_BENCH_PEER_ESP_NETIF_H
