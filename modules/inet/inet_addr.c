// Dotted quads and host names as text.
// SPDX-License-Identifier: MIT
#include "inet/inet.h"

#define HOST_NAME_MAX_LEN (255) // RFC 1035, section 2.3.4
#define LABEL_MAX_LEN (63)

static bool is_digit(char c) {
    return '0' <= c && c <= '9';
}

static bool is_name_char(char c) {
    char lower = c | 0x20;
    return is_digit(c) || ('a' <= lower && lower <= 'z') || c == '-' || c == '_' || c == '.';
}

// Four numbers of 0 to 255, decimal, with dots between. Returns NULL or why not, in
// words that are meant for a string of digits and dots.
static const char *parse_quad(const char *str, size_t len, uint8_t ip[4]) {
    uint8_t part[4];
    size_t n_parts = 0;
    size_t i = 0;
    for (;;) {
        unsigned value = 0;
        size_t start = i;
        for (; i < len && is_digit(str[i]); ++i) {
            value = value * 10 + (str[i] - '0');
            if (value > 255) {
                return "a number is over 255";
            }
        }
        if (i == start) {
            return "a number is missing";
        }
        if (n_parts == 4) {
            return "more than 4 numbers";
        }
        part[n_parts++] = value;
        if (i == len) {
            break;
        }
        if (str[i++] != '.') {
            return "not a number";
        }
    }
    if (n_parts < 4) {
        return "fewer than 4 numbers";
    }
    for (i = 0; i < 4; ++i) {
        ip[i] = part[i];
    }
    return NULL;
}

// The labels between the dots of a name; one dot may end it. NULL or what is wrong.
static const char *check_labels(const char *host, size_t len) {
    size_t label = 0;
    for (size_t i = 0; i < len; ++i) {
        if (host[i] != '.') {
            ++label;
        } else if (label == 0) {
            return "nothing between two dots";
        } else {
            label = 0;
        }
        if (label > LABEL_MAX_LEN) {
            return "a part between dots has at most 63 characters";
        }
    }
    return NULL;
}

inet_host_t inet_host_parse(const char *host, size_t len, uint8_t ip[4], const char **why) {
    if (len == 0) {
        ip[0] = ip[1] = ip[2] = ip[3] = 0;
        return INET_HOST_ADDR;
    }
    // First: a datagram's address is read for each one that is sent.
    const char *bad_quad = parse_quad(host, len, ip);
    if (bad_quad == NULL) {
        return INET_HOST_ADDR;
    }
    bool numeric = true;
    for (size_t i = 0; i < len; ++i) {
        if (!is_name_char(host[i])) {
            *why = host[i] == ':' ? "IPv6 is not supported" : "a character that no host name has";
            return INET_HOST_BAD;
        }
        numeric = numeric && (is_digit(host[i]) || host[i] == '.');
    }
    if (!numeric) {
        if (len > HOST_NAME_MAX_LEN) {
            *why = "a host name has at most 255 characters";
            return INET_HOST_BAD;
        }
        *why = check_labels(host, len);
        return *why == NULL ? INET_HOST_NAME : INET_HOST_BAD;
    }
    *why = bad_quad;
    return INET_HOST_BAD;
}

void inet_addr_format(const uint8_t ip[4], char str[INET_ADDR_STR_SIZE]) {
    for (int i = 0; i < 4; ++i) {
        if (ip[i] >= 100) {
            *str++ = '0' + ip[i] / 100;
        }
        if (ip[i] >= 10) {
            *str++ = '0' + ip[i] / 10 % 10;
        }
        *str++ = '0' + ip[i] % 10;
        *str++ = i < 3 ? '.' : '\0';
    }
}
