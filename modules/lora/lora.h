// LoRa: raw frames between radios, or LoRaWAN, behind sockets of AF_LORA. What only
// LoRaWAN has is in lora_wan.h.
//
// Everything here may be called by any thread that does not hold hal_lock(),
// unless it says otherwise. Nothing waits but lora_wait(). The radio's work is done
// in the radio task (lora_engine.c, lora_wan.c). One radio, so no handles: static
// memory, about 5.8 KB, of which 1.9 KB hold received frames, 2.2 KB frames to be sent
// and 1.2 KB the LoRaWAN MAC. usocket_config.h sets the first two.
//
// Errors are negative numbers of net/net_errno.h; each refusal also leaves a
// sentence for lora_last_error().
// SPDX-License-Identifier: MIT
#ifndef USOCKET_LORA_LORA_H
#define USOCKET_LORA_LORA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/net.h"
#include "usocket_config.h"

#define LORA_PAYLOAD_MAX (255)
// Frames that wait to be sent.
#define LORA_TX_FRAMES (USOCKET_LORA_TX_FRAMES)

// Listen before talk: a frame is sent when nothing louder is heard for this long.
// Frames that follow one of ours within that time go without: the channel is ours.
#define LORA_LBT_DBM (-85)
#define LORA_LBT_US (1000)
// A frame that finds the channel busy for so long fails with -NET_EBUSY.
#define LORA_LBT_LIMIT_MS (10000)

// Pycom's numbers.
typedef enum { LORA_MODE_LORA, LORA_MODE_LORAWAN } lora_mode_t;
typedef enum { LORA_ALWAYS_ON, LORA_TX_ONLY, LORA_SLEEP } lora_power_mode_t;
typedef enum {
    LORA_AS923 = 0, LORA_AU915 = 1, LORA_CN470 = 2, LORA_EU433 = 4, LORA_EU868 = 5, LORA_IN865 = 7, LORA_US915 = 8,
    LORA_KR920 = 6, LORA_RU864 = 9, LORA_AS923_2 = 10, LORA_AS923_3 = 11, LORA_AS923_4 = 12, // not Pycom's
} lora_region_t;
typedef enum { LORA_CLASS_A = 0, LORA_CLASS_C = 2 } lora_class_t;
enum { LORA_EVENT_RX = 1, LORA_EVENT_TX = 2, LORA_EVENT_TX_FAILED = 4 };

// Socket options, level LORA_SOL_LORA; the value is an int.
#define LORA_SOL_LORA (0xfff05)
#define LORA_SO_CONFIRMED (0xf0002)
#define LORA_SO_DR (0xf0003)

// net_socket_t.param of a LoRa socket; only LoRaWAN uses it.
#define LORA_PARAM_PORT(param) ((param) & 0xff)
#define LORA_PARAM_DR(param) ((param) >> 8 & 0xf)
#define LORA_PARAM_CONFIRMED(param) ((param) >> 12 & 1)
#define LORA_PARAM_DR_SET(param) ((param) >> 13 & 1) // else the session's
#define LORA_PORT_MAX (224)
#define LORA_PORT_DEFAULT (2)

extern const net_ops_t lora_ops;

/******************************************************************************/
// Settings

// Numbers are as wide as a user's, so that a refusal can show them.
typedef struct {
    int32_t mode;
    int32_t region;
    int32_t frequency; // Hz
    int32_t tx_power; // dBm
    int32_t bandwidth; // 0..2: 125, 250, 500 kHz
    int32_t sf; // 7..12
    int32_t preamble; // symbols
    int32_t coding_rate; // 1..4: 4/5..4/8
    int32_t power_mode;
    int32_t tx_retries; // these three: LoRaWAN only
    int32_t device_class;
    int32_t sub_band; // US915, AU915: 1..8; CN470: plan 1..4; 0 all
    bool tx_iq; // inverted
    bool rx_iq;
    bool public; // sync word 0x34, else 0x12
    bool adr; // these two: LoRaWAN only
    bool duty_cycle;
} lora_settings_t;

#define LORA_WHY_SIZE (120)
// A sentence that says what is wrong, with the value and the range.
typedef struct {
    char text[LORA_WHY_SIZE];
} lora_why_t;

// The settings of a region before the user changed any. -NET_EINVAL with why (may
// be NULL): no such region.
int lora_settings_default(lora_settings_t *settings, int32_t region, lora_why_t *why);
// 0, or -NET_EINVAL with why. Asks the chip too: after lora_start().
int lora_settings_check(const lora_settings_t *settings, lora_why_t *why);
// The most that board and chip give in a region, dBm: the default for LoRaWAN, whose MAC
// keeps below it what the region allows. After lora_start().
int32_t lora_settings_power_max(int32_t region);

/******************************************************************************/
// Life

// Find the radio and start its task; may take 100 ms. Again and again without harm.
// -NET_ENODEV: this board has none, or it does not answer.
int lora_start(void);
// Take the radio, with settings that were checked; again: change them. They hold
// for receiving at once and for frames that are sent from now on: those that wait
// are sent with the settings they were given. A frame that is being received is
// lost only if what is received changes. -NET_ENODEV: before lora_start().
// -NET_EBUSY: another owner has the radio.
int lora_init(const lora_settings_t *settings);
// Give the radio back. Frames that wait are cancelled, received ones forgotten, and
// events too.
void lora_deinit(void);
bool lora_is_up(void);
// The settings of now. -NET_ENETDOWN before lora_init(), and nothing is filled.
int lora_settings(lora_settings_t *settings);
// Reset the chip and set it up again. Frames that wait are cancelled, received ones
// stay. It receives and sends again some 30 ms later. -NET_ENETDOWN. -NET_EBUSY: Sigfox
// is using the radio.
int lora_reset(void);

/******************************************************************************/
// What one can ask

// Is the channel free? lora_sense() asks, lora_sense_result() answers 1 (nothing
// above threshold was heard for time_us), 0 (it was), -NET_EAGAIN while it is not
// known, or -NET_EIO when the chip failed; lora_sense_cancel() forgets the question.
// A frame being sent ends first. Receiving goes on afterwards. -NET_EBUSY: another
// thread asks. -NET_ENETDOWN.
int lora_sense(int16_t threshold, uint32_t time_us);
int lora_sense_result(void);
void lora_sense_cancel(void);

// Air time of a frame with the settings of now, us. -NET_ENETDOWN; -NET_EMSGSIZE.
int32_t lora_airtime_us(size_t len);

typedef struct {
    uint32_t rx_timestamp; // us, low 32 bits, at the frame's end
    int16_t rssi; // dBm
    int8_t snr_x4; // dB * 4
    uint8_t sfrx;
    uint8_t sftx; // the rest: of the frame sent last
    uint8_t tx_trials;
    int8_t tx_power;
    uint32_t tx_time_on_air; // ms
    uint32_t tx_counter; // frames sent
    uint32_t tx_frequency; // Hz
} lora_stats_t;

// The received frame is the one that recv() gave last; if lora_events_take() or
// lora_events_next() has told of a frame since, the one that recv() will give next;
// the one heard last, if there never was any of these.
void lora_stats(lora_stats_t *stats);

// Since lora_start().
typedef struct {
    uint32_t rx_frames; // put into the queue
    uint32_t rx_dropped; // the queue was full: the newest is dropped
    uint32_t rx_crc_errors;
    uint32_t tx_frames;
    uint32_t tx_failed; // chip fault, channel busy
    uint32_t tx_cancelled; // timeouts, reset
    uint32_t lbt_busy; // times that the channel was found busy
    uint32_t faults; // of the chip
    uint32_t lost_edges; // interrupts that never came; no frame is lost by it
} lora_counters_t;
void lora_counters(lora_counters_t *counters);

// The last refusal or failure in words; empty if there was none.
void lora_last_error(lora_why_t *why);

// The radio's EUI-64, most significant byte first. After lora_start().
const uint8_t *lora_eui(void);

/******************************************************************************/
// Events. There are two views of them: bits that gather until they are taken, and
// for a callback a call for each event in the trigger.

// The bits that gathered since the last call.
uint8_t lora_events_take(void);
// Which events are called for. 0 forgets calls that are due.
void lora_events_trigger(uint8_t trigger);
// The next call that is due: sets its bits again for lora_events_take() and returns
// them; 0 when none is due.
uint8_t lora_events_next(void);
// Told in the radio task, with hal_lock() held, when a call is due, and again later
// if it answers false; NULL: nobody.
void lora_events_hook(bool (*due)(void));

// Sleep until something happened, at most timeout_ms; may return for nothing.
void lora_wait(uint32_t timeout_ms);
// The same, but returns at once when a call is due.
void lora_events_wait(uint32_t timeout_ms);

#endif // USOCKET_LORA_LORA_H
