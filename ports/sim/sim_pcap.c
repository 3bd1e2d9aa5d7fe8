// Frames as pcap with LoRaTap headers.
// SPDX-License-Identifier: MIT
#include "sim_pcap.h"

#define LINKTYPE_LORATAP (270u)
#define MAGIC_NANOSECONDS (0xa1b23c4du) // times are seconds and nanoseconds
#define SNAP_LEN (65535u)
#define HEADER0 (15)
#define HEADER1 (35)
#define RSSI_NONE (255)

// Version 1's flags; bit fields of the format's definition, first one lowest.
enum { FLAG_FSK = 0x01, FLAG_IQ_INVERTED = 0x02, FLAG_IMPLICIT = 0x04, FLAG_CRC_OK = 0x08, FLAG_CRC_BAD = 0x10, FLAG_NO_CRC = 0x20 };

static void put16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value) {
    put16(at, (uint16_t)(value >> 16));
    put16(at + 2, (uint16_t)value);
}

static void put64(uint8_t *at, uint64_t value) {
    put32(at, (uint32_t)(value >> 32));
    put32(at + 4, (uint32_t)value);
}

bool sim_pcap_begin(const sim_pcap_t *pcap) {
    uint8_t header[24] = { 0 };
    put32(header, MAGIC_NANOSECONDS);
    put16(header + 4, 2);
    put16(header + 6, 4);
    put32(header + 16, SNAP_LEN);
    put32(header + 20, LINKTYPE_LORATAP);
    return pcap->write(pcap->arg, header, sizeof(header));
}

static uint8_t bounded(int value, int low, int high) {
    return (uint8_t)(value < low ? low : value > high ? high : value);
}

// Above the noise dBm = -139 + value; below it dBm = -139 + value / 4.
static uint8_t packet_rssi(const sim_pcap_seen_t *seen) {
    int above = (seen->rssi_x10 + 1390 + 5) / 10;
    return bounded(seen->snr_x10 >= 0 ? above : above * 4, 0, RSSI_NONE - 1);
}

static void version0(uint8_t *at, const sim_air_frame_t *frame, const sim_pcap_seen_t *seen) {
    put32(at + 4, frame->frequency);
    at[8] = (uint8_t)(frame->bandwidth / 125000); // narrower ones cannot be expressed: 0
    at[9] = frame->sf;
    bool known = seen != NULL && seen->known;
    at[10] = known ? packet_rssi(seen) : RSSI_NONE;
    at[11] = known ? bounded((seen->rssi_x10 + 1395) / 10, 0, RSSI_NONE - 1) : RSSI_NONE;
    at[12] = at[11];
    at[13] = known ? bounded(seen->snr_x10 * 4 / 10 + 128, 0, 255) ^ 0x80 : 0; // two's complement, dB * 4
    at[14] = frame->sync[0];
}

static uint8_t crc_flag(const sim_air_frame_t *frame, const sim_pcap_seen_t *seen) {
    if (!frame->crc) {
        return FLAG_NO_CRC;
    }
    return frame->crc_bad || (seen != NULL && seen->crc_bad) ? FLAG_CRC_BAD : FLAG_CRC_OK;
}

static void version1(uint8_t *at, const sim_air_frame_t *frame, const sim_pcap_seen_t *seen) {
    bool fsk = frame->modem == SIM_AIR_FSK;
    put64(at + 15, seen != NULL ? seen->receiver : 0);
    put32(at + 23, (uint32_t)(frame->end_ns / 1000));
    at[27] = (uint8_t)((fsk ? FLAG_FSK : 0) | (frame->iq_inverted ? FLAG_IQ_INVERTED : 0) | (frame->implicit ? FLAG_IMPLICIT : 0)
        | crc_flag(frame, seen));
    at[28] = fsk ? 0 : (uint8_t)(4 + frame->cr);
    put16(at + 29, (uint16_t)(frame->bit_rate > 65535 ? 65535 : frame->bit_rate));
}

bool sim_pcap_frame(const sim_pcap_t *pcap, const sim_air_frame_t *frame, const sim_pcap_seen_t *seen) {
    if (frame->modem == SIM_AIR_CARRIER) {
        return true;
    }
    uint8_t record[16 + HEADER1] = { 0 };
    unsigned header = pcap->version == 0 ? HEADER0 : HEADER1;
    uint64_t time = pcap->epoch_ns + frame->end_ns;
    put32(record, (uint32_t)(time / 1000000000));
    put32(record + 4, (uint32_t)(time % 1000000000));
    put32(record + 8, header + frame->len);
    put32(record + 12, header + frame->len);
    uint8_t *tap = record + 16;
    tap[0] = pcap->version;
    put16(tap + 2, (uint16_t)header);
    version0(tap, frame, seen);
    if (pcap->version != 0) {
        version1(tap, frame, seen);
    }
    return pcap->write(pcap->arg, record, 16 + header) && pcap->write(pcap->arg, frame->data, frame->len);
}
