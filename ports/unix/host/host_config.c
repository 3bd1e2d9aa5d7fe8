// SPDX-License-Identifier: MIT
#include "host_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net_errno.h"

static int refuse(const char *name, const char *value, const char *why, const char *allowed) {
    fprintf(stderr, "usocket: %s is \"%s\": %s. Allowed: %s\n", name, value, why, allowed);
    return -NET_EINVAL;
}

// --- Pieces of a setting: each moves *text behind what it took ---------------

static bool take_number(const char **text, unsigned long max, unsigned long *number) {
    if (**text < '0' || **text > '9') {
        return false;
    }
    char *end;
    *number = strtoul(*text, &end, 10);
    *text = end;
    return *number <= max;
}

static bool take_char(const char **text, char c) {
    if (**text != c) {
        return false;
    }
    *text += 1;
    return true;
}

static bool take_word(const char **text, const char *word) {
    size_t len = strlen(word);
    if (strncmp(*text, word, len) != 0) {
        return false;
    }
    *text += len;
    return true;
}

static bool take_ip(const char **text, uint8_t ip[4]) {
    for (int i = 0; i < 4; i++) {
        unsigned long number;
        if ((i > 0 && !take_char(text, '.')) || !take_number(text, 255, &number)) {
            return false;
        }
        ip[i] = (uint8_t)number;
    }
    return true;
}

static bool take_port(const char **text, uint16_t *port) {
    unsigned long number;
    if (!take_number(text, 65535, &number) || number == 0) {
        return false;
    }
    *port = (uint16_t)number;
    return true;
}

// --- USOCKET_NET -------------------------------------------------------------

#define NET_ALLOWED \
    "slirp, loop, tap:NAME[,ip=A.B.C.D/N[,gw=A.B.C.D]], hub:PORT,ip=A.B.C.D/N[,gw=A.B.C.D]"

// [,ip=A.B.C.D/N[,gw=A.B.C.D]]
static bool take_address(const char **text, host_config_t *config) {
    if (take_word(text, ",ip=")) {
        unsigned long bits;
        if (!take_ip(text, config->ip) || !take_char(text, '/') || !take_number(text, 32, &bits)) {
            return false;
        }
        uint32_t mask = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
        for (int i = 0; i < 4; i++) {
            config->mask[i] = (uint8_t)(mask >> (24 - 8 * i));
        }
        config->has_ip = true;
        if (take_word(text, ",gw=") && !take_ip(text, config->gateway)) {
            return false;
        }
    }
    return **text == '\0';
}

static bool take_tap_name(const char **text, host_config_t *config) {
    size_t len = strcspn(*text, ",");
    if (len == 0 || len >= sizeof(config->tap_name)) {
        return false;
    }
    memcpy(config->tap_name, *text, len);
    *text += len;
    return true;
}

static int read_net(host_config_t *config) {
    const char *value = getenv("USOCKET_NET");
    if (value == NULL || *value == '\0' || strcmp(value, "slirp") == 0) {
        config->kind = HOST_NET_SLIRP;
        return 0;
    }
    const char *text = value;
    if (strcmp(value, "loop") == 0) {
        config->kind = HOST_NET_LOOP;
    } else if (take_word(&text, "tap:")) {
        config->kind = HOST_NET_TAP;
        if (!take_tap_name(&text, config)) {
            return refuse("USOCKET_NET", value, "a device name has 1 to 15 characters", NET_ALLOWED);
        }
        if (!take_address(&text, config)) {
            return refuse("USOCKET_NET", value, "the part after the device name is wrong", NET_ALLOWED);
        }
    } else if (take_word(&text, "hub:")) {
        config->kind = HOST_NET_HUB;
        if (!take_port(&text, &config->hub_port)) {
            return refuse("USOCKET_NET", value, "the hub's port is a number from 1 to 65535", NET_ALLOWED);
        }
        if (!take_address(&text, config)) {
            return refuse("USOCKET_NET", value, "the part after the hub's port is wrong", NET_ALLOWED);
        }
        if (!config->has_ip) {
            return refuse("USOCKET_NET", value, "a hub gives no addresses, ip= is needed", NET_ALLOWED);
        }
    } else {
        return refuse("USOCKET_NET", value, "no such kind of network", NET_ALLOWED);
    }
    return 0;
}

// --- USOCKET_FORWARD ---------------------------------------------------------

#define FORWARD_ALLOWED \
    "tcp:HOST_IP:HOST_PORT:FIRMWARE_PORT or udp:..., several with commas between, under USOCKET_NET=slirp"

static bool take_forward(const char **text, host_forward_t *forward) {
    forward->udp = take_word(text, "udp:");
    if (!forward->udp && !take_word(text, "tcp:")) {
        return false;
    }
    return take_ip(text, forward->host_ip) && take_char(text, ':')
           && take_port(text, &forward->host_port) && take_char(text, ':')
           && take_port(text, &forward->guest_port);
}

static int read_forwards(host_config_t *config) {
    const char *value = getenv("USOCKET_FORWARD");
    if (value == NULL || *value == '\0') {
        return 0;
    }
    if (config->kind != HOST_NET_SLIRP) {
        return refuse("USOCKET_FORWARD", value, "there is nothing to forward through", FORWARD_ALLOWED);
    }
    const char *text = value;
    do {
        if (config->forward_count == HOST_FORWARDS_MAX) {
            return refuse("USOCKET_FORWARD", value, "more than 32 entries", FORWARD_ALLOWED);
        }
        if (!take_forward(&text, &config->forwards[config->forward_count++])) {
            return refuse("USOCKET_FORWARD", value, "an entry is wrong", FORWARD_ALLOWED);
        }
    } while (take_char(&text, ','));
    if (*text != '\0') {
        return refuse("USOCKET_FORWARD", value, "there is something behind an entry", FORWARD_ALLOWED);
    }
    return 0;
}

// --- USOCKET_DNS, USOCKET_MAC ------------------------------------------------

static int read_dns(host_config_t *config) {
    const char *value = getenv("USOCKET_DNS");
    config->dns_port = 53;
    if (value == NULL || *value == '\0') {
        return 0;
    }
    const char *text = value;
    bool good = take_ip(&text, config->dns);
    if (good && take_char(&text, ':')) {
        good = take_port(&text, &config->dns_port);
    }
    if (!good || *text != '\0') {
        return refuse("USOCKET_DNS", value, "not an address", "A.B.C.D or A.B.C.D:PORT");
    }
    config->has_dns = true;
    return 0;
}

static int hex_digit(char c) {
    const char *digits = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
    return found == NULL ? -1 : (int)(found - digits);
}

static bool take_mac(const char **text, uint8_t mac[6]) {
    for (int i = 0; i < 6; i++) {
        if (i > 0 && !take_char(text, ':')) {
            return false;
        }
        int high = hex_digit((*text)[0]);
        int low = high < 0 ? -1 : hex_digit((*text)[1]);
        if (low < 0) {
            return false;
        }
        mac[i] = (uint8_t)(high << 4 | low);
        *text += 2;
    }
    return true;
}

static int read_mac(host_config_t *config) {
    const char *value = getenv("USOCKET_MAC");
    if (value == NULL || *value == '\0') {
        return 0;
    }
    const char *text = value;
    if (!take_mac(&text, config->mac) || *text != '\0' || (config->mac[0] & 1) != 0) {
        return refuse("USOCKET_MAC", value, "not the address of one station",
            "six bytes in hexadecimal as 02:00:00:00:00:01, the first one even");
    }
    config->has_mac = true;
    return 0;
}

int host_config_read(host_config_t *config) {
    memset(config, 0, sizeof(*config));
    int ret = read_net(config);
    if (ret == 0) {
        ret = read_forwards(config);
    }
    if (ret == 0) {
        ret = read_dns(config);
    }
    if (ret == 0) {
        ret = read_mac(config);
    }
    return ret;
}
