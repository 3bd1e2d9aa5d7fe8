// Over-the-air activation: Join-Requests with a counter for DevNonce, their back-off,
// and the Join-Accept.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

#include <string.h>

#include "crypto/crypto.h"

#define NONCES (0x10000u)
#define HOUR_US (3600 * LORAWAN_SECOND_US)

bool lorawan_joined(const lorawan_t *l) {
    return l->record.activation != LORAWAN_ACTIVATION_NONE;
}

bool lorawan_on_air(const lorawan_t *l) {
    return l->state == LORAWAN_STATE_TX || l->state == LORAWAN_STATE_RX1 || l->state == LORAWAN_STATE_RX2;
}

// Drop what is in hand and the old session.
static void start(lorawan_t *l) {
    l->pending &= LORAWAN_PENDING_DELIVER;
    l->op = LORAWAN_OP_NONE;
    l->own = false;
    l->state = LORAWAN_STATE_IDLE;
    l->stop_rx = l->rxc_on;
    l->rxc_on = false;
    l->cancelled = false;
    l->store_failed = false;
    l->transmissions = 0;
    l->busy_count = 0;
}

static bool rate_exists(const lorawan_region_t *region, uint8_t dr) {
    return dr >= region->up_dr_min && dr <= region->up_dr_max && region->dr[dr].sf != 0;
}

int lorawan_join_otaa(lorawan_t *l, const lorawan_otaa_t *otaa, uint64_t now_us) {
    lorawan_record_t *r = &l->record;
    if (otaa->dr != LORAWAN_DR_AUTO && !rate_exists(l->region, otaa->dr)) {
        return -NET_EINVAL;
    }
    if (r->dev_nonce >= NONCES) {
        return -NET_ERANGE;
    }
    if (lorawan_on_air(l)) {
        return -NET_EBUSY;
    }
    start(l);
    lorawan_session_clear(l);
    if (memcmp(r->join_eui, otaa->join_eui, sizeof(r->join_eui)) != 0) {
        r->join_nonce = 0; // another Join Server counts for itself
    }
    memcpy(r->join_eui, otaa->join_eui, sizeof(r->join_eui));
    memcpy(r->dev_eui, otaa->dev_eui, sizeof(r->dev_eui));
    memcpy(l->root_key, otaa->app_key, sizeof(l->root_key));
    l->join_dr = otaa->dr;
    l->join_groups = 0xff;
    l->join_attempts = 0;
    l->op = LORAWAN_OP_JOIN;
    l->state = LORAWAN_STATE_WAIT;
    l->frame_built = false;
    l->ready_us = now_us > l->join_free_us ? now_us : l->join_free_us;
    return 0;
}

int lorawan_join_again(lorawan_t *l, uint64_t now_us) {
    static const uint8_t no_key[CRYPTO_KEY_SIZE];
    if (crypto_equal(l->root_key, no_key, sizeof(no_key))) {
        return -NET_ENOTCONN;
    }
    uint8_t join_eui[8], dev_eui[8], key[CRYPTO_KEY_SIZE];
    memcpy(join_eui, l->record.join_eui, sizeof(join_eui));
    memcpy(dev_eui, l->record.dev_eui, sizeof(dev_eui));
    memcpy(key, l->root_key, sizeof(key));
    const lorawan_otaa_t otaa = { .dev_eui = dev_eui, .join_eui = join_eui, .app_key = key, .dr = l->join_dr };
    int ret = lorawan_join_otaa(l, &otaa, now_us);
    crypto_wipe(key, sizeof(key));
    return ret;
}

int lorawan_join_abp(lorawan_t *l, const lorawan_abp_t *abp) {
    lorawan_record_t *r = &l->record;
    if (lorawan_on_air(l)) {
        return -NET_EBUSY;
    }
    start(l);
    bool same = r->activation == LORAWAN_ACTIVATION_ABP && r->dev_addr == abp->dev_addr &&
        memcmp(r->nwk_key, abp->nwk_key, sizeof(r->nwk_key)) == 0 &&
        memcmp(r->app_key, abp->app_key, sizeof(r->app_key)) == 0;
    if (!same) {
        lorawan_session_clear(l);
        r->activation = LORAWAN_ACTIVATION_ABP;
        r->dev_addr = abp->dev_addr;
        memcpy(r->dev_eui, l->config.dev_eui, sizeof(r->dev_eui));
        memcpy(r->nwk_key, abp->nwk_key, sizeof(r->nwk_key));
        memcpy(r->app_key, abp->app_key, sizeof(r->app_key));
    }
    return 0;
}

// Dynamic plans: the join rates from the fastest to the slowest, and again; whoever is
// near joins quickly, and a far device reaches SF12 with its sixth request.
static void pick_dr(lorawan_t *l) {
    const lorawan_region_t *region = l->region;
    uint8_t lowest = lorawan_channels_min_dr(l);
    lowest = region->join_dr_min > lowest ? region->join_dr_min : lowest;
    uint8_t rates = (uint8_t)(region->join_dr_max - lowest + 1);
    l->tx_dr = l->join_dr == LORAWAN_DR_AUTO ? (uint8_t)(region->join_dr_max - l->join_attempts % rates) : l->join_dr;
    l->tx_dr = l->tx_dr < lowest ? lowest : l->tx_dr;
}

bool lorawan_join_prepare(lorawan_t *l) {
    lorawan_record_t *r = &l->record;
    if (r->dev_nonce >= NONCES) {
        lorawan_finish(l, -NET_ERANGE);
        return false;
    }
    if (l->region->pick_join == NULL) {
        pick_dr(l);
    } else if (!l->region->pick_join(l)) {
        lorawan_finish(l, -NET_ENETUNREACH);
        return false;
    }
    const lorawan_frame_join_t join = { l->root_key, r->join_eui, r->dev_eui, (uint16_t)r->dev_nonce };
    int error = lorawan_frame_join_request(&join, l->frame);
    if (error < 0) {
        lorawan_finish(l, error);
        return false;
    }
    ++r->dev_nonce; // written before the frame is handed out
    ++l->join_attempts;
    lorawan_phy_t phy;
    lorawan_channels_phy(l, 0, l->tx_dr, &phy);
    l->frame_len = LORAWAN_FRAME_JOIN_REQUEST_LEN;
    l->tx_airtime_us = lorawan_window_airtime_us(&phy, l->frame_len, true);
    l->frame_built = true;
    l->dirty = true;
    return true;
}

// 7: 36 s of air time in the first hour, 36 s in the next ten, then 8.7 s in each 24 h.
static uint32_t period_of(const lorawan_t *l, uint64_t now_us, uint64_t *end_us) {
    uint64_t hours = (now_us - l->start_us) / HOUR_US;
    uint32_t days = hours < 11 ? 0 : (uint32_t)(hours - 11) / 24;
    uint64_t end_h = hours < 1 ? 1 : hours < 11 ? 11 : 11 + 24 * (days + 1ull);
    *end_us = l->start_us + end_h * HOUR_US;
    return hours < 1 ? 0 : hours < 11 ? 1 : 2 + days;
}

static uint32_t airtime_ms(const lorawan_t *l) {
    return (l->tx_airtime_us + 999) / 1000;
}

uint64_t lorawan_join_allowed(lorawan_t *l, uint64_t now_us) {
    uint64_t end_us;
    uint32_t period = period_of(l, now_us, &end_us);
    if (period != l->join_period) {
        l->join_period = period;
        l->join_used_ms = 0;
    }
    uint32_t budget_ms = period < 2 ? 36000 : 8700;
    if (l->join_used_ms + airtime_ms(l) > budget_ms) {
        return end_us;
    }
    return l->join_free_us > now_us ? l->join_free_us : now_us;
}

void lorawan_join_used(lorawan_t *l, uint64_t now_us) {
    uint64_t end_us;
    l->join_used_ms += airtime_ms(l);
    // Spread over the period instead of spent at its start: 1 %, 0.1 %, 0.01 %.
    uint32_t period = period_of(l, now_us, &end_us);
    uint64_t factor = period == 0 ? 100 : period == 1 ? 1000 : 10000;
    l->join_free_us = now_us + l->tx_airtime_us * factor;
}

void lorawan_join_back_off(lorawan_t *l, uint64_t now_us) {
    enum { SOONEST_MS = 1000, LATEST_MS = 5000 };
    uint32_t random_us = lorawan_random(l, SOONEST_MS, LATEST_MS) * 1000;
    uint64_t off_us = l->join_free_us > now_us ? l->join_free_us - now_us : 0;
    off_us += off_us / 1000 * lorawan_random(l, 0, 250);
    l->ready_us = now_us + random_us + off_us;
    l->state = LORAWAN_STATE_WAIT;
    l->frame_built = false;
    l->store_failed = false; // try again
}

// The settings of the Join-Accept must exist in the region: DLSettings with a data rate
// of RX2 or an offset that do not is not for us.
static bool settings_valid(const lorawan_t *l, const lorawan_frame_accept_t *accept) {
    const lorawan_region_t *region = l->region;
    uint8_t dr = accept->dl_settings & 0x0f;
    uint8_t offset = accept->dl_settings >> 4 & 0x07;
    return dr >= region->down_dr_min && dr <= region->down_dr_max && region->dr[dr].sf != 0 && offset <= region->rx1_offset_max;
}

static bool is_new(const lorawan_t *l, uint32_t join_nonce) {
    bool last = l->record.join_nonce != 0 && join_nonce == l->record.join_nonce - 1;
    return join_nonce >= l->record.join_nonce || (l->config.any_join_nonce && !last);
}

static void install(lorawan_t *l, const lorawan_frame_accept_t *accept) {
    const lorawan_region_t *region = l->region;
    lorawan_record_t *r = &l->record;
    uint32_t rx2_hz = r->rx2_hz;
    r->activation = LORAWAN_ACTIVATION_OTAA;
    r->join_nonce = accept->join_nonce + 1;
    r->net_id = accept->net_id;
    r->dev_addr = accept->dev_addr;
    lorawan_session_defaults(l);
    lorawan_channels_reset(l);
    r->rx2_hz = region->pick_join != NULL ? rx2_hz : r->rx2_hz; // CN470: that of the join channel
    r->rx1_delay_s = accept->rx_delay == 0 ? 1 : accept->rx_delay;
    r->rx1_offset = accept->dl_settings >> 4 & 0x07;
    r->rx2_dr = accept->dl_settings & 0x0f;
    r->dr = l->tx_dr <= region->join_dr_max ? l->tx_dr : region->join_dr_max;
    if (accept->cflist != NULL) {
        lorawan_channels_cflist(l, accept->cflist);
    }
}

bool lorawan_join_accept(lorawan_t *l, const lorawan_event_t *event) {
    lorawan_record_t *r = &l->record;
    lorawan_frame_accept_t accept;
    int error = lorawan_frame_join_accept(l->root_key, event->data, event->len, &accept);
    if (error < 0) {
        return lorawan_downlink_ignore(l, error == -NET_EINVAL ? LORAWAN_IGNORED_FORM : LORAWAN_IGNORED_MIC);
    }
    if (!settings_valid(l, &accept)) {
        return lorawan_downlink_ignore(l, LORAWAN_IGNORED_FORM);
    }
    if (!is_new(l, accept.join_nonce)) {
        return lorawan_downlink_ignore(l, LORAWAN_IGNORED_REPLAY);
    }
    const lorawan_frame_join_t join = { l->root_key, r->join_eui, r->dev_eui, (uint16_t)(r->dev_nonce - 1) };
    error = lorawan_frame_session_key(&join, &accept, 1, r->nwk_key);
    if (error == 0) {
        error = lorawan_frame_session_key(&join, &accept, 2, r->app_key);
    }
    if (error < 0) {
        return lorawan_downlink_ignore(l, LORAWAN_IGNORED_MIC);
    }
    lorawan_window_seen(l, event);
    install(l, &accept);
    lorawan_finish(l, 0);
    return true;
}
