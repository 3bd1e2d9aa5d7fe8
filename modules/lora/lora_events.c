// What happened, for those who ask: events, statistics, the last error, questions
// about the channel.
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "hal/hal.h"
#include "lora/lora_engine.h"
#include "lora/lora_settings.h"
#include "lora/lora_wan_engine.h"

// Before a hook that had no room is told again.
#define ANNOUNCE_AGAIN_US (5000)
#define EVENTS (3)

static lora_engine_t *const engine = &lora_engine;

/******************************************************************************/
// Events

void lora_events_add(uint8_t event) {
    engine->events.bits |= event;
    if (engine->events.trigger & event) {
        for (int i = 0; i < EVENTS; ++i) {
            if (event == 1 << i && engine->events.due[i] < UINT16_MAX) {
                engine->events.due[i] += 1;
            }
        }
    }
    hal_notify();
}

static bool is_due(void) {
    return engine->events.due[0] > 0 || engine->events.due[1] > 0 || engine->events.due[2] > 0;
}

uint64_t lora_events_announce(uint64_t now_us) {
    if (engine->events.hook == NULL || engine->events.announced || !is_due()) {
        return RADIO_NEVER;
    }
    engine->events.announced = engine->events.hook();
    return engine->events.announced ? RADIO_NEVER : now_us + ANNOUNCE_AGAIN_US;
}

// A script that was told of a frame may ask for its numbers before it reads it.
static void tell_of_front(uint8_t bits) {
    lora_frame_t frame;
    if ((bits & LORA_EVENT_RX) && lora_queue_front(&engine->rx, &frame)) {
        lora_events_read(&frame);
    }
}

uint8_t lora_events_take(void) {
    hal_lock();
    uint8_t bits = engine->events.bits;
    engine->events.bits = 0;
    tell_of_front(bits);
    hal_unlock();
    return bits;
}

void lora_events_trigger(uint8_t trigger) {
    hal_lock();
    engine->events.trigger = trigger;
    for (int i = 0; i < EVENTS; ++i) {
        if (!(trigger & 1 << i)) {
            engine->events.due[i] = 0;
        }
    }
    engine->events.announced = false;
    hal_notify(); // whoever waits for calls may have to end
    hal_unlock();
}

uint8_t lora_events_next(void) {
    hal_lock();
    uint8_t bits = 0;
    for (int i = 0; i < EVENTS; ++i) {
        if (engine->events.due[i] > 0) {
            engine->events.due[i] -= 1;
            bits |= 1 << i;
        }
    }
    if (bits == 0) {
        engine->events.announced = false;
    }
    engine->events.bits |= bits;
    tell_of_front(bits);
    hal_unlock();
    return bits;
}

void lora_events_hook(bool (*due)(void)) {
    hal_lock();
    engine->events.hook = due;
    engine->events.announced = false;
    hal_unlock();
}

void lora_wait(uint32_t timeout_ms) {
    hal_lock();
    hal_wait(timeout_ms);
    hal_unlock();
}

void lora_events_wait(uint32_t timeout_ms) {
    hal_lock();
    if (!is_due()) {
        hal_wait(timeout_ms);
    }
    hal_unlock();
}

/******************************************************************************/
// Statistics

void lora_events_heard(const lora_frame_t *frame) {
    if (!engine->told_read) {
        engine->told = *frame;
    }
}

void lora_events_read(const lora_frame_t *frame) {
    engine->told = *frame;
    engine->told_read = true;
}

void lora_stats(lora_stats_t *stats) {
    hal_lock();
    *stats = engine->sent;
    stats->rx_timestamp = engine->told.at_us;
    stats->rssi = engine->told.rssi;
    stats->snr_x4 = engine->told.snr_x4;
    stats->sfrx = engine->told.sf;
    hal_unlock();
}

void lora_counters(lora_counters_t *counters) {
    hal_lock();
    *counters = engine->counters;
    if (radio_chip() != RADIO_CHIP_NONE) {
        counters->faults = radio_counters()->faults;
        counters->lost_edges = radio_counters()->lost_edges;
    }
    hal_unlock();
}

void lora_last_error(lora_why_t *why) {
    hal_lock();
    why->text[0] = 0;
    if (engine->error.format != NULL) {
        snprintf(why->text, sizeof(why->text), engine->error.format, (int)engine->error.a, (int)engine->error.b);
    }
    hal_unlock();
}

const uint8_t *lora_eui(void) {
    return hal_board()->eui;
}

int32_t lora_airtime_us(size_t len) {
    lora_settings_t settings;
    int ret = lora_settings(&settings);
    if (ret < 0) {
        return ret;
    }
    if (len > LORA_PAYLOAD_MAX) {
        return -NET_EMSGSIZE;
    }
    if (settings.mode == LORA_MODE_LORAWAN) {
        return lora_wan_airtime_us(len);
    }
    radio_modulation_t modulation;
    lora_settings_modulation(&settings, true, &modulation);
    return (int32_t)radio_airtime_us(&modulation, len);
}

/******************************************************************************/
// Is the channel free?

int lora_sense(int16_t threshold, uint32_t time_us) {
    hal_lock();
    int ret = 0;
    if (engine->doing == LORA_OFF) {
        lora_engine_say("the radio is off: call network.LoRa() first", 0, 0);
        ret = -NET_ENETDOWN;
    } else if (engine->sense.state != LORA_SENSE_NONE) {
        lora_engine_say("another thread is in ischannel_free()", 0, 0);
        ret = -NET_EBUSY;
    } else {
        engine->sense.state = LORA_SENSE_WANTED;
        engine->sense.threshold = threshold;
        engine->sense.time_us = time_us;
        radio_step_soon();
    }
    hal_unlock();
    return ret;
}

int lora_sense_result(void) {
    hal_lock();
    int ret = -NET_EAGAIN;
    if (engine->sense.state == LORA_SENSE_KNOWN) {
        engine->sense.state = LORA_SENSE_NONE;
        ret = engine->sense.result;
    } else if (engine->sense.state == LORA_SENSE_NONE) {
        ret = -NET_EIO; // the radio was given back meanwhile
    }
    hal_unlock();
    return ret;
}

void lora_sense_cancel(void) {
    hal_lock();
    engine->sense.state = LORA_SENSE_NONE;
    hal_unlock();
}
