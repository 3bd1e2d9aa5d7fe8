// What Sigfox asks of a port: the sector and the counter of Pycom's firmware. Both are
// only read.
// SPDX-License-Identifier: MIT
#include <stdbool.h>

#include "nvs.h"

#include "esp32_sector.h"
#include "net/net_errno.h"
#include "sigfox/sigfox_port.h"

int sigfox_port_sector(uint8_t out[SIGFOX_PORT_SECTOR_SIZE]) {
    return esp32_sector_read(out, SIGFOX_PORT_SECTOR_SIZE);
}

static uint16_t get(nvs_handle_t nvs, const char *key) {
    uint16_t value = 0;
    nvs_get_u16(nvs, key, &value);
    return value;
}

int sigfox_port_nvm(sigfox_port_nvm_t *out) {
    nvs_handle_t nvs;
    uint16_t counter;
    if (nvs_open("SFX_NVM", NVS_READONLY, &nvs) != ESP_OK) {
        return -NET_ENOENT;
    }
    bool found = nvs_get_u16(nvs, "SFX_SEQ", &counter) == ESP_OK;
    if (found) {
        *out = (sigfox_port_nvm_t) {
            .counter = counter, .random = get(nvs, "SFX_PN"),
            .rssi_offset = (int16_t)get(nvs, "SFX_RSSI"), .frequency_offset = (int16_t)get(nvs, "SFX_FREQ"),
        };
    }
    nvs_close(nvs);
    return found ? 0 : -NET_ENOENT;
}
