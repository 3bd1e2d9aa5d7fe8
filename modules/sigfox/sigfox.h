// Sigfox: messages to the network and its answers, behind sockets of AF_SIGFOX.
//
// Everything here may be called by any thread that does not hold hal_lock(). Nothing
// waits but sigfox_testmode_wait(). The radio's work is done in the radio task
// (sigfox_engine.c), which borrows the radio for each message. One radio, so no
// handles: static memory.
//
// Errors are negative numbers of net/net_errno.h; each refusal also leaves a
// sentence for sigfox_last_error().
// SPDX-License-Identifier: MIT
#ifndef USOCKET_SIGFOX_SIGFOX_H
#define USOCKET_SIGFOX_SIGFOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/net.h"
#include "sigfox/sigfox_device.h"

#define SIGFOX_TX_MESSAGES (2) // that wait or are under way
#define SIGFOX_RX_MESSAGES (3)
#define SIGFOX_FSK_PAYLOAD_MAX (64)
// A message is put off for air time (duty cycle, pause) by so much; one that would
// have to wait for longer is refused.
#define SIGFOX_WAIT_MAX_MS (30000)

// Pycom's numbers.
typedef enum { SIGFOX_MODE_SIGFOX, SIGFOX_MODE_FSK } sigfox_mode_t;

// Socket options, level SIGFOX_SOL_SIGFOX; the value is an int.
#define SIGFOX_SOL_SIGFOX (0xfff06)
#define SIGFOX_SO_RX (0xf0004) // ask for a downlink
#define SIGFOX_SO_TX_REPEAT (0xf0005) // 0..2 frames after the first
#define SIGFOX_SO_OOB (0xf0006) // send() sends a keep-alive
#define SIGFOX_SO_BIT (0xf0007) // the bit that an empty send() sends

extern const net_ops_t sigfox_ops;

/******************************************************************************/
// Life

typedef struct {
    int32_t mode; // sigfox_mode_t
    int32_t rcz; // 0..6 for RC1..RC7
    int32_t frequency; // FSK only, Hz
} sigfox_settings_t;

// Find the radio, start its task, read the store. May take 100 ms. Again and again
// without harm. -NET_ENODEV: this board has none, or it does not answer.
int sigfox_start(void);
// After sigfox_start(). Other settings while a message is under way: -NET_EBUSY.
// -NET_EINVAL: a value that does not exist. -NET_EOPNOTSUPP: the board's antenna is not
// on the pin that can send Sigfox. FSK keeps the radio: -NET_EBUSY while
// LoRa has it.
int sigfox_init(const sigfox_settings_t *settings);
// Messages that wait are cancelled, received ones forgotten.
void sigfox_deinit(void);
bool sigfox_is_up(void);
// -NET_ENETDOWN before sigfox_init(), and nothing is filled.
int sigfox_settings(sigfox_settings_t *settings);
// As off and on again: ends what is under way and resets the chip.
int sigfox_reset(void);

/******************************************************************************/
// Who the device is (sigfox_identity.c)

#define SIGFOX_PAC_SIZE (8)

// Keep number (as printed, most significant byte first), PAC and key in the store.
// -NET_EINVAL: number or key of all zeros or ones. -NET_EBUSY: a message is under
// way. -NET_ENOSPC, -NET_EIO: not stored.
int sigfox_provision(const uint8_t id[4], const uint8_t pac[SIGFOX_PAC_SIZE], const uint8_t key[SIGFOX_DEVICE_KEY_SIZE]);
// Number and PAC; -NET_ENETDOWN: there are none. Never the key.
int sigfox_identity(uint8_t id[4], uint8_t pac[SIGFOX_PAC_SIZE]);
// Use the public test key. set: -1 asks, 0 and 1 set. The answer, or -NET_EBUSY.
int sigfox_public_key(int set);
// The counter of the message sent last, 0..4095. -NET_EIO: the stored one is damaged.
int sigfox_counter(void);
// Set it by hand. -NET_EINVAL, -NET_EBUSY, and the store's errors.
int sigfox_set_counter(int32_t counter);

typedef struct {
    int32_t frequency; // Hz, added to every frequency
    int32_t rssi; // dB, added to what the chip measures
} sigfox_offsets_t;
void sigfox_offsets(sigfox_offsets_t *offsets);
// Kept in the store. -NET_EINVAL: over 100 kHz or 100 dB.
int sigfox_set_offsets(const sigfox_offsets_t *offsets);

/******************************************************************************/
// What one can ask

// Centres of uplink and downlink (FSK: twice its own). -NET_ENETDOWN.
int sigfox_frequencies(uint32_t *uplink, uint32_t *downlink);
// dBm, of the last downlink; 0 before there was one.
int sigfox_rssi(void);
// The radio's EUI-64, most significant byte first. After sigfox_start().
const uint8_t *sigfox_eui(void);

// Three words with the meaning that they have on Pycom's firmware: macro channels of
// hopping zones (those of the mask take turns); tries, limit in ms and a reserved
// word where the zone listens before it talks. Other zones: -NET_EOPNOTSUPP.
int sigfox_config(uint32_t words[3]);
// -NET_EINVAL: no channel of the zone, or a limit over 60 s. -NET_EBUSY.
int sigfox_set_config(const uint32_t words[3]);

// Zones that hop: on the default macro channel?, free micro channels. Zones that
// listen: frames sent, times listened, of the last message. Others: -NET_EOPNOTSUPP.
int sigfox_info(int *first, int *second);

// A steady carrier, for a bench: for SIGFOX_CARRIER_MS at most, within the zone's band,
// at this level of the amplifier (1..0xe6). -NET_EINVAL, -NET_EBUSY, -NET_ENOBUFS (duty
// cycle), -NET_ENETDOWN, -NET_EIO.
#define SIGFOX_CARRIER_MS (8000)
int sigfox_carrier(int32_t frequency, int32_t level);
void sigfox_carrier_stop(void);

/******************************************************************************/
// Tests of a board on a bench (sigfox_testmode.c). The numbers are Pycom's.

typedef enum {
    SIGFOX_TESTMODE_TX_BPSK, // pseudo-random frames on the zone's centre
    SIGFOX_TESTMODE_TX_PROTOCOL, // frames of each class and rank, under the public test key
    SIGFOX_TESTMODE_RX_PROTOCOL, // downlinks to the device's number under that key
    SIGFOX_TESTMODE_RX_GFSK, // any 15 bytes behind the sync word
    SIGFOX_TESTMODE_RX_SENSITIVITY, // as RX_PROTOCOL
    SIGFOX_TESTMODE_TX_SYNTHESIS, // a short carrier on each micro channel
} sigfox_testmode_t;

#define SIGFOX_TESTMODE_ROUNDS_MAX (10) // config of those that send
#define SIGFOX_TESTMODE_SECONDS_MAX (600) // of those that listen
#define SIGFOX_TESTMODE_COUNTER (0) // of the first message sent; downlinks answer it

typedef struct {
    uint16_t good; // transmissions, or frames received
    uint16_t bad; // received, but damaged or for others
    int16_t rssi, rssi_min, rssi_max; // dBm, of received ones, good or bad: the last and the range
} sigfox_testmode_report_t;

// Begin a test; messages sent meanwhile wait for its end. Its number, or -NET_EINVAL,
// -NET_EBUSY, -NET_ENETDOWN (off, or no number where one is needed), -NET_ENOBUFS (duty
// cycle: all of it must fit).
int sigfox_testmode_begin(int32_t mode, int32_t config);
// Waits for 50 ms at most. -NET_EAGAIN: under way. 0, -NET_EBUSY (the channel stayed
// busy), -NET_EIO, -NET_ECANCELED: it has ended.
int sigfox_testmode_wait(int number, sigfox_testmode_report_t *report);
// Ends it, if it is under way.
void sigfox_testmode_stop(int number);

#define SIGFOX_WHY_SIZE (120)
typedef struct {
    char text[SIGFOX_WHY_SIZE];
} sigfox_why_t;
// The last refusal or failure in words; empty if there was none.
void sigfox_last_error(sigfox_why_t *why);

#endif // USOCKET_SIGFOX_SIGFOX_H
