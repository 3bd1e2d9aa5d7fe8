// The one radio task, its owner, and the front of the operations.
// SPDX-License-Identifier: MIT
#include "radio/radio.h"

#include "hal/hal.h"
#include "net/net_errno.h"
#include "radio/radio_airtime.h"
#include "radio/sx127x.h"

#define START_MAX_US (5000000)

static struct {
    radio_owner_t *owner;
    radio_owner_t *lender; // gets it back
    radio_owner_t *waiter; // gets it when the owner lends it
    uint64_t step_at_us;
    bool in_task;
} radio;

static void step(void) {
    uint64_t now_us = hal_now_us();
    if (radio.owner != NULL && now_us >= radio.step_at_us) {
        radio.step_at_us = RADIO_NEVER; // the step may ask for another one soon
        uint64_t next_us = radio.owner->step(radio.owner, now_us);
        radio.step_at_us = next_us < radio.step_at_us ? next_us : radio.step_at_us;
    }
}

// The owner gives it away for a while, if it does.
static bool is_lent(void) {
    radio_owner_t *owner = radio.owner;
    if (radio.lender != NULL || owner->lend == NULL || !owner->lend(owner, true)) {
        return false;
    }
    radio_sleep();
    radio.lender = owner;
    return true;
}

static bool take(radio_owner_t *owner) {
    if (radio.owner != NULL && radio.owner != owner && !is_lent()) {
        return false;
    }
    radio.owner = owner;
    radio.waiter = NULL;
    radio_step_soon();
    return true;
}

static void run(uint64_t edge_us) {
    radio_event_t event;
    radio.in_task = true;
    while (sx127x_run(edge_us, hal_now_us(), &event)) {
        edge_us = 0;
        if (radio.owner != NULL) {
            radio.step_at_us = 0;
            radio.owner->event(radio.owner, &event);
        }
    }
    step();
    if (radio.waiter != NULL && take(radio.waiter)) {
        step();
    }
    // The first call comes before the set-up begins, and must not ask for another at once.
    uint64_t next_us = sx127x.found || sx127x_setting_up() ? sx127x.deadline_us : RADIO_NEVER;
    if (radio.owner != NULL && radio.step_at_us < next_us) {
        next_us = radio.step_at_us;
    }
    hal_wake_at(next_us);
    radio.in_task = false;
}

// Only the task may set its deadline.
static int begun(int ret) {
    if (!radio.in_task) {
        hal_wake();
    }
    return ret;
}

int radio_start(void) {
    int ret = hal_start(run);
    if (ret < 0) {
        return ret;
    }
    hal_lock();
    if (!sx127x.found && !sx127x_setting_up()) {
        sx127x_setup_start();
        hal_wake();
    }
    uint64_t until_us = hal_now_us() + START_MAX_US;
    while (sx127x_setting_up() && hal_now_us() < until_us) {
        hal_wait(10);
    }
    ret = sx127x.found ? 0 : -NET_ENODEV;
    hal_unlock();
    return ret;
}

radio_chip_t radio_chip(void) {
    return sx127x.found ? sx127x.chip : RADIO_CHIP_NONE;
}

int radio_claim(radio_owner_t *owner) {
    if (radio.lender == owner) {
        return 0;
    }
    if (radio.owner != NULL && radio.owner != owner) {
        return -NET_EBUSY;
    }
    take(owner);
    return 0;
}

int radio_borrow(radio_owner_t *owner) {
    if (take(owner)) {
        return 0;
    }
    if (radio.owner->lend == NULL || (radio.waiter != NULL && radio.waiter != owner)) {
        return -NET_EBUSY;
    }
    radio.waiter = owner;
    return -NET_EAGAIN;
}

static void give_back(void) {
    radio.owner = radio.lender;
    radio.lender = NULL;
    if (radio_chip() != RADIO_CHIP_NONE && sx127x.phase != SX127X_DEAD) {
        radio_sleep();
    }
    if (radio.owner != NULL) {
        radio.owner->lend(radio.owner, false);
    }
    radio_step_soon(); // of the owner, or for one that waits
}

void radio_release(radio_owner_t *owner) {
    if (radio.waiter == owner) {
        radio.waiter = NULL;
    }
    if (radio.lender == owner) {
        radio.lender = NULL;
    } else if (radio.owner == owner) {
        give_back();
    }
}

void radio_step_soon(void) {
    radio.step_at_us = 0;
    begun(0);
}

static const char *lora_problem(const radio_modulation_t *modulation) {
    const radio_lora_t *lora = &modulation->lora;
    if (lora->sf < 6 || lora->sf > 12) {
        return "spreading factor outside 6..12";
    }
    if (lora->bw > RADIO_BW_500K || (sx127x.chip == RADIO_CHIP_SX1272 && lora->bw < RADIO_BW_125K)) {
        return "a bandwidth that the chip does not have";
    }
    if (lora->cr < 1 || lora->cr > 4) {
        return "coding rate outside 4/5..4/8";
    }
    if (lora->sf == 6 && lora->implicit_len == 0) {
        return "SF6 works with an implicit header only";
    }
    if (lora->preamble < 6 || radio_airtime_us(modulation, RADIO_PAYLOAD_MAX) == UINT32_MAX) {
        return "preamble of less than 6 symbols or more than an hour";
    }
    return NULL;
}

static bool is_within(uint32_t value, uint32_t low, uint32_t high) {
    return value >= low && value <= high;
}

static const char *fsk_problem(const radio_fsk_t *fsk) {
    if (!is_within(fsk->bit_rate, 600, 300000)) {
        return "bit rate outside 600..300000";
    }
    if (!is_within(fsk->deviation, 600, 200000) || fsk->deviation + fsk->bit_rate / 2 > 250000) {
        return "deviation outside 600..200000, or more than 250000 with half the bit rate";
    }
    if (!is_within(fsk->rx_bandwidth, 2600, 250000) || fsk->afc_bandwidth > 250000) {
        return "receiver bandwidth outside 2600..250000";
    }
    if (!is_within(fsk->sync_len, 1, sizeof(fsk->sync))) {
        return "sync word outside 1..8 bytes";
    }
    return NULL;
}

static bool has_frequency(uint32_t frequency) {
    return is_within(frequency, sx127x.chip == RADIO_CHIP_SX1272 ? 860000000 : 137000000, 1020000000);
}

static const char *problem(const radio_modulation_t *modulation) {
    if (radio_chip() == RADIO_CHIP_NONE) {
        return "there is no radio chip";
    }
    if (!has_frequency(modulation->frequency)) {
        return "a frequency that the chip does not have";
    }
    if (modulation->modem == RADIO_FSK) {
        return fsk_problem(&modulation->fsk);
    }
    return modulation->modem == RADIO_LORA ? lora_problem(modulation) : "a modem that the chip does not have";
}

int radio_check(const radio_modulation_t *modulation, const char **why) {
    const char *sentence = problem(modulation);
    if (sentence != NULL && why != NULL) {
        *why = sentence;
    }
    return sentence == NULL ? 0 : -NET_EINVAL;
}

static uint8_t fixed_len(const radio_modulation_t *modulation) {
    return modulation->modem == RADIO_FSK ? modulation->fsk.fixed_len : modulation->lora.implicit_len;
}

int radio_transmit(const radio_tx_t *tx) {
    if (radio_check(tx->modulation, NULL) < 0 || !is_within((uint32_t)tx->len, 1, RADIO_PAYLOAD_MAX)) {
        return -NET_EINVAL;
    }
    uint8_t fixed = fixed_len(tx->modulation);
    if (fixed != 0 && tx->len != fixed) {
        return -NET_EINVAL;
    }
    sx127x.len = (uint8_t)tx->len;
    sx127x.power = tx->power;
    return begun(sx127x_begin(SX127X_TX, tx->modulation, tx->at_us, tx->data));
}

int radio_transmit_next(const uint8_t *data, size_t len) {
    bool sending = sx127x.op == SX127X_TX && sx127x.phase >= SX127X_WAITING;
    if (!sending || sx127x.modulation.modem != RADIO_LORA) {
        return -NET_EAGAIN;
    }
    if (sx127x.next_len != 0) {
        return -NET_EBUSY;
    }
    uint8_t fixed = fixed_len(&sx127x.modulation);
    if (len == 0 || (fixed != 0 && len != fixed)) {
        return -NET_EINVAL;
    }
    if (sx127x.len + len > 256) {
        return -NET_EMSGSIZE;
    }
    return begun(sx127x_follow(data, (uint8_t)len));
}

int radio_receive(const radio_rx_t *rx) {
    if (radio_check(rx->modulation, NULL) < 0 || (rx->symbols != 0 && !is_within(rx->symbols, 4, 1023))) {
        return -NET_EINVAL;
    }
    sx127x.symbols = rx->symbols;
    return begun(sx127x_begin(SX127X_RX, rx->modulation, rx->at_us, NULL));
}

static bool is_ramp(const radio_ramp_t *ramp, uint16_t bit_rate) {
    uint16_t at = 0;
    uint8_t level = 0;
    for (int n = 0; n < ramp->steps; ++n) {
        if (ramp->at[n] <= at || ramp->level[n] < level || ramp->level[n] >= RADIO_STREAM_LEVEL_LIMIT) {
            return false;
        }
        at = ramp->at[n];
        level = ramp->level[n];
    }
    return at > 0 && at <= ramp->span && 2u * ramp->span <= 10000000u / bit_rate;
}

int radio_stream(const radio_stream_t *stream) {
    if (radio_chip() == RADIO_CHIP_NONE || !has_frequency(stream->frequency)
        || !is_within(stream->bits, 1, RADIO_STREAM_BITS_MAX) || !is_within(stream->bit_rate, 50, 1000)
        || !is_ramp(stream->ramp, stream->bit_rate)) {
        return -NET_EINVAL;
    }
    if (!sx127x_boosted(stream->frequency)) {
        return -NET_EOPNOTSUPP;
    }
    radio_modulation_t modulation = { .frequency = stream->frequency, .modem = SX127X_MODEM_STREAM };
    sx127x_stream_stop(); // before its settings become others
    sx127x_stream_set(stream);
    sx127x.len = (uint8_t)((stream->bits + 7) / 8);
    return begun(sx127x_begin(SX127X_TX, &modulation, stream->at_us, stream->data));
}

int radio_cad(const radio_modulation_t *modulation) {
    if (radio_check(modulation, NULL) < 0 || modulation->modem != RADIO_LORA) {
        return -NET_EINVAL;
    }
    return begun(sx127x_begin(SX127X_CAD, modulation, 0, NULL));
}

int radio_sense(const radio_modulation_t *modulation, int16_t threshold, uint32_t time_us) {
    if (radio_check(modulation, NULL) < 0) {
        return -NET_EINVAL;
    }
    sx127x.threshold = threshold;
    sx127x.sense_us = time_us;
    sx127x.rssi = INT16_MIN;
    return begun(sx127x_begin(SX127X_SENSE, modulation, 0, NULL));
}

int radio_standby(void) {
    return begun(sx127x_rest(MODE_STANDBY));
}

int radio_sleep(void) {
    return begun(sx127x_rest(MODE_SLEEP));
}

int radio_reset(void) {
    if (radio_chip() == RADIO_CHIP_NONE) {
        return -NET_ENODEV;
    }
    sx127x.fault_due = true;
    sx127x_setup_start();
    return begun(0);
}

uint64_t radio_started_us(void) {
    return sx127x.start_us;
}

const radio_counters_t *radio_counters(void) {
    return &sx127x.counters;
}
