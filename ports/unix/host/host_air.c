// SPDX-License-Identifier: MIT
#include "host_air.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host_air_message.h"
#include "host_sim.h"
#include "net/net_errno.h"

// How often this firmware says that it is there, in case the hub was started anew.
#define JOIN_AGAIN_NS (5000000000ull)
// The hub speaks every second. Silent for so long it is gone, and holds nobody.
#define HUB_SILENT_NS (5000000000ull)
#define WELCOME_TRIES (5)
#define WELCOME_MS (200)
// Radios have the numbers participant * 256 + 1 and so on; the air's own are lower.
#define RADIOS_MAX (256)
#define BUFFER_BYTES (1 << 20)
// How much of the lateness may pass between two reports of the time; the hub grants
// four of these (airhub.py).
#define REPORTS (5)
// A report that was lost is made good by the next one, or after this.
#define REPORT_AGAIN_NS (200000000ull)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint16_t hub_port; // 0: no hub is named
static bool setting_bad;
static host_air_join_t self = { .name = "node" };

// With the simulation's lock, or before its thread runs.
static int hub_fd = -1;
static bool joined;
static bool warned;
static uint16_t participant;
static uint32_t radios; // placed so far
static uint32_t sequence; // of the hub's last time
static uint64_t hub_heard_ns; // CLOCK_MONOTONIC
static uint64_t join_at_ns;
static uint64_t reported_ns; // CLOCK_MONOTONIC

// --- USOCKET_AIR -------------------------------------------------------------

static bool take_long(const char *text, long min, long max, long *number) {
    char *end;
    *number = strtol(text, &end, 10);
    return end != text && *end == '\0' && *number >= min && *number <= max;
}

static bool good_name(const char *name) {
    size_t len = strlen(name);
    return len >= 1 && len < sizeof(self.name)
           && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == len;
}

static bool take_part(const char *part) {
    long number;
    if (strncmp(part, "x=", 2) == 0 && take_long(part + 2, -1000000, 1000000, &number)) {
        self.x_m = (int32_t)number;
    } else if (strncmp(part, "y=", 2) == 0 && take_long(part + 2, -1000000, 1000000, &number)) {
        self.y_m = (int32_t)number;
    } else if (strncmp(part, "name=", 5) == 0 && good_name(part + 5)) {
        strcpy(self.name, part + 5);
    } else {
        return false;
    }
    return true;
}

static void read_setting(void) {
    const char *value = getenv("USOCKET_AIR");
    char parts[128];
    if (value == NULL || *value == '\0') {
        return;
    }
    snprintf(parts, sizeof(parts), "%s", value);
    char *rest = NULL;
    const char *part = strtok_r(parts, ",", &rest);
    long port;
    bool good = strlen(value) < sizeof(parts) && part != NULL && take_long(part, 0, 65535, &port);
    while (good && (part = strtok_r(NULL, ",", &rest)) != NULL) {
        good = take_part(part);
    }
    if (good) {
        hub_port = (uint16_t)port;
        return;
    }
    setting_bad = true;
    fprintf(stderr, "usocket: USOCKET_AIR is \"%s\": not an air. Allowed: PORT[,x=METRES][,y=METRES][,name=NAME], "
        "the hub's port on 127.0.0.1 (0: no hub) and a name of 1 to 15 letters, digits, - and _\n", value);
}

const char *host_air_name(void) {
    pthread_once(&once, read_setting);
    return self.name;
}

// --- To the hub --------------------------------------------------------------

static uint64_t wall_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void send_message(const uint8_t *message, size_t len) {
    ssize_t ret = send(hub_fd, message, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (ret < 0 && !warned) {
        warned = true;
        fprintf(stderr, "usocket: USOCKET_AIR: the hub on port %u is gone (%s)\n", hub_port, strerror(errno));
    }
}

static void say_join(void) {
    uint8_t message[HOST_AIR_MESSAGE_MAX];
    join_at_ns = wall_now() + JOIN_AGAIN_NS;
    send_message(message, host_air_put_join(message, &self));
}

// So far this firmware says all that it has sent.
static uint64_t report(uint64_t now_ns) {
    uint8_t message[HOST_AIR_MESSAGE_MAX];
    reported_ns = wall_now();
    send_message(message, host_air_put_reached(message, now_ns));
    return now_ns + sim_air_lateness() / REPORTS + 1;
}

static bool is_ours(uint32_t source) {
    return source / RADIOS_MAX == participant;
}

// What chips of this process do and hear.
static void on_air(const sim_air_radio_t *radio, const sim_air_frame_t *frame, sim_air_fate_t fate) {
    uint8_t message[HOST_AIR_MESSAGE_MAX];
    if (radio != NULL) {
        host_air_fate_t told = {
            .receiver = radio->id,
            .source = frame->source,
            .number = frame->number,
            .fate = (uint8_t)fate,
            .rssi_x10 = (int16_t)sim_air_rssi_x10(radio, frame),
            .snr_x10 = (int16_t)sim_air_snr_x10(radio, frame),
        };
        send_message(message, host_air_put_fate(message, &told));
        return;
    }
    if (!is_ours(frame->source) || fate == SIM_AIR_NOBODY) {
        return; // others' process tells of others' frames, the hub of those nobody heard
    }
    host_air_frame_t told = {
        .stage = fate == SIM_AIR_ON_AIR ? HOST_AIR_BEGINS : fate == SIM_AIR_SENT ? HOST_AIR_COMPLETE : HOST_AIR_CUT,
        .x_m = self.x_m,
        .y_m = self.y_m,
        .frame = *frame,
    };
    if (fate == SIM_AIR_ABORTED) {
        told.frame.end_ns = sim_time_now();
    }
    send_message(message, host_air_put_frame(message, &told));
}

// --- From the hub ------------------------------------------------------------

static void take_time(const host_air_time_t *told) {
    hub_heard_ns = wall_now();
    if (joined && (int32_t)(told->sequence - sequence) <= 0) {
        return;
    }
    sequence = told->sequence;
    sim_air_set_lateness(told->lateness_ns);
    host_sim_set_time(&told->time);
}

static void take_message(const uint8_t *message, size_t len) {
    int type = host_air_type(message, len);
    host_air_time_t time;
    host_air_frame_t frame;
    uint64_t limit_ns;
    if ((type == HOST_AIR_TIME || type == HOST_AIR_WELCOME) && host_air_get_time(message, len, &time)) {
        take_time(&time);
    } else if (type == HOST_AIR_FRAME && host_air_get_frame(message, len, &frame)) {
        sim_air_from_outside(&frame.frame, frame.x_m, frame.y_m);
    } else if (type == HOST_AIR_LIMIT && host_air_get_limit(message, len, &limit_ns)) {
        host_sim_set_limit(limit_ns);
    }
}

// A hub that went away must not hold the time for ever.
static void let_go(void) {
    host_sim_time_t time;
    host_sim_set_limit(SIM_NEVER);
    host_sim_get_time(&time);
    if (time.hold_ns == SIM_NEVER) {
        return;
    }
    time.unix_ns += sim_time_now() - time.sim_ns;
    time.sim_ns = sim_time_now();
    time.wall_ns = wall_now();
    time.hold_ns = SIM_NEVER;
    host_sim_set_time(&time);
}

static void drain(void) {
    uint8_t message[HOST_AIR_MESSAGE_MAX];
    ssize_t len;
    while ((len = recv(hub_fd, message, sizeof(message), MSG_DONTWAIT)) >= 0) {
        take_message(message, (size_t)len);
    }
    uint64_t now = wall_now();
    if (now >= join_at_ns) {
        say_join();
    }
    if (now - reported_ns > REPORT_AGAIN_NS) {
        report(sim_time_now());
    }
    if (now - hub_heard_ns > HUB_SILENT_NS) {
        let_go();
    }
}

// --- Joining -----------------------------------------------------------------

static bool wait_for_welcome(void) {
    uint8_t message[HOST_AIR_MESSAGE_MAX];
    host_air_time_t time;
    for (int i = 0; i < WELCOME_TRIES; i++) {
        struct pollfd pollfd = { .fd = hub_fd, .events = POLLIN };
        say_join();
        while (poll(&pollfd, 1, WELCOME_MS) == 1) {
            ssize_t len = recv(hub_fd, message, sizeof(message), MSG_DONTWAIT);
            if (len < 0) {
                break; // nobody has the port
            }
            if (host_air_type(message, (size_t)len) == HOST_AIR_WELCOME
                && host_air_get_time(message, (size_t)len, &time)) {
                take_time(&time);
                participant = time.participant;
                self.participant = time.participant;
                sim_air_reset(time.seed + time.participant);
                sim_air_set_lateness(time.lateness_ns);
                return true;
            }
        }
    }
    return false;
}

static bool open_socket(void) {
    struct sockaddr_in hub = { .sin_family = AF_INET, .sin_port = htons(hub_port) };
    hub.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int room = BUFFER_BYTES;
    hub_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (hub_fd < 0) {
        return false;
    }
    setsockopt(hub_fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    return connect(hub_fd, (struct sockaddr *)&hub, sizeof(hub)) == 0;
}

int host_air_start(void) {
    pthread_once(&once, read_setting);
    if (setting_bad) {
        return -NET_EINVAL;
    }
    if (hub_port == 0) {
        return 0;
    }
    warned = true; // what follows says it better
    joined = open_socket() && wait_for_welcome();
    if (!joined) {
        fprintf(stderr, "usocket: USOCKET_AIR: no hub answers on port %u; this firmware is alone on its air. "
            "Start it: python3 tools/fw.py air --port %u\n", hub_port, hub_port);
        if (hub_fd >= 0) {
            close(hub_fd);
            hub_fd = -1;
        }
        return 0;
    }
    warned = false;
    sim_air_watch(on_air);
    host_sim_set_source(&(host_sim_source_t) { .fd = hub_fd, .drain = drain, .moved = report });
    return 0;
}

void host_air_finish(void) {
    uint8_t message[HOST_AIR_MESSAGE_MAX];
    if (joined) {
        warned = true;
        send_message(message, host_air_put_bye(message));
    }
}

bool host_air_joined(void) {
    return joined;
}

void host_air_place(sim_air_radio_t *radio) {
    pthread_once(&once, read_setting);
    radios += 1;
    radio->id = participant * RADIOS_MAX + radios;
    radio->x_m = self.x_m;
    radio->y_m = self.y_m;
    if (radios == 1) {
        strcpy(radio->name, self.name);
    } else {
        snprintf(radio->name, sizeof(radio->name), "%.11s.%u", self.name, (unsigned)radios % 1000);
    }
}
