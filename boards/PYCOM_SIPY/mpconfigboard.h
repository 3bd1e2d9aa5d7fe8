// Pycom SiPy: where each number comes from is said in pins.csv.
// SPDX-License-Identifier: MIT
#define MICROPY_HW_BOARD_NAME "Pycom SiPy"
#define MICROPY_HW_MCU_NAME "ESP32"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "sipy"

// Scripts for these boards were written for Pycom's firmware.
#define USOCKET_COMPAT_PYCOM (1)
// LPWAN address, Sigfox number and keys of the board are in its flash.
#define USOCKET_PYCOM_SECTOR (1)
