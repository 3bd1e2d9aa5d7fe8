// The state of a software chip, and what its files ask of each other.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_SIM_SIM_CHIP_INTERNAL_H
#define USOCKET_PORTS_SIM_SIM_CHIP_INTERNAL_H

#include "sim_chip.h"

// Modes: RegOpMode 2:0.
enum {
    MODE_SLEEP, MODE_STANDBY, MODE_FSTX, MODE_TX, MODE_FSRX, MODE_RX, MODE_RX_SINGLE, MODE_CAD,
};

// Registers of both pages and both chips, by the datasheet's names.
enum {
    REG_FIFO = 0x00, REG_OP_MODE = 0x01, REG_BITRATE_MSB = 0x02, REG_BITRATE_LSB = 0x03, REG_FDEV_MSB = 0x04,
    REG_FDEV_LSB = 0x05, REG_FRF_MSB = 0x06, REG_FRF_MID = 0x07, REG_FRF_LSB = 0x08, REG_PA_CONFIG = 0x09,
    REG_PA_RAMP = 0x0a, REG_OCP = 0x0b, REG_LNA = 0x0c, REG_DIO_MAPPING1 = 0x40, REG_DIO_MAPPING2 = 0x41,
    REG_VERSION = 0x42,
    // LoRa page
    LORA_FIFO_ADDR_PTR = 0x0d, LORA_FIFO_TX_BASE = 0x0e, LORA_FIFO_RX_BASE = 0x0f, LORA_FIFO_RX_CURRENT = 0x10,
    LORA_IRQ_MASK = 0x11, LORA_IRQ_FLAGS = 0x12, LORA_RX_NB_BYTES = 0x13, LORA_HEADER_CNT = 0x14,
    LORA_PACKET_CNT = 0x16, LORA_MODEM_STAT = 0x18, LORA_PKT_SNR = 0x19, LORA_PKT_RSSI = 0x1a, LORA_RSSI = 0x1b,
    LORA_HOP_CHANNEL = 0x1c, LORA_MODEM_CONFIG1 = 0x1d, LORA_MODEM_CONFIG2 = 0x1e, LORA_SYMB_TIMEOUT = 0x1f,
    LORA_PREAMBLE_MSB = 0x20, LORA_PREAMBLE_LSB = 0x21, LORA_PAYLOAD_LENGTH = 0x22, LORA_MAX_PAYLOAD = 0x23,
    LORA_HOP_PERIOD = 0x24, LORA_FIFO_RX_BYTE = 0x25, LORA_MODEM_CONFIG3 = 0x26, LORA_FEI_MSB = 0x28,
    LORA_RSSI_WIDEBAND = 0x2c, LORA_IF_FREQ1 = 0x2f, LORA_IF_FREQ2 = 0x30, LORA_DETECT_OPTIMIZE = 0x31,
    LORA_INVERT_IQ = 0x33, LORA_HIGH_BW1 = 0x36, LORA_DETECTION_THRESHOLD = 0x37, LORA_SYNC_WORD = 0x39,
    LORA_HIGH_BW2 = 0x3a, LORA_INVERT_IQ2 = 0x3b,
    // FSK page
    FSK_RX_CONFIG = 0x0d, FSK_RSSI = 0x11, FSK_RX_BW = 0x12, FSK_AFC_BW = 0x13, FSK_AFC_FEI = 0x1a,
    FSK_AFC_MSB = 0x1b, FSK_FEI_MSB = 0x1d, FSK_PREAMBLE_DETECT = 0x1f, FSK_RX_TIMEOUT2 = 0x21,
    FSK_RX_TIMEOUT3 = 0x22, FSK_PREAMBLE_MSB = 0x25, FSK_PREAMBLE_LSB = 0x26, FSK_SYNC_CONFIG = 0x27,
    FSK_SYNC_VALUE1 = 0x28, FSK_PACKET_CONFIG1 = 0x30, FSK_PACKET_CONFIG2 = 0x31, FSK_PAYLOAD_LENGTH = 0x32,
    FSK_NODE_ADDRESS = 0x33, FSK_BROADCAST_ADDRESS = 0x34, FSK_FIFO_THRESH = 0x35, FSK_IMAGE_CAL = 0x3b,
    FSK_TEMPERATURE = 0x3c, FSK_IRQ_FLAGS1 = 0x3e, FSK_IRQ_FLAGS2 = 0x3f,
};

// RegIrqFlags, LoRa.
enum {
    IRQ_RX_TIMEOUT = 0x80, IRQ_RX_DONE = 0x40, IRQ_CRC_ERROR = 0x20, IRQ_VALID_HEADER = 0x10, IRQ_TX_DONE = 0x08,
    IRQ_CAD_DONE = 0x04, IRQ_FHSS = 0x02, IRQ_CAD_DETECTED = 0x01,
};

typedef struct {
    sim_event_t event; // first
    sim_chip_t *chip;
} chip_event_t;

typedef enum { RX_OFF, RX_SEARCH, RX_LOCKING, RX_DETECTED, RX_SYNCED, RX_PAYLOAD, RX_HALTED } rx_step_t;

// The receiver; both modems use it.
typedef struct {
    const sim_air_frame_t *frame; // from RX_LOCKING on
    uint64_t from_ns; // searching since
    uint64_t lock_ns; // begin of the part of the preamble that was heard
    uint64_t step_ns; // when the step in hand began, in the frame's time
    uint64_t end_ns; // RX_PAYLOAD: when the payload ends
    uint64_t timeout_ns; // a single reception gives up then
    uint64_t after_ns; // another frame whose notice came late is not caught up with before
    uint8_t step; // rx_step_t
    bool garbled; // settings differ: the payload is noise
    bool cut; // the frame was aborted
    uint16_t len; // of the payload
    uint16_t written; // bytes of it in the FIFO
    uint8_t fifo_start;
    int32_t offset_hz; // of the frame against the receiver
} rx_t;

// FSK packet handler. "Stream" are the bytes after the sync word: length, payload, CRC.
typedef struct {
    uint8_t fifo[64];
    uint8_t head, count;
    uint8_t flags1, flags2; // those that are kept; the others follow from the state
    bool crc_good, hurt, weak; // RX: of the packet in hand
    uint16_t crc; // RX: so far
    int16_t skew; // RX: place in the sender's stream minus place in ours
    uint16_t at; // bytes of the stream that arrived or left
    uint16_t total; // bytes of the stream; of the FIFO's part when sending
    int16_t rssi_x10; // of the last packet, shown while the receiver waits
    uint64_t byte0_ns; // when the stream begins
    uint64_t rx_since_ns;
    uint64_t calibrated_ns; // image calibration ends
} fsk_t;

typedef struct {
    uint8_t common[0x80];
    uint8_t lora[0x40];
    uint8_t fsk[0x40];
    uint8_t fifo[256];
    bool powered, in_reset, selected, spi_write, spi_started;
    bool long_range, shared; // RegOpMode 7, 6
    bool mode_ready, pll_on;
    uint8_t spi_address;
    uint8_t mode;
    uint8_t lines; // DIO levels
    uint8_t hop_channel;
    uint8_t rx_pointer; // LoRa: where the receiver writes next
    uint8_t modem_stat;
    uint16_t header_count, packet_count;
    uint32_t random;
    uint32_t frequency; // taken from RegFrf, Hz without the crystal's error
    uint64_t usable_ns; // after a reset
    uint64_t awake_ns; // when the crystal runs
    uint64_t cad_from_ns, tx_end_ns;
    const sim_air_frame_t *sending; // NULL none
    uint8_t level, phase; // of the carrier, as told to the air last
    uint8_t sending_base, sending_len; // LoRa: where it is in the FIFO
    chip_event_t ready, rx_event, timeout, tx_event, hop;
    rx_t rx;
    fsk_t fsk_state;
} sim_chip_state_t;

_Static_assert(sizeof(sim_chip_state_t) <= sizeof(((sim_chip_t *)0)->state), "sim_chip_t has room for the state");

static inline sim_chip_state_t *sim_chip_state(sim_chip_t *chip) {
    return (sim_chip_state_t *)(void *)&chip->state;
}

// Of LoRa, from the registers.
typedef struct {
    uint32_t bandwidth; // Hz, cut
    uint64_t symbol_ns;
    uint16_t symbol_timeout;
    uint16_t preamble;
    uint8_t bandwidth_code; // the chip's; 0xff reserved
    uint8_t sf, cr;
    bool implicit, crc, low_rate, continuous, valid;
} sim_lora_t;

// sim_chip.c
void sim_chip_break(sim_chip_t *chip, sim_chip_rule_t rule);
void sim_chip_lines(sim_chip_t *chip); // work the DIO lines out anew
uint32_t sim_chip_random(sim_chip_t *chip);
// Durations and frequencies as this chip's crystal makes them.
uint64_t sim_chip_ns(const sim_chip_t *chip, uint64_t ns);
uint32_t sim_chip_hz(const sim_chip_t *chip, uint32_t hz);

// sim_chip_reset.c
void sim_chip_reset_registers(sim_chip_t *chip);

// sim_chip_mode.c
void sim_chip_mode_init(sim_chip_t *chip);
void sim_chip_mode_write(sim_chip_t *chip, uint8_t value);
// The chip goes to Standby by itself.
void sim_chip_mode_standby(sim_chip_t *chip);
void sim_chip_mode_stop(sim_chip_t *chip); // what is going on ends, without flags
uint8_t sim_chip_mode_read(sim_chip_t *chip);
void sim_chip_frequency_written(sim_chip_t *chip);
void sim_chip_take_frequency(sim_chip_t *chip);

// sim_chip_pa.c
int16_t sim_chip_power_x10(sim_chip_t *chip);
uint32_t sim_chip_ramp_ns(sim_chip_t *chip);
void sim_chip_pa_check(sim_chip_t *chip);
// A register was written (or a carrier has begun: address 0): tell the air what the
// carrier's amplitude and phase are, if they changed.
void sim_chip_pa_written(sim_chip_t *chip, uint8_t address, uint8_t value);
// What RegRssiValue 0 means in LoRa, below 0 dBm; and RegPktRssiValue.
int sim_chip_rssi_offset_x10(sim_chip_t *chip);
uint8_t sim_chip_rssi_code(sim_chip_t *chip, int rssi_x10, int snr_x10);

// sim_chip_lora.c
uint8_t sim_chip_lora_read(sim_chip_t *chip, uint8_t address);
void sim_chip_lora_write(sim_chip_t *chip, uint8_t address, uint8_t value);
void sim_chip_lora_settings(sim_chip_t *chip, sim_lora_t *lora);
uint64_t sim_chip_lora_airtime(const sim_lora_t *lora, unsigned len);
void sim_chip_lora_irq(sim_chip_t *chip, uint8_t flags);
uint8_t sim_chip_lora_lines(sim_chip_t *chip);
uint8_t sim_chip_lora_fifo(sim_chip_t *chip, bool write, uint8_t value);
bool sim_chip_lora_check(sim_chip_t *chip); // at TX, RX, CAD: rules; false: nothing works
uint64_t sim_chip_lora_rx_ns(sim_chip_t *chip); // until the receiver is ready
void sim_chip_lora_slept(sim_chip_t *chip);

// sim_chip_lora_tx.c
void sim_chip_lora_tx(sim_chip_t *chip);
void sim_chip_lora_tx_done(sim_event_t *event);
void sim_chip_lora_hop(sim_event_t *event);

// sim_chip_lora_rx.c
void sim_chip_lora_rx(sim_chip_t *chip);
void sim_chip_lora_rx_event(sim_event_t *event);
void sim_chip_lora_rx_timeout(sim_chip_t *chip);
void sim_chip_lora_rx_hop(sim_chip_t *chip);
void sim_chip_lora_heard(sim_chip_t *chip, const sim_air_frame_t *frame);
void sim_chip_lora_rx_progress(sim_chip_t *chip); // bytes that have arrived by now
bool sim_chip_lora_fits(sim_chip_t *chip, const sim_lora_t *lora, const sim_air_frame_t *frame);

// sim_chip_lora_cad.c
void sim_chip_lora_cad(sim_chip_t *chip);
void sim_chip_lora_cad_done(sim_event_t *event);

// RegIrqFlags1 and 2, FSK.
enum {
    FLAG1_MODE_READY = 0x80, FLAG1_RX_READY = 0x40, FLAG1_TX_READY = 0x20, FLAG1_PLL_LOCK = 0x10, FLAG1_RSSI = 0x08,
    FLAG1_TIMEOUT = 0x04, FLAG1_PREAMBLE = 0x02, FLAG1_SYNC = 0x01,
    FLAG2_FULL = 0x80, FLAG2_EMPTY = 0x40, FLAG2_LEVEL = 0x20, FLAG2_OVERRUN = 0x10, FLAG2_SENT = 0x08,
    FLAG2_READY = 0x04, FLAG2_CRC_OK = 0x02,
};

// sim_chip_fsk.c
void sim_chip_fsk_stopped(sim_chip_t *chip); // a mode was left: its flags go
uint8_t sim_chip_fsk_read(sim_chip_t *chip, uint8_t address);
void sim_chip_fsk_write(sim_chip_t *chip, uint8_t address, uint8_t value);
uint8_t sim_chip_fsk_lines(sim_chip_t *chip);
uint8_t sim_chip_fsk_fifo(sim_chip_t *chip, bool write, uint8_t value);
void sim_chip_fsk_clear(sim_chip_t *chip);
void sim_chip_fsk_push(sim_chip_t *chip, uint8_t byte);
int sim_chip_fsk_pop(sim_chip_t *chip); // -1: empty
uint64_t sim_chip_fsk_bits_ns(sim_chip_t *chip, uint32_t bits);
uint32_t sim_chip_fsk_bit_rate(sim_chip_t *chip);
uint32_t sim_chip_fsk_deviation(sim_chip_t *chip);
uint32_t sim_chip_fsk_filter(uint8_t code); // RegRxBw, RegAfcBw: single side, Hz

// sim_chip_fsk_tx.c
void sim_chip_fsk_tx(sim_chip_t *chip); // TX is ready, or the FIFO has changed in it
void sim_chip_fsk_tx_event(sim_event_t *event);
void sim_chip_fsk_tx_refilled(sim_chip_t *chip, uint8_t byte);

// sim_chip_fsk_rx.c
void sim_chip_fsk_rx(sim_chip_t *chip);
void sim_chip_fsk_rx_event(sim_event_t *event);
void sim_chip_fsk_rx_timeout(sim_chip_t *chip);
void sim_chip_fsk_heard(sim_chip_t *chip, const sim_air_frame_t *frame);
void sim_chip_fsk_rx_emptied(sim_chip_t *chip);

// sim_chip_fsk_stream.c
uint8_t sim_fsk_pn9(unsigned index); // byte of the whitening sequence
uint16_t sim_fsk_crc(uint16_t crc, uint8_t byte, bool ibm);
uint16_t sim_fsk_crc_start(bool ibm);
uint16_t sim_fsk_crc_end(uint16_t crc, bool ibm);
unsigned sim_fsk_stream_len(const sim_air_frame_t *frame);
uint8_t sim_fsk_stream_byte(const sim_air_frame_t *frame, unsigned at);

#endif // USOCKET_PORTS_SIM_SIM_CHIP_INTERNAL_H
