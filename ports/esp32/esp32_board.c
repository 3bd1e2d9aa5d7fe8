// What the board is: its wiring, its identity; and random bytes.
//
// The radio's EUI-64 is the LPWAN address that Pycom gave the board, if it is theirs and
// the sector that has it was kept. Else it is made from the ESP32's own address (base
// MAC): its first three bytes, FF FE, its last three. No bit is turned: network servers
// take it as it is printed.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "esp_chip_info.h"
#include "esp_mac.h"
#include "esp_random.h"

#include "esp32_config.h"
#include "esp32_radio.h"
#include "esp32_sector.h"
#include "hal/hal.h"

static hal_board_t board;

static bool is_blank(const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != bytes[0]) {
            return false;
        }
    }
    return bytes[0] == 0x00 || bytes[0] == 0xff;
}

static void read_eui(uint8_t eui[8]) {
    uint8_t mac[6] = { 0 };
    if (esp32_sector_read(eui, 8) == 0 && !is_blank(eui, 8)) {
        return;
    }
    esp_read_mac(mac, ESP_MAC_BASE);
    memcpy(eui, mac, 3);
    eui[3] = 0xff;
    eui[4] = 0xfe;
    memcpy(eui + 5, mac + 3, 3);
}

const hal_board_t *hal_board(void) {
    static bool known;
    hal_board_t is = {
        .dio = 1 << 0 | (USOCKET_RADIO_DIO1 >= 0) << 1 | (USOCKET_RADIO_DIO2 >= 0) << 2,
            .tcxo = USOCKET_RADIO_TCXO_US != 0,
            .tcxo_us = USOCKET_RADIO_TCXO_US,
            .boost_from_hz = USOCKET_RADIO_BOOST_FROM_HZ,
            .power_max = USOCKET_RADIO_POWER_MAX,
            .antenna_gain = USOCKET_RADIO_ANTENNA_GAIN,
    };
    if (!known) {
        read_eui(is.eui);
        board = is; // two threads at once write the same
        known = true;
    }
    return &board;
}

// Revisions are numbers of hundreds: 1.0 is 100.
static bool is_first_silicon(void) {
    esp_chip_info_t chip;
    esp_chip_info(&chip);
    return chip.revision < 100;
}

int esp32_board_cs(void) {
    return is_first_silicon() ? USOCKET_RADIO_CS_REV0 : USOCKET_RADIO_CS;
}

int esp32_board_reset(void) {
    return is_first_silicon() ? USOCKET_RADIO_RESET_REV0 : USOCKET_RADIO_RESET;
}

// The hardware generator has its noise from Wi-Fi or Bluetooth when they run, else from
// the second source that the bootloader left on, or thermal noise: ESP-IDF, "RNG".
void hal_random(void *buf, size_t len) {
    esp_fill_random(buf, len);
}
