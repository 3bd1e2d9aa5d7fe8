// The owner of the radio for Sigfox.
// SPDX-License-Identifier: MIT
#include "sigfox/sigfox_engine.h"

#include <string.h>

#include "crypto/crypto.h"
#include "hal/hal.h"

#define MS (1000ull)
#define STATE_RECORD "sigfox"
// Between two looks at a busy channel.
#define SENSE_PAUSE_US (2000)
// After a reset of the chip, or until it says that it is ready.
#define RESET_PAUSE_US (100000)

sigfox_engine_t sigfox_engine;
static sigfox_engine_t *const engine = &sigfox_engine;

int sigfox_engine_say(int error, const char *format, int32_t a, int32_t b) {
    engine->error.format = format;
    engine->error.a = a;
    engine->error.b = b;
    return error;
}

/******************************************************************************/
// Queues

static uint8_t *tx_payload(int place) {
    return sigfox_engine_is_fsk() ? engine->fsk.tx[place] : engine->sigfox.tx[place];
}

static uint8_t *rx_payload(int place) {
    return sigfox_engine_is_fsk() ? engine->fsk.rx[place] : engine->sigfox.rx[place];
}

// Payloads of a mode lie side by side.
static size_t tx_room(void) {
    return sigfox_engine_is_fsk() ? SIGFOX_FSK_PAYLOAD_MAX : SIGFOX_FRAME_PAYLOAD_MAX;
}

static size_t rx_room(void) {
    return sigfox_engine_is_fsk() ? SIGFOX_FSK_PAYLOAD_MAX : SIGFOX_DOWNLINK_PAYLOAD_SIZE;
}

static void remove_message(int place, int error) {
    uint32_t number = engine->tx[place].number;
    engine->results[number % SIGFOX_RESULTS].number = number;
    engine->results[number % SIGFOX_RESULTS].error = (int16_t)error;
    --engine->tx_count;
    for (int i = place; i < engine->tx_count; ++i) {
        engine->tx[i] = engine->tx[i + 1];
        memcpy(tx_payload(i), tx_payload(i + 1), tx_room());
    }
    hal_notify();
}

void sigfox_engine_done(int error) {
    remove_message(0, error);
}

// A full queue loses its oldest: the newest is what the network said last.
void sigfox_engine_received(const uint8_t *data, size_t len, int16_t rssi) {
    if (engine->rx_count == SIGFOX_RX_MESSAGES) {
        sigfox_engine_say(0, "a received message was dropped: %d wait to be read", SIGFOX_RX_MESSAGES, 0);
        memmove(rx_payload(0), rx_payload(1), (SIGFOX_RX_MESSAGES - 1) * rx_room());
        memmove(engine->rx_len, engine->rx_len + 1, SIGFOX_RX_MESSAGES - 1);
        engine->rx_taken = 0;
        --engine->rx_count;
    }
    engine->rx_len[engine->rx_count] = (uint8_t)len;
    memcpy(rx_payload(engine->rx_count), data, len);
    ++engine->rx_count;
    engine->rssi = rssi;
    hal_notify();
}

int sigfox_engine_read(uint8_t *buf, size_t len, bool peek) {
    if (engine->rx_count == 0) {
        return -NET_EAGAIN;
    }
    size_t left = engine->rx_len[0] - engine->rx_taken;
    size_t count = len < left ? len : left;
    memcpy(buf, rx_payload(0) + engine->rx_taken, count);
    if (peek) {
        return (int)count;
    }
    engine->rx_taken += (uint8_t)count;
    if (engine->rx_taken == engine->rx_len[0]) {
        engine->rx_taken = 0;
        --engine->rx_count;
        memmove(engine->rx_len, engine->rx_len + 1, engine->rx_count);
        memmove(rx_payload(0), rx_payload(1), engine->rx_count * rx_room());
    }
    return (int)count;
}

int sigfox_engine_result(uint32_t number) {
    for (int i = 0; i < engine->tx_count; ++i) {
        if (engine->tx[i].number == number) {
            return -NET_EAGAIN;
        }
    }
    size_t i = number % SIGFOX_RESULTS;
    return engine->results[i].number == number ? engine->results[i].error : 0;
}

/******************************************************************************/
// Actions of the schedule

static uint32_t tuned(uint32_t frequency) {
    return frequency + (uint32_t)engine->offsets.frequency;
}

// Quiet over 200 kHz.
int sigfox_engine_sense(void) {
    radio_modulation_t modulation = {
        .frequency = tuned(engine->action.frequency), .modem = RADIO_FSK,
        .fsk = { .bit_rate = 50000, .deviation = 25000, .rx_bandwidth = SIGFOX_ZONE_SENSE_WIDTH_HZ / 2, .sync_len = 1 },
    };
    engine->sensing = true;
    return radio_sense(&modulation, (int16_t)(engine->action.threshold - engine->offsets.rssi),
        SIGFOX_ZONE_SENSE_QUIET_MS * MS);
}

int sigfox_engine_receive(void) {
    radio_modulation_t modulation = {
        .frequency = tuned(engine->action.frequency), .modem = RADIO_FSK,
        .fsk = {
            .bit_rate = SIGFOX_DOWNLINK_BIT_RATE, .deviation = SIGFOX_DOWNLINK_DEVIATION, .rx_bandwidth = 2600,
            .preamble = 5, .sync = { SIGFOX_DOWNLINK_SYNC >> 8, SIGFOX_DOWNLINK_SYNC & 0xff }, .sync_len = 2,
            .fixed_len = SIGFOX_DOWNLINK_FRAME_SIZE, .shaped = true,
        },
    };
    radio_rx_t rx = { .modulation = &modulation, .at_us = engine->action.at_us };
    engine->receiving = true;
    return radio_receive(&rx);
}

int sigfox_engine_transmit(void) {
    radio_stream_t stream = {
        .frequency = tuned(engine->action.frequency),
        .ramp = &engine->sigfox.ramp,
        .data = engine->action.data,
        .bits = (uint16_t)(engine->action.len * 8),
        .bit_rate = engine->action.bit_rate,
        .at_us = engine->action.at_us > hal_now_us() ? engine->action.at_us : 0,
    };
    engine->receiving = false;
    return radio_stream(&stream);
}

static void result(void) {
    static const char *const words[] = {
        [SIGFOX_SCHEDULE_NO_DOWNLINK] = "the message was sent, but no downlink came in its window of %d s",
        [SIGFOX_SCHEDULE_CHANNEL_BUSY] = "nothing was sent: the channel was busy for %d ms",
        [SIGFOX_SCHEDULE_NOT_STORED] = "nothing was sent: the message counter could not be stored",
        [SIGFOX_SCHEDULE_RADIO_FAILED] = "the radio chip failed while the message was under way",
        [SIGFOX_SCHEDULE_CANCELLED] = "the message was cancelled",
    };
    uint8_t what = engine->action.result;
    int error = engine->action.error;
    if (what == SIGFOX_SCHEDULE_NO_DOWNLINK) {
        sigfox_engine_say(0, words[what], engine->schedule.settings.zone->window_ms / 1000, 0);
        error = -NET_ETIMEDOUT; // what net_send_finish() calls it
    } else if (what != SIGFOX_SCHEDULE_OK) {
        sigfox_engine_say(0, words[what], (int32_t)engine->schedule.settings.sense_first_ms, 0);
    }
    engine->doing = SIGFOX_IDLE;
    engine->receiving = false;
    sigfox_engine_done(error);
}

// Begin the action in hand. True: it is over already, and event says how.
static bool begin_action(sigfox_schedule_event_t *event) {
    int ret = 0;
    engine->wake_us = RADIO_NEVER;
    engine->sensing = false;
    switch (engine->action.type) {
        case SIGFOX_SCHEDULE_WAIT:
            engine->wake_us = engine->action.until_us;
            break;
        case SIGFOX_SCHEDULE_STORE:
            ret = hal_store_write(STATE_RECORD, engine->action.data, engine->action.len);
            event->type = ret < 0 ? SIGFOX_SCHEDULE_FAILED : SIGFOX_SCHEDULE_DONE;
            return true;
        case SIGFOX_SCHEDULE_LISTEN:
            engine->wake_us = engine->action.at_us;
            break;
        case SIGFOX_SCHEDULE_TRANSMIT:
            ret = sigfox_engine_transmit();
            break;
        case SIGFOX_SCHEDULE_RECEIVE:
            engine->wake_us = engine->action.until_us;
            ret = engine->receiving ? 0 : sigfox_engine_receive();
            break;
        case SIGFOX_SCHEDULE_DELIVER:
            radio_sleep();
            engine->receiving = false;
            sigfox_engine_received(engine->action.data, engine->action.len, engine->action.rssi);
            event->type = SIGFOX_SCHEDULE_DONE;
            return true;
        case SIGFOX_SCHEDULE_RESULT:
            result();
            break;
        default:
            break;
    }
    event->type = SIGFOX_SCHEDULE_FAILED;
    return ret < 0;
}

// Carry actions out until one takes time.
static void carry_out(void) {
    sigfox_schedule_event_t event = { 0 };
    while (begin_action(&event)) {
        event.now_us = hal_now_us();
        sigfox_schedule_step(&engine->schedule, &event, &engine->action);
    }
}

static void report(sigfox_schedule_event_t *event) {
    sigfox_schedule_action_t action;
    sigfox_schedule_step(&engine->schedule, event, &action);
    if (action.type != SIGFOX_SCHEDULE_NONE) {
        engine->action = action;
        carry_out();
    }
}

static void report_type(int type, uint64_t now_us) {
    sigfox_schedule_event_t event = { .type = (uint8_t)type, .now_us = now_us };
    report(&event);
}

/******************************************************************************/
// The radio's view

static void heard(const radio_event_t *event) {
    if (engine->action.type != SIGFOX_SCHEDULE_RECEIVE || event->len != SIGFOX_DOWNLINK_FRAME_SIZE) {
        return;
    }
    uint8_t frame[SIGFOX_DOWNLINK_FRAME_SIZE];
    memcpy(frame, event->data, sizeof(frame));
    sigfox_schedule_event_t told = {
        .type = SIGFOX_SCHEDULE_FRAME, .frame = frame, .now_us = event->at_us,
        .rssi = (int16_t)(event->rssi + engine->offsets.rssi),
    };
    report(&told);
}

static void listened(const radio_event_t *event) {
    engine->sensing = false;
    if (!event->detected) {
        report_type(SIGFOX_SCHEDULE_DONE, event->at_us);
    } else if (event->at_us >= engine->action.until_us) {
        report_type(SIGFOX_SCHEDULE_TIMEOUT, event->at_us);
    } else {
        engine->wake_us = event->at_us + SENSE_PAUSE_US;
    }
}

static void engine_event(radio_owner_t *owner, const radio_event_t *event) {
    (void)owner;
    if (sigfox_engine_is_fsk()) {
        sigfox_fsk_event(event);
        return;
    }
    if (event->type == RADIO_FAULT) {
        engine->hold_us = 0; // the chip was set up anew
    }
    if (event->type == RADIO_FAULT || event->type == RADIO_TX_DONE) {
        sigfox_carrier_end();
    }
    if (engine->doing == SIGFOX_TEST) {
        sigfox_testmode_event(event);
    }
    if (engine->doing != SIGFOX_BUSY) {
        return;
    }
    if (event->type == RADIO_TX_DONE && engine->action.type == SIGFOX_SCHEDULE_TRANSMIT) {
        report_type(SIGFOX_SCHEDULE_DONE, event->at_us);
    } else if (event->type == RADIO_SENSE_DONE && engine->action.type == SIGFOX_SCHEDULE_LISTEN) {
        listened(event);
    } else if (event->type == RADIO_RX_DONE) {
        heard(event);
    } else if (event->type == RADIO_FAULT && engine->action.type != SIGFOX_SCHEDULE_WAIT) {
        report_type(SIGFOX_SCHEDULE_FAILED, event->at_us);
    }
}

static void action_due(uint64_t now_us) {
    engine->wake_us = RADIO_NEVER;
    if (engine->action.type != SIGFOX_SCHEDULE_LISTEN) {
        report_type(SIGFOX_SCHEDULE_TIMEOUT, now_us);
    } else if (now_us >= engine->action.until_us) {
        report_type(SIGFOX_SCHEDULE_TIMEOUT, now_us);
    } else if (!engine->sensing && sigfox_engine_sense() < 0) {
        report_type(SIGFOX_SCHEDULE_FAILED, now_us);
    }
}

static void describe(sigfox_schedule_message_t *message) {
    const sigfox_waiting_t *first = &engine->tx[0];
    *message = (sigfox_schedule_message_t) {
        .type = first->len > 0 ? SIGFOX_FRAME_BYTES : SIGFOX_FRAME_BIT,
        .repeats = SIGFOX_PARAM_REPEATS(first->param),
        .bit = (first->param & SIGFOX_PARAM_BIT) != 0,
        .downlink = (first->param & SIGFOX_PARAM_RX) != 0,
        .payload = tx_payload(0),
        .len = first->len,
        .wait_us = SIGFOX_WAIT_MAX_MS * MS,
    };
    if (first->param & SIGFOX_PARAM_OOB) {
        message->type = SIGFOX_FRAME_KEEP_ALIVE;
        message->downlink = false;
    }
    if (engine->schedule.settings.zone->access == SIGFOX_ZONE_HOPPING) {
        int channel = sigfox_zone_macro_nth(engine->config, engine->channel);
        engine->channel = channel == 0 ? 0 : engine->channel;
        message->macro_channel = (uint8_t)sigfox_zone_macro_nth(engine->config, engine->channel);
    }
}

static int refuse_for_air_time(const sigfox_schedule_message_t *message, uint64_t now_us) {
    uint64_t when_us = sigfox_schedule_when(&engine->schedule, message, now_us);
    int32_t s = when_us == UINT64_MAX ? INT32_MAX : (int32_t)((when_us - now_us + 999999) / 1000000);
    return sigfox_engine_say(-NET_ENOBUFS, "the band's rules (duty cycle, pause) leave no air time for %d s", s, 0);
}

// The radio is ours: the message in front begins.
static void begin_message(uint64_t now_us) {
    sigfox_schedule_message_t message;
    describe(&message);
    int ret = sigfox_schedule_start(&engine->schedule, &message, now_us, &engine->action);
    if (ret < 0) {
        if (ret == -NET_ENOBUFS) {
            refuse_for_air_time(&message, now_us);
        }
        engine->doing = SIGFOX_IDLE;
        sigfox_engine_done(ret);
        return;
    }
    ++engine->channel;
    engine->doing = SIGFOX_BUSY;
    carry_out();
}

// Another message, or none and no need of the radio.
static void advance(uint64_t now_us) {
    while (engine->doing == SIGFOX_ASKED || engine->doing == SIGFOX_IDLE) {
        if (engine->tx_count > 0 && now_us < engine->hold_us) {
            return;
        }
        if (engine->tx_count == 0) {
            engine->doing = SIGFOX_IDLE;
            radio_release(&engine->owner);
            return;
        }
        begin_message(now_us);
    }
}

static uint64_t engine_step(radio_owner_t *owner, uint64_t now_us) {
    (void)owner;
    if (sigfox_engine_is_fsk()) {
        return sigfox_fsk_step(now_us);
    }
    if (engine->doing == SIGFOX_BUSY && now_us >= engine->wake_us) {
        action_due(now_us);
    }
    if (engine->doing == SIGFOX_TEST) {
        uint64_t next_us = sigfox_testmode_step(now_us);
        if (engine->doing == SIGFOX_TEST) {
            return next_us;
        }
    }
    advance(now_us);
    if (engine->doing == SIGFOX_BUSY) {
        return engine->wake_us;
    }
    return engine->tx_count > 0 ? engine->hold_us : RADIO_NEVER;
}

/******************************************************************************/
// Messages to send

static int ask_for_radio(void) {
    if (engine->doing != SIGFOX_IDLE) {
        radio_step_soon();
        return 0;
    }
    int ret = radio_borrow(&engine->owner);
    if (ret == -NET_EBUSY) {
        return sigfox_engine_say(ret, "the radio is in use, and its user does not lend it", 0, 0);
    }
    engine->doing = SIGFOX_ASKED;
    return 0;
}

// What can be refused at once.
static int check_message(size_t len, uint32_t param) {
    (void)param;
    if (engine->doing == SIGFOX_OFF) {
        return sigfox_engine_say(-NET_ENETDOWN, "Sigfox is off: call network.Sigfox() first", 0, 0);
    }
    int32_t shown = len > INT32_MAX ? INT32_MAX : (int32_t)len;
    if (len > tx_room()) {
        return sigfox_engine_say(-NET_EMSGSIZE, "a payload of %d bytes is over %d", shown, (int32_t)tx_room());
    }
    if (engine->tx_count == SIGFOX_TX_MESSAGES) {
        return sigfox_engine_say(-NET_EAGAIN, "%d messages wait to be sent, there is no room for another",
            SIGFOX_TX_MESSAGES, 0);
    }
    if (sigfox_engine_is_fsk()) {
        return 0;
    }
    if (engine->state_bad) {
        return sigfox_engine_say(-NET_EIO, "the stored message counter is damaged: set it with sigfox.counter()", 0, 0);
    }
    if (!sigfox_device_provisioned(&engine->used)) {
        return sigfox_engine_say(-NET_ENETDOWN, "this device has no Sigfox number and key: use sigfox.provision()", 0, 0);
    }
    return 0;
}

// A queue that was empty: does the band let the message go within its time?
static int check_air_time(void) {
    if (engine->doing != SIGFOX_IDLE || engine->tx_count != 1) {
        return 0;
    }
    sigfox_schedule_message_t message;
    uint64_t now_us = hal_now_us();
    describe(&message);
    uint64_t when_us = sigfox_schedule_when(&engine->schedule, &message, now_us);
    return when_us - now_us <= message.wait_us ? 0 : refuse_for_air_time(&message, now_us);
}

int sigfox_engine_send(const void *buf, size_t len, uint32_t param) {
    int ret = check_message(len, param);
    if (ret < 0) {
        return ret;
    }
    engine->last = engine->last == INT32_MAX ? 1 : engine->last + 1; // a socket keeps it as an int
    engine->tx[engine->tx_count] = (sigfox_waiting_t) { engine->last, (uint8_t)param, (uint8_t)len };
    if (len > 0) {
        memcpy(tx_payload(engine->tx_count), buf, len);
    }
    ++engine->tx_count;
    ret = check_air_time();
    if (ret == 0) {
        ret = ask_for_radio();
    }
    if (ret < 0) {
        --engine->tx_count;
        return ret;
    }
    return (int)engine->last;
}

// Before its first frame a message can be taken back.
static bool has_begun(void) {
    if (engine->doing == SIGFOX_BUSY) {
        return engine->schedule.report.frames > 0 || engine->action.type == SIGFOX_SCHEDULE_TRANSMIT;
    }
    return engine->doing == SIGFOX_FSK_SENDS;
}

int sigfox_engine_cancel(uint32_t number) {
    int place = 0;
    while (place < engine->tx_count && engine->tx[place].number != number) {
        ++place;
    }
    if (place == engine->tx_count) {
        return -NET_ENOENT;
    }
    if (place == 0 && has_begun()) {
        return sigfox_engine_say(-NET_EALREADY, "the message was under way at the timeout; it goes on", 0, 0);
    }
    if (place == 0 && engine->doing == SIGFOX_BUSY) {
        report_type(SIGFOX_SCHEDULE_CANCEL, hal_now_us());
        radio_step_soon();
    } else {
        remove_message(place, -NET_ECANCELED);
        if (engine->doing == SIGFOX_ASKED && engine->tx_count == 0) {
            engine->doing = SIGFOX_IDLE;
            radio_release(&engine->owner);
        }
    }
    sigfox_engine_say(0, "the message was not sent within the timeout", 0, 0);
    return 0;
}

/******************************************************************************/
// Life

// Amplitudes that others found to give about 14 dBm; to be calibrated.
void sigfox_engine_make_ramp(void) {
    uint16_t bit_rate = sigfox_zone(engine->rcz)->bit_rate;
    sigfox_ramp_shape_t shape = { .bit_rate = bit_rate, .percent = SIGFOX_RAMP_PERCENT_MAX };
    if (bit_rate == 600) {
        shape.steps = 40;
        shape.top = 170;
        shape.even = true;
    } else {
        bool sx1272 = radio_chip() == RADIO_CHIP_SX1272;
        shape.steps = sx1272 ? 44 : 70;
        shape.top = sx1272 ? 88 : 70;
    }
    sigfox_ramp_compute(&engine->sigfox.shape, &shape);
    for (int n = 1; n <= shape.steps; ++n) {
        engine->sigfox.levels[n - 1] = sigfox_ramp_level(&engine->sigfox.shape, n);
    }
    engine->sigfox.ramp = (radio_ramp_t) {
        .at = engine->sigfox.shape.at, .level = engine->sigfox.levels, .span = engine->sigfox.shape.span,
        .steps = shape.steps,
    };
}

int sigfox_engine_configure(void) {
    const sigfox_zone_t *zone = sigfox_zone(engine->rcz);
    sigfox_schedule_settings_t settings;
    sigfox_schedule_defaults(&settings, zone);
    engine->used = engine->device;
    if (engine->public_key) {
        memcpy(engine->used.key, sigfox_device_public_key, sizeof(engine->used.key));
    }
    settings.device = &engine->used;
    if (zone->access == SIGFOX_ZONE_SENSE) {
        settings.sense_first_ms = engine->config[1];
    }
    radio_stream_t stream = { .ramp = &engine->sigfox.ramp, .bit_rate = settings.bit_rate };
    settings.lead_us = radio_stream_lead_us(&stream);
    int ret = sigfox_schedule_configure(&engine->schedule, &settings);
    return ret < 0 ? sigfox_engine_say(-NET_EBUSY, "a message is under way: wait until it has ended", 0, 0) : 0;
}

static void default_config(const sigfox_zone_t *zone) {
    memset(engine->config, 0, sizeof(engine->config));
    engine->channel = 0;
    if (zone->access == SIGFOX_ZONE_SENSE) {
        engine->config[0] = 3;
        engine->config[1] = SIGFOX_ZONE_SENSE_FIRST_MS;
    } else if (zone->access == SIGFOX_ZONE_HOPPING) {
        uint32_t channel = (zone->uplink_hz - 902200000) / 300000;
        engine->config[channel / 32] = 1u << channel % 32;
    }
}

int sigfox_start(void) {
    int ret = radio_start();
    hal_lock();
    if (ret < 0) {
        sigfox_engine_say(ret, "no radio: the board names no pins of one (USOCKET_RADIO_SCK), or it does not answer", 0, 0);
    } else if (!engine->started) {
        engine->started = true;
        sigfox_identity_read();
    }
    hal_unlock();
    return ret;
}

static int check_settings(const sigfox_settings_t *settings) {
    if (settings->mode != SIGFOX_MODE_SIGFOX && settings->mode != SIGFOX_MODE_FSK) {
        return sigfox_engine_say(-NET_EINVAL, "invalid mode %d: 0 is SIGFOX, 1 is FSK", settings->mode, 0);
    }
    if (settings->rcz < 0 || settings->rcz > SIGFOX_ZONE_RC7) {
        return sigfox_engine_say(-NET_EINVAL, "invalid rcz %d: 0..6 are RCZ1 to RCZ7", settings->rcz, 0);
    }
    if (settings->mode == SIGFOX_MODE_FSK && (settings->frequency < 863000000 || settings->frequency > 928000000)) {
        return sigfox_engine_say(-NET_EINVAL, "frequency %d out of range 863000000..928000000", settings->frequency, 0);
    }
    return 0;
}

// The way to send D-BPSK is known for one of the chip's two output pins only.
static int check_board(const sigfox_settings_t *settings) {
    if (radio_chip() == RADIO_CHIP_NONE) {
        return sigfox_engine_say(-NET_ENODEV, "no radio chip was found", 0, 0);
    }
    if (settings->mode == SIGFOX_MODE_SIGFOX && hal_board()->boost_from_hz > sigfox_zone(settings->rcz)->uplink_hz) {
        return sigfox_engine_say(-NET_EOPNOTSUPP, "this board cannot send Sigfox: its antenna is not on PA_BOOST", 0, 0);
    }
    return 0;
}

// Everything ends: what waits is cancelled, the radio goes back.
static void turn_off(void) {
    if (engine->doing == SIGFOX_BUSY) {
        report_type(SIGFOX_SCHEDULE_CANCEL, hal_now_us());
    }
    sigfox_carrier_end();
    sigfox_testmode_end(-NET_ECANCELED);
    while (engine->tx_count > 0) {
        remove_message(0, -NET_ECANCELED);
    }
    radio_release(&engine->owner);
    engine->rx_count = 0;
    engine->rx_taken = 0;
    engine->doing = SIGFOX_OFF;
    hal_notify();
}

static int turn_on(const sigfox_settings_t *settings) {
    engine->owner.event = engine_event;
    engine->owner.step = engine_step;
    engine->rcz = (uint8_t)settings->rcz;
    engine->frequency = (uint32_t)settings->frequency;
    if (settings->mode == SIGFOX_MODE_FSK) {
        return sigfox_fsk_begin();
    }
    engine->doing = SIGFOX_IDLE;
    const sigfox_zone_t *zone = sigfox_zone(engine->rcz);
    default_config(zone);
    sigfox_engine_make_ramp();
    return sigfox_engine_configure();
}

int sigfox_init(const sigfox_settings_t *settings) {
    hal_lock();
    int ret = check_settings(settings);
    if (ret == 0) {
        ret = check_board(settings);
    }
    if (ret == 0 && engine->tx_count > 0) {
        ret = sigfox_engine_say(-NET_EBUSY, "a message is under way: wait until it has ended", 0, 0);
    }
    if (ret == 0) {
        turn_off();
        ret = turn_on(settings);
    }
    hal_unlock();
    return ret;
}

void sigfox_deinit(void) {
    hal_lock();
    if (engine->doing != SIGFOX_OFF) {
        turn_off();
    }
    hal_unlock();
}

int sigfox_reset(void) {
    sigfox_settings_t settings;
    int ret = sigfox_settings(&settings);
    if (ret == 0) {
        hal_lock();
        bool ours = engine->doing == SIGFOX_BUSY || engine->doing == SIGFOX_TEST || sigfox_engine_is_fsk();
        turn_off();
        if (ours) {
            radio_reset();
            engine->hold_us = hal_now_us() + RESET_PAUSE_US;
        }
        ret = turn_on(&settings);
        hal_unlock();
    }
    return ret;
}
