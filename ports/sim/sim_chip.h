// A software SX1272 or SX1276, as its pins see it. What it does is typed from the
// datasheet, not from a driver. It refuses what silicon refuses, and counts what a
// driver does against the rules.
//
// Single-threaded as sim_time.h. Events of the chip (mode changes, timeouts,
// frames) run on simulated time.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_SIM_SIM_CHIP_H
#define USOCKET_PORTS_SIM_SIM_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim_air.h"
#include "sim_time.h"

typedef enum { SIM_SX1272, SIM_SX1276 } sim_chip_kind_t;
#define SIM_CHIP_DIOS (6)

// Rules that a driver can break; sim_chip_t.broken counts each.
typedef enum {
    SIM_RULE_FIFO_IN_SLEEP, // RegFifo read or written in Sleep
    SIM_RULE_LONG_RANGE, // LongRangeMode changed outside Sleep
    SIM_RULE_OCP, // more current asked of the PA than OCP allows (+20 dBm)
    SIM_RULE_PAYLOAD_LENGTH, // PayloadLength 0
    SIM_RULE_SF6, // SF6 with an explicit header or without its detection settings
    SIM_RULE_LOW_RATE, // symbols over 16 ms without LowDataRateOptimize
    SIM_RULE_ERRATUM, // 2.1 or 2.3 not applied when RX or TX was entered
    SIM_RULE_NOT_IN_STANDBY, // a modem setting changed in TX or RX
    SIM_RULE_RESERVED, // a reserved register or value written
    SIM_RULE_PA_LEVEL, // manual PA level above 0xE7
    SIM_RULE_PHASE, // the carrier's phase turned while the PA gave power
    SIM_RULE_FREQUENCY, // outside the chip's range
    SIM_RULE_DURING_RESET, // SPI while reset or within its 5 ms
    SIM_RULE_FIFO_OVERWRITTEN, // LoRa: a byte of the frame being sent was changed
    SIM_RULE_FIFO_UNDERRUN, // FSK: the FIFO ran empty in the middle of a packet
    SIM_RULE_NUMBER,
} sim_chip_rule_t;

// Line changed: dio is 0..5. Called in the model's context; do not call back into
// SPI from it (silicon would not either: wake somebody).
typedef struct _sim_chip_t sim_chip_t;
typedef void (*sim_chip_edge_t)(sim_chip_t *chip, int dio, bool level);

// Faults that a test switches on.
typedef struct {
    uint32_t spi_bit_errors; // one bit in so many is wrong; 0 none
    bool stuck; // MISO reads all ones, writes do nothing
    bool stuck_low; // MISO reads zeros
    uint8_t dio_cut; // bit n: DIOn does not reach its pin
    int32_t crystal_ppb; // clock error of the chip, parts per 1e9
} sim_chip_faults_t;

struct _sim_chip_t {
    sim_air_radio_t radio; // first: the air's handle of it; name and position are free to set
    sim_chip_kind_t kind;
    sim_chip_edge_t edge; // may be NULL
    void *user; // the owner's
    sim_chip_faults_t faults;
    uint32_t broken[SIM_RULE_NUMBER];
    uint32_t spi_transfers;
    uint32_t spi_bytes;
    uint32_t spi_hz; // 10 MHz; a transfer takes its time
    // The clock input: a crystal (250 us), or a TCXO, which does not reach the PLL
    // unless TcxoInputOn is set. Constant after sim_chip_init().
    bool tcxo;
    uint32_t clock_start_us; // 0: 250
    // Every register write, for checks of a trace; may be NULL.
    void (*trace)(sim_chip_t *chip, uint8_t address, uint8_t value);
    struct {
        uint64_t words[288]; // the model's own: sim_chip_internal.h
    } state;
};

// Power the chip up: as after reset. It joins the air. The struct is the caller's,
// zeroed but for what it wants to set before. After sim_time_reset() and
// sim_air_reset() each chip must be initialised again.
void sim_chip_init(sim_chip_t *chip, sim_chip_kind_t kind);
// Power down; leaves the air.
void sim_chip_deinit(sim_chip_t *chip);
// Cut the power and give it back: everything is lost; a frame being sent stops.
void sim_chip_power_cycle(sim_chip_t *chip);

// One transaction while NSS is low: len bytes both ways, the first is the address.
// in may be NULL. Takes simulated time (spi_hz).
void sim_chip_spi(sim_chip_t *chip, const uint8_t *out, uint8_t *in, size_t len);
// The same as hal_spi_transfer() has it: the address, then len bytes both ways; out NULL
// sends zeros, in NULL drops what comes; they may be the same.
void sim_chip_transfer(sim_chip_t *chip, uint8_t address, const uint8_t *out, uint8_t *in, size_t len);
// The same byte by byte, for machine.SPI: select, bytes, release.
void sim_chip_select(sim_chip_t *chip, bool selected);
uint8_t sim_chip_spi_byte(sim_chip_t *chip, uint8_t out);

// RESET pin: 0, 1, or -1 for floating.
void sim_chip_reset_line(sim_chip_t *chip, int level);
// Level of DIO0..5.
bool sim_chip_dio(const sim_chip_t *chip, int dio);

// A look at a register without SPI, for tests; LoRa or FSK page as an SPI read sees it.
uint8_t sim_chip_peek(sim_chip_t *chip, uint8_t address);
// The sum of broken rules; and the rule's name.
uint32_t sim_chip_broken(const sim_chip_t *chip);
const char *sim_chip_rule_name(sim_chip_rule_t rule);

#endif // USOCKET_PORTS_SIM_SIM_CHIP_H
