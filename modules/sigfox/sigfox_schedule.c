// One message from beginning to end.
//
//   start -> [WAIT] -> STORE -> { [LISTEN] -> TRANSMIT } x frames -> RESULT
//                                               asked: -> RECEIVE -> DELIVER
//                       -> STORE -> [LISTEN] -> TRANSMIT (confirmation) -> RESULT
// SPDX-License-Identifier: MIT
#include "sigfox/sigfox_schedule.h"

#include <string.h>

#include "net/net_errno.h"

#define MS (1000ull)

enum { IDLE, WAITING, STORING, LISTENING, SENDING, RECEIVING, DELIVERING };

void sigfox_schedule_defaults(sigfox_schedule_settings_t *settings, const sigfox_zone_t *zone) {
    *settings = (sigfox_schedule_settings_t) {
        .zone = zone,
        .health = { .idle_mv = 3300, .transmit_mv = 3300 },
        .sense_first_ms = SIGFOX_ZONE_SENSE_FIRST_MS,
        .bit_rate = zone->bit_rate,
        .gap_ms = zone->gap_ms,
        .confirm_ms = 2000,
    };
}

int sigfox_schedule_configure(sigfox_schedule_t *s, const sigfox_schedule_settings_t *settings) {
    if (s->phase != IDLE) {
        return -NET_EBUSY;
    }
    if (settings->zone == NULL || !sigfox_zone_has_bit_rate(settings->zone, settings->bit_rate)
        || settings->gap_ms > SIGFOX_ZONE_GAP_MAX_MS || settings->confirm_ms < SIGFOX_ZONE_CONFIRM_MIN_MS
        || settings->confirm_ms > SIGFOX_ZONE_CONFIRM_MAX_MS) {
        return -NET_EINVAL;
    }
    s->settings = *settings;
    return 0;
}

bool sigfox_schedule_idle(const sigfox_schedule_t *s) {
    return s->phase == IDLE;
}

static bool has_access(const sigfox_schedule_t *s, int access) {
    return s->settings.zone->access == access;
}

static bool is_confirmation(const sigfox_schedule_t *s) {
    return s->frame.type == SIGFOX_FRAME_CONFIRMATION;
}

static uint32_t air_us(const sigfox_schedule_t *s, int size) {
    return (uint32_t)size * 8 * 1000000 / s->settings.bit_rate + s->settings.lead_us;
}

static uint32_t air_ms(const sigfox_schedule_t *s, int size) {
    return (air_us(s, size) + 999) / 1000;
}

// The zone's pause has passed: micro channels are free again.
static bool rested(const sigfox_schedule_t *s, uint64_t now_us) {
    return s->used == 0 || now_us >= s->last_end_us + SIGFOX_ZONE_PAUSE_MS * MS;
}

int sigfox_schedule_micro_free(const sigfox_schedule_t *s, uint64_t now_us) {
    if (s->settings.zone == NULL || !has_access(s, SIGFOX_ZONE_HOPPING)) {
        return 0;
    }
    int number = SIGFOX_ZONE_MICRO_CHANNELS;
    for (uint8_t used = rested(s, now_us) ? 0 : s->used; used != 0; used &= (uint8_t)(used - 1)) {
        --number;
    }
    return number;
}

uint32_t sigfox_schedule_tune(sigfox_schedule_t *s, uint32_t hz, uint64_t now_us, uint64_t *when_us) {
    const sigfox_zone_t *zone = s->settings.zone;
    sigfox_zone_draw_t draw = { .centre_hz = zone->uplink_hz };
    if (rested(s, now_us)) {
        s->used = 0;
    } else if (s->centre_hz != zone->uplink_hz) {
        s->used = UINT8_MAX; // of another macro channel: pause
    }
    draw.used = s->used;
    s->centre_hz = zone->uplink_hz;
    if (hz == 0) {
        hz = sigfox_zone_draw(zone, &draw, sigfox_state_random(&s->state));
    } else if (s->used & sigfox_zone_micro_bit(zone, zone->uplink_hz, hz)) {
        hz = 0;
    }
    *when_us = s->last_end_us + SIGFOX_ZONE_PAUSE_MS * MS;
    return hz;
}

void sigfox_schedule_aired(sigfox_schedule_t *s, uint32_t hz, uint64_t end_us, uint32_t air_us) {
    s->last_end_us = end_us;
    s->used |= sigfox_zone_micro_bit(s->settings.zone, s->centre_hz, hz);
    sigfox_duty_add(&s->duty, end_us, air_us);
}

// The message as a frame (without its counter), and how many frames it has.
static int make_frame(const sigfox_schedule_t *s, const sigfox_schedule_message_t *message, sigfox_frame_t *frame) {
    if (s->settings.device == NULL || s->settings.zone == NULL) {
        return -NET_ENETDOWN;
    }
    if (message->len > SIGFOX_FRAME_PAYLOAD_MAX) {
        return -NET_EMSGSIZE;
    }
    if (message->repeats > SIGFOX_SCHEDULE_REPEATS_MAX || message->type > SIGFOX_FRAME_KEEP_ALIVE
        || sigfox_zone_macro_hz(s->settings.zone, message->macro_channel) == 0) {
        return -NET_EINVAL;
    }
    *frame = (sigfox_frame_t) { .type = message->type, .bit = message->bit, .downlink = message->downlink };
    if (message->type == SIGFOX_FRAME_KEEP_ALIVE) {
        sigfox_frame_keep_alive(frame, &s->settings.health);
    } else {
        frame->len = (uint8_t)message->len;
        if (message->len > 0) {
            memcpy(frame->payload, message->payload, message->len);
        }
    }
    int size = sigfox_frame_size(frame);
    if (size < 0) {
        return size;
    }
    return message->downlink ? SIGFOX_FRAME_RANKS : 1 + message->repeats;
}

static uint64_t when(sigfox_schedule_t *s, const sigfox_frame_t *frame, int frames, uint64_t now_us) {
    if (s->settings.unlimited) {
        return now_us;
    }
    if (has_access(s, SIGFOX_ZONE_HOPPING) && !rested(s, now_us)) {
        return s->last_end_us + SIGFOX_ZONE_PAUSE_MS * MS;
    }
    if (has_access(s, SIGFOX_ZONE_DUTY_CYCLE)) {
        uint32_t air = (uint32_t)frames * air_ms(s, sigfox_frame_size(frame));
        if (frame->downlink) {
            air += air_ms(s, SIGFOX_FRAME_CONTROL_SIZE);
        }
        return sigfox_duty_when(&s->duty, now_us, air, SIGFOX_ZONE_AIR_MS);
    }
    return now_us;
}

uint64_t sigfox_schedule_when(sigfox_schedule_t *s, const sigfox_schedule_message_t *message, uint64_t now_us) {
    sigfox_frame_t frame;
    int frames = make_frame(s, message, &frame);
    return frames < 0 ? UINT64_MAX : when(s, &frame, frames, now_us);
}

static void finish(sigfox_schedule_t *s, int result, sigfox_schedule_action_t *action) {
    static const int16_t errors[] = {
        [SIGFOX_SCHEDULE_OK] = 0,
        [SIGFOX_SCHEDULE_NO_DOWNLINK] = -NET_EAGAIN,
        [SIGFOX_SCHEDULE_CHANNEL_BUSY] = -NET_EBUSY,
        [SIGFOX_SCHEDULE_NOT_STORED] = -NET_ENOSPC,
        [SIGFOX_SCHEDULE_RADIO_FAILED] = -NET_EIO,
        [SIGFOX_SCHEDULE_CANCELLED] = -NET_ECANCELED,
    };
    // The downlink is with the user: what befell its confirmation is in the report.
    if (is_confirmation(s)) {
        result = SIGFOX_SCHEDULE_OK;
    }
    s->phase = IDLE;
    action->type = SIGFOX_SCHEDULE_RESULT;
    action->result = (uint8_t)result;
    action->error = errors[result];
}

static uint32_t choose_frequency(sigfox_schedule_t *s) {
    const sigfox_zone_t *zone = s->settings.zone;
    if (s->frame.downlink && s->rank > 1) {
        return s->rank == 2 ? s->first_hz + zone->offset_hz : s->first_hz - zone->offset_hz;
    }
    sigfox_zone_draw_t draw = { .centre_hz = s->centre_hz, .used = s->used, .asks = s->frame.downlink };
    return sigfox_zone_draw(zone, &draw, sigfox_state_random(&s->state));
}

static void transmit(sigfox_schedule_t *s, uint64_t at_us, sigfox_schedule_action_t *action) {
    int size = sigfox_frame_encode(s->settings.device, &s->frame, s->rank, s->data);
    if (size < 0) {
        finish(s, SIGFOX_SCHEDULE_RADIO_FAILED, action);
        return;
    }
    s->frequency = choose_frequency(s);
    if (s->rank == 1 && !is_confirmation(s)) {
        s->first_hz = s->frequency;
    }
    s->used |= sigfox_zone_micro_bit(s->settings.zone, s->centre_hz, s->frequency);
    sigfox_state_used(&s->state);
    s->phase = SENDING;
    action->type = SIGFOX_SCHEDULE_TRANSMIT;
    action->at_us = at_us;
    action->frequency = s->frequency;
    action->bit_rate = s->settings.bit_rate;
    action->data = s->data;
    action->len = (size_t)size;
}

static uint32_t gap_ms(const sigfox_schedule_t *s) {
    if (s->frame.downlink) {
        return SIGFOX_ZONE_ASKED_GAP_MS;
    }
    uint32_t gap = s->settings.gap_ms;
    uint32_t burst = s->frames * air_ms(s, sigfox_frame_size(&s->frame)) + (s->frames - 1u) * gap;
    if (has_access(s, SIGFOX_ZONE_BURST) && gap < SIGFOX_ZONE_BURST_GAP_MS && burst > SIGFOX_ZONE_BURST_MS) {
        return SIGFOX_ZONE_BURST_GAP_MS;
    }
    return gap;
}

// How long the frame in hand may look for a quiet channel.
static uint32_t sense_ms(const sigfox_schedule_t *s) {
    if (s->rank == 1) {
        return s->settings.sense_first_ms;
    }
    // The rest of the message shares SENSE_REST_MS with its gaps and inner frames.
    uint32_t rest = s->frames - 1u;
    uint32_t taken = rest * gap_ms(s) + (rest - 1) * air_ms(s, sigfox_frame_size(&s->frame));
    return taken < SIGFOX_ZONE_SENSE_REST_MS ? (SIGFOX_ZONE_SENSE_REST_MS - taken) / rest : 0;
}

static void next_frame(sigfox_schedule_t *s, uint64_t at_us, sigfox_schedule_action_t *action) {
    uint64_t latest_us = s->mark_us + SIGFOX_ZONE_CONFIRM_MAX_MS * MS; // of a confirmation
    if (is_confirmation(s) && at_us > latest_us) {
        finish(s, SIGFOX_SCHEDULE_OK, action);
        return;
    }
    if (!has_access(s, SIGFOX_ZONE_SENSE)) {
        transmit(s, at_us, action);
        return;
    }
    ++s->report.senses;
    s->phase = LISTENING;
    s->due_us = is_confirmation(s) ? latest_us : at_us + sense_ms(s) * MS;
    action->type = SIGFOX_SCHEDULE_LISTEN;
    action->at_us = at_us;
    action->until_us = s->due_us;
    action->frequency = s->centre_hz;
    action->threshold = s->settings.zone->sense_dbm;
}

// The counter goes to the store before anything goes on the air.
static void take_counter(sigfox_schedule_t *s, uint64_t at_us, sigfox_schedule_action_t *action) {
    bool store = sigfox_state_take(&s->state);
    s->frame.counter = s->state.counter;
    s->rank = 1;
    if (!store) {
        next_frame(s, at_us, action);
        return;
    }
    s->due_us = at_us;
    s->phase = STORING;
    sigfox_state_record(&s->state, s->data);
    action->type = SIGFOX_SCHEDULE_STORE;
    action->data = s->data;
    action->len = SIGFOX_STATE_RECORD_SIZE;
}

static void begin(sigfox_schedule_t *s, uint64_t now_us, sigfox_schedule_action_t *action) {
    s->used = 0;
    take_counter(s, now_us, action);
}

int sigfox_schedule_start(sigfox_schedule_t *s, const sigfox_schedule_message_t *message, uint64_t now_us, sigfox_schedule_action_t *action) {
    if (s->phase != IDLE) {
        return -NET_EBUSY;
    }
    sigfox_frame_t frame;
    int frames = make_frame(s, message, &frame);
    if (frames < 0) {
        return frames;
    }
    if (!sigfox_device_provisioned(s->settings.device)) {
        return -NET_ENETDOWN;
    }
    uint64_t from_us = when(s, &frame, frames, now_us);
    if (from_us - now_us > message->wait_us) {
        return -NET_ENOBUFS;
    }
    s->frame = frame;
    s->frames = (uint8_t)frames;
    s->centre_hz = sigfox_zone_macro_hz(s->settings.zone, message->macro_channel);
    s->report = (sigfox_schedule_report_t) { 0 };
    *action = (sigfox_schedule_action_t) { 0 };
    if (from_us == now_us) {
        begin(s, now_us, action);
    } else {
        s->phase = WAITING;
        s->due_us = from_us;
        action->type = SIGFOX_SCHEDULE_WAIT;
        action->until_us = from_us;
    }
    return 0;
}

static void receive(sigfox_schedule_t *s, sigfox_schedule_action_t *action) {
    const sigfox_zone_t *zone = s->settings.zone;
    uint64_t opens_us = s->mark_us + zone->window_after_ms * MS;
    s->phase = RECEIVING;
    s->due_us = opens_us + zone->window_ms * MS;
    action->type = SIGFOX_SCHEDULE_RECEIVE;
    action->at_us = opens_us;
    action->until_us = s->due_us;
    action->frequency = s->first_hz + (uint32_t)sigfox_zone_downlink_gap(zone);
}

// The frame in hand is over, sent or refused: the next one, or what follows them.
static void after_frame(sigfox_schedule_t *s, uint64_t now_us, sigfox_schedule_action_t *action) {
    if (s->rank < s->frames) {
        ++s->rank;
        next_frame(s, now_us + gap_ms(s) * MS, action);
    } else if (s->frame.downlink) {
        receive(s, action);
    } else {
        finish(s, SIGFOX_SCHEDULE_OK, action);
    }
}

static void account(sigfox_schedule_t *s, uint64_t end_us) {
    s->last_end_us = end_us;
    sigfox_duty_add(&s->duty, end_us, air_us(s, sigfox_frame_size(&s->frame)));
}

static void sent(sigfox_schedule_t *s, uint64_t now_us, sigfox_schedule_action_t *action) {
    account(s, now_us);
    if (is_confirmation(s)) {
        s->report.confirmed = true;
        finish(s, SIGFOX_SCHEDULE_OK, action);
        return;
    }
    ++s->report.frames;
    if (s->rank == 1) {
        s->mark_us = now_us;
    }
    after_frame(s, now_us, action);
}

// The channel stayed busy. Without frame 1 there is no message, and no receive
// window; the others are better left out than the rest with them.
static void refused(sigfox_schedule_t *s, uint64_t now_us, sigfox_schedule_action_t *action) {
    if (s->rank == 1) {
        finish(s, SIGFOX_SCHEDULE_CHANNEL_BUSY, action);
    } else {
        after_frame(s, now_us, action);
    }
}

static void received(sigfox_schedule_t *s, const sigfox_schedule_event_t *event, sigfox_schedule_action_t *action) {
    uint8_t payload[SIGFOX_DOWNLINK_PAYLOAD_SIZE];
    if (sigfox_downlink_decode(s->settings.device, s->frame.counter, event->frame, payload) < 0) {
        s->report.rejected += s->report.rejected < UINT8_MAX;
        receive(s, action);
        return;
    }
    s->report.downlink = true;
    s->phase = DELIVERING;
    s->mark_us = event->now_us;
    s->due_us = event->now_us + s->settings.confirm_ms * MS;
    sigfox_frame_confirmation(&s->frame, &s->settings.health, event->rssi);
    s->frame.downlink = false;
    s->frames = 1;
    memcpy(s->data, payload, sizeof(payload));
    action->type = SIGFOX_SCHEDULE_DELIVER;
    action->data = s->data;
    action->len = sizeof(payload);
    action->rssi = event->rssi;
}

static void done(sigfox_schedule_t *s, uint64_t now_us, sigfox_schedule_action_t *action) {
    switch (s->phase) {
        case STORING:
            sigfox_state_stored(&s->state);
            next_frame(s, s->due_us > now_us ? s->due_us : now_us, action);
            break;
        case LISTENING:
            transmit(s, now_us, action);
            break;
        case SENDING:
            sent(s, now_us, action);
            break;
        case DELIVERING:
            take_counter(s, s->due_us, action);
            break;
        default:
            break;
    }
}

static void timed_out(sigfox_schedule_t *s, uint64_t now_us, sigfox_schedule_action_t *action) {
    if (now_us < s->due_us) {
        return;
    }
    switch (s->phase) {
        case WAITING:
            begin(s, now_us, action);
            break;
        case LISTENING:
            refused(s, now_us, action);
            break;
        case RECEIVING:
            finish(s, SIGFOX_SCHEDULE_NO_DOWNLINK, action);
            break;
        default:
            break;
    }
}

// End the message early. What may have been on the air counts as sent whole.
static void give_up(sigfox_schedule_t *s, int result, uint64_t now_us, sigfox_schedule_action_t *action) {
    if (s->phase == SENDING) {
        account(s, now_us);
    }
    if (s->phase == STORING && result == SIGFOX_SCHEDULE_RADIO_FAILED) {
        result = SIGFOX_SCHEDULE_NOT_STORED;
    }
    finish(s, result, action);
}

void sigfox_schedule_step(sigfox_schedule_t *s, const sigfox_schedule_event_t *event, sigfox_schedule_action_t *action) {
    *action = (sigfox_schedule_action_t) { 0 };
    if (s->phase == IDLE) {
        return;
    }
    switch (event->type) {
        case SIGFOX_SCHEDULE_DONE:
            done(s, event->now_us, action);
            break;
        case SIGFOX_SCHEDULE_TIMEOUT:
            timed_out(s, event->now_us, action);
            break;
        case SIGFOX_SCHEDULE_FRAME:
            if (s->phase == RECEIVING) {
                received(s, event, action);
            }
            break;
        case SIGFOX_SCHEDULE_CANCEL:
            give_up(s, SIGFOX_SCHEDULE_CANCELLED, event->now_us, action);
            break;
        default:
            give_up(s, SIGFOX_SCHEDULE_RADIO_FAILED, event->now_us, action);
            break;
    }
}
