// The owner of the radio for LoRa.
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "hal/hal.h"
#include "lora/lora_engine.h"
#include "lora/lora_settings.h"
#include "lora/lora_wan_engine.h"

// Between two looks at a busy channel: a random time, so that two who wait do not
// start together; long enough to receive a short frame meanwhile.
#define BACKOFF_MIN_US (5000)
#define BACKOFF_SPREAD_US (45000)
// Before a chip that failed is asked again, and for how long a frame waits for that.
#define FAULT_PAUSE_US (100000)
#define FAULT_LIMIT_US (1000000)

lora_engine_t lora_engine;
static lora_engine_t *const engine = &lora_engine;

void lora_engine_say(const char *format, int32_t a, int32_t b) {
    engine->error.format = format;
    engine->error.a = a;
    engine->error.b = b;
}

/******************************************************************************/
// Frames that end, one way or another

static void fail_first(int error) {
    engine->counters.tx_failed += 1;
    lora_tx_remove(&engine->tx, 0, error);
    lora_events_add(LORA_EVENT_TX_FAILED);
}

static void cancel_all(void) {
    while (engine->tx.count > 0) {
        engine->counters.tx_cancelled += 1;
        lora_tx_remove(&engine->tx, 0, -NET_ECANCELED);
    }
}

void lora_engine_sense_known(int result) {
    if (engine->sense.state == LORA_SENSE_NOW) {
        engine->sense.state = LORA_SENSE_KNOWN;
        engine->sense.result = result;
        hal_notify();
    }
}

// The radio no longer does what it was asked for; its chip sleeps.
static void chip_failed(uint64_t now_us) {
    lora_tx_frame_t *first = lora_tx_at(&engine->tx, 0);
    if (engine->doing == LORA_SEND) {
        lora_engine_say("the radio chip failed while it sent a frame of %d bytes; part of it may have been heard",
            first->len, 0);
        fail_first(-NET_EIO);
        if (engine->next_offered) {
            lora_tx_at(&engine->tx, 0)->started = false;
        }
    } else if (engine->doing == LORA_LISTEN && first != NULL && first->since_us != 0
               && now_us - first->since_us > FAULT_LIMIT_US) {
        lora_engine_say("the radio chip does not answer, a frame of %d bytes was not sent", first->len, 0);
        fail_first(-NET_EIO);
    } else if (engine->doing == LORA_SENSE) {
        lora_engine_say("the radio chip failed while it listened", 0, 0);
        lora_engine_sense_known(-NET_EIO);
    }
    engine->doing = LORA_REST;
    engine->resting = false;
    engine->next_offered = false;
    engine->hold_us = now_us + FAULT_PAUSE_US;
}

static void channel_was_clear(const lora_tx_frame_t *frame, uint64_t at_us) {
    engine->clear_us = at_us;
    engine->clear_hz = frame->modulation.frequency;
}

static void frame_sent(uint64_t at_us) {
    const lora_tx_frame_t *frame = lora_tx_at(&engine->tx, 0);
    lora_stats_t *sent = &engine->sent;
    sent->sftx = frame->modulation.lora.sf;
    sent->tx_trials = 1;
    sent->tx_power = frame->power;
    sent->tx_time_on_air = (radio_airtime_us(&frame->modulation, frame->len) + 999) / 1000;
    sent->tx_counter += 1;
    sent->tx_frequency = frame->modulation.frequency;
    channel_was_clear(frame, at_us);
    engine->counters.tx_frames += 1;
    lora_tx_remove(&engine->tx, 0, 0);
    lora_events_add(LORA_EVENT_TX);
    if (!engine->next_offered) {
        engine->doing = LORA_REST;
        engine->resting = false;
    }
    engine->next_offered = false;
}

/******************************************************************************/
// The radio's events

static void frame_heard(const radio_event_t *event) {
    if (event->len == 0 || event->len > LORA_PAYLOAD_MAX) {
        return; // a frame without bytes cannot be told from no frame
    }
    lora_frame_t frame = {
        .at_us = (uint32_t)event->at_us,
        .rssi = event->rssi,
        .snr_x4 = event->snr_x4,
        .sf = engine->settings.sf,
        .len = event->len,
    };
    lora_events_heard(&frame);
    if (lora_queue_push(&engine->rx, &frame, event->data) < 0) {
        engine->counters.rx_dropped += 1;
        lora_engine_say("a received frame was dropped: %d wait to be read", engine->rx.frames, 0);
        return;
    }
    engine->counters.rx_frames += 1;
    lora_events_add(LORA_EVENT_RX);
}

// The channel was listened to before a frame is sent.
static void listened(const radio_event_t *event) {
    const lora_tx_frame_t *frame = lora_tx_at(&engine->tx, 0);
    engine->doing = LORA_REST;
    engine->resting = false;
    engine->hold_us = 0;
    if (frame == NULL || frame->since_us == 0) {
        return; // it was taken back meanwhile
    }
    if (!event->detected) {
        channel_was_clear(frame, event->at_us);
        return;
    }
    engine->counters.lbt_busy += 1;
    if (event->at_us - frame->since_us >= LORA_LBT_LIMIT_MS * 1000ULL) {
        lora_engine_say("the channel was busy for %d s (heard %d dBm), the frame was not sent",
            LORA_LBT_LIMIT_MS / 1000, event->rssi);
        fail_first(-NET_EBUSY);
        return;
    }
    uint32_t random;
    hal_random(&random, sizeof(random));
    engine->hold_us = event->at_us + BACKOFF_MIN_US + random % BACKOFF_SPREAD_US;
}

static void advance(uint64_t now_us);

static void engine_event(radio_owner_t *owner, const radio_event_t *event) {
    (void)owner;
    switch (event->type) {
        case RADIO_RX_DONE:
            frame_heard(event);
            break;
        case RADIO_RX_CRC_ERROR:
            engine->counters.rx_crc_errors += 1;
            break;
        case RADIO_TX_DONE:
            if (engine->doing == LORA_SEND) {
                frame_sent(event->at_us);
            }
            break;
        case RADIO_SENSE_DONE:
            if (engine->doing == LORA_LISTEN) {
                listened(event);
            } else if (engine->doing == LORA_SENSE) {
                lora_engine_sense_known(!event->detected);
                engine->doing = LORA_REST;
                engine->resting = false;
            }
            break;
        case RADIO_FAULT:
            chip_failed(event->at_us);
            engine->hold_us = engine->rest_us = 0; // it was set up anew
            break;
        default: // what was not asked for: set up what was
            engine->resting = false;
            break;
    }
    advance(hal_now_us());
}

/******************************************************************************/
// What to do next

// What the radio answered to an operation. The arguments were checked with the
// settings, so a refusal means that the chip is not what it was.
static void begun(int ret, lora_doing_t doing, uint64_t now_us) {
    engine->doing = doing;
    engine->resting = false;
    if (ret < 0) {
        chip_failed(now_us);
    }
}

static void transmit(lora_tx_frame_t *frame, uint64_t now_us) {
    radio_tx_t tx = {
        .modulation = &frame->modulation, .power = frame->power, .data = frame->data, .len = frame->len,
    };
    frame->started = true;
    engine->next_offered = false;
    engine->next_refused = false;
    begun(radio_transmit(&tx), LORA_SEND, now_us);
}

static void begin_frame(lora_tx_frame_t *frame, uint64_t now_us) {
    if (frame->since_us == 0) {
        frame->since_us = now_us;
    }
    bool is_clear = engine->clear_us != 0 && now_us - engine->clear_us < LORA_LBT_US;
    if (is_clear && engine->clear_hz == frame->modulation.frequency) {
        transmit(frame, now_us);
    } else {
        begun(radio_sense(&frame->modulation, LORA_LBT_DBM, LORA_LBT_US), LORA_LISTEN, now_us);
    }
}

int lora_engine_sense_begin(void) {
    radio_modulation_t modulation;
    lora_settings_modulation(&engine->settings, false, &modulation);
    engine->sense.state = LORA_SENSE_NOW;
    return radio_sense(&modulation, engine->sense.threshold, engine->sense.time_us);
}

// Give the chip the frame that follows while one is on the air.
static void offer_next(void) {
    const lora_tx_frame_t *first = lora_tx_at(&engine->tx, 0);
    lora_tx_frame_t *next = lora_tx_at(&engine->tx, 1);
    if (next == NULL || engine->next_offered || engine->next_refused || engine->sense.state == LORA_SENSE_WANTED) {
        return;
    }
    if (memcmp(&first->modulation, &next->modulation, sizeof(first->modulation)) != 0 || first->power != next->power
        || radio_transmit_next(next->data, next->len) < 0) {
        engine->next_refused = true; // it is sent when the first has ended
        return;
    }
    next->started = true;
    engine->next_offered = true;
}

static void rest(uint64_t now_us) {
    if (engine->resting || now_us < engine->rest_us) {
        return;
    }
    int ret;
    if (engine->settings.power_mode == LORA_ALWAYS_ON) {
        radio_modulation_t modulation;
        lora_settings_modulation(&engine->settings, false, &modulation);
        radio_rx_t rx = { .modulation = &modulation };
        ret = radio_receive(&rx);
    } else {
        ret = radio_sleep();
    }
    engine->resting = ret >= 0;
    engine->rest_us = ret >= 0 ? 0 : now_us + FAULT_PAUSE_US;
}

static void advance(uint64_t now_us) {
    if (engine->doing == LORA_REST) {
        lora_tx_frame_t *frame = lora_tx_at(&engine->tx, 0);
        if (now_us < engine->hold_us) {
            // not yet
        } else if (engine->sense.state == LORA_SENSE_WANTED) {
            begun(lora_engine_sense_begin(), LORA_SENSE, now_us);
        } else if (frame != NULL) {
            begin_frame(frame, now_us);
        }
    }
    if (engine->doing == LORA_SEND) {
        offer_next();
    } else if (engine->doing == LORA_REST) {
        rest(now_us);
    }
}

static uint64_t engine_step(radio_owner_t *owner, uint64_t now_us) {
    (void)owner;
    advance(now_us);
    uint64_t again = lora_events_announce(now_us);
    if (engine->doing != LORA_REST) {
        return again;
    }
    bool waits = engine->tx.count > 0 || engine->sense.state == LORA_SENSE_WANTED;
    if (waits && engine->hold_us < again) {
        again = engine->hold_us;
    }
    if (!engine->resting && engine->rest_us < again) {
        again = engine->rest_us;
    }
    return again;
}

// Between two frames the radio may go away for a while. Frames wait meanwhile.
static bool engine_lend(radio_owner_t *owner, bool away) {
    (void)owner;
    if (away && engine->doing != LORA_REST) {
        return false;
    }
    engine->lent = away;
    engine->resting = false;
    engine->clear_us = 0;
    return true;
}

/******************************************************************************/
// Frames to send

int lora_engine_send(uint32_t param, const void *buf, size_t len) {
    if (engine->doing == LORA_OFF) {
        lora_engine_say("the radio is off: call network.LoRa() first", 0, 0);
        return -NET_ENETDOWN;
    }
    if (engine->settings.power_mode == LORA_SLEEP) {
        lora_engine_say("the radio sleeps (LoRa.SLEEP): set another power_mode() to send", 0, 0);
        return -NET_ENETDOWN;
    }
    if (lora_wan.up) {
        return lora_wan_send(param, buf, len);
    }
    lora_tx_frame_t *frame = lora_tx_push(&engine->tx);
    if (frame == NULL) {
        lora_engine_say("%d frames wait to be sent, there is no room for another", LORA_TX_FRAMES, 0);
        return -NET_EAGAIN;
    }
    lora_settings_modulation(&engine->settings, true, &frame->modulation);
    frame->power = engine->settings.tx_power;
    frame->len = len;
    memcpy(frame->data, buf, len);
    radio_step_soon();
    return (int)frame->number;
}

int lora_engine_cancel(uint32_t number) {
    int place = lora_tx_place(&engine->tx, number);
    if (place < 0) {
        return -NET_ENOENT;
    }
    if (lora_tx_at(&engine->tx, place)->started) {
        lora_engine_say("the frame was still on the air at the timeout; it is sent nevertheless", 0, 0);
        return -NET_EALREADY;
    }
    if (place > 0) {
        lora_engine_say("the frame was not sent: %d others before it took longer than the timeout", place, 0);
    } else if (engine->lent) {
        lora_engine_say("the frame was not sent: Sigfox had the radio all the time", 0, 0);
    } else {
        lora_engine_say("the frame was not sent: the channel was not free within the timeout", 0, 0);
    }
    engine->counters.tx_cancelled += 1;
    lora_tx_remove(&engine->tx, place, -NET_ECANCELED);
    engine->next_refused = false;
    hal_notify(); // there is room
    return 0;
}

/******************************************************************************/
// Life

int lora_start(void) {
    int ret = radio_start();
    if (ret < 0) {
        hal_lock();
        lora_engine_say("no radio: the board names no pins of one (USOCKET_RADIO_SCK), or it does not answer", 0, 0);
        hal_unlock();
    }
    return ret;
}

static bool receives_the_same(const lora_settings_t *a, const lora_settings_t *b) {
    radio_modulation_t modulation_a, modulation_b;
    lora_settings_modulation(a, false, &modulation_a);
    lora_settings_modulation(b, false, &modulation_b);
    return a->power_mode == b->power_mode && memcmp(&modulation_a, &modulation_b, sizeof(modulation_a)) == 0;
}

// Everything in hand and everything that waits ends.
static void drop_work(void) {
    cancel_all();
    if (engine->sense.state == LORA_SENSE_WANTED) {
        engine->sense.state = LORA_SENSE_NOW;
    }
    lora_engine_sense_known(-NET_EIO);
    lora_wan_abandon();
    engine->doing = LORA_REST;
    engine->resting = false;
    engine->next_offered = false;
    engine->next_refused = false;
    engine->hold_us = 0;
    engine->rest_us = 0;
    engine->clear_us = 0;
    hal_notify();
}

static int take_radio(void) {
    if (radio_chip() == RADIO_CHIP_NONE) {
        return -NET_ENODEV;
    }
    int ret = radio_claim(&engine->owner);
    if (ret < 0) {
        lora_engine_say("the radio is in use by Sigfox", 0, 0);
    }
    return ret;
}

static void give_radio(void) {
    radio_release(&engine->owner);
    engine->lent = false;
    lora_wan_end();
    engine->doing = LORA_OFF;
}

static void begin_raw(const lora_settings_t *settings) {
    if (!receives_the_same(&engine->settings, settings) || lora_wan.up) {
        engine->resting = false;
    }
    lora_wan_end();
    engine->rest_us = 0;
}

// The task is in the middle of a write, without the lock.
static void wait_for_store(void) {
    enum { SLICE_MS = 10 };
    while (lora_wan.storing) {
        hal_wait(SLICE_MS);
    }
}

// record and len: what the store has for LoRaWAN.
static int begin(const lora_settings_t *settings, const lorawan_record_t *record, int len) {
    int ret = take_radio();
    if (ret < 0) {
        return ret;
    }
    bool fresh = engine->doing == LORA_OFF;
    if (fresh) {
        lora_tx_clear(&engine->tx);
        lora_queue_clear(&engine->rx);
        engine->doing = LORA_REST;
        engine->resting = false;
    } else if (engine->settings.mode != settings->mode) {
        drop_work();
    }
    if (settings->mode == LORA_MODE_LORAWAN) {
        ret = lora_wan_begin(settings, record, len);
    } else {
        begin_raw(settings);
    }
    if (ret < 0) {
        if (fresh) {
            give_radio();
        }
        return ret;
    }
    engine->owner = lora_wan.up ? lora_wan_owner
        : (radio_owner_t) { .event = engine_event, .step = engine_step, .lend = engine_lend };
    engine->settings = *settings;
    radio_step_soon();
    return 0;
}

static int begin_wan(const lora_settings_t *settings) {
    lorawan_record_t record;
    int len = lora_wan_store_read(&record); // may take milliseconds: not locked
    hal_lock();
    wait_for_store();
    int ret = begin(settings, &record, len);
    hal_unlock();
    volatile uint8_t *bytes = (uint8_t *)&record; // keys
    for (size_t i = 0; i < sizeof(record); ++i) {
        bytes[i] = 0;
    }
    return ret;
}

int lora_init(const lora_settings_t *settings) {
    if (settings->mode == LORA_MODE_LORAWAN) {
        return begin_wan(settings);
    }
    hal_lock();
    wait_for_store();
    int ret = begin(settings, NULL, 0);
    hal_unlock();
    return ret;
}

void lora_deinit(void) {
    hal_lock();
    wait_for_store();
    if (engine->doing != LORA_OFF) {
        drop_work();
        give_radio();
        lora_queue_clear(&engine->rx);
        engine->told_read = false;
        engine->sense.state = LORA_SENSE_NONE;
        memset(&engine->events, 0, sizeof(engine->events));
        memset(&engine->told, 0, sizeof(engine->told));
    }
    hal_unlock();
}

int lora_reset(void) {
    hal_lock();
    int ret = -NET_ENETDOWN;
    if (engine->lent) {
        lora_engine_say("Sigfox is using the radio: reset it when its message has ended", 0, 0);
        ret = -NET_EBUSY;
    } else if (engine->doing != LORA_OFF) {
        drop_work();
        ret = radio_reset();
        engine->hold_us = engine->rest_us = hal_now_us() + FAULT_PAUSE_US; // or when it is ready
        lora_wan.retry_us = engine->hold_us;
    }
    hal_unlock();
    return ret;
}

bool lora_is_up(void) {
    return engine->doing != LORA_OFF;
}

int lora_settings(lora_settings_t *settings) {
    hal_lock();
    int ret = engine->doing == LORA_OFF ? -NET_ENETDOWN : 0;
    if (ret == 0) {
        *settings = engine->settings;
    }
    hal_unlock();
    return ret;
}
