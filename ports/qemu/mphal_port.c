// MicroPython's port functions: the clock, waits, and standard input and output. The
// linker puts those with __wrap_ in place of the qemu port's (mpconfigboard.mk), which
// spin on the UART.
// SPDX-License-Identifier: MIT
#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/runtime/interrupt_char.h"

#include "qemu_board.h"
#include "qemu_hooks.h"
#include "qemu_radio.h"
#include "qemu_uart.h"
#include "sim_hal.h"

#define MS (1000000ull)
#define US (1000ull)

// --- Hooks -------------------------------------------------------------------

uint8_t qemu_hooks_loops = 1;

// Again after a soft reset, when all this is there already.
void qemu_hooks_init(void) {
    static bool done;
    if (!done) {
        done = true;
        qemu_board_init();
        qemu_radio_init();
    }
}

void qemu_hooks_poll(void) {
    qemu_hooks_loops = 64;
    sim_hal_follow();
}

void qemu_hooks_wake(void) {
    qemu_board_wake();
}

// True when something happened before the time was over.
static bool wait_until(uint64_t until_ns) {
    uint64_t next_ns = sim_hal_next_ns();
    bool happened = qemu_radio_sleep(next_ns < until_ns ? next_ns : until_ns);
    sim_hal_follow();
    return happened;
}

// Python polls standard input, and the PC's answer comes in the PC's time. Where QEMU
// makes the clock jump over sleeps (sleep=off) it would come too late: spin instead.
static bool console_polled;

void qemu_hooks_wait(uint32_t timeout_ms) {
    if (console_polled) {
        console_polled = false;
        return;
    }
    wait_until(timeout_ms == UINT32_MAX ? UINT64_MAX : qemu_radio_ns() + timeout_ms * MS);
}

// --- Time --------------------------------------------------------------------

mp_uint_t mp_hal_ticks_ms(void) {
    return (mp_uint_t)(qemu_radio_ns() / MS);
}

mp_uint_t mp_hal_ticks_us(void) {
    return (mp_uint_t)(qemu_radio_ns() / US);
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return (mp_uint_t)qemu_radio_ns();
}

uint64_t mp_hal_time_ns(void) {
    return qemu_radio_ns();
}

void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t until = qemu_radio_ns() + ms * MS;
    do {
        mp_event_handle_nowait();
        wait_until(until);
    } while (qemu_radio_ns() < until);
    mp_event_handle_nowait();
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t until = qemu_radio_ns() + us * US;
    do {
        wait_until(until);
    } while (qemu_radio_ns() < until);
}

// --- Standard input and output -----------------------------------------------

bool qemu_uart_taken(int byte) {
    if (byte != mp_interrupt_char) {
        return false;
    }
    mp_sched_keyboard_interrupt();
    return true;
}

int __wrap_mp_hal_stdin_rx_chr(void);
int __wrap_mp_hal_stdin_rx_chr(void) {
    for (;;) {
        int byte = qemu_uart_read();
        if (byte >= 0) {
            return byte;
        }
        mp_event_wait_indefinite();
    }
}

mp_uint_t __wrap_mp_hal_stdout_tx_strn(const char *str, size_t len);
mp_uint_t __wrap_mp_hal_stdout_tx_strn(const char *str, size_t len) {
    qemu_uart_write(str, len);
    return len;
}

uintptr_t __wrap_mp_hal_stdio_poll(uintptr_t flags);
uintptr_t __wrap_mp_hal_stdio_poll(uintptr_t flags) {
    uintptr_t ready = flags & MP_STREAM_POLL_WR;
    if (qemu_uart_any()) {
        return ready | (flags & MP_STREAM_POLL_RD);
    }
    console_polled = (flags & MP_STREAM_POLL_RD) != 0;
    return ready;
}
