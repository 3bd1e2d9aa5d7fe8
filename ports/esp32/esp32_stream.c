// hal_spi_stream(): register writes at exact times, from a timer interrupt.
//
// ESP-IDF's SPI driver cannot be called there. So the bus is taken before, the driver
// leaves its settings in the peripheral (esp32_spi_begin), and the interrupt only puts
// two bytes into the peripheral's buffer and starts it. The timer's interrupt comes
// EARLY and the handler spins until the time; what follows soon is sent without leaving
// it, which is the length of an amplitude ramp, some hundred microseconds per bit.
//
// The timer is the last of the chip's four, machine.Timer(3), while a stream goes on.
// Interrupts of code in flash wait while the flash is written: a script that writes
// files meanwhile spoils the signal. Not proven on silicon: only compiled, and started
// nowhere, since no emulator has the peripheral in this detail.
//
// All callers and the interrupt are on one core (esp32_task.c): no locks needed.
// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "driver/gptimer.h"
#include "esp_attr.h"
#include "freertos/FreeRTOS.h"
#include "hal/spi_ll.h"

#include "esp32_config.h"
#include "esp32_radio.h"
#include "hal/hal.h"
#include "net/net_errno.h"

#define TICK_HZ (10000000) // hal_write_t's unit
#define TICKS_PER_US (10)
#define TIMERS (4)
// The timer's count at the start of a stream, so that the past has numbers, too.
#define COUNT_FIRST (100 * TICK_HZ)
#define EARLY (6 * TICKS_PER_US)
#define NEAR (25 * TICKS_PER_US)

static gptimer_handle_t timer;
static portMUX_TYPE clock_lock = portMUX_INITIALIZER_UNLOCKED;
static hal_stream_t next_write; // NULL: none, or the last write has gone out
static hal_write_t now_due;
static uint64_t start_count;
static bool has_bus;

static uint64_t count(void) {
    unsigned long long value = 0;
    gptimer_get_raw_count(timer, &value);
    return value;
}

static void IRAM_ATTR put(const hal_write_t *write) {
    spi_dev_t *spi = SPI_LL_GET_HW(USOCKET_RADIO_SPI);
    const uint8_t bytes[4] = { write->address | 0x80, write->value };
    while (spi_ll_get_running_cmd(spi) != 0) {
    }
    spi_ll_write_buffer(spi, bytes, 16);
    spi_ll_user_start(spi);
}

static void wait_for_write(void) {
    gptimer_alarm_config_t alarm = { .alarm_count = start_count + now_due.at - EARLY };
    gptimer_set_alarm_action(timer, &alarm);
}

static bool IRAM_ATTR on_alarm(gptimer_handle_t self, const gptimer_alarm_event_data_t *event, void *arg) {
    (void)self;
    (void)event;
    (void)arg;
    while (next_write != NULL) {
        uint64_t at = start_count + now_due.at;
        for (uint64_t now = count(); now < at; now = count()) {
            if (at - now > NEAR) {
                wait_for_write();
                return false;
            }
        }
        put(&now_due);
        if (!next_write(&now_due)) {
            next_write = NULL;
            hal_wake();
        }
    }
    return false; // hal_wake() has seen to it
}

// gptimer gives timers from the first; machine.Timer(0) is the one that scripts take.
static bool make_timer(void) {
    const gptimer_config_t config = {
        .clk_src = GPTIMER_CLK_SRC_DEFAULT, .direction = GPTIMER_COUNT_UP, .resolution_hz = TICK_HZ,
        .intr_priority = 3,
    };
    const gptimer_event_callbacks_t callbacks = { .on_alarm = on_alarm };
    gptimer_handle_t timers[TIMERS];
    int made = 0;
    while (made < TIMERS && gptimer_new_timer(&config, &timers[made]) == ESP_OK) {
        made++;
    }
    for (int i = 0; i < made - 1; i++) {
        gptimer_del_timer(timers[i]);
    }
    timer = made > 0 ? timers[made - 1] : NULL;
    return made > 0 && gptimer_register_event_callbacks(timer, &callbacks, NULL) == ESP_OK;
}

static void start_timer(uint64_t start_us) {
    gptimer_enable(timer);
    gptimer_set_raw_count(timer, COUNT_FIRST);
    gptimer_start(timer);
    portENTER_CRITICAL(&clock_lock);
    uint64_t now = hal_now_us();
    start_count = count() + (start_us - now) * TICKS_PER_US; // modulo 2**64, if it is past
    portEXIT_CRITICAL(&clock_lock);
}

void esp32_stream_finish(void) {
    if (has_bus && next_write == NULL) {
        has_bus = false;
        gptimer_stop(timer);
        gptimer_disable(timer);
        esp32_spi_end();
    }
}

int hal_spi_stream(hal_stream_t next, uint64_t start_us) {
    if (next == NULL) {
        next_write = NULL;
        esp32_stream_finish();
        return 0;
    }
    if (next_write != NULL) {
        return -NET_EBUSY;
    }
    esp32_stream_finish();
    if ((timer == NULL && !make_timer()) || !esp32_spi_begin()) {
        return -NET_EIO;
    }
    has_bus = true;
    if (!next(&now_due)) {
        hal_wake();
        return 0;
    }
    next_write = next;
    start_timer(start_us);
    wait_for_write();
    return 0;
}
