// SPDX-License-Identifier: MIT
#include "host_radio_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net_errno.h"

#define ALLOWED \
    "none, or sx1276 or sx1272 with any of ,noreset ,dio=DIGITS ,merged ,pa=boost|rfo|HZ ,tcxo=US " \
    ",power=DBM ,gain=DBI ,spi=HZ ,eui=16 hexadecimal digits"

// A whole number that is the rest of the text.
static bool parse_number(const char *text, long min, long max, long *number) {
    char *end;
    *number = strtol(text, &end, 10);
    return end != text && *end == '\0' && *number >= min && *number <= max;
}

static bool set_dio(host_radio_config_t *config, const char *text) {
    config->board.dio = 0;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text >= '0' + SIM_CHIP_DIOS) {
            return false;
        }
        config->board.dio |= (uint8_t)(1u << (*text - '0'));
    }
    return true; // none: the task lives by its deadlines
}

static bool set_pa(host_radio_config_t *config, const char *text) {
    long hz;
    if (strcmp(text, "boost") == 0) {
        config->board.boost_from_hz = 0;
    } else if (strcmp(text, "rfo") == 0) {
        config->board.boost_from_hz = UINT32_MAX;
    } else if (parse_number(text, 1, 2000000000, &hz)) {
        config->board.boost_from_hz = (uint32_t)hz;
    } else {
        return false;
    }
    return true;
}

static bool set_tcxo(host_radio_config_t *config, const char *text) {
    long us;
    config->board.tcxo = parse_number(text, 0, 50000, &us);
    config->board.tcxo_us = (uint16_t)us;
    return config->board.tcxo;
}

static bool set_power(host_radio_config_t *config, const char *text) {
    long dbm;
    bool good = parse_number(text, -4, 20, &dbm);
    config->board.power_max = (int8_t)dbm;
    return good;
}

static bool set_gain(host_radio_config_t *config, const char *text) {
    long dbi;
    bool good = parse_number(text, -30, 30, &dbi);
    config->board.antenna_gain = (int8_t)dbi;
    return good;
}

static bool set_spi(host_radio_config_t *config, const char *text) {
    long hz;
    bool good = parse_number(text, 1000, 100000000, &hz);
    config->spi_hz = (uint32_t)hz;
    return good;
}

static bool set_eui(host_radio_config_t *config, const char *text) {
    if (strlen(text) != 16 || strspn(text, "0123456789abcdefABCDEF") != 16) {
        return false;
    }
    for (int i = 0; i < 8; i++) {
        char byte[3] = { text[2 * i], text[2 * i + 1], '\0' };
        config->board.eui[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    config->has_eui = true;
    return true;
}

static bool set_noreset(host_radio_config_t *config, const char *text) {
    config->reset_line = false;
    return *text == '\0';
}

static bool set_merged(host_radio_config_t *config, const char *text) {
    config->merged = true;
    return *text == '\0';
}

static const struct {
    const char *name;
    bool (*set)(host_radio_config_t *config, const char *text);
} options[] = {
    { "noreset", set_noreset },
    { "merged", set_merged },
    { "dio=", set_dio },
    { "pa=", set_pa },
    { "tcxo=", set_tcxo },
    { "power=", set_power },
    { "gain=", set_gain },
    { "spi=", set_spi },
    { "eui=", set_eui },
};

static bool set_option(host_radio_config_t *config, const char *text) {
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        size_t len = strlen(options[i].name);
        if (strncmp(text, options[i].name, len) == 0) {
            return options[i].set(config, text + len);
        }
    }
    return false;
}

static int refuse(host_radio_config_t *config, const char *value, const char *part) {
    fprintf(stderr, "usocket: USOCKET_RADIO is \"%s\": \"%s\" is wrong. Allowed: " ALLOWED "\n", value, part);
    config->present = false;
    return -NET_EINVAL;
}

int host_radio_config_parse(const char *text, host_radio_config_t *config) {
    *config = (host_radio_config_t) {
        .present = true,
        .kind = SIM_SX1276,
        .board = { .dio = 1 << 0 | 1 << 1, .power_max = 20 },
        .reset_line = true,
        .spi_hz = 10000000,
    };
    char parts[256];
    if (text == NULL || *text == '\0') {
        return 0;
    }
    if (strlen(text) >= sizeof(parts)) {
        return refuse(config, text, "it is longer than 255 characters");
    }
    strcpy(parts, text);
    char *rest = NULL;
    const char *part = strtok_r(parts, ",", &rest);
    if (part != NULL && strcmp(part, "none") == 0) {
        config->present = false;
    } else if (part != NULL && strcmp(part, "sx1272") == 0) {
        config->kind = SIM_SX1272;
    } else if (part == NULL || strcmp(part, "sx1276") != 0) {
        return refuse(config, text, part == NULL ? text : part);
    }
    while ((part = strtok_r(NULL, ",", &rest)) != NULL) {
        if (!config->present || !set_option(config, part)) {
            return refuse(config, text, part);
        }
    }
    return 0;
}

int host_radio_config_read(host_radio_config_t *config) {
    return host_radio_config_parse(getenv("USOCKET_RADIO"), config);
}
