// Channels of dynamic and fixed plans, masks, and the choice of one for a frame.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

#include <string.h>

#define DYNAMIC_ALL_ON_CNTL (6)

static uint8_t range_min(uint8_t range) {
    return range & 0x0f;
}

static uint8_t range_max(uint8_t range) {
    return range >> 4;
}

static const lorawan_plan_t *plan_of(const lorawan_t *l) {
    return l->region->plans == NULL ? NULL : &l->region->plans[l->record.plan];
}

// The run of the plan that a channel is in; *channel becomes its place there.
static const lorawan_run_t *run_of(const lorawan_run_t *runs, uint8_t *channel) {
    for (int i = 0; i < 2; ++i) {
        if (*channel < runs[i].count) {
            return &runs[i];
        }
        *channel = (uint8_t)(*channel - runs[i].count);
    }
    return NULL;
}

static uint32_t run_hz(const lorawan_run_t *runs, uint8_t channel) {
    const lorawan_run_t *run = run_of(runs, &channel);
    return run == NULL ? 0 : run->first_hz + run->step_hz * channel;
}

uint8_t lorawan_channel_count(const lorawan_t *l) {
    const lorawan_plan_t *plan = plan_of(l);
    return plan == NULL ? LORAWAN_CHANNELS : (uint8_t)(plan->up[0].count + plan->up[1].count);
}

uint32_t lorawan_channels_hz(const lorawan_t *l, uint8_t channel) {
    const lorawan_plan_t *plan = plan_of(l);
    if (plan != NULL) {
        return run_hz(plan->up, channel);
    }
    return channel < LORAWAN_CHANNELS ? l->record.channel_hz[channel] : 0;
}

uint32_t lorawan_channels_rx1_hz(const lorawan_t *l, uint8_t channel) {
    const lorawan_plan_t *plan = plan_of(l);
    if (plan == NULL) {
        return l->record.channel_rx1_hz[channel];
    }
    if (plan->join_on_rx2 && l->op == LORAWAN_OP_JOIN) {
        return l->record.rx2_hz;
    }
    return run_hz(plan->down, channel % plan->down_count);
}

static uint8_t dr_range(const lorawan_t *l, uint8_t channel) {
    const lorawan_plan_t *plan = plan_of(l);
    if (plan == NULL) {
        return l->record.channel_dr[channel];
    }
    const lorawan_run_t *run = run_of(plan->up, &channel);
    return run == NULL ? 0 : run->dr;
}

bool lorawan_channels_has_dr(const lorawan_t *l, uint8_t channel, uint8_t dr) {
    uint8_t range = dr_range(l, channel);
    return lorawan_channels_hz(l, channel) != 0 && dr >= range_min(range) && dr <= range_max(range);
}

static bool defined_dr(const lorawan_region_t *region, uint8_t dr) {
    return dr < region->dr_count && region->dr[dr].sf != 0;
}

uint8_t lorawan_max_payload(const lorawan_t *l, uint8_t dr) {
    const lorawan_region_t *region = l->region;
    if (!defined_dr(region, dr) || dr < region->up_dr_min || dr > region->up_dr_max) {
        return 0;
    }
    return l->record.up_dwell ? region->dr[dr].payload_dwell : region->dr[dr].payload;
}

bool lorawan_channels_uplink_dr(const lorawan_t *l, uint8_t dr) {
    return lorawan_max_payload(l, dr) > 0;
}

uint8_t lorawan_channels_min_dr(const lorawan_t *l) {
    uint8_t dr = 0;
    while (dr < l->region->up_dr_max && !lorawan_channels_uplink_dr(l, dr)) {
        ++dr;
    }
    return dr;
}

uint8_t lorawan_max_dr(const lorawan_t *l) {
    return l->region->up_dr_max;
}

bool lorawan_channels_enabled(const uint16_t *mask, uint8_t channel) {
    return mask[channel / 16] >> channel % 16 & 1;
}

uint32_t lorawan_channel_hz(const lorawan_t *l, uint8_t index) {
    bool on = index < lorawan_channel_count(l) && lorawan_channels_enabled(l->record.mask, index);
    return on ? lorawan_channels_hz(l, index) : 0;
}

bool lorawan_channels_mask_has_dr(const lorawan_t *l, const uint16_t *mask, uint8_t dr) {
    for (uint8_t i = 0; i < lorawan_channel_count(l); ++i) {
        if (lorawan_channels_enabled(mask, i) && lorawan_channels_has_dr(l, i, dr)) {
            return true;
        }
    }
    return false;
}

static uint16_t defined_channels(const lorawan_t *l) {
    uint16_t defined = 0;
    for (uint8_t i = 0; i < LORAWAN_CHANNELS; ++i) {
        defined |= (uint16_t)((l->record.channel_hz[i] != 0) << i);
    }
    return defined;
}

bool lorawan_channels_apply_mask(const lorawan_t *l, uint16_t *mask, uint8_t cntl, uint16_t bits) {
    if (l->region->apply_mask != NULL) {
        return l->region->apply_mask(l, mask, cntl, bits);
    }
    uint16_t defined = defined_channels(l);
    mask[0] = cntl == DYNAMIC_ALL_ON_CNTL ? defined : bits;
    return cntl == DYNAMIC_ALL_ON_CNTL || (cntl == 0 && (bits & ~defined) == 0);
}

static uint8_t count_bits(uint32_t bits) {
    uint8_t count = 0;
    for (; bits != 0; bits &= bits - 1) {
        ++count;
    }
    return count;
}

// Enabled channels of the plan's first run: 64 of 125 kHz in US915 and AU915.
static uint8_t count_narrow(const uint16_t *mask) {
    return (uint8_t)(count_bits(mask[0]) + count_bits(mask[1]) + count_bits(mask[2]) + count_bits(mask[3]));
}

bool lorawan_channels_mask_valid(const lorawan_t *l, const uint16_t *mask, uint8_t dr) {
    bool narrow = l->region->flags & LORAWAN_TWO_NARROW && dr < l->region->up_dr_max;
    for (int i = 0; i < LORAWAN_MASKS; ++i) {
        if (mask[i] != 0) {
            return !narrow || count_narrow(mask) >= 2;
        }
    }
    return false;
}

bool lorawan_channels_downlink_hz(const lorawan_t *l, uint32_t frequency_hz) {
    const lorawan_region_t *region = l->region;
    if (frequency_hz < region->min_hz || frequency_hz > region->max_hz) {
        return false;
    }
    for (int i = 0; i < region->plan_count; ++i) {
        for (uint8_t k = 0; k < region->plans[i].down_count; ++k) {
            if (run_hz(region->plans[i].down, k) == frequency_hz) {
                return true;
            }
        }
    }
    return region->plan_count == 0;
}

// An uplink frequency that a dynamic plan may use: in the region, and in a band.
static bool uplink_hz(const lorawan_t *l, uint32_t frequency_hz) {
    const lorawan_region_t *region = l->region;
    return frequency_hz >= region->min_hz && frequency_hz <= region->max_hz &&
           (region->band_count == 0 || lorawan_dutycycle_band(l, frequency_hz) >= 0);
}

static bool range_valid(const lorawan_t *l, uint8_t range) {
    return range_min(range) <= range_max(range) && range_max(range) <= l->region->up_dr_max &&
           defined_dr(l->region, range_min(range)) && defined_dr(l->region, range_max(range));
}

static uint32_t default_hz(const lorawan_region_t *region, uint8_t index) {
    return index < region->default_count ? region->default_hz[index] + (uint32_t)region->offset_hz : 0;
}

static void put_channel(lorawan_t *l, uint8_t index, uint32_t frequency_hz, uint8_t range) {
    lorawan_record_t *r = &l->record;
    uint16_t bit = (uint16_t)(1u << index);
    r->channel_hz[index] = frequency_hz;
    r->channel_rx1_hz[index] = frequency_hz;
    r->channel_dr[index] = range;
    r->mask[0] = (uint16_t)(frequency_hz != 0 ? r->mask[0] | bit : r->mask[0] & ~bit);
    l->dirty = true;
}

// A default channel accepts only what it is already (5.6).
uint8_t lorawan_channels_request(lorawan_t *l, uint8_t index, uint32_t frequency_hz, uint8_t dr) {
    enum { FREQUENCY_OK = 1, RANGE_OK = 2 };
    if (index >= LORAWAN_CHANNELS) {
        return 0;
    }
    if (index < l->region->default_count) {
        bool same = frequency_hz == l->record.channel_hz[index] && dr == l->record.channel_dr[index];
        return same ? FREQUENCY_OK | RANGE_OK : 0;
    }
    bool removes = frequency_hz == 0;
    uint8_t status = (uint8_t)((removes || uplink_hz(l, frequency_hz) ? FREQUENCY_OK : 0) |
        (removes || range_valid(l, dr) ? RANGE_OK : 0));
    if (status == (FREQUENCY_OK | RANGE_OK)) {
        put_channel(l, index, frequency_hz, removes ? 0 : dr);
        l->record.user_channels &= (uint16_t) ~(1u << index);
    }
    return status;
}

static int set_fixed(lorawan_t *l, uint32_t frequency_hz, uint8_t range) {
    for (uint8_t i = 0; i < lorawan_channel_count(l); ++i) {
        if (lorawan_channels_hz(l, i) == frequency_hz &&
            (range_min(range) == 0 || range_min(range) == range_min(dr_range(l, i)))) {
            l->record.mask[i / 16] |= (uint16_t)(1u << i % 16);
            l->record.base_mask[i / 16] |= (uint16_t)(1u << i % 16);
            l->dirty = true;
            return 0;
        }
    }
    return -NET_EINVAL;
}

int lorawan_channel_set(lorawan_t *l, uint8_t index, const lorawan_channel_t *channel) {
    uint8_t range = (uint8_t)(channel->dr_max << 4 | (channel->dr_min & 0x0f));
    bool rates_valid = channel->dr_min <= channel->dr_max && channel->dr_max <= l->region->up_dr_max;
    if (index >= lorawan_channel_count(l) || !rates_valid) {
        return -NET_EINVAL;
    }
    if (l->region->plans != NULL) {
        return set_fixed(l, channel->frequency_hz, range);
    }
    bool narrows = index < l->region->default_count && (channel->dr_min != 0 || channel->dr_max < 5);
    if (!uplink_hz(l, channel->frequency_hz) || !range_valid(l, range) || narrows) {
        return -NET_EINVAL;
    }
    put_channel(l, index, channel->frequency_hz, range);
    l->record.user_channels |= (uint16_t)(1u << index);
    l->record.base_mask[0] |= (uint16_t)(1u << index);
    return 0;
}

int lorawan_channel_remove(lorawan_t *l, uint8_t index) {
    if (index >= lorawan_channel_count(l)) {
        return -NET_EINVAL;
    }
    uint16_t keep = (uint16_t) ~(1u << index % 16);
    if (l->region->plans == NULL) {
        if (index < l->region->default_count) {
            return -NET_EPERM;
        }
        put_channel(l, index, 0, 0);
        l->record.user_channels &= keep;
    }
    l->record.mask[index / 16] &= keep;
    l->record.base_mask[index / 16] &= keep;
    l->dirty = true;
    return 0;
}

int lorawan_channel_sub_band(lorawan_t *l, uint8_t sub_band) {
    if (l->region->plan_count != 1 || sub_band > 8) {
        return -NET_EINVAL;
    }
    enum { BANK_CNTL = 5 };
    uint16_t banks = (uint16_t)(sub_band == 0 ? 0xff : 1u << (sub_band - 1));
    (void)l->region->apply_mask(l, l->record.base_mask, BANK_CNTL, banks);
    memcpy(l->record.mask, l->record.base_mask, sizeof(l->record.mask));
    l->dirty = true;
    return 0;
}

void lorawan_channels_init(lorawan_t *l) {
    lorawan_record_t *r = &l->record;
    r->user_channels = 0;
    for (uint8_t i = 0; i < lorawan_channel_count(l); ++i) {
        if (l->region->plans != NULL || i < l->region->default_count) {
            r->base_mask[i / 16] |= (uint16_t)(1u << i % 16);
        }
    }
    lorawan_channels_reset(l);
}

void lorawan_channels_reset(lorawan_t *l) {
    lorawan_record_t *r = &l->record;
    for (uint8_t i = 0; l->region->plans == NULL && i < LORAWAN_CHANNELS; ++i) {
        if (r->user_channels >> i & 1) {
            r->channel_rx1_hz[i] = r->channel_hz[i];
        } else {
            bool exists = i < l->region->default_count;
            put_channel(l, i, default_hz(l->region, i), exists ? l->region->default_channel_dr : 0);
        }
    }
    for (int i = 0; i < LORAWAN_MASKS; ++i) { // CN470: not all plans have as many channels
        r->mask[i] = 16 * i < lorawan_channel_count(l) ? r->base_mask[i] : 0;
    }
}

// Type 0: five frequencies after the default channels, at the default channels' rates.
static void cflist_frequencies(lorawan_t *l, const uint8_t *cflist) {
    enum { FREQUENCIES = 5 };
    for (uint8_t i = 0; i < FREQUENCIES; ++i) {
        uint8_t index = (uint8_t)(l->region->default_count + i);
        uint32_t frequency_hz = lorawan_frame_le24(cflist + 3 * i) * 100;
        if (frequency_hz != 0 && uplink_hz(l, frequency_hz)) {
            put_channel(l, index, frequency_hz, l->region->default_channel_dr);
            l->record.user_channels &= (uint16_t) ~(1u << index);
        }
    }
}

// Type 1: the masks of a fixed plan. One that leaves no channel is not taken.
static void cflist_masks(lorawan_t *l, const uint8_t *cflist) {
    uint16_t mask[LORAWAN_MASKS] = { 0 };
    for (uint8_t i = 0; i < lorawan_channel_count(l); ++i) {
        uint16_t bit = (uint16_t)(1u << i % 16);
        mask[i / 16] |= lorawan_frame_le16(cflist + 2 * (i / 16)) & bit;
    }
    if (lorawan_channels_mask_valid(l, mask, l->region->up_dr_max)) {
        memcpy(l->record.mask, mask, sizeof(mask));
    }
}

void lorawan_channels_cflist(lorawan_t *l, const uint8_t *cflist) {
    enum { TYPE = 15 };
    if (cflist[TYPE] == 0 && l->region->plans == NULL) {
        cflist_frequencies(l, cflist);
    } else if (cflist[TYPE] == 1 && l->region->plans != NULL) {
        cflist_masks(l, cflist);
    }
}

uint8_t lorawan_channels_random_bit(lorawan_t *l, uint32_t bits) {
    uint32_t skip = lorawan_random(l, 0, count_bits(bits) - 1u);
    while (skip-- > 0) {
        bits &= bits - 1;
    }
    uint8_t number = 0;
    while ((bits >> number & 1) == 0) {
        ++number;
    }
    return number;
}

bool lorawan_channels_pick(lorawan_t *l, uint64_t now_us, uint64_t *earliest) {
    uint32_t found = 0;
    *earliest = LORAWAN_FOREVER;
    for (uint8_t i = 0; i < lorawan_channel_count(l); ++i) {
        if (!lorawan_channels_enabled(l->record.mask, i) || !lorawan_channels_has_dr(l, i, l->tx_dr)) {
            continue;
        }
        uint64_t at = lorawan_dutycycle_allowed(l, lorawan_channels_hz(l, i), l->tx_airtime_us, now_us);
        if (at > now_us) {
            *earliest = at < *earliest ? at : *earliest;
        } else if (lorawan_random(l, 0, found++) == 0) { // each of those found is as likely
            l->tx_channel = i;
        }
    }
    return found > 0;
}

// TxParamSetupReq, code of MaxEIRP (5.8).
static const uint8_t eirp_dbm[] = { 8, 10, 12, 13, 14, 16, 18, 20, 21, 24, 26, 27, 29, 30, 33, 36 };

static int16_t max_eirp_cdbm(const lorawan_t *l, uint8_t channel, uint8_t dr) {
    const lorawan_region_t *region = l->region;
    int16_t limit = region->flags & LORAWAN_TX_PARAM ? (int16_t)(eirp_dbm[l->record.max_eirp] * 100) : region->eirp_cdbm;
    if (region->id == LORAWAN_KR920 && lorawan_channels_hz(l, channel) < 922000000) {
        limit = 1000;
    }
    if (region->flags & LORAWAN_HOP_POWER) { // RP002-1.0.4, 2.5.3 (FCC 15.247)
        bool wide = dr == region->up_dr_max;
        int16_t hop = (int16_t)(wide ? 2600 : count_narrow(l->record.mask) < 50 ? 2100 : 3000);
        limit = hop < limit ? hop : limit;
    }
    return limit;
}

// Rounded down.
static int8_t whole_db(int cdbm) {
    return (int8_t)(cdbm >= 0 ? cdbm / 100 : -((99 - cdbm) / 100));
}

int8_t lorawan_channels_power(const lorawan_t *l, uint8_t channel, uint8_t dr) {
    int cdbm = max_eirp_cdbm(l, channel, dr) - 200 * l->record.power - 100 * l->config.antenna_dbi;
    int8_t dbm = whole_db(cdbm);
    return dbm < l->config.max_power_dbm ? dbm : l->config.max_power_dbm;
}

int8_t lorawan_channels_eirp(const lorawan_t *l, uint8_t channel, uint8_t dr) {
    return (int8_t)(lorawan_channels_power(l, channel, dr) + l->config.antenna_dbi);
}

void lorawan_channels_phy(const lorawan_t *l, uint32_t frequency_hz, uint8_t dr, lorawan_phy_t *phy) {
    phy->frequency_hz = frequency_hz;
    phy->sf = l->region->dr[dr].sf;
    phy->bw = l->region->dr[dr].bw;
    phy->sync_word = l->config.private_network ? 0x12 : 0x34;
}
