// SPDX-License-Identifier: MIT
#include "esp32_openeth.h"

#include "sdkconfig.h"

#if CONFIG_ETH_USE_OPENETH
#include "esp_eth.h"
#include "esp_eth_mac_openeth.h"
#include "esp_eth_phy.h"
#include "esp_netif.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#include "net/net_errno.h"

#define SLICE_MS (100)
// After so many slices the caller goes on without an address: nobody may be there.
#define SLICES (100)

static esp_netif_t *netif;

static bool install(void) {
    eth_mac_config_t mac = ETH_MAC_DEFAULT_CONFIG();
    eth_phy_config_t phy = ETH_PHY_DEFAULT_CONFIG();
    phy.autonego_timeout_ms = 100; // QEMU's link is always up
    phy.reset_gpio_num = -1;
    esp_eth_config_t config = ETH_DEFAULT_CONFIG(esp_eth_mac_new_openeth(&mac), esp_eth_phy_new_dp83848(&phy));
    esp_netif_config_t netif_config = ESP_NETIF_DEFAULT_ETH();
    esp_eth_handle_t eth;
    if (esp_eth_driver_install(&config, &eth) != ESP_OK) {
        return false;
    }
    netif = esp_netif_new(&netif_config);
    return netif != NULL && esp_netif_attach(netif, esp_eth_new_netif_glue(eth)) == ESP_OK
           && esp_eth_start(eth) == ESP_OK;
}

static bool has_address(void) {
    esp_netif_ip_info_t ip;
    return esp_netif_get_ip_info(netif, &ip) == ESP_OK && ip.ip.addr != 0;
}

int esp32_openeth_start(void) {
    static int slices;
    static bool tried, good;
    if (!tried) {
        tried = true;
        good = install();
    }
    if (!good || has_address() || slices >= SLICES) {
        return good ? 0 : -NET_EIO;
    }
    slices++;
    vTaskDelay(pdMS_TO_TICKS(SLICE_MS));
    return -NET_EAGAIN;
}
#else
int esp32_openeth_start(void) {
    return 0;
}
#endif
