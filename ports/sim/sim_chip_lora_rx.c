// A software SX1272/SX1276, LoRa: the receiver. A state machine in the frame's own
// time: a frame whose notice comes late is caught up with.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "sim_chip_internal.h"
#include "sim_math.h"

// Symbols of the preamble after which a signal counts as detected (it holds the
// symbol timeout off), and which are needed to lock.
#define DETECT_SYMBOLS (4)
#define LOCK_SYMBOLS (5)
// dB * 10 by which a newcomer must be stronger to be locked on instead.
#define CAPTURE_X10 (60)
// dB * 10 below the limit where the preamble, and the header (sent at 4/8), are lost.
#define PREAMBLE_MARGIN_X10 (10)
#define HEADER_MARGIN_X10 (5)
// Frames that are caught up with come so far apart, so that a driver can take one
// before the next: on the air there would have been the next one's length between.
#define CATCH_UP_NS UINT64_C(2000000)

enum { STAT_DETECTED = 0x01, STAT_SYNCED = 0x02, STAT_ONGOING = 0x04, STAT_HEADER = 0x08, STAT_CLEAR = 0x10 };

// Erratum 2.3: with the manual IF of the narrow bandwidths the receiver listens one
// bandwidth below what was set.
static uint32_t listening_hz(sim_chip_t *chip, const sim_lora_t *lora) {
    const sim_chip_state_t *state = sim_chip_state(chip);
    uint32_t hz = sim_chip_hz(chip, state->frequency);
    bool manual = chip->kind == SIM_SX1276 && !(state->lora[LORA_DETECT_OPTIMIZE] & 0x80);
    bool narrow = lora->bandwidth_code <= 5 && state->lora[LORA_IF_FREQ1] >= 0x44;
    return manual && narrow ? hz - lora->bandwidth : hz;
}

// Would this receiver, with its settings, hear such a preamble at all?
bool sim_chip_lora_fits(sim_chip_t *chip, const sim_lora_t *lora, const sim_air_frame_t *frame) {
    const sim_chip_state_t *state = sim_chip_state(chip);
    bool inverted = state->lora[LORA_INVERT_IQ] & 0x40;
    if (frame->modem != SIM_AIR_LORA || frame->sf != lora->sf || frame->bandwidth != lora->bandwidth
        || frame->iq_inverted != inverted || frame->source == chip->radio.id) {
        return false;
    }
    bool six = lora->sf == 6;
    if ((state->lora[LORA_DETECT_OPTIMIZE] & 7) != (six ? 5 : 3) || state->lora[LORA_DETECTION_THRESHOLD] != (six ? 0x0c : 0x0a)) {
        return false;
    }
    int64_t offset = (int64_t)frame->frequency - listening_hz(chip, lora);
    return (offset < 0 ? -offset : offset) * 4 <= lora->bandwidth;
}

static uint64_t sync_ns(const sim_air_frame_t *frame) {
    return frame->start_ns + frame->preamble_ns;
}

// Can the receiver lock on a frame if it starts to listen at a time?
static bool lockable(sim_chip_t *chip, const sim_lora_t *lora, const sim_air_frame_t *frame, uint64_t from_ns) {
    uint64_t begin = frame->start_ns > from_ns ? frame->start_ns : from_ns;
    uint64_t last = sync_ns(frame) - lora->symbol_ns * 17 / 4; // end of the plain chirps
    return begin + LOCK_SYMBOLS * lora->symbol_ns <= last + lora->symbol_ns / 100
           && sim_chip_lora_fits(chip, lora, frame)
           && sim_air_snr_x10(&chip->radio, frame) >= sim_air_limit_x10(lora->sf) - PREAMBLE_MARGIN_X10;
}

static void lock_on(sim_chip_t *chip, const sim_lora_t *lora, const sim_air_frame_t *frame) {
    sim_chip_state_t *state = sim_chip_state(chip);
    rx_t *rx = &state->rx;
    rx->frame = frame;
    rx->lock_ns = frame->start_ns > rx->from_ns ? frame->start_ns : rx->from_ns;
    rx->offset_hz = (int32_t)((int64_t)listening_hz(chip, lora) - frame->frequency);
    rx->step = RX_LOCKING;
    rx->garbled = rx->cut = false;
    rx->step_ns = rx->lock_ns + DETECT_SYMBOLS * lora->symbol_ns;
    sim_time_at(&state->rx_event.event, rx->step_ns > rx->after_ns ? rx->step_ns : rx->after_ns);
}

// Look for the first frame that can be locked on, the strongest if several began at once.
static void search(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    sim_lora_t lora;
    sim_chip_lora_settings(chip, &lora);
    const sim_air_frame_t *best = NULL;
    const sim_air_frame_t *frame = NULL;
    while ((frame = sim_air_next(frame)) != NULL) {
        if (!lockable(chip, &lora, frame, state->rx.from_ns)) {
            continue;
        }
        bool better = best == NULL || frame->start_ns < best->start_ns
            || (frame->start_ns == best->start_ns && sim_air_rssi_x10(&chip->radio, frame) > sim_air_rssi_x10(&chip->radio, best));
        if (better) {
            best = frame;
        }
    }
    if (best != NULL) {
        lock_on(chip, &lora, best);
    }
}

static void search_from(sim_chip_t *chip, uint64_t from_ns) {
    sim_chip_state_t *state = sim_chip_state(chip);
    state->rx.step = RX_SEARCH;
    state->rx.frame = NULL;
    state->rx.from_ns = from_ns;
    state->modem_stat = (state->modem_stat & 0xe0) | STAT_CLEAR;
    sim_time_cancel(&state->hop.event);
    if (state->rx.timeout_ns != SIM_NEVER) {
        sim_time_at(&state->timeout.event, state->rx.timeout_ns + sim_air_lateness());
    }
    search(chip);
}

void sim_chip_lora_rx(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    sim_lora_t lora;
    sim_chip_lora_settings(chip, &lora);
    uint64_t now = sim_time_now();
    state->header_count = state->packet_count = 0;
    state->rx_pointer = state->lora[LORA_FIFO_RX_BASE];
    state->hop_channel &= 0x80;
    bool single = state->mode == MODE_RX_SINGLE;
    state->rx.after_ns = 0;
    state->rx.timeout_ns = single ? now + sim_chip_ns(chip, lora.symbol_timeout * lora.symbol_ns) : SIM_NEVER;
    search_from(chip, now);
}

void sim_chip_lora_rx_timeout(sim_chip_t *chip) {
    sim_chip_mode_standby(chip);
    sim_chip_lora_irq(chip, IRQ_RX_TIMEOUT);
}

void sim_chip_lora_heard(sim_chip_t *chip, const sim_air_frame_t *frame) {
    rx_t *rx = &sim_chip_state(chip)->rx;
    sim_lora_t lora;
    sim_chip_lora_settings(chip, &lora);
    if (sim_chip_lora_fits(chip, &lora, frame)
        && sim_air_snr_x10(&chip->radio, frame) < sim_air_limit_x10(lora.sf) - PREAMBLE_MARGIN_X10) {
        sim_air_tell(&chip->radio, frame, SIM_AIR_WEAK);
        return;
    }
    if (rx->step == RX_SEARCH) {
        search(chip);
        return;
    }
    bool before_sync = rx->step == RX_LOCKING || rx->step == RX_DETECTED;
    if (before_sync && frame->start_ns < sync_ns(rx->frame) && lockable(chip, &lora, frame, rx->from_ns)
        && sim_air_rssi_x10(&chip->radio, frame) >= sim_air_rssi_x10(&chip->radio, rx->frame) + CAPTURE_X10) {
        sim_air_tell(&chip->radio, rx->frame, SIM_AIR_COLLISION);
        lock_on(chip, &lora, frame);
    }
}

static void lost(sim_chip_t *chip, sim_air_fate_t fate) {
    sim_chip_state_t *state = sim_chip_state(chip);
    if (fate != SIM_AIR_ON_AIR) {
        sim_air_tell(&chip->radio, state->rx.frame, fate);
    }
    search_from(chip, state->rx.step_ns);
}

static void next_step(sim_chip_t *chip, rx_step_t step, uint64_t at_ns) {
    sim_chip_state_t *state = sim_chip_state(chip);
    state->rx.step = (uint8_t)step;
    state->rx.step_ns = at_ns;
    sim_time_at(&state->rx_event.event, at_ns);
}

static void detected(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    if (state->rx.step_ns > state->rx.timeout_ns) {
        return; // too late: the timeout is about to come
    }
    if (state->rx.cut) {
        lost(chip, SIM_AIR_ABORTED);
        return;
    }
    sim_time_cancel(&state->timeout.event);
    state->modem_stat = (state->modem_stat & 0xe0) | STAT_DETECTED | STAT_ONGOING;
    next_step(chip, RX_DETECTED, sync_ns(state->rx.frame));
}

static void begin_payload(sim_chip_t *chip, const sim_lora_t *lora, unsigned len) {
    rx_t *rx = &sim_chip_state(chip)->rx;
    const sim_air_frame_t *frame = rx->frame;
    rx->len = (uint16_t)len;
    rx->written = 0;
    rx->fifo_start = sim_chip_state(chip)->rx_pointer;
    uint64_t end = frame->end_ns;
    if (rx->garbled || rx->cut) {
        sim_lora_t sent = *lora;
        sent.preamble = 0;
        end = sync_ns(frame) + sim_chip_lora_airtime(&sent, len) - lora->symbol_ns * 17 / 4;
    }
    rx->end_ns = end;
    next_step(chip, RX_PAYLOAD, end);
}

static void synced(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    rx_t *rx = &state->rx;
    const sim_air_frame_t *frame = rx->frame;
    sim_lora_t lora;
    sim_chip_lora_settings(chip, &lora);
    if (rx->cut) {
        lost(chip, SIM_AIR_ABORTED);
    } else if (sim_air_collided(&chip->radio, frame, rx->lock_ns, sync_ns(frame))) {
        lost(chip, SIM_AIR_COLLISION);
    } else if (frame->sync[0] != state->lora[LORA_SYNC_WORD]) {
        lost(chip, SIM_AIR_ON_AIR); // somebody else's: no fate
    } else {
        state->modem_stat |= STAT_SYNCED;
        uint8_t period = state->lora[LORA_HOP_PERIOD];
        if (period != 0) {
            // A quarter of a symbol after the sender: by then that has its new frequency.
            sim_time_at(&state->hop.event, sync_ns(frame) + sim_chip_ns(chip, lora.symbol_ns * 5 / 4));
        }
        rx->garbled = frame->implicit != lora.implicit || frame->low_rate != lora.low_rate || frame->hop_period != period
            || (lora.implicit && (frame->cr != lora.cr || frame->len != state->lora[LORA_PAYLOAD_LENGTH] || frame->crc != lora.crc));
        if (lora.implicit) {
            begin_payload(chip, &lora, state->lora[LORA_PAYLOAD_LENGTH]);
        } else {
            next_step(chip, RX_SYNCED, sync_ns(frame) + 8 * lora.symbol_ns);
        }
    }
}

static void header(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    rx_t *rx = &state->rx;
    const sim_air_frame_t *frame = rx->frame;
    sim_lora_t lora;
    sim_chip_lora_settings(chip, &lora);
    if (rx->cut) {
        lost(chip, SIM_AIR_ABORTED);
    } else if (frame->implicit) {
        lost(chip, SIM_AIR_ON_AIR); // its first symbols are no header
    } else if (sim_air_collided(&chip->radio, frame, sync_ns(frame), rx->step_ns)) {
        lost(chip, SIM_AIR_COLLISION);
    } else if (sim_air_snr_x10(&chip->radio, frame) < sim_air_limit_x10(frame->sf) - HEADER_MARGIN_X10) {
        lost(chip, SIM_AIR_WEAK);
    } else if (frame->len > state->lora[LORA_MAX_PAYLOAD]) {
        lost(chip, SIM_AIR_ON_AIR);
    } else {
        ++state->header_count;
        state->modem_stat = (uint8_t)(frame->cr << 5 | STAT_HEADER | STAT_ONGOING | STAT_SYNCED | STAT_DETECTED);
        state->hop_channel = (uint8_t)((state->hop_channel & ~0x40) | (frame->crc ? 0x40 : 0));
        lora.cr = frame->cr;
        lora.crc = frame->crc;
        begin_payload(chip, &lora, frame->len);
        sim_chip_lora_irq(chip, IRQ_VALID_HEADER);
    }
}

// Payload byte as the receiver makes it out.
static uint8_t received_byte(sim_chip_t *chip, unsigned at, bool bad) {
    const rx_t *rx = &sim_chip_state(chip)->rx;
    uint8_t byte = rx->frame->data[at & 0xff];
    uint32_t noise = sim_math_hash(rx->frame->number * 0x10001u + at + 1);
    if (rx->garbled) {
        return (uint8_t)noise;
    }
    return bad && noise % 4 == 0 ? (uint8_t)(byte ^ (noise >> 8 | 1)) : byte;
}

static void write_bytes(sim_chip_t *chip, unsigned up_to, bool bad) {
    sim_chip_state_t *state = sim_chip_state(chip);
    rx_t *rx = &state->rx;
    for (; rx->written < up_to; ++rx->written) {
        state->fifo[state->rx_pointer++] = received_byte(chip, rx->written, bad);
    }
}

void sim_chip_lora_rx_progress(sim_chip_t *chip) {
    rx_t *rx = &sim_chip_state(chip)->rx;
    uint64_t now = sim_time_now();
    if (rx->step == RX_PAYLOAD && now < rx->end_ns && rx->len > 0) {
        uint64_t begin = sync_ns(rx->frame) + (rx->frame->implicit ? 0 : rx->frame->header_ns - rx->frame->preamble_ns);
        uint64_t part = now > begin && rx->end_ns > begin ? (now - begin) * rx->len / (rx->end_ns - begin) : 0;
        write_bytes(chip, (unsigned)part, false);
    }
}

// RegPktSnrValue does not go above about 12 dB on silicon, however near the sender.
static void keep_quality(sim_chip_t *chip, const sim_lora_t *lora) {
    sim_chip_state_t *state = sim_chip_state(chip);
    const rx_t *rx = &state->rx;
    int snr_x10 = sim_air_snr_x10(&chip->radio, rx->frame);
    int rssi_x10 = sim_air_rssi_x10(&chip->radio, rx->frame);
    int snr_x4 = ((snr_x10 > 120 ? 120 : snr_x10) * 4 + (snr_x10 < 0 ? -5 : 5)) / 10;
    state->lora[LORA_PKT_SNR] = (uint8_t)(int8_t)(snr_x4 < -128 ? -128 : snr_x4);
    state->lora[LORA_PKT_RSSI] = sim_chip_rssi_code(chip, rssi_x10, snr_x10);
    // Error = FEI * 2^24 / Fxtal * BW / 500 kHz; positive: the receiver is too high.
    int64_t fei = (int64_t)rx->offset_hz * 32000000 / 16777216 * 500000 / (int64_t)lora->bandwidth;
    state->lora[LORA_FEI_MSB] = (uint8_t)(fei >> 16 & 0x0f);
    state->lora[LORA_FEI_MSB + 1] = (uint8_t)(fei >> 8);
    state->lora[LORA_FEI_MSB + 2] = (uint8_t)fei;
}

static void received(sim_chip_t *chip) {
    sim_chip_state_t *state = sim_chip_state(chip);
    rx_t *rx = &state->rx;
    const sim_air_frame_t *frame = rx->frame;
    sim_lora_t lora;
    sim_chip_lora_settings(chip, &lora);
    uint64_t from = sync_ns(frame) + (lora.implicit ? 0 : frame->header_ns - frame->preamble_ns);
    bool collided = sim_air_collided(&chip->radio, frame, from, rx->end_ns);
    bool weak = sim_air_snr_x10(&chip->radio, frame) < sim_air_limit_x10(frame->sf);
    bool bad = collided || weak || rx->garbled || rx->cut || frame->crc_bad;
    bool crc = lora.implicit ? lora.crc : frame->crc;
    write_bytes(chip, rx->len, bad && !frame->crc_bad);
    keep_quality(chip, &lora);
    state->lora[LORA_FIFO_RX_CURRENT] = rx->fifo_start;
    state->lora[LORA_RX_NB_BYTES] = (uint8_t)rx->len;
    if (!bad) {
        ++state->packet_count;
    }
    sim_air_tell(&chip->radio, frame,
        !bad || frame->crc_bad ? SIM_AIR_RECEIVED : rx->cut ? SIM_AIR_ABORTED : collided ? SIM_AIR_COLLISION : SIM_AIR_WEAK);
    if (state->mode == MODE_RX_SINGLE) {
        sim_chip_mode_standby(chip);
    } else {
        rx->after_ns = sim_time_now() > rx->end_ns ? sim_time_now() + CATCH_UP_NS : 0;
        search_from(chip, rx->end_ns);
    }
    sim_chip_lora_irq(chip, IRQ_RX_DONE | (crc && bad ? IRQ_CRC_ERROR : 0));
}

void sim_chip_lora_rx_hop(sim_chip_t *chip) {
    rx_t *rx = &sim_chip_state(chip)->rx;
    if (rx->step == RX_PAYLOAD || rx->step == RX_SYNCED) {
        sim_lora_t lora;
        sim_chip_lora_settings(chip, &lora);
        int64_t offset = (int64_t)rx->frame->frequency - listening_hz(chip, &lora);
        if ((offset < 0 ? -offset : offset) * 4 > lora.bandwidth) {
            rx->garbled = true;
        }
    }
}

void sim_chip_lora_rx_event(sim_event_t *event) {
    sim_chip_t *chip = ((chip_event_t *)event)->chip;
    switch (sim_chip_state(chip)->rx.step) {
        case RX_LOCKING:
            detected(chip);
            break;
        case RX_DETECTED:
            synced(chip);
            break;
        case RX_SYNCED:
            header(chip);
            break;
        case RX_PAYLOAD:
            received(chip);
            break;
        default:
            break;
    }
}
