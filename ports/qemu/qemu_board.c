// Registers are of Arm's application note 385 and the CMSDK and ARMv7-M manuals.
// SPDX-License-Identifier: MIT
#include "qemu_board.h"

#include "qemu_hooks.h"
#include "qemu_uart.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define SCB_VTOR REGISTER(0xe000ed08)
#define NVIC_ISER0 REGISTER(0xe000e100)
// The 25 MHz counter and the slow one that says how often it went round.
#define FPGAIO_CLK100HZ REGISTER(0x40028014)
#define FPGAIO_COUNTER REGISTER(0x40028018)
#define TICK_NS (40)
#define TICKS_PER_SLOW_TICK (250000)
// CMSDK timer 0: counts down at 25 MHz.
#define TIMER_CTRL REGISTER(0x40000000)
#define TIMER_VALUE REGISTER(0x40000004)
#define TIMER_RELOAD REGISTER(0x40000008)
#define TIMER_INTCLEAR REGISTER(0x4000000c)
#define TIMER_ENABLE (1 << 0)
#define TIMER_INTERRUPT (1 << 3)

#define EXCEPTIONS (16)
#define INTERRUPTS (32)
#define IRQ_UART_RX (0)
#define IRQ_TIMER (8)

#define PAINT (0xa5a5a5a5u)

extern const uint32_t isr_vector[EXCEPTIONS]; // the port's

// The port's table ends before the interrupts.
static uint32_t vectors[EXCEPTIONS + INTERRUPTS] __attribute__((aligned(256)));
static volatile bool woken;

// --- Clock and sleep ---------------------------------------------------------

uint64_t qemu_board_ns(void) {
    uint64_t about = (uint64_t)FPGAIO_CLK100HZ * TICKS_PER_SLOW_TICK;
    int32_t difference = (int32_t)(FPGAIO_COUNTER - (uint32_t)about);
    return (about + (int64_t)difference) * TICK_NS;
}

static void on_timer(void) {
    TIMER_CTRL = 0;
    TIMER_INTCLEAR = 1;
}

static void set_timer(uint64_t ns) {
    uint64_t ticks = ns / TICK_NS + 1;
    TIMER_CTRL = 0;
    TIMER_RELOAD = TIMER_VALUE = ticks > INT32_MAX ? INT32_MAX : (uint32_t)ticks;
    TIMER_CTRL = TIMER_ENABLE | TIMER_INTERRUPT;
}

void qemu_board_wake(void) {
    woken = true;
}

bool qemu_board_sleep(uint64_t ns) {
    uint64_t until = ns == UINT64_MAX ? UINT64_MAX : qemu_board_ns() + ns;
    bool over = false;
    while (!over && !woken) {
        uint64_t now = qemu_board_ns();
        over = now >= until;
        // An interrupt that comes after the look ends the WFI all the same.
        uint32_t state = qemu_hooks_disable();
        if (!over && !woken) {
            if (until != UINT64_MAX) {
                // QEMU 7.2 with -icount sleep=off lets twice the time pass.
                set_timer((until - now) / 2);
            }
            __asm volatile ("wfi" : : : "memory");
        }
        qemu_hooks_restore(state);
    }
    TIMER_CTRL = 0;
    bool result = woken;
    woken = false;
    return result;
}

// --- Stacks ------------------------------------------------------------------

// AAPCS: stack, function, argument.
__attribute__((naked, noinline))
static void call_on(uint32_t *top __attribute__((unused)), void (*function)(void *) __attribute__((unused)),
    void *arg __attribute__((unused))) {
    __asm volatile (
        "push {r4, lr}\n"
        "mov r4, sp\n"
        "mov sp, r0\n"
        "mov r0, r2\n"
        "blx r1\n"
        "mov sp, r4\n"
        "pop {r4, pc}\n"
        );
}

static void paint(uint32_t *words, size_t number) {
    for (size_t i = 0; i < number; ++i) {
        ((volatile uint32_t *)words)[i] = PAINT;
    }
}

static size_t used(const uint32_t *words, size_t number) {
    size_t clean = 0;
    while (clean < number && words[clean] == PAINT) {
        ++clean;
    }
    return 4 * (number - clean);
}

void qemu_stack_forget(qemu_stack_t *stack) {
    paint(stack->words, stack->number);
    stack->painted = true;
}

void qemu_stack_call(qemu_stack_t *stack, void (*function)(void *arg), void *arg) {
    if (!stack->painted) {
        qemu_stack_forget(stack);
    }
    call_on(stack->words + stack->number, function, arg);
}

size_t qemu_stack_used(const qemu_stack_t *stack) {
    return stack->painted ? used(stack->words, stack->number) : 0;
}

static uint32_t *main_bottom(void) {
    return (uint32_t *)(isr_vector[0] - QEMU_STACK_MAIN_SIZE);
}

size_t qemu_stack_main_used(void) {
    return used(main_bottom(), QEMU_STACK_MAIN_SIZE / 4);
}

// --- Start -------------------------------------------------------------------

void qemu_board_init(void) {
    uint32_t *here = __builtin_frame_address(0);
    paint(main_bottom(), (size_t)(here - main_bottom()) - 64);
    for (int i = 0; i < EXCEPTIONS; ++i) {
        vectors[i] = isr_vector[i];
    }
    vectors[EXCEPTIONS + IRQ_UART_RX] = (uint32_t)qemu_uart_interrupt;
    vectors[EXCEPTIONS + IRQ_TIMER] = (uint32_t)on_timer;
    SCB_VTOR = (uint32_t)vectors;
    qemu_uart_init();
    NVIC_ISER0 = 1u << IRQ_UART_RX | 1u << IRQ_TIMER;
}
