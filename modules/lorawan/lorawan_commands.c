// MAC commands (TS001-1.0.4, 5): what the network asks, and the answers that wait.
//
// Answers stay in the order of the requests. Sticky ones stay at the front of the
// buffer after they were sent, until a class A downlink shows that they arrived.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

#include <string.h>

enum {
    LINK_CHECK = 0x02,
    LINK_ADR = 0x03,
    DUTY_CYCLE = 0x04,
    RX_PARAM_SETUP = 0x05,
    DEV_STATUS = 0x06,
    NEW_CHANNEL = 0x07,
    RX_TIMING_SETUP = 0x08,
    TX_PARAM_SETUP = 0x09,
    DL_CHANNEL = 0x0a,
    DEVICE_TIME = 0x0d,
    COMMANDS = 0x0e,
};

#define UNKNOWN (0xff)
#define STICKY (0x80)
#define LINK_ADR_LEN (5)
// requests: wanted in the low bits, sent with the last uplink in the high ones.
#define ASKED_SHIFT (4)

// Bytes after the identifier, down and up.
static const struct {
    uint8_t down;
    uint8_t up;
} lengths[COMMANDS] = {
    [0] = { UNKNOWN, 0 }, // ResetConf, 1.1 only
    [1] = { UNKNOWN, 0 },
    [LINK_CHECK] = { 2, 0 },
    [LINK_ADR] = { 4, 1 },
    [DUTY_CYCLE] = { 1, 0 },
    [RX_PARAM_SETUP] = { 4, STICKY | 1 },
    [DEV_STATUS] = { 0, 2 },
    [NEW_CHANNEL] = { 5, 1 },
    [RX_TIMING_SETUP] = { 1, STICKY | 0 },
    [TX_PARAM_SETUP] = { 1, STICKY | 0 },
    [DL_CHANNEL] = { 4, STICKY | 1 },
    [0x0b] = { UNKNOWN, 0 }, // RekeyConf, 1.1 only
    [0x0c] = { UNKNOWN, 0 }, // ADRParamSetupReq, 1.1 only
    [DEVICE_TIME] = { 5, 0 },
};

static uint8_t answer_len(uint8_t cid) {
    return (uint8_t)(1 + (lengths[cid].up & ~STICKY));
}

// Cut at a whole command: what does not fit any more is not answered (5).
static void answer(lorawan_t *l, uint8_t cid, uint8_t first, uint8_t second) {
    lorawan_record_t *r = &l->record;
    const uint8_t bytes[] = { cid, first, second };
    uint8_t len = answer_len(cid);
    if (r->answers_len + len <= LORAWAN_ANSWERS_MAX) {
        memcpy(r->answers + r->answers_len, bytes, len);
        r->answers_len = (uint8_t)(r->answers_len + len);
    }
    l->dirty = true;
}

static bool asked(const lorawan_t *l, uint8_t request) {
    return l->requests >> ASKED_SHIFT & request;
}

static void link_check(lorawan_t *l, const uint8_t *data) {
    if (asked(l, LORAWAN_REQUEST_LINK)) {
        l->link_margin = data[0];
        l->link_gateways = data[1];
        l->pending |= LORAWAN_PENDING_LINK;
    }
}

// The time is that of the end of the uplink that asked (5.9).
static void device_time(lorawan_t *l, const uint8_t *data) {
    if (asked(l, LORAWAN_REQUEST_TIME)) {
        l->time_s = lorawan_frame_le32(data);
        l->time_256 = data[4];
        l->time_at_us = l->tx_end_us;
        l->pending |= LORAWAN_PENDING_TIME;
    }
}

static void duty_cycle(lorawan_t *l, const uint8_t *data) {
    l->record.max_duty = data[0] & 0x0f;
    answer(l, DUTY_CYCLE, 0, 0);
}

static void rx_param_setup(lorawan_t *l, const uint8_t *data) {
    enum { FREQUENCY_OK = 1, RX2_DR_OK = 2, OFFSET_OK = 4 };
    const lorawan_region_t *region = l->region;
    uint8_t offset = data[0] >> 4 & 0x07;
    uint8_t dr = data[0] & 0x0f;
    uint32_t frequency_hz = lorawan_frame_le24(data + 1) * 100;
    bool dr_ok = dr >= region->down_dr_min && dr <= region->down_dr_max && region->dr[dr].sf != 0;
    uint8_t status = (uint8_t)((lorawan_channels_downlink_hz(l, frequency_hz) ? FREQUENCY_OK : 0) |
        (dr_ok ? RX2_DR_OK : 0) | (offset <= region->rx1_offset_max ? OFFSET_OK : 0));
    if (status == (FREQUENCY_OK | RX2_DR_OK | OFFSET_OK)) {
        l->record.rx1_offset = offset;
        l->record.rx2_dr = dr;
        l->record.rx2_hz = frequency_hz;
    }
    answer(l, RX_PARAM_SETUP, status, 0);
}

static void dev_status(lorawan_t *l, const uint8_t *data) {
    (void)data;
    int margin = l->last_snr_db < -32 ? -32 : l->last_snr_db > 31 ? 31 : l->last_snr_db;
    answer(l, DEV_STATUS, l->config.battery, (uint8_t)(margin & 0x3f));
}

// Fixed plans drop it without an answer (5.6).
static void new_channel(lorawan_t *l, const uint8_t *data) {
    if (l->region->plans == NULL) {
        answer(l, NEW_CHANNEL, lorawan_channels_request(l, data[0], lorawan_frame_le24(data + 1) * 100, data[4]), 0);
    }
}

static void rx_timing_setup(lorawan_t *l, const uint8_t *data) {
    uint8_t delay_s = data[0] & 0x0f;
    l->record.rx1_delay_s = delay_s == 0 ? 1 : delay_s;
    answer(l, RX_TIMING_SETUP, 0, 0);
}

static void tx_param_setup(lorawan_t *l, const uint8_t *data) {
    if (l->region->flags & LORAWAN_TX_PARAM) {
        l->record.max_eirp = data[0] & 0x0f;
        l->record.up_dwell = data[0] >> 4 & 1;
        l->record.down_dwell = data[0] >> 5 & 1;
        if (!lorawan_channels_uplink_dr(l, l->record.dr)) {
            l->record.dr = lorawan_channels_min_dr(l);
        }
        answer(l, TX_PARAM_SETUP, 0, 0);
    }
}

static void dl_channel(lorawan_t *l, const uint8_t *data) {
    enum { FREQUENCY_OK = 1, UPLINK_EXISTS = 2 };
    if (l->region->plans != NULL) {
        return;
    }
    uint32_t frequency_hz = lorawan_frame_le24(data + 1) * 100;
    uint8_t status = (uint8_t)((lorawan_channels_downlink_hz(l, frequency_hz) ? FREQUENCY_OK : 0) |
        (lorawan_channels_hz(l, data[0]) != 0 ? UPLINK_EXISTS : 0));
    if (status == (FREQUENCY_OK | UPLINK_EXISTS)) {
        l->record.channel_rx1_hz[data[0]] = frequency_hz;
    }
    answer(l, DL_CHANNEL, status, 0);
}

// Contiguous LinkADRReq are one block, with one identical answer each (5.1).
static size_t link_adr(lorawan_t *l, const uint8_t *data, size_t len) {
    uint8_t requests = 0;
    while (LINK_ADR_LEN * (requests + 1u) <= len && data[LINK_ADR_LEN * requests] == LINK_ADR) {
        ++requests;
    }
    uint8_t status = 0;
    if (requests > 0) {
        lorawan_adr_link_request(l, data, requests, &status);
    }
    for (uint8_t i = 0; i < requests; ++i) {
        answer(l, LINK_ADR, status, 0);
    }
    return (size_t)LINK_ADR_LEN * requests;
}

static void(*const handlers[COMMANDS])(lorawan_t * l, const uint8_t *data) = {
    [LINK_CHECK] = link_check,
    [DUTY_CYCLE] = duty_cycle,
    [RX_PARAM_SETUP] = rx_param_setup,
    [DEV_STATUS] = dev_status,
    [NEW_CHANNEL] = new_channel,
    [RX_TIMING_SETUP] = rx_timing_setup,
    [TX_PARAM_SETUP] = tx_param_setup,
    [DL_CHANNEL] = dl_channel,
    [DEVICE_TIME] = device_time,
};

// A command that is not known, or cut short, ends the parsing: its length is not known.
void lorawan_commands_handle(lorawan_t *l, const lorawan_commands_t *commands) {
    const uint8_t *data = commands->data;
    size_t len = commands->len;
    while (len > 0 && data[0] < COMMANDS && lengths[data[0]].down != UNKNOWN && lengths[data[0]].down < len) {
        size_t used = 1u + lengths[data[0]].down;
        if (data[0] == LINK_ADR) {
            used = link_adr(l, data, len);
        } else {
            handlers[data[0]](l, data + 1);
        }
        data += used;
        len -= used;
    }
}

uint8_t lorawan_commands_len(const lorawan_t *l) {
    return (uint8_t)(l->record.answers_len + (l->requests & LORAWAN_REQUEST_LINK ? 1 : 0) + (l->requests & LORAWAN_REQUEST_TIME ? 1 : 0));
}

static uint8_t take_requests(lorawan_t *l, uint8_t *out, uint8_t room) {
    static const struct {
        uint8_t bit;
        uint8_t cid;
    } requests[] = { { LORAWAN_REQUEST_LINK, LINK_CHECK }, { LORAWAN_REQUEST_TIME, DEVICE_TIME } };
    uint8_t used = 0;
    l->requests &= (1 << ASKED_SHIFT) - 1;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); ++i) {
        if (l->requests & requests[i].bit && used < room) {
            out[used++] = requests[i].cid;
            l->requests = (uint8_t)((l->requests & ~requests[i].bit) | requests[i].bit << ASKED_SHIFT);
        }
    }
    return used;
}

uint8_t lorawan_commands_take(lorawan_t *l, uint8_t *out, uint8_t room) {
    lorawan_record_t *r = &l->record;
    uint8_t taken = 0, kept = 0;
    while (taken < r->answers_len) {
        uint8_t cid = r->answers[taken];
        uint8_t len = answer_len(cid);
        if (taken + len > room) {
            break;
        }
        memcpy(out + taken, r->answers + taken, len);
        if (lengths[cid].up & STICKY) {
            memmove(r->answers + kept, r->answers + taken, len);
            kept = (uint8_t)(kept + len);
        }
        taken = (uint8_t)(taken + len);
    }
    memmove(r->answers + kept, r->answers + taken, (size_t)(r->answers_len - taken));
    r->answers_len = (uint8_t)(r->answers_len - taken + kept);
    r->answers_sent = kept;
    return (uint8_t)(taken + take_requests(l, out + taken, (uint8_t)(room - taken)));
}

void lorawan_commands_heard(lorawan_t *l) {
    lorawan_record_t *r = &l->record;
    if (r->answers_sent > 0) {
        memmove(r->answers, r->answers + r->answers_sent, (size_t)(r->answers_len - r->answers_sent));
        r->answers_len = (uint8_t)(r->answers_len - r->answers_sent);
        r->answers_sent = 0;
        l->dirty = true;
    }
}

void lorawan_request_link(lorawan_t *l) {
    l->requests |= LORAWAN_REQUEST_LINK;
}

void lorawan_request_time(lorawan_t *l) {
    l->requests |= LORAWAN_REQUEST_TIME;
}
