// What AF_INET asks of the port: lwIP runs. Interfaces are MicroPython's affair
// (network.WLAN, network.LAN, network.PPP), which start it the same way; a socket may
// come first, and finds no route until one of them is up.
// SPDX-License-Identifier: MIT
#include "esp_netif.h"

#include "esp32_openeth.h"
#include "inet/inet.h"

int inet_port_start(void) {
    if (esp_netif_init() != ESP_OK) {
        return -NET_ENOMEM;
    }
    return esp32_openeth_start();
}
