// A simulated chip in the ESP32's image, for emulators, which have none on their SPI
// bus. It is paced by the ESP32's clock, whose ticks are when it is looked at. Time stands while the radio task is due, but for
// what SPI transfers take, so that a slow emulator makes nothing late in simulated
// time; afterwards it catches up, event by event, as on the host (host_sim.h).
//
// All of the simulation is used with the lock of hal.h.
// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "esp_timer.h"

#include "esp32_radio.h"
#include "esp32_sim.h"
#include "hal/hal.h"
#include "net/net_errno.h"
#include "sim_air.h"
#include "sim_stream.h"
#include "sim_time.h"

#define US (1000ull)
#define MS (1000000ull)
#define IDLE_MS (1000u)
#define EVENTS_AT_ONCE (1000)
#define SEED (1)

static sim_chip_t chip;
static bool started;
static uint64_t slept_for_ns; // the simulated time that the task sleeps for
static uint64_t edge_ns;

// --- Time --------------------------------------------------------------------

// To the present, one event after another. One may make the task due: then time stands.
static void move(void) {
    uint64_t to = (uint64_t)esp_timer_get_time() * US;
    for (int i = 0; i < EVENTS_AT_ONCE && !esp32_task_pending(); i++) {
        uint64_t next = sim_time_next();
        if (next > to) {
            sim_time_advance(to);
            return;
        }
        sim_time_advance(next);
    }
}

void esp32_radio_entered(void) {
    move();
}

// The task sleeps for something later than what is due next.
void esp32_radio_leaving(void) {
    if (sim_time_next() < slept_for_ns) {
        slept_for_ns = 0;
        esp32_task_look();
    }
}

uint32_t esp32_radio_idle_ms(void) {
    uint64_t now = (uint64_t)esp_timer_get_time() * US;
    uint64_t next = sim_time_next();
    slept_for_ns = next;
    return next == SIM_NEVER ? IDLE_MS : next <= now ? 0 : next - now < IDLE_MS * MS ? (uint32_t)((next - now) / MS) : IDLE_MS;
}

uint64_t hal_now_us(void) {
    bool mine = esp32_task_locked();
    if (!mine) {
        hal_lock();
    }
    uint64_t now = sim_time_now() / US;
    if (!mine) {
        hal_unlock();
    }
    return now;
}

static void on_deadline(sim_event_t *event) {
    (void)event;
    hal_wake();
}
static sim_event_t deadline = { .fire = on_deadline };

void hal_wake_at(uint64_t when_us) {
    if (when_us > UINT64_MAX / US) {
        sim_time_cancel(&deadline);
    } else {
        sim_time_at(&deadline, when_us * US);
    }
}

// --- The chip ----------------------------------------------------------------

static void on_edge(sim_chip_t *self, int dio, bool level) {
    (void)self;
    if (level && (hal_board()->dio & 1u << dio) != 0) {
        edge_ns = sim_time_now();
        hal_wake();
    }
}

void esp32_sim_place(sim_chip_t *placed) {
    static unsigned number;
    placed->radio.id = ++number;
    snprintf(placed->radio.name, sizeof(placed->radio.name), number == 1 ? "node" : "node.%u", number % 1000);
}

int esp32_radio_start(void) {
    if (started) {
        return 0;
    }
    sim_air_reset(SEED);
    esp32_sim_place(&chip);
    chip.edge = on_edge;
    sim_chip_init(&chip, SIM_SX1276);
    started = true;
    return 0;
}

void esp32_radio_watch(void) {
}

uint64_t esp32_radio_edge(void) {
    uint64_t at = edge_ns;
    edge_ns = 0;
    return at / US;
}

sim_chip_t *esp32_sim_chip(void) {
    return started ? &chip : NULL;
}

int hal_spi_transfer(uint8_t address, const uint8_t *out, uint8_t *in, size_t len) {
    if (len > 256) {
        return -NET_EINVAL;
    }
    sim_chip_transfer(&chip, address, out, in, len);
    return 0;
}

int hal_spi_stream(hal_stream_t next, uint64_t start_us) {
    if (next == NULL) {
        sim_stream_stop();
        return 0;
    }
    return sim_stream_start(&chip, next, start_us * US, hal_wake);
}

int hal_reset_line(bool active, bool active_level) {
    sim_chip_reset_line(&chip, active ? active_level : -1);
    return 0;
}

void hal_rf_switch(hal_rf_t rf) {
    (void)rf;
}
