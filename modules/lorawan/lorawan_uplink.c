// Uplinks: built once, transmitted as often as NbTrans says, each time followed by
// both receive windows.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

#include <string.h>

#define BUSY_MAX (64)
#define TX_MARGIN_US (10 * LORAWAN_SECOND_US)

uint8_t lorawan_room(const lorawan_t *l, uint8_t dr) {
    uint8_t max = lorawan_max_payload(l, dr);
    uint8_t answers = l->record.answers_len;
    bool fits = answers <= LORAWAN_FRAME_FOPTS_MAX && answers <= max;
    return (uint8_t)(fits ? max - answers : 0);
}

static uint8_t least(size_t a, size_t b) {
    return (uint8_t)(a < b ? a : b);
}

static uint8_t put_mic(lorawan_t *l, const lorawan_frame_nonce_t *nonce, uint8_t len, int *error) {
    if (*error == 0) {
        *error = lorawan_frame_mic(nonce, l->frame, len, l->frame + len);
    }
    return (uint8_t)(len + LORAWAN_FRAME_MIC_LEN);
}

// MAC commands go into FOpts; without application data and with more than fits there,
// into the payload of port 0 (4.3.1.6).
static int build(lorawan_t *l, const lorawan_uplink_t *uplink) {
    enum { FOPTS = 8 };
    lorawan_record_t *r = &l->record;
    uint8_t max = lorawan_max_payload(l, l->tx_dr);
    bool port_0 = uplink->port == LORAWAN_NO_PORT && lorawan_commands_len(l) > LORAWAN_FRAME_FOPTS_MAX;
    uint8_t *f = l->frame;
    f[0] = (uint8_t)((uplink->confirmed ? LORAWAN_FRAME_CONFIRMED_UP : LORAWAN_FRAME_DATA_UP) << 5);
    lorawan_frame_put_le32(f + 1, r->dev_addr);
    f[5] = (uint8_t)(lorawan_adr_uplink(l) | (r->ack_due ? LORAWAN_FRAME_FCTRL_ACK : 0));
    f[6] = (uint8_t)l->fcnt_up;
    f[7] = (uint8_t)(l->fcnt_up >> 8);
    lorawan_frame_nonce_t nonce = { .key = r->nwk_key, .addr = r->dev_addr, .fcnt = l->fcnt_up };
    uint8_t at = FOPTS, len = (uint8_t)uplink->len;
    int error = 0;
    if (port_0) {
        f[at++] = 0;
        len = lorawan_commands_take(l, f + at, max);
        error = lorawan_frame_cipher(&nonce, f + at, len);
    } else {
        uint8_t fopts = lorawan_commands_take(l, f + at, least(LORAWAN_FRAME_FOPTS_MAX, (size_t)(max - len)));
        f[5] |= fopts;
        at = (uint8_t)(at + fopts);
        if (uplink->port != LORAWAN_NO_PORT) {
            f[at++] = uplink->port;
            if (len > 0) {
                memcpy(f + at, uplink->data, len);
            }
            nonce.key = r->app_key;
            error = lorawan_frame_cipher(&nonce, f + at, len);
            nonce.key = r->nwk_key;
        }
    }
    l->frame_len = put_mic(l, &nonce, (uint8_t)(at + len), &error);
    r->ack_due = 0;
    ++l->fcnt_up;
    return error;
}

static void take_in_hand(lorawan_t *l, const lorawan_uplink_t *uplink, uint64_t now_us) {
    l->op = LORAWAN_OP_DATA;
    l->state = LORAWAN_STATE_WAIT;
    l->frame_built = true;
    l->confirmed = uplink->confirmed;
    l->acked = false;
    l->heard = false;
    l->cancelled = false;
    l->store_failed = false;
    l->transmissions = 0;
    l->busy_count = 0;
    l->ready_us = now_us;
    l->uplink_due_us = LORAWAN_FOREVER;
    l->trials_left = l->record.nb_trans;
    if (uplink->confirmed && uplink->trials > l->trials_left) {
        l->trials_left = uplink->trials;
    }
    int error = build(l, uplink);
    l->dirty |= l->fcnt_up > l->fcnt_stored;
    lorawan_phy_t phy;
    lorawan_channels_phy(l, 0, l->tx_dr, &phy);
    l->tx_airtime_us = lorawan_window_airtime_us(&phy, l->frame_len, true);
    if (error < 0) {
        lorawan_finish(l, error);
    }
}

int lorawan_send(lorawan_t *l, const lorawan_uplink_t *uplink, uint64_t now_us) {
    enum { PORT_MAX = 224 };
    if (!lorawan_joined(l)) {
        return -NET_ENETDOWN;
    }
    if (uplink->port > PORT_MAX || (uplink->port == LORAWAN_NO_PORT && uplink->len > 0)) {
        return -NET_EINVAL;
    }
    if (l->op != LORAWAN_OP_NONE) {
        return -NET_EBUSY;
    }
    bool own_dr = !l->config.adr && uplink->dr != LORAWAN_DR_AUTO;
    uint8_t dr = own_dr ? uplink->dr : l->record.dr;
    if (!lorawan_channels_uplink_dr(l, dr)) {
        return -NET_EOPNOTSUPP;
    }
    if (uplink->len > lorawan_max_payload(l, dr)) {
        return -NET_EMSGSIZE;
    }
    if (!lorawan_channels_mask_has_dr(l, l->record.mask, dr)) {
        return -NET_ENETUNREACH;
    }
    if (l->fcnt_up == UINT32_MAX) {
        return -NET_ERANGE;
    }
    l->record.dr = dr;
    // Answers to the network come before application data (5).
    if (uplink->len > lorawan_room(l, dr) || l->record.answers_len > LORAWAN_FRAME_FOPTS_MAX) {
        lorawan_uplink_own(l, now_us);
        return -NET_EBUSY;
    }
    l->tx_dr = dr;
    l->own = false;
    take_in_hand(l, uplink, now_us);
    return 0;
}

void lorawan_uplink_own(lorawan_t *l, uint64_t now_us) {
    l->uplink_due_us = LORAWAN_FOREVER;
    if (!lorawan_channels_mask_has_dr(l, l->record.mask, l->record.dr) || l->fcnt_up == UINT32_MAX) {
        return;
    }
    const lorawan_uplink_t empty = { .port = LORAWAN_NO_PORT };
    l->tx_dr = l->record.dr;
    l->own = true;
    take_in_hand(l, &empty, now_us);
}

void lorawan_uplink_want(lorawan_t *l, uint64_t from_us) {
    enum { SOONEST_MS = 1000, LATEST_MS = 3000 };
    if (!l->config.on_demand) {
        l->uplink_due_us = from_us + lorawan_random(l, SOONEST_MS, LATEST_MS) * 1000ull;
    }
}

// A Join-Request is made when its time has come, and its channel with it.
static bool join_ready(lorawan_t *l, uint64_t now_us) {
    if (!l->frame_built && !lorawan_join_prepare(l)) {
        return false;
    }
    uint64_t at = lorawan_join_allowed(l, now_us);
    if (at > now_us) {
        l->ready_us = at;
        return false;
    }
    return !l->dirty;
}

static bool pick_channel(lorawan_t *l, uint64_t now_us) {
    uint64_t earliest;
    if (l->op == LORAWAN_OP_JOIN && l->region->pick_join != NULL) {
        earliest = l->free_us; // the channel is chosen already
        l->ready_us = earliest > now_us ? earliest : l->ready_us;
        return earliest <= now_us;
    }
    if (lorawan_channels_pick(l, now_us, &earliest)) {
        return true;
    }
    if (earliest == LORAWAN_FOREVER) {
        lorawan_finish(l, -NET_ENETUNREACH);
    } else {
        l->ready_us = earliest;
    }
    return false;
}

bool lorawan_uplink_ready(lorawan_t *l, uint64_t now_us) {
    if (now_us < l->ready_us || (l->op == LORAWAN_OP_JOIN && !join_ready(l, now_us))) {
        return false;
    }
    return !l->dirty && !l->storing && pick_channel(l, now_us);
}

uint64_t lorawan_wait_us(const lorawan_t *l, uint64_t now_us) {
    return l->state == LORAWAN_STATE_WAIT && l->ready_us > now_us ? l->ready_us - now_us : 0;
}

void lorawan_uplink_transmit(lorawan_t *l, uint64_t now_us, lorawan_action_t *action) {
    bool listens = l->region->flags & LORAWAN_LISTEN || l->config.listen_first;
    lorawan_channels_phy(l, lorawan_channels_hz(l, l->tx_channel), l->tx_dr, &action->transmit.phy);
    action->transmit.power_dbm = lorawan_channels_power(l, l->tx_channel, l->tx_dr);
    action->transmit.listen_dbm = listens ? l->region->listen_dbm : 0;
    action->transmit.listen_us = listens ? l->region->listen_us : 0;
    action->transmit.data = l->frame;
    action->transmit.len = l->frame_len;
    action->transmit.dr = l->tx_dr;
    action->transmit.channel = l->tx_channel;
    action->transmit.airtime_us = l->tx_airtime_us;
    l->state = LORAWAN_STATE_TX;
    l->rxc_on = false;
    l->watch_us = now_us + l->tx_airtime_us + TX_MARGIN_US;
}

void lorawan_uplink_sent(lorawan_t *l, uint64_t end_us) {
    l->tx_end_us = end_us;
    lorawan_dutycycle_used(l, lorawan_channels_hz(l, l->tx_channel), l->tx_airtime_us, end_us);
    if (l->op == LORAWAN_OP_JOIN) {
        lorawan_join_used(l, end_us);
    }
    ++l->transmissions;
    l->trials_left = (uint8_t)(l->trials_left > 0 ? l->trials_left - 1 : 0);
    l->state = LORAWAN_STATE_RX1;
    l->rx_armed = false;
    l->heard = false;
}

void lorawan_uplink_busy(lorawan_t *l, uint64_t now_us) {
    enum { SOONEST_MS = 50, LATEST_MS = 500 };
    if (++l->busy_count >= BUSY_MAX || l->cancelled) {
        lorawan_finish(l, l->cancelled ? -NET_ECANCELED : -NET_EBUSY);
        return;
    }
    l->state = LORAWAN_STATE_WAIT;
    l->ready_us = now_us + lorawan_random(l, SOONEST_MS, LATEST_MS) * 1000ull;
}

// The application's own data rate is lowered with every second trial of a confirmed
// frame, as Pycom's users know it; with ADR on the network decides.
static void lower_rate(lorawan_t *l) {
    uint8_t dr = l->tx_dr;
    if (l->config.adr || !l->confirmed || l->transmissions % 2 != 0 || dr == 0) {
        return;
    }
    enum { OVERHEAD = 13 }; // of a frame with FPort and without FOpts, over its payload
    --dr;
    if (lorawan_max_payload(l, dr) + OVERHEAD >= l->frame_len && lorawan_channels_mask_has_dr(l, l->record.mask, dr)) {
        lorawan_phy_t phy;
        l->tx_dr = dr;
        lorawan_channels_phy(l, 0, dr, &phy);
        l->tx_airtime_us = lorawan_window_airtime_us(&phy, l->frame_len, true);
    }
}

static void next_trial(lorawan_t *l, uint64_t now_us) {
    enum { SOONEST_MS = 1000, LATEST_MS = 3000 }; // RETRANSMIT_TIMEOUT: 2 s +- 1 s
    lower_rate(l);
    l->store_failed = false; // try again
    l->state = LORAWAN_STATE_WAIT;
    l->ready_us = now_us + lorawan_random(l, SOONEST_MS, LATEST_MS) * 1000ull;
}

void lorawan_uplink_round_over(lorawan_t *l, uint64_t now_us) {
    l->rx_armed = false;
    if (l->op == LORAWAN_OP_JOIN) {
        if (l->cancelled) {
            lorawan_finish(l, -NET_ECANCELED);
            return;
        }
        lorawan_join_back_off(l, now_us);
        return;
    }
    bool done = l->confirmed ? l->acked : l->heard;
    if (!done && l->confirmed && !l->heard) {
        lorawan_window_missed(l);
    }
    if (!done && l->trials_left > 0 && !l->cancelled) {
        next_trial(l, now_us);
        return;
    }
    lorawan_finish(l, done || !l->confirmed ? 0 : l->cancelled ? -NET_ECANCELED : -NET_ETIMEDOUT);
}

void lorawan_uplink_heard(lorawan_t *l) {
    bool waits = l->op == LORAWAN_OP_DATA && l->state == LORAWAN_STATE_WAIT && l->transmissions > 0;
    if (waits && (l->confirmed ? l->acked : l->heard)) {
        lorawan_finish(l, 0);
    }
}
