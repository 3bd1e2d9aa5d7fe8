// The SX1272/SX1276 driver, inside this room: what radio.c asks of it, and what its
// files share. Everything runs with hal_lock() held.
//
// An operation goes through phases, each ended by a deadline or an edge, so that
// nobody waits: asleep until shortly before its time, crystal starting, armed (only
// the mode is left to be written), running. A fault leads to the set-up phases, and
// these to idle or dead.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_RADIO_SX127X_H
#define USOCKET_RADIO_SX127X_H

#include "radio/radio.h"
#include "radio/sx127x_regs.h"

typedef enum {
    SX127X_DEAD, // no chip answers; the next operation tries again
    SX127X_BACK_OFF, // set-up: before an attempt
    SX127X_RESET, // the reset line is active
    SX127X_SETTLE, // after the reset
    SX127X_CRYSTAL, // before calibration
    SX127X_CALIBRATE_LF,
    SX127X_CALIBRATE_HF,
    SX127X_IDLE, // asleep or in standby
    SX127X_WAITING, // an operation is far ahead; asleep
    SX127X_WAKING, // an operation is next; the crystal starts
    SX127X_ARMED, // an operation needs its mode written at its time
    SX127X_RUNNING,
} sx127x_phase_t;

typedef enum { SX127X_TX, SX127X_RX, SX127X_CAD, SX127X_SENSE } sx127x_op_t;

// What differs between modems. A stream of symbols (Sigfox) would be a third.
typedef struct {
    // Put the operation's settings into the image.
    void (*configure)(void);
    // In standby, with the crystal running: payload to FIFO.
    void (*load)(const uint8_t *payload);
    // The mode that starts the operation.
    uint8_t (*mode)(void);
    // The mode has been written at sx127x.start_us: set the first deadline.
    void (*launched)(void);
    // An edge came (its time, or 0) or the deadline passed. True: event is filled.
    bool (*service)(uint64_t edge_us, uint64_t now_us, radio_event_t *event);
    // dBm, now, while receiving.
    int16_t (*rssi)(void);
    // A register that holds a value of ours that no reset gives.
    uint8_t canary_address;
    uint8_t canary;
} sx127x_modem_t;

// Below is the LF port, with other offsets and errata.
#define SX127X_LOW_BAND_HZ (525000000)

#define SX127X_IMAGE_SIZE (REG_DIO_MAPPING1 + 1)
#define SX127X_IMAGE_WORDS ((SX127X_IMAGE_SIZE + 31) / 32)

typedef struct {
    uint8_t chip; // radio_chip_t
    uint8_t phase; // sx127x_phase_t
    uint8_t op; // sx127x_op_t
    uint8_t mode; // RegOpMode, as written or as the chip left it
    uint8_t rf; // hal_rf_t
    uint8_t pa_dac;
    uint8_t attempts; // of set-up, or of waiting for something overdue
    uint8_t looks; // at a calibration
    bool found; // set-up has ended well once: chip does not change any more
    bool has_modem; // the image belongs to modulation.modem
    bool flags_dirty; // flags of an operation before may be up
    bool bus_failed; // since it was last looked at
    bool fault_due; // RADIO_FAULT, when set-up has ended
    // The operation.
    int8_t power;
    uint16_t symbols;
    int16_t threshold;
    int16_t rssi; // sense: the strongest; FSK: of the packet
    int16_t afc; // FSK: of the packet, in steps
    uint16_t done; // FSK: bytes that went through the FIFO
    uint16_t total; // FSK: bytes that will have to; 0 not known
    uint8_t base; // LoRa: where the frame lies in the FIFO
    uint8_t len;
    uint8_t next_len; // LoRa: the frame after it; 0 none
    uint64_t deadline_us;
    uint64_t crystal_us; // when the crystal runs
    uint64_t at_us; // when the mode is to be written
    uint64_t start_us; // first symbol, or receiver ready
    uint64_t end_us; // when it should be over
    uint32_t sense_us;
    radio_modulation_t modulation;
    // What the chip's registers hold or shall hold. One bit a register: the chip
    // holds the image's value; it is to be written.
    uint8_t image[SX127X_IMAGE_SIZE];
    uint32_t known[SX127X_IMAGE_WORDS];
    uint32_t dirty[SX127X_IMAGE_WORDS];
    radio_counters_t counters;
    uint8_t buffer[RADIO_PAYLOAD_MAX + 1]; // a frame received, or waiting to be loaded
} sx127x_t;

extern sx127x_t sx127x;
extern const sx127x_modem_t sx127x_lora;
extern const sx127x_modem_t sx127x_fsk;
// The frame after the one that is loaded: to the other end of the FIFO.
void sx127x_lora_next(const uint8_t *payload, uint8_t len);

// Chip, bus and registers: sx127x.c. A bus that fails is noted in bus_failed.
void sx127x_read(uint8_t address, uint8_t *in, size_t len);
void sx127x_write(uint8_t address, const uint8_t *out, size_t len);
uint8_t sx127x_read1(uint8_t address);
void sx127x_write1(uint8_t address, uint8_t value);
// Into the image; written by sx127x_flush(), in as few transactions as it takes.
void sx127x_set(uint8_t address, uint8_t value);
void sx127x_set16(uint8_t address, uint16_t value);
void sx127x_set_frequency(uint32_t frequency);
void sx127x_flush(void);
void sx127x_forget(uint8_t from, uint8_t to);
// Does the chip hold the image?
bool sx127x_verify(void);
// The same, and is it in its mode? For a receiver that has been on for long.
bool sx127x_still_receives(void);
// Reads at an address of the modem's canary or before it; false: not even when
// read again did the canary have its value.
bool sx127x_read_checked(uint8_t address, uint8_t *in, size_t len);
// MODE_SLEEP to MODE_CAD, with the bits that go with modem and band; the second: the
// chip has gone there by itself.
void sx127x_set_mode(uint8_t mode);
void sx127x_mode_is(uint8_t mode);
uint32_t sx127x_steps(uint32_t hz);
const sx127x_modem_t *sx127x_modem(void);

// Operations and phases: sx127x_run.c.
// len, power, symbols and the like are in place. at_us is when it shall start (first
// symbol, receiver ready), 0 at once.
int sx127x_begin(sx127x_op_t op, const radio_modulation_t *modulation, uint64_t at_us, const uint8_t *payload);
// A frame to follow: into the FIFO, or behind the one that waits for it.
int sx127x_follow(const uint8_t *payload, uint8_t len);
// End the operation in hand; mode is MODE_SLEEP or MODE_STANDBY.
int sx127x_rest(uint8_t mode);
// What is due. True: event is filled, call again after it has been delivered.
bool sx127x_run(uint64_t edge_us, uint64_t now_us, radio_event_t *event);
// The operation is over, and the chip in standby.
void sx127x_ended(void);
// The deadline has passed and nothing is there: look again after wait_us, at most
// tries times. False: too often.
bool sx127x_again(uint64_t now_us, uint32_t wait_us, uint8_t tries);
// The deadline found what an edge should have told; dio: the lines that tell it.
void sx127x_count_lost(uint64_t edge_us, uint8_t dio);

// Set-up and recovery: sx127x_setup.c.
void sx127x_setup_start(void);
void sx127x_setup_run(uint64_t now_us);
void sx127x_fault(void);
static inline bool sx127x_setting_up(void) {
    return sx127x.phase > SX127X_DEAD && sx127x.phase < SX127X_IDLE;
}

// Registers of the amplifier into the image: sx127x_power.c.
void sx127x_set_power(uint32_t frequency, int8_t power);
bool sx127x_boosted(uint32_t frequency);

// sx127x_errata.c. The frequency to tune to, which erratum 2.3 shifts.
void sx127x_errata_lora(const radio_modulation_t *modulation);
uint32_t sx127x_errata_rx_frequency(const radio_modulation_t *modulation);

#endif // USOCKET_RADIO_SX127X_H
