// One message from beginning to end: which frame when and where, the receive
// window, the confirmation. Events and time in, actions out.
//
// Pure: it reads no clock and touches no radio or store. The caller (one thread at
// a time) owns the context, carries each action out and reports how it went with
// sigfox_schedule_step(), which answers with the next action:
//
//   action     what to do                                      report
//   WAIT       nothing until until_us                          TIMEOUT
//   STORE      write data (the state's record)                 DONE or FAILED
//   LISTEN     from at_us: is frequency (200 kHz wide) below
//              threshold for SIGFOX_ZONE_SENSE_QUIET_MS,
//              before until_us?                                DONE or TIMEOUT
//   TRANSMIT   at at_us: data on frequency at bit_rate         DONE or FAILED
//   RECEIVE    from at_us until until_us on frequency          FRAME or TIMEOUT
//   DELIVER    data is the downlink's payload, with rssi       DONE
//   RESULT     the message has ended                           nothing
//   NONE       go on with the action in hand
//
// Times are microseconds of one clock that never steps back. An at_us that is past
// means at once. FAILED is taken in every action but NONE and RESULT, and CANCEL
// too. data points into the context and is valid until the next step.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_SIGFOX_SIGFOX_SCHEDULE_H
#define USOCKET_SIGFOX_SIGFOX_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigfox/sigfox_device.h"
#include "sigfox/sigfox_downlink.h"
#include "sigfox/sigfox_duty.h"
#include "sigfox/sigfox_frame.h"
#include "sigfox/sigfox_state.h"
#include "sigfox/sigfox_zone.h"

#define SIGFOX_SCHEDULE_REPEATS_MAX (2)

typedef struct {
    const sigfox_device_t *device; // the caller's; unchanged while a message is under way
    const sigfox_zone_t *zone;
    sigfox_frame_health_t health; // for control messages
    uint32_t sense_first_ms; // how long frame 1 may look for a quiet channel
    uint32_t lead_us; // carrier before the first bit; it counts as air time
    uint16_t bit_rate; // 100 or 600, as the zone allows
    uint16_t gap_ms; // between frames that ask for no downlink, 0..2000
    uint16_t confirm_ms; // from downlink to confirmation, 1400..4000
    bool unlimited; // no duty cycle and no pause: the user answers for it
} sigfox_schedule_settings_t;

typedef enum {
    SIGFOX_SCHEDULE_NONE,
    SIGFOX_SCHEDULE_WAIT,
    SIGFOX_SCHEDULE_STORE,
    SIGFOX_SCHEDULE_LISTEN,
    SIGFOX_SCHEDULE_TRANSMIT,
    SIGFOX_SCHEDULE_RECEIVE,
    SIGFOX_SCHEDULE_DELIVER,
    SIGFOX_SCHEDULE_RESULT,
} sigfox_schedule_action_type_t;

typedef enum {
    SIGFOX_SCHEDULE_OK, // 0: sent, and what was asked for came
    SIGFOX_SCHEDULE_NO_DOWNLINK, // -NET_EAGAIN: sent; the window ended
    SIGFOX_SCHEDULE_CHANNEL_BUSY, // -NET_EBUSY: nothing sent; the counter is kept
    SIGFOX_SCHEDULE_NOT_STORED, // -NET_ENOSPC: nothing sent; the counter is kept
    SIGFOX_SCHEDULE_RADIO_FAILED, // -NET_EIO: fewer frames sent than asked for, or no window
    SIGFOX_SCHEDULE_CANCELLED, // -NET_ECANCELED
} sigfox_schedule_result_t;

typedef struct {
    uint8_t type; // sigfox_schedule_action_type_t
    uint8_t result; // RESULT: sigfox_schedule_result_t
    int16_t error; // RESULT: 0 or the negative errno above
    uint64_t at_us; // LISTEN, TRANSMIT, RECEIVE
    uint64_t until_us; // WAIT, LISTEN, RECEIVE
    uint32_t frequency; // Hz, without the device's calibration
    uint16_t bit_rate; // TRANSMIT
    int16_t threshold; // LISTEN: dBm
    int16_t rssi; // DELIVER: dBm
    const uint8_t *data; // STORE, TRANSMIT (first bit: bit 7 of byte 0), DELIVER
    size_t len; // bytes of data
} sigfox_schedule_action_t;

typedef enum {
    SIGFOX_SCHEDULE_DONE, // of TRANSMIT: now_us is the end of the last bit
    SIGFOX_SCHEDULE_FAILED, // the action could not be carried out
    SIGFOX_SCHEDULE_TIMEOUT, // until_us is here
    SIGFOX_SCHEDULE_FRAME, // now_us is the frame's end
    SIGFOX_SCHEDULE_CANCEL, // give up; RESULT is the answer
} sigfox_schedule_event_type_t;

typedef struct {
    uint8_t type; // sigfox_schedule_event_type_t
    int16_t rssi; // FRAME: dBm
    const uint8_t *frame; // FRAME: SIGFOX_DOWNLINK_FRAME_SIZE bytes, as received
    uint64_t now_us;
} sigfox_schedule_event_t;

// What a message did, valid until the next one starts.
typedef struct {
    uint8_t frames; // sent, without the confirmation
    uint8_t senses; // how often LISTEN was asked for
    uint8_t rejected; // frames in the window that were damaged or not for us
    bool downlink; // DELIVER was given
    bool confirmed; // and the confirmation sent
} sigfox_schedule_report_t;

// Zeroed before the first sigfox_schedule_configure(). state is filled by
// sigfox_state_new(), _continue() or _load() before the first message, and may be
// changed by them between messages; report may be read; the rest is private.
typedef struct {
    sigfox_state_t state;
    sigfox_schedule_report_t report;
    sigfox_schedule_settings_t settings;
    sigfox_duty_t duty; // survives another zone
    sigfox_frame_t frame; // the message, then its confirmation
    uint64_t mark_us; // end of frame 1, then of the downlink: the next step counts from it
    uint64_t last_end_us; // of any frame
    uint64_t due_us; // when the next frame is due, or the deadline in hand
    uint32_t centre_hz;
    uint32_t first_hz; // frame 1's frequency
    uint32_t frequency; // of the frame in hand
    uint8_t phase;
    uint8_t rank; // of the frame in hand
    uint8_t frames; // how many the message has
    uint8_t used; // micro channels
    uint8_t data[SIGFOX_FRAME_SIZE_MAX];
} sigfox_schedule_t;

// The usual settings of a zone, with no device: bit rate of the public network,
// Pycom's gaps and voltages (3300 mV).
void sigfox_schedule_defaults(sigfox_schedule_settings_t *settings, const sigfox_zone_t *zone);

// -NET_EBUSY: a message is under way. -NET_EINVAL: a value that the zone or the
// ranges above do not allow. Nothing is changed then.
int sigfox_schedule_configure(sigfox_schedule_t *s, const sigfox_schedule_settings_t *settings);

typedef struct {
    uint8_t type; // SIGFOX_FRAME_EMPTY, _BIT, _BYTES or _KEEP_ALIVE
    uint8_t repeats; // 0..2 after the first frame; a downlink request makes it 2
    bool bit; // BIT: its value
    bool downlink; // ask for one; not with KEEP_ALIVE
    uint8_t macro_channel; // 0: the zone's; else one of 1..86 in hopping zones
    const uint8_t *payload; // BYTES: copied
    size_t len; // BYTES: 1..12
    uint64_t wait_us; // how long the message may be put off for air time
} sigfox_schedule_message_t;

// Begin a message; fills action. 0, or, with nothing changed:
// -NET_EBUSY a message is under way; -NET_ENETDOWN not configured or not
// provisioned; -NET_EMSGSIZE over 12 bytes; -NET_EINVAL what does not go together;
// -NET_ENOBUFS the duty cycle (or the pause of hopping zones) leaves no air time
// within wait_us: sigfox_schedule_when() says when it will.
int sigfox_schedule_start(sigfox_schedule_t *s, const sigfox_schedule_message_t *message, uint64_t now_us, sigfox_schedule_action_t *action);

// The first time at which this message may begin, now_us or later; UINT64_MAX when
// never, or when start would refuse it for another reason.
uint64_t sigfox_schedule_when(sigfox_schedule_t *s, const sigfox_schedule_message_t *message, uint64_t now_us);

void sigfox_schedule_step(sigfox_schedule_t *s, const sigfox_schedule_event_t *event, sigfox_schedule_action_t *action);

// For transmissions that are no message, while none is under way. A frequency for one:
// hz, or a drawn one when hz is 0. 0: hopping zones must pause first, until *when_us.
uint32_t sigfox_schedule_tune(sigfox_schedule_t *s, uint32_t hz, uint64_t now_us, uint64_t *when_us);
// It was on the air, and has ended: on the account, and its micro channel is taken.
void sigfox_schedule_aired(sigfox_schedule_t *s, uint32_t hz, uint64_t end_us, uint32_t air_us);

// No message is under way.
bool sigfox_schedule_idle(const sigfox_schedule_t *s);

// How many micro channels the next frame may choose from (6 after a pause); 0 in
// zones that do not hop.
int sigfox_schedule_micro_free(const sigfox_schedule_t *s, uint64_t now_us);

#endif // USOCKET_SIGFOX_SIGFOX_SCHEDULE_H
