// A steady carrier, to calibrate a board on a bench: a stream of which no bit turns the
// phase, at a level that is asked for. Bounded, inside the zone's band, and on the
// account of the duty cycle like any frame.
// SPDX-License-Identifier: MIT
#include "hal/hal.h"
#include "sigfox/sigfox_engine.h"

#define BIT_RATE (50)
#define BITS (SIGFOX_CARRIER_MS * BIT_RATE / 1000)

static sigfox_engine_t *const engine = &sigfox_engine;
static uint64_t start_us;

static int check(int32_t frequency, int32_t level) {
    if (engine->doing == SIGFOX_OFF || sigfox_engine_is_fsk()) {
        return sigfox_engine_say(-NET_ENETDOWN, "a carrier needs network.Sigfox() in mode SIGFOX", 0, 0);
    }
    int32_t centre = (int32_t)sigfox_zone(engine->rcz)->uplink_hz;
    if (frequency < centre - SIGFOX_ZONE_WIDTH_HZ / 2 || frequency > centre + SIGFOX_ZONE_WIDTH_HZ / 2) {
        return sigfox_engine_say(-NET_EINVAL, "frequency %d is not in the zone's band, 96 kHz around %d", frequency, centre);
    }
    if (level < 1 || level >= RADIO_STREAM_LEVEL_LIMIT) {
        return sigfox_engine_say(-NET_EINVAL, "level %d out of range 1..%d", level, RADIO_STREAM_LEVEL_LIMIT - 1);
    }
    if (engine->doing != SIGFOX_IDLE) {
        return sigfox_engine_say(-NET_EBUSY, "a message or a carrier is under way", 0, 0);
    }
    uint64_t now_us = hal_now_us();
    bool limited = sigfox_zone(engine->rcz)->access == SIGFOX_ZONE_DUTY_CYCLE;
    if (limited && sigfox_duty_when(&engine->schedule.duty, now_us, SIGFOX_CARRIER_MS, SIGFOX_ZONE_AIR_MS) > now_us) {
        return sigfox_engine_say(-NET_ENOBUFS, "the duty cycle has no %d ms left", SIGFOX_CARRIER_MS, 0);
    }
    return 0;
}

static int transmit(int32_t frequency, int32_t level) {
    static const uint8_t ones[(BITS + 7) / 8] = { [0 ... (BITS + 7) / 8 - 1] = 0xff };
    for (int n = 0; n < engine->sigfox.shape.steps; ++n) {
        engine->sigfox.levels[n] = (uint8_t)((n + 1) * level / engine->sigfox.shape.steps);
    }
    radio_stream_t stream = {
        .frequency = (uint32_t)(frequency + engine->offsets.frequency), .ramp = &engine->sigfox.ramp, .data = ones,
        .bits = BITS, .bit_rate = BIT_RATE,
    };
    return radio_stream(&stream);
}

void sigfox_carrier_end(void) {
    if (engine->doing == SIGFOX_CARRIER) {
        uint64_t now_us = hal_now_us();
        sigfox_duty_add(&engine->schedule.duty, now_us, (uint32_t)(now_us - start_us));
        sigfox_engine_make_ramp();
        engine->doing = SIGFOX_IDLE;
    }
}

static int begin(int32_t frequency, int32_t level) {
    int ret = check(frequency, level);
    if (ret < 0) {
        return ret;
    }
    if (radio_borrow(&engine->owner) < 0) {
        radio_release(&engine->owner);
        return sigfox_engine_say(-NET_EBUSY, "LoRa is using the radio right now", 0, 0);
    }
    engine->doing = SIGFOX_CARRIER;
    start_us = hal_now_us();
    ret = transmit(frequency, level);
    if (ret < 0) {
        sigfox_carrier_end();
        radio_release(&engine->owner);
        return sigfox_engine_say(ret, "the radio chip refuses the carrier (errno %d)", -ret, 0);
    }
    return 0;
}

int sigfox_carrier(int32_t frequency, int32_t level) {
    hal_lock();
    int ret = begin(frequency, level);
    hal_unlock();
    return ret;
}

void sigfox_carrier_stop(void) {
    hal_lock();
    if (engine->doing == SIGFOX_CARRIER) {
        sigfox_carrier_end();
        radio_standby(); // ends the stream; what waits is sent, or the radio given back
        radio_step_soon();
    }
    hal_unlock();
}
