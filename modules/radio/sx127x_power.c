// The amplifiers. What the board or the pin cannot do becomes the nearest that they
// can.
// SPDX-License-Identifier: MIT
#include "hal/hal.h"
#include "radio/sx127x.h"

#define PA_DAC_NORMAL (0x84)
#define PA_DAC_BOOST (0x87) // PA_BOOST up to +20 dBm
#define PA_SELECT_BOOST (0x80)
#define MAX_POWER_HIGH (0x70) // RFO of the SX1276: 15 dBm at OutputPower 15
#define OCP_100_MA (0x2b)
#define OCP_140_MA (0x31) // the chip takes 120 mA (SX1272: 125 mA) at +20 dBm

static int within(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

bool sx127x_boosted(uint32_t frequency) {
    return frequency >= hal_board()->boost_from_hz;
}

static uint8_t rfo_config(int power) {
    if (sx127x.chip == RADIO_CHIP_SX1272) {
        return (uint8_t)(within(power, -1, 14) + 1);
    }
    if (power >= 0) {
        return (uint8_t)(MAX_POWER_HIGH | within(power, 0, 14));
    }
    return (uint8_t)(within(power, -4, -1) + 4); // MaxPower 0: 10.8 dBm at 15
}

void sx127x_set_power(uint32_t frequency, int8_t wanted) {
    int power = within(wanted, INT8_MIN, hal_board()->power_max);
    bool high = false;
    uint8_t config;
    if (sx127x_boosted(frequency)) {
        power = within(power, 2, 20);
        high = power > 17;
        config = (uint8_t)(PA_SELECT_BOOST | (power - (high ? 5 : 2)));
    } else {
        config = rfo_config(power);
    }
    sx127x_set(REG_PA_CONFIG, config);
    sx127x_set(REG_OCP, high ? OCP_140_MA : OCP_100_MA);
    uint8_t dac = high ? PA_DAC_BOOST : PA_DAC_NORMAL;
    if (sx127x.pa_dac != dac) {
        sx127x_write1(sx127x.chip == RADIO_CHIP_SX1272 ? REG_PA_DAC_SX1272 : REG_PA_DAC_SX1276, dac);
        sx127x.pa_dac = dac;
    }
}
