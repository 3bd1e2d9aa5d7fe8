// What the radio side needs of a port: one SPI bus with one radio chip, one task,
// time, random numbers and a small store. Plain functions, bound by the linker: a
// firmware has one radio.
//
// Contexts. "task" is the radio task (hal_start). "locked" is any thread between
// hal_lock() and hal_unlock(). On a port without threads the task is called from
// MicroPython's event hook and from hal_wait(), and the lock does nothing.
//
// Times are microseconds of one clock that never steps back and does not stop in
// light sleep. Errors are negative numbers of net/net_errno.h.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_HAL_HAL_H
#define USOCKET_HAL_HAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How the board is wired. Constant after hal_start().
typedef struct {
    uint8_t dio; // bit n: a rising edge of DIOn wakes the task; lines may be merged
    bool tcxo; // the chip's clock input is a TCXO
    uint16_t tcxo_us; // its start-up time
    uint32_t boost_from_hz; // PA_BOOST at and above, RFO below; 0 always, UINT32_MAX never
    int8_t power_max; // dBm that the board may feed to its antenna
    int8_t antenna_gain; // dBi
    uint8_t eui[8]; // the radio's own EUI-64, most significant byte first
} hal_board_t;

// Which way the antenna is switched, for boards that leave that to the CPU.
typedef enum { HAL_RF_OFF, HAL_RF_RX, HAL_RF_TX_RFO, HAL_RF_TX_BOOST } hal_rf_t;

// hal_wake_at(): no deadline.
#define HAL_NEVER UINT64_MAX

// The body of the radio task. edge_us is the time of the last DIO edge since the
// call before, 0 when there was none. It never sleeps. Called with the lock held.
typedef void (*hal_run_t)(uint64_t edge_us);

// Bring up bus, lines and task; run is called for the first time soon after.
// Once; a later call answers 0. -NET_ENODEV when this board has no radio,
// -NET_EIO or -NET_ENOMEM when the port's drivers refuse.
int hal_start(hal_run_t run);

// Valid at any time.
const hal_board_t *hal_board(void);

// One SPI transaction: the chip is selected, the address byte goes out (bit 7 set
// for a write), then len bytes both ways, then the chip is released. out NULL
// sends zeros, in NULL drops what comes; out and in may be the same. Context:
// task or locked. len 0..256. -NET_EIO when the bus driver fails (in: unchanged).
int hal_spi_transfer(uint8_t address, const uint8_t *out, uint8_t *in, size_t len);

// A register write of a stream.
typedef struct {
    uint32_t at; // tenths of a microsecond after the stream's start
    uint8_t address; // bit 7 clear
    uint8_t value;
} hal_write_t;

// Fills the next write, whose time is never before that of the one it follows; false
// when there is none. Called in the port's timer interrupt (or what stands for it),
// so it calls nothing of this file.
typedef bool (*hal_stream_t)(hal_write_t *next);

// Write registers one by one at exact times, from a hardware timer: each transaction
// begins within 5 us of its time, seen from start_us, so that no error adds up; one
// that is late goes out at once, none is left out. They may be 15 us apart. After
// the last one the task is called, as by hal_wake(). Until then there is no
// hal_spi_transfer(). next NULL ends a stream at once; that is not an error when
// there is none. Context: task or locked. start_us is at most 2 s ahead.
// -NET_EOPNOTSUPP: the port has no such timer. -NET_EBUSY: a stream goes on.
int hal_spi_stream(hal_stream_t next, uint64_t start_us);

// Drive the chip's reset line to active (true), or let it float (false); which
// level is active is asked of the caller, since it depends on the chip that is
// found: SX1276 low, SX1272 high. Context: task or locked. -NET_ENODEV when the
// board has no such line.
int hal_reset_line(bool active, bool active_level);

// Context: task or locked. Does nothing on boards whose switch is wired to the chip.
void hal_rf_switch(hal_rf_t rf);

// The time. Any context, interrupts included.
uint64_t hal_now_us(void);

// Call the task soon. Any context, interrupts included; calls are merged.
void hal_wake(void);

// Call the task at this time, or at once when it is past; each call replaces the
// one before. Context: task. The port calls within 50 us where its clock allows it.
void hal_wake_at(uint64_t when_us);

// Unpredictable bytes. Any thread, not interrupts.
void hal_random(void *buf, size_t len);

// Small records that survive a power cut, by name (1 to 15 characters). A write is
// atomic: after a cut the record is the old or the new one. Any thread; may take
// milliseconds. Read answers the record's length (which may exceed len; then len
// bytes were filled), -NET_ENOENT when there is none, -NET_EIO. Write with len 0
// removes. -NET_ENOSPC, -NET_EIO: the old record stays.
int hal_store_read(const char *name, void *buf, size_t len);
int hal_store_write(const char *name, const void *buf, size_t len);

// Exclude the task and other threads. Not from interrupts; does not nest; held for
// less than a millisecond, but for a record that Sigfox's task stores while the radio
// has nothing to do; LoRaWAN's gives the lock up while it writes. With priority
// inheritance where threads have priorities.
void hal_lock(void);
void hal_unlock(void);

// Like a condition variable, with the lock held: gives the lock up, sleeps until
// hal_notify(), at most timeout_ms, and takes it again. May return for nothing.
// Callers drop Python's global lock first.
void hal_wait(uint32_t timeout_ms);

// Wake all that are in hal_wait(). Context: task or locked.
void hal_notify(void);

#endif // USOCKET_HAL_HAL_H
