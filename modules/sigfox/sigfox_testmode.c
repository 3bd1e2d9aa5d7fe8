// Tests of a board on a bench: frames, carriers and reception that no network counts.
// Transmissions keep the band's rules and are on the account like any frame; nothing
// touches the message counter, and the device's own key is not used.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "hal/hal.h"
#include "sigfox/sigfox_engine.h"

#define MS (1000ull)
#define SENSE_PAUSE_US (2000)
#define SLICE_MS (50)
#define CARRIER_MS (200)
// Carriers stand in the middle of the hopping zones' micro channels, in every zone.
#define MICRO_HZ (25000)
#define PN9_SEED (0x1ff)

typedef struct {
    int32_t number;
    uint8_t mode;
    uint16_t item, items; // transmissions: the one in hand, and how many there are
    uint16_t pn9;
    int16_t error;
    uint32_t frequency; // of the transmission in hand
    uint64_t until_us; // of reception, or of looking for a quiet channel
    sigfox_device_t device;
    sigfox_testmode_report_t report;
    uint8_t data[SIGFOX_FRAME_SIZE_MAX];
} test_t;

static sigfox_engine_t *const engine = &sigfox_engine;
static test_t test;

static bool sends(int mode) {
    return mode == SIGFOX_TESTMODE_TX_BPSK || mode == SIGFOX_TESTMODE_TX_PROTOCOL || mode == SIGFOX_TESTMODE_TX_SYNTHESIS;
}

static bool needs_device(int mode) {
    return mode == SIGFOX_TESTMODE_TX_PROTOCOL || mode == SIGFOX_TESTMODE_RX_PROTOCOL || mode == SIGFOX_TESTMODE_RX_SENSITIVITY;
}

/******************************************************************************/
// What a transmission consists of

// One of each class of frame: a bit, and payloads of 1, 4, 8 and 12 bytes.
#define CLASSES (5)
#define MESSAGE_FRAMES (CLASSES * SIGFOX_FRAME_RANKS)

static int items_of(int mode) {
    static const uint8_t items[] = {
        [SIGFOX_TESTMODE_TX_BPSK] = 1,
        [SIGFOX_TESTMODE_TX_PROTOCOL] = MESSAGE_FRAMES,
        [SIGFOX_TESTMODE_TX_SYNTHESIS] = SIGFOX_ZONE_MICRO_CHANNELS,
    };
    return items[mode];
}

static void make_frame(int item, sigfox_frame_t *frame) {
    static const uint8_t lens[CLASSES] = { 0, 1, 4, 8, 12 };
    uint8_t len = lens[item / SIGFOX_FRAME_RANKS % CLASSES];
    *frame = (sigfox_frame_t) {
        .type = len > 0 ? SIGFOX_FRAME_BYTES : SIGFOX_FRAME_BIT, .len = len, .bit = true,
        .counter = (uint16_t)(SIGFOX_TESTMODE_COUNTER + item / SIGFOX_FRAME_RANKS),
        .payload = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 },
    };
}

static int size_of(int mode, int item) {
    if (mode == SIGFOX_TESTMODE_TX_BPSK) {
        return SIGFOX_FRAME_SIZE_MAX;
    }
    if (mode == SIGFOX_TESTMODE_TX_SYNTHESIS) {
        return (CARRIER_MS * engine->schedule.settings.bit_rate / 1000 + 7) / 8;
    }
    sigfox_frame_t frame;
    make_frame(item, &frame);
    return sigfox_frame_size(&frame);
}

// x^9 + x^5 + 1 (ITU-T O.153); the sequence goes on from frame to frame.
static void make_noise(void) {
    memset(test.data, 0, sizeof(test.data));
    for (int n = 0; n < SIGFOX_FRAME_SIZE_MAX * 8; ++n) {
        test.data[n / 8] |= (uint8_t)((test.pn9 & 1) << (7 - n % 8));
        test.pn9 = (uint16_t)(test.pn9 >> 1 | ((test.pn9 ^ test.pn9 >> 5) & 1) << 8);
    }
}

static int make_data(void) {
    if (test.mode == SIGFOX_TESTMODE_TX_PROTOCOL) {
        sigfox_frame_t frame;
        make_frame(test.item, &frame);
        return sigfox_frame_encode(&test.device, &frame, 1 + test.item % SIGFOX_FRAME_RANKS, test.data);
    }
    if (test.mode == SIGFOX_TESTMODE_TX_BPSK) {
        make_noise();
    } else {
        memset(test.data, 0xff, sizeof(test.data)); // no bit turns the phase
    }
    return size_of(test.mode, test.item);
}

// 0: any of the band.
static uint32_t wanted_hz(void) {
    const sigfox_zone_t *zone = engine->schedule.settings.zone;
    if (test.mode == SIGFOX_TESTMODE_TX_PROTOCOL) {
        return 0;
    }
    if (test.mode == SIGFOX_TESTMODE_TX_BPSK) {
        // Where zones hop, the centre is a border: the channel above it.
        return zone->uplink_hz + (zone->access == SIGFOX_ZONE_HOPPING ? MICRO_HZ / 2 : 0);
    }
    int place = test.item % SIGFOX_ZONE_MICRO_CHANNELS;
    return zone->uplink_hz + (uint32_t)((2 * place + 1 - SIGFOX_ZONE_MICRO_CHANNELS) * (MICRO_HZ / 2));
}

static uint32_t air_us(int size) {
    const sigfox_schedule_settings_t *settings = &engine->schedule.settings;
    return (uint32_t)size * 8 * 1000000 / settings->bit_rate + settings->lead_us;
}

/******************************************************************************/
// Its course

void sigfox_testmode_end(int error) {
    if (engine->doing != SIGFOX_TEST) {
        return;
    }
    if (engine->action.type == SIGFOX_SCHEDULE_TRANSMIT) { // counts as sent whole
        sigfox_schedule_aired(&engine->schedule, test.frequency, hal_now_us(), air_us((int)engine->action.len));
    }
    test.error = (int16_t)error;
    engine->action.type = SIGFOX_SCHEDULE_NONE;
    engine->sensing = engine->receiving = false;
    engine->doing = SIGFOX_IDLE;
    hal_notify();
}

static void failed(void) {
    sigfox_testmode_end(sigfox_engine_say(-NET_EIO, "the radio chip failed in the test, after %d transmissions or frames",
        test.report.good, 0));
}

static void transmit(void) {
    engine->action.type = SIGFOX_SCHEDULE_TRANSMIT;
    engine->action.frequency = test.frequency;
    if (sigfox_engine_transmit() < 0) {
        engine->action.type = SIGFOX_SCHEDULE_NONE; // nothing was on the air
        failed();
    }
}

static void sense(uint64_t now_us) {
    if (now_us >= test.until_us) {
        sigfox_testmode_end(sigfox_engine_say(-NET_EBUSY, "the test has ended: the channel was busy for %d ms, after %d transmissions",
            (int32_t)engine->schedule.settings.sense_first_ms, test.report.good));
    } else if (sigfox_engine_sense() < 0) {
        failed();
    }
}

static void next(uint64_t now_us) {
    const sigfox_schedule_settings_t *settings = &engine->schedule.settings;
    test.frequency = sigfox_schedule_tune(&engine->schedule, wanted_hz(), now_us, &engine->wake_us);
    if (test.frequency == 0) {
        return;
    }
    engine->wake_us = RADIO_NEVER;
    int size = make_data();
    if (size < 0) {
        failed();
        return;
    }
    engine->action = (sigfox_schedule_action_t) { .bit_rate = settings->bit_rate, .data = test.data, .len = (size_t)size };
    if (settings->zone->access != SIGFOX_ZONE_SENSE) {
        transmit();
        return;
    }
    engine->action.type = SIGFOX_SCHEDULE_LISTEN;
    engine->action.frequency = settings->zone->uplink_hz;
    engine->action.threshold = settings->zone->sense_dbm;
    test.until_us = now_us + settings->sense_first_ms * MS;
    sense(now_us);
}

static void receive(uint64_t now_us) {
    if (engine->receiving) {
        sigfox_testmode_end(0);
        return;
    }
    engine->action = (sigfox_schedule_action_t) {
        .type = SIGFOX_SCHEDULE_RECEIVE, .frequency = engine->schedule.settings.zone->downlink_hz,
    };
    test.until_us += now_us;
    engine->wake_us = test.until_us;
    if (sigfox_engine_receive() < 0) {
        failed();
    }
}

uint64_t sigfox_testmode_step(uint64_t now_us) {
    if (now_us >= engine->wake_us) {
        engine->wake_us = RADIO_NEVER;
        if (!sends(test.mode)) {
            receive(now_us);
        } else if (engine->action.type == SIGFOX_SCHEDULE_LISTEN) {
            sense(now_us);
        } else {
            next(now_us);
        }
    }
    return engine->wake_us;
}

static void sent(uint64_t at_us) {
    engine->action.type = SIGFOX_SCHEDULE_WAIT;
    sigfox_schedule_aired(&engine->schedule, test.frequency, at_us, air_us((int)engine->action.len));
    ++test.report.good;
    if (++test.item == test.items) {
        sigfox_testmode_end(0);
    } else {
        engine->wake_us = at_us + engine->schedule.settings.gap_ms * MS;
    }
}

static void heard(const radio_event_t *event) {
    if (event->len != SIGFOX_DOWNLINK_FRAME_SIZE) {
        return;
    }
    uint8_t payload[SIGFOX_DOWNLINK_PAYLOAD_SIZE];
    sigfox_testmode_report_t *report = &test.report;
    int16_t rssi = (int16_t)(event->rssi + engine->offsets.rssi);
    bool first = report->good == 0 && report->bad == 0;
    bool good = test.mode == SIGFOX_TESTMODE_RX_GFSK
        || sigfox_downlink_decode(&test.device, SIGFOX_TESTMODE_COUNTER, event->data, payload) >= 0;
    ++*(good ? &report->good : &report->bad);
    report->rssi = rssi;
    report->rssi_min = first || rssi < report->rssi_min ? rssi : report->rssi_min;
    report->rssi_max = first || rssi > report->rssi_max ? rssi : report->rssi_max;
}

void sigfox_testmode_event(const radio_event_t *event) {
    uint8_t type = engine->action.type;
    if (event->type == RADIO_TX_DONE && type == SIGFOX_SCHEDULE_TRANSMIT) {
        sent(event->at_us);
    } else if (event->type == RADIO_SENSE_DONE && type == SIGFOX_SCHEDULE_LISTEN) {
        if (event->detected) {
            engine->wake_us = event->at_us + SENSE_PAUSE_US;
        } else {
            transmit();
        }
    } else if (event->type == RADIO_RX_DONE && type == SIGFOX_SCHEDULE_RECEIVE) {
        heard(event);
    } else if (event->type == RADIO_FAULT && type != SIGFOX_SCHEDULE_WAIT) {
        failed();
    }
}

/******************************************************************************/
// To begin one, and to wait for its end

static int check_values(int32_t mode, int32_t config) {
    if (mode < 0 || mode > SIGFOX_TESTMODE_TX_SYNTHESIS) {
        return sigfox_engine_say(-NET_EINVAL, "invalid test mode %d: 0 TX BPSK, 1 TX protocol, 2 RX protocol, 3 RX GFSK, "
            "4 RX sensitivity, 5 TX synthesis", mode, 0);
    }
    int32_t most = sends(mode) ? SIGFOX_TESTMODE_ROUNDS_MAX : SIGFOX_TESTMODE_SECONDS_MAX;
    if (config < 1 || config > most) {
        return sigfox_engine_say(-NET_EINVAL, sends(mode) ? "config %d, rounds to send, out of range 1..%d"
            : "config %d, seconds to listen, out of range 1..%d", config, most);
    }
    return 0;
}

static int check_state(int32_t mode) {
    if (engine->doing == SIGFOX_OFF || sigfox_engine_is_fsk()) {
        return sigfox_engine_say(-NET_ENETDOWN, "a test needs network.Sigfox() in mode SIGFOX", 0, 0);
    }
    if (engine->doing != SIGFOX_IDLE || engine->tx_count > 0) {
        return sigfox_engine_say(-NET_EBUSY, "a message, a carrier or a test is under way", 0, 0);
    }
    if (needs_device(mode) && !sigfox_device_provisioned(&engine->device)) {
        return sigfox_engine_say(-NET_ENETDOWN, "this device has no Sigfox number and key: use sigfox.provision()", 0, 0);
    }
    return 0;
}

// All of it must fit into what the hour has left. Hopping zones pause in between.
static int check_air_time(int32_t mode, int32_t config) {
    if (!sends(mode) || engine->schedule.settings.zone->access != SIGFOX_ZONE_DUTY_CYCLE) {
        return 0;
    }
    uint32_t air_ms = 0;
    for (int item = 0; item < config * items_of(mode); ++item) {
        air_ms += (air_us(size_of(mode, item)) + 999) / 1000;
    }
    uint64_t now_us = hal_now_us();
    uint64_t when_us = sigfox_duty_when(&engine->schedule.duty, now_us, air_ms, SIGFOX_ZONE_AIR_MS);
    if (when_us == UINT64_MAX) {
        return sigfox_engine_say(-NET_ENOBUFS, "the test takes %d ms of air time, an hour has %d: use a smaller config",
            (int32_t)air_ms, SIGFOX_ZONE_AIR_MS);
    }
    if (when_us > now_us) {
        return sigfox_engine_say(-NET_ENOBUFS, "the duty cycle does not have the test's %d ms of air time for %d s",
            (int32_t)air_ms, (int32_t)((when_us - now_us + 999999) / 1000000));
    }
    return 0;
}

static int check(int32_t mode, int32_t config) {
    int ret = check_values(mode, config);
    if (ret == 0) {
        ret = check_state(mode);
    }
    return ret == 0 ? check_air_time(mode, config) : ret;
}

static int begin(int32_t mode, int32_t config) {
    int ret = check(mode, config);
    if (ret < 0) {
        return ret;
    }
    if (radio_borrow(&engine->owner) < 0) {
        radio_release(&engine->owner);
        return sigfox_engine_say(-NET_EBUSY, "LoRa is using the radio right now", 0, 0);
    }
    int32_t number = test.number == INT32_MAX ? 1 : test.number + 1;
    test = (test_t) { .number = number, .mode = (uint8_t)mode, .pn9 = PN9_SEED, .device = { .id = engine->device.id } };
    memcpy(test.device.key, sigfox_device_public_key, sizeof(test.device.key));
    if (sends(mode)) {
        test.items = (uint16_t)(config * items_of(mode));
    } else {
        test.until_us = (uint64_t)config * 1000 * MS; // from when the receiver is on
    }
    engine->doing = SIGFOX_TEST;
    engine->action = (sigfox_schedule_action_t) { .type = SIGFOX_SCHEDULE_WAIT };
    engine->receiving = false;
    engine->wake_us = engine->hold_us;
    radio_step_soon();
    return number;
}

int sigfox_testmode_begin(int32_t mode, int32_t config) {
    hal_lock();
    int ret = begin(mode, config);
    hal_unlock();
    return ret;
}

int sigfox_testmode_wait(int number, sigfox_testmode_report_t *report) {
    hal_lock();
    if (engine->doing == SIGFOX_TEST && test.number == number) {
        hal_wait(SLICE_MS);
    }
    int ret = -NET_ECANCELED;
    if (test.number == number) {
        ret = engine->doing == SIGFOX_TEST ? -NET_EAGAIN : test.error;
        *report = test.report;
    }
    hal_unlock();
    return ret;
}

void sigfox_testmode_stop(int number) {
    hal_lock();
    if (engine->doing == SIGFOX_TEST && test.number == number) {
        sigfox_testmode_end(sigfox_engine_say(-NET_ECANCELED, "the test was stopped", 0, 0));
        radio_standby(); // what waits is sent, or the radio given back
        radio_step_soon();
    }
    hal_unlock();
}
