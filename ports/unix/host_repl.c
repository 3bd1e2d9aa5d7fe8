// Where the REPL's code calls the port, the linker puts the functions below in
// place of the unix port's (-Wl,--wrap, mpconfigvariant.mk): the port's own
// expect a terminal in a mode of its own, and kill the program at a second Ctrl-C.
// SPDX-License-Identifier: MIT
#include "host_repl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "py/builtin.h"
#include "py/gc.h"
#include "py/mphal.h"
#include "py/mpthread.h"
#include "py/runtime.h"
#include "extmod/misc.h"
#include "extmod/vfs.h"
#include "extmod/vfs_posix.h"
#include "shared/readline/readline.h"
#include "shared/runtime/pyexec.h"

#include "host_console.h"
#include "host_net.h"
#include "host_radio.h"
#include "host_sim.h"

// How the next program after a soft reset goes on: "raw" or "friendly", and the
// console's state.
#define STATE_ENV "USOCKET_REPL_STATE"
#define IDLE_MS (10)

// --- The port's functions, while the REPL runs -------------------------------

void __real_mp_hal_set_interrupt_char(char c);
void __wrap_mp_hal_set_interrupt_char(char c);
void __wrap_mp_hal_set_interrupt_char(char c) {
    if (host_console_started()) {
        host_console_interruptible(c == CHAR_CTRL_C);
    } else {
        __real_mp_hal_set_interrupt_char(c);
    }
}

int __real_mp_hal_stdin_rx_chr(void);
int __wrap_mp_hal_stdin_rx_chr(void);
int __wrap_mp_hal_stdin_rx_chr(void) {
    if (!host_console_started()) {
        return __real_mp_hal_stdin_rx_chr();
    }
    for (;;) {
        MP_THREAD_GIL_EXIT();
        int c = host_console_read(IDLE_MS);
        MP_THREAD_GIL_ENTER();
        if (c >= 0) {
            return c;
        }
        if (c == -2) {
            exit(0);
        }
        mp_handle_pending(true);
    }
}

mp_uint_t __real_mp_hal_stdout_tx_strn(const char *str, size_t len);
mp_uint_t __wrap_mp_hal_stdout_tx_strn(const char *str, size_t len);
void __real_mp_hal_stdout_tx_strn_cooked(const char *str, size_t len);
void __wrap_mp_hal_stdout_tx_strn_cooked(const char *str, size_t len);

static void console_write(const char *str, size_t len) {
    MP_THREAD_GIL_EXIT();
    host_console_write(str, len);
    MP_THREAD_GIL_ENTER();
    mp_os_dupterm_tx_strn(str, len);
}

// For people a line ends with \r\n, as on a board; what programs read is exact.
static void console_write_lines(const char *str, size_t len) {
    const char *end = str + len;
    while (str < end) {
        const char *newline = memchr(str, '\n', (size_t)(end - str));
        const char *stop = newline == NULL ? end : newline;
        if (stop > str) {
            console_write(str, (size_t)(stop - str));
        }
        if (newline != NULL) {
            console_write("\r\n", 2);
            stop += 1;
        }
        str = stop;
    }
}

void __wrap_mp_hal_stdout_tx_strn_cooked(const char *str, size_t len) {
    if (!host_console_started()) {
        __real_mp_hal_stdout_tx_strn_cooked(str, len);
    } else if (pyexec_mode_kind == PYEXEC_MODE_RAW_REPL) {
        console_write(str, len);
    } else {
        console_write_lines(str, len);
    }
}

mp_uint_t __wrap_mp_hal_stdout_tx_strn(const char *str, size_t len) {
    if (!host_console_started()) {
        return __real_mp_hal_stdout_tx_strn(str, len);
    }
    __wrap_mp_hal_stdout_tx_strn_cooked(str, len);
    return len;
}

void __real_mp_hal_stdio_mode_raw(void);
void __real_mp_hal_stdio_mode_orig(void);
void __wrap_mp_hal_stdio_mode_raw(void);
void __wrap_mp_hal_stdio_mode_orig(void);

// input() reads Ctrl-C as a character and raises it itself.
void __wrap_mp_hal_stdio_mode_raw(void) {
    if (host_console_started()) {
        host_console_interruptible(false);
    } else {
        __real_mp_hal_stdio_mode_raw();
    }
}

void __wrap_mp_hal_stdio_mode_orig(void) {
    if (host_console_started()) {
        host_console_interruptible(true);
    } else {
        __real_mp_hal_stdio_mode_orig();
    }
}

// --- Ctrl-C, called by the console's thread ----------------------------------

static void on_interrupt(void) {
    mp_sched_keyboard_interrupt();
}

static bool is_pending(void) {
    return MP_STATE_MAIN_THREAD(mp_pending_exception) == MP_OBJ_FROM_PTR(&MP_STATE_VM(mp_kbd_exception));
}

// --- File system -------------------------------------------------------------

static void mount(const char *directory, const char *where) {
    mp_obj_t root = mp_obj_new_str(directory, strlen(directory));
    mp_obj_t args[2] = {
        MP_OBJ_TYPE_GET_SLOT(&mp_type_vfs_posix, make_new)(&mp_type_vfs_posix, 1, 0, &root),
        mp_obj_new_str(where, strlen(where)),
    };
    mp_vfs_mount(2, args, (mp_map_t *)&mp_const_empty_map);
}

// The directory is the board's file system: at / as on ESP32 boards, and at
// /flash, where Pycom's scripts look.
static void mount_file_system(const char *directory) {
    char *path = realpath(directory, NULL);
    if (path == NULL) {
        mp_raise_msg_varg(&mp_type_OSError, MP_ERROR_TEXT("USOCKET_FS is '%s': %s"), directory, strerror(errno));
    }
    mp_obj_t slash = MP_OBJ_NEW_QSTR(MP_QSTR__slash_);
    mp_vfs_umount(slash);
    mount(path, "/");
    mount(path, "/flash");
    free(path);
    mp_vfs_chdir(slash);

    mp_obj_list_t *sys_path = MP_OBJ_TO_PTR(mp_sys_path);
    mp_obj_list_set_len(MP_OBJ_FROM_PTR(sys_path), 0);
    mp_obj_list_append(mp_sys_path, MP_OBJ_NEW_QSTR(MP_QSTR_));
    mp_obj_list_append(mp_sys_path, mp_obj_new_str(".frozen", 7));
    mp_obj_list_append(mp_sys_path, mp_obj_new_str("/lib", 4));
}

// True if they ran; false asks for a soft reset.
static bool run_boot_scripts(void) {
    int ret = pyexec_file_if_exists("boot.py");
    if (ret & PYEXEC_FORCED_EXIT) {
        return false;
    }
    if (pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL && ret != 0) {
        ret = pyexec_file_if_exists("main.py");
    }
    return !(ret & PYEXEC_FORCED_EXIT);
}

// --- Soft reset --------------------------------------------------------------

#define ARGUMENTS_MAX (64)

// This program's arguments, from the kernel: the unix port does not keep them all.
static char **arguments(void) {
    static char *argv[ARGUMENTS_MAX + 1];
    char *text = NULL;
    size_t room = 0;
    FILE *file = fopen("/proc/self/cmdline", "re");
    for (int i = 0; file != NULL && i < ARGUMENTS_MAX; i++) {
        if (getdelim(&text, &room, '\0', file) < 0) {
            break;
        }
        argv[i] = strdup(text);
    }
    return argv;
}

static void finish_objects(void) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        gc_sweep_all();
        nlr_pop();
    }
}

void host_repl_reset(bool raw) {
    host_console_interruptible(false);
    finish_objects();
    host_net_finish();
    host_radio_finish();
    host_sim_finish();
    static const char text[] = "MPY: soft reboot\r\n";
    host_console_write(text, sizeof(text) - 1);
    char **argv = arguments();
    if (host_console_started()) {
        char state[16 + HOST_CONSOLE_SAVED_MAX];
        strcpy(state, raw ? "raw " : "friendly ");
        host_console_save(state + strlen(state));
        setenv(STATE_ENV, state, 1);
    }
    execv("/proc/self/exe", argv);
    fprintf(stderr, "usocket: the program cannot be started anew: %s\n", strerror(errno));
    _exit(1);
}

// --- The loop ----------------------------------------------------------------

static void console_start(void) {
    const char *state = getenv(STATE_ENV);
    const char *saved = NULL;
    if (state != NULL && strncmp(state, "raw ", 4) == 0) {
        pyexec_mode_kind = PYEXEC_MODE_RAW_REPL;
        saved = state + 4;
    } else if (state != NULL && strncmp(state, "friendly ", 9) == 0) {
        saved = state + 9;
    }
    if (!host_console_start(saved, on_interrupt, is_pending)) {
        mp_raise_msg_varg(&mp_type_OSError, MP_ERROR_TEXT("no console on standard input: %s"), strerror(errno));
    }
    unsetenv(STATE_ENV);
}

// Like pyexec's, but nothing that is raised while it waits for input ends it.
static int repl_protected(void) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        int ret = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl();
        nlr_pop();
        return ret;
    }
    mp_obj_print_exception(&mp_plat_print, MP_OBJ_FROM_PTR(nlr.ret_val));
    return 0;
}

void host_repl_run(void) {
    console_start();
    readline_init0();
    const char *directory = getenv("USOCKET_FS");
    bool go_on = true;
    if (directory != NULL && *directory != '\0') {
        mount_file_system(directory);
        go_on = run_boot_scripts();
    }
    while (go_on) {
        go_on = repl_protected() == 0;
    }
    host_repl_reset(pyexec_mode_kind == PYEXEC_MODE_RAW_REPL);
}
