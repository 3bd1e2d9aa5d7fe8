// What `bench radio` runs: AF_LORA on the driver and a software SX1276, its SPI at
// 10 MHz, in virtual time. Arguments: what, SF, bandwidth (0..2), bytes, frames.
// Prints one line of JSON.
//   queued    frames that are given to send() without waiting; their air time
//   single    send() waits for each; the air time, and what one frame costs
//   receive   frames of another chip; what one costs, and how late it can be read
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lora/lora_settings.h"
#include "radio_fixture.h"

#define WAIT_MS (60000)
// What a script takes between two calls, roughly, on an ESP32.
#define SCRIPT_US (100)

static net_socket_t s;
static lora_settings_t settings;
static uint8_t buf[LORA_PAYLOAD_MAX];
static uint64_t on_air_ns, first_ns, last_ns;
static unsigned heard; // frames that the air saw

static void die(const char *what) {
    fprintf(stderr, "radio_ops: %s\n", what);
    exit(1);
}

static void need(bool condition, const char *what) {
    if (!condition) {
        die(what);
    }
}

static void watch(const sim_air_radio_t *radio, const sim_air_frame_t *frame, sim_air_fate_t fate) {
    if (radio == NULL && fate == SIM_AIR_ON_AIR) {
        ++heard;
        on_air_ns += frame->end_ns - frame->start_ns;
        first_ns = first_ns == 0 ? frame->start_ns : first_ns;
        last_ns = frame->end_ns;
    }
}

static void begin(int sf, int bandwidth) {
    need(fixture_start_kind(SIM_SX1276) == 0, "the chip is not found");
    hal_lock();
    radio_release(&fixture.owner);
    hal_unlock();
    need(lora_start() == 0, "no radio");
    lora_settings_default(&settings, LORA_EU868, NULL);
    settings.sf = sf;
    settings.bandwidth = bandwidth;
    need(lora_settings_check(&settings, NULL) == 0 && lora_init(&settings) == 0, "the settings are refused");
    sim_hal_run(5000);
    need(net_open(&s, &lora_ops, NET_AF_LORA, NET_SOCK_RAW, 0) == 0, "no socket");
}

static void finish(void) {
    int ret;
    while ((ret = net_send_finish(&s)) == -NET_EAGAIN) {
        net_wait(&s, NET_SENT, WAIT_MS);
    }
    need(ret == 0, "a frame was not sent");
}

static void send_queued(size_t len, int frames) {
    for (int sent = 0; sent < frames;) {
        if (net_send(&s, buf, len, NULL) > 0) {
            ++sent;
        } else {
            net_wait(&s, NET_POLLOUT, WAIT_MS);
        }
    }
    finish();
}

static void send_single(size_t len, int frames) {
    for (int i = 0; i < frames; ++i) {
        need(net_send(&s, buf, len, NULL) == (int)len, "a frame is refused");
        finish();
        sim_hal_run(SCRIPT_US);
    }
}

static bool readable(void *arg) {
    (void)arg;
    return net_poll(&s, NET_POLLIN) != 0;
}

// The greatest time from a frame's end to when recv() has it, ns.
static uint64_t receive(size_t len, int frames) {
    static radio_modulation_t modulation;
    uint64_t latest_ns = 0;
    lora_settings_modulation(&settings, false, &modulation);
    peer_lora(&modulation);
    for (int i = 0; i < frames; ++i) {
        peer_send(buf, len);
        need(sim_hal_run_until(readable, NULL, WAIT_MS * 1000ull), "a frame is lost");
        uint64_t took_ns = sim_time_now() - last_ns;
        latest_ns = took_ns > latest_ns ? took_ns : latest_ns;
        need(net_recv(&s, buf, sizeof(buf), 0, NULL) == (int)len, "a frame has another length");
        sim_hal_run(SCRIPT_US);
    }
    return latest_ns;
}

int main(int argc, char **argv) {
    need(argc == 6, "arguments are WHAT SF BANDWIDTH BYTES FRAMES");
    size_t len = (size_t)atoi(argv[4]);
    int frames = atoi(argv[5]);
    uint64_t latest_ns = 0;
    need(len >= 1 && len <= sizeof(buf) && frames > 0, "1 to 255 bytes, one frame or more");
    begin(atoi(argv[2]), atoi(argv[3]));
    sim_air_watch(watch);
    uint32_t transfers = fixture_chip.spi_transfers;
    uint32_t bytes = fixture_chip.spi_bytes;
    if (strcmp(argv[1], "queued") == 0) {
        send_queued(len, frames);
    } else if (strcmp(argv[1], "single") == 0) {
        send_single(len, frames);
    } else if (strcmp(argv[1], "receive") == 0) {
        latest_ns = receive(len, frames);
    } else {
        die("WHAT is queued, single or receive");
    }
    sim_hal_run(1000);
    need(heard == (unsigned)frames, "the air saw another number of frames");
    need(fixture_broken() == 0, "a rule of the chip was broken");
    printf("{\"use\": %.4f, \"transfers\": %u, \"bytes\": %u, \"latest_us\": %.1f}\n",
        100.0 * on_air_ns / (last_ns - first_ns), (unsigned)(fixture_chip.spi_transfers - transfers),
        (unsigned)(fixture_chip.spi_bytes - bytes), latest_ns / 1000.0);
    return 0;
}
