// Frames, keys, air times and commands that others computed (tests/vectors/lorawan.json).
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "crypto/crypto.h"
#include "lorawan/lorawan_frame.h"
#include "lorawan_peer.h"

typedef struct {
    const char *id;
    const uint8_t *phy;
    size_t len;
    uint32_t addr;
    uint32_t fcnt;
    bool up;
    uint8_t fctrl;
    const uint8_t *fopts;
    size_t fopts_len;
    uint8_t port;
    const uint8_t *payload;
    size_t payload_len;
    const uint8_t *nwk_key;
    const uint8_t *app_key;
} frame_vector_t;

typedef struct {
    const char *id;
    const uint8_t *phy;
    size_t len;
    const uint8_t *key;
    const uint8_t *join_eui;
    const uint8_t *dev_eui;
    uint16_t dev_nonce;
} request_vector_t;

typedef struct {
    const char *id;
    const uint8_t *phy;
    size_t len;
    const uint8_t *key;
    uint32_t join_nonce;
    uint32_t net_id;
    uint32_t dev_addr;
    uint8_t dl_settings;
    uint8_t rx_delay;
    uint16_t dev_nonce;
    const uint8_t *nwk_key; // or NULL
    const uint8_t *app_key;
} accept_vector_t;

typedef struct {
    const char *id;
    const uint8_t *key;
    uint32_t join_nonce;
    uint32_t net_id;
    uint16_t dev_nonce;
    const uint8_t *nwk_key;
    const uint8_t *app_key;
} keys_vector_t;

typedef struct {
    lorawan_modulation_t modulation;
    size_t len;
    uint32_t us;
} airtime_vector_t;

typedef struct {
    bool up;
    const uint8_t *bytes;
    size_t len;
    const char *meaning;
} command_vector_t;

#include "lorawan_vectors.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void a_frame_is_taken_apart(const frame_vector_t *v) {
    uint8_t data[256], mic[4];
    lorawan_frame_t f;
    memcpy(data, v->phy, v->len);
    CHECK(lorawan_frame_parse(data, v->len, &f), "a frame of the vectors is a data frame");
    CHECK(f.addr == v->addr && f.fcnt16 == (uint16_t)v->fcnt, "address and counter are read");
    CHECK((f.fctrl & 0xf0) == (v->fctrl & 0xf0), "the bits of FCtrl are read");
    CHECK(f.fopts_len == v->fopts_len && memcmp(f.fopts, v->fopts, v->fopts_len) == 0, "FOpts are read");
    CHECK(f.has_port && f.port == v->port && f.payload_len == v->payload_len, "port and payload are found");
    lorawan_frame_nonce_t n = { v->nwk_key, v->addr, v->fcnt, !v->up };
    CHECK(lorawan_frame_mic(&n, data, v->len - 4, mic) == 0 && memcmp(mic, v->phy + v->len - 4, 4) == 0, "the MIC is the vector's");
    n.key = v->port == 0 ? v->nwk_key : v->app_key;
    lorawan_frame_cipher(&n, f.payload, f.payload_len);
    CHECK(memcmp(f.payload, v->payload, v->payload_len) == 0, "the payload is deciphered");
}

// The MAC itself sends the vector's frame, where the vector is an uplink with no commands.
static void an_uplink_is_made(const frame_vector_t *v) {
    if (!v->up || v->fopts_len > 0 || v->port == 0) {
        return;
    }
    peer_t p;
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.adr = v->fctrl & LORAWAN_FRAME_FCTRL_ADR;
    peer_start(&p, &config);
    const lorawan_abp_t abp = { v->addr, v->nwk_key, v->app_key };
    (void)lorawan_join_abp(&p.mac, &abp);
    p.mac.fcnt_up = v->fcnt;
    CHECK(peer_send(&p, v->port, v->payload, v->payload_len, v->phy[0] == 0x80) == 0, "an uplink of the vectors is accepted");
    CHECK(p.mac.frame_len == v->len && memcmp(p.mac.frame, v->phy, v->len) == 0, "the MAC sends the vector's bytes");
}

static void a_join_request_is_made(const request_vector_t *v) {
    uint8_t frame[LORAWAN_FRAME_JOIN_REQUEST_LEN];
    const lorawan_frame_join_t join = { v->key, v->join_eui, v->dev_eui, v->dev_nonce };
    CHECK(lorawan_frame_join_request(&join, frame) == 0 && v->len == sizeof(frame), "a Join-Request has 23 bytes");
    CHECK(memcmp(frame, v->phy, sizeof(frame)) == 0, "a Join-Request has the vector's bytes");
}

static void check_keys(const keys_vector_t *v) {
    uint8_t key[16];
    const lorawan_frame_join_t join = { .key = v->key, .dev_nonce = v->dev_nonce };
    const lorawan_frame_accept_t accept = { .join_nonce = v->join_nonce, .net_id = v->net_id };
    CHECK(lorawan_frame_session_key(&join, &accept, 1, key) == 0 && memcmp(key, v->nwk_key, 16) == 0, "NwkSKey is the vector's");
    CHECK(lorawan_frame_session_key(&join, &accept, 2, key) == 0 && memcmp(key, v->app_key, 16) == 0, "AppSKey is the vector's");
}

static void a_join_accept_is_read(const accept_vector_t *v) {
    uint8_t data[64];
    lorawan_frame_accept_t a;
    memcpy(data, v->phy, v->len);
    CHECK(lorawan_frame_join_accept(v->key, data, v->len, &a) == 0, "the MIC of a Join-Accept is good");
    CHECK(a.join_nonce == v->join_nonce && a.net_id == v->net_id && a.dev_addr == v->dev_addr, "nonce, network and address are read");
    CHECK(a.dl_settings == v->dl_settings && a.rx_delay == v->rx_delay && a.cflist == NULL, "settings are read");
    if (v->nwk_key != NULL) {
        const keys_vector_t keys = { v->id, v->key, v->join_nonce, v->net_id, v->dev_nonce, v->nwk_key, v->app_key };
        check_keys(&keys);
    }
    memcpy(data, v->phy, v->len);
    data[5] ^= 1;
    CHECK(lorawan_frame_join_accept(v->key, data, v->len, &a) == -NET_EACCES, "a damaged Join-Accept is refused");
}

// Each command of the network is understood as a whole: a DevStatusReq after it is answered.
static void a_command_is_read(const command_vector_t *v) {
    static const uint8_t not_1_0_4[] = { 0x0c, 0x0e, 0x0f, 0x10, 0x11 };
    if (v->up) {
        return;
    }
    peer_t p;
    uint8_t commands[16];
    peer_start(&p, NULL);
    peer_abp(&p);
    memcpy(commands, v->bytes, v->len);
    commands[v->len] = 0x06;
    peer_ask(&p, commands, (uint8_t)(v->len + 1));
    bool last = p.uplink.fopts_len >= 3 && p.uplink.fopts[p.uplink.fopts_len - 3] == 0x06;
    bool known = memchr(not_1_0_4, v->bytes[0], sizeof(not_1_0_4)) == NULL;
    CHECK(last == known, v->meaning);
}

static void fsk_air_time_is_ttns(void) {
    const lorawan_modulation_t fsk = { .sf = LORAWAN_FSK };
    CHECK(lorawan_airtime_us(&fsk, 200) == 33760, "200 bytes of FSK take 33.76 ms");
}

int main(void) {
    for (size_t i = 0; i < COUNT(frames); ++i) {
        a_frame_is_taken_apart(&frames[i]);
        an_uplink_is_made(&frames[i]);
    }
    for (size_t i = 0; i < COUNT(requests); ++i) {
        a_join_request_is_made(&requests[i]);
    }
    for (size_t i = 0; i < COUNT(accepts); ++i) {
        a_join_accept_is_read(&accepts[i]);
    }
    for (size_t i = 0; i < COUNT(session_keys); ++i) {
        check_keys(&session_keys[i]);
    }
    for (size_t i = 0; i < COUNT(airtimes); ++i) {
        CHECK(lorawan_airtime_us(&airtimes[i].modulation, airtimes[i].len) == airtimes[i].us, "the air time is the vector's");
    }
    for (size_t i = 0; i < COUNT(commands); ++i) {
        a_command_is_read(&commands[i]);
    }
    fsk_air_time_is_ttns();
    return check_result();
}
