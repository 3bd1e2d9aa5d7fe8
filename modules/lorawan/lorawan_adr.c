// Adaptive data rate: LinkADRReq (5.1) and the back-off when nobody answers (4.3.1.1).
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

#include <string.h>

#define ADR_ACK_LIMIT (64)
#define ADR_ACK_DELAY (32)
#define KEEP (0x0f)
#define REQUEST_LEN (5)

enum { MASK_OK = 1, DR_OK = 2, POWER_OK = 4 };

static bool apply_masks(const lorawan_t *l, const uint8_t *block, uint8_t requests, uint16_t *mask) {
    memcpy(mask, l->record.mask, sizeof(l->record.mask));
    for (uint8_t i = 0; i < requests; ++i) {
        const uint8_t *request = block + REQUEST_LEN * i;
        if (!lorawan_channels_apply_mask(l, mask, request[4] >> 4 & 0x07, lorawan_frame_le16(request + 2))) {
            return false;
        }
    }
    return true;
}

// All or nothing; data rate, power and repetitions are those of the last request. With
// ADR off the network commands masks and repetitions only: rate and power stay, and are
// acknowledged if they are possible, as LoRaMac-node does; servers repeat a refused
// request for ever.
void lorawan_adr_link_request(lorawan_t *l, const uint8_t *block, uint8_t requests, uint8_t *status) {
    lorawan_record_t *r = &l->record;
    const uint8_t *last = block + REQUEST_LEN * (requests - 1);
    uint8_t dr = last[1] >> 4 == KEEP ? r->dr : last[1] >> 4;
    uint8_t power = (last[1] & 0x0f) == KEEP ? r->power : last[1] & 0x0f;
    uint8_t used_dr = l->config.adr ? dr : r->dr;
    uint16_t mask[LORAWAN_MASKS];
    bool mask_ok = apply_masks(l, block, requests, mask) && lorawan_channels_mask_valid(l, mask, used_dr);
    bool dr_ok = lorawan_channels_uplink_dr(l, dr);
    if (mask_ok && dr_ok && !lorawan_channels_mask_has_dr(l, mask, used_dr)) {
        dr_ok = !l->config.adr;
        mask_ok = l->config.adr; // with ADR off the application's rate must stay possible
    }
    *status = (uint8_t)((mask_ok ? MASK_OK : 0) | (dr_ok ? DR_OK : 0) | (power <= l->region->power_max ? POWER_OK : 0));
    if (*status != (MASK_OK | DR_OK | POWER_OK)) {
        return;
    }
    memcpy(r->mask, mask, sizeof(mask));
    r->nb_trans = last[4] & 0x0f ? last[4] & 0x0f : r->nb_trans;
    if (l->config.adr) {
        r->dr = dr;
        r->power = power;
    }
}

// The next lower rate that some enabled channel has; false at the lowest.
static bool step_down(lorawan_t *l) {
    for (uint8_t dr = l->record.dr; dr-- > 0;) {
        if (lorawan_channels_uplink_dr(l, dr) && lorawan_channels_mask_has_dr(l, l->record.mask, dr)) {
            l->record.dr = dr;
            return true;
        }
    }
    return false;
}

static void back_to_default(lorawan_t *l) {
    lorawan_record_t *r = &l->record;
    for (int i = 0; i < LORAWAN_MASKS; ++i) {
        r->mask[i] |= r->base_mask[i];
    }
    r->nb_trans = 1;
    (void)step_down(l);
}

// TS001-1.0.4, 4.3.1.1: after LIMIT uplinks ask.
uint8_t lorawan_adr_uplink(lorawan_t *l) {
    if (!l->config.adr) {
        return 0;
    }
    uint16_t count = l->record.adr_ack_count;
    l->record.adr_ack_count = (uint16_t)(count < UINT16_MAX ? count + 1 : ADR_ACK_LIMIT + 2 * ADR_ACK_DELAY);
    return (uint8_t)(LORAWAN_FRAME_FCTRL_ADR | (count >= ADR_ACK_LIMIT ? LORAWAN_FRAME_FCTRL_ADR_ACK_REQ : 0));
}

// After each DELAY more, one step: power, then rate by rate, then the default channels.
void lorawan_adr_unanswered(lorawan_t *l) {
    lorawan_record_t *r = &l->record;
    uint16_t count = r->adr_ack_count;
    if (!l->config.adr || count < ADR_ACK_LIMIT + ADR_ACK_DELAY || (count - ADR_ACK_LIMIT) % ADR_ACK_DELAY != 0) {
        return;
    }
    l->dirty = true;
    if (count == ADR_ACK_LIMIT + ADR_ACK_DELAY) {
        r->power = 0;
    } else if (!step_down(l)) {
        back_to_default(l);
    }
}
