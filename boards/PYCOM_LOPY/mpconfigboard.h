// Pycom LoPy: where each number comes from is said in pins.csv.
// SPDX-License-Identifier: MIT
#define MICROPY_HW_BOARD_NAME "Pycom LoPy"
#define MICROPY_HW_MCU_NAME "ESP32"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "lopy"

// Scripts for these boards were written for Pycom's firmware.
#define USOCKET_COMPAT_PYCOM (1)
// LPWAN address, Sigfox number and keys of the board are in its flash.
#define USOCKET_PYCOM_SECTOR (1)

#define USOCKET_RADIO_SCK (5)
#define USOCKET_RADIO_MOSI (27)
#define USOCKET_RADIO_MISO (19)
#define USOCKET_RADIO_CS (18)
// DIO0, DIO1 and DIO2 are one line, by diodes. There is no reset line.
#define USOCKET_RADIO_DIO0 (23)
#define USOCKET_RADIO_DIO1 (23)
#define USOCKET_RADIO_DIO2 (23)
// The first LoPys, whose ESP32 is of revision 0.
#define USOCKET_RADIO_CS_REV0 (17)
#define USOCKET_RADIO_RESET_REV0 (18)
