// What the Sigfox benchmark counts: streams of whole frames through the driver onto
// the software chip, and frames that are only encoded. Prints JSON.
//   sigfox_ops stream 1272|1276 100|600 FRAMES [TRACE.csv]
//   sigfox_ops encode FRAMES
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "radio_fixture.h"
#include "sigfox/sigfox_frame.h"
#include "sigfox/sigfox_ramp.h"

static const sigfox_device_t device = { .id = 0x00a1b2c3, .key = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } };
static FILE *trace;
static unsigned long points;

static void on_point(const sim_air_frame_t *frame, const sim_air_point_t *point) {
    (void)frame;
    ++points;
    if (trace != NULL) {
        fprintf(trace, "%llu,%u,%u\n", (unsigned long long)point->at_ns, point->level, point->phase != 0);
    }
}

static int encode(uint16_t counter, int rank, uint8_t data[SIGFOX_FRAME_SIZE_MAX]) {
    sigfox_frame_t frame = { .type = SIGFOX_FRAME_BYTES, .len = 12, .counter = counter & 0xfff };
    for (int i = 0; i < 12; ++i) {
        frame.payload[i] = (uint8_t)(counter * 31 + i * 17);
    }
    return sigfox_frame_encode(&device, &frame, rank, data);
}

static int run_encode(int frames) {
    uint8_t data[SIGFOX_FRAME_SIZE_MAX];
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < frames; ++i) {
        if (encode((uint16_t)i, 1 + i % 3, data) < 0) {
            return 1;
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    double us = (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3;
    printf("{\"us\": %f}\n", us / frames);
    return 0;
}

// The shapes that sigfox_engine.c uses.
static void make_ramp(bool sx1272, uint16_t bit_rate, sigfox_ramp_t *shape, uint8_t *levels) {
    sigfox_ramp_shape_t wanted = { .bit_rate = bit_rate, .percent = SIGFOX_RAMP_PERCENT_MAX };
    wanted.even = bit_rate == 600;
    wanted.steps = bit_rate == 600 ? 40 : sx1272 ? 44 : 70;
    wanted.top = bit_rate == 600 ? 170 : sx1272 ? 88 : 70;
    sigfox_ramp_compute(shape, &wanted);
    for (int n = 1; n <= shape->steps; ++n) {
        levels[n - 1] = sigfox_ramp_level(shape, n);
    }
}

static int run_stream(bool sx1272, uint16_t bit_rate, int frames) {
    static sigfox_ramp_t shape;
    static uint8_t levels[SIGFOX_RAMP_STEPS_MAX];
    uint8_t data[SIGFOX_FRAME_SIZE_MAX];
    make_ramp(sx1272, bit_rate, &shape, levels);
    radio_ramp_t ramp = { .at = shape.at, .level = levels, .span = shape.span, .steps = shape.steps };
    if (fixture_start_kind(sx1272 ? SIM_SX1272 : SIM_SX1276) < 0) {
        return 1;
    }
    sim_air_watch_trace(on_point);
    for (int i = 0; i < frames; ++i) {
        int size = encode((uint16_t)(i + 1), 1, data);
        radio_stream_t stream = {
            .frequency = 868130000, .ramp = &ramp, .data = data, .bits = (uint16_t)(8 * size), .bit_rate = bit_rate,
        };
        fixture_clear();
        fixture_lock();
        int ret = radio_stream(&stream);
        fixture_unlock();
        if (ret < 0 || !fixture_wait(5000000) || fixture.event.type != RADIO_TX_DONE) {
            return 1;
        }
    }
    printf("{\"points\": %lu, \"transfers\": %u, \"broken\": %u, \"bits\": %d}\n", points, fixture_chip.spi_transfers,
        fixture_broken(), 8 * SIGFOX_FRAME_SIZE_MAX);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "encode") == 0) {
        return run_encode(atoi(argv[2]));
    }
    if (argc >= 5 && strcmp(argv[1], "stream") == 0) {
        if (argc > 5 && (trace = fopen(argv[5], "w")) == NULL) {
            return 1;
        }
        int ret = run_stream(atoi(argv[2]) == 1272, (uint16_t)atoi(argv[3]), atoi(argv[4]));
        return trace == NULL || fclose(trace) == 0 ? ret : 1;
    }
    return 2;
}
