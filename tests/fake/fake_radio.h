// radio.h and hal.h without a radio, in virtual time, to test their users: it
// writes down what it is asked for, and does what the test says.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_TESTS_FAKE_FAKE_RADIO_H
#define USOCKET_TESTS_FAKE_FAKE_RADIO_H

#include "radio/radio.h"

typedef struct {
    // What was asked for, a letter each: R receive, Z sleep, S sense, T transmit, N transmit next, X reset.
    char log[256];
    uint8_t sent[64][RADIO_PAYLOAD_MAX]; // frames that left, as many as tx_count (modulo)
    uint8_t sent_len[64];
    int8_t sent_power[64];
    radio_modulation_t sent_modulation[64];
    unsigned tx_count;
    radio_modulation_t rx_modulation; // of the last receive
    uint64_t busy_until_us; // what sense finds
    int answer; // of every operation, when not 0
    bool no_next; // radio_transmit_next() answers -NET_EMSGSIZE
    uint64_t first_start_us, last_end_us; // of the frames
    uint64_t idle_us; // between frames
} fake_radio_t;

extern fake_radio_t fake_radio;

// Everything as at power-up; the virtual clock goes on.
void fake_radio_reset(void);
void fake_radio_forget_log(void);
// Let time pass.
void fake_radio_run(uint64_t us);
// A frame is heard, if the radio receives; true if so.
bool fake_radio_deliver(const void *data, size_t len, int16_t rssi, int8_t snr_x4);
void fake_radio_crc_error(void);
// The chip resets itself.
void fake_radio_fault(void);
// Another owner takes the radio (or gives it back).
void fake_radio_taken(bool taken);

#endif // USOCKET_TESTS_FAKE_FAKE_RADIO_H
