// Air time against times that others publish, and against the formula in doubles.
// SPDX-License-Identifier: MIT
#include <math.h>

#include "check.h"
#include "radio/radio.h"
#include "radio/radio_airtime.h"

static const double khz[] = { 500. / 64, 500. / 48, 15.625, 500. / 24, 31.25, 500. / 12, 62.5, 125, 250, 500 };

static radio_modulation_t lora(uint8_t sf, uint8_t bw, uint8_t cr) {
    return (radio_modulation_t) {
               .modem = RADIO_LORA, .lora = { .sf = sf, .bw = bw, .cr = cr, .preamble = 8, .crc = true }
    };
}

static void published_air_times_are_met(void) {
    // EU868: PHY payload of 13 + 51 or 13 + 222 bytes, TTN's and Semtech's calculators.
    static const struct {
        uint8_t sf, bw, len;
        uint32_t us;
    } known[] = {
        { 7, RADIO_BW_125K, 10, 41216 }, { 12, RADIO_BW_125K, 64, 2793472 }, { 12, RADIO_BW_125K, 13, 1155072 },
        { 7, RADIO_BW_125K, 235, 368896 }, { 10, RADIO_BW_125K, 20, 370688 },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); ++i) {
        radio_modulation_t modulation = lora(known[i].sf, known[i].bw, 1);
        uint32_t us = radio_airtime_us(&modulation, known[i].len);
        CHECK(us == known[i].us, "the air time is the published one");
        if (us != known[i].us) {
            printf("SF%d len %d: %u us\n", known[i].sf, known[i].len, (unsigned)us);
        }
    }
}

static double formula_us(const radio_lora_t *lora, int len) {
    double symbol_ms = pow(2, lora->sf) / khz[lora->bw];
    int low_rate = symbol_ms > 16;
    double bits = 8 * len - 4 * lora->sf + 28 + 16 * lora->crc - 20 * (lora->implicit_len != 0);
    double blocks = ceil(bits / (4 * (lora->sf - 2 * low_rate))) * (lora->cr + 4);
    return (lora->preamble + 4.25 + 8 + (blocks > 0 ? blocks : 0)) * symbol_ms * 1000;
}

static void every_setting_follows_the_formula(void) {
    for (uint8_t sf = 6; sf <= 12; ++sf) {
        for (uint8_t bw = 0; bw <= RADIO_BW_500K; ++bw) {
            for (uint8_t cr = 1; cr <= 4; ++cr) {
                for (unsigned len = 0; len <= 255; len += 5) {
                    radio_modulation_t modulation = lora(sf, bw, cr);
                    modulation.lora.implicit_len = len % 2;
                    modulation.lora.crc = len % 3 == 0;
                    modulation.lora.preamble = (uint16_t)(6 + len);
                    double want = formula_us(&modulation.lora, (int)len);
                    CHECK(fabs(radio_airtime_us(&modulation, len) - want) < 0.5, "the air time is the formula's");
                    double symbol_us = pow(2, sf) / khz[bw] * 1000;
                    CHECK(fabs(radio_airtime_symbol_us(&modulation.lora) - symbol_us) < 0.01, "symbols are whole microseconds");
                }
            }
        }
    }
}

static void an_endless_preamble_saturates(void) {
    radio_modulation_t modulation = lora(12, RADIO_BW_7K8, 1);
    modulation.lora.preamble = 65535;
    CHECK(radio_airtime_us(&modulation, 1) == UINT32_MAX, "more than 71 minutes is the largest number");
}

static void fsk_is_bytes_at_the_bit_rate(void) {
    radio_modulation_t modulation = {
        .modem = RADIO_FSK, .fsk = { .bit_rate = 50000, .preamble = 5, .sync_len = 3, .crc = true }
    };
    CHECK(radio_airtime_us(&modulation, 20) == (5 + 3 + 1 + 20 + 2) * 160, "preamble, sync, length, payload, CRC");
    modulation.fsk.fixed_len = 20;
    modulation.fsk.crc = false;
    CHECK(radio_airtime_us(&modulation, 20) == (5 + 3 + 20) * 160, "fixed length and no CRC leave theirs out");
    for (uint32_t rate = 600; rate <= 300000; rate += 997) {
        modulation.fsk.bit_rate = rate;
        modulation.fsk.preamble = 65535;
        double want = ceil((65535 + 3 + 255) * 8e6 / rate);
        CHECK(fabs(radio_airtime_us(&modulation, 255) - want) < 1, "rounded up at any rate");
    }
}

int main(void) {
    published_air_times_are_met();
    every_setting_follows_the_formula();
    an_endless_preamble_saturates();
    fsk_is_bytes_at_the_bit_rate();
    return check_result();
}
