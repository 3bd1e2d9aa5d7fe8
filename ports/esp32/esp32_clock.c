// The radio's clock and deadline, and the start of what a radio on SPI needs.
//
// esp_timer is ESP-IDF's clock: it never steps back and goes on in light sleep. A
// deadline's callback runs in its interrupt where the firmware is built for that
// (CONFIG_ESP_TIMER_SUPPORTS_ISR_DISPATCH_METHOD, as our boards are): a few
// microseconds late, whatever Wi-Fi does. A stock build calls from esp_timer's task on
// Wi-Fi's core and below Wi-Fi's priority, so that Wi-Fi may make it some milliseconds
// late; LoRaWAN's windows then open later and longer than they need. A timer of the
// chip would do as well, but all four of them are machine.Timer's.
// SPDX-License-Identifier: MIT
#include "esp_attr.h"
#include "esp_timer.h"

#include "esp32_config.h"
#include "esp32_radio.h"
#include "hal/hal.h"
#include "net/net_errno.h"

#if CONFIG_ESP_TIMER_SUPPORTS_ISR_DISPATCH_METHOD
#define DISPATCH ESP_TIMER_ISR
#else
#define DISPATCH ESP_TIMER_TASK
#endif

static esp_timer_handle_t deadline;

static void IRAM_ATTR on_deadline(void *arg) {
    (void)arg;
    hal_wake();
}

uint64_t IRAM_ATTR hal_now_us(void) {
    return (uint64_t)esp_timer_get_time();
}

void hal_wake_at(uint64_t when_us) {
    esp_timer_stop(deadline); // fails when it does not run, which is as good
    uint64_t now = hal_now_us();
    if (when_us <= now) {
        hal_wake();
    } else if (when_us != HAL_NEVER) {
        esp_timer_start_once(deadline, when_us - now);
    }
}

int esp32_radio_start(void) {
    const esp_timer_create_args_t args = { .callback = on_deadline, .dispatch_method = DISPATCH, .name = "radio" };
    if (!USOCKET_RADIO_PINS) {
        return -NET_ENODEV;
    }
    if (deadline == NULL && esp_timer_create(&args, &deadline) != ESP_OK) {
        return -NET_ENOMEM;
    }
    int ret = esp32_lines_start();
    return ret == 0 ? esp32_spi_start() : ret;
}

// The lock has nothing to do with this clock.
void esp32_radio_entered(void) {
}

void esp32_radio_leaving(void) {
}

uint32_t esp32_radio_idle_ms(void) {
    return UINT32_MAX;
}
