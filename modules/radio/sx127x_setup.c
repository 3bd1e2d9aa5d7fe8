// Find the chip, reset it, calibrate it; again after a fault. No step waits.
// SPDX-License-Identifier: MIT
#include "hal/hal.h"
#include "radio/sx127x.h"

#define ATTEMPTS (6)
#define BACK_OFF_US (10000) // doubled with each attempt
#define RESET_US (200) // SX1276: 100 us at least
#define SETTLE_US (5500) // 5 ms at least
#define CRYSTAL_US (1000)
#define CALIBRATION_US (2000) // a look; it lasts about 10 ms
#define CALIBRATION_TRIES (20)
#define IMAGE_CAL_START (0x40)
#define IMAGE_CAL_RUNNING (0x20)
#define TCXO_INPUT (0x19)
#define LF_HZ (434000000)
#define HF_HZ (868000000)

static void wait(sx127x_phase_t phase, uint32_t us) {
    sx127x.phase = phase;
    sx127x.deadline_us = hal_now_us() + us;
}

void sx127x_setup_start(void) {
    sx127x_forget(0, SX127X_IMAGE_SIZE - 1);
    sx127x.has_modem = false;
    sx127x.pa_dac = 0;
    sx127x.flags_dirty = true;
    sx127x.bus_failed = false;
    sx127x.attempts = 0;
    sx127x.next_len = 0;
    hal_rf_switch(HAL_RF_OFF);
    sx127x.rf = HAL_RF_OFF;
    wait(SX127X_BACK_OFF, 0);
}

void sx127x_fault(void) {
    if (!sx127x_setting_up()) {
        ++sx127x.counters.faults;
        sx127x.fault_due = true;
        sx127x_setup_start();
    }
}

// What answers; a chip that was found once does not become another.
static bool identify(void) {
    uint8_t version = sx127x_read1(REG_VERSION);
    radio_chip_t chip = RADIO_CHIP_NONE;
    if (version == VERSION_SX1272) {
        chip = RADIO_CHIP_SX1272;
    } else if (version == VERSION_SX1276) {
        chip = RADIO_CHIP_SX1276;
    }
    if (!sx127x.found) {
        sx127x.chip = chip;
    }
    return chip != RADIO_CHIP_NONE && chip == sx127x.chip;
}

// SX1272 high, SX1276 low. While nothing answers both are tried.
static bool reset_level(void) {
    return sx127x.chip == RADIO_CHIP_NONE ? (sx127x.attempts & 1) != 0 : sx127x.chip == RADIO_CHIP_SX1272;
}

static void attempt_failed(void) {
    sx127x.bus_failed = false;
    if (++sx127x.attempts < ATTEMPTS) {
        wait(SX127X_BACK_OFF, BACK_OFF_US << sx127x.attempts);
    } else {
        sx127x.phase = SX127X_DEAD;
        sx127x.deadline_us = RADIO_NEVER;
        hal_notify();
    }
}

// Without a reset line the chip may be in any state: to sleep with its long-range
// bit as it is, then to FSK, where calibration is.
static void settled(void) {
    if (!identify()) {
        attempt_failed();
        return;
    }
    sx127x_write1(REG_OP_MODE, sx127x_read1(REG_OP_MODE) & MODE_LONG_RANGE);
    sx127x_write1(REG_OP_MODE, MODE_SLEEP);
    if (hal_board()->tcxo) {
        sx127x_write1(sx127x.chip == RADIO_CHIP_SX1272 ? REG_TCXO_SX1272 : REG_TCXO_SX1276, TCXO_INPUT);
    }
    sx127x_write1(REG_OP_MODE, MODE_STANDBY);
    wait(SX127X_CRYSTAL, CRYSTAL_US + hal_board()->tcxo_us);
}

// A chip that is known is not spoken to before its reset: its power may have come
// back just now.
static void reset(void) {
    if (!sx127x.found) {
        identify();
    }
    sx127x.bus_failed = false;
    if (hal_reset_line(true, reset_level()) == 0) {
        wait(SX127X_RESET, RESET_US);
    } else {
        settled();
    }
}

static void calibrate(sx127x_phase_t phase, uint32_t frequency) {
    sx127x_set(REG_PA_CONFIG, 0); // the amplifier's pin off
    sx127x_set_frequency(frequency);
    sx127x_flush();
    sx127x_write1(REG_IMAGE_CAL, IMAGE_CAL_START | 0x02);
    sx127x.looks = 0;
    wait(phase, CALIBRATION_US);
}

static bool calibrating(void) {
    if ((sx127x_read1(REG_IMAGE_CAL) & IMAGE_CAL_RUNNING) == 0) {
        return false;
    }
    if (++sx127x.looks < CALIBRATION_TRIES) {
        wait(sx127x.phase, CALIBRATION_US);
    } else {
        attempt_failed();
    }
    return true;
}

static void finish(void) {
    sx127x_write1(REG_OP_MODE, MODE_SLEEP);
    sx127x.mode = MODE_SLEEP;
    if (sx127x.bus_failed || !identify()) {
        attempt_failed();
        return;
    }
    sx127x.found = true;
    sx127x.phase = SX127X_IDLE;
    sx127x.deadline_us = RADIO_NEVER;
    hal_notify();
}

void sx127x_setup_run(uint64_t now_us) {
    if (now_us < sx127x.deadline_us) {
        return;
    }
    switch (sx127x.phase) {
        case SX127X_BACK_OFF:
            reset();
            break;
        case SX127X_RESET:
            hal_reset_line(false, reset_level());
            wait(SX127X_SETTLE, SETTLE_US);
            break;
        case SX127X_SETTLE:
            settled();
            break;
        case SX127X_CRYSTAL:
            if (sx127x.chip == RADIO_CHIP_SX1276) {
                calibrate(SX127X_CALIBRATE_LF, LF_HZ);
            } else {
                calibrate(SX127X_CALIBRATE_HF, HF_HZ);
            }
            break;
        case SX127X_CALIBRATE_LF:
            if (!calibrating()) {
                calibrate(SX127X_CALIBRATE_HF, HF_HZ);
            }
            break;
        default:
            if (!calibrating()) {
                finish();
            }
    }
}
