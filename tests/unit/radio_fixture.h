// A radio room on a software chip, an owner that keeps what it is told, and a second
// chip that is driven register by register, in the datasheet's terms.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_TESTS_UNIT_RADIO_FIXTURE_H
#define USOCKET_TESTS_UNIT_RADIO_FIXTURE_H

#include "radio/radio.h"
#include "sim_chip.h"
#include "sim_hal.h"

#define FIXTURE_EVENTS (64)

typedef struct {
    radio_owner_t owner; // first
    unsigned events;
    unsigned of_type[RADIO_FAULT + 1];
    radio_event_t event; // the last one
    uint8_t data[256];
    uint64_t times[FIXTURE_EVENTS];
    void (*on_event)(const radio_event_t *event); // may start an operation
    void (*on_step)(uint64_t now_us);
} fixture_owner_t;

extern sim_chip_t fixture_chip; // the driver's
extern sim_chip_t fixture_peer;
extern fixture_owner_t fixture;
// The next fixture_start() finds a bus that answers nothing.
extern bool fixture_dead_bus;

// How the next fixture_start() wires the chip.
typedef struct {
    sim_chip_kind_t kind;
    hal_board_t board;
    bool no_reset_line;
    bool merged; // DIO0 to DIO2 on one wire
} fixture_wiring_t;
fixture_wiring_t fixture_wiring(sim_chip_kind_t kind);

// Everything anew: air, chips, HAL, room; the radio is started and claimed.
// Answers what radio_start() or radio_claim() did.
int fixture_start(const fixture_wiring_t *wiring);
int fixture_start_kind(sim_chip_kind_t kind);
// The same with the chip as it was left: the CPU was reset.
int fixture_restart(void);
// Rules of the model and of the HAL that were broken; prints which. At a test's end:
uint32_t fixture_broken(void);
#define CHECK_RULES() CHECK(fixture_broken() == 0, "the rules of datasheet and HAL are kept")
// Let time pass until an event has come, at most so long; which is kept in
// fixture.event. False: none came.
bool fixture_wait(uint64_t us);
// Forget what came.
void fixture_clear(void);

// Around calls of the room; does nothing inside of on_event.
void fixture_lock(void);
void fixture_unlock(void);

radio_modulation_t fixture_lora(uint8_t sf, radio_bw_t bw, uint8_t cr);
radio_modulation_t fixture_fsk(void); // LoRaWAN's DR7

int fixture_transmit(const radio_modulation_t *modulation, const void *data, size_t len);
int fixture_receive(const radio_modulation_t *modulation, uint16_t symbols, uint64_t at_us);

// The peer. It has the driver's kind of chip.
void peer_write(uint8_t address, uint8_t value);
uint8_t peer_read(uint8_t address);
void peer_lora(const radio_modulation_t *modulation);
void peer_fsk(const radio_modulation_t *modulation);
void peer_send(const uint8_t *data, size_t len);
void peer_listen(void);
// Length of the frame that it received since it listens, -1 none, -2 bad CRC.
int peer_frame(uint8_t *data);

#endif // USOCKET_TESTS_UNIT_RADIO_FIXTURE_H
