// Receive windows: when, how long, on what; and air time.
//
// A downlink's preamble has 8 symbols and the radio needs some of them. The window is
// centred on the middle of the preamble; it is as long as the uncertainty of the clock
// over the delay demands, and never shorter than what the radio needs. The clock's
// drift is learned from the downlinks that were heard.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

#define PREAMBLE_SYMBOLS (8)
#define NEEDED_SYMBOLS (6)
#define SYMBOLS_MAX (1023) // RegSymbTimeout of SX1272 and SX1276
#define NETWORK_US (20)    // 3.3: RECEIVE_DELAY is kept to +-20 us
#define TIMER_US (50)      // of the engine's own timer
#define PPM (1000000)
#define SPREAD_MIN_PPM (20)
#define SEEN_ENOUGH (4)
#define LATE_PPM (200u)
#define FSK_BYTE_US (160)

uint32_t lorawan_airtime_us(const lorawan_modulation_t *m, size_t len) {
    if (m->sf == LORAWAN_FSK) { // preamble 5, sync word 3, length, CRC 2
        return (uint32_t)(5 + 3 + 1 + len + 2) * FSK_BYTE_US;
    }
    // SX1276 datasheet, 4.1.1.7; quarters of a symbol are exact in microseconds.
    uint32_t symbol_us = (uint32_t)8 << m->sf >> m->bw;
    int optimize = symbol_us >= 16000 ? 2 : 0; // LowDataRateOptimize
    int bits = 8 * (int)len - 4 * m->sf + 28 + (m->crc ? 16 : 0) - (m->implicit_header ? 20 : 0);
    int per_block = 4 * (m->sf - optimize);
    uint32_t blocks = bits > 0 ? (uint32_t)((bits + per_block - 1) / per_block) : 0;
    uint32_t quarters = 4u * m->preamble + 17 + 4 * (8 + blocks * (m->cr + 4u));
    return symbol_us / 4 * quarters;
}

uint32_t lorawan_window_airtime_us(const lorawan_phy_t *phy, size_t len, bool crc) {
    lorawan_modulation_t modulation = { .sf = phy->sf, .bw = phy->bw, .cr = 1, .preamble = PREAMBLE_SYMBOLS, .crc = crc };
    return lorawan_airtime_us(&modulation, len);
}

uint32_t lorawan_window_symbol_us(const lorawan_phy_t *phy) {
    return phy->sf == LORAWAN_FSK ? FSK_BYTE_US : (uint32_t)8 << phy->sf >> phy->bw;
}

static uint32_t uncertain_ppm(const lorawan_t *l) {
    return l->seen >= SEEN_ENOUGH && l->spread_ppm < l->config.clock_ppm ? l->spread_ppm : l->config.clock_ppm;
}

void lorawan_window_open(const lorawan_t *l, uint64_t delay_us, lorawan_action_t *action) {
    uint32_t symbol_us = lorawan_window_symbol_us(&action->receive.phy);
    int64_t delay = (int64_t)delay_us;
    uint32_t error_us = (uint32_t)(delay_us * uncertain_ppm(l) / PPM) + NETWORK_US + TIMER_US;
    uint32_t length_us = (2 * NEEDED_SYMBOLS - PREAMBLE_SYMBOLS) * symbol_us + 2 * error_us;
    uint32_t symbols = (length_us + symbol_us - 1) / symbol_us;
    symbols = symbols < NEEDED_SYMBOLS ? NEEDED_SYMBOLS : symbols > SYMBOLS_MAX ? SYMBOLS_MAX : symbols;
    int64_t middle = delay + delay * l->drift_ppm / PPM + PREAMBLE_SYMBOLS / 2 * (int64_t)symbol_us;
    int64_t start = middle - symbols * (int64_t)symbol_us / 2 - l->config.wake_us;
    action->receive.symbols = (uint16_t)symbols;
    action->receive.start_us = l->tx_end_us + (uint64_t)start;
}

static uint32_t distance(int32_t a, int32_t b) {
    return (uint32_t)(a > b ? a - b : b - a);
}

void lorawan_window_seen(lorawan_t *l, const lorawan_event_t *event) {
    lorawan_phy_t phy;
    uint8_t dr;
    lorawan_window_rx_phy(l, event->window, &phy, &dr);
    bool crc = phy.sf == LORAWAN_FSK;
    uint64_t delay_us = lorawan_window_delay_us(l, event->window);
    int64_t late_us = (int64_t)(event->time_us - lorawan_window_airtime_us(&phy, event->len, crc) - l->tx_end_us - delay_us);
    int32_t ppm = (int32_t)(late_us * PPM / (int64_t)delay_us);
    if (distance(ppm, 0) > l->config.clock_ppm + LATE_PPM) {
        return; // not the clock: an engine that reports late
    }
    if (l->seen == 0) {
        l->drift_ppm = ppm;
        l->spread_ppm = 0;
    }
    uint32_t off = distance(ppm, l->drift_ppm);
    l->drift_ppm += (ppm - l->drift_ppm) / 4;
    // The worst of the last ones, slowly forgotten, twice.
    uint32_t spread = 2 * off + SPREAD_MIN_PPM;
    l->spread_ppm = spread > l->spread_ppm ? spread : l->spread_ppm - (l->spread_ppm - spread) / 8;
    l->seen = (uint8_t)(l->seen < SEEN_ENOUGH ? l->seen + 1 : l->seen);
}

// Back to the whole tolerance, around no drift: that always contains the truth.
void lorawan_window_missed(lorawan_t *l) {
    l->seen = 0;
    l->drift_ppm = 0;
    l->spread_ppm = 0;
}

uint64_t lorawan_window_delay_us(const lorawan_t *l, lorawan_window_t window) {
    enum { JOIN_ACCEPT_DELAY1_S = 5 };
    uint64_t delay_s = l->op == LORAWAN_OP_JOIN ? JOIN_ACCEPT_DELAY1_S : l->record.rx1_delay_s;
    return (delay_s + (window == LORAWAN_RX1 ? 0 : 1)) * LORAWAN_SECOND_US;
}

uint8_t lorawan_window_rx1_dr(const lorawan_t *l) {
    const lorawan_region_t *region = l->region;
    int offset = l->op == LORAWAN_OP_JOIN ? 0 : l->record.rx1_offset;
    if (offset > 5) { // AS923, IN865: 6 and 7 raise the rate
        offset = 5 - offset;
    }
    enum { DWELL_DR_MIN = 2 };
    int lo = l->record.down_dwell && region->flags & LORAWAN_TX_PARAM && region->rx1_lo == 0 ? DWELL_DR_MIN : region->rx1_lo;
    int dr = l->tx_dr + region->rx1_base - offset;
    dr = dr < lo ? lo : dr > region->rx1_hi ? region->rx1_hi : dr;
    while (region->dr[dr].sf == 0) { // IN865 has no DR6
        --dr;
    }
    return (uint8_t)dr;
}

void lorawan_window_rx_phy(const lorawan_t *l, lorawan_window_t window, lorawan_phy_t *phy, uint8_t *dr) {
    bool first = window == LORAWAN_RX1;
    *dr = first ? lorawan_window_rx1_dr(l) : l->record.rx2_dr;
    lorawan_channels_phy(l, first ? lorawan_channels_rx1_hz(l, l->tx_channel) : l->record.rx2_hz, *dr, phy);
}
