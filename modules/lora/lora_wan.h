// LoRaWAN behind network.LoRa and the sockets of AF_LORA: what can be asked for
// while the mode is LORA_MODE_LORAWAN. Its life is that of lora.h (lora_init(), ...).
//
// The MAC is modules/lorawan. It is changed in the radio task alone: calls from here
// that change it hand it a request and wait for the answer, some microseconds or, when
// a record is being written, milliseconds. Any thread that does not hold hal_lock().
//
// What must survive is written by itself (record "lorawan" of hal_store): a session,
// its counters and settings go on after a reset, deep sleep or a power cut.
//
// Errors are negative numbers of net/net_errno.h; -NET_ENETDOWN: not in this mode.
// Each also leaves a sentence for lora_last_error(). No key appears in one.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_LORA_LORA_WAN_H
#define USOCKET_LORA_LORA_WAN_H

#include "lora/lora.h"
#include "lorawan/lorawan.h"

/******************************************************************************/
// Joining

// Start joining; the session in force is dropped. -NET_EBUSY: a frame is on the air,
// and is given up: ask again. -NET_EINVAL: no such join rate in the region.
// -NET_ERANGE: every DevNonce is used.
int lora_wan_join_otaa(const lorawan_otaa_t *otaa);
// A session at once. -NET_EBUSY as above.
int lora_wan_join_abp(const lorawan_abp_t *abp);
// 0 joined, -NET_EAGAIN it goes on, else why it ended; -NET_ENOTCONN: never asked for.
int lora_wan_join_result(void);
bool lora_wan_joined(void);

/******************************************************************************/
// The session in the store

// Write the record with the exact counter now. -NET_EBUSY: a frame is in hand.
int lora_wan_save(void);
// The next start drops the session; nonces stay. A later join or lora_wan_save()
// takes that back. Also when LoRaWAN is off.
int lora_wan_erase(void);

/******************************************************************************/
// Settings of the session

// -NET_ERANGE: no such index; -NET_EINVAL: data rates out of order or above the
// region's. What the region refuses otherwise changes nothing and answers 0, as
// Pycom's firmware did; lora_last_error() says so.
int lora_wan_channel_add(uint8_t index, uint32_t frequency_hz, uint8_t dr_min, uint8_t dr_max);
int lora_wan_channel_remove(uint8_t index);
// -NET_ENOSPC, -NET_EINVAL (address 0); -NET_ENOENT.
int lora_wan_multicast_join(const lorawan_abp_t *group);
int lora_wan_multicast_leave(uint32_t address);
int lora_wan_set_battery(uint8_t level);
// Obey the certification protocol on port 224, or not.
int lora_wan_set_certification(bool on);

/******************************************************************************/
// Questions to the network

enum { LORA_WAN_ASK_LINK = 1, LORA_WAN_ASK_TIME = 2 };

typedef struct {
    uint8_t margin; // LINK: dB above what the gateway needs
    uint8_t gateways;
    uint32_t gps_s; // TIME: now, seconds since 1980-01-06
    uint32_t gps_us;
} lora_wan_answer_t;

// Send an uplink without data that asks. Answers its number, for the next calls.
int lora_wan_ask(uint8_t what);
// 0 with the answer; -NET_EAGAIN while the uplink is on its way; -NET_ETIMEDOUT: nobody
// answered; else why it was not sent.
int lora_wan_answer(int number, uint8_t what, lora_wan_answer_t *answer);
// Do not wait for it any more.
void lora_wan_ask_cancel(int number);

/******************************************************************************/
// One snapshot

typedef struct {
    lorawan_status_t mac;
    uint8_t device_class;
    uint8_t battery;
    bool adr;
    bool duty_cycle;
    bool certification;
    uint32_t wait_ms;         // until the frame in hand may be sent
    uint32_t windows;         // receive windows that were opened
    uint32_t windows_missed;  // of these, opened too late to hear a downlink in time
    uint32_t window_late_us;  // the latest of all, against the time computed
    uint32_t window_early_us; // what windows are opened early now, because the task is late
    uint32_t receiver_ms;     // time that the receiver was on in windows
    uint16_t downlinks;
    uint8_t link_margin; // of the last LinkCheckAns
    uint8_t link_gateways;
} lora_wan_status_t;

int lora_wan_status(lora_wan_status_t *status);

#endif // USOCKET_LORA_LORA_WAN_H
