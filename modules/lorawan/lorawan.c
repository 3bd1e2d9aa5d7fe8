// The engine's side: start, events in, the next action out.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

#include <string.h>

#include "crypto/crypto.h"

#define ARM_DEFAULT_US (20000)
// After its window the radio may still take a frame of 255 bytes at SF12.
#define RX_MARGIN_US (12 * LORAWAN_SECOND_US)

uint32_t lorawan_random(lorawan_t *l, uint32_t from, uint32_t to) {
    return from + l->config.random(l->config.random_ctx) % (to - from + 1);
}

static bool config_valid(const lorawan_config_t *config, const lorawan_region_t *region) {
    uint8_t sub_bands = region == NULL ? 0 : region->plan_count > 1 ? region->plan_count : region->plans != NULL ? 8 : 0;
    return region != NULL && config->random != NULL && config->sub_band <= sub_bands &&
           (config->device_class == LORAWAN_CLASS_A || config->device_class == LORAWAN_CLASS_C);
}

int lorawan_init(lorawan_t *l, const lorawan_config_t *config, uint64_t now_us) {
    const lorawan_region_t *region = lorawan_region_find(config->region);
    if (!config_valid(config, region)) {
        return -NET_EINVAL;
    }
    memset(l, 0, sizeof(*l));
    l->config = *config;
    l->region = region;
    l->start_us = now_us;
    l->cert.due_us = LORAWAN_FOREVER;
    bool plans = region->plan_count > 1;
    l->record.plan = (uint8_t)(plans && config->sub_band > 0 ? config->sub_band - 1 : 0);
    memcpy(l->record.dev_eui, config->dev_eui, sizeof(config->dev_eui));
    lorawan_channels_init(l);
    lorawan_session_defaults(l);
    if (!plans && config->sub_band > 0) {
        (void)lorawan_channel_sub_band(l, config->sub_band);
    }
    l->dirty = false; // nothing that a restart would not make again
    return 0;
}

void lorawan_deinit(lorawan_t *l) {
    crypto_wipe(l, sizeof(*l));
}

void lorawan_finish(lorawan_t *l, int error) {
    if (l->op == LORAWAN_OP_DATA && l->transmissions > 0 && l->record.adr_ack_count > 0) {
        lorawan_adr_unanswered(l);
    }
    if (!(l->own && l->op == LORAWAN_OP_DATA)) {
        l->pending |= LORAWAN_PENDING_RESULT;
        l->result_error = error;
        l->result_op = l->op;
        l->result_transmissions = l->transmissions;
    }
    l->op = LORAWAN_OP_NONE;
    l->own = false;
    l->state = LORAWAN_STATE_IDLE;
    l->rx_armed = false;
}

void lorawan_cancel(lorawan_t *l) {
    if (l->op == LORAWAN_OP_NONE || (l->own && l->op == LORAWAN_OP_DATA)) {
        return;
    }
    l->cancelled = true;
    if (l->state == LORAWAN_STATE_WAIT) {
        lorawan_finish(l, -NET_ECANCELED);
    }
}

static void stored(lorawan_t *l, bool well) {
    l->storing = false;
    if (well) {
        l->fcnt_stored = l->record.fcnt_up;
        return;
    }
    l->dirty = true;
    l->store_failed = true;
    if (l->state == LORAWAN_STATE_WAIT) {
        lorawan_finish(l, -NET_EIO);
    }
}

static void window_over(lorawan_t *l, lorawan_window_t window, uint64_t now_us) {
    bool current = l->rx_armed && l->state == (window == LORAWAN_RX1 ? LORAWAN_STATE_RX1 : LORAWAN_STATE_RX2);
    if (!current) {
        return;
    }
    l->rx_armed = false;
    if (window == LORAWAN_RX1) {
        l->state = LORAWAN_STATE_RX2;
    } else {
        lorawan_uplink_round_over(l, now_us);
    }
}

void lorawan_event(lorawan_t *l, const lorawan_event_t *event) {
    bool transmitting = l->state == LORAWAN_STATE_TX;
    switch (event->type) {
        case LORAWAN_TX_DONE:
            if (transmitting) {
                lorawan_uplink_sent(l, event->time_us);
            }
            break;
        case LORAWAN_TX_FAILED:
            if (transmitting) {
                lorawan_finish(l, -NET_EIO);
            }
            break;
        case LORAWAN_TX_BUSY:
            if (transmitting) {
                lorawan_uplink_busy(l, event->time_us);
            }
            break;
        case LORAWAN_RX_DONE:
            lorawan_downlink_received(l, event);
            break;
        case LORAWAN_RX_TIMEOUT:
            window_over(l, event->window, event->time_us);
            break;
        case LORAWAN_STORED:
        case LORAWAN_STORE_FAILED:
            if (l->storing) {
                stored(l, event->type == LORAWAN_STORED);
            }
            break;
    }
}

static uint64_t arm_us(const lorawan_t *l) {
    return l->config.arm_us != 0 ? l->config.arm_us : ARM_DEFAULT_US;
}

static bool listens_always(const lorawan_t *l) {
    return l->config.device_class == LORAWAN_CLASS_C && lorawan_joined(l);
}

static lorawan_window_t next_window(const lorawan_t *l) {
    return l->state == LORAWAN_STATE_RX1 ? LORAWAN_RX1 : LORAWAN_RX2;
}

static void describe_window(const lorawan_t *l, lorawan_action_t *action) {
    lorawan_window_t window = next_window(l);
    action->receive.window = window;
    lorawan_window_rx_phy(l, window, &action->receive.phy, &action->receive.dr);
    lorawan_window_open(l, lorawan_window_delay_us(l, window), action);
}

static uint64_t window_length_us(const lorawan_action_t *action) {
    return (uint64_t)action->receive.symbols * lorawan_window_symbol_us(&action->receive.phy);
}

static bool waits_for_window(const lorawan_t *l) {
    return (l->state == LORAWAN_STATE_RX1 || l->state == LORAWAN_STATE_RX2) && !l->rx_armed;
}

// Class A wants its window at once, to arm the radio; class C listens until just before.
static bool arm_window(lorawan_t *l, uint64_t now_us, lorawan_action_t *action) {
    while (waits_for_window(l)) {
        describe_window(l, action);
        uint64_t end_us = action->receive.start_us + window_length_us(action);
        if (now_us >= end_us) { // too late for all of it: a long foreign frame, or a late engine
            l->rx_armed = true;
            window_over(l, next_window(l), now_us);
            continue;
        }
        if (listens_always(l) && now_us + arm_us(l) < action->receive.start_us) {
            return false;
        }
        l->rx_armed = true;
        l->rxc_on = false;
        l->watch_us = (now_us > end_us ? now_us : end_us) + RX_MARGIN_US;
        return true;
    }
    return false;
}

static bool same_phy(const lorawan_phy_t *a, const lorawan_phy_t *b) {
    return a->frequency_hz == b->frequency_hz && a->sf == b->sf && a->bw == b->bw && a->sync_word == b->sync_word;
}

static bool listen(lorawan_t *l, uint64_t now_us, lorawan_action_t *action) {
    if (!listens_always(l) || l->state == LORAWAN_STATE_TX || l->rx_armed) {
        return false;
    }
    lorawan_window_rx_phy(l, LORAWAN_RXC, &action->receive.phy, &action->receive.dr);
    if (l->rxc_on && same_phy(&l->rxc, &action->receive.phy)) {
        return false;
    }
    action->receive.window = LORAWAN_RXC;
    action->receive.start_us = now_us;
    action->receive.symbols = 0;
    l->rxc = action->receive.phy;
    l->rxc_on = true;
    l->stop_rx = false;
    return true;
}

// The radio never answered: nothing waits for ever.
static void watch(lorawan_t *l, uint64_t now_us) {
    if (l->state == LORAWAN_STATE_TX && now_us >= l->watch_us) {
        lorawan_finish(l, -NET_EIO);
    }
    if (l->rx_armed && now_us >= l->watch_us) {
        l->stop_rx = true;
        window_over(l, next_window(l), now_us);
    }
    if (l->rxc_on && !listens_always(l)) {
        l->rxc_on = false;
        l->stop_rx = true;
    }
}

static void start_own(lorawan_t *l, uint64_t now_us) {
    if (l->op != LORAWAN_OP_NONE || !lorawan_joined(l)) {
        return;
    }
    lorawan_certification_step(l, now_us);
    if (l->op == LORAWAN_OP_NONE && now_us >= l->uplink_due_us) {
        lorawan_uplink_own(l, now_us);
    }
}

static void give_info(const lorawan_t *l, uint8_t which, lorawan_action_t *action) {
    if (which == LORAWAN_PENDING_LINK) {
        action->info.kind = LORAWAN_INFO_LINK;
        action->info.arg = l->link_margin;
        action->info.gateways = l->link_gateways;
    } else if (which == LORAWAN_PENDING_TIME) {
        action->info.kind = LORAWAN_INFO_TIME;
        action->info.gps_s = l->time_s;
        action->info.gps_256 = l->time_256;
        action->info.at_us = l->time_at_us;
    } else if (which == LORAWAN_PENDING_CERT) {
        action->info.kind = LORAWAN_INFO_CERTIFICATION;
        action->info.command = l->cert.command;
        action->info.arg = l->cert.arg;
        action->info.frequency_hz = l->cert.cw_hz;
        action->info.power_dbm = l->cert.cw_dbm;
    } else {
        action->info.kind = LORAWAN_INFO_PENDING;
    }
}

static lorawan_action_type_t give_pending(lorawan_t *l, lorawan_action_t *action) {
    uint8_t which = (uint8_t)(l->pending & -l->pending); // the lowest bit
    l->pending &= (uint8_t) ~which;
    if (which == LORAWAN_PENDING_DELIVER) {
        action->deliver = l->deliver;
        return LORAWAN_DELIVER;
    }
    if (which == LORAWAN_PENDING_RESULT) {
        action->result.op = (lorawan_op_t)l->result_op;
        action->result.error = l->result_error;
        action->result.transmissions = l->result_transmissions;
        return LORAWAN_RESULT;
    }
    give_info(l, which, action);
    return LORAWAN_INFO;
}

static lorawan_action_type_t give_store(lorawan_t *l, lorawan_action_t *action) {
    lorawan_session_seal(l);
    l->dirty = false;
    l->exact = false;
    l->storing = true;
    action->store.data = &l->record;
    action->store.len = sizeof(l->record);
    return LORAWAN_STORE;
}

// The radio's time first, then what must be written, then what depends on it.
static lorawan_action_type_t choose(lorawan_t *l, uint64_t now_us, lorawan_action_t *action) {
    bool ready = l->state == LORAWAN_STATE_WAIT && lorawan_uplink_ready(l, now_us); // may end the operation
    if (arm_window(l, now_us, action) || listen(l, now_us, action)) {
        return LORAWAN_RECEIVE;
    }
    if (l->stop_rx) {
        l->stop_rx = false;
        return LORAWAN_STOP_RECEIVE;
    }
    if (l->dirty && !l->storing && !l->store_failed) {
        return give_store(l, action);
    }
    if (l->pending != 0 && !l->storing) {
        return give_pending(l, action);
    }
    if (ready && l->state == LORAWAN_STATE_WAIT) {
        lorawan_uplink_transmit(l, now_us, action);
        return LORAWAN_TRANSMIT;
    }
    return LORAWAN_NONE;
}

lorawan_action_type_t lorawan_next(lorawan_t *l, uint64_t now_us, lorawan_action_t *action) {
    watch(l, now_us);
    start_own(l, now_us);
    action->type = choose(l, now_us, action);
    return action->type;
}

uint64_t lorawan_deadline(const lorawan_t *l) {
    if (l->state == LORAWAN_STATE_WAIT) {
        return l->storing ? LORAWAN_FOREVER : l->ready_us;
    }
    if (l->state == LORAWAN_STATE_IDLE) {
        uint64_t due_us = l->cert.due_us < l->uplink_due_us ? l->cert.due_us : l->uplink_due_us;
        return lorawan_joined(l) ? due_us : LORAWAN_FOREVER;
    }
    if (waits_for_window(l)) {
        lorawan_action_t window;
        describe_window(l, &window);
        return window.receive.start_us - arm_us(l);
    }
    return l->watch_us;
}
