// A software SX1272/SX1276, FSK packet mode: the receiver, byte by byte.
// SPDX-License-Identifier: MIT
#include "sim_chip_internal.h"
#include "sim_math.h"

// Signal to noise, dB * 10, in the receiver's bandwidth: below the first nothing is
// detected, below the second bits are wrong.
#define DETECT_X10 (60)
#define CLEAN_X10 (90)

static bool afc_on(const sim_chip_state_t *state) {
    return state->fsk[FSK_RX_CONFIG] & 0x10;
}

static int snr_x10(sim_chip_t *chip, const sim_air_frame_t *frame) {
    uint32_t side = sim_chip_fsk_filter(sim_chip_state(chip)->fsk[FSK_RX_BW]);
    return sim_air_rssi_x10(&chip->radio, frame) - sim_air_noise_x10(2 * side);
}

static uint32_t apart(uint32_t a, uint32_t b) {
    return a > b ? a - b : b - a;
}

static bool fits(sim_chip_t *chip, const sim_air_frame_t *frame) {
    sim_chip_state_t *state = sim_chip_state(chip);
    uint32_t bit_rate = sim_chip_fsk_bit_rate(chip);
    uint32_t deviation = sim_chip_fsk_deviation(chip);
    if (frame->modem != SIM_AIR_FSK || frame->source == chip->radio.id
        || apart(frame->bit_rate, bit_rate) * 50 > bit_rate // 2 %
        || apart(frame->deviation, deviation) * 10 > deviation * 3) {
        return false;
    }
    uint32_t side = sim_chip_fsk_filter(state->fsk[FSK_RX_BW]);
    uint32_t afc = sim_chip_fsk_filter(state->fsk[FSK_AFC_BW]);
    if (afc_on(state) && afc > side) {
        side = afc;
    }
    uint32_t offset = apart(frame->frequency, sim_chip_hz(chip, state->frequency));
    return offset + frame->deviation + frame->bit_rate / 2 <= side + side / 5;
}

// So many bytes by the sender's clock.
static uint64_t bytes_ns(const sim_air_frame_t *frame, unsigned bytes) {
    return bytes * UINT64_C(8000000000) / frame->bit_rate;
}

static uint64_t preamble_end(const sim_air_frame_t *frame) {
    return frame->start_ns + frame->preamble_ns - bytes_ns(frame, frame->sync_len);
}

static uint64_t detect_ns(const sim_chip_state_t *state, const sim_air_frame_t *frame) {
    uint8_t detector = state->fsk[FSK_PREAMBLE_DETECT];
    unsigned bytes = detector & 0x80 ? (detector >> 5 & 3) + 1u : 1u;
    return bytes_ns(frame, bytes);
}

static void next_step(sim_chip_t *chip, rx_step_t step, uint64_t at_ns) {
    sim_chip_state_t *state = sim_chip_state(chip);
    state->rx.step = (uint8_t)step;
    state->rx.step_ns = at_ns;
    sim_time_at(&state->rx_event.event, at_ns);
}

static void consider(sim_chip_t *chip, const sim_air_frame_t *frame) {
    sim_chip_state_t *state = sim_chip_state(chip);
    rx_t *rx = &state->rx;
    uint64_t begin = frame->start_ns > rx->from_ns ? frame->start_ns : rx->from_ns;
    if (rx->step != RX_SEARCH || !fits(chip, frame) || begin + detect_ns(state, frame) > preamble_end(frame) + 1000) {
        return;
    }
    if (snr_x10(chip, frame) < DETECT_X10) {
        sim_air_tell(&chip->radio, frame, SIM_AIR_WEAK);
        return;
    }
    rx->frame = frame;
    rx->lock_ns = begin;
    rx->cut = false;
    next_step(chip, RX_LOCKING, begin + detect_ns(state, frame));
}

static void search(sim_chip_t *chip, uint64_t from_ns) {
    sim_chip_state_t *state = sim_chip_state(chip);
    state->rx.step = RX_SEARCH;
    state->rx.frame = NULL;
    state->rx.from_ns = from_ns;
    state->fsk_state.flags1 &= (uint8_t) ~(FLAG1_PREAMBLE | FLAG1_SYNC);
    const sim_air_frame_t *frame = NULL;
    while ((frame = sim_air_next(frame)) != NULL) {
        consider(chip, frame);
    }
}

// RxTimeout2 and 3: 16 bits each from the start of the receiver; 0 off.
static uint64_t timeout_at(sim_chip_t *chip, uint8_t address) {
    const sim_chip_state_t *state = sim_chip_state(chip);
    uint8_t value = state->fsk[address];
    return value == 0 ? SIM_NEVER : state->fsk_state.rx_since_ns + sim_chip_fsk_bits_ns(chip, 16u * value);
}

static void arm_timeout(sim_chip_t *chip, uint64_t after_ns) {
    uint64_t preamble = timeout_at(chip, FSK_RX_TIMEOUT2);
    uint64_t sync = timeout_at(chip, FSK_RX_TIMEOUT3);
    preamble = preamble > after_ns ? preamble : SIM_NEVER;
    sync = sync > after_ns ? sync : SIM_NEVER;
    sim_time_at(&sim_chip_state(chip)->timeout.event, preamble < sync ? preamble : sync);
}

void sim_chip_fsk_rx(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    state->fsk_state.flags1 &= (uint8_t) ~FLAG1_TIMEOUT;
    state->fsk_state.rx_since_ns = sim_time_now();
    sim_time_cancel(&state->rx_event.event);
    sim_time_cancel(&state->timeout.event);
    arm_timeout(chip, 0);
    search(chip, sim_time_now());
}

void sim_chip_fsk_rx_timeout(sim_chip_t *chip) {
    fsk_t *fsk = &sim_chip_state(chip)->fsk_state;
    uint64_t now = sim_time_now();
    bool no_preamble = now == timeout_at(chip, FSK_RX_TIMEOUT2) && !(fsk->flags1 & FLAG1_PREAMBLE);
    bool no_sync = now == timeout_at(chip, FSK_RX_TIMEOUT3) && !(fsk->flags1 & FLAG1_SYNC);
    if (no_preamble || no_sync) {
        fsk->flags1 |= FLAG1_TIMEOUT;
    } else {
        arm_timeout(chip, now);
    }
    sim_chip_lines(chip);
}

void sim_chip_fsk_heard(sim_chip_t *chip, const sim_air_frame_t *frame) {
    consider(chip, frame);
}

void sim_chip_fsk_rx_emptied(sim_chip_t *chip) {
    if (sim_chip_state(chip)->fsk[FSK_SYNC_CONFIG] & 0xc0) { // AutoRestartRxMode
        search(chip, sim_time_now());
    }
}

// The packet in hand is dropped.
static void drop(sim_chip_t *chip, sim_air_fate_t fate) {
    if (fate != SIM_AIR_ON_AIR) {
        sim_air_tell(&chip->radio, sim_chip_state(chip)->rx.frame, fate);
    }
    sim_chip_fsk_clear(chip);
    search(chip, sim_chip_state(chip)->rx.step_ns);
}

static void detected(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    const sim_air_frame_t *frame = state->rx.frame;
    if (state->rx.cut) {
        drop(chip, SIM_AIR_ABORTED);
        return;
    }
    state->fsk_state.flags1 |= FLAG1_PREAMBLE;
    int32_t offset = (int32_t)((int64_t)frame->frequency - sim_chip_hz(chip, state->frequency));
    int16_t steps = (int16_t)((int64_t)offset * 256 / 15625);
    state->fsk[FSK_FEI_MSB] = (uint8_t)((uint16_t)steps >> 8);
    state->fsk[FSK_FEI_MSB + 1] = (uint8_t)steps;
    if (afc_on(state)) {
        state->fsk[FSK_AFC_MSB] = state->fsk[FSK_FEI_MSB];
        state->fsk[FSK_AFC_MSB + 1] = state->fsk[FSK_FEI_MSB + 1];
    }
    next_step(chip, RX_DETECTED, frame->start_ns + frame->preamble_ns);
}

// Where the receiver's sync word ends within the sender's preamble and sync word:
// bytes after the end of the latter, 0 or negative; 1: nowhere.
static int sync_end(const sim_chip_state_t *state, const sim_air_frame_t *frame) {
    int own = (state->fsk[FSK_SYNC_CONFIG] & 7) + 1;
    const uint8_t *wanted = &state->fsk[FSK_SYNC_VALUE1];
    uint8_t preamble = state->fsk[FSK_SYNC_CONFIG] & 0x20 ? 0x55 : 0xaa;
    if (!(state->fsk[FSK_SYNC_CONFIG] & 0x10)) {
        return 1; // without a sync word this model receives nothing
    }
    for (int end = 1; end <= frame->sync_len; ++end) {
        int equal = 0;
        while (equal < own && wanted[equal] == (end - own + equal < 0 ? preamble : frame->sync[end - own + equal])) {
            ++equal;
        }
        if (equal == own) {
            return end - frame->sync_len;
        }
    }
    return 1;
}

static void synced(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    rx_t *rx = &state->rx;
    fsk_t *fsk = &state->fsk_state;
    const sim_air_frame_t *frame = rx->frame;
    int end = sync_end(state, frame);
    if (rx->cut || sim_air_collided(&chip->radio, frame, rx->lock_ns, rx->step_ns)) {
        drop(chip, rx->cut ? SIM_AIR_ABORTED : SIM_AIR_COLLISION);
        return;
    }
    if (end > 0) {
        drop(chip, SIM_AIR_ON_AIR);
        return;
    }
    bool variable = state->fsk[FSK_PACKET_CONFIG1] & 0x80;
    fsk->flags1 |= FLAG1_SYNC;
    fsk->skew = (int16_t)end;
    fsk->byte0_ns = rx->step_ns - bytes_ns(frame, (unsigned)-end);
    fsk->at = 0;
    fsk->total = (uint16_t)((state->fsk[FSK_PACKET_CONFIG2] & 7) << 8 | state->fsk[FSK_PAYLOAD_LENGTH]);
    fsk->total = variable ? 1 : fsk->total;
    fsk->crc = sim_fsk_crc_start(state->fsk[FSK_PACKET_CONFIG1] & 1);
    fsk->crc_good = true;
    fsk->hurt = false;
    fsk->weak = snr_x10(chip, frame) < CLEAN_X10;
    fsk->rssi_x10 = (int16_t)sim_air_rssi_x10(&chip->radio, frame);
    next_step(chip, RX_PAYLOAD, fsk->byte0_ns + bytes_ns(frame, 1));
}

// The next byte as it is demodulated.
static uint8_t arriving(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    fsk_t *fsk = &state->fsk_state;
    const sim_air_frame_t *frame = state->rx.frame;
    int at = fsk->at + fsk->skew;
    uint32_t noise = sim_math_hash(frame->number * 0x10001u + fsk->at);
    uint8_t byte = (uint8_t)noise;
    if (at < 0) {
        byte = frame->sync[frame->sync_len + at];
    } else if ((unsigned)at < sim_fsk_stream_len(frame) && !state->rx.cut) {
        byte = sim_fsk_stream_byte(frame, (unsigned)at);
    }
    bool hit = sim_air_collided(&chip->radio, frame, state->rx.step_ns - bytes_ns(frame, 1), state->rx.step_ns);
    fsk->hurt = fsk->hurt || hit;
    if (hit || (fsk->weak && noise % 8 == 0)) {
        byte ^= (uint8_t)(noise >> 8 | 1);
    }
    bool whitening = (state->fsk[FSK_PACKET_CONFIG1] >> 5 & 3) == 2;
    return whitening ? byte ^ sim_fsk_pn9(fsk->at) : byte;
}

static sim_air_fate_t fate(const sim_chip_state_t *state) {
    const fsk_t *fsk = &state->fsk_state;
    return state->rx.cut ? SIM_AIR_ABORTED : fsk->hurt ? SIM_AIR_COLLISION : fsk->weak ? SIM_AIR_WEAK : SIM_AIR_RECEIVED;
}

static void finished(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    fsk_t *fsk = &state->fsk_state;
    bool crc_on = state->fsk[FSK_PACKET_CONFIG1] & 0x10;
    bool keep_bad = state->fsk[FSK_PACKET_CONFIG1] & 0x08; // CrcAutoClearOff
    if (crc_on && !fsk->crc_good && !keep_bad) {
        drop(chip, fate(state));
        return;
    }
    sim_air_tell(&chip->radio, state->rx.frame, fate(state));
    fsk->flags2 |= FLAG2_READY | (crc_on && fsk->crc_good ? FLAG2_CRC_OK : 0);
    state->rx.step = RX_HALTED;
    state->rx.frame = NULL;
}

static bool address_refused(const sim_chip_state_t *state, uint8_t byte) {
    uint8_t filter = state->fsk[FSK_PACKET_CONFIG1] >> 1 & 3;
    bool node = byte == state->fsk[FSK_NODE_ADDRESS];
    bool broadcast = byte == state->fsk[FSK_BROADCAST_ADDRESS];
    return (filter == 1 && !node) || (filter == 2 && !node && !broadcast);
}

// Takes a byte of length or payload; false: the packet is none of ours.
static bool take(sim_chip_t *chip, uint8_t byte) {
    sim_chip_state_t *state = sim_chip_state(chip);
    fsk_t *fsk = &state->fsk_state;
    bool variable = state->fsk[FSK_PACKET_CONFIG1] & 0x80;
    if (variable && fsk->at == 0) {
        fsk->total = (uint16_t)(1 + byte);
        if (byte == 0 || byte > state->fsk[FSK_PAYLOAD_LENGTH]) {
            return false;
        }
    } else if (fsk->at == (variable ? 1 : 0) && address_refused(state, byte)) {
        return false;
    }
    fsk->crc = sim_fsk_crc(fsk->crc, byte, state->fsk[FSK_PACKET_CONFIG1] & 1);
    sim_chip_fsk_push(chip, byte);
    return true;
}

static void byte_arrived(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    fsk_t *fsk = &state->fsk_state;
    uint8_t byte = arriving(chip);
    if (fsk->at < fsk->total) {
        if (!take(chip, byte)) {
            drop(chip, SIM_AIR_ON_AIR);
            return;
        }
    } else {
        uint16_t crc = sim_fsk_crc_end(fsk->crc, state->fsk[FSK_PACKET_CONFIG1] & 1);
        uint8_t wanted = fsk->at == fsk->total ? (uint8_t)(crc >> 8) : (uint8_t)crc;
        fsk->crc_good = fsk->crc_good && byte == wanted;
    }
    ++fsk->at;
    unsigned crc_bytes = state->fsk[FSK_PACKET_CONFIG1] & 0x10 ? 2 : 0;
    if (fsk->at >= fsk->total + crc_bytes) {
        finished(chip);
    } else {
        next_step(chip, RX_PAYLOAD, fsk->byte0_ns + bytes_ns(state->rx.frame, fsk->at + 1u));
    }
}

void sim_chip_fsk_rx_event(sim_event_t *event) {
    sim_chip_t *chip = ((chip_event_t *)event)->chip;
    switch (sim_chip_state(chip)->rx.step) {
        case RX_LOCKING:
            detected(chip);
            break;
        case RX_DETECTED:
            synced(chip);
            break;
        case RX_PAYLOAD:
            byte_arrived(chip);
            break;
        default:
            break;
    }
    sim_chip_lines(chip);
}
