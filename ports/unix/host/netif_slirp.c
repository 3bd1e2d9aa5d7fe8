// User-mode network: libslirp plays the router and speaks to the world through
// ordinary sockets of the PC. It is not thread safe, so one thread owns it; the
// stack hands frames over in a ring.
// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <libslirp.h>

#include "host_link.h"
#include "net/net_errno.h"

#define RING_SIZE (64)
#define POLLFDS_MAX (1024)
#define TIMERS_MAX (4)

static Slirp *slirp;

// --- Frames from the stack ---------------------------------------------------

typedef struct {
    uint16_t len;
    uint8_t bytes[HOST_FRAME_MAX];
} frame_t;

static struct {
    pthread_mutex_t mutex;
    frame_t frames[RING_SIZE];
    unsigned int first;
    unsigned int used;
    bool asleep; // the thread is in poll() and must be woken
    bool idle; // it has dealt with everything
    int wake_fd;
} ring = { .mutex = PTHREAD_MUTEX_INITIALIZER, .wake_fd = -1 };

static void wake(void) {
    uint64_t one = 1;
    // It can only fail when the counter is full, and then the thread is awake.
    ssize_t ret = write(ring.wake_fd, &one, sizeof(one));
    (void)ret;
}

static void slirp_link_send(const uint8_t *bytes, size_t len) {
    bool must_wake = false;
    pthread_mutex_lock(&ring.mutex);
    if (ring.used < RING_SIZE && len <= HOST_FRAME_MAX) {
        frame_t *frame = &ring.frames[(ring.first + ring.used) % RING_SIZE];
        memcpy(frame->bytes, bytes, len);
        frame->len = (uint16_t)len;
        ring.used += 1;
        ring.idle = false;
        must_wake = ring.asleep;
        ring.asleep = false;
    }
    pthread_mutex_unlock(&ring.mutex);
    if (must_wake) {
        wake();
    }
}

static bool ring_take(frame_t *frame) {
    pthread_mutex_lock(&ring.mutex);
    bool taken = ring.used > 0;
    if (taken) {
        const frame_t *first = &ring.frames[ring.first];
        frame->len = first->len;
        memcpy(frame->bytes, first->bytes, first->len);
        ring.first = (ring.first + 1) % RING_SIZE;
        ring.used -= 1;
    }
    pthread_mutex_unlock(&ring.mutex);
    return taken;
}

// --- What libslirp asks of its host ------------------------------------------

static int64_t now_ns(void *opaque) {
    (void)opaque;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static ssize_t on_packet(const void *buf, size_t len, void *opaque) {
    (void)opaque;
    host_link_receive(buf, len);
    return (ssize_t)len;
}

static void on_guest_error(const char *text, void *opaque) {
    (void)opaque;
    fprintf(stderr, "usocket: user-mode network: %s\n", text);
}

// Timers are for IPv6 router advertisements, which are off, but libslirp may ask.
typedef struct {
    bool used;
    SlirpTimerCb callback;
    void *arg;
    int64_t at_ms; // -1: not running
} slirp_timer_t;

static slirp_timer_t timers[TIMERS_MAX];

static void *timer_new(SlirpTimerCb callback, void *arg, void *opaque) {
    (void)opaque;
    for (int i = 0; i < TIMERS_MAX; i++) {
        if (!timers[i].used) {
            timers[i] = (slirp_timer_t) { .used = true, .callback = callback, .arg = arg, .at_ms = -1 };
            return &timers[i];
        }
    }
    fprintf(stderr, "usocket: libslirp wants more than %d timers\n", TIMERS_MAX);
    abort();
}

static void timer_free(void *timer, void *opaque) {
    (void)opaque;
    ((slirp_timer_t *)timer)->used = false;
}

static void timer_mod(void *timer, int64_t at_ms, void *opaque) {
    (void)opaque;
    ((slirp_timer_t *)timer)->at_ms = at_ms;
}

static void timers_limit(uint32_t *timeout_ms) {
    int64_t now_ms = now_ns(NULL) / 1000000;
    for (int i = 0; i < TIMERS_MAX; i++) {
        if (timers[i].used && timers[i].at_ms >= 0) {
            int64_t left = timers[i].at_ms > now_ms ? timers[i].at_ms - now_ms : 0;
            if (left < *timeout_ms) {
                *timeout_ms = (uint32_t)left;
            }
        }
    }
}

static void timers_run(void) {
    int64_t now_ms = now_ns(NULL) / 1000000;
    for (int i = 0; i < TIMERS_MAX; i++) {
        if (timers[i].used && timers[i].at_ms >= 0 && timers[i].at_ms <= now_ms) {
            timers[i].at_ms = -1;
            timers[i].callback(timers[i].arg);
        }
    }
}

static void on_poll_fd(int fd, void *opaque) {
    (void)fd;
    (void)opaque; // the set is made anew for every poll()
}

static void on_notify(void *opaque) {
    (void)opaque; // called by the thread itself only
}

static const SlirpCb callbacks = {
    .send_packet = on_packet,
    .guest_error = on_guest_error,
    .clock_get_ns = now_ns,
    .timer_new = timer_new,
    .timer_free = timer_free,
    .timer_mod = timer_mod,
    .register_poll_fd = on_poll_fd,
    .unregister_poll_fd = on_poll_fd,
    .notify = on_notify,
};

// --- The thread --------------------------------------------------------------

// Entry 0 is the wake-up.
static struct pollfd pollfds[POLLFDS_MAX];
static nfds_t pollfd_count;

static int add_poll(int fd, int events, void *opaque) {
    (void)opaque;
    if (pollfd_count == POLLFDS_MAX) {
        return -1;
    }
    short bits = 0;
    bits |= events & SLIRP_POLL_IN ? POLLIN : 0;
    bits |= events & SLIRP_POLL_OUT ? POLLOUT : 0;
    bits |= events & SLIRP_POLL_PRI ? POLLPRI : 0;
    pollfds[pollfd_count] = (struct pollfd) { .fd = fd, .events = bits };
    return (int)pollfd_count++;
}

static int get_revents(int index, void *opaque) {
    (void)opaque;
    int bits = index < 0 ? 0 : pollfds[index].revents;
    int events = 0;
    events |= bits & POLLIN ? SLIRP_POLL_IN : 0;
    events |= bits & POLLOUT ? SLIRP_POLL_OUT : 0;
    events |= bits & POLLPRI ? SLIRP_POLL_PRI : 0;
    events |= bits & POLLERR ? SLIRP_POLL_ERR : 0;
    events |= bits & POLLHUP ? SLIRP_POLL_HUP : 0;
    return events;
}

// True if the thread may sleep in poll(): no frame came in meanwhile.
static bool may_sleep(void) {
    pthread_mutex_lock(&ring.mutex);
    ring.asleep = ring.used == 0;
    ring.idle = ring.asleep;
    bool ret = ring.asleep;
    pthread_mutex_unlock(&ring.mutex);
    return ret;
}

static void sleep_over(void) {
    pthread_mutex_lock(&ring.mutex);
    ring.asleep = false;
    pthread_mutex_unlock(&ring.mutex);
    if (pollfds[0].revents != 0) {
        uint64_t count;
        ssize_t ret = read(ring.wake_fd, &count, sizeof(count));
        (void)ret;
    }
}

static void slirp_thread(void *arg) {
    (void)arg;
    static frame_t frame;
    for (;;) {
        while (ring_take(&frame)) {
            slirp_input(slirp, frame.bytes, frame.len);
        }
        pollfds[0] = (struct pollfd) { .fd = ring.wake_fd, .events = POLLIN };
        pollfd_count = 1;
        uint32_t timeout_ms = 60000;
        slirp_pollfds_fill(slirp, &timeout_ms, add_poll, NULL);
        timers_limit(&timeout_ms);
        int ret = poll(pollfds, pollfd_count, may_sleep() ? (int)timeout_ms : 0);
        sleep_over();
        slirp_pollfds_poll(slirp, ret < 0, get_revents, NULL);
        timers_run();
    }
}

// --- Start and end -----------------------------------------------------------

static int add_forwards(const host_config_t *config) {
    struct in_addr guest;
    inet_aton("10.0.2.15", &guest);
    for (unsigned int i = 0; i < config->forward_count; i++) {
        const host_forward_t *forward = &config->forwards[i];
        struct in_addr host;
        memcpy(&host, forward->host_ip, 4);
        if (slirp_add_hostfwd(slirp, forward->udp, host, forward->host_port, guest,
            forward->guest_port) != 0) {
            int error = errno;
            fprintf(stderr, "usocket: USOCKET_FORWARD: %s port %u of %s cannot be opened: %s\n",
                forward->udp ? "UDP" : "TCP", forward->host_port, inet_ntoa(host), strerror(error));
            return error == EACCES ? -NET_EACCES : -NET_EADDRINUSE;
        }
    }
    return 0;
}

static int slirp_link_start(const host_config_t *config) {
    SlirpConfig settings = { .version = 1, .in_enabled = true };
    inet_aton("10.0.2.0", &settings.vnetwork);
    inet_aton("255.255.255.0", &settings.vnetmask);
    inet_aton("10.0.2.2", &settings.vhost);
    inet_aton("10.0.2.15", &settings.vdhcp_start);
    inet_aton("10.0.2.3", &settings.vnameserver);
    ring.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    slirp = ring.wake_fd < 0 ? NULL : slirp_new(&settings, &callbacks, NULL);
    if (slirp == NULL) {
        fprintf(stderr, "usocket: the user-mode network (libslirp %s) does not start: %s\n",
            slirp_version_string(), strerror(errno));
        return -NET_ENFILE;
    }
    int ret = add_forwards(config);
    if (ret == 0) {
        host_link_thread("slirp", slirp_thread, NULL);
    }
    return ret;
}

static void slirp_link_flush(void) {
    for (int i = 0; i < 100; i++) {
        pthread_mutex_lock(&ring.mutex);
        bool idle = ring.idle;
        pthread_mutex_unlock(&ring.mutex);
        if (idle) {
            return;
        }
        usleep(1000);
    }
}

const host_link_t host_link_slirp = {
    .start = slirp_link_start,
    .send = slirp_link_send,
    .flush = slirp_link_flush,
};
