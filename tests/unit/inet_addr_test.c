// Dotted quads and host names.
// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "inet/inet.h"

static inet_host_t parse(const char *str, uint8_t ip[4], const char **why) {
    *why = "";
    return inet_host_parse(str, strlen(str), ip, why);
}

static void check_bad(const char *str, const char *reason) {
    uint8_t ip[4] = { 1, 2, 3, 4 };
    const char *why;
    CHECK(parse(str, ip, &why) == INET_HOST_BAD, str);
    CHECK(strcmp(why, reason) == 0, why);
    CHECK(memcmp(ip, "\1\2\3\4", 4) == 0, "a bad address leaves ip alone");
}

// The PC's C library judges the same strings.
static void check_against_libc(void) {
    static const char chars[] = "0123456789.";
    srand(1);
    for (int round = 0; round < 200000; ++round) {
        char str[16];
        size_t len = 1 + rand() % (sizeof(str) - 1);
        for (size_t i = 0; i < len; ++i) {
            // Mostly short numbers, so that a good share is valid.
            str[i] = i % 2 ? (rand() % 2 ? '.' : chars[rand() % 11]) : chars[rand() % 11];
        }
        str[len] = '\0';
        uint8_t ip[4];
        const char *why;
        struct in_addr libc_ip;
        bool good = parse(str, ip, &why) == INET_HOST_ADDR;
        bool libc_good = inet_pton(AF_INET, str, &libc_ip) == 1;
        // inet_pton refuses leading zeros; we read them as decimal, as CPython's users expect of "010".
        if (libc_good) {
            CHECK(good && memcmp(ip, &libc_ip, 4) == 0, str);
            char out[INET_ADDR_STR_SIZE];
            char libc_out[INET_ADDRSTRLEN];
            inet_addr_format(ip, out);
            CHECK(strcmp(out, inet_ntop(AF_INET, &libc_ip, libc_out, sizeof(libc_out))) == 0, "formats as the C library");
        }
    }
}

int main(void) {
    uint8_t ip[4];
    const char *why;
    CHECK(parse("192.168.1.20", ip, &why) == INET_HOST_ADDR && memcmp(ip, "\300\250\1\24", 4) == 0, "a quad is read");
    CHECK(parse("", ip, &why) == INET_HOST_ADDR && memcmp(ip, "\0\0\0\0", 4) == 0, "nothing is 0.0.0.0");
    CHECK(parse("www.example.org", ip, &why) == INET_HOST_NAME, "letters make a name");
    CHECK(parse("1.2.3.4a", ip, &why) == INET_HOST_NAME, "one letter makes a name");
    CHECK(parse("_sip._udp.local", ip, &why) == INET_HOST_NAME, "underscores are in use");
    check_bad("1.2.3", "fewer than 4 numbers");
    check_bad("1.2.3.4.5", "more than 4 numbers");
    check_bad("1.2.3.", "a number is missing");
    check_bad(".1.2.3", "a number is missing");
    check_bad("1..2.3", "a number is missing");
    check_bad("1.2.3.256", "a number is over 255");
    check_bad("99999999999999999999", "a number is over 255");
    check_bad("fe80::1", "IPv6 is not supported");
    check_bad("a..b", "nothing between two dots");
    check_bad(".a", "nothing between two dots");
    CHECK(parse("a.b.", ip, &why) == INET_HOST_NAME, "a name may end in a dot");
    check_bad("a b", "a character that no host name has");
    check_bad("1.2.3.4\n", "a character that no host name has");
    char longest[300];
    memset(longest, 'a', sizeof(longest));
    CHECK(inet_host_parse(longest, 63, ip, &why) == INET_HOST_NAME, "63 characters are a label");
    CHECK(inet_host_parse(longest, 64, ip, &why) == INET_HOST_BAD, "64 are not");
    for (size_t i = 50; i < sizeof(longest); i += 50) {
        longest[i] = '.';
    }
    CHECK(inet_host_parse(longest, 255, ip, &why) == INET_HOST_NAME, "255 characters are a name");
    CHECK(inet_host_parse(longest, 256, ip, &why) == INET_HOST_BAD, "256 are not");
    CHECK(inet_host_parse("10.0.0.1\0x", 10, ip, &why) == INET_HOST_BAD, "a NUL inside is refused");
    check_against_libc();
    return check_result();
}
