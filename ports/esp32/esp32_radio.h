// Between the radio task (esp32_task.c) and what it drives: a chip on SPI
// (esp32_spi.c and its neighbours) or a simulated one (esp32_sim.c).
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_ESP32_ESP32_RADIO_H
#define USOCKET_PORTS_ESP32_ESP32_RADIO_H

#include <stdbool.h>
#include <stdint.h>

// --- Supplied by esp32_task.c ------------------------------------------------

// The task is due, and has not run yet.
bool esp32_task_pending(void);
// Does the caller hold hal_lock()? Not from interrupts.
bool esp32_task_locked(void);
// Let the task look at its radio without a call of its body.
void esp32_task_look(void);

// Wake MicroPython's main task from its sleep in a poll loop.
void esp32_task_signal(void);

// --- Supplied by the radio ---------------------------------------------------

// Bring up bus, lines and timer; again if it failed before. Locked. 0 or a negative
// errno of hal_start().
int esp32_radio_start(void);
// Any thread: watch the lines (again). MicroPython's soft reset takes the interrupt
// handlers of all pins away.
void esp32_radio_watch(void);
// The time of the last edge since the call before; 0.
uint64_t esp32_radio_edge(void);
// The lock was taken, or is about to be given up.
void esp32_radio_entered(void);
void esp32_radio_leaving(void);
// Locked: for how long the task may sleep if nobody wakes it; UINT32_MAX for ever.
uint32_t esp32_radio_idle_ms(void);

// --- Files of the radio on SPI -----------------------------------------------

// esp32_spi.c
int esp32_spi_start(void);
// The bus is this port's own and without DMA, so that its registers may be used between
// these two, in an interrupt also. begin sets them up for our chip; false when it
// cannot. Context: task or locked.
bool esp32_spi_begin(void);
void esp32_spi_end(void);

// esp32_lines.c
int esp32_lines_start(void);
// Pin numbers that depend on the silicon; -1 not wired.
int esp32_board_cs(void);
int esp32_board_reset(void);

// esp32_stream.c: give the bus back if a stream has ended. Context: task or locked.
void esp32_stream_finish(void);

#endif // USOCKET_PORTS_ESP32_ESP32_RADIO_H
