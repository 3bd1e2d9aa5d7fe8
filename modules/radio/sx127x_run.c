// Operations and their phases.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "hal/hal.h"
#include "net/net_errno.h"
#include "radio/radio_airtime.h"
#include "radio/sx127x.h"

#define CRYSTAL_US (500) // from sleep; 250 us typical
#define LEAD_US (1000) // for the crystal, the payload and a late task
#define SLEEP_FROM_US (5000) // asleep when an operation is further ahead
#define PLL_US (60)
#define TX_RAMP_US (55) // 5 us + 1.25 * 40 us
#define SENSE_US (250)

static uint32_t wake_us(void) {
    return CRYSTAL_US + hal_board()->tcxo_us;
}

uint32_t radio_tx_start_us(void) {
    return PLL_US + TX_RAMP_US;
}

// SX1272 datasheet, table of the receiver's start-up times. FSK: the times of the
// same table follow the filter's width.
uint32_t radio_rx_start_us(const radio_modulation_t *modulation) {
    static const uint16_t ready_us[] = { 791, 601, 407, 313, 215, 169, 119, 71, 63, 60 };
    if (modulation->modem == RADIO_LORA) {
        return PLL_US + ready_us[modulation->lora.bw];
    }
    return PLL_US + 6100000 / modulation->fsk.rx_bandwidth;
}

static uint32_t start_us(void) {
    return sx127x.op == SX127X_TX ? radio_tx_start_us() : radio_rx_start_us(&sx127x.modulation);
}

static void rf_switch(hal_rf_t rf) {
    if (sx127x.rf != rf) {
        sx127x.rf = rf;
        hal_rf_switch(rf);
    }
}

static hal_rf_t rf_of_operation(void) {
    if (sx127x.op != SX127X_TX) {
        return HAL_RF_RX;
    }
    return sx127x_boosted(sx127x.modulation.frequency) ? HAL_RF_TX_BOOST : HAL_RF_TX_RFO;
}

static void launch(void) {
    rf_switch(rf_of_operation());
    sx127x_set_mode(sx127x_modem()->mode());
    sx127x.start_us = hal_now_us() + start_us();
    sx127x.phase = SX127X_RUNNING;
    sx127x.flags_dirty = true;
    if (sx127x.op == SX127X_SENSE) {
        sx127x.end_us = sx127x.start_us + sx127x.sense_us;
        sx127x.deadline_us = sx127x.start_us + SENSE_US;
    } else {
        sx127x_modem()->launched();
    }
}

static void ready(const uint8_t *payload) {
    sx127x_modem()->load(payload);
    sx127x.phase = SX127X_ARMED;
    sx127x.deadline_us = sx127x.at_us;
    if (hal_now_us() >= sx127x.at_us) {
        launch();
    }
}

static bool asleep(void) {
    return (sx127x.mode & MODE_MASK) == MODE_SLEEP;
}

static void wake(void) {
    if (asleep()) {
        sx127x_set_mode(MODE_STANDBY);
        sx127x.crystal_us = hal_now_us() + wake_us();
    }
    sx127x.phase = SX127X_WAKING;
    sx127x.deadline_us = sx127x.crystal_us;
}

void sx127x_ended(void) {
    rf_switch(HAL_RF_OFF);
    sx127x.phase = SX127X_IDLE;
    sx127x.deadline_us = RADIO_NEVER;
    sx127x.next_len = 0;
}

static void stop(void) {
    if (sx127x.phase == SX127X_RUNNING) {
        sx127x_set_mode(MODE_STANDBY);
    }
    sx127x_ended();
}

// The long-range bit changes in sleep only, in a write of its own.
static void change_modem(const radio_modulation_t *modulation) {
    if (!asleep()) {
        sx127x_set_mode(MODE_SLEEP);
    }
    sx127x.modulation = *modulation;
    sx127x_set_mode(MODE_SLEEP);
    sx127x_forget(REG_FIFO_ADDR_PTR, SX127X_IMAGE_SIZE - 1);
    sx127x.has_modem = true;
}

// True: everything was written anew.
static bool use_modulation(const radio_modulation_t *modulation) {
    if (!sx127x.has_modem || sx127x.modulation.modem != modulation->modem) {
        change_modem(modulation);
        return true;
    }
    sx127x.modulation = *modulation;
    return false;
}

// The chip is there, and has not been reset behind our back.
static bool alive(void) {
    uint8_t in;
    return !sx127x.has_modem || sx127x_read_checked(sx127x_modem()->canary_address, &in, 1);
}

static void keep(const uint8_t *payload) {
    bool counted = sx127x.modulation.modem == RADIO_FSK && sx127x.modulation.fsk.fixed_len == 0;
    memmove(sx127x.buffer + (counted ? 1 : 0), payload, sx127x.len);
    if (counted) {
        sx127x.buffer[0] = sx127x.len;
    }
}

static uint32_t lead_us(void) {
    return LEAD_US + wake_us() + start_us();
}

static void schedule(uint64_t at_us, bool far, const uint8_t *payload) {
    sx127x.at_us = at_us > start_us() ? at_us - start_us() : 0;
    bool now = !far && !asleep() && hal_now_us() >= sx127x.crystal_us;
    if (payload != NULL && (!now || sx127x.modulation.modem == RADIO_FSK)) {
        keep(payload);
        payload = sx127x.buffer;
    }
    if (now) {
        ready(payload);
    } else if (far) {
        if (!asleep()) {
            sx127x_set_mode(MODE_SLEEP);
        }
        sx127x.phase = SX127X_WAITING;
        sx127x.deadline_us = at_us - lead_us();
    } else {
        wake();
    }
}

static int check_bus(void) {
    if (sx127x.bus_failed) {
        sx127x_fault();
        return -NET_EIO;
    }
    return 0;
}

// A chip that had been given up gets another chance.
static bool is_usable(void) {
    if (sx127x.phase == SX127X_DEAD) {
        sx127x.fault_due = true;
        sx127x_setup_start();
    }
    return !sx127x_setting_up();
}

int sx127x_begin(sx127x_op_t op, const radio_modulation_t *modulation, uint64_t at_us, const uint8_t *payload) {
    if (!is_usable()) {
        return -NET_EIO;
    }
    stop();
    if (!alive()) {
        sx127x_fault();
        return -NET_EIO;
    }
    sx127x.op = op;
    bool anew = use_modulation(modulation);
    sx127x_modem()->configure();
    sx127x_flush();
    bool far = at_us > hal_now_us() + lead_us() + SLEEP_FROM_US;
    if ((anew || far) && !sx127x_verify()) { // there is time for it
        sx127x_fault();
        return -NET_EIO;
    }
    schedule(at_us, far, payload);
    return check_bus();
}

int sx127x_follow(const uint8_t *payload, uint8_t len) {
    if (sx127x.phase == SX127X_WAITING || sx127x.phase == SX127X_WAKING) {
        memmove(sx127x.buffer + sx127x.len, payload, len);
        sx127x.next_len = len;
    } else {
        sx127x_lora_next(payload, len);
    }
    return check_bus();
}

int sx127x_rest(uint8_t mode) {
    if (!is_usable()) {
        return -NET_EIO;
    }
    if (asleep() && mode == MODE_STANDBY) {
        wake();
    } else if (sx127x.phase == SX127X_RUNNING || (sx127x.mode & MODE_MASK) != mode) {
        sx127x_set_mode(mode);
    }
    sx127x_ended();
    return check_bus();
}

bool sx127x_again(uint64_t now_us, uint32_t wait_us, uint8_t tries) {
    if (now_us < sx127x.deadline_us) {
        return true;
    }
    sx127x.deadline_us = now_us + wait_us;
    return ++sx127x.attempts < tries;
}

void sx127x_count_lost(uint64_t edge_us, uint8_t dio) {
    if (edge_us == 0 && (hal_board()->dio & dio) != 0) {
        ++sx127x.counters.lost_edges;
    }
}

static bool sense(uint64_t now_us, radio_event_t *event) {
    int16_t rssi = sx127x_modem()->rssi();
    sx127x.rssi = rssi > sx127x.rssi ? rssi : sx127x.rssi;
    bool busy = sx127x.rssi > sx127x.threshold;
    if (!busy && now_us < sx127x.end_us) {
        uint64_t next_us = now_us + SENSE_US;
        sx127x.deadline_us = next_us < sx127x.end_us ? next_us : sx127x.end_us;
        return false;
    }
    if (!alive()) {
        sx127x_fault();
        return false;
    }
    event->type = RADIO_SENSE_DONE;
    event->detected = busy;
    event->rssi = sx127x.rssi;
    event->at_us = now_us;
    stop();
    return true;
}

static bool step(uint64_t edge_us, uint64_t now_us, radio_event_t *event) {
    bool due = now_us >= sx127x.deadline_us;
    if (sx127x.phase == SX127X_RUNNING && sx127x.op != SX127X_SENSE) {
        return (due || edge_us != 0) && sx127x_modem()->service(edge_us, now_us, event);
    }
    if (!due) {
        return false;
    }
    switch (sx127x.phase) {
        case SX127X_WAITING:
            wake();
            return false;
        case SX127X_WAKING:
            ready(sx127x.buffer);
            return false;
        case SX127X_ARMED:
            launch();
            return false;
        case SX127X_RUNNING:
            return sense(now_us, event);
        default:
            return false;
    }
}

bool sx127x_run(uint64_t edge_us, uint64_t now_us, radio_event_t *event) {
    memset(event, 0, sizeof(*event));
    if (sx127x_setting_up()) {
        sx127x_setup_run(now_us);
    } else if (step(edge_us, now_us, event) && check_bus() == 0) {
        return true;
    }
    check_bus();
    if (sx127x.fault_due && !sx127x_setting_up()) {
        sx127x.fault_due = false;
        memset(event, 0, sizeof(*event));
        event->type = RADIO_FAULT;
        event->at_us = now_us;
        return true;
    }
    return false;
}
