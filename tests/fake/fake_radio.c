// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_radio.h"
#include "hal/hal.h"
#include "net/net_errno.h"

#define START_US (100) // from an operation to the first symbol

fake_radio_t fake_radio;

static const hal_board_t board = { .power_max = 20, .eui = { 1, 2, 3, 4, 5, 6, 7, 8 } };
static uint64_t now_us = 1000000, step_us, op_end_us;
static char op; // the letter of the operation in hand, 0 none
static bool locked, notified, have_next;
static radio_owner_t *owner;
static int16_t sense_rssi;
static uint8_t tx_data[2][RADIO_PAYLOAD_MAX];
static size_t tx_len[2];
static radio_modulation_t tx_modulation;
static int8_t tx_power;
static radio_counters_t counters;

static void must(bool cond, const char *rule) {
    if (!cond) {
        printf("fake radio: %s\n", rule);
        abort();
    }
}

static void note(char letter) {
    size_t len = strlen(fake_radio.log);
    if (len + 1 < sizeof(fake_radio.log)) {
        fake_radio.log[len] = letter;
    }
}

/******************************************************************************/
// hal.h

const hal_board_t *hal_board(void) {
    return &board;
}

uint64_t hal_now_us(void) {
    return now_us;
}

void hal_random(void *buf, size_t len) {
    static uint32_t state = 1;
    for (size_t i = 0; i < len; ++i) {
        state = state * 1103515245 + 12345;
        ((uint8_t *)buf)[i] = state >> 16;
    }
}

void hal_lock(void) {
    must(!locked, "the lock does not nest");
    locked = true;
}

void hal_unlock(void) {
    must(locked, "unlock without lock");
    locked = false;
}

void hal_notify(void) {
    must(locked, "notify needs the lock");
    notified = true;
}

static void run_until(uint64_t end_us, bool stop_when_notified);

void hal_wait(uint32_t timeout_ms) {
    must(locked, "wait needs the lock");
    locked = false;
    notified = false;
    run_until(now_us + timeout_ms * 1000ULL, true);
    locked = true;
}

/******************************************************************************/
// Time

static void tell(radio_event_t event) {
    event.at_us = now_us;
    locked = true;
    owner->event(owner, &event);
    step_us = owner->step(owner, now_us);
    locked = false;
}

static void frame_left(void) {
    unsigned i = fake_radio.tx_count++ % 64;
    memcpy(fake_radio.sent[i], tx_data[0], tx_len[0]);
    fake_radio.sent_len[i] = tx_len[0];
    fake_radio.sent_power[i] = tx_power;
    fake_radio.sent_modulation[i] = tx_modulation;
    fake_radio.last_end_us = now_us;
    op = 0;
    if (have_next) {
        have_next = false;
        memcpy(tx_data[0], tx_data[1], tx_len[1]);
        tx_len[0] = tx_len[1];
        op = 'T';
        op_end_us = now_us + radio_airtime_us(&tx_modulation, tx_len[0]);
    }
    tell((radio_event_t) { .type = RADIO_TX_DONE });
}

static void op_ended(void) {
    if (op == 'X') {
        op = 0;
        tell((radio_event_t) { .type = RADIO_FAULT });
    } else if (op == 'T') {
        frame_left();
    } else {
        op = 0;
        tell((radio_event_t) { .type = RADIO_SENSE_DONE, .detected = now_us <= fake_radio.busy_until_us,
                               .rssi = sense_rssi });
    }
}

static void run_until(uint64_t end_us, bool stop_when_notified) {
    must(!locked, "the task runs only when nobody holds the lock");
    while (!(stop_when_notified && notified)) {
        uint64_t op_us = op == 'T' || op == 'S' || op == 'X' ? op_end_us : RADIO_NEVER;
        uint64_t due_us = owner != NULL && step_us < op_us ? step_us : op_us;
        if (due_us > end_us) {
            now_us = end_us;
            return;
        }
        now_us = due_us > now_us ? due_us : now_us;
        if (due_us == op_us) {
            op_ended();
        } else {
            step_us = RADIO_NEVER;
            locked = true;
            uint64_t again = owner->step(owner, now_us);
            step_us = again < step_us ? again : step_us;
            locked = false;
            must(step_us > now_us, "a step that is due again at once never ends");
        }
    }
}

void fake_radio_run(uint64_t us) {
    run_until(now_us + us, false);
}

void fake_radio_reset(void) {
    memset(&fake_radio, 0, sizeof(fake_radio));
    op = 0;
    have_next = false;
    step_us = RADIO_NEVER;
}

void fake_radio_forget_log(void) {
    memset(fake_radio.log, 0, sizeof(fake_radio.log));
}

bool fake_radio_deliver(const void *data, size_t len, int16_t rssi, int8_t snr_x4) {
    static uint8_t heard[RADIO_PAYLOAD_MAX];
    if (op != 'R') {
        return false;
    }
    tell((radio_event_t) { .type = RADIO_RX_DONE, .rssi = rssi, .snr_x4 = snr_x4, .data = memcpy(heard, data, len), .len = len });
    return true;
}

void fake_radio_crc_error(void) {
    tell((radio_event_t) { .type = RADIO_RX_CRC_ERROR });
}

void fake_radio_fault(void) {
    op = 0;
    have_next = false;
    tell((radio_event_t) { .type = RADIO_FAULT });
}

void fake_radio_taken(bool taken) {
    static radio_owner_t other;
    owner = taken ? &other : NULL;
}

/******************************************************************************/
// radio.h

int radio_start(void) {
    return 0;
}

uint64_t radio_started_us(void) {
    return fake_radio.first_start_us;
}

radio_chip_t radio_chip(void) {
    return RADIO_CHIP_SX1276;
}

int radio_claim(radio_owner_t *by) {
    must(locked, "claim needs the lock");
    if (owner != NULL && owner != by) {
        return -NET_EBUSY;
    }
    owner = by;
    return 0;
}

void radio_release(radio_owner_t *by) {
    must(locked, "release needs the lock");
    if (owner == by) {
        owner = NULL;
        op = 0;
        have_next = false;
    }
}

void radio_step_soon(void) {
    must(locked, "step_soon needs the lock");
    step_us = now_us;
}

static int begin(char letter, uint64_t time_us) {
    must(locked, "operations need the lock");
    note(letter);
    op = 0;
    have_next = false;
    if (fake_radio.answer != 0) {
        return fake_radio.answer;
    }
    op = letter;
    op_end_us = now_us + time_us;
    return 0;
}

int radio_transmit(const radio_tx_t *tx) {
    must(tx->len > 0 && tx->len <= RADIO_PAYLOAD_MAX, "frames have 1..255 bytes");
    memcpy(tx_data[0], tx->data, tx->len);
    tx_len[0] = tx->len;
    tx_modulation = *tx->modulation;
    tx_power = tx->power;
    if (fake_radio.first_start_us == 0) {
        fake_radio.first_start_us = now_us;
    } else if (fake_radio.last_end_us != 0) {
        fake_radio.idle_us += now_us - fake_radio.last_end_us;
    }
    return begin('T', START_US + radio_airtime_us(tx->modulation, tx->len));
}

int radio_transmit_next(const uint8_t *data, size_t len) {
    must(locked, "operations need the lock");
    note('N');
    if (op != 'T') {
        return -NET_EAGAIN;
    }
    if (have_next) {
        return -NET_EBUSY;
    }
    if (fake_radio.no_next) {
        return -NET_EMSGSIZE;
    }
    have_next = true;
    memcpy(tx_data[1], data, len);
    tx_len[1] = len;
    return 0;
}

int radio_receive(const radio_rx_t *rx) {
    fake_radio.rx_modulation = *rx->modulation;
    return begin('R', 0);
}

int radio_sense(const radio_modulation_t *modulation, int16_t threshold, uint32_t time_us) {
    (void)modulation;
    sense_rssi = threshold + 20;
    return begin('S', time_us);
}

int radio_sleep(void) {
    return begin('Z', 0);
}

int radio_reset(void) {
    begin('X', 0);
    return 0;
}

// Not the chip's formula: a round number, so that a test can do its sums.
uint32_t radio_airtime_us(const radio_modulation_t *modulation, size_t len) {
    return (uint32_t)((1000 + 100 * len) << (modulation->lora.sf - 7));
}

int radio_check(const radio_modulation_t *modulation, const char **why) {
    if (modulation->frequency < 137000000) {
        *why = "too low";
        return -NET_EINVAL;
    }
    return 0;
}

const radio_counters_t *radio_counters(void) {
    return &counters;
}
