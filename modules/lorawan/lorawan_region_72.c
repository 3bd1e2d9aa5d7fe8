// Rules that US915 and AU915 share: 64 channels of 125 kHz and 8 of 500 kHz.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

#define BANK_CNTL (5)
#define ALL_ON_CNTL (6)
#define ALL_OFF_CNTL (7)

static void fill_narrow(uint16_t *mask, uint16_t bits) {
    for (int i = 0; i < 4; ++i) {
        mask[i] = bits;
    }
}

// RP002-1.0.4, table of ChMaskCntl: 0-3 sixteen channels each, 4 the wide ones, 5 banks
// of eight and their wide one, 6 and 7 all narrow ones on or off with a mask for the wide.
bool lorawan_region_72_apply_mask(const lorawan_t *l, uint16_t *mask, uint8_t cntl, uint16_t bits) {
    (void)l;
    if (cntl < 4) {
        mask[cntl] = bits;
    } else if (cntl == 4) {
        mask[4] = bits & 0xff;
    } else if (cntl == BANK_CNTL) {
        for (int i = 0; i < 4; ++i) {
            mask[i] = (uint16_t)((bits >> 2 * i & 1 ? 0x00ff : 0) | (bits >> (2 * i + 1) & 1 ? 0xff00 : 0));
        }
        mask[4] = bits & 0xff;
    } else {
        fill_narrow(mask, cntl == ALL_ON_CNTL ? 0xffff : 0);
        mask[4] = bits & 0xff;
    }
    return cntl <= ALL_OFF_CNTL;
}

// The enabled channels of one group of eight.
static uint8_t group(const uint16_t *mask, uint8_t number) {
    return (uint8_t)(mask[number / 2] >> (number & 1 ? 8 : 0));
}

// Go through the groups of eight at random without repeating one, and after each round
// try a wide channel: every network that listens to one group is met within 9 requests.
static bool wide_is_due(lorawan_t *l) {
    if (l->join_dr != LORAWAN_DR_AUTO) {
        return l->join_dr > l->region->plans[0].up[0].dr >> 4;
    }
    for (uint8_t i = 0; i < 8; ++i) {
        if (l->join_groups >> i & 1 && group(l->record.mask, i) == 0) {
            l->join_groups &= (uint8_t) ~(1u << i);
        }
    }
    return l->join_groups == 0;
}

bool lorawan_region_72_pick_join(lorawan_t *l) {
    const lorawan_region_t *region = l->region;
    bool wide = wide_is_due(l);
    if (wide) {
        l->join_groups = 0xff;
        if ((l->record.mask[4] & 0xff) != 0) {
            l->tx_channel = (uint8_t)(64 + lorawan_channels_random_bit(l, l->record.mask[4] & 0xff));
            l->tx_dr = region->up_dr_max;
            return true;
        }
        (void)wide_is_due(l); // forget the empty groups again
    }
    uint8_t groups = 0;
    for (uint8_t i = 0; i < 8; ++i) {
        groups |= (uint8_t)(group(l->record.mask, i) != 0 ? l->join_groups & 1u << i : 0);
    }
    if (groups == 0) {
        return false;
    }
    uint8_t number = lorawan_channels_random_bit(l, groups);
    l->join_groups &= (uint8_t) ~(1u << number);
    l->tx_channel = (uint8_t)(8 * number + lorawan_channels_random_bit(l, group(l->record.mask, number)));
    bool asked = l->join_dr != LORAWAN_DR_AUTO && l->join_dr <= region->plans[0].up[0].dr >> 4;
    uint8_t lowest = lorawan_channels_min_dr(l); // AU915: above what the dwell time forbids
    l->tx_dr = !asked ? region->join_dr_min : l->join_dr < lowest ? lowest : l->join_dr;
    return true;
}
