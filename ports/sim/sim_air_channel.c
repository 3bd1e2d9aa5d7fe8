// What happens to frames between radios: path loss, fading, noise, interference.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "sim_air_internal.h"
#include "sim_math.h"

// Free space to one metre at 868 MHz, then 27 dB a decade.
#define LOSS_1M_X10 (312)
#define LOSS_DECADE_X10 (270)
#define LOSS_FREQUENCY (868000000u)
#define NOISE_FIGURE_X10 (60)
#define CAPTURE_X10 (60)
// An FSK receiver needs this above an interferer in its channel.
#define FSK_CAPTURE_X10 (90)
#define LOSSES (64)

static struct {
    uint32_t a, b;
    int loss_db;
} losses[LOSSES];
static size_t losses_used;
static uint32_t seed_value;
static int fading_x10;

void sim_air_channel_reset(uint32_t seed) {
    losses_used = 0;
    seed_value = seed;
    fading_x10 = 5;
}

void sim_air_set_fading(int sigma_x10) {
    fading_x10 = sigma_x10;
}

void sim_air_set_loss(uint32_t a, uint32_t b, int loss_db) {
    size_t i = 0;
    while (i < losses_used && !(losses[i].a == a && losses[i].b == b) && !(losses[i].a == b && losses[i].b == a)) {
        ++i;
    }
    if (i == LOSSES) {
        i = 0; // the oldest makes room
    } else if (i == losses_used) {
        ++losses_used;
    }
    losses[i].a = a;
    losses[i].b = b;
    losses[i].loss_db = loss_db;
}

static int pair_loss_x10(uint32_t a, uint32_t b) {
    for (size_t i = 0; i < losses_used; ++i) {
        if ((losses[i].a == a && losses[i].b == b) || (losses[i].a == b && losses[i].b == a)) {
            return losses[i].loss_db * 10;
        }
    }
    return 0;
}

static int path_loss_x10(const sim_air_radio_t *radio, const sim_air_slot_t *slot) {
    int64_t dx = (int64_t)radio->x_m - slot->x_m;
    int64_t dy = (int64_t)radio->y_m - slot->y_m;
    uint64_t square = (uint64_t)(dx * dx) + (uint64_t)(dy * dy); // metres squared
    int loss = LOSS_1M_X10 + LOSS_DECADE_X10 * sim_math_db_x10(square) / 200;
    return loss + 2 * (sim_math_db_x10(slot->frame.frequency) - sim_math_db_x10(LOSS_FREQUENCY));
}

// Roughly normal, within three standard deviations; the same for the same frame
// and receiver whenever it is asked.
static int fade_x10(const sim_air_radio_t *radio, const sim_air_frame_t *frame) {
    uint32_t state = sim_math_hash(seed_value ^ sim_math_hash(frame->source + 0x10001u * frame->number) ^ radio->id * 0x9e3779b9u);
    int sum = 0;
    for (int i = 0; i < 3; ++i) {
        sum += (int)(sim_math_random(&state) % 2001) - 1000; // variance of three: 10^6
    }
    return sum * fading_x10 / 1000;
}

int sim_air_rssi_x10(const sim_air_radio_t *radio, const sim_air_frame_t *frame) {
    const sim_air_slot_t *slot = sim_air_slot(frame);
    return frame->power_x10 - path_loss_x10(radio, slot) - pair_loss_x10(radio->id, frame->source) + fade_x10(radio, frame);
}

int sim_air_noise_x10(uint32_t bandwidth) {
    return -1740 + sim_math_db_x10(bandwidth) + NOISE_FIGURE_X10;
}

int sim_air_snr_x10(const sim_air_radio_t *radio, const sim_air_frame_t *frame) {
    return sim_air_rssi_x10(radio, frame) - sim_air_noise_x10(frame->bandwidth);
}

int sim_air_limit_x10(unsigned sf) {
    return -75 - 25 * ((int)sf - 7);
}

typedef struct {
    uint32_t frequency, bandwidth;
} band_t;

// How much of a frame's power falls into a band: dB * 10, at most 0; false: nothing.
static bool share_x10(const sim_air_frame_t *frame, band_t band, int *share) {
    int64_t low = (int64_t)frame->frequency - frame->bandwidth / 2;
    int64_t high = low + frame->bandwidth;
    int64_t from = (int64_t)band.frequency - band.bandwidth / 2;
    int64_t to = from + band.bandwidth;
    int64_t common = (high < to ? high : to) - (low > from ? low : from);
    if (common <= 0) {
        return false;
    }
    *share = sim_math_db_x10((uint64_t)common) - sim_math_db_x10(frame->bandwidth);
    return true;
}

int sim_air_level_x10(const sim_air_radio_t *radio, uint32_t frequency, uint32_t bandwidth) {
    int level = sim_air_noise_x10(bandwidth);
    uint64_t now = sim_time_now();
    const sim_air_slot_t *slots = sim_air_slots();
    for (size_t i = 0; i < SIM_AIR_FRAMES; ++i) {
        const sim_air_frame_t *frame = &slots[i].frame;
        int share;
        if (slots[i].used && frame->source != radio->id && frame->start_ns <= now && now < frame->end_ns
            && share_x10(frame, (band_t) { frequency, bandwidth }, &share)) {
            level = sim_math_add_x10(level, sim_air_rssi_x10(radio, frame) + share);
        }
    }
    return level;
}

// The signal to interference ratio, dB, at which a frame of one spreading factor
// (row, SF7..12) just survives another (column). Measured on SX1272: D. Croce et
// al., "Impact of LoRa Imperfect Orthogonality", IEEE Comm. Letters 22(4), 2018.
// The diagonal is not used: CAPTURE_X10 is.
static const int8_t isolation[6][6] = {
    { 0, -8, -9, -9, -9, -9 },
    { -11, 0, -11, -12, -13, -13 },
    { -15, -13, 0, -13, -14, -15 },
    { -19, -18, -17, 0, -17, -18 },
    { -22, -22, -21, -20, 0, -20 },
    { -25, -25, -25, -24, -23, 0 },
};

static unsigned table_index(unsigned sf) {
    return sf <= 7 ? 0 : sf >= 12 ? 5 : sf - 7; // SF6 was not measured: as SF7
}

// What the frame needs above this interferer.
static int needed_x10(const sim_air_frame_t *frame, const sim_air_frame_t *other) {
    if (frame->modem != SIM_AIR_LORA) {
        return FSK_CAPTURE_X10;
    }
    if (other->modem != SIM_AIR_LORA) {
        return sim_air_limit_x10(frame->sf); // like noise
    }
    // Chirps of one slope, BW^2 / 2^SF, in one direction are seen as one's own.
    uint64_t slope = ((uint64_t)frame->bandwidth * frame->bandwidth) >> frame->sf;
    uint64_t others = ((uint64_t)other->bandwidth * other->bandwidth) >> other->sf;
    bool same_slope = slope * 20 <= others * 21 && others * 20 <= slope * 21;
    if (same_slope && frame->iq_inverted == other->iq_inverted) {
        return CAPTURE_X10;
    }
    unsigned row = table_index(frame->sf);
    unsigned column = table_index(other->sf);
    if (row == column) {
        column = row == 5 ? 4 : row + 1; // another bandwidth or direction: the neighbour's value
    }
    return isolation[row][column] * 10;
}

// Overlaps shorter than this are corrected or not noticed: half a symbol, or a bit.
static uint64_t harmless_ns(const sim_air_frame_t *frame) {
    if (frame->modem == SIM_AIR_LORA) {
        return (UINT64_C(500000000) << frame->sf) / frame->bandwidth;
    }
    return frame->bit_rate == 0 ? 0 : UINT64_C(1000000000) / frame->bit_rate;
}

static uint64_t overlap_ns(const sim_air_frame_t *other, uint64_t from_ns, uint64_t to_ns) {
    uint64_t from = other->start_ns > from_ns ? other->start_ns : from_ns;
    uint64_t to = other->end_ns < to_ns ? other->end_ns : to_ns;
    return to > from ? to - from : 0;
}

bool sim_air_collided(const sim_air_radio_t *radio, const sim_air_frame_t *frame, uint64_t from_ns, uint64_t to_ns) {
    const sim_air_slot_t *slots = sim_air_slots();
    int signal = sim_air_rssi_x10(radio, frame);
    for (size_t i = 0; i < SIM_AIR_FRAMES; ++i) {
        const sim_air_frame_t *other = &slots[i].frame;
        int share;
        if (!slots[i].used || other == frame || other->source == radio->id || other->source == frame->source
            || overlap_ns(other, from_ns, to_ns) <= harmless_ns(frame)
            || !share_x10(other, (band_t) { frame->frequency, frame->bandwidth }, &share)) {
            continue;
        }
        if (signal - sim_air_rssi_x10(radio, other) - share < needed_x10(frame, other)) {
            return true;
        }
    }
    return false;
}
