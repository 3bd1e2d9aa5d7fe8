// Frames as a pcap capture with LoRaTap headers (link type 270), which Wireshark
// and tshark open. LoRaWAN and other payloads alike: Wireshark takes sync word 0x34
// for LoRaWAN.
//
// The writer owns nothing: bytes go to the caller's function. Single-threaded.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_SIM_SIM_PCAP_H
#define USOCKET_PORTS_SIM_SIM_PCAP_H

#include <stddef.h>
#include <stdint.h>

#include "sim_air.h"

// Takes bytes in order; false when it failed (a full disk).
typedef bool (*sim_pcap_write_t)(void *arg, const void *data, size_t len);

typedef struct {
    sim_pcap_write_t write;
    void *arg; // of write
    uint64_t epoch_ns; // what simulated time 0 is, since 1970
    uint8_t version; // of LoRaTap: 0 is what Wireshark up to 4.0 shows; 1 adds IQ, CRC, CR, FSK rate
} sim_pcap_t;

// How the frame arrived where the capture is made; a capture at the sender has none.
typedef struct {
    bool known;
    bool crc_bad;
    int16_t rssi_x10; // dBm * 10
    int16_t snr_x10; // dB * 10
    uint64_t receiver; // an EUI or id, for version 1
} sim_pcap_seen_t;

// The file header: once, first. False when writing failed.
bool sim_pcap_begin(const sim_pcap_t *pcap);
// One record; its time is the frame's end, when a receiver has it. Carriers have no
// data and are not written (true). False when writing failed.
bool sim_pcap_frame(const sim_pcap_t *pcap, const sim_air_frame_t *frame, const sim_pcap_seen_t *seen);

#endif // USOCKET_PORTS_SIM_SIM_PCAP_H
