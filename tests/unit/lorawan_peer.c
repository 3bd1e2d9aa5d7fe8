// SPDX-License-Identifier: MIT
#include "lorawan_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mbedtls/aes.h"

#include "crypto/crypto.h"

#include "lorawan/lorawan_internal.h"

#define DETECT_SYMBOLS (5) // of a preamble that the radio needs
#define PREAMBLE_SYMBOLS (8)

static uint32_t xorshift(void *ctx) {
    peer_t *p = ctx;
    p->seed ^= p->seed << 13;
    p->seed ^= p->seed >> 17;
    p->seed ^= p->seed << 5;
    return p->seed;
}

lorawan_config_t peer_config(uint8_t region) {
    return (lorawan_config_t) {
               .region = region,
               .device_class = LORAWAN_CLASS_A,
               .battery = 255,
               .max_power_dbm = 20,
               .clock_ppm = 20,
               .wake_us = 500,
               .on_demand = true,
               .dev_eui = { 1, 2, 3, 4, 5, 6, 7, 8 },
    };
}

static void init_mac(peer_t *p, lorawan_config_t config) {
    config.random = xorshift;
    config.random_ctx = p;
    (void)lorawan_init(&p->mac, &config, p->now_us);
}

void peer_start(peer_t *p, const lorawan_config_t *config) {
    lorawan_config_t standard = peer_config(LORAWAN_EU868);
    memset(p, 0, sizeof(*p));
    p->now_us = PEER_SECOND;
    p->seed = 0x12345678;
    p->heard = -1;
    p->store_end_us = UINT64_MAX;
    p->dev_addr = 0x26011234;
    memset(p->nwk_s_key, 0x11, 16);
    memset(p->app_s_key, 0x22, 16);
    memset(p->app_key, 0x33, 16);
    p->join_nonce = 1;
    init_mac(p, config == NULL ? standard : *config);
}

void peer_abp(peer_t *p) {
    const lorawan_abp_t abp = { p->dev_addr, p->nwk_s_key, p->app_s_key };
    (void)lorawan_join_abp(&p->mac, &abp);
}

int peer_otaa(peer_t *p) {
    static const uint8_t dev_eui[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    static const uint8_t join_eui[8] = { 9, 9, 9, 9, 9, 9, 9, 9 };
    const lorawan_otaa_t otaa = { dev_eui, join_eui, p->app_key, LORAWAN_DR_AUTO };
    return lorawan_join_otaa(&p->mac, &otaa, p->now_us);
}

int peer_reboot(peer_t *p) {
    p->radio = RADIO_OFF;
    p->air_count = 0;
    p->heard = -1;
    p->store_end_us = UINT64_MAX;
    p->dead = false;
    p->cut_after = 0;
    p->cut_before = 0;
    init_mac(p, p->mac.config);
    return p->has_stored ? lorawan_restore(&p->mac, &p->stored, sizeof(p->stored)) : 0;
}

static void parse_uplink(peer_t *p, const lorawan_action_t *a) {
    uint8_t copy[256];
    lorawan_frame_t f;
    peer_uplink_t *u = &p->uplink;
    memset(u, 0, sizeof(*u));
    memcpy(copy, a->transmit.data, a->transmit.len);
    u->type = copy[0] >> 5;
    u->dr = a->transmit.dr;
    u->channel = a->transmit.channel;
    u->frequency_hz = a->transmit.phy.frequency_hz;
    u->power_dbm = a->transmit.power_dbm;
    u->airtime_us = a->transmit.airtime_us;
    ++p->uplinks;
    if (u->type == LORAWAN_FRAME_JOIN_REQUEST) {
        u->dev_nonce = lorawan_frame_le16(copy + 17);
        return;
    }
    if (!lorawan_frame_parse(copy, a->transmit.len, &f)) {
        return;
    }
    u->fctrl = f.fctrl;
    u->fcnt = f.fcnt16;
    u->fopts_len = f.fopts_len;
    memcpy(u->fopts, f.fopts, f.fopts_len);
    u->has_port = f.has_port;
    u->port = f.port;
    u->payload_len = f.payload_len;
    lorawan_frame_nonce_t n = { p->nwk_s_key, p->dev_addr, p->fcnt_up_high << 16 | f.fcnt16, false };
    uint8_t mic[4];
    lorawan_frame_mic(&n, copy, a->transmit.len - 4u, mic);
    u->mic_good = memcmp(mic, copy + a->transmit.len - 4, 4) == 0 && f.addr == p->dev_addr;
    n.key = f.port == 0 ? p->nwk_s_key : p->app_s_key;
    lorawan_frame_cipher(&n, f.payload, f.payload_len);
    memcpy(u->payload, f.payload, f.payload_len);
}

static bool hears(const peer_t *p, const peer_air_t *a) {
    const lorawan_phy_t *phy = &p->receive.receive.phy;
    return a->phy.frequency_hz == phy->frequency_hz && a->phy.sf == phy->sf && a->phy.bw == phy->bw;
}

static uint64_t frame_end(const peer_air_t *a) {
    return a->start_us + lorawan_window_airtime_us(&a->phy, a->len, a->phy.sf == LORAWAN_FSK);
}

// A single window: it takes the frame whose preamble has enough symbols inside.
static void open_window(peer_t *p) {
    const lorawan_action_t *r = &p->receive;
    int64_t symbol = lorawan_window_symbol_us(&r->receive.phy);
    int64_t start = (int64_t)(r->receive.start_us > p->now_us ? r->receive.start_us : p->now_us);
    int64_t open = start + p->mac.config.wake_us;
    int64_t close = open + r->receive.symbols * symbol;
    p->radio_end_us = (uint64_t)close;
    p->heard = -1;
    for (int i = 0; i < p->air_count; ++i) {
        int64_t from = (int64_t)p->air[i].start_us, to = from + PREAMBLE_SYMBOLS * symbol;
        int64_t inside = (to < close ? to : close) - (from > open ? from : open);
        if (hears(p, &p->air[i]) && inside >= DETECT_SYMBOLS * symbol) {
            p->heard = i;
            p->radio_end_us = frame_end(&p->air[i]);
        }
    }
    p->rx_on_us += p->radio_end_us - (uint64_t)open;
}

static void receive(peer_t *p, const lorawan_action_t *a) {
    p->receive = *a;
    ++p->windows[a->receive.window];
    p->last_window[a->receive.window] = *a;
    p->radio = a->receive.window == LORAWAN_RXC ? RADIO_RXC : RADIO_RX;
    p->hears_from_us = p->now_us;
    if (p->radio == RADIO_RX) {
        open_window(p);
    }
}

static void event(peer_t *p, lorawan_event_t e) {
    e.time_us = p->now_us;
    lorawan_event(&p->mac, &e);
}

// Whatever happens now, the counter of this frame must not come again.
static void check_write_ahead(peer_t *p) {
    bool join = p->uplink.type == LORAWAN_FRAME_JOIN_REQUEST;
    p->unsafe |= !p->has_stored || (join ? p->stored.dev_nonce <= p->uplink.dev_nonce : p->stored.fcnt_up < p->mac.fcnt_up);
}

static void transmit(peer_t *p, const lorawan_action_t *a) {
    if (p->lbt_busy > 0 && a->transmit.listen_us > 0) {
        --p->lbt_busy;
        event(p, (lorawan_event_t) { .type = LORAWAN_TX_BUSY });
        return;
    }
    if (p->tx_fails) {
        event(p, (lorawan_event_t) { .type = LORAWAN_TX_FAILED });
        return;
    }
    parse_uplink(p, a);
    check_write_ahead(p);
    p->radio = RADIO_TX;
    p->radio_end_us = p->mute ? UINT64_MAX : p->now_us + a->transmit.airtime_us;
}

static void written(peer_t *p) {
    p->stored = p->writing;
    p->has_stored = true;
    p->store_end_us = UINT64_MAX;
    if (p->stores == p->cut_after) {
        p->dead = true;
        return;
    }
    event(p, (lorawan_event_t) { .type = LORAWAN_STORED });
}

static void store(peer_t *p, const lorawan_action_t *a) {
    ++p->stores;
    if (p->stores == p->cut_before) {
        p->dead = true;
        return;
    }
    if (p->store_fails) {
        event(p, (lorawan_event_t) { .type = LORAWAN_STORE_FAILED });
        return;
    }
    memcpy(&p->writing, a->store.data, a->store.len);
    p->store_end_us = p->now_us + p->store_us;
    if (p->store_us == 0) {
        written(p);
    }
}

static void drain(peer_t *p) {
    lorawan_action_t a;
    while (!p->dead && lorawan_next(&p->mac, p->now_us, &a) != LORAWAN_NONE) {
        switch (a.type) {
            case LORAWAN_TRANSMIT:
                transmit(p, &a);
                break;
            case LORAWAN_RECEIVE:
                receive(p, &a);
                break;
            case LORAWAN_STOP_RECEIVE:
                ++p->stops;
                p->radio = RADIO_OFF;
                break;
            case LORAWAN_STORE:
                store(p, &a);
                break;
            case LORAWAN_DELIVER:
                ++p->deliveries;
                p->delivery = a;
                p->unsafe |= a.deliver.group < 0 && p->stored.fcnt_down <= a.deliver.fcnt;
                memcpy(p->delivered, a.deliver.data, a.deliver.len);
                break;
            case LORAWAN_RESULT:
                ++p->results;
                p->result = a;
                break;
            case LORAWAN_INFO:
                ++p->infos;
                p->info = a;
                break;
            case LORAWAN_NONE:
                break;
        }
    }
}

// The next frame that a radio listening continuously takes.
static int next_continuous(const peer_t *p) {
    int found = -1;
    for (int i = 0; p->radio == RADIO_RXC && i < p->air_count; ++i) {
        bool from_now = p->air[i].start_us >= p->hears_from_us;
        if (from_now && hears(p, &p->air[i]) && (found < 0 || frame_end(&p->air[i]) < frame_end(&p->air[found]))) {
            found = i;
        }
    }
    return found;
}

static void hand_over(peer_t *p, int index, lorawan_window_t window) {
    peer_air_t got = p->air[index];
    p->air[index] = p->air[--p->air_count];
    memcpy(p->buffer, got.data, got.len < sizeof(p->buffer) ? got.len : sizeof(p->buffer));
    event(p, (lorawan_event_t) { .type = LORAWAN_RX_DONE, .window = window, .data = p->buffer, .len = got.len, .rssi_dbm = -90, .snr_db = 7 });
}

static void radio_event(peer_t *p) {
    int was = p->radio;
    p->radio = RADIO_OFF;
    p->radio_end_us = UINT64_MAX;
    if (was == RADIO_TX) {
        p->uplink.end_us = p->now_us;
        event(p, (lorawan_event_t) { .type = LORAWAN_TX_DONE });
        p->air_count = 0;
        if (p->on_uplink != NULL) {
            p->on_uplink(p);
        }
    } else if (p->heard >= 0) {
        int index = p->heard;
        p->heard = -1;
        hand_over(p, index, p->receive.receive.window);
    } else {
        event(p, (lorawan_event_t) { .type = LORAWAN_RX_TIMEOUT, .window = p->receive.receive.window });
    }
}

// One step in time; false when nothing more happens until the end.
static bool step(peer_t *p, uint64_t end_us) {
    drain(p);
    if (p->dead || (p->stop_at > 0 && p->results >= p->stop_at)) {
        return false;
    }
    uint64_t deadline = lorawan_deadline(&p->mac);
    uint64_t radio = p->radio == RADIO_TX || p->radio == RADIO_RX ? p->radio_end_us : UINT64_MAX;
    int continuous = next_continuous(p);
    uint64_t frame = continuous < 0 ? UINT64_MAX : frame_end(&p->air[continuous]);
    uint64_t at = deadline < radio ? deadline : radio;
    at = frame < at ? frame : at;
    at = p->store_end_us < at ? p->store_end_us : at;
    if (at > end_us) {
        p->now_us = end_us;
        return false;
    }
    p->idle_steps = at > p->now_us ? 0 : p->idle_steps + 1;
    if (p->idle_steps > 1000) { // the MAC wants to be called now, and has nothing to do
        fprintf(stderr, "the MAC's deadline stands still\n");
        abort();
    }
    p->now_us = at > p->now_us ? at : p->now_us;
    if (at == p->store_end_us) {
        written(p);
    } else if (at == radio) {
        radio_event(p);
    } else if (at == frame) {
        hand_over(p, continuous, LORAWAN_RXC);
    }
    return true;
}

void peer_run(peer_t *p, uint64_t for_us) {
    uint64_t end_us = p->now_us + for_us;
    while (step(p, end_us)) {
    }
}

int peer_finish(peer_t *p, uint64_t for_us) {
    uint64_t end_us = p->now_us + for_us;
    int results = p->results;
    p->stop_at = results + 1;
    while (step(p, end_us)) {
    }
    p->stop_at = 0;
    return p->results == results ? 1 : p->result.result.error;
}

int peer_send(peer_t *p, uint8_t port, const void *data, size_t len, bool confirmed) {
    const lorawan_uplink_t up = { .port = port, .dr = LORAWAN_DR_AUTO, .confirmed = confirmed, .data = data, .len = len };
    return lorawan_send(&p->mac, &up, p->now_us);
}

int peer_exchange(peer_t *p, bool confirmed) {
    int error = peer_send(p, 1, "hi", 2, confirmed);
    return error < 0 ? error : peer_finish(p, 2 * PEER_HOUR);
}

size_t peer_build(peer_t *p, const peer_downlink_t *d, uint8_t *out) {
    size_t at = 8;
    out[0] = (uint8_t)((d->confirmed ? LORAWAN_FRAME_CONFIRMED_DOWN : LORAWAN_FRAME_DATA_DOWN) << 5);
    lorawan_frame_put_le32(out + 1, p->dev_addr);
    out[5] = (uint8_t)(d->fctrl | d->fopts_len);
    out[6] = (uint8_t)p->fcnt_down;
    out[7] = (uint8_t)(p->fcnt_down >> 8);
    if (d->fopts_len > 0) {
        memcpy(out + at, d->fopts, d->fopts_len);
    }
    at += d->fopts_len;
    lorawan_frame_nonce_t n = { p->nwk_s_key, p->dev_addr, p->fcnt_down++, true };
    if (d->port >= 0) {
        out[at++] = (uint8_t)d->port;
        if (d->payload_len > 0) {
            memcpy(out + at, d->payload, d->payload_len);
        }
        n.key = d->port == 0 ? p->nwk_s_key : p->app_s_key;
        lorawan_frame_cipher(&n, out + at, d->payload_len);
        at += d->payload_len;
    }
    n.key = p->nwk_s_key;
    lorawan_frame_mic(&n, out, at, out + at);
    return at + 4;
}

void peer_put(peer_t *p, const uint8_t *data, size_t len, lorawan_window_t window, int32_t late_us) {
    peer_air_t *a = &p->air[p->air_count++];
    uint64_t delay = lorawan_window_delay_us(&p->mac, window);
    int64_t error = (int64_t)delay * p->clock_ppm / 1000000;
    uint8_t dr;
    a->start_us = p->mac.tx_end_us + delay + (uint64_t)error + (uint64_t)(int64_t)late_us;
    lorawan_window_rx_phy(&p->mac, window, &a->phy, &dr);
    a->len = len;
    memcpy(a->data, data, len < sizeof(a->data) ? len : sizeof(a->data));
}

void peer_answer(peer_t *p, const peer_downlink_t *d, lorawan_window_t window) {
    uint8_t frame[256];
    size_t len = peer_build(p, d, frame);
    peer_put(p, frame, len, window, 0);
}

void peer_command(peer_t *p, const void *commands, uint8_t len) {
    peer_downlink_t d = { .port = -1, .fopts = commands, .fopts_len = len };
    if (len > 15) {
        d = (peer_downlink_t) { .port = 0, .payload = commands, .payload_len = len };
    }
    peer_answer(p, &d, LORAWAN_RX1);
}

typedef struct {
    const void *commands;
    uint8_t len;
} ask_t;

static void ask(peer_t *p) {
    const ask_t *a = p->ctx;
    peer_command(p, a->commands, a->len);
    p->on_uplink = NULL;
}

void peer_ask(peer_t *p, const void *commands, uint8_t len) {
    ask_t a = { commands, len };
    p->ctx = &a;
    p->on_uplink = ask;
    (void)peer_exchange(p, false);
    p->on_uplink = NULL;
    (void)peer_exchange(p, false);
}

bool peer_answered(const peer_t *p, const void *fopts, uint8_t len) {
    return p->uplink.fopts_len == len && memcmp(p->uplink.fopts, fopts, len) == 0;
}

size_t peer_accept(peer_t *p, const peer_accept_t *a, uint8_t *out) {
    mbedtls_aes_context aes;
    size_t len = a->cflist != NULL ? 33 : 17;
    out[0] = LORAWAN_FRAME_JOIN_ACCEPT << 5;
    lorawan_frame_put_le32(out + 1, a->join_nonce);
    lorawan_frame_put_le32(out + 4, a->net_id);
    lorawan_frame_put_le32(out + 7, a->dev_addr);
    out[11] = a->dl_settings;
    out[12] = a->rx_delay;
    if (a->cflist != NULL) {
        memcpy(out + 13, a->cflist, 16);
    }
    uint8_t mic[16];
    const crypto_span_t span = { out, len - 4 };
    (void)crypto_cmac(p->app_key, &span, 1, mic);
    memcpy(out + len - 4, mic, 4);
    mbedtls_aes_init(&aes);
    mbedtls_aes_setkey_dec(&aes, p->app_key, 128);
    for (size_t at = 1; at < len; at += 16) {
        mbedtls_aes_crypt_ecb(&aes, MBEDTLS_AES_DECRYPT, out + at, out + at);
    }
    mbedtls_aes_free(&aes);
    lorawan_frame_join_t join = { .key = p->app_key, .dev_nonce = p->uplink.dev_nonce };
    lorawan_frame_accept_t keys = { .join_nonce = a->join_nonce, .net_id = a->net_id };
    (void)lorawan_frame_session_key(&join, &keys, 1, p->nwk_s_key);
    (void)lorawan_frame_session_key(&join, &keys, 2, p->app_s_key);
    p->dev_addr = a->dev_addr;
    p->fcnt_down = 0;
    return len;
}

void peer_accept_joins(peer_t *p) {
    if (p->uplink.type == LORAWAN_FRAME_JOIN_REQUEST) {
        uint8_t frame[64];
        const peer_accept_t a = { .join_nonce = p->join_nonce++, .net_id = 0x13, .dev_addr = 0x26010001, .dl_settings = p->mac.region->rx2_dr, .rx_delay = 1 };
        size_t len = peer_accept(p, &a, frame);
        peer_put(p, frame, len, LORAWAN_RX1, 0);
    }
}

void peer_acknowledge(peer_t *p) {
    peer_accept_joins(p);
    if (p->uplink.type == LORAWAN_FRAME_CONFIRMED_UP) {
        const peer_downlink_t ack = { .port = -1, .fctrl = LORAWAN_FRAME_FCTRL_ACK };
        peer_answer(p, &ack, LORAWAN_RX1);
    }
}
