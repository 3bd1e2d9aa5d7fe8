// The air's frames and radios; sim_air_channel.c is what happens between them.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "sim_air_internal.h"
#include "sim_math.h"

// After its end a frame is kept for radios that are a little behind.
#define LINGER_NS UINT64_C(20000000)

static sim_air_slot_t slots[SIM_AIR_FRAMES];
static sim_air_radio_t *radios;
static sim_air_watch_t watcher;
static uint32_t last_id;
static uint32_t dropped;
static uint32_t frames_sent; // numbers are unique on the air, not only per source
static uint64_t lateness_ns;

void sim_air_reset(uint32_t seed) {
    for (size_t i = 0; i < SIM_AIR_FRAMES; ++i) {
        sim_time_cancel(&slots[i].event);
    }
    memset(slots, 0, sizeof(slots));
    radios = NULL;
    watcher = NULL;
    last_id = 0;
    dropped = 0;
    frames_sent = 0;
    lateness_ns = 0;
    sim_air_channel_reset(seed);
}

static bool taken(const sim_air_radio_t *but, uint32_t id) {
    for (const sim_air_radio_t *one = radios; one != NULL; one = one->next) {
        if (one != but && one->id == id) {
            return true;
        }
    }
    return false;
}

void sim_air_join(sim_air_radio_t *radio) {
    while (radio->id == 0 || taken(radio, radio->id)) {
        radio->id = ++last_id;
    }
    sim_air_radio_t **at = &radios;
    while (*at != NULL && *at != radio) {
        at = &(*at)->next;
    }
    if (*at == NULL) {
        radio->next = NULL;
        *at = radio;
    }
}

void sim_air_leave(sim_air_radio_t *radio) {
    for (sim_air_radio_t **at = &radios; *at != NULL; at = &(*at)->next) {
        if (*at == radio) {
            *at = radio->next;
            radio->next = NULL;
            return;
        }
    }
}

sim_air_slot_t *sim_air_slot(const sim_air_frame_t *frame) {
    return (sim_air_slot_t *)(uintptr_t)frame; // the frame is its slot's first member
}

sim_air_slot_t *sim_air_slots(void) {
    return slots;
}

void sim_air_watch(sim_air_watch_t watch) {
    watcher = watch;
}

static void report(const sim_air_radio_t *radio, const sim_air_frame_t *frame, sim_air_fate_t fate) {
    if (watcher != NULL) {
        watcher(radio, frame, fate);
    }
}

void sim_air_tell(const sim_air_radio_t *radio, const sim_air_frame_t *frame, sim_air_fate_t fate) {
    sim_air_slot(frame)->told = true;
    report(radio, frame, fate);
}

// Until when a slot must be kept: while a frame that it overlapped is on its way.
static uint64_t needed_until(const sim_air_slot_t *slot) {
    uint64_t until = 0;
    for (size_t i = 0; i < SIM_AIR_FRAMES; ++i) {
        const sim_air_slot_t *other = &slots[i];
        if (other != slot && other->used && other->frame.start_ns < slot->frame.end_ns) {
            uint64_t end = other->planned_end_ns;
            if (end != SIM_NEVER && end + LINGER_NS > until) {
                until = end + LINGER_NS;
            }
        }
    }
    return until;
}

static void slot_due(sim_event_t *event) {
    sim_air_slot_t *slot = (sim_air_slot_t *)((char *)event - offsetof(sim_air_slot_t, event));
    uint64_t now = sim_time_now();
    if (!slot->ended) {
        slot->ended = true;
        uint64_t keep = slot->planned_end_ns == SIM_NEVER ? slot->frame.end_ns : slot->planned_end_ns;
        sim_time_at(event, (keep > now ? keep : now) + LINGER_NS + lateness_ns);
        if (!slot->outside) {
            report(NULL, &slot->frame, SIM_AIR_SENT);
        }
        return;
    }
    if (!slot->told) {
        slot->told = true;
        report(NULL, &slot->frame, SIM_AIR_NOBODY);
    }
    uint64_t until = needed_until(slot);
    if (until > now) {
        sim_time_at(event, until);
    } else {
        slot->used = false;
    }
}

static sim_air_slot_t *new_slot(const sim_air_frame_t *frame) {
    for (size_t i = 0; i < SIM_AIR_FRAMES; ++i) {
        if (!slots[i].used) {
            sim_air_slot_t *slot = &slots[i];
            memset(slot, 0, sizeof(*slot));
            slot->frame = *frame;
            slot->used = true;
            slot->planned_end_ns = frame->end_ns;
            slot->event.fire = slot_due;
            sim_time_at(&slot->event, frame->end_ns);
            return slot;
        }
    }
    ++dropped;
    return NULL;
}

uint32_t sim_air_dropped(void) {
    return dropped;
}

static void let_hear(const sim_air_frame_t *frame) {
    for (sim_air_radio_t *radio = radios; radio != NULL; radio = radio->next) {
        if (radio->id != frame->source && radio->heard != NULL) {
            radio->heard(radio, frame);
        }
    }
}

static void tell_end(const sim_air_frame_t *frame) {
    for (sim_air_radio_t *radio = radios; radio != NULL; radio = radio->next) {
        if (radio->id != frame->source && radio->ended != NULL) {
            radio->ended(radio, frame);
        }
    }
}

const sim_air_frame_t *sim_air_transmit(sim_air_radio_t *radio, const sim_air_frame_t *frame) {
    sim_air_slot_t *slot = new_slot(frame);
    if (slot == NULL) {
        return NULL;
    }
    slot->frame.source = radio->id;
    slot->frame.number = ++frames_sent;
    slot->x_m = radio->x_m;
    slot->y_m = radio->y_m;
    report(NULL, &slot->frame, SIM_AIR_ON_AIR);
    let_hear(&slot->frame);
    return &slot->frame;
}

static void end_at(sim_air_slot_t *slot, uint64_t end_ns) {
    slot->frame.end_ns = end_ns;
    sim_time_at(&slot->event, end_ns);
    tell_end(&slot->frame);
}

void sim_air_abort(const sim_air_frame_t *frame) {
    sim_air_slot_t *slot = sim_air_slot(frame);
    uint64_t now = sim_time_now();
    if (slot->ended || slot->frame.end_ns <= now) {
        return;
    }
    if (slot->frame.end_ns != SIM_NEVER) {
        report(NULL, frame, SIM_AIR_ABORTED);
    }
    end_at(slot, now);
}

void sim_air_put(const sim_air_frame_t *frame, size_t at, uint8_t byte) {
    if (at < sizeof(frame->data)) {
        sim_air_slot(frame)->frame.data[at] = byte;
    }
}

void sim_air_retune(const sim_air_frame_t *frame, uint32_t frequency, int16_t power_x10) {
    sim_air_slot(frame)->frame.frequency = frequency;
    sim_air_slot(frame)->frame.power_x10 = power_x10;
}

void sim_air_spoil(const sim_air_frame_t *frame) {
    sim_air_slot(frame)->frame.crc_bad = true;
}

const sim_air_frame_t *sim_air_next(const sim_air_frame_t *before) {
    size_t i = before == NULL ? 0 : (size_t)(sim_air_slot(before) - slots) + 1;
    uint64_t now = sim_time_now();
    for (; i < SIM_AIR_FRAMES; ++i) {
        const sim_air_slot_t *slot = &slots[i];
        uint64_t end = slot->frame.end_ns;
        if (slot->used && (end == SIM_NEVER || end + (slot->outside ? lateness_ns : 0) > now)) {
            return &slot->frame;
        }
    }
    return NULL;
}

void sim_air_set_lateness(uint64_t ns) {
    lateness_ns = ns;
}

uint64_t sim_air_lateness(void) {
    return lateness_ns;
}

static sim_air_slot_t *find_outside(const sim_air_frame_t *frame) {
    for (size_t i = 0; i < SIM_AIR_FRAMES; ++i) {
        const sim_air_frame_t *one = &slots[i].frame;
        if (slots[i].used && slots[i].outside && one->source == frame->source && one->number == frame->number) {
            return &slots[i];
        }
    }
    return NULL;
}

void sim_air_from_outside(const sim_air_frame_t *frame, int32_t x_m, int32_t y_m) {
    sim_air_slot_t *slot = find_outside(frame);
    if (slot != NULL) {
        memcpy(slot->frame.data, frame->data, sizeof(slot->frame.data));
        slot->frame.len = frame->len;
        slot->frame.crc_bad = frame->crc_bad;
        if (!slot->ended && slot->frame.end_ns != frame->end_ns) {
            end_at(slot, frame->end_ns);
        }
        return;
    }
    slot = new_slot(frame);
    if (slot != NULL) {
        slot->outside = true;
        slot->x_m = x_m;
        slot->y_m = y_m;
        let_hear(&slot->frame);
    }
}
