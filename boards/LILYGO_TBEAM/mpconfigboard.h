// LILYGO TTGO T-Beam: where each number comes from is said in pins.csv.
// SPDX-License-Identifier: MIT
#define MICROPY_HW_BOARD_NAME "LILYGO TTGO T-Beam"
#define MICROPY_HW_MCU_NAME "ESP32"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "tbeam"

// Boards with an SX1262 have the same name: on them the radio is not found.
#define USOCKET_RADIO_SCK (5)
#define USOCKET_RADIO_MOSI (27)
#define USOCKET_RADIO_MISO (19)
#define USOCKET_RADIO_CS (18)
#define USOCKET_RADIO_RESET (23)
#define USOCKET_RADIO_DIO0 (26)
#define USOCKET_RADIO_DIO1 (33)
#define USOCKET_RADIO_DIO2 (32)
