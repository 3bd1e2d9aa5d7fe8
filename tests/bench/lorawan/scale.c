// Many MACs on one channel in virtual time: pure ALOHA, where two frames that overlap
// are both lost. Arguments: devices, mean seconds between a device's uplinks, hours.
// Prints: uplinks, delivered, offered load, device-days.
// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lorawan/lorawan.h"

#define CHANNEL_HZ (868100000)

typedef enum { SEND, TX_END, WINDOW_END } kind_t;

typedef struct {
    uint64_t at_us;
    uint32_t device;
    uint8_t kind;
    uint8_t window;
} due_t;

typedef struct {
    lorawan_t mac;
    uint64_t frame_end_us;
    bool lost;
} device_t;

static device_t *devices;
static due_t *heap;
static size_t heap_len;
static uint32_t *on_air; // devices
static size_t on_air_len;
static double mean_us;
static uint64_t uplinks, delivered, air_us;

static uint32_t random_word(void *ctx) {
    static uint64_t state = 88172645463325252ull;
    (void)ctx;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

static void push(due_t due) {
    size_t at = heap_len++;
    for (; at > 0 && heap[(at - 1) / 2].at_us > due.at_us; at = (at - 1) / 2) {
        heap[at] = heap[(at - 1) / 2];
    }
    heap[at] = due;
}

static due_t pop(void) {
    due_t first = heap[0], last = heap[--heap_len];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < heap_len; at = child) {
        child += child + 1 < heap_len && heap[child + 1].at_us < heap[child].at_us;
        if (last.at_us <= heap[child].at_us) {
            break;
        }
        heap[at] = heap[child];
    }
    heap[at] = last;
    return first;
}

static uint64_t next_send(uint64_t now_us) {
    double uniform = (random_word(NULL) + 1.0) / 4294967297.0;
    return now_us + (uint64_t)(-log(uniform) * mean_us);
}

static void begin_frame(uint32_t number, uint64_t now_us, uint32_t airtime_us) {
    device_t *d = &devices[number];
    d->lost = on_air_len > 0;
    for (size_t i = 0; i < on_air_len; ++i) {
        devices[on_air[i]].lost = true;
    }
    on_air[on_air_len++] = number;
    d->frame_end_us = now_us + airtime_us;
    push((due_t) { d->frame_end_us, number, TX_END, 0 });
    ++uplinks;
    air_us += airtime_us;
}

static void end_frame(uint32_t number) {
    for (size_t i = 0; i < on_air_len; ++i) {
        if (on_air[i] == number) {
            on_air[i] = on_air[--on_air_len];
            break;
        }
    }
    delivered += !devices[number].lost;
}

static void go_on(uint32_t number, uint64_t now_us) {
    lorawan_t *mac = &devices[number].mac;
    lorawan_action_t action;
    const lorawan_event_t stored = { .type = LORAWAN_STORED, .time_us = now_us };
    for (;;) {
        switch (lorawan_next(mac, now_us, &action)) {
            case LORAWAN_NONE:
                return;
            case LORAWAN_TRANSMIT:
                begin_frame(number, now_us, action.transmit.airtime_us);
                break;
            case LORAWAN_RECEIVE: {
                uint64_t symbol_us = (8u << action.receive.phy.sf) >> action.receive.phy.bw;
                uint64_t end_us = action.receive.start_us + action.receive.symbols * symbol_us;
                push((due_t) { end_us, number, WINDOW_END, action.receive.window });
                break;
            }
            case LORAWAN_STORE:
                lorawan_event(mac, &stored);
                break;
            case LORAWAN_RESULT:
                push((due_t) { next_send(now_us), number, SEND, 0 });
                break;
            default:
                break;
        }
    }
}

static void happen(const due_t *due) {
    static const uint8_t data[20];
    lorawan_t *mac = &devices[due->device].mac;
    if (due->kind == SEND) {
        const lorawan_uplink_t up = { .port = 2, .dr = 5, .data = data, .len = sizeof(data) };
        if (lorawan_send(mac, &up, due->at_us) < 0) {
            fprintf(stderr, "an uplink was refused\n");
            exit(1);
        }
    } else {
        if (due->kind == TX_END) {
            end_frame(due->device);
        }
        const lorawan_event_t event = {
            .type = due->kind == TX_END ? LORAWAN_TX_DONE : LORAWAN_RX_TIMEOUT,
            .window = (lorawan_window_t)due->window, .time_us = due->at_us,
        };
        lorawan_event(mac, &event);
    }
    go_on(due->device, due->at_us);
}

static void begin(uint32_t number) {
    const uint8_t key[16] = { 1 };
    const lorawan_config_t config = {
        .region = LORAWAN_EU868, .no_duty_cycle = true, .max_power_dbm = 14, .clock_ppm = 50, .random = random_word,
    };
    const lorawan_abp_t abp = { number + 1, key, key };
    const lorawan_channel_t channel = { CHANNEL_HZ, 0, 5 };
    lorawan_t *mac = &devices[number].mac;
    if (lorawan_init(mac, &config, 0) < 0 || lorawan_join_abp(mac, &abp) < 0) {
        exit(1);
    }
    for (uint8_t i = 0; i < 3; ++i) {
        (void)lorawan_channel_set(mac, i, &channel);
    }
    go_on(number, 0);
    push((due_t) { next_send(0), number, SEND, 0 });
}

int main(int argc, char **argv) {
    if (argc != 4) {
        return 2;
    }
    uint32_t count = (uint32_t)atoi(argv[1]);
    mean_us = atof(argv[2]) * 1e6;
    uint64_t end_us = (uint64_t)(atof(argv[3]) * 3600e6);
    devices = calloc(count, sizeof(*devices));
    heap = calloc(4 * (size_t)count + 16, sizeof(*heap));
    on_air = calloc(count, sizeof(*on_air));
    if (devices == NULL || heap == NULL || on_air == NULL) {
        return 1;
    }
    for (uint32_t i = 0; i < count; ++i) {
        begin(i);
    }
    uint64_t now_us = 0;
    while (heap_len > 0 && now_us < end_us) {
        due_t due = pop();
        now_us = due.at_us;
        happen(&due);
    }
    printf("%llu %llu %.6f %.6f\n", (unsigned long long)uplinks, (unsigned long long)delivered,
        (double)air_us / (double)now_us, count * (double)now_us / 86400e6);
    return 0;
}
