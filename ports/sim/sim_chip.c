// A software SX1272/SX1276: power, reset, pins, rules.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "sim_chip_internal.h"
#include "sim_math.h"

#define SPI_HZ (10000000u)
#define RESET_NS UINT64_C(5000000)
#define POWER_UP_NS UINT64_C(10000000)

static const char *const rule_names[SIM_RULE_NUMBER] = {
    [SIM_RULE_FIFO_IN_SLEEP] = "FIFO accessed in Sleep",
    [SIM_RULE_LONG_RANGE] = "LongRangeMode changed outside Sleep",
    [SIM_RULE_OCP] = "more current than OCP allows",
    [SIM_RULE_PAYLOAD_LENGTH] = "PayloadLength 0",
    [SIM_RULE_SF6] = "SF6 and its settings do not go together",
    [SIM_RULE_LOW_RATE] = "symbols over 16 ms without LowDataRateOptimize",
    [SIM_RULE_ERRATUM] = "erratum not worked around",
    [SIM_RULE_NOT_IN_STANDBY] = "modem setting changed in TX or RX",
    [SIM_RULE_RESERVED] = "reserved register or value",
    [SIM_RULE_PA_LEVEL] = "manual PA level above 0xE7",
    [SIM_RULE_FREQUENCY] = "frequency outside the chip's range",
    [SIM_RULE_DURING_RESET] = "SPI during reset",
    [SIM_RULE_FIFO_OVERWRITTEN] = "frame changed while it was sent",
    [SIM_RULE_FIFO_UNDERRUN] = "FSK FIFO ran empty",
};

void sim_chip_break(sim_chip_t *chip, sim_chip_rule_t rule) {
    ++chip->broken[rule];
}

uint32_t sim_chip_broken(const sim_chip_t *chip) {
    uint32_t sum = 0;
    for (size_t i = 0; i < SIM_RULE_NUMBER; ++i) {
        sum += chip->broken[i];
    }
    return sum;
}

const char *sim_chip_rule_name(sim_chip_rule_t rule) {
    return (unsigned)rule < SIM_RULE_NUMBER ? rule_names[rule] : "unknown";
}

uint32_t sim_chip_random(sim_chip_t *chip) {
    return sim_math_random(&sim_chip_state(chip)->random);
}

uint64_t sim_chip_ns(const sim_chip_t *chip, uint64_t ns) {
    // A fast crystal counts its time down sooner.
    return (uint64_t)((int64_t)ns - (int64_t)(ns / 1000) * chip->faults.crystal_ppb / 1000000);
}

uint32_t sim_chip_hz(const sim_chip_t *chip, uint32_t hz) {
    return (uint32_t)((int64_t)hz + (int64_t)hz * chip->faults.crystal_ppb / 1000000000);
}

void sim_chip_lines(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    uint8_t lines = 0;
    if (state->powered && !state->in_reset) {
        lines = state->long_range ? sim_chip_lora_lines(chip) : sim_chip_fsk_lines(chip);
    }
    uint8_t changed = (uint8_t)(lines ^ state->lines);
    state->lines = lines;
    for (int dio = 0; dio < SIM_CHIP_DIOS; ++dio) {
        if ((changed & ~chip->faults.dio_cut & 1 << dio) && chip->edge != NULL) {
            chip->edge(chip, dio, lines >> dio & 1);
        }
    }
}

bool sim_chip_dio(const sim_chip_t *chip, int dio) {
    const sim_chip_state_t *state = (const sim_chip_state_t *)(const void *)&chip->state;
    return dio >= 0 && dio < SIM_CHIP_DIOS && (state->lines & ~chip->faults.dio_cut & 1 << dio);
}

// As after the reset line or the supply: registers, FIFO, mode.
static void reset(sim_chip_t *chip, uint64_t unusable_ns) {
    sim_chip_state_t *state = sim_chip_state(chip);
    sim_chip_mode_stop(chip);
    sim_chip_reset_registers(chip);
    sim_chip_mode_init(chip);
    state->usable_ns = sim_time_now() + unusable_ns;
    state->selected = false;
    sim_chip_lines(chip);
}

static void heard(sim_air_radio_t *radio, const sim_air_frame_t *frame) {
    sim_chip_t *chip = (sim_chip_t *)radio; // its first member
    sim_chip_state_t *state = sim_chip_state(chip);
    bool receiving = state->mode == MODE_RX || state->mode == MODE_RX_SINGLE;
    if (receiving && state->mode_ready) {
        if (state->long_range) {
            sim_chip_lora_heard(chip, frame);
        } else {
            sim_chip_fsk_heard(chip, frame);
        }
    }
}

static void ended(sim_air_radio_t *radio, const sim_air_frame_t *frame) {
    rx_t *rx = &sim_chip_state((sim_chip_t *)radio)->rx;
    if (rx->frame == frame && rx->step != RX_OFF) {
        rx->cut = true;
    }
}

static void init_events(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    chip_event_t *const events[] = { &state->ready, &state->rx_event, &state->timeout, &state->tx_event, &state->hop };
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); ++i) {
        sim_time_cancel(&events[i]->event); // by its place: left from a use before
        events[i]->chip = chip;
    }
}

void sim_chip_init(sim_chip_t *chip, sim_chip_kind_t kind) {
    sim_chip_state_t *state = sim_chip_state(chip);
    init_events(chip);
    memset(state, 0, sizeof(chip->state));
    init_events(chip);
    chip->kind = kind;
    if (chip->spi_hz == 0) {
        chip->spi_hz = SPI_HZ;
    }
    chip->radio.heard = heard;
    chip->radio.ended = ended;
    sim_air_join(&chip->radio);
    state->random = sim_math_hash(chip->radio.id);
    state->powered = true;
    reset(chip, 0);
}

void sim_chip_deinit(sim_chip_t *chip) {
    sim_chip_mode_stop(chip);
    sim_chip_state(chip)->powered = false;
    sim_chip_lines(chip);
    sim_air_leave(&chip->radio);
}

void sim_chip_power_cycle(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    memset(state->fifo, 0, sizeof(state->fifo));
    state->in_reset = false;
    reset(chip, POWER_UP_NS);
}

void sim_chip_reset_line(sim_chip_t *chip, int level) {
    sim_chip_state_t *state = sim_chip_state(chip);
    int active = chip->kind == SIM_SX1276 ? 0 : 1;
    bool in_reset = level == active;
    if (in_reset == state->in_reset || !state->powered) {
        return;
    }
    state->in_reset = in_reset;
    reset(chip, RESET_NS);
}
