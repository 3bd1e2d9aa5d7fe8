// A software SX1272/SX1276, FSK packet mode: transmission, byte by byte.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "sim_chip_internal.h"

static bool variable_length(const sim_chip_state_t *state) {
    return state->fsk[FSK_PACKET_CONFIG1] & 0x80;
}

static void describe(sim_chip_t *chip, sim_air_frame_t *frame) {
    sim_chip_state_t *state = sim_chip_state(chip);
    const uint8_t *reg = state->fsk;
    frame->modem = SIM_AIR_FSK;
    frame->frequency = sim_chip_hz(chip, state->frequency);
    frame->power_x10 = sim_chip_power_x10(chip);
    frame->bit_rate = sim_chip_fsk_bit_rate(chip);
    frame->deviation = sim_chip_fsk_deviation(chip);
    frame->bandwidth = 2 * frame->deviation + frame->bit_rate;
    frame->whitening = (reg[FSK_PACKET_CONFIG1] >> 5 & 3) == 2;
    frame->crc = reg[FSK_PACKET_CONFIG1] & 0x10;
    frame->crc_ibm = reg[FSK_PACKET_CONFIG1] & 1;
    frame->fixed_len = !variable_length(state);
    if (reg[FSK_SYNC_CONFIG] & 0x10) {
        frame->sync_len = (uint8_t)((reg[FSK_SYNC_CONFIG] & 7) + 1);
        memcpy(frame->sync, &reg[FSK_SYNC_VALUE1], frame->sync_len);
    }
}

// What the FIFO holds of the payload so far; refills follow.
static void copy_fifo(const fsk_t *fsk, sim_air_frame_t *frame) {
    unsigned skip = frame->fixed_len ? 0 : 1;
    for (unsigned i = skip; i < fsk->count && i - skip < frame->len; ++i) {
        frame->data[i - skip] = fsk->fifo[(fsk->head + i) % sizeof(fsk->fifo)];
    }
}

static void carrier(sim_chip_t *chip) {
    sim_air_frame_t frame;
    memset(&frame, 0, sizeof(frame));
    describe(chip, &frame);
    frame.modem = SIM_AIR_CARRIER;
    frame.bandwidth = 2 * frame.deviation + 200;
    frame.start_ns = sim_time_now();
    frame.end_ns = SIM_NEVER;
    sim_chip_state(chip)->sending = sim_air_transmit(&chip->radio, &frame);
}

static void begin(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    fsk_t *fsk = &state->fsk_state;
    sim_air_frame_t frame;
    memset(&frame, 0, sizeof(frame));
    describe(chip, &frame);
    unsigned fixed = (unsigned)(state->fsk[FSK_PACKET_CONFIG2] & 7) << 8 | state->fsk[FSK_PAYLOAD_LENGTH];
    frame.len = frame.fixed_len ? (uint16_t)fixed : fsk->fifo[fsk->head];
    if (frame.len == 0 || frame.len > sizeof(frame.data)) {
        // Fixed packets over 256 bytes are more than a frame of this air holds.
        sim_chip_break(chip, frame.len == 0 ? SIM_RULE_PAYLOAD_LENGTH : SIM_RULE_RESERVED);
        return;
    }
    unsigned preamble = (unsigned)state->fsk[FSK_PREAMBLE_MSB] << 8 | state->fsk[FSK_PREAMBLE_LSB];
    frame.start_ns = sim_time_now();
    frame.preamble_ns = sim_chip_fsk_bits_ns(chip, 8 * (preamble + frame.sync_len));
    frame.end_ns = frame.start_ns + sim_chip_fsk_bits_ns(chip, 8 * (preamble + frame.sync_len + sim_fsk_stream_len(&frame)));
    copy_fifo(fsk, &frame);
    fsk->at = 0;
    fsk->total = (uint16_t)(frame.len + (frame.fixed_len ? 0 : 1));
    fsk->byte0_ns = frame.start_ns + frame.preamble_ns;
    fsk->flags2 &= (uint8_t) ~FLAG2_SENT;
    state->tx_end_ns = frame.end_ns;
    sim_time_at(&state->tx_event.event, fsk->byte0_ns);
    state->sending = sim_air_transmit(&chip->radio, &frame);
}

// Is the condition of RegFifoThresh met: not empty, or over the threshold?
static bool may_start(const sim_chip_state_t *state) {
    bool not_empty = state->fsk[FSK_FIFO_THRESH] & 0x80;
    return state->fsk_state.count > (not_empty ? 0 : state->fsk[FSK_FIFO_THRESH] & 0x3f);
}

void sim_chip_fsk_tx(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    if (!(state->fsk[FSK_PACKET_CONFIG2] & 0x40)) {
        if (state->sending == NULL) {
            carrier(chip); // Continuous mode: DIO2 is the data, which nobody drives
        }
    } else if (!state->tx_event.event.queued && may_start(state)) {
        begin(chip);
    }
}

void sim_chip_fsk_tx_refilled(sim_chip_t *chip, uint8_t byte) {
    sim_chip_state_t *state = sim_chip_state(chip);
    fsk_t *fsk = &state->fsk_state;
    if (!state->tx_event.event.queued) {
        sim_chip_fsk_tx(chip);
    } else if (state->sending != NULL && !(fsk->flags2 & FLAG2_OVERRUN)) {
        unsigned at = fsk->at + fsk->count - 1u;
        unsigned skip = state->sending->fixed_len ? 0 : 1;
        if (at >= skip && at < fsk->total) {
            sim_air_put(state->sending, at - skip, byte);
        }
    }
}

static void packet_sent(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    state->sending = NULL;
    state->fsk_state.flags2 |= FLAG2_SENT;
    sim_chip_fsk_tx(chip); // the next packet may be waiting
}

// The next byte leaves the FIFO, or the packet has ended.
void sim_chip_fsk_tx_event(sim_event_t *event) {
    sim_chip_t *chip = ((chip_event_t *)event)->chip;
    sim_chip_state_t *state = sim_chip_state(chip);
    fsk_t *fsk = &state->fsk_state;
    if (fsk->at >= fsk->total) {
        packet_sent(chip);
        sim_chip_lines(chip);
        return;
    }
    if (sim_chip_fsk_pop(chip) < 0) {
        sim_chip_break(chip, SIM_RULE_FIFO_UNDERRUN);
        if (state->sending != NULL) {
            sim_air_spoil(state->sending);
        }
    }
    ++fsk->at;
    uint64_t next = fsk->byte0_ns + sim_chip_fsk_bits_ns(chip, 8u * fsk->at);
    sim_time_at(event, fsk->at < fsk->total ? next : state->tx_end_ns);
    sim_chip_lines(chip);
}
