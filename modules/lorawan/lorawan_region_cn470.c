// CN470-510 (RP002-1.0.4, 2.9): four plans; the join channel that is answered selects one.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

// DR3: 184 as LoRaMac-node, LoRa Basics Modem and ChirpStack; TTN has 164.
static const lorawan_dr_t rates[] = {
    { 12, 0, 0, 0 },
    { 11, 0, 23, 23 },
    { 10, 0, 86, 86 },
    { 9, 0, 184, 184 },
    { 8, 0, 242, 242 },
    { 7, 0, 242, 242 },
    { 7, 2, 242, 242 },
    { LORAWAN_FSK, 0, 242, 242 },
};

enum { PLAN_20A, PLAN_20B, PLAN_26A, PLAN_26B };

// rx2_hz: of a personalised session.
static const lorawan_plan_t plans[] = {
    {
        .up = { { 470300000, 200000, 32, 0x51 }, { 503500000, 200000, 32, 0x51 } },
        .down = { { 483900000, 200000, 32, 0 }, { 490300000, 200000, 32, 0 } },
        .down_count = 64,
        .rx2_hz = 486900000,
    },
    {
        .up = { { 476900000, 200000, 32, 0x51 }, { 496900000, 200000, 32, 0x51 } },
        .down = { { 476900000, 200000, 32, 0 }, { 496900000, 200000, 32, 0 } },
        .down_count = 64,
        .rx2_hz = 498300000,
    },
    {
        .up = { { 470300000, 200000, 48, 0x51 } },
        .down = { { 490100000, 200000, 24, 0 } },
        .down_count = 24,
        .rx2_hz = 492500000,
        .join_on_rx2 = true,
    },
    {
        .up = { { 480300000, 200000, 48, 0x51 } },
        .down = { { 500100000, 200000, 24, 0 } },
        .down_count = 24,
        .rx2_hz = 502500000,
        .join_on_rx2 = true,
    },
};

// The common join channels. Their numbers are channels of the plan; RX1 of a join
// follows the plan but for 26A and 26B, where it is the plan's RX2 frequency.
static const struct {
    uint8_t plan;
    uint8_t channel;
    uint16_t rx2_100khz; // of the join and of the session after it
} joins[] = {
    { PLAN_20A, 3, 4853 }, { PLAN_20A, 11, 4869 }, { PLAN_20A, 19, 4885 }, { PLAN_20A, 27, 4901 },
    { PLAN_20A, 35, 4917 }, { PLAN_20A, 43, 4933 },
    { PLAN_20A, 51, 4949 }, // LoRaMac-node has 494.0, which breaks the pattern
    { PLAN_20A, 59, 4965 },
    { PLAN_20B, 15, 4783 }, { PLAN_20B, 47, 4983 },
    { PLAN_26A, 0, 4925 }, { PLAN_26A, 10, 4925 }, { PLAN_26A, 20, 4925 }, { PLAN_26A, 30, 4925 }, { PLAN_26A, 40, 4925 },
    { PLAN_26B, 0, 5025 }, { PLAN_26B, 10, 5025 }, { PLAN_26B, 20, 5025 }, { PLAN_26B, 30, 5025 }, { PLAN_26B, 40, 5025 },
};

#define JOINS (sizeof(joins) / sizeof(joins[0]))

static bool pick_join(lorawan_t *l) {
    const lorawan_region_t *region = l->region;
    uint32_t allowed = 0;
    for (size_t i = 0; i < JOINS; ++i) {
        bool wanted = l->config.sub_band == 0 || joins[i].plan == l->config.sub_band - 1;
        allowed |= (uint32_t)wanted << i;
    }
    uint8_t number = lorawan_channels_random_bit(l, allowed);
    l->record.plan = joins[number].plan;
    l->tx_channel = joins[number].channel;
    uint8_t rates_of_join = (uint8_t)(region->join_dr_max - region->join_dr_min + 1);
    l->tx_dr = l->join_dr == LORAWAN_DR_AUTO ?
        (uint8_t)(region->join_dr_max - l->join_attempts % rates_of_join) : l->join_dr;
    l->record.rx2_hz = joins[number].rx2_100khz * 100000u;
    l->record.rx2_dr = region->rx2_dr;
    return true;
}

// RP002-1.0.4: 20 MHz plans 0-3 sixteen channels each, 6 all on, 7 all off; 26 MHz plans
// 0-2, 3 all on, 4 all off.
static bool apply_mask(const lorawan_t *l, uint16_t *mask, uint8_t cntl, uint16_t bits) {
    uint8_t words = l->record.plan < PLAN_26A ? 4 : 3;
    uint8_t all_on = l->record.plan < PLAN_26A ? 6 : 3;
    if (cntl < words) {
        mask[cntl] = bits;
        return true;
    }
    if (cntl != all_on && cntl != all_on + 1) {
        return false;
    }
    for (uint8_t i = 0; i < words; ++i) {
        mask[i] = cntl == all_on ? 0xffff : 0;
    }
    return true;
}

const lorawan_region_t lorawan_region_cn470 = {
    .id = LORAWAN_CN470,
    .dr = rates,
    .dr_count = 8,
    .up_dr_min = 1,
    .up_dr_max = 5,
    .down_dr_min = 0,
    .down_dr_max = 7,
    .join_dr_min = 1,
    .join_dr_max = 5,
    .default_dr = 5,
    // LoRa Basics Modem and RadioLib clip RX1 at DR1, three others at DR0, which is not used.
    .rx1_lo = 1,
    .rx1_hi = 5,
    .rx1_offset_max = 5,
    .rx2_dr = 1, // LoRaMac-node and LoRa Basics Modem for these plans; TTN and ChirpStack have DR0
    .rx2_hz = 486900000,
    .power_max = 7,
    .eirp_cdbm = 1915,
    .min_hz = 470000000,
    .max_hz = 510000000,
    .plans = plans,
    .plan_count = 4,
    .apply_mask = apply_mask,
    .pick_join = pick_join,
};
