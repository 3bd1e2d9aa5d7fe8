// The host firmware's settings: what is taken, and what is refused.
// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "host_config.h"
#include "net/net_errno.h"

static host_config_t config;

static int read_with(const char *name, const char *value) {
    static const char *const names[] = { "USOCKET_NET", "USOCKET_FORWARD", "USOCKET_DNS", "USOCKET_MAC" };
    for (int i = 0; i < 4; i++) {
        unsetenv(names[i]);
    }
    if (name != NULL) {
        setenv(name, value, 1);
    }
    return host_config_read(&config);
}

static void without_settings_it_is_slirp(void) {
    CHECK(read_with(NULL, NULL) == 0 && config.kind == HOST_NET_SLIRP, "the user-mode network is the default");
    CHECK(!config.has_ip && !config.has_dns && !config.has_mac && config.dns_port == 53, "nothing else is set");
    CHECK(read_with("USOCKET_NET", "") == 0 && config.kind == HOST_NET_SLIRP, "empty is not set");
}

static void kinds_of_network_are_read(void) {
    CHECK(read_with("USOCKET_NET", "loop") == 0 && config.kind == HOST_NET_LOOP, "loop");
    CHECK(read_with("USOCKET_NET", "tap:tap0") == 0 && strcmp(config.tap_name, "tap0") == 0, "a TAP device");
    CHECK(!config.has_ip, "a TAP device asks DHCP");
    CHECK(read_with("USOCKET_NET", "tap:t,ip=10.1.2.3/20,gw=10.1.0.1") == 0, "a TAP device with addresses");
    CHECK(memcmp(config.ip, "\x0a\x01\x02\x03", 4) == 0, "the address");
    CHECK(memcmp(config.mask, "\xff\xff\xf0\x00", 4) == 0, "the mask of 20 bits");
    CHECK(memcmp(config.gateway, "\x0a\x01\x00\x01", 4) == 0, "the gateway");
    CHECK(read_with("USOCKET_NET", "hub:7700,ip=10.9.0.1/24") == 0 && config.hub_port == 7700, "a hub");
}

static void lists_of_forwards_are_read(void) {
    CHECK(read_with("USOCKET_FORWARD", "tcp:127.0.0.1:8080:80,udp:0.0.0.0:5683:5683") == 0, "two forwards");
    CHECK(config.forward_count == 2, "both are there");
    CHECK(!config.forwards[0].udp && config.forwards[0].host_port == 8080, "the first is TCP on 8080");
    CHECK(config.forwards[0].guest_port == 80, "and leads to port 80");
    CHECK(config.forwards[1].udp, "the second is UDP");
}

static void names_and_addresses_are_read(void) {
    CHECK(read_with("USOCKET_DNS", "127.0.0.1:5353") == 0 && config.dns_port == 5353, "a DNS server with a port");
    CHECK(config.has_dns && memcmp(config.dns, "\x7f\x00\x00\x01", 4) == 0, "its address");
    CHECK(read_with("USOCKET_MAC", "02:00:5e:10:Aa:fF") == 0 && config.has_mac, "a MAC address");
    CHECK(memcmp(config.mac, "\x02\x00\x5e\x10\xaa\xff", 6) == 0, "its bytes");
}

static void nonsense_is_refused(void) {
    static const char *const bad[][2] = {
        { "USOCKET_NET", "wifi" },
        { "USOCKET_NET", "slirp2" },
        { "USOCKET_NET", "loop," },
        { "USOCKET_NET", "tap:" },
        { "USOCKET_NET", "tap:0123456789abcdef" },
        { "USOCKET_NET", "tap:t,ip=10.0.0.1" },
        { "USOCKET_NET", "tap:t,ip=10.0.0.256/24" },
        { "USOCKET_NET", "tap:t,ip=10.0.0.1/33" },
        { "USOCKET_NET", "tap:t,ip=10.0.0.1/24,gw=1" },
        { "USOCKET_NET", "tap:t,gw=10.0.0.1" },
        { "USOCKET_NET", "hub:0,ip=10.0.0.1/24" },
        { "USOCKET_NET", "hub:65536,ip=10.0.0.1/24" },
        { "USOCKET_NET", "hub:7700" },
        { "USOCKET_NET", "hub:99999999999999999999,ip=10.0.0.1/24" },
        { "USOCKET_FORWARD", "tcp" },
        { "USOCKET_FORWARD", "tcp:127.0.0.1:0:80" },
        { "USOCKET_FORWARD", "tcp:127.0.0.1:80:80," },
        { "USOCKET_FORWARD", "sctp:127.0.0.1:80:80" },
        { "USOCKET_FORWARD", "tcp:127.0.0.1:80:80;" },
        { "USOCKET_DNS", "dns.example" },
        { "USOCKET_DNS", "1.2.3.4:" },
        { "USOCKET_DNS", "1.2.3.4.5" },
        { "USOCKET_MAC", "01:00:00:00:00:00" },
        { "USOCKET_MAC", "02:00:00:00:00" },
        { "USOCKET_MAC", "02:00:00:00:00:0g" },
        { "USOCKET_MAC", "02:00:00:00:00:00:" },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (read_with(bad[i][0], bad[i][1]) != -NET_EINVAL) {
            printf("%s=%s\n", bad[i][0], bad[i][1]);
            CHECK(0, "nonsense is refused");
        }
    }
    CHECK(1, "all nonsense was tried");
    setenv("USOCKET_NET", "loop", 1);
    setenv("USOCKET_FORWARD", "tcp:127.0.0.1:80:80", 1);
    CHECK(host_config_read(&config) == -NET_EINVAL, "there is nothing to forward through on loop");
}

int main(void) {
    without_settings_it_is_slirp();
    kinds_of_network_are_read();
    lists_of_forwards_are_read();
    names_and_addresses_are_read();
    nonsense_is_refused();
    return check_result();
}
