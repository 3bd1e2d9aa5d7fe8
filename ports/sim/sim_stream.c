// The stream of hal.h on a software chip.
// SPDX-License-Identifier: MIT
#include "sim_stream.h"

#include <stddef.h>

#include "net/net_errno.h"
#include "sim_math.h"

#define TENTH_NS (100u)

static struct {
    sim_chip_t *chip;
    hal_stream_t next;
    void (*done)(void);
    uint64_t start_ns;
    uint32_t jitter_ns, random;
    hal_write_t write;
} stream;

static void on_time(sim_event_t *event);
static sim_event_t event = { .fire = on_time };

static void wait_for_write(void) {
    uint64_t late = stream.jitter_ns == 0 ? 0 : sim_math_random(&stream.random) % (stream.jitter_ns + 1);
    sim_time_at(&event, stream.start_ns + (uint64_t)stream.write.at * TENTH_NS + late);
}

static void on_time(sim_event_t *self) {
    (void)self;
    const uint8_t bytes[2] = { stream.write.address | 0x80, stream.write.value };
    sim_chip_spi(stream.chip, bytes, NULL, sizeof(bytes));
    if (stream.next == NULL) {
        return; // it was ended while the transfer took its time
    }
    if (stream.next(&stream.write)) {
        wait_for_write();
    } else {
        stream.next = NULL;
        stream.done();
    }
}

int sim_stream_start(sim_chip_t *chip, hal_stream_t next, uint64_t start_ns, void (*done)(void)) {
    if (stream.next != NULL) {
        return -NET_EBUSY;
    }
    stream.chip = chip;
    stream.start_ns = start_ns;
    stream.done = done;
    if (next(&stream.write)) {
        stream.next = next;
        wait_for_write();
    } else {
        done();
    }
    return 0;
}

void sim_stream_stop(void) {
    stream.next = NULL;
    sim_time_cancel(&event);
}

bool sim_stream_runs(void) {
    return stream.next != NULL;
}

void sim_stream_set_jitter(uint32_t ns) {
    stream.jitter_ns = ns;
}
