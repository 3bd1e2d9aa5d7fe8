// One uplink, and one downlink, as the MAC's engine sees them; callgrind counts what
// is inside of uplink() and downlink(). argv[1]: how many.
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lorawan/lorawan.h"
#include "lorawan/lorawan_frame.h"

static lorawan_t mac;
static uint64_t now_us = 1000000;
static const uint8_t nwk_key[16] = { 1 }, app_key[16] = { 2 };
static uint32_t fcnt_down;
static uint64_t windows_us;

static uint32_t random_word(void *ctx) {
    (void)ctx;
    return (uint32_t)rand();
}

static void event(lorawan_event_type_t type, lorawan_window_t window) {
    const lorawan_event_t e = { .type = type, .window = window, .time_us = now_us };
    lorawan_event(&mac, &e);
}

// Do as the MAC says until a window is open; true: it is.
static bool go_on(lorawan_action_t *action) {
    for (;;) {
        switch (lorawan_next(&mac, now_us, action)) {
            case LORAWAN_NONE:
                return false;
            case LORAWAN_TRANSMIT:
                now_us += action->transmit.airtime_us;
                event(LORAWAN_TX_DONE, LORAWAN_RX1);
                break;
            case LORAWAN_STORE:
                event(LORAWAN_STORED, LORAWAN_RX1);
                break;
            case LORAWAN_RECEIVE:
                now_us = action->receive.start_us;
                return true;
            default:
                break;
        }
    }
}

// From send() to the end of both windows, or with stop to the first one.
__attribute__((noinline)) void uplink(bool confirmed, bool stop) {
    static const uint8_t data[20];
    const lorawan_uplink_t up = { .port = 2, .dr = 5, .confirmed = confirmed, .data = data, .len = sizeof(data) };
    lorawan_action_t action;
    if (lorawan_send(&mac, &up, now_us) < 0) {
        exit(1);
    }
    while (go_on(&action)) {
        if (stop) {
            return;
        }
        now_us += 6 * 1024;
        ++windows_us;
        event(LORAWAN_RX_TIMEOUT, action.receive.window);
    }
}

// A frame in RX1, with data for the application.
__attribute__((noinline)) void downlink(uint8_t *frame, size_t len) {
    lorawan_action_t action;
    now_us += 60000;
    const lorawan_event_t e = {
        .type = LORAWAN_RX_DONE, .window = LORAWAN_RX1, .time_us = now_us, .data = frame, .len = len, .rssi_dbm = -80,
    };
    lorawan_event(&mac, &e);
    while (go_on(&action)) {
        exit(2); // RX2 after a good frame
    }
}

static size_t build(uint8_t *out) {
    out[0] = 0x60;
    lorawan_frame_put_le32(out + 1, 1);
    out[5] = LORAWAN_FRAME_FCTRL_ACK;
    out[6] = (uint8_t)fcnt_down;
    out[7] = (uint8_t)(fcnt_down >> 8);
    out[8] = 2;
    memset(out + 9, 0x55, 20);
    lorawan_frame_nonce_t nonce = { app_key, 1, fcnt_down++, true };
    lorawan_frame_cipher(&nonce, out + 9, 20);
    nonce.key = nwk_key;
    lorawan_frame_mic(&nonce, out, 29, out + 29);
    return 33;
}

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 1;
    const lorawan_config_t config = {
        .region = LORAWAN_EU868, .no_duty_cycle = true, .max_power_dbm = 14, .clock_ppm = 50, .random = random_word,
    };
    const lorawan_abp_t abp = { 1, nwk_key, app_key };
    if (lorawan_init(&mac, &config, now_us) < 0 || lorawan_join_abp(&mac, &abp) < 0) {
        return 1;
    }
    for (int i = 0; i < count; ++i) {
        uint8_t frame[64];
        uplink(false, false);
        now_us += 1000000;
        uplink(true, true);
        downlink(frame, build(frame));
        now_us += 1000000;
    }
    lorawan_status_t status;
    lorawan_status(&mac, &status);
    printf("%u uplinks, %u downlinks\n", (unsigned)status.fcnt_up, (unsigned)status.fcnt_down);
    return status.fcnt_up == 2u * (unsigned)count && status.fcnt_down == (uint32_t)count ? 0 : 1;
}
