// A TAP device of the PC: the firmware is a station on whatever the PC joins to
// it. The device belongs to root, or was made for this user beforehand
// (ip tuntap add dev NAME mode tap user USER).
// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>

#include "host_link.h"
#include "net/net_errno.h"

static int tap_fd = -1;

static void tap_link_send(const uint8_t *frame, size_t len) {
    ssize_t ret = write(tap_fd, frame, len);
    (void)ret; // lost, as on a wire
}

static void tap_thread(void *arg) {
    (void)arg;
    static uint8_t frame[HOST_FRAME_MAX + 4];
    for (;;) {
        struct pollfd pollfd = { .fd = tap_fd, .events = POLLIN };
        poll(&pollfd, 1, -1);
        ssize_t len = read(tap_fd, frame, sizeof(frame));
        if (len > 0) {
            host_link_receive(frame, (size_t)len);
        } else if (len < 0 && errno != EAGAIN && errno != EINTR) {
            // EIO while the device is down; EBADFD when it was removed.
            usleep(100000);
        }
    }
}

static int refuse(const char *name, const char *what, int error) {
    fprintf(stderr, "usocket: USOCKET_NET=tap:%s: %s: %s. %s\n", name, what, strerror(error),
        error == EPERM || error == EACCES
        ? "Run as root, or let root make the device for you: ip tuntap add dev NAME mode tap user USER"
        : "See docs/host-firmware.md for what a TAP device needs");
    return error == EPERM || error == EACCES ? -NET_EACCES : error == EBUSY ? -NET_EBUSY : -NET_ENODEV;
}

static int tap_link_start(const host_config_t *config) {
    tap_fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tap_fd < 0) {
        return refuse(config->tap_name, "/dev/net/tun does not open", errno);
    }
    struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
    memcpy(request.ifr_name, config->tap_name, sizeof(config->tap_name));
    if (ioctl(tap_fd, TUNSETIFF, &request) != 0) {
        int error = errno;
        close(tap_fd);
        return refuse(config->tap_name, "no such device for us", error);
    }
    host_link_thread("tap", tap_thread, NULL);
    return 0;
}

const host_link_t host_link_tap = {
    .start = tap_link_start,
    .send = tap_link_send,
};
