// Host firmware: MicroPython's unix port configured like its ESP32 port where
// the two differ and a script could notice.
// SPDX-License-Identifier: MIT

// The feature level of the ESP32 port.
#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

// Upstream's TLS, as module `tls` (`ssl` is ours), on our mbedTLS. Set here and
// not by the makefile's switches, which would bring another mbedTLS along. Makes
// hashlib and cryptolib use mbedTLS too.
#define MICROPY_PY_SSL (1)
#define MICROPY_SSL_MBEDTLS (1)

#include "variants/mpconfigvariant_common.h"

// What the ESP32 port has and the unix port's other variants have not.
#undef MICROPY_PY_SELECT_POSIX_OPTIMISATIONS
#define MICROPY_PY_SELECT_POSIX_OPTIMISATIONS (0)
#undef MICROPY_PY_SELECT_SELECT
#define MICROPY_PY_SELECT_SELECT (1)
// micropython.alloc_emergency_exception_buf() makes it.
#undef MICROPY_EMERGENCY_EXCEPTION_BUF_SIZE
#define MICROPY_EMERGENCY_EXCEPTION_BUF_SIZE (0)
#define MICROPY_PY_HASHLIB_SHA256 (1)
#define MICROPY_PY_ALL_INPLACE_SPECIAL_METHODS (1)
#define MICROPY_PY_IO_BUFFEREDWRITER (1)
#define MICROPY_PY_OS_DUPTERM (1)
#define MICROPY_PY_OS_UNAME (1)
#define MICROPY_HW_BOARD_NAME "usocket host firmware"
#define MICROPY_HW_MCU_NAME "PC"
#define MICROPY_SCHEDULER_DEPTH (8)

// Ctrl-C is a pending exception, as on a board: a signal handler that raises
// could unwind a thread that holds lwIP's lock.
#undef MICROPY_ASYNC_KBD_INTR
#define MICROPY_ASYNC_KBD_INTR (0)

// Threads share a global lock, as on the ESP32. The unix port's own thread
// bookkeeping still needs a recursive mutex.
#define MICROPY_PY_THREAD (1)
#define MICROPY_PY_THREAD_GIL (1)
#if MICROPY_VERSION < MICROPY_MAKE_VERSION(1, 26, 0) // later ones see to it
#define MICROPY_PY_THREAD_RECURSIVE_MUTEX (1)
#endif

// Python's poll loops sleep without the global lock until the stack or the radio
// has worked, at most a millisecond (other objects have no way to wake them).
#include "host_clock.h"
#define MICROPY_EVENT_POLL_HOOK \
    do { \
        mp_handle_pending(true); \
        MP_THREAD_GIL_EXIT(); \
        host_clock_poll(); \
        MP_THREAD_GIL_ENTER(); \
    } while (0);

// IP sockets' timeouts are of the firmware's clock, lwIP's of the PC's.
#define USOCKET_INET_SLEEP_MS(ms) host_clock_wall_ms(ms)

// radiosim's pins are machine.Pin's.
struct _mp_obj_type_t;
extern const struct _mp_obj_type_t radiosim_pin_type;
#define MICROPY_PY_MACHINE_EXTRA_GLOBALS \
    { MP_ROM_QSTR(MP_QSTR_Pin), MP_ROM_PTR(&radiosim_pin_type) },
