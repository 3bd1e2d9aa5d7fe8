// The certification protocol on port 224 (LoRa Alliance TS009, package 6, version 1).
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

#include <string.h>

enum {
    PACKAGE_VERSION = 0x00,
    DUT_RESET = 0x01,
    DUT_JOIN = 0x02,
    SWITCH_CLASS = 0x03,
    ADR_BIT_CHANGE = 0x04,
    REGIONAL_DUTY_CYCLE = 0x05,
    TX_PERIODICITY = 0x06,
    TX_FRAMES = 0x07,
    ECHO_PAYLOAD = 0x08,
    RX_APP_CNT = 0x09,
    RX_APP_CNT_RESET = 0x0a,
    LINK_CHECK = 0x20,
    DEVICE_TIME = 0x21,
    TX_CW = 0x7d,
    PORT_DISABLE = 0x7e,
    VERSIONS = 0x7f,
};

#define PORT (224)
#define FRAMES_CONFIRMED (2)

static void reply(lorawan_t *l, const uint8_t *data, size_t len, uint64_t now_us) {
    uint8_t room = lorawan_room(l, l->record.dr);
    lorawan_uplink_t uplink = {
        .port = PORT,
        .dr = LORAWAN_DR_AUTO,
        .confirmed = l->cert.frame_type == FRAMES_CONFIRMED,
        .data = data,
        .len = len < room ? len : room, // an echo that is too long is cut
    };
    if (lorawan_send(l, &uplink, now_us) == 0) {
        l->own = true;
    }
}

static void tell_engine(lorawan_t *l, uint8_t command, uint8_t arg) {
    l->cert.command = command;
    l->cert.arg = arg;
    l->pending |= LORAWAN_PENDING_CERT;
}

static void set_periodicity(lorawan_t *l, uint8_t code, uint64_t now_us) {
    static const uint16_t seconds[] = { 0, 5, 10, 20, 30, 40, 50, 60, 120, 240, 480 };
    if (code < sizeof(seconds) / sizeof(seconds[0])) {
        l->cert.periodicity = code;
        l->cert.due_us = code == 0 ? LORAWAN_FOREVER : now_us + seconds[code] * LORAWAN_SECOND_US;
    }
}

static void echo(lorawan_t *l, uint8_t *data, uint8_t len, uint64_t now_us) {
    for (uint8_t i = 1; i < len; ++i) {
        ++data[i];
    }
    reply(l, data, len, now_us);
}

static void versions(lorawan_t *l, uint64_t now_us) {
    // Firmware, LoRaWAN 1.0.4, RP002-1.0.4.
    static const uint8_t answer[] = { VERSIONS, 0, 1, 0, 0, 1, 0, 4, 0, 2, 1, 0, 4 };
    reply(l, answer, sizeof(answer), now_us);
}

// Commands with one byte of argument.
static void set(lorawan_t *l, const uint8_t *data, uint64_t now_us) {
    switch (data[0]) {
        case SWITCH_CLASS:
            if (lorawan_set_class(l, data[1]) == 0) {
                tell_engine(l, LORAWAN_CERT_CLASS, data[1]);
            }
            break;
        case ADR_BIT_CHANGE:
            l->config.adr = data[1] != 0;
            break;
        case REGIONAL_DUTY_CYCLE:
            l->config.no_duty_cycle = data[1] == 0;
            break;
        case TX_PERIODICITY:
            set_periodicity(l, data[1], now_us);
            break;
        case TX_FRAMES:
            l->cert.frame_type = data[1] == 0 ? l->cert.frame_type : data[1];
            break;
        default:
            break;
    }
}

static void continuous_wave(lorawan_t *l, const uint8_t *data) {
    l->cert.cw_hz = lorawan_frame_le24(data + 3) * 100;
    l->cert.cw_dbm = (int8_t)data[6];
    tell_engine(l, LORAWAN_CERT_TX_CW, data[1]);
}

static void query(lorawan_t *l, uint8_t *data, uint8_t len, uint64_t now_us) {
    const uint8_t package[] = { PACKAGE_VERSION, 6, 1 };
    const uint8_t count[] = { RX_APP_CNT, (uint8_t)l->cert.rx_count, (uint8_t)(l->cert.rx_count >> 8) };
    switch (data[0]) {
        case PACKAGE_VERSION:
            reply(l, package, sizeof(package), now_us);
            break;
        case DUT_RESET:
        case DUT_JOIN:
            tell_engine(l, data[0], 0);
            break;
        case ECHO_PAYLOAD:
            echo(l, data, len, now_us);
            break;
        case RX_APP_CNT:
            reply(l, count, sizeof(count), now_us);
            break;
        case RX_APP_CNT_RESET:
            l->cert.rx_count = 0;
            break;
        case LINK_CHECK:
            lorawan_request_link(l);
            break;
        case DEVICE_TIME:
            lorawan_request_time(l);
            break;
        case PORT_DISABLE:
            l->cert.disabled = true;
            l->cert.due_us = LORAWAN_FOREVER;
            break;
        case VERSIONS:
            versions(l, now_us);
            break;
        default:
            break;
    }
}

void lorawan_certification_received(lorawan_t *l, uint8_t *data, uint8_t len, uint64_t now_us) {
    if (data[0] >= SWITCH_CLASS && data[0] <= TX_FRAMES && len >= 2) {
        set(l, data, now_us);
    } else if (data[0] == TX_CW && len >= 7) {
        continuous_wave(l, data);
    } else {
        query(l, data, len, now_us);
    }
}

void lorawan_certification_step(lorawan_t *l, uint64_t now_us) {
    if (now_us < l->cert.due_us) {
        return;
    }
    const uint8_t count[] = { RX_APP_CNT, (uint8_t)l->cert.rx_count, (uint8_t)(l->cert.rx_count >> 8) };
    set_periodicity(l, l->cert.periodicity, now_us);
    reply(l, count, sizeof(count), now_us);
}
