// The radio of the host firmware, from its environment: which chip, and how it is
// wired.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_RADIO_CONFIG_H
#define USOCKET_PORTS_UNIX_HOST_RADIO_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "hal/hal.h"
#include "sim_chip.h"

typedef struct {
    bool present;
    sim_chip_kind_t kind;
    hal_board_t board;
    bool has_eui; // in board.eui
    bool reset_line;
    bool merged; // the lines of board.dio share one input of the CPU
    uint32_t spi_hz;
} host_radio_config_t;

// Fill from USOCKET_RADIO. Returns 0, or -NET_EINVAL after saying on stderr which
// part is wrong and what is allowed; then there is no radio.
int host_radio_config_read(host_radio_config_t *config);

// The same from a text; NULL and "" give the default.
int host_radio_config_parse(const char *text, host_radio_config_t *config);

#endif // USOCKET_PORTS_UNIX_HOST_RADIO_CONFIG_H
