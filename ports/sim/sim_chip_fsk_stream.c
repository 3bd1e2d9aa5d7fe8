// FSK packets as bits on the air: whitening, CRC, order of the fields.
// SPDX-License-Identifier: MIT
#include "sim_chip_internal.h"

// x^9 + x^5 + 1, all ones at the start, eight bits a byte.
uint8_t sim_fsk_pn9(unsigned index) {
    uint16_t shift = 0x1ff;
    for (unsigned bit = 0; bit < index * 8; ++bit) {
        shift = (uint16_t)(shift >> 1 | ((shift ^ shift >> 5) & 1) << 8);
    }
    uint8_t byte = 0;
    for (int bit = 0; bit < 8; ++bit) {
        byte |= (uint8_t)((shift & 1) << bit);
        shift = (uint16_t)(shift >> 1 | ((shift ^ shift >> 5) & 1) << 8);
    }
    return byte;
}

uint16_t sim_fsk_crc_start(bool ibm) {
    return ibm ? 0xffff : 0x1d0f;
}

uint16_t sim_fsk_crc(uint16_t crc, uint8_t byte, bool ibm) {
    crc ^= (uint16_t)(byte << 8);
    for (int bit = 0; bit < 8; ++bit) {
        crc = (uint16_t)(crc << 1 ^ (crc & 0x8000 ? (ibm ? 0x8005 : 0x1021) : 0));
    }
    return crc;
}

uint16_t sim_fsk_crc_end(uint16_t crc, bool ibm) {
    return ibm ? crc : (uint16_t) ~crc;
}

unsigned sim_fsk_stream_len(const sim_air_frame_t *frame) {
    return frame->len + (frame->fixed_len ? 0u : 1u) + (frame->crc ? 2u : 0u);
}

static uint8_t plain_byte(const sim_air_frame_t *frame, unsigned at) {
    unsigned length_byte = frame->fixed_len ? 0 : 1;
    if (at < length_byte) {
        return (uint8_t)frame->len;
    }
    if (at - length_byte < frame->len) {
        return frame->data[at - length_byte];
    }
    uint16_t crc = sim_fsk_crc_start(frame->crc_ibm);
    for (unsigned i = 0; i < length_byte + frame->len; ++i) {
        crc = sim_fsk_crc(crc, plain_byte(frame, i), frame->crc_ibm);
    }
    crc = sim_fsk_crc_end(crc, frame->crc_ibm) ^ (frame->crc_bad ? 0x5a5a : 0);
    return at == length_byte + frame->len ? (uint8_t)(crc >> 8) : (uint8_t)crc;
}

uint8_t sim_fsk_stream_byte(const sim_air_frame_t *frame, unsigned at) {
    return plain_byte(frame, at) ^ (frame->whitening ? sim_fsk_pn9(at) : 0);
}
