// FSK from device to device: frames of 1 to 64 bytes, no network, no number. The
// radio is kept and listens between frames. Nobody prescribes the modulation; this
// one is for devices of this firmware.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "hal/hal.h"
#include "sigfox/sigfox_engine.h"

#define MS (1000ull)
#define POWER_DBM (14)
#define EUROPE_TO_HZ (870000000) // below, 1 % of an hour
#define FAULT_PAUSE_US (100000)

static sigfox_engine_t *const engine = &sigfox_engine;

static void modulation(radio_modulation_t *m) {
    *m = (radio_modulation_t) {
        .frequency = engine->frequency + (uint32_t)engine->offsets.frequency, .modem = RADIO_FSK,
        .fsk = {
            .bit_rate = 9600, .deviation = 9600, .rx_bandwidth = 25000, .afc_bandwidth = 50000, .preamble = 8,
            .sync = { 0x2d, 0xd4, 0x53, 0x46 }, .sync_len = 4, .crc = true, .whitening = true, .shaped = true,
        },
    };
}

static int listen(void) {
    radio_modulation_t m;
    modulation(&m);
    radio_rx_t rx = { .modulation = &m };
    engine->doing = SIGFOX_FSK_LISTENS;
    engine->receiving = radio_receive(&rx) == 0;
    return engine->receiving ? 0 : -NET_EIO;
}

int sigfox_fsk_begin(void) {
    radio_modulation_t m;
    const char *why = "";
    modulation(&m);
    if (radio_check(&m, &why) < 0) {
        return sigfox_engine_say(-NET_EINVAL, "the radio chip cannot do FSK at %d Hz", (int32_t)engine->frequency, 0);
    }
    if (radio_claim(&engine->owner) < 0) {
        return sigfox_engine_say(-NET_EBUSY, "the radio is in use by LoRa, and FSK has to keep it", 0, 0);
    }
    engine->doing = SIGFOX_FSK_LISTENS;
    engine->receiving = false;
    engine->wake_us = 0;
    return 0; // the first step listens
}

// The first time at which a frame may go; now where no rule is known.
static uint64_t allowed_us(const radio_modulation_t *m, size_t len, uint64_t now_us) {
    if (engine->frequency >= EUROPE_TO_HZ) {
        return now_us;
    }
    uint32_t air_ms = (radio_airtime_us(m, len) + 999) / 1000;
    return sigfox_duty_when(&engine->schedule.duty, now_us, air_ms, SIGFOX_ZONE_AIR_MS);
}

static void transmit(uint64_t now_us) {
    radio_modulation_t m;
    modulation(&m);
    radio_tx_t tx = { .modulation = &m, .power = POWER_DBM, .data = engine->fsk.tx[0], .len = engine->tx[0].len };
    engine->wake_us = allowed_us(&m, tx.len, now_us);
    if (engine->wake_us > now_us + SIGFOX_WAIT_MAX_MS * MS) {
        sigfox_engine_done(sigfox_engine_say(-NET_ENOBUFS, "the duty cycle leaves no air time for %d s",
            (int32_t)((engine->wake_us - now_us) / 1000000), 0));
    } else if (engine->wake_us <= now_us) {
        engine->receiving = false;
        engine->doing = SIGFOX_FSK_SENDS;
        if (radio_transmit(&tx) < 0) {
            sigfox_engine_done(sigfox_engine_say(-NET_EIO, "the radio chip does not answer", 0, 0));
            engine->doing = SIGFOX_FSK_LISTENS;
        }
    }
}

static void sent(const radio_event_t *event) {
    radio_modulation_t m;
    modulation(&m);
    sigfox_duty_add(&engine->schedule.duty, event->at_us, radio_airtime_us(&m, engine->tx[0].len));
    sigfox_engine_done(0);
    engine->doing = SIGFOX_FSK_LISTENS;
    engine->wake_us = 0;
}

void sigfox_fsk_event(const radio_event_t *event) {
    if (event->type == RADIO_TX_DONE && engine->doing == SIGFOX_FSK_SENDS) {
        sent(event);
    } else if (event->type == RADIO_RX_DONE && event->len <= SIGFOX_FSK_PAYLOAD_MAX) {
        sigfox_engine_received(event->data, event->len, (int16_t)(event->rssi + engine->offsets.rssi));
    } else if (event->type == RADIO_FAULT) {
        if (engine->doing == SIGFOX_FSK_SENDS) {
            sigfox_engine_done(sigfox_engine_say(-NET_EIO, "the radio chip failed while it sent", 0, 0));
        }
        engine->doing = SIGFOX_FSK_LISTENS;
        engine->receiving = false;
        engine->wake_us = 0;
    }
}

uint64_t sigfox_fsk_step(uint64_t now_us) {
    if (engine->doing == SIGFOX_FSK_SENDS) {
        return RADIO_NEVER;
    }
    while (engine->doing == SIGFOX_FSK_LISTENS && engine->tx_count > 0) {
        uint8_t before = engine->tx_count;
        transmit(now_us);
        if (engine->tx_count == before) {
            break; // it goes, or waits for air time
        }
    }
    if (engine->doing == SIGFOX_FSK_SENDS) {
        return RADIO_NEVER;
    }
    if (!engine->receiving && listen() < 0) {
        return now_us + FAULT_PAUSE_US;
    }
    return engine->tx_count > 0 ? engine->wake_us : RADIO_NEVER;
}
