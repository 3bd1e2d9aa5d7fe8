// The chip's other lines: DIO interrupts, reset, an antenna switch.
//
// The interrupt service is MicroPython's, shared by all pins. It is not one that runs
// while the flash is written, so an edge meanwhile is seen late, as all code is.
// SPDX-License-Identifier: MIT
#include "driver/gpio.h"
#include "esp_attr.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"

#include "esp32_config.h"
#include "esp32_radio.h"
#include "hal/hal.h"
#include "net/net_errno.h"

static portMUX_TYPE edge_lock = portMUX_INITIALIZER_UNLOCKED;
static uint64_t edge_us;

// --- DIO ---------------------------------------------------------------------

static void IRAM_ATTR on_edge(void *arg) {
    (void)arg;
    portENTER_CRITICAL_ISR(&edge_lock);
    edge_us = (uint64_t)esp_timer_get_time();
    portEXIT_CRITICAL_ISR(&edge_lock);
    hal_wake();
}

uint64_t esp32_radio_edge(void) {
    portENTER_CRITICAL(&edge_lock);
    uint64_t at = edge_us;
    edge_us = 0;
    portEXIT_CRITICAL(&edge_lock);
    return at;
}

static const int8_t dio[] = { USOCKET_RADIO_DIO0, USOCKET_RADIO_DIO1, USOCKET_RADIO_DIO2 };
#define DIOS ((int)sizeof(dio))

// Is this line the first on its pin?
static bool has_pin(int line) {
    for (int i = 0; i < line; i++) {
        if (dio[i] == dio[line]) {
            return false;
        }
    }
    return dio[line] >= 0;
}

void esp32_radio_watch(void) {
    esp_err_t err = gpio_install_isr_service(0);
    (void)err; // ESP_ERR_INVALID_STATE: MicroPython has done it
    for (int i = 0; i < DIOS; i++) {
        if (has_pin(i)) {
            gpio_set_intr_type(dio[i], GPIO_INTR_POSEDGE);
            gpio_isr_handler_add(dio[i], on_edge, NULL);
            gpio_intr_enable(dio[i]);
        }
    }
}

// --- Outputs -----------------------------------------------------------------

static void make_output(int pin, int level) {
    if (pin >= 0) {
        gpio_reset_pin(pin);
        gpio_set_level(pin, level);
        gpio_set_direction(pin, GPIO_MODE_OUTPUT);
    }
}

int hal_reset_line(bool active, bool active_level) {
    int pin = esp32_board_reset();
    if (pin < 0) {
        return -NET_ENODEV;
    }
    if (active) {
        gpio_set_level(pin, active_level);
    }
    return gpio_set_direction(pin, active ? GPIO_MODE_OUTPUT : GPIO_MODE_INPUT) == ESP_OK ? 0 : -NET_EIO;
}

void hal_rf_switch(hal_rf_t rf) {
    if (USOCKET_RADIO_SWITCH_RX >= 0) {
        gpio_set_level(USOCKET_RADIO_SWITCH_RX, rf == HAL_RF_RX);
    }
    if (USOCKET_RADIO_SWITCH_TX >= 0) {
        gpio_set_level(USOCKET_RADIO_SWITCH_TX, rf == HAL_RF_TX_RFO || rf == HAL_RF_TX_BOOST);
    }
}

int esp32_lines_start(void) {
    for (int i = 0; i < DIOS; i++) {
        if (has_pin(i)) {
            gpio_reset_pin(dio[i]);
            gpio_set_direction(dio[i], GPIO_MODE_INPUT);
            // Diodes only pull up; lines that are input only have no pull, and do not need one.
            gpio_set_pull_mode(dio[i], GPIO_IS_VALID_OUTPUT_GPIO(dio[i]) ? GPIO_PULLDOWN_ONLY : GPIO_FLOATING);
        }
    }
    if (esp32_board_reset() >= 0) {
        gpio_reset_pin(esp32_board_reset());
        gpio_set_direction(esp32_board_reset(), GPIO_MODE_INPUT);
        gpio_set_pull_mode(esp32_board_reset(), GPIO_FLOATING); // SX1272 and SX1276 pull in opposite ways
    }
    make_output(USOCKET_RADIO_SWITCH_RX, 0);
    make_output(USOCKET_RADIO_SWITCH_TX, 0);
    return 0;
}
