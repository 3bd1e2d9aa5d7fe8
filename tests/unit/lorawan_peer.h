// The other side of the MAC in unit tests, in virtual time: an engine with a model of
// the radio, a store that can be cut off, and the frames of a network server.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_TESTS_UNIT_LORAWAN_PEER_H
#define USOCKET_TESTS_UNIT_LORAWAN_PEER_H

#include "lorawan/lorawan.h"
#include "lorawan/lorawan_frame.h"

#define PEER_SECOND (1000000ull)
#define PEER_HOUR (3600 * PEER_SECOND)
#define PEER_AIR (8)

typedef struct {
    uint64_t start_us; // device clock
    lorawan_phy_t phy;
    uint8_t data[256];
    size_t len;
} peer_air_t;

// An uplink as the server sees it; payload deciphered.
typedef struct {
    uint8_t type;
    uint8_t fctrl;
    uint16_t fcnt;
    uint8_t fopts[15];
    uint8_t fopts_len;
    bool has_port;
    uint8_t port;
    uint8_t payload[256];
    uint8_t payload_len;
    bool mic_good;
    uint16_t dev_nonce; // Join-Request
    uint8_t dr;
    uint8_t channel;
    uint32_t frequency_hz;
    int8_t power_dbm;
    uint64_t end_us;
    uint32_t airtime_us;
} peer_uplink_t;

typedef struct peer peer_t;
struct peer {
    lorawan_t mac;
    uint64_t now_us;
    uint32_t seed;
    int32_t clock_ppm; // the device's clock against the network's: positive is fast
    // What the radio does.
    enum { RADIO_OFF, RADIO_TX, RADIO_RX, RADIO_RXC } radio;
    uint64_t radio_end_us;
    lorawan_action_t receive;
    uint64_t hears_from_us;
    int heard; // index into air while a window takes a frame, else -1
    peer_air_t air[PEER_AIR];
    uint8_t air_count;
    uint8_t buffer[256];
    int lbt_busy; // so many attempts find the channel busy
    bool tx_fails;
    bool mute; // the radio never answers
    int idle_steps;
    // The store.
    lorawan_record_t stored;
    bool has_stored;
    int stores;
    int cut_after; // the power goes after so many stores: the last one is written. 0 never
    int cut_before; // the same, and the last one is lost
    bool store_fails;
    uint32_t store_us; // how long a write takes; 0: at once
    uint64_t store_end_us;
    lorawan_record_t writing;
    bool unsafe; // a frame went out whose counter the store did not exclude
    bool dead;
    // What came out.
    peer_uplink_t uplink; // the last one
    int uplinks;
    uint64_t rx_on_us; // receiver time of windows
    int windows[3];    // opened, by kind
    lorawan_action_t last_window[3];
    int results;
    int stop_at; // do not go on after so many
    lorawan_action_t result;
    int deliveries;
    lorawan_action_t delivery;
    uint8_t delivered[256];
    int infos;
    lorawan_action_t info;
    int stops;
    // The server.
    uint8_t app_key[16];
    uint8_t nwk_s_key[16];
    uint8_t app_s_key[16];
    uint32_t dev_addr;
    uint32_t fcnt_down;
    uint32_t fcnt_up_high; // upper half, for the MIC
    uint32_t join_nonce;
    void (*on_uplink)(peer_t *p); // after each one
    void *ctx;
};

// A session by ABP, time 1 s. config may be NULL for EU868 class A.
void peer_start(peer_t *p, const lorawan_config_t *config);
lorawan_config_t peer_config(uint8_t region);
void peer_abp(peer_t *p);
int peer_otaa(peer_t *p);
// Forget everything but the store, and start again.
int peer_reboot(peer_t *p);
void peer_run(peer_t *p, uint64_t for_us);
// Run until the operation in hand is over, at most for_us. Its error, or 1 if it goes on.
int peer_finish(peer_t *p, uint64_t for_us);
int peer_send(peer_t *p, uint8_t port, const void *data, size_t len, bool confirmed);
// send, then finish.
int peer_exchange(peer_t *p, bool confirmed);

typedef struct {
    bool confirmed;
    uint8_t fctrl;
    const void *fopts;
    uint8_t fopts_len;
    int port; // -1 none
    const void *payload;
    uint8_t payload_len;
} peer_downlink_t;

// Build a frame with the server's next counter. Returns its length.
size_t peer_build(peer_t *p, const peer_downlink_t *d, uint8_t *out);
// Put bytes on the air for the window of the last uplink, late_us after its time.
void peer_put(peer_t *p, const uint8_t *data, size_t len, lorawan_window_t window, int32_t late_us);
// Both.
void peer_answer(peer_t *p, const peer_downlink_t *d, lorawan_window_t window);
// MAC commands in FOpts (or port 0 if longer), in RX1.
void peer_command(peer_t *p, const void *commands, uint8_t len);
// One uplink that is answered with MAC commands in RX1; the answer of the next uplink is
// left in p->uplink.fopts.
void peer_ask(peer_t *p, const void *commands, uint8_t len);
// A Join-Accept, encrypted. cflist is 16 bytes or NULL. Returns its length.
typedef struct {
    uint32_t join_nonce;
    uint32_t net_id;
    uint32_t dev_addr;
    uint8_t dl_settings;
    uint8_t rx_delay;
    const uint8_t *cflist;
} peer_accept_t;

size_t peer_accept(peer_t *p, const peer_accept_t *a, uint8_t *out);
// on_uplink: accepts every join in RX1.
void peer_accept_joins(peer_t *p);
// on_uplink: acknowledges confirmed uplinks in RX1, accepts joins.
void peer_acknowledge(peer_t *p);
bool peer_answered(const peer_t *p, const void *fopts, uint8_t len);

#endif // USOCKET_TESTS_UNIT_LORAWAN_PEER_H
