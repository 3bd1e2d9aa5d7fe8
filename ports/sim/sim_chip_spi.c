// A software SX1272/SX1276: SPI, and which register file an address means.
// SPDX-License-Identifier: MIT
#include "sim_chip_internal.h"

static bool broken_bus(const sim_chip_t *chip) {
    return chip->faults.stuck || chip->faults.stuck_low;
}

static uint8_t floating(const sim_chip_t *chip) {
    return chip->faults.stuck ? 0xff : 0x00;
}

// Bits turn over on the wire now and then.
static uint8_t through_wire(sim_chip_t *chip, uint8_t byte) {
    if (chip->faults.spi_bit_errors != 0) {
        for (int bit = 0; bit < 8; ++bit) {
            if (sim_chip_random(chip) % chip->faults.spi_bit_errors == 0) {
                byte ^= (uint8_t)(1 << bit);
            }
        }
    }
    return byte;
}

static bool lora_page(const sim_chip_state_t *state, uint8_t address) {
    return state->long_range && !state->shared && address >= 0x0d && address < 0x40;
}

static uint8_t read_register(sim_chip_t *chip, uint8_t address) {
    sim_chip_state_t *state = sim_chip_state(chip);
    if (address == REG_OP_MODE) {
        return sim_chip_mode_read(chip);
    }
    if (lora_page(state, address)) {
        return sim_chip_lora_read(chip, address);
    }
    return address >= 0x0d && address < 0x40 ? sim_chip_fsk_read(chip, address) : state->common[address];
}

static void write_common(sim_chip_t *chip, uint8_t address, uint8_t value) {
    sim_chip_state_t *state = sim_chip_state(chip);
    if (address == REG_VERSION || address > 0x70) {
        sim_chip_break(chip, SIM_RULE_RESERVED);
        return;
    }
    state->common[address] = value;
    sim_chip_pa_written(chip, address, value);
    if (address >= REG_FRF_MSB && address <= REG_FRF_LSB) {
        if (address == REG_FRF_LSB) {
            sim_chip_frequency_written(chip);
        }
    } else if (address == REG_DIO_MAPPING1 || address == REG_DIO_MAPPING2) {
        sim_chip_lines(chip);
    }
}

static void write_register(sim_chip_t *chip, uint8_t address, uint8_t value) {
    sim_chip_state_t *state = sim_chip_state(chip);
    if (chip->trace != NULL) {
        chip->trace(chip, address, value);
    }
    if (address == REG_OP_MODE) {
        sim_chip_mode_write(chip, value);
    } else if (lora_page(state, address)) {
        sim_chip_lora_write(chip, address, value);
    } else if (address >= 0x0d && address < 0x40) {
        sim_chip_fsk_write(chip, address, value);
    } else {
        write_common(chip, address, value);
    }
}

static uint8_t fifo_access(sim_chip_t *chip, bool write, uint8_t value) {
    if (write && chip->trace != NULL) {
        chip->trace(chip, REG_FIFO, value);
    }
    if (sim_chip_state(chip)->long_range) {
        return sim_chip_lora_fifo(chip, write, value);
    }
    return sim_chip_fsk_fifo(chip, write, value);
}

void sim_chip_select(sim_chip_t *chip, bool selected) {
    sim_chip_state_t *state = sim_chip_state(chip);
    if (selected && !state->selected) {
        ++chip->spi_transfers;
        if (state->in_reset || sim_time_now() < state->usable_ns) {
            sim_chip_break(chip, SIM_RULE_DURING_RESET);
        }
    }
    state->selected = selected;
    state->spi_started = false;
}

uint8_t sim_chip_spi_byte(sim_chip_t *chip, uint8_t out) {
    sim_chip_state_t *state = sim_chip_state(chip);
    ++chip->spi_bytes;
    sim_time_advance(sim_time_now() + UINT64_C(8000000000) / chip->spi_hz);
    if (broken_bus(chip) || !state->selected || !state->powered || state->in_reset) {
        return floating(chip);
    }
    out = through_wire(chip, out);
    if (!state->spi_started) {
        state->spi_started = true;
        state->spi_write = out & 0x80;
        state->spi_address = out & 0x7f;
        return through_wire(chip, 0x00);
    }
    uint8_t address = state->spi_address;
    uint8_t in = 0;
    if (address == REG_FIFO) {
        in = fifo_access(chip, state->spi_write, out);
    } else {
        in = read_register(chip, address);
        if (state->spi_write) {
            write_register(chip, address, out);
        }
        state->spi_address = (address + 1) & 0x7f;
    }
    return through_wire(chip, in);
}

void sim_chip_spi(sim_chip_t *chip, const uint8_t *out, uint8_t *in, size_t len) {
    sim_chip_select(chip, true);
    for (size_t i = 0; i < len; ++i) {
        uint8_t byte = sim_chip_spi_byte(chip, out[i]);
        if (in != NULL) {
            in[i] = byte;
        }
    }
    sim_chip_select(chip, false);
}

void sim_chip_transfer(sim_chip_t *chip, uint8_t address, const uint8_t *out, uint8_t *in, size_t len) {
    sim_chip_select(chip, true);
    sim_chip_spi_byte(chip, address);
    for (size_t i = 0; i < len; ++i) {
        uint8_t byte = sim_chip_spi_byte(chip, out != NULL ? out[i] : 0);
        if (in != NULL) {
            in[i] = byte;
        }
    }
    sim_chip_select(chip, false);
}

uint8_t sim_chip_peek(sim_chip_t *chip, uint8_t address) {
    address &= 0x7f;
    return address == REG_FIFO ? 0 : read_register(chip, address);
}
