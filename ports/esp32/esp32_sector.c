// SPDX-License-Identifier: MIT
#include "esp32_sector.h"

#include "esp_flash.h"

#include "esp32_config.h"
#include "net/net_errno.h"

int esp32_sector_read(void *buf, size_t len) {
    if (!USOCKET_PYCOM_SECTOR) {
        return -NET_ENOENT;
    }
    return esp_flash_read(NULL, buf, ESP32_SECTOR_ADDRESS, len) == ESP_OK ? 0 : -NET_EIO;
}
