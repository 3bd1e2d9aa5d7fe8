// LoRaWAN's side of the engine: the MAC, what the radio does for it, and what waits.
// Everything here is locked (hal_lock) or runs in the radio task; only the task calls
// what changes the MAC.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_LORA_LORA_WAN_ENGINE_H
#define USOCKET_LORA_LORA_WAN_ENGINE_H

#include "lora/lora_engine.h"
#include "lora/lora_wan.h"

// What the radio does.
typedef enum {
    LORA_WAN_REST,       // nothing; asleep says whether it sleeps
    LORA_WAN_LISTEN,     // before a transmission
    LORA_WAN_SEND,
    LORA_WAN_WINDOW,     // armed for RX1 or RX2, or in it
    LORA_WAN_CONTINUOUS, // class C
    LORA_WAN_SENSE,      // ischannel_free()
} lora_wan_doing_t;

// Something that another thread wants done in the task.
typedef struct {
    int (*run)(void *arg);
    void *arg;
    int result;
    bool done;
} lora_wan_request_t;

typedef struct {
    lorawan_t mac;
    bool begun; // mac is valid; it stays so while raw LoRa has the radio
    bool up;    // mode LoRaWAN
    bool storing; // the task writes the record, without the lock
    bool drop;    // the store has a mark that its session is not to be restored
    bool undrop;  // the mark goes when the record has been written
    bool asleep;
    bool continuous;   // class C wants the receiver on
    bool channel_busy; // listen before talk found the channel of the frame in hand busy
    bool cancel;       // give up what is in hand
    uint8_t doing;     // lora_wan_doing_t
    uint8_t window;    // lorawan_window_t of LORA_WAN_WINDOW
    uint8_t rx_dr;     // of the last RECEIVE
    uint8_t transmissions; // of the frame in hand
    uint8_t region; // that mac was begun for
    uint8_t sub_band;
    uint8_t battery;
    bool certification;
    uint8_t answers;   // LORA_WAN_ASK_*: came since they were asked for
    uint8_t link_margin;
    uint8_t link_gateways;
    uint8_t time_256;
    int16_t cancel_error; // what the frame in hand ends with if it is cancelled
    int16_t join_result;  // see lora_wan_join_result()
    int16_t store_error;  // of the last write
    uint16_t downlinks;
    uint32_t in_hand;     // number of the socket's frame that the MAC has; 0 none
    uint32_t time_s;
    lora_wan_request_t *request;
    uint64_t time_at_us;
    uint64_t retry_us; // the radio refused: not before
    lorawan_phy_t rxc;
    struct { // the last TRANSMIT
        lorawan_phy_t phy;
        const uint8_t *data; // the MAC's
        uint32_t airtime_us;
        uint8_t len;
        uint8_t dr;
        int8_t power_dbm;
    } tx;
    struct {
        uint64_t computed_us; // start of the window in hand, as the MAC says
        uint64_t asked_us;    // as the radio was told
        uint32_t slack_us;    // what it may be late
        uint32_t early_us;    // asked before computed: how late the task was of late
        uint32_t late_us;     // the latest of all
        uint32_t opened;
        uint32_t missed;
        uint64_t receiver_us;
    } windows;
    struct {
        int16_t rssi;
        int8_t snr_x4;
        uint32_t at_us;
    } heard; // the frame that is being looked at
} lora_wan_t;

extern lora_wan_t lora_wan;
extern const radio_owner_t lora_wan_owner;

// The task's step was asked for: run a function there and wait for its answer. Not
// locked. -NET_ENETDOWN: LoRaWAN is off.
int lora_wan_call(int (*run)(void *arg), void *arg);

// Mode LoRaWAN with settings that were checked; record and len are what the store
// holds, len as hal_store_read() answered. -NET_EOPNOTSUPP: region not in this firmware.
// In force already: change the settings.
int lora_wan_begin(const lora_settings_t *settings, const lorawan_record_t *record, int len);
// The MAC's configuration for these settings.
void lora_wan_configure(const lora_settings_t *settings, lorawan_config_t *config);
// In the radio's terms.
void lora_wan_modulation(const lorawan_phy_t *phy, bool down, radio_modulation_t *modulation);
// Another mode, or none. The MAC stays as it is.
void lora_wan_end(void);
// Frames were taken from the queue: what is in hand is nobody's.
void lora_wan_abandon(void);

// lora_wan_store.c. Not locked; answers what hal_store_read() did.
int lora_wan_store_read(lorawan_record_t *record);
// Take over what was read; says why not.
void lora_wan_store_restore(const lorawan_record_t *record, int len);
// In the task: the lock is given up meanwhile.
void lora_wan_store_write(const void *data, size_t len);

// lora_wan_send.c. Queue a frame: its number, or a refusal.
int lora_wan_send(uint32_t param, const void *buf, size_t len);
// Give the MAC the next frame, if it has none.
void lora_wan_send_next(uint64_t now_us);
void lora_wan_send_result(const lorawan_action_t *action);
// Not locked. Air time of an uplink with so many bytes of payload, at the rate of now.
int32_t lora_wan_airtime_us(size_t len);
// Not locked. As net_send_cancel().
int lora_wan_send_cancel(uint32_t number);

#endif // USOCKET_LORA_LORA_WAN_ENGINE_H
