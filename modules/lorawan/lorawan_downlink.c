// Downlinks: check everything first, change something after.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

#include "crypto/crypto.h"

#define UNICAST (-1)

typedef struct {
    lorawan_frame_t frame;
    lorawan_frame_nonce_t nonce;
    int group; // or UNICAST
    const lorawan_event_t *event;
} downlink_t;

bool lorawan_downlink_ignore(lorawan_t *l, lorawan_ignored_t why) {
    if (l->ignored[why] < UINT16_MAX) {
        ++l->ignored[why];
    }
    return false;
}

static bool class_a(const downlink_t *d) {
    return d->event->window != LORAWAN_RXC;
}

static bool carries_commands(const lorawan_frame_t *frame) {
    return frame->fopts_len > 0 || (frame->has_port && frame->port == 0);
}

// Whose frame it is, and the key and counter that go with it.
static bool find_owner(lorawan_t *l, downlink_t *d, uint32_t *expected) {
    lorawan_record_t *r = &l->record;
    d->nonce.addr = d->frame.addr;
    d->nonce.down = true;
    d->group = UNICAST;
    if (lorawan_joined(l) && d->frame.addr == r->dev_addr) {
        d->nonce.key = r->nwk_key;
        *expected = r->fcnt_down;
        return true;
    }
    d->group = d->frame.addr == 0 ? -1 : lorawan_multicast_find(l, d->frame.addr);
    if (d->group < 0 || l->config.device_class != LORAWAN_CLASS_C) {
        return false;
    }
    d->nonce.key = r->group[d->group].nwk_key;
    *expected = r->group[d->group].fcnt_down;
    return true;
}

// Forms that the specification tells to discard: MAC commands outside class A (5), and
// multicast frames that are confirmed, acknowledge, or have no port (TS001-1.0.4, 4.4).
static bool allowed(const downlink_t *d) {
    const lorawan_frame_t *f = &d->frame;
    if (!class_a(d) && carries_commands(f)) {
        return false;
    }
    bool single = f->type == LORAWAN_FRAME_CONFIRMED_DOWN || f->fctrl & LORAWAN_FRAME_FCTRL_ACK || !f->has_port;
    return d->group == UNICAST || (!single && !carries_commands(f));
}

// Rebuild the upper half: the least counter that is not below what is expected.
static bool full_counter(uint16_t fcnt16, uint32_t expected, uint32_t *fcnt) {
    *fcnt = (expected & 0xffff0000u) | fcnt16;
    if (*fcnt < expected) {
        *fcnt += 0x10000;
    }
    return *fcnt >= expected && *fcnt != UINT32_MAX;
}

static bool authentic(lorawan_t *l, downlink_t *d, uint32_t expected) {
    const lorawan_event_t *event = d->event;
    size_t len = event->len - LORAWAN_FRAME_MIC_LEN;
    uint8_t mic[LORAWAN_FRAME_MIC_LEN];
    bool fresh = full_counter(d->frame.fcnt16, expected, &d->nonce.fcnt) &&
        lorawan_frame_mic(&d->nonce, event->data, len, mic) == 0 &&
        crypto_equal(mic, event->data + len, sizeof(mic));
    // A counter just behind the expected one tells a replay from a damaged frame.
    bool behind = (uint16_t)(d->frame.fcnt16 - expected) >= 0x8000;
    return fresh || lorawan_downlink_ignore(l, behind ? LORAWAN_IGNORED_REPLAY : LORAWAN_IGNORED_MIC);
}

static bool check(lorawan_t *l, downlink_t *d) {
    uint32_t expected;
    bool down = d->frame.type == LORAWAN_FRAME_DATA_DOWN || d->frame.type == LORAWAN_FRAME_CONFIRMED_DOWN;
    if (!down) {
        return lorawan_downlink_ignore(l, LORAWAN_IGNORED_FORM);
    }
    if (!find_owner(l, d, &expected)) {
        return lorawan_downlink_ignore(l, LORAWAN_IGNORED_ADDRESS);
    }
    return allowed(d) ? authentic(l, d, expected) : lorawan_downlink_ignore(l, LORAWAN_IGNORED_FORM);
}

static void deliver(lorawan_t *l, const downlink_t *d) {
    const lorawan_frame_t *f = &d->frame;
    l->deliver.data = f->payload;
    l->deliver.len = f->payload_len;
    l->deliver.port = f->port;
    l->deliver.group = (int8_t)d->group;
    l->deliver.pending = f->fctrl & LORAWAN_FRAME_FCTRL_PENDING;
    l->deliver.confirmed = f->type == LORAWAN_FRAME_CONFIRMED_DOWN;
    l->deliver.rssi_dbm = d->event->rssi_dbm;
    l->deliver.snr_db = d->event->snr_db;
    l->deliver.fcnt = d->nonce.fcnt;
    l->pending |= LORAWAN_PENDING_DELIVER;
}

static void take_unicast(lorawan_t *l, const downlink_t *d) {
    lorawan_record_t *r = &l->record;
    const lorawan_frame_t *f = &d->frame;
    r->fcnt_down = d->nonce.fcnt + 1;
    l->heard = true;
    l->acked |= (f->fctrl & LORAWAN_FRAME_FCTRL_ACK) != 0;
    l->last_snr_db = (int8_t)(d->event->snr_db < -64 ? -64 : d->event->snr_db > 63 ? 63 : d->event->snr_db);
    if (class_a(d)) {
        lorawan_window_seen(l, d->event);
        r->adr_ack_count = 0;
        lorawan_commands_heard(l);
    }
    uint8_t sent = r->answers_len;
    lorawan_commands_t commands = { f->fopts, f->fopts_len };
    if (f->has_port && f->port == 0) {
        commands = (lorawan_commands_t) { f->payload, f->payload_len };
    }
    lorawan_commands_handle(l, &commands);
    bool more = class_a(d) && f->fctrl & LORAWAN_FRAME_FCTRL_PENDING;
    if (more) {
        l->pending |= LORAWAN_PENDING_MORE;
    }
    if (f->type == LORAWAN_FRAME_CONFIRMED_DOWN) {
        r->ack_due = 1;
    }
    if (r->ack_due || more || r->answers_len > sent) {
        lorawan_uplink_want(l, d->event->time_us);
    }
}

static bool take(lorawan_t *l, downlink_t *d) {
    enum { CERTIFICATION = 224 };
    lorawan_record_t *r = &l->record;
    lorawan_frame_t *f = &d->frame;
    if (f->has_port && f->port > 0) {
        d->nonce.key = d->group == UNICAST ? r->app_key : r->group[d->group].app_key;
    }
    if (lorawan_frame_cipher(&d->nonce, f->payload, f->payload_len) < 0) {
        return lorawan_downlink_ignore(l, LORAWAN_IGNORED_MIC);
    }
    l->dirty = true;
    l->store_failed = false;
    if (d->group == UNICAST) {
        take_unicast(l, d);
    } else {
        r->group[d->group].fcnt_down = d->nonce.fcnt + 1;
    }
    if (f->has_port && f->port > 0 && f->payload_len > 0) {
        ++l->cert.rx_count;
        if (f->port < CERTIFICATION) {
            deliver(l, d);
        }
    }
    return true;
}

// Window 1 or 2 is over. Only what was for us ends the round: RX2 is not opened then.
static void end_window(lorawan_t *l, const lorawan_event_t *event, bool valid) {
    bool current = l->rx_armed && l->state == (event->window == LORAWAN_RX1 ? LORAWAN_STATE_RX1 : LORAWAN_STATE_RX2);
    if (!current) {
        return;
    }
    l->rx_armed = false;
    if (valid || l->state == LORAWAN_STATE_RX2) {
        lorawan_uplink_round_over(l, event->time_us);
    } else {
        l->state = LORAWAN_STATE_RX2;
    }
}

static void run_certification(lorawan_t *l, const downlink_t *d) {
    enum { CERTIFICATION = 224 };
    const lorawan_frame_t *f = &d->frame;
    bool wanted = d->group == UNICAST && f->has_port && f->port == CERTIFICATION && f->payload_len > 0;
    if (wanted && l->config.certification && !l->cert.disabled) {
        lorawan_certification_received(l, f->payload, f->payload_len, d->event->time_us);
    }
}

void lorawan_downlink_received(lorawan_t *l, const lorawan_event_t *event) {
    downlink_t d = { .event = event };
    bool joining = l->op == LORAWAN_OP_JOIN && l->state >= LORAWAN_STATE_RX1 && event->window != LORAWAN_RXC;
    bool is_data = false, valid = false;
    if (joining) {
        valid = lorawan_join_accept(l, event);
    } else if (event->len > LORAWAN_FRAME_MAX || !lorawan_frame_parse(event->data, event->len, &d.frame)) {
        lorawan_downlink_ignore(l, LORAWAN_IGNORED_FORM);
    } else {
        is_data = check(l, &d) && take(l, &d);
        valid = is_data;
    }
    if (event->window != LORAWAN_RXC) {
        end_window(l, event, valid);
    }
    if (is_data) {
        lorawan_uplink_heard(l);
        run_certification(l, &d);
    }
}
