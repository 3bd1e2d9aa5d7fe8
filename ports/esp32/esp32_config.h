// How a board tells this port of its radio: macros in its mpconfigboard.h, which is
// included ahead of every file here. A board without USOCKET_RADIO_SCK has none.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_ESP32_ESP32_CONFIG_H
#define USOCKET_PORTS_ESP32_ESP32_CONFIG_H

#include "sdkconfig.h"

// Lines by GPIO number: SCK, MOSI, MISO, CS and DIO0 are needed, -1 says "not wired".
// Lines that share a pin (diodes) have the same number. DIO1 and DIO2 only save time.
#ifdef USOCKET_RADIO_SCK
#define USOCKET_RADIO_PINS (1)
#else
#define USOCKET_RADIO_PINS (0)
#define USOCKET_RADIO_SCK (-1)
#define USOCKET_RADIO_MOSI (-1)
#define USOCKET_RADIO_MISO (-1)
#define USOCKET_RADIO_CS (-1)
#define USOCKET_RADIO_DIO0 (-1)
#endif
#ifndef USOCKET_RADIO_RESET
#define USOCKET_RADIO_RESET (-1)
#endif
#ifndef USOCKET_RADIO_DIO1
#define USOCKET_RADIO_DIO1 (-1)
#endif
#ifndef USOCKET_RADIO_DIO2
#define USOCKET_RADIO_DIO2 (-1)
#endif

// The same where the ESP32 is of silicon revision 0: Pycom's first LoPys are wired
// otherwise.
#ifndef USOCKET_RADIO_CS_REV0
#define USOCKET_RADIO_CS_REV0 USOCKET_RADIO_CS
#endif
#ifndef USOCKET_RADIO_RESET_REV0
#define USOCKET_RADIO_RESET_REV0 USOCKET_RADIO_RESET
#endif

// A switch between chip and antenna that the CPU drives: lines that are high while
// receiving, and while sending.
#ifndef USOCKET_RADIO_SWITCH_RX
#define USOCKET_RADIO_SWITCH_RX (-1)
#endif
#ifndef USOCKET_RADIO_SWITCH_TX
#define USOCKET_RADIO_SWITCH_TX (-1)
#endif

// SPI2_HOST (1, machine.SPI(1)) or SPI3_HOST (2, machine.SPI(2)), and its clock: the
// chips allow 10 MHz.
#ifndef USOCKET_RADIO_SPI
#ifdef CONFIG_IDF_TARGET_ESP32
#define USOCKET_RADIO_SPI (2)
#else
#define USOCKET_RADIO_SPI (1)
#endif
#endif
#ifndef USOCKET_RADIO_SPI_HZ
#define USOCKET_RADIO_SPI_HZ (8000000)
#endif

// hal_board_t: a TCXO and its start-up time, where PA_BOOST begins, the limit of power, the
// antenna.
#ifndef USOCKET_RADIO_TCXO_US
#define USOCKET_RADIO_TCXO_US (0)
#endif
#ifndef USOCKET_RADIO_BOOST_FROM_HZ
#define USOCKET_RADIO_BOOST_FROM_HZ (0)
#endif
#ifndef USOCKET_RADIO_POWER_MAX
#define USOCKET_RADIO_POWER_MAX (20)
#endif
#ifndef USOCKET_RADIO_ANTENNA_GAIN
#define USOCKET_RADIO_ANTENNA_GAIN (2)
#endif

// The board was made by Pycom: identity and keys are in the flash sector at 0x3FF000.
#ifndef USOCKET_PYCOM_SECTOR
#define USOCKET_PYCOM_SECTOR (0)
#endif

// The radio task. Above lwIP (18) and the event task (20), below esp_timer's (22) and
// Wi-Fi's (23), and on the core that Wi-Fi is not on.
#ifndef USOCKET_RADIO_TASK_PRIORITY
#define USOCKET_RADIO_TASK_PRIORITY (21)
#endif
#ifndef USOCKET_RADIO_TASK_STACK
#define USOCKET_RADIO_TASK_STACK (6144)
#endif

#endif // USOCKET_PORTS_ESP32_ESP32_CONFIG_H
