// SPDX-License-Identifier: MIT
#include "host_air_message.h"

#include <string.h>

#define HEADER (4)

// --- Little-endian fields, one after another ---------------------------------

typedef struct {
    uint8_t *at;
} writer_t;

typedef struct {
    const uint8_t *at;
    size_t left;
    bool bad;
} reader_t;

static void put(writer_t *to, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) {
        *to->at++ = (uint8_t)(value >> (8 * i));
    }
}

static void put_bytes(writer_t *to, const void *bytes, size_t len) {
    memcpy(to->at, bytes, len);
    to->at += len;
}

static uint64_t get(reader_t *from, int bytes) {
    uint64_t value = 0;
    if (from->left < (size_t)bytes) {
        from->bad = true;
        return 0;
    }
    for (int i = 0; i < bytes; i++) {
        value |= (uint64_t)from->at[i] << (8 * i);
    }
    from->at += bytes;
    from->left -= (size_t)bytes;
    return value;
}

static void get_bytes(reader_t *from, void *bytes, size_t len) {
    if (from->left < len) {
        from->bad = true;
        return;
    }
    memcpy(bytes, from->at, len);
    from->at += len;
    from->left -= len;
}

static writer_t begin(uint8_t *out, host_air_type_t type) {
    const uint8_t header[HEADER] = { 'u', 'A', HOST_AIR_VERSION, (uint8_t)type };
    writer_t to = { out };
    put_bytes(&to, header, HEADER);
    return to;
}

// --- Messages ----------------------------------------------------------------

size_t host_air_put_join(uint8_t out[HOST_AIR_MESSAGE_MAX], const host_air_join_t *join) {
    writer_t to = begin(out, HOST_AIR_JOIN);
    put_bytes(&to, join->name, sizeof(join->name));
    put(&to, (uint32_t)join->x_m, 4);
    put(&to, (uint32_t)join->y_m, 4);
    put(&to, join->participant, 4);
    return (size_t)(to.at - out);
}

size_t host_air_put_bye(uint8_t out[HOST_AIR_MESSAGE_MAX]) {
    return (size_t)(begin(out, HOST_AIR_BYE).at - out);
}

size_t host_air_put_reached(uint8_t out[HOST_AIR_MESSAGE_MAX], uint64_t sim_ns) {
    writer_t to = begin(out, HOST_AIR_REACHED);
    put(&to, sim_ns, 8);
    return (size_t)(to.at - out);
}

size_t host_air_put_fate(uint8_t out[HOST_AIR_MESSAGE_MAX], const host_air_fate_t *fate) {
    writer_t to = begin(out, HOST_AIR_FATE);
    put(&to, fate->receiver, 4);
    put(&to, fate->source, 4);
    put(&to, fate->number, 4);
    put(&to, fate->fate, 2);
    put(&to, (uint16_t)fate->rssi_x10, 2);
    put(&to, (uint16_t)fate->snr_x10, 2);
    return (size_t)(to.at - out);
}

enum {
    FLAG_IQ_INVERTED = 1 << 0, FLAG_IMPLICIT = 1 << 1, FLAG_CRC = 1 << 2, FLAG_LOW_RATE = 1 << 3,
    FLAG_CRC_BAD = 1 << 4, FLAG_CRC_IBM = 1 << 5, FLAG_WHITENING = 1 << 6, FLAG_FIXED_LEN = 1 << 7,
};

static unsigned flags_of(const sim_air_frame_t *frame) {
    return (frame->iq_inverted ? FLAG_IQ_INVERTED : 0u) | (frame->implicit ? FLAG_IMPLICIT : 0u)
           | (frame->crc ? FLAG_CRC : 0u) | (frame->low_rate ? FLAG_LOW_RATE : 0u)
           | (frame->crc_bad ? FLAG_CRC_BAD : 0u) | (frame->crc_ibm ? FLAG_CRC_IBM : 0u)
           | (frame->whitening ? FLAG_WHITENING : 0u) | (frame->fixed_len ? FLAG_FIXED_LEN : 0u);
}

static void set_flags(sim_air_frame_t *frame, unsigned flags) {
    frame->iq_inverted = flags & FLAG_IQ_INVERTED;
    frame->implicit = flags & FLAG_IMPLICIT;
    frame->crc = flags & FLAG_CRC;
    frame->low_rate = flags & FLAG_LOW_RATE;
    frame->crc_bad = flags & FLAG_CRC_BAD;
    frame->crc_ibm = flags & FLAG_CRC_IBM;
    frame->whitening = flags & FLAG_WHITENING;
    frame->fixed_len = flags & FLAG_FIXED_LEN;
}

size_t host_air_put_frame(uint8_t out[HOST_AIR_MESSAGE_MAX], const host_air_frame_t *message) {
    const sim_air_frame_t *frame = &message->frame;
    writer_t to = begin(out, HOST_AIR_FRAME);
    put(&to, message->stage, 1);
    put(&to, frame->modem, 1);
    put(&to, flags_of(frame), 2);
    put(&to, frame->sf, 1);
    put(&to, frame->cr, 1);
    put(&to, frame->hop_period, 1);
    put(&to, frame->sync_len, 1);
    put_bytes(&to, frame->sync, sizeof(frame->sync));
    put(&to, frame->source, 4);
    put(&to, frame->number, 4);
    put(&to, frame->start_ns, 8);
    put(&to, frame->preamble_ns, 8);
    put(&to, frame->header_ns, 8);
    put(&to, frame->end_ns, 8);
    put(&to, frame->frequency, 4);
    put(&to, frame->bandwidth, 4);
    put(&to, frame->bit_rate, 4);
    put(&to, frame->deviation, 4);
    put(&to, (uint32_t)message->x_m, 4);
    put(&to, (uint32_t)message->y_m, 4);
    put(&to, (uint16_t)frame->power_x10, 2);
    put(&to, frame->len, 2);
    put_bytes(&to, frame->data, frame->len);
    return (size_t)(to.at - out);
}

int host_air_type(const uint8_t *message, size_t len) {
    if (len < HEADER || message[0] != 'u' || message[1] != 'A' || message[2] != HOST_AIR_VERSION) {
        return 0;
    }
    return message[3];
}

bool host_air_get_time(const uint8_t *message, size_t len, host_air_time_t *time) {
    reader_t from = { message + HEADER, len - HEADER, false };
    time->participant = (uint16_t)get(&from, 4);
    time->seed = (uint32_t)get(&from, 4);
    time->sequence = (uint32_t)get(&from, 4);
    time->time.factor_milli = (uint32_t)get(&from, 4);
    time->time.wall_ns = get(&from, 8);
    time->time.sim_ns = get(&from, 8);
    time->time.unix_ns = get(&from, 8);
    time->time.hold_ns = get(&from, 8);
    time->lateness_ns = get(&from, 8);
    return !from.bad && time->time.factor_milli >= HOST_SIM_FACTOR_MIN
           && time->time.factor_milli <= HOST_SIM_FACTOR_MAX;
}

bool host_air_get_limit(const uint8_t *message, size_t len, uint64_t *sim_ns) {
    reader_t from = { message + HEADER, len - HEADER, false };
    *sim_ns = get(&from, 8);
    return !from.bad;
}

bool host_air_get_frame(const uint8_t *message, size_t len, host_air_frame_t *out) {
    reader_t from = { message + HEADER, len - HEADER, false };
    sim_air_frame_t *frame = &out->frame;
    memset(out, 0, sizeof(*out));
    out->stage = (uint8_t)get(&from, 1);
    frame->modem = (uint8_t)get(&from, 1);
    set_flags(frame, (unsigned)get(&from, 2));
    frame->sf = (uint8_t)get(&from, 1);
    frame->cr = (uint8_t)get(&from, 1);
    frame->hop_period = (uint8_t)get(&from, 1);
    frame->sync_len = (uint8_t)get(&from, 1);
    get_bytes(&from, frame->sync, sizeof(frame->sync));
    frame->source = (uint32_t)get(&from, 4);
    frame->number = (uint32_t)get(&from, 4);
    frame->start_ns = get(&from, 8);
    frame->preamble_ns = get(&from, 8);
    frame->header_ns = get(&from, 8);
    frame->end_ns = get(&from, 8);
    frame->frequency = (uint32_t)get(&from, 4);
    frame->bandwidth = (uint32_t)get(&from, 4);
    frame->bit_rate = (uint32_t)get(&from, 4);
    frame->deviation = (uint32_t)get(&from, 4);
    out->x_m = (int32_t)get(&from, 4);
    out->y_m = (int32_t)get(&from, 4);
    frame->power_x10 = (int16_t)get(&from, 2);
    frame->len = (uint16_t)get(&from, 2);
    if (frame->len > sizeof(frame->data) || frame->sync_len > sizeof(frame->sync)) {
        return false;
    }
    get_bytes(&from, frame->data, frame->len);
    // What the air would divide by, or wait for in vain.
    return !from.bad && frame->modem <= SIM_AIR_CARRIER && frame->bandwidth > 0 && frame->end_ns >= frame->start_ns
           && (frame->modem != SIM_AIR_LORA || (frame->sf >= 6 && frame->sf <= 12));
}
