// Heltec WiFi LoRa 32 V1: where each number comes from is said in pins.csv.
// SPDX-License-Identifier: MIT
#define MICROPY_HW_BOARD_NAME "Heltec WiFi LoRa 32 V1"
#define MICROPY_HW_MCU_NAME "ESP32"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "heltec-lora32"

#define USOCKET_RADIO_SCK (5)
#define USOCKET_RADIO_MOSI (27)
#define USOCKET_RADIO_MISO (19)
#define USOCKET_RADIO_CS (18)
#define USOCKET_RADIO_RESET (14)
#define USOCKET_RADIO_DIO0 (26)
#define USOCKET_RADIO_DIO1 (33)
#define USOCKET_RADIO_DIO2 (32)
