// What the files of this room know of each other.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_LORAWAN_LORAWAN_INTERNAL_H
#define USOCKET_LORAWAN_LORAWAN_INTERNAL_H

#include "lorawan/lorawan.h"
#include "lorawan/lorawan_frame.h"
#include "lorawan/lorawan_region.h"

#define LORAWAN_SECOND_US (1000000ull)

// l->state: where the frame in hand is.
enum { LORAWAN_STATE_IDLE, LORAWAN_STATE_WAIT, LORAWAN_STATE_TX, LORAWAN_STATE_RX1, LORAWAN_STATE_RX2 };
// l->pending: actions to be handed out, the first one first.
enum {
    LORAWAN_PENDING_DELIVER = 0x01,
    LORAWAN_PENDING_LINK = 0x02,
    LORAWAN_PENDING_TIME = 0x04,
    LORAWAN_PENDING_CERT = 0x08,
    LORAWAN_PENDING_MORE = 0x10,
    LORAWAN_PENDING_RESULT = 0x20,
};
enum { LORAWAN_REQUEST_LINK = 0x01, LORAWAN_REQUEST_TIME = 0x02 };
enum { LORAWAN_ACTIVATION_NONE, LORAWAN_ACTIVATION_OTAA, LORAWAN_ACTIVATION_ABP };

// lorawan.c
uint32_t lorawan_random(lorawan_t *l, uint32_t from, uint32_t to); // both included
// End of a frame in hand.
void lorawan_finish(lorawan_t *l, int error);

// lorawan_uplink.c: building frames and the rounds of transmissions and windows.
// A frame of the MAC's own, empty or with MAC commands.
void lorawan_uplink_own(lorawan_t *l, uint64_t now_us);
// Ask for such a frame soon, unless the application's comes first.
void lorawan_uplink_want(lorawan_t *l, uint64_t from_us);
// The frame in hand may be transmitted now; chooses the channel.
bool lorawan_uplink_ready(lorawan_t *l, uint64_t now_us);
void lorawan_uplink_transmit(lorawan_t *l, uint64_t now_us, lorawan_action_t *action);
void lorawan_uplink_sent(lorawan_t *l, uint64_t end_us);
// Listen before talk heard somebody.
void lorawan_uplink_busy(lorawan_t *l, uint64_t now_us);
// Both windows are over, or a frame ended them early.
void lorawan_uplink_round_over(lorawan_t *l, uint64_t now_us);
// A frame was heard while the next repetition waits: it may be needless.
void lorawan_uplink_heard(lorawan_t *l);

// lorawan_downlink.c
// Count a frame that is thrown away; false.
bool lorawan_downlink_ignore(lorawan_t *l, lorawan_ignored_t why);
void lorawan_downlink_received(lorawan_t *l, const lorawan_event_t *event);

// lorawan_join.c
// Make the next Join-Request in l->frame. False if there is none: the result is set.
bool lorawan_join_prepare(lorawan_t *l);
bool lorawan_join_accept(lorawan_t *l, const lorawan_event_t *event);
// When the next attempt may start, and booking of the back-off.
void lorawan_join_back_off(lorawan_t *l, uint64_t now_us);
uint64_t lorawan_join_allowed(lorawan_t *l, uint64_t now_us);
void lorawan_join_used(lorawan_t *l, uint64_t now_us);

// lorawan_commands.c
typedef struct {
    const uint8_t *data;
    size_t len;
} lorawan_commands_t;

void lorawan_commands_handle(lorawan_t *l, const lorawan_commands_t *commands);
// Copy whole answers and requests, at most room bytes; returns their length.
uint8_t lorawan_commands_take(lorawan_t *l, uint8_t *out, uint8_t room);
// What take() would want to copy.
uint8_t lorawan_commands_len(const lorawan_t *l);
// A class A downlink came: sticky answers that were sent reached the network.
void lorawan_commands_heard(lorawan_t *l);

// lorawan_adr.c
void lorawan_adr_link_request(lorawan_t *l, const uint8_t *block, uint8_t requests, uint8_t *status);
// Count a new uplink; returns the bits of FCtrl.
uint8_t lorawan_adr_uplink(lorawan_t *l);
// An uplink ended without a class A downlink: the back-off for the next one.
void lorawan_adr_unanswered(lorawan_t *l);

// lorawan_session.c
void lorawan_session_clear(lorawan_t *l);
void lorawan_session_defaults(lorawan_t *l);
// Fill in header and checksum; the record is to be written now.
void lorawan_session_seal(lorawan_t *l);

// lorawan_channels.c
void lorawan_channels_init(lorawan_t *l);
// The region's channels again, but for the application's.
void lorawan_channels_reset(lorawan_t *l);
void lorawan_channels_cflist(lorawan_t *l, const uint8_t *cflist);
// One of the set bits, at random. bits is not 0.
uint8_t lorawan_channels_random_bit(lorawan_t *l, uint32_t bits);
// Frequency of an uplink channel, enabled or not; 0 if not defined.
uint32_t lorawan_channels_hz(const lorawan_t *l, uint8_t channel);
uint32_t lorawan_channels_rx1_hz(const lorawan_t *l, uint8_t channel);
bool lorawan_channels_has_dr(const lorawan_t *l, uint8_t channel, uint8_t dr);
// A data rate that exists, is for uplinks, and carries something under the dwell time.
bool lorawan_channels_uplink_dr(const lorawan_t *l, uint8_t dr);
uint8_t lorawan_channels_min_dr(const lorawan_t *l);
bool lorawan_channels_enabled(const uint16_t *mask, uint8_t channel);
// Some channel of the mask has the data rate.
bool lorawan_channels_mask_has_dr(const lorawan_t *l, const uint16_t *mask, uint8_t dr);
// Apply one ChMask of a LinkADRReq; false if it is refused.
bool lorawan_channels_apply_mask(const lorawan_t *l, uint16_t *mask, uint8_t cntl, uint16_t bits);
// The mask as a whole may be used with this data rate.
bool lorawan_channels_mask_valid(const lorawan_t *l, const uint16_t *mask, uint8_t dr);
bool lorawan_channels_downlink_hz(const lorawan_t *l, uint32_t frequency_hz);
// NewChannelReq; returns the status bits.
uint8_t lorawan_channels_request(lorawan_t *l, uint8_t index, uint32_t frequency_hz, uint8_t dr);
// Choose a channel for l->tx_dr whose band has air time; false: earliest is when to ask again,
// LORAWAN_FOREVER if no enabled channel has the rate.
bool lorawan_channels_pick(lorawan_t *l, uint64_t now_us, uint64_t *earliest);
int8_t lorawan_channels_eirp(const lorawan_t *l, uint8_t channel, uint8_t dr);
int8_t lorawan_channels_power(const lorawan_t *l, uint8_t channel, uint8_t dr);
void lorawan_channels_phy(const lorawan_t *l, uint32_t frequency_hz, uint8_t dr, lorawan_phy_t *phy);

// lorawan_dutycycle.c
// Band of a frequency, or -1.
int lorawan_dutycycle_band(const lorawan_t *l, uint32_t frequency_hz);
// When a frame of this length may start; LORAWAN_FOREVER if it is longer than the band ever allows.
uint64_t lorawan_dutycycle_allowed(lorawan_t *l, uint32_t frequency_hz, uint32_t airtime_us, uint64_t now_us);
void lorawan_dutycycle_used(lorawan_t *l, uint32_t frequency_hz, uint32_t airtime_us, uint64_t end_us);

// lorawan_window.c
// When the receiver must start, and for how many symbols, for a frame that begins delay_us after
// the end of the uplink.
void lorawan_window_open(const lorawan_t *l, uint64_t delay_us, lorawan_action_t *action);
// A downlink was heard in a window: learn from its time.
void lorawan_window_seen(lorawan_t *l, const lorawan_event_t *event);
// An expected downlink was not heard.
void lorawan_window_missed(lorawan_t *l);
uint64_t lorawan_window_delay_us(const lorawan_t *l, lorawan_window_t window);
uint8_t lorawan_window_rx1_dr(const lorawan_t *l);
void lorawan_window_rx_phy(const lorawan_t *l, lorawan_window_t window, lorawan_phy_t *phy, uint8_t *dr);
uint32_t lorawan_window_symbol_us(const lorawan_phy_t *phy);
uint32_t lorawan_window_airtime_us(const lorawan_phy_t *phy, size_t len, bool crc);

// lorawan_multicast.c
// Index of the group with this address, or -1.
int lorawan_multicast_find(const lorawan_t *l, uint32_t addr);

// lorawan_certification.c
void lorawan_certification_received(lorawan_t *l, uint8_t *data, uint8_t len, uint64_t now_us);
// Periodic frames of the test; called while nothing is in hand.
void lorawan_certification_step(lorawan_t *l, uint64_t now_us);

#endif // USOCKET_LORAWAN_LORAWAN_INTERNAL_H
