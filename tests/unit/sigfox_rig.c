// A device in virtual time for the schedule's tests.
// SPDX-License-Identifier: MIT
#include "sigfox_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RSSI (-110)

static void must(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "the schedule broke its contract: %s\n", what);
        abort();
    }
}

static rig_event_t *note(rig_t *rig, int kind, uint64_t at_us) {
    must(rig->logged < SIGFOX_RIG_LOG, "a message ends");
    rig_event_t *event = &rig->log[rig->logged++];
    *event = (rig_event_t) { .kind = (uint8_t)kind, .at_us = at_us };
    return event;
}

static void keep(rig_event_t *event, const sigfox_schedule_action_t *action) {
    event->len = (uint8_t)action->len;
    memcpy(event->bits, action->data, action->len);
}

static void power_up(rig_t *rig, int zone) {
    sigfox_schedule_settings_t settings;
    memset(&rig->schedule, 0, sizeof(rig->schedule));
    sigfox_schedule_defaults(&settings, sigfox_zone(zone));
    settings.device = &rig->device;
    must(sigfox_schedule_configure(&rig->schedule, &settings) == 0, "the defaults are allowed");
    rig->cut_at = rig->fail_at = rig->cancel_at = -1;
    rig->off = false;
}

void rig_start(rig_t *rig, int zone, uint16_t counter) {
    memset(rig, 0, sizeof(*rig));
    rig->device = (sigfox_device_t) { 0x00a1b2c3, { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } };
    rig->now_us = 1000000000;
    power_up(rig, zone);
    sigfox_state_new(&rig->schedule.state, rig->device.id);
    sigfox_state_continue(&rig->schedule.state, counter, 0);
    sigfox_state_record(&rig->schedule.state, rig->record);
}

void rig_restart(rig_t *rig, int zone) {
    power_up(rig, zone);
    must(sigfox_state_load(&rig->schedule.state, rig->record, sizeof(rig->record)) == 0, "the store holds a record");
}

static void store(rig_t *rig, const sigfox_schedule_action_t *action) {
    sigfox_state_t stored;
    must(sigfox_state_load(&stored, action->data, action->len) == 0, "what is stored is a record");
    memcpy(rig->record, action->data, action->len);
    ++rig->stores;
    rig->now_us += rig->store_ms * 1000ull;
    note(rig, RIG_STORED, rig->now_us)->value = stored.counter;
}

static void later(rig_t *rig, uint64_t at_us) {
    rig->now_us = at_us > rig->now_us ? at_us : rig->now_us;
}

static void transmit(rig_t *rig, const sigfox_schedule_action_t *action) {
    sigfox_network_uplink_t uplink;
    sigfox_state_t stored;
    later(rig, action->at_us);
    rig_event_t *event = note(rig, RIG_SEND, rig->now_us);
    event->hz = action->frequency;
    keep(event, action);
    must(sigfox_network_uplink(rig->device.key, action->data, action->len, &uplink) == SIGFOX_NETWORK_OK, "the network reads each frame");
    sigfox_state_load(&stored, rig->record, sizeof(rig->record));
    must(stored.counter == uplink.counter, "what is on the air is in the store");
    event->value = uplink.counter;
    rig->now_us += action->len * 8 * 1000000 / action->bit_rate;
    note(rig, RIG_SENT, rig->now_us);
}

static void listen(rig_t *rig, const sigfox_schedule_action_t *action, sigfox_schedule_event_t *report) {
    later(rig, action->at_us);
    rig_event_t *event = note(rig, RIG_SENSE, rig->now_us);
    event->hz = action->frequency;
    event->until_us = action->until_us;
    event->value = action->threshold;
    int number = rig->schedule.report.senses - 1;
    if (rig->busy >> number & 1) {
        rig->now_us = action->until_us;
        report->type = SIGFOX_SCHEDULE_TIMEOUT;
        note(rig, RIG_BUSY, rig->now_us);
    } else {
        rig->now_us += SIGFOX_ZONE_SENSE_QUIET_MS * 1000;
        note(rig, RIG_CLEAR, rig->now_us);
    }
}

// The last counter that was heard on the air asked for this answer.
static void reply_frame(const rig_t *rig, rig_reply_t reply, uint8_t *frame) {
    sigfox_device_t other = rig->device;
    uint16_t counter = (uint16_t)rig_find(rig, RIG_SEND, 0)->value;
    if (reply == RIG_FOREIGN) {
        other.id ^= 0x10000;
    } else if (reply == RIG_OLD) {
        counter = (counter - 1) & 0xfff;
    }
    sigfox_network_downlink(&other, counter, rig->answer, frame);
    if (reply == RIG_NOISE) {
        memset(frame, 0xa5, 9);
    }
}

static void receive(rig_t *rig, const sigfox_schedule_action_t *action, sigfox_schedule_event_t *report, uint8_t *frame) {
    later(rig, action->at_us);
    rig_event_t *event = note(rig, RIG_RECEIVE, rig->now_us);
    event->hz = action->frequency;
    event->until_us = action->until_us;
    rig_reply_t reply = rig->replies[rig->schedule.report.rejected];
    if (reply == RIG_SILENCE || rig->now_us + 2000000 > action->until_us) {
        later(rig, action->until_us);
        report->type = SIGFOX_SCHEDULE_TIMEOUT;
        note(rig, RIG_NOTHING, rig->now_us);
        return;
    }
    rig->now_us += 2000000;
    reply_frame(rig, reply, frame);
    report->type = SIGFOX_SCHEDULE_FRAME;
    report->frame = frame;
    report->rssi = RSSI;
    note(rig, RIG_FRAME, rig->now_us);
}

static void carry_out(rig_t *rig, const sigfox_schedule_action_t *action, sigfox_schedule_event_t *report, uint8_t *frame) {
    report->type = SIGFOX_SCHEDULE_DONE;
    switch (action->type) {
        case SIGFOX_SCHEDULE_WAIT:
            note(rig, RIG_WAIT, rig->now_us)->until_us = action->until_us;
            later(rig, action->until_us);
            report->type = SIGFOX_SCHEDULE_TIMEOUT;
            break;
        case SIGFOX_SCHEDULE_STORE:
            store(rig, action);
            break;
        case SIGFOX_SCHEDULE_LISTEN:
            listen(rig, action, report);
            break;
        case SIGFOX_SCHEDULE_TRANSMIT:
            transmit(rig, action);
            break;
        case SIGFOX_SCHEDULE_RECEIVE:
            receive(rig, action, report, frame);
            break;
        case SIGFOX_SCHEDULE_DELIVER: {
            rig_event_t *event = note(rig, RIG_DELIVER, rig->now_us);
            event->value = action->rssi;
            keep(event, action);
            break;
        }
        default:
            must(false, "an action is one of those");
    }
}

int rig_send(rig_t *rig, const sigfox_schedule_message_t *message) {
    sigfox_schedule_action_t action;
    uint8_t frame[SIGFOX_DOWNLINK_FRAME_SIZE];
    rig->logged = 0;
    int ret = sigfox_schedule_start(&rig->schedule, message, rig->now_us, &action);
    for (rig->actions = 0; ret == 0 && action.type != SIGFOX_SCHEDULE_RESULT; ++rig->actions) {
        sigfox_schedule_event_t report = { 0 };
        rig->off = rig->actions == rig->cut_at;
        bool skip = (rig->off && !rig->cut_late && action.type == SIGFOX_SCHEDULE_STORE) || rig->actions == rig->fail_at;
        if (skip) {
            report.type = SIGFOX_SCHEDULE_FAILED;
        } else {
            carry_out(rig, &action, &report, frame);
        }
        if (rig->off) {
            return 0;
        }
        if (rig->actions == rig->cancel_at) {
            report.type = SIGFOX_SCHEDULE_CANCEL;
        }
        report.now_us = rig->now_us;
        sigfox_schedule_step(&rig->schedule, &report, &action);
    }
    rig->result = action;
    must(ret < 0 || sigfox_schedule_idle(&rig->schedule), "a result ends the message");
    return ret;
}

const rig_event_t *rig_find(const rig_t *rig, int kind, int n) {
    for (int i = 0; i < rig->logged; ++i) {
        if (rig->log[i].kind == kind && n-- == 0) {
            return &rig->log[i];
        }
    }
    return NULL;
}
