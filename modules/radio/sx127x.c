// Chip, bus and registers: an image of what the chip holds, so that only what
// changes is written, in runs.
// SPDX-License-Identifier: MIT
#include "radio/sx127x.h"

#include <string.h>

#include "hal/hal.h"

#define VERIFY_FROM (REG_FRF)
#define TRIES (3)

sx127x_t sx127x;

static bool has_bit(const uint32_t *bits, unsigned address) {
    return (bits[address >> 5] >> (address & 31) & 1) != 0;
}

static void set_bit(uint32_t *bits, unsigned address, bool value) {
    uint32_t bit = 1u << (address & 31);
    bits[address >> 5] = value ? bits[address >> 5] | bit : bits[address >> 5] & ~bit;
}

static void transfer(uint8_t address, const uint8_t *out, uint8_t *in, size_t len) {
    ++sx127x.counters.spi_transfers;
    sx127x.counters.spi_bytes += 1 + (uint32_t)len;
    if (hal_spi_transfer(address, out, in, len) < 0) {
        sx127x.bus_failed = true;
        if (in != NULL) {
            memset(in, 0, len);
        }
    }
}

void sx127x_read(uint8_t address, uint8_t *in, size_t len) {
    transfer(address, NULL, in, len);
}

void sx127x_write(uint8_t address, const uint8_t *out, size_t len) {
    transfer(address | 0x80, out, NULL, len);
}

uint8_t sx127x_read1(uint8_t address) {
    uint8_t value;
    sx127x_read(address, &value, 1);
    return value;
}

void sx127x_write1(uint8_t address, uint8_t value) {
    sx127x_write(address, &value, 1);
}

void sx127x_set(uint8_t address, uint8_t value) {
    if (has_bit(sx127x.known, address) && sx127x.image[address] == value) {
        return;
    }
    sx127x.image[address] = value;
    set_bit(sx127x.known, address, false);
    set_bit(sx127x.dirty, address, true);
}

void sx127x_set16(uint8_t address, uint16_t value) {
    sx127x_set(address, (uint8_t)(value >> 8));
    sx127x_set(address + 1, (uint8_t)value);
}

// A known register between two runs is written with them: that is shorter than
// another transaction.
static unsigned run_end(unsigned address) {
    while (address < SX127X_IMAGE_SIZE) {
        bool bridge = address + 1 < SX127X_IMAGE_SIZE && has_bit(sx127x.known, address) && has_bit(sx127x.dirty, address + 1);
        if (!has_bit(sx127x.dirty, address) && !bridge) {
            break;
        }
        ++address;
    }
    return address;
}

void sx127x_flush(void) {
    for (unsigned address = 0; address < SX127X_IMAGE_SIZE; ++address) {
        if (!has_bit(sx127x.dirty, address)) {
            continue;
        }
        unsigned end = run_end(address);
        sx127x_write((uint8_t)address, sx127x.image + address, end - address);
        for (; address < end; ++address) {
            set_bit(sx127x.dirty, address, false);
            set_bit(sx127x.known, address, true);
        }
    }
}

void sx127x_forget(uint8_t from, uint8_t to) {
    for (unsigned address = from; address <= to; ++address) {
        set_bit(sx127x.known, address, false);
        set_bit(sx127x.dirty, address, false);
    }
}

// RegLna tells the gain that the AGC has chosen.
static bool holds_image(void) {
    uint8_t in[SX127X_IMAGE_SIZE - VERIFY_FROM];
    sx127x_read(VERIFY_FROM, in, sizeof(in));
    bool same = true;
    for (unsigned address = VERIFY_FROM; address < SX127X_IMAGE_SIZE; ++address) {
        bool differs = in[address - VERIFY_FROM] != sx127x.image[address];
        same = same && !(differs && address != REG_LNA && has_bit(sx127x.known, address));
    }
    return same;
}

// What was read wrong is right when it is read again.
bool sx127x_verify(void) {
    for (int i = 0; i < TRIES; ++i) {
        if (holds_image()) {
            return true;
        }
    }
    return false;
}

bool sx127x_read_checked(uint8_t address, uint8_t *in, size_t len) {
    const sx127x_modem_t *modem = sx127x_modem();
    for (int i = 0; i < TRIES; ++i) {
        sx127x_read(address, in, len);
        if (in[modem->canary_address - address] == modem->canary) {
            return true;
        }
    }
    return false;
}

bool sx127x_still_receives(void) {
    for (int i = 0; i < TRIES; ++i) {
        if (sx127x_read1(REG_OP_MODE) == sx127x.mode) {
            return sx127x_verify();
        }
    }
    return false;
}

const sx127x_modem_t *sx127x_modem(void) {
    return sx127x.modulation.modem == RADIO_LORA ? &sx127x_lora : &sx127x_fsk;
}

// Bits that go with the modem and the band.
static uint8_t mode_base(void) {
    const radio_modulation_t *modulation = &sx127x.modulation;
    bool lora = modulation->modem == RADIO_LORA;
    uint8_t base = lora ? MODE_LONG_RANGE : 0;
    if (sx127x.chip == RADIO_CHIP_SX1276) {
        return modulation->frequency < SX127X_LOW_BAND_HZ ? base | MODE_LOW_FREQUENCY : base;
    }
    return !lora && modulation->fsk.shaped ? base | MODE_SHAPED_SX1272 : base;
}

void sx127x_mode_is(uint8_t mode) {
    sx127x.mode = mode_base() | mode;
}

void sx127x_set_mode(uint8_t mode) {
    sx127x_mode_is(mode);
    sx127x_write1(REG_OP_MODE, sx127x.mode);
}

// f * 2^19 / 32 MHz = f * 256 / 15625, rounded, within 32 bits.
uint32_t sx127x_steps(uint32_t hz) {
    return hz / 15625 * 256 + (hz % 15625 * 256 + 15625 / 2) / 15625;
}

void sx127x_set_frequency(uint32_t frequency) {
    uint32_t steps = sx127x_steps(frequency);
    sx127x_set(REG_FRF, (uint8_t)(steps >> 16));
    sx127x_set16(REG_FRF + 1, (uint16_t)steps);
}
