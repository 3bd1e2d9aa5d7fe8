// What RP002 tabulates for one region. One constant table per region; functions
// only where the rule is not a lookup.
//
// Where public implementations contradict each other, the choice stands beside the
// value, and docs/lorawan.md lists them all.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_LORAWAN_LORAWAN_REGION_H
#define USOCKET_LORAWAN_LORAWAN_REGION_H

#include "lorawan/lorawan.h"

// One data rate; sf 0: not defined, or not possible with this radio (LR-FHSS).
typedef struct {
    uint8_t sf;
    uint8_t bw;            // 0 125 kHz, 1 250 kHz, 2 500 kHz
    uint8_t payload;       // FRMPayload at most, no repeater; 0: not for this direction
    uint8_t payload_dwell; // the same under a dwell time of 400 ms
} lorawan_dr_t;

// A part of the spectrum with a duty cycle, in units of 50 kHz, the end excluded.
typedef struct {
    uint16_t from_50khz;
    uint16_t to_50khz;
    uint16_t permille;
} lorawan_band_t;

// A run of equally spaced channels of a fixed plan.
typedef struct {
    uint32_t first_hz;
    uint32_t step_hz;
    uint8_t count;
    uint8_t dr; // max << 4 | min
} lorawan_run_t;

// A fixed channel plan. The downlink channel of uplink channel k is number k mod down_count.
typedef struct {
    lorawan_run_t up[2];
    lorawan_run_t down[2];
    uint8_t down_count;
    uint32_t rx2_hz;       // 0: the region's
    bool join_on_rx2;      // RX1 of a join is on the frequency of RX2
} lorawan_plan_t;

enum {
    LORAWAN_TX_PARAM = 0x01,    // TxParamSetupReq is understood
    LORAWAN_UP_DWELL = 0x02,    // uplink dwell time is on until the network says otherwise
    LORAWAN_LISTEN = 0x04,      // listen before talk, always
    LORAWAN_TWO_NARROW = 0x08,  // a mask needs two 125 kHz channels for the 125 kHz rates
    LORAWAN_HOP_POWER = 0x10,   // 21 dBm below 50 channels of 125 kHz, 26 dBm at 500 kHz
};

struct lorawan_region {
    uint8_t id;
    uint8_t flags;
    uint8_t dr_count;
    uint8_t up_dr_min, up_dr_max;
    uint8_t down_dr_min, down_dr_max; // that RX2 may be set to
    uint8_t join_dr_min, join_dr_max; // of the default channels
    uint8_t default_dr;               // of a personalised session
    int8_t rx1_base;                  // RX1 rate = uplink rate + base - offset, clipped to lo and hi
    uint8_t rx1_lo, rx1_hi, rx1_offset_max;
    uint8_t rx2_dr;
    uint8_t power_max;                // index
    uint8_t eirp_code;                // of TxParamSetupReq, where that is understood
    int16_t eirp_cdbm;                // 1/100 dBm
    int8_t listen_dbm;
    uint16_t listen_us;
    const lorawan_dr_t *dr;
    uint32_t rx2_hz;
    uint32_t min_hz, max_hz;
    const uint32_t *default_hz;       // dynamic plans
    uint8_t default_count;
    uint8_t default_channel_dr;       // max << 4 | min
    int32_t offset_hz;                // AS923-2 to -4: all frequencies of the table are moved by this
    uint8_t band_count;
    uint8_t plan_count;
    const lorawan_band_t *bands;      // none: no duty cycle
    const lorawan_plan_t *plans;      // fixed plans
    // Fixed plans: apply one ChMask with its ChMaskCntl; false if it is not defined.
    bool (*apply_mask)(const lorawan_t *l, uint16_t *mask, uint8_t cntl, uint16_t bits);
    // Fixed plans: choose channel, data rate and RX2 of a Join-Request; false if there is none.
    bool (*pick_join)(lorawan_t *l);
};

// NULL when the firmware has no such region.
const lorawan_region_t *lorawan_region_find(uint8_t id);

// Data rates of the EU868-like plans: 0-5 SF12-SF7, 6 SF7/250, 7 FSK.
extern const lorawan_dr_t lorawan_region_eu_dr[8];

// US915 and AU915 (lorawan_region_72.c).
bool lorawan_region_72_apply_mask(const lorawan_t *l, uint16_t *mask, uint8_t cntl, uint16_t bits);
bool lorawan_region_72_pick_join(lorawan_t *l);

extern const lorawan_region_t lorawan_region_eu868;
extern const lorawan_region_t lorawan_region_us915;
extern const lorawan_region_t lorawan_region_au915;
extern const lorawan_region_t lorawan_region_as923[4];
extern const lorawan_region_t lorawan_region_in865;
extern const lorawan_region_t lorawan_region_cn470;
extern const lorawan_region_t lorawan_region_kr920;
extern const lorawan_region_t lorawan_region_eu433;
extern const lorawan_region_t lorawan_region_ru864;

#endif // USOCKET_LORAWAN_LORAWAN_REGION_H
