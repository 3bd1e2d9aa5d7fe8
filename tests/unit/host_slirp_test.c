// The user-mode network: DHCP, the PC's loopback from inside, forwarding from
// outside. The PC's side is in a file of its own and in child processes: lwIP's
// names for sockets and the PC's are the same.
// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lwip/sockets.h"

#include "check.h"
#include "host_net.h"
#include "host_slirp_peer.h"

#define BULK (200000)

static double now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct sockaddr_in router(uint16_t port) {
    struct sockaddr_in addr = { .sin_len = sizeof(addr), .sin_family = AF_INET, .sin_port = lwip_htons(port) };
    addr.sin_addr.s_addr = PP_HTONL(LWIP_MAKEU32(10, 0, 2, 2));
    return addr;
}

static void an_address_comes_soon(void) {
    double start = now();
    CHECK(host_net_start() == 0, "the network starts");
    while (!host_net_settled(100)) {
    }
    double took = now() - start;
    printf("address after %.1f ms\n", took * 1e3);
    CHECK(took < 1.0, "an address comes within a second");
    host_net_status_t status;
    host_net_status(&status);
    CHECK(status.up && status.has_address && status.dhcp, "the interface is up");
    CHECK(memcmp(status.ip, "\x0a\x00\x02\x0f", 4) == 0, "the address is 10.0.2.15");
    CHECK(memcmp(status.gateway, "\x0a\x00\x02\x02", 4) == 0, "the router is 10.0.2.2");
    CHECK(memcmp(status.dns, "\x0a\x00\x02\x03", 4) == 0, "the name server is 10.0.2.3");
    CHECK(host_net_start() == 0, "a second start does nothing");
}

static void tcp_reaches_the_pc(uint16_t port) {
    struct sockaddr_in addr = router(port);
    int fd = lwip_socket(AF_INET, SOCK_STREAM, 0);
    CHECK(lwip_connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0, "a connection to 10.0.2.2 is made");
    static char out[1000];
    static char in[1000];
    long echoed = 0;
    for (int i = 0; i < BULK / 1000; i++) {
        memset(out, i, sizeof(out));
        CHECK(lwip_send(fd, out, sizeof(out), 0) == sizeof(out), "data goes out");
        for (size_t got = 0; got < sizeof(in);) {
            ssize_t ret = lwip_recv(fd, in + got, sizeof(in) - got, 0);
            if (ret <= 0) {
                CHECK(0, "data comes back");
                return;
            }
            got += (size_t)ret;
            echoed += ret;
        }
        CHECK(memcmp(in, out, sizeof(in)) == 0, "it is what went out");
    }
    CHECK(echoed == BULK, "all comes back");
    lwip_close(fd);
}

static void udp_reaches_the_pc(uint16_t port) {
    struct sockaddr_in addr = router(port);
    int fd = lwip_socket(AF_INET, SOCK_DGRAM, 0);
    char in[20] = "";
    struct timeval timeout = { .tv_sec = 5 };
    lwip_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    lwip_sendto(fd, "datagram", 8, 0, (struct sockaddr *)&addr, sizeof(addr));
    CHECK(lwip_recv(fd, in, sizeof(in), 0) == 8 && memcmp(in, "datagram", 8) == 0, "a datagram comes back");
    lwip_close(fd);
}

// The peer connects to the forwarded port of the PC.
static void the_pc_reaches_us(uint16_t port) {
    struct sockaddr_in addr = { .sin_len = sizeof(addr), .sin_family = AF_INET, .sin_port = lwip_htons(80) };
    int listener = lwip_socket(AF_INET, SOCK_STREAM, 0);
    CHECK(lwip_bind(listener, (struct sockaddr *)&addr, sizeof(addr)) == 0, "port 80 is ours");
    lwip_listen(listener, 1);
    pid_t peer = peer_start_client(port, "hello from the PC");
    int fd = lwip_accept(listener, NULL, NULL);
    char in[40] = "";
    CHECK(lwip_recv(fd, in, sizeof(in), 0) == 17, "data comes through the forwarded port");
    CHECK(strcmp(in, "hello from the PC") == 0, "it is what the PC sent");
    lwip_send(fd, "hello", 5, 0);
    lwip_close(fd);
    lwip_close(listener);
    int status = -1;
    waitpid(peer, &status, 0);
    CHECK(status == 0, "the PC got the answer");
}

int main(void) {
    uint16_t tcp_port, udp_port;
    pid_t echo = peer_start_echo(&tcp_port, &udp_port);
    uint16_t forward_port = peer_free_port();
    char forward[60];
    snprintf(forward, sizeof(forward), "tcp:127.0.0.1:%u:80", forward_port);
    setenv("USOCKET_NET", "slirp", 1);
    setenv("USOCKET_FORWARD", forward, 1);

    an_address_comes_soon();
    tcp_reaches_the_pc(tcp_port);
    udp_reaches_the_pc(udp_port);
    the_pc_reaches_us(forward_port);
    peer_stop(echo);
    return check_result();
}
