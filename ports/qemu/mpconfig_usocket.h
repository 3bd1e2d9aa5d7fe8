// The qemu port, configured as a board is: time, select, asyncio, a prompt that
// Ctrl-C interrupts. Read instead of mpconfigport.h (MP_CONFIGFILE).
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_QEMU_MPCONFIG_USOCKET_H
#define USOCKET_PORTS_QEMU_MPCONFIG_USOCKET_H

#include "mpconfigport.h"

#include "qemu_hooks.h"

#undef MICROPY_PY_TIME
#define MICROPY_PY_TIME (1)
#define MICROPY_PY_TIME_TIME_TIME_NS (1)
#define MICROPY_PY_TIME_INCLUDEFILE "qemu_modtime.h"
#undef MICROPY_PY_SELECT
#define MICROPY_PY_SELECT (1)
#undef MICROPY_PY_ASYNCIO
#define MICROPY_PY_ASYNCIO (1)
// mpremote mounts its directories over these.
#undef MICROPY_PY_SYS_STDIO_BUFFER
#define MICROPY_PY_SYS_STDIO_BUFFER (1)
#define MICROPY_PY_OS_UNAME (1)
#define MICROPY_SCHEDULER_DEPTH (8)

// Waits sleep until the simulation or an interrupt has something for them.
#define MICROPY_INTERNAL_EVENT_HOOK qemu_hooks_poll()
#define MICROPY_INTERNAL_WFE(timeout_ms) qemu_hooks_wait(timeout_ms)
#define MICROPY_SCHED_HOOK_SCHEDULED qemu_hooks_wake()
// Python that does not wait polls the radio from its loops.
#define MICROPY_VM_HOOK_LOOP \
    if (--qemu_hooks_loops == 0) { \
        qemu_hooks_poll(); \
    }
#define MICROPY_BEGIN_ATOMIC_SECTION() qemu_hooks_disable()
#define MICROPY_END_ATOMIC_SECTION(state) qemu_hooks_restore(state)
#define MICROPY_PORT_INIT_FUNC qemu_hooks_init()

// radiosim's pins are machine.Pin's.
struct _mp_obj_type_t;
extern const struct _mp_obj_type_t radiosim_pin_type;
#define MICROPY_PY_MACHINE_EXTRA_GLOBALS \
    { MP_ROM_QSTR(MP_QSTR_Pin), MP_ROM_PTR(&radiosim_pin_type) },

#endif // USOCKET_PORTS_QEMU_MPCONFIG_USOCKET_H
