// The session, and the record that keeps it over a power cut.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

#include <string.h>

#include "crypto/crypto.h"

// "LW", layout 1. The bytes are as in memory: a record is read by the device that wrote it.
#define MAGIC (0x4c570001u)
#define RESERVE_DEFAULT (8)

// CRC-32 (IEEE 802.3) of everything after the checksum, half a byte at a time: a
// record is written with each downlink.
static uint32_t checksum(const uint8_t *data) {
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = UINT32_MAX;
    for (size_t i = offsetof(lorawan_record_t, size); i < sizeof(lorawan_record_t); ++i) {
        crc ^= data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

void lorawan_session_defaults(lorawan_t *l) {
    const lorawan_region_t *region = l->region;
    lorawan_record_t *r = &l->record;
    r->rx1_delay_s = 1;
    r->rx1_offset = 0;
    r->rx2_dr = region->rx2_dr;
    r->rx2_hz = region->plans != NULL && region->plans[r->plan].rx2_hz != 0 ? region->plans[r->plan].rx2_hz : region->rx2_hz;
    r->power = 0;
    r->nb_trans = 1;
    r->max_eirp = region->eirp_code;
    r->up_dwell = region->flags & LORAWAN_UP_DWELL ? 1 : 0;
    r->down_dwell = 0;
    r->max_duty = 0;
    r->ack_due = 0;
    r->adr_ack_count = 0;
    r->answers_len = 0;
    r->answers_sent = 0;
    r->dr = region->default_dr;
    l->free_us = 0;
    l->requests = 0;
    l->uplink_due_us = LORAWAN_FOREVER;
    l->dirty = true;
}

void lorawan_session_clear(lorawan_t *l) {
    lorawan_record_t *r = &l->record;
    crypto_wipe(r->nwk_key, sizeof(r->nwk_key));
    crypto_wipe(r->app_key, sizeof(r->app_key));
    r->activation = LORAWAN_ACTIVATION_NONE;
    r->dev_addr = 0;
    r->net_id = 0;
    r->fcnt_up = 0;
    r->fcnt_down = 0;
    l->fcnt_up = 0;
    l->fcnt_stored = 0;
    lorawan_session_defaults(l);
    lorawan_channels_reset(l);
}

// The counter is moved on now and then only: a record is written for each config.reserve
// uplinks. When it is written for another reason, it is moved on as well, for nothing.
void lorawan_session_seal(lorawan_t *l) {
    lorawan_record_t *r = &l->record;
    uint32_t reserve = l->exact ? 0 : l->config.reserve == 0 ? RESERVE_DEFAULT : l->config.reserve;
    if (r->activation != LORAWAN_ACTIVATION_NONE) {
        r->fcnt_up = l->fcnt_up < UINT32_MAX - reserve ? l->fcnt_up + reserve : UINT32_MAX;
    }
    r->reserved = (uint8_t)(r->fcnt_up - l->fcnt_up);
    r->magic = MAGIC;
    r->size = sizeof(*r);
    r->region = l->region->id;
    r->sub_band = l->config.sub_band;
    r->crc = checksum((const uint8_t *)r);
}

int lorawan_save(lorawan_t *l) {
    if (l->op != LORAWAN_OP_NONE) {
        return -NET_EBUSY;
    }
    l->fcnt_stored = l->fcnt_up;
    l->exact = true;
    l->dirty = true;
    return 0;
}

void lorawan_forget(lorawan_t *l) {
    lorawan_session_clear(l);
    crypto_wipe(l->root_key, sizeof(l->root_key));
    crypto_wipe(l->record.group, sizeof(l->record.group));
    l->op = LORAWAN_OP_NONE;
    l->stop_rx = l->state >= LORAWAN_STATE_RX1 || l->rxc_on;
    l->rxc_on = false;
    l->state = LORAWAN_STATE_IDLE;
    l->pending = 0;
}

// All zero: not known.
static bool same_eui(const lorawan_t *l, const uint8_t *dev_eui) {
    static const uint8_t unknown[8];
    return memcmp(l->config.dev_eui, unknown, sizeof(unknown)) == 0 || memcmp(l->config.dev_eui, dev_eui, sizeof(unknown)) == 0;
}

static uint32_t word_at(const uint8_t *bytes, size_t offset) {
    uint32_t word;
    memcpy(&word, bytes + offset, sizeof(word));
    return word;
}

#define AT(field) offsetof(lorawan_record_t, field)

// The bytes may lie anywhere, and keys among them are not copied until all is good.
int lorawan_restore(lorawan_t *l, const void *record, size_t len) {
    const uint8_t *bytes = record;
    lorawan_record_t *r = &l->record;
    if (len >= sizeof(uint32_t) && word_at(bytes, AT(magic)) != MAGIC) {
        return -NET_EPROTONOSUPPORT;
    }
    if (len != sizeof(*r) || word_at(bytes, AT(crc)) != checksum(bytes)) {
        return -NET_EIO;
    }
    if (!same_eui(l, bytes + AT(dev_eui))) {
        return -NET_EADDRNOTAVAIL;
    }
    if (bytes[AT(region)] != l->region->id) { // a nonce used in one region is used in all
        memcpy(r->dev_eui, bytes + AT(dev_eui), AT(net_id) - AT(dev_eui));
        return -NET_EADDRNOTAVAIL;
    }
    memcpy(r, bytes, sizeof(*r));
    l->fcnt_up = r->fcnt_up;
    l->fcnt_stored = r->fcnt_up;
    // As if the whole reserve had been sent and nobody had answered.
    r->adr_ack_count = (uint16_t)(r->adr_ack_count < UINT16_MAX - r->reserved ? r->adr_ack_count + r->reserved : UINT16_MAX);
    l->dirty = false;
    if (r->sub_band != l->config.sub_band) {
        (void)lorawan_channel_sub_band(l, l->config.sub_band); // marks it dirty
    }
    return 0;
}
