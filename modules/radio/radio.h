// The radio: one chip, one task, one owner at a time.
//
// An owner (LoRa, Sigfox) claims the radio, gets its events, and is asked for its
// next step; everything below runs in the radio task with hal_lock() held, except
// where a function says "locked": those may also be called by other threads that
// hold the lock. Interrupts only wake the task; deadlines come from its timer.
//
// Errors are negative numbers of net/net_errno.h. Frequencies are Hz, times
// microseconds of hal_now_us(), powers dBm at the chip's pin.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_RADIO_RADIO_H
#define USOCKET_RADIO_RADIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RADIO_PAYLOAD_MAX (255)
#define RADIO_NEVER UINT64_MAX

typedef enum { RADIO_CHIP_NONE, RADIO_CHIP_SX1272, RADIO_CHIP_SX1276 } radio_chip_t;
typedef enum { RADIO_LORA, RADIO_FSK } radio_modem_t;

// Bandwidths as the SX1276 numbers them; the SX1272 has the last three.
typedef enum {
    RADIO_BW_7K8, RADIO_BW_10K4, RADIO_BW_15K6, RADIO_BW_20K8, RADIO_BW_31K25, RADIO_BW_41K7,
    RADIO_BW_62K5, RADIO_BW_125K, RADIO_BW_250K, RADIO_BW_500K,
} radio_bw_t;

typedef struct {
    uint8_t sf; // 6..12; 6 only with an implicit header
    uint8_t bw; // radio_bw_t
    uint8_t cr; // 1..4 for 4/5..4/8
    uint8_t sync_word; // 0x34 public, 0x12 private
    uint16_t preamble; // symbols, 6..65535
    uint8_t implicit_len; // 0: explicit header; else the length of every frame
    bool crc; // payload CRC sent; received frames without one are bad frames
    bool iq_inverted;
} radio_lora_t;

typedef struct {
    uint32_t bit_rate; // bit/s, 600..300000
    uint32_t deviation; // Hz, 600..200000
    uint32_t rx_bandwidth; // Hz, single side, to 250000; the next larger one is taken
    uint32_t afc_bandwidth; // Hz, the same while the frequency is found; 0: rx_bandwidth
    uint16_t preamble; // bytes
    uint8_t sync[8];
    uint8_t sync_len; // 1..8
    uint8_t fixed_len; // 0: a length byte is sent
    bool crc; // CCITT
    bool whitening;
    bool shaped; // Gaussian filter, BT 1.0
} radio_fsk_t;

typedef struct {
    uint32_t frequency;
    uint8_t modem; // radio_modem_t
    union {
        radio_lora_t lora;
        radio_fsk_t fsk;
    };
} radio_modulation_t;

typedef enum {
    RADIO_TX_DONE, // at_us: the end of the frame
    RADIO_RX_DONE, // a good frame; at_us: its end
    RADIO_RX_CRC_ERROR, // a frame with a bad CRC, which is not given; rssi and snr are
    RADIO_RX_TIMEOUT, // a single receive heard nothing; at_us: when it gave up
    RADIO_CAD_DONE, // detected: a preamble
    RADIO_SENSE_DONE, // detected: the channel was busy; rssi: the strongest seen
    RADIO_FAULT, // the chip stopped answering or reset itself, and the operation in
    // hand is lost; it has been set up anew and sleeps. If that failed, too, the next
    // operation tries it again, answers -NET_EIO, and another RADIO_FAULT follows
} radio_event_type_t;

typedef struct {
    uint8_t type; // radio_event_type_t
    bool detected;
    uint8_t cr; // of the received header
    int8_t snr_x4; // dB * 4
    int16_t rssi; // dBm, of the frame
    int32_t frequency_error; // Hz, of the frame; what the sender is too high
    uint64_t at_us;
    uint8_t *data; // valid during the call, until it starts an operation; the owner may change it
    size_t len;
} radio_event_t;

// Who owns the radio. Both are called by the task, locked, and must not wait. They may
// give the lock up and take it again, as long as the task itself can be late; others
// may reset or release the radio meanwhile.
typedef struct _radio_owner_t radio_owner_t;
struct _radio_owner_t {
    void (*event)(radio_owner_t *owner, const radio_event_t *event);
    // Do what is due and return when to be asked again (RADIO_NEVER). Also called
    // after events.
    uint64_t (*step)(radio_owner_t *owner, uint64_t now_us);
    // May another have the radio for a while? true asks: answer whether nothing is in
    // hand that must end first. false says: it is yours again, asleep and without
    // settings. In between the owner is not called. NULL: never.
    bool (*lend)(radio_owner_t *owner, bool away);
};

// Find the chip and start the task. Any thread, not locked. Once; later calls
// repeat the answer of the first that worked. -NET_ENODEV: no board, or no chip
// that answers with a known RegVersion.
int radio_start(void);
radio_chip_t radio_chip(void);

// Locked. 0, or -NET_EBUSY while another owner has it. The chip sleeps, and has no
// settings of the owner before; a second claim by the same owner answers 0, also
// while it has lent the radio.
int radio_claim(radio_owner_t *owner);
// Locked. As a claim, but a radio that another owns is borrowed from it. -NET_EAGAIN:
// not yet; the owner's step is called when it has it, radio_release() forgets the
// wish. -NET_EBUSY: its owner does not lend, or another waits.
int radio_borrow(radio_owner_t *owner);
// Locked. Ends what is in hand without an event and puts the chip to sleep; it goes
// back to whom it was borrowed from.
void radio_release(radio_owner_t *owner);
// Locked: call the owner's step soon.
void radio_step_soon(void);

// Operations. One at a time: a new one ends the one before without an event. They
// check their arguments against the chip that was found: -NET_EINVAL, and nothing
// changes. -NET_EIO: the chip does not answer (RADIO_FAULT follows). The arguments
// are copied, the payload too. A power that board or chip cannot give becomes the
// nearest that they can. Symbols of FSK are bytes.

typedef struct {
    const radio_modulation_t *modulation;
    int8_t power;
    const uint8_t *data;
    size_t len; // LoRa 1..255, FSK 1..255
    uint64_t at_us; // when the first symbol leaves; 0: at once
} radio_tx_t;
int radio_transmit(const radio_tx_t *tx);

// A frame to follow the one on the air as soon as it has ended; at most one, LoRa
// and the same modulation only. -NET_EBUSY: there is one. -NET_EAGAIN: nothing is
// being sent. -NET_EMSGSIZE: not with a frame of this length beside it in the FIFO.
int radio_transmit_next(const uint8_t *data, size_t len);

typedef struct {
    const radio_modulation_t *modulation;
    uint16_t symbols; // give up when so many pass without a preamble, 4..1023; 0: never
    uint64_t at_us; // when the receiver must be ready; 0: at once
} radio_rx_t;
int radio_receive(const radio_rx_t *rx);

// Differential BPSK: a carrier whose phase turns by 180 degrees at the start of each
// bit that is 0. Before a turn the amplitude goes down to nothing, after it it comes
// back; both by the steps of a ramp. Only on PA_BOOST. RADIO_TX_DONE: at_us is the
// end of the last bit.
#define RADIO_STREAM_LEVEL_LIMIT (0xe7) // levels stay below: more may destroy the chip
#define RADIO_STREAM_BITS_MAX (400)

typedef struct {
    const uint16_t *at; // at[n]: step n of the way up, tenths of us after the turn; rising
    const uint8_t *level; // level[n]: of the amplifier after it; never falling
    uint16_t span; // of one way, tenths of us; both fit into a bit
    uint8_t steps;
} radio_ramp_t;

typedef struct {
    uint32_t frequency;
    const radio_ramp_t *ramp; // it and what it points to: the caller's, until the event
    const uint8_t *data; // bit 7 of the first byte goes first
    uint16_t bits; // 1..RADIO_STREAM_BITS_MAX
    uint16_t bit_rate; // bit/s, 50..1000
    uint64_t at_us; // when the first bit starts; 0: as soon as it can
} radio_stream_t;
// -NET_EOPNOTSUPP: on this board PA_BOOST is not the antenna's at this frequency.
int radio_stream(const radio_stream_t *stream);
// How long the chip needs from a cold start to the first bit; nearly all of it is on
// the air: the first ramp, one bit, and half a second where a crystal has to warm up.
uint32_t radio_stream_lead_us(const radio_stream_t *stream);

// One channel activity detection with these LoRa settings.
int radio_cad(const radio_modulation_t *modulation);

// Is anybody louder than threshold (dBm) within time_us? Ends early when yes.
int radio_sense(const radio_modulation_t *modulation, int16_t threshold, uint32_t time_us);

int radio_standby(void);
int radio_sleep(void);

// Reset the chip by its line and set it up anew, which takes about 30 ms. The
// operation in hand ends without an event; RADIO_FAULT says that the chip sleeps
// again. Until then operations answer -NET_EIO. -NET_ENODEV: no chip was found.
int radio_reset(void);

// Locked. When the operation in hand, or the last one, began: its first symbol left, or
// its receiver was ready. What that is later than at_us the task was late.
uint64_t radio_started_us(void);

// Facts of the chip that was found. Any thread.
// Air time of a frame of len bytes, in us, rounded up.
uint32_t radio_airtime_us(const radio_modulation_t *modulation, size_t len);
// The time from writing the mode to the first symbol, or to a ready receiver.
uint32_t radio_tx_start_us(void);
uint32_t radio_rx_start_us(const radio_modulation_t *modulation);
// 0, or -NET_EINVAL with a sentence in why (may be NULL): what is wrong.
int radio_check(const radio_modulation_t *modulation, const char **why);

// What went wrong so far.
typedef struct {
    uint32_t faults; // chip stopped answering, or was found reset
    uint32_t lost_edges; // the deadline found a flag that no edge had announced
    uint32_t crc_errors;
    uint32_t spi_transfers;
    uint32_t spi_bytes;
} radio_counters_t;
// Locked.
const radio_counters_t *radio_counters(void);

#endif // USOCKET_RADIO_RADIO_H
