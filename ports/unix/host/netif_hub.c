// A hub between firmwares on one PC: Ethernet frames as datagrams to
// tools/hub.py on 127.0.0.1, which repeats each to all the others. An empty
// datagram says "I am here"; the hub answers it with an empty one.
// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host_link.h"
#include "net/net_errno.h"

// The hub forgets who was silent for two minutes.
#define HELLO_MS (30000)
#define HELLO_ANSWER_MS (500)

static int hub_fd = -1;

static void hub_link_send(const uint8_t *frame, size_t len) {
    ssize_t ret = send(hub_fd, frame, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)ret; // lost, as on a wire
}

static void hub_thread(void *arg) {
    (void)arg;
    static uint8_t frame[HOST_FRAME_MAX];
    for (;;) {
        struct pollfd pollfd = { .fd = hub_fd, .events = POLLIN };
        if (poll(&pollfd, 1, HELLO_MS) == 0) {
            hub_link_send((const uint8_t *)"", 0);
            continue;
        }
        ssize_t len = recv(hub_fd, frame, sizeof(frame), MSG_DONTWAIT);
        if (len > 0) {
            host_link_receive(frame, (size_t)len);
        } else if (len < 0 && errno == ECONNREFUSED) {
            usleep(10000); // the hub went away
        }
    }
}

// True if the hub answers.
static bool hub_hello(void) {
    uint8_t answer[HOST_FRAME_MAX];
    struct pollfd pollfd = { .fd = hub_fd, .events = POLLIN };
    return send(hub_fd, "", 0, MSG_NOSIGNAL) == 0
           && poll(&pollfd, 1, HELLO_ANSWER_MS) == 1
           && recv(hub_fd, answer, sizeof(answer), MSG_DONTWAIT) >= 0;
}

static int hub_link_start(const host_config_t *config) {
    struct sockaddr_in hub = { .sin_family = AF_INET, .sin_port = htons(config->hub_port) };
    hub.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    hub_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (hub_fd < 0 || connect(hub_fd, (struct sockaddr *)&hub, sizeof(hub)) != 0) {
        fprintf(stderr, "usocket: USOCKET_NET=hub:%u: %s\n", config->hub_port, strerror(errno));
        return -NET_ENETDOWN;
    }
    if (!hub_hello()) {
        fprintf(stderr, "usocket: USOCKET_NET=hub:%u: no hub answers there. Start it: "
            "python3 tools/hub.py --port %u\n", config->hub_port, config->hub_port);
    }
    host_link_thread("hub", hub_thread, NULL);
    return 0;
}

const host_link_t host_link_hub = {
    .start = hub_link_start,
    .send = hub_link_send,
};
