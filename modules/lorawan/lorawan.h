// LoRaWAN 1.0.4 (TS001-1.0.4, RP002), classes A and C: the pure MAC.
//
// Event and time in, action out. No clock, radio, thread, allocation or global
// state: everything is in a caller-owned lorawan_t. One thread at a time.
//
// The engine's loop:
//
//     lorawan_send(...) or lorawan_event(...)
//     while (lorawan_next(l, now, &action) != LORAWAN_NONE) do action
//     sleep until lorawan_deadline(l) or the next event, then loop again
//
// Times are microseconds of any 64-bit clock that does not stop while l lives.
// Error numbers are those of net/net_errno.h, negated; a call that fails changes
// nothing. EUIs and keys are in the order they are written, most significant byte
// first.
//
// Power cuts. All that must survive is in one record (lorawan_record_t) that the
// engine writes when told to (LORAWAN_STORE) and confirms (LORAWAN_STORED). The
// store must replace the old record as a whole or not at all. Then, at whatever
// instant the power goes:
// - no DevNonce is used twice: the record that excludes it is written before the
//   Join-Request is handed out;
// - no uplink counter is used twice: the record holds a counter that no frame has
//   reached. It is moved on by config.reserve at a time, to spare the memory, so a
//   cut wastes at most that many counters and reuses none;
// - no downlink is accepted twice: its counter is written before it is delivered;
// - the session, channels, receive settings, ADR state and answers that the network
//   waits for are those of the last step but one: an answer is handed to the radio
//   only after the setting that it acknowledges was written.
// If a write fails, nothing that needed it is sent: the result is -NET_EIO.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_LORAWAN_LORAWAN_H
#define USOCKET_LORAWAN_LORAWAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/net_errno.h"
#include "usocket_config.h"

// Regions; where Pycom's LoRa class has a number, it is this one.
enum {
    LORAWAN_AS923_1 = 0,
    LORAWAN_AU915 = 1,
    LORAWAN_CN470 = 2,
    LORAWAN_EU433 = 4,
    LORAWAN_EU868 = 5,
    LORAWAN_KR920 = 6,
    LORAWAN_IN865 = 7,
    LORAWAN_US915 = 8,
    LORAWAN_RU864 = 9,
    LORAWAN_AS923_2 = 10,
    LORAWAN_AS923_3 = 11,
    LORAWAN_AS923_4 = 12,
};

enum { LORAWAN_CLASS_A = 0, LORAWAN_CLASS_C = 2 };

#define LORAWAN_CHANNELS (16)      // of a dynamic plan
#define LORAWAN_MASKS (6)          // 16 channels each, of a fixed plan
#define LORAWAN_FRAME_MAX (255)    // PHYPayload
#define LORAWAN_ANSWERS_MAX (48)   // MAC answers that wait for an uplink
#define LORAWAN_MULTICAST_GROUPS (USOCKET_LORAWAN_MULTICAST_GROUPS)
#define LORAWAN_FSK (1)            // as a spreading factor: FSK, 50 kbit/s
#define LORAWAN_DR_AUTO (0xff)
#define LORAWAN_NO_PORT (0)        // as an uplink's port: a frame without one
#define LORAWAN_FOREVER UINT64_MAX

typedef struct lorawan_region lorawan_region_t;

typedef struct {
    uint8_t region;
    uint8_t device_class;
    uint8_t sub_band;      // US915, AU915: 1-8, 0 all channels; CN470: plan 1-4 (20A 20B 26A 26B), 0 any
    uint8_t battery;       // for DevStatusAns: 0 external power, 1-254, 255 unknown
    bool adr;
    bool private_network;  // sync word 0x12 instead of 0x34
    bool no_duty_cycle;    // regional limit of data frames off (shielded tests); join and DutyCycleReq limits stay
    bool any_join_nonce;   // for servers before 1.0.4 with random AppNonces: refuse only the last one
    bool certification;    // obey the certification protocol on port 224 (TS009)
    bool listen_first;     // AS923-1 in Japan: listen before talk (KR920 always does)
    bool on_demand;        // send no frame by itself to answer the network: wait for the application's next
    uint8_t reserve;       // uplink counters per write, 0 for 8
    int8_t max_power_dbm;  // what the radio can do, at the antenna connector
    int8_t antenna_dbi;    // gain of the antenna, less its cable
    uint16_t clock_ppm;    // tolerance of the engine's clock; 10000 is 1 %
    uint16_t wake_us;      // from the radio's RX command until it hears, measured
    uint16_t arm_us;       // how long before its start the engine wants a RECEIVE (class C), 0 for 20000
    uint8_t dev_eui[8];    // all zero: the record's is not checked
    uint32_t (*random)(void *ctx); // 32 random bits
    void *random_ctx;
} lorawan_config_t;

// What must survive a power cut; written as it is in memory. Fields belong to the MAC.
typedef struct {
    uint32_t magic; // and version of this layout
    uint32_t crc;   // CRC-32 of all that follows
    uint16_t size;
    uint8_t region;
    uint8_t activation; // 0 none, 1 OTAA, 2 ABP
    uint8_t dev_eui[8];
    uint8_t join_eui[8];
    uint32_t dev_nonce;  // the next; 0x10000 when all are used
    uint32_t join_nonce; // the least that is new; 0 at first
    uint32_t net_id;
    uint32_t dev_addr;
    uint8_t nwk_key[16];
    uint8_t app_key[16];
    uint32_t fcnt_up;   // no frame was sent with this one or a later one
    uint32_t fcnt_down; // the least that is new
    uint32_t channel_hz[LORAWAN_CHANNELS];
    uint32_t channel_rx1_hz[LORAWAN_CHANNELS];
    uint8_t channel_dr[LORAWAN_CHANNELS]; // max << 4 | min
    uint16_t user_channels; // set by the application: a join leaves them alone
    uint16_t mask[LORAWAN_MASKS];
    uint16_t base_mask[LORAWAN_MASKS]; // what a join and the end of the ADR back-off restore
    uint32_t rx2_hz;
    uint8_t rx2_dr;
    uint8_t rx1_offset;
    uint8_t rx1_delay_s;
    uint8_t dr;
    uint8_t power; // index: 2 dB steps below the maximum
    uint8_t nb_trans;
    uint8_t max_eirp;   // code of TxParamSetupReq
    uint8_t up_dwell;   // 400 ms
    uint8_t down_dwell; // 400 ms
    uint8_t max_duty;   // DutyCycleReq: 1 / 2^n
    uint8_t plan;       // CN470: 0-3
    uint8_t ack_due;    // a confirmed downlink waits for its ACK
    uint16_t adr_ack_count;
    uint8_t reserved; // fcnt_up is this far ahead of the truth
    uint8_t answers_len;
    uint8_t answers_sent; // sticky ones at the front that were sent at least once
    uint8_t sub_band; // as configured
    uint8_t answers[LORAWAN_ANSWERS_MAX];
    struct {
        uint32_t addr; // 0 none
        uint32_t fcnt_down;
        uint8_t nwk_key[16];
        uint8_t app_key[16];
    } group[LORAWAN_MULTICAST_GROUPS];
} lorawan_record_t;

// How a frame is modulated. CR 4/5, preamble 8, explicit header, always.
typedef struct {
    uint32_t frequency_hz;
    uint8_t sf; // 7-12, or LORAWAN_FSK
    uint8_t bw; // 0 125 kHz, 1 250 kHz, 2 500 kHz
    uint8_t sync_word;
} lorawan_phy_t;

typedef enum {
    LORAWAN_TX_DONE,    // time_us: end of the frame
    LORAWAN_TX_FAILED,  // the radio could not
    LORAWAN_TX_BUSY,    // listen before talk heard somebody: not sent
    LORAWAN_RX_DONE,    // time_us: end of the frame
    LORAWAN_RX_TIMEOUT, // the window ended with nothing. Not sent while a preamble is detected
    LORAWAN_STORED,
    LORAWAN_STORE_FAILED,
} lorawan_event_type_t;

typedef enum { LORAWAN_RX1, LORAWAN_RX2, LORAWAN_RXC } lorawan_window_t;

typedef struct {
    lorawan_event_type_t type;
    lorawan_window_t window; // of RX_*, as in the action
    uint64_t time_us;        // when it happened
    uint8_t *data;           // RX_DONE: PHYPayload. Deciphered in place; must stay until DELIVER, or
                             // NONE with no STORE under way
    size_t len;
    int16_t rssi_dbm;
    int16_t snr_db; // whole dB
} lorawan_event_t;

typedef enum {
    LORAWAN_NONE,
    LORAWAN_TRANSMIT,     // now. Replaces a RECEIVE in force
    LORAWAN_RECEIVE,      // replaces a RECEIVE in force
    LORAWAN_STOP_RECEIVE, // the radio may sleep
    LORAWAN_STORE,        // write, or copy, before any other call; then STORED or STORE_FAILED
    LORAWAN_DELIVER,      // data for the application
    LORAWAN_RESULT,       // of join or send: the operation is over
    LORAWAN_INFO,
} lorawan_action_type_t;

typedef enum { LORAWAN_OP_NONE, LORAWAN_OP_JOIN, LORAWAN_OP_DATA } lorawan_op_t;

typedef enum {
    LORAWAN_INFO_LINK,     // LinkCheckAns
    LORAWAN_INFO_TIME,     // DeviceTimeAns
    LORAWAN_INFO_PENDING,  // the network has more for this device (FPending)
    LORAWAN_INFO_CERTIFICATION, // port 224 wants what the engine must do
} lorawan_info_t;

// What port 224 may want of the engine (TS009 command numbers).
enum {
    LORAWAN_CERT_RESET = 0x01, // restart the device
    LORAWAN_CERT_JOIN = 0x02,  // join again
    LORAWAN_CERT_CLASS = 0x03, // arg: the class now in force
    LORAWAN_CERT_TX_CW = 0x7d, // arg: seconds; see power_dbm, frequency_hz
};

// A downlink for the application.
typedef struct {
    const uint8_t *data; // in the event's buffer
    uint8_t len;
    uint8_t port;
    int8_t group; // multicast group, -1 for unicast
    bool pending; // FPending
    bool confirmed;
    int16_t rssi_dbm;
    int16_t snr_db;
    uint32_t fcnt;
} lorawan_delivery_t;

typedef struct {
    lorawan_action_type_t type;
    union {
        struct {
            lorawan_phy_t phy;
            int8_t power_dbm;   // at the antenna connector
            int8_t listen_dbm;  // listen before talk: below this the channel is free; 0 no listening
            uint16_t listen_us; // for so long
            const uint8_t *data; // stays until the next call
            uint8_t len;
            uint8_t dr;
            uint8_t channel;
            uint32_t airtime_us;
        } transmit; // uplink: CRC on, IQ normal
        struct {
            lorawan_phy_t phy;
            lorawan_window_t window;
            uint64_t start_us; // give the RX command then (wake_us is already taken off); RXC: at once
            uint16_t symbols;  // stop if no preamble was detected within; FSK: bytes. 0: stay on (RXC)
            uint8_t dr;
        } receive; // downlink: CRC off (FSK: on), IQ inverted
        struct {
            const void *data;
            size_t len;
        } store;
        lorawan_delivery_t deliver;
        struct {
            lorawan_op_t op;
            // 0: joined; sent; for a confirmed uplink acknowledged. Else -NET_ETIMEDOUT no ACK,
            // -NET_EIO radio or store failed, -NET_EBUSY the channel was never free,
            // -NET_ECANCELED, -NET_ERANGE every DevNonce is used, -NET_ENETUNREACH no channel.
            int error;
            uint8_t transmissions;
        } result;
        struct {
            lorawan_info_t kind;
            uint8_t arg;     // LINK: margin in dB; CERTIFICATION: command's argument
            uint8_t gateways; // LINK
            uint8_t command; // CERTIFICATION
            int8_t power_dbm; // TX_CW
            uint32_t frequency_hz; // TX_CW
            uint32_t gps_s;  // TIME: seconds since 1980-01-06 ...
            uint8_t gps_256; // ... and 1/256 s,
            uint64_t at_us;  // at this time of the engine's clock
        } info;
    };
} lorawan_action_t;

// Why received frames were thrown away.
typedef enum {
    LORAWAN_IGNORED_FORM,     // too short, too long, of a wrong type or version
    LORAWAN_IGNORED_ADDRESS,  // for somebody else
    LORAWAN_IGNORED_MIC,
    LORAWAN_IGNORED_REPLAY,   // FCnt or JoinNonce not new
    LORAWAN_IGNORED_KINDS,
} lorawan_ignored_t;

// Air time of the last 65 minutes in 13 slots of 5 minutes, in units of 5 ms.
#define LORAWAN_BANDS (6)
#define LORAWAN_DUTY_SLOTS (13)

typedef struct {
    uint32_t slot;
    uint16_t used[LORAWAN_BANDS][LORAWAN_DUTY_SLOTS];
} lorawan_duty_t;

// The MAC of one device. Fields belong to the MAC: use the getters below.
typedef struct {
    lorawan_config_t config;
    const lorawan_region_t *region;
    lorawan_record_t record;
    uint32_t fcnt_up;      // the next, below record.fcnt_up
    uint32_t fcnt_stored;  // record.fcnt_up as it was written last
    uint8_t root_key[16];  // AppKey, while joined by OTAA
    uint64_t start_us;     // when the back-off of joins began
    uint64_t tx_end_us;
    uint64_t ready_us;     // the frame in hand may not go before
    uint64_t watch_us;     // the radio must have answered by then
    uint64_t uplink_due_us; // a frame of the MAC's own is wanted
    uint64_t free_us;      // DutyCycleReq: no transmission before
    uint64_t join_free_us;
    uint32_t join_period;  // of the join back-off, and what was used of it
    uint32_t join_used_ms;
    lorawan_duty_t duty;
    uint32_t tx_airtime_us;
    lorawan_phy_t rxc;     // what the radio listens to continuously
    int32_t drift_ppm;     // of the clock, as seen
    uint32_t spread_ppm;
    uint8_t seen;          // downlinks that drift_ppm comes from
    uint8_t state;
    uint8_t op;
    bool own;              // the frame in hand is the MAC's own
    bool confirmed;
    bool acked;
    bool heard;            // a valid downlink came since the last transmission
    bool rx_armed;
    bool rxc_on;
    bool dirty;            // record must be written
    bool storing;
    bool exact;            // the record to be written is lorawan_save()'s: no reserve
    bool store_failed;
    bool frame_built;
    bool stop_rx;
    bool cancelled;
    uint8_t trials_left;
    uint8_t transmissions;
    uint8_t busy_count;
    uint8_t tx_dr;
    uint8_t tx_channel;
    uint8_t join_dr;       // LORAWAN_DR_AUTO: walk
    uint8_t join_groups;   // fixed plans: groups of 8 still to be tried
    uint16_t join_attempts;
    uint8_t requests;      // LinkCheckReq, DeviceTimeReq to be sent
    int8_t last_snr_db;
    // Actions that wait to be handed out.
    uint8_t pending;       // bits
    int result_error;
    uint8_t result_op;
    uint8_t result_transmissions;
    uint8_t link_margin;
    uint8_t link_gateways;
    uint8_t time_256;
    uint32_t time_s;
    uint64_t time_at_us;
    lorawan_delivery_t deliver;
    struct {
        uint8_t command;
        uint8_t arg;
        uint8_t periodicity;
        uint8_t frame_type;
        bool disabled;
        int8_t cw_dbm;
        uint16_t rx_count;
        uint32_t cw_hz;
        uint64_t due_us;
    } cert;
    uint16_t ignored[LORAWAN_IGNORED_KINDS];
    uint8_t frame_len;
    uint8_t frame[LORAWAN_FRAME_MAX];
} lorawan_t;

// A snapshot for lora.status() and the getters.
typedef struct {
    bool joined;
    uint8_t activation;   // 1 OTAA, 2 ABP
    lorawan_op_t op;      // in progress
    uint8_t dr;
    int8_t power_dbm;     // at the antenna connector, of the next uplink
    int8_t eirp_dbm;
    uint8_t power_index;
    uint8_t nb_trans;
    uint8_t room;         // bytes that the next send may carry at this data rate
    uint8_t rx1_delay_s;
    uint8_t rx1_offset;
    uint8_t rx2_dr;
    uint32_t rx2_hz;
    uint32_t dev_addr;
    uint32_t net_id;
    uint32_t fcnt_up;     // of the next uplink
    uint32_t fcnt_down;   // the least that is accepted
    uint32_t dev_nonce;   // of the next Join-Request
    uint16_t join_attempts;
    uint16_t adr_ack_count;
    uint8_t max_duty;     // DutyCycleReq: 1 / 2^n
    bool up_dwell;
    bool down_dwell;
    uint8_t answers;      // bytes of MAC answers that wait
    int32_t drift_ppm;    // of the clock, as seen in downlinks
    uint16_t ignored[LORAWAN_IGNORED_KINDS];
} lorawan_status_t;

typedef struct {
    uint8_t port;      // 1-223; LORAWAN_NO_PORT with len 0
    uint8_t dr;        // if ADR is off: the data rate, or LORAWAN_DR_AUTO for the last one
    bool confirmed;
    uint8_t trials;    // confirmed: transmissions at most, if more than NbTrans; 0 for NbTrans
    const void *data;  // copied
    size_t len;
} lorawan_uplink_t;

typedef struct {
    const uint8_t *dev_eui; // 8
    const uint8_t *join_eui; // 8
    const uint8_t *app_key; // 16
    uint8_t dr;             // LORAWAN_DR_AUTO: the region's join rates in turn
} lorawan_otaa_t;

typedef struct {
    uint32_t dev_addr;
    const uint8_t *nwk_key; // 16
    const uint8_t *app_key; // 16
} lorawan_abp_t;

// 0, or -NET_EINVAL: region not in this firmware, class, sub-band, no random().
// now_us starts the first hour of the join back-off.
int lorawan_init(lorawan_t *l, const lorawan_config_t *config, uint64_t now_us);

// Wipe keys and everything else.
void lorawan_deinit(lorawan_t *l);

// Take over a record that was stored, right after lorawan_init(). -NET_EIO torn,
// -NET_EPROTONOSUPPORT foreign or of another version, -NET_EADDRNOTAVAIL of another
// region or DevEUI: nothing is taken but, when only the region differs, the nonces.
int lorawan_restore(lorawan_t *l, const void *record, size_t len);

// Ask for a STORE with the exact counter, before sleep; nothing of the reserve is
// wasted then. -NET_EBUSY while a frame is in hand.
int lorawan_save(lorawan_t *l);

// Leave the network: session, network's settings and groups are wiped, the nonces
// stay. Asks for a STORE. What was in hand ends without a RESULT, here and in both joins.
void lorawan_forget(lorawan_t *l);

// Start joining; the old session is dropped. Goes on until RESULT or lorawan_cancel().
// -NET_EINVAL data rate; -NET_ERANGE every DevNonce is used; -NET_EBUSY a frame is on air.
int lorawan_join_otaa(lorawan_t *l, const lorawan_otaa_t *otaa, uint64_t now_us);

// Start joining as last time. -NET_ENOTCONN: there was no lorawan_join_otaa() since
// lorawan_init(); else as that.
int lorawan_join_again(lorawan_t *l, uint64_t now_us);

// A personalised session, at once. The counters of a restored one go on if address and
// keys are the same. -NET_EBUSY a frame is on air.
int lorawan_join_abp(lorawan_t *l, const lorawan_abp_t *abp);

bool lorawan_joined(const lorawan_t *l);

// Queue one uplink; RESULT tells how it ended. -NET_ENETDOWN not joined; -NET_EBUSY one is in
// hand, or the answers to the network leave no room and are sent first; -NET_EMSGSIZE longer
// than the data rate ever allows; -NET_EINVAL port; -NET_EOPNOTSUPP data rate; -NET_ENETUNREACH
// no enabled channel has it; -NET_ERANGE the 2^32 counters are used: join anew.
int lorawan_send(lorawan_t *l, const lorawan_uplink_t *uplink, uint64_t now_us);

// How long the frame in hand must still wait for air time (duty cycle, back-off); 0
// when there is none or it need not wait.
uint64_t lorawan_wait_us(const lorawan_t *l, uint64_t now_us);

// Whether a frame is on the air, or its receive windows are not over.
bool lorawan_on_air(const lorawan_t *l);

// Give up the operation in hand. One on air ends after its receive windows. RESULT
// -NET_ECANCELED follows, or the real result if that came first.
void lorawan_cancel(lorawan_t *l);

// Send LinkCheckReq / DeviceTimeReq with the next uplink. INFO has the answer.
void lorawan_request_link(lorawan_t *l);
void lorawan_request_time(lorawan_t *l);

void lorawan_event(lorawan_t *l, const lorawan_event_t *event);
lorawan_action_type_t lorawan_next(lorawan_t *l, uint64_t now_us, lorawan_action_t *action);

// When next() wants to be called again if no event comes before; LORAWAN_FOREVER if
// never. To be asked after next() answered NONE.
uint64_t lorawan_deadline(const lorawan_t *l);

void lorawan_status(const lorawan_t *l, lorawan_status_t *status);

// FRMPayload that fits a data rate, with what waits to be answered (room) and without.
// 0: the data rate cannot be used.
uint8_t lorawan_room(const lorawan_t *l, uint8_t dr);
uint8_t lorawan_max_payload(const lorawan_t *l, uint8_t dr);
// The highest data rate for uplinks.
uint8_t lorawan_max_dr(const lorawan_t *l);

// How a data rate is modulated; the frequency is left out.
void lorawan_rate(const lorawan_t *l, uint8_t dr, lorawan_phy_t *phy);

// Settings while running. All of config but region, sub_band, dev_eui and random;
// -NET_EINVAL as in lorawan_init().
int lorawan_set_config(lorawan_t *l, const lorawan_config_t *config);
void lorawan_set_adr(lorawan_t *l, bool on);
void lorawan_set_battery(lorawan_t *l, uint8_t level);
void lorawan_set_duty_cycle(lorawan_t *l, bool on);
// -NET_EINVAL for another class than A and C.
int lorawan_set_class(lorawan_t *l, uint8_t device_class);

// The application's channels. Dynamic plans: any index below 16; the frequency must be
// in the region; a default channel keeps dr_min 0 and a dr_max of 5 or more (its
// frequency may change). Fixed plans: the frequency decides which channel is switched
// on, whatever the index; dr_min must be 0 (or the rate of the 500 kHz channels).
// -NET_EINVAL index, frequency or data rates.
typedef struct {
    uint32_t frequency_hz;
    uint8_t dr_min;
    uint8_t dr_max;
} lorawan_channel_t;

int lorawan_channel_set(lorawan_t *l, uint8_t index, const lorawan_channel_t *channel);
// -NET_EINVAL no such index; -NET_EPERM a default channel of a dynamic plan.
int lorawan_channel_remove(lorawan_t *l, uint8_t index);
// How many indices the region has.
uint8_t lorawan_channel_count(const lorawan_t *l);
// The frequency of an enabled channel, 0 for one that is off.
uint32_t lorawan_channel_hz(const lorawan_t *l, uint8_t index);
// US915, AU915: only the eight channels of this sub-band (1-8) and its 500 kHz channel; 0 all.
int lorawan_channel_sub_band(lorawan_t *l, uint8_t sub_band);

// Multicast groups, heard in class C on the RX2 settings. Setting an address again with the
// same keys keeps its counter. -NET_ENOSPC all places taken; -NET_ENOENT no such group.
int lorawan_multicast_join(lorawan_t *l, const lorawan_abp_t *group);
int lorawan_multicast_leave(lorawan_t *l, uint32_t addr);

// Time on air.
typedef struct {
    uint8_t sf; // 6-12, or LORAWAN_FSK (50 kbit/s, preamble 5, sync word 3, CRC)
    uint8_t bw; // 0 125 kHz, 1 250 kHz, 2 500 kHz
    uint8_t cr; // 1-4: 4/5 to 4/8
    uint16_t preamble;
    bool implicit_header;
    bool crc;
} lorawan_modulation_t;

uint32_t lorawan_airtime_us(const lorawan_modulation_t *modulation, size_t len);

#endif // USOCKET_LORAWAN_LORAWAN_H
