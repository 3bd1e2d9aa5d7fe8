// QEMU ESP32: where each number comes from is said in pins.csv.
// SPDX-License-Identifier: MIT
#define MICROPY_HW_BOARD_NAME "QEMU ESP32"
#define MICROPY_HW_MCU_NAME "ESP32"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "qemu-esp32"

// What QEMU does not have, or not so.
#define MICROPY_PY_BLUETOOTH (0)
#define MICROPY_PY_NETWORK_LAN (0)
#define MICROPY_HW_ENABLE_MDNS_QUERIES (0)
#define MICROPY_HW_ENABLE_MDNS_RESPONDER (0)

// Its radio is ports/sim's chip (mpconfigboard.cmake), wired as on most boards.
#define USOCKET_RADIO_DIO1 (33)
