// SPDX-License-Identifier: MIT
#define _GNU_SOURCE // pthread_mutex_clocklock
#include "host_console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "host_link.h"

#define CTRL_C (3)
// Interrupts the system calls of the thread that runs code.
#define WAKE_SIGNAL (SIGRTMIN + 6)
#define REPEAT_MS (50)
// After the terminal has gone, code that will not end is ended.
#define HANGUP_REPEATS (40)

static bool started;
static int terminal_fd = -1; // what was standard input
static int pipe_fd = -1; // the other end of what now is standard input
static bool is_terminal;
static struct termios original;
static pthread_t code_thread;
static void (*on_interrupt)(void);
static bool (*is_pending)(void);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool interruptible; // under the mutex
// Held while characters are between the terminal and the pipe.
static pthread_mutex_t moving = PTHREAD_MUTEX_INITIALIZER;

void host_console_interruptible(bool value) {
    pthread_mutex_lock(&mutex);
    interruptible = value;
    pthread_mutex_unlock(&mutex);
}

// False if the code is not to be interrupted.
static bool interrupt(void) {
    pthread_mutex_lock(&mutex);
    bool ret = interruptible;
    if (ret) {
        on_interrupt();
        pthread_kill(code_thread, WAKE_SIGNAL);
    }
    pthread_mutex_unlock(&mutex);
    return ret;
}

// The code may have entered a system call just after the signal.
static bool wake_again(void) {
    bool again = is_pending();
    if (again) {
        pthread_kill(code_thread, WAKE_SIGNAL);
    }
    return again;
}

static void forward(const char *text, ssize_t len) {
    while (len > 0) {
        ssize_t ret = write(pipe_fd, text, (size_t)len);
        if (ret < 0 && errno != EINTR) {
            return;
        }
        text += ret > 0 ? ret : 0;
        len -= ret > 0 ? ret : 0;
    }
}

static void take(const char *text, ssize_t len) {
    ssize_t first = 0;
    for (ssize_t i = 0; i < len; i++) {
        if (text[i] == CTRL_C && interrupt()) {
            forward(text + first, i - first);
            first = i + 1;
        }
    }
    forward(text + first, len - first);
}

static void hang_up(void) {
    close(pipe_fd);
    for (int i = 0; is_terminal && i < HANGUP_REPEATS; i++) {
        interrupt();
        usleep(REPEAT_MS * 1000);
    }
    if (is_terminal) {
        _exit(1);
    }
}

static void reader_thread(void *arg) {
    (void)arg;
    bool interrupted = false;
    for (;;) {
        struct pollfd pollfd = { .fd = terminal_fd, .events = POLLIN };
        if (poll(&pollfd, 1, interrupted ? REPEAT_MS : -1) <= 0) {
            interrupted = wake_again();
            continue;
        }
        char text[256];
        pthread_mutex_lock(&moving);
        ssize_t len = read(terminal_fd, text, sizeof(text));
        take(text, len);
        pthread_mutex_unlock(&moving);
        interrupted = is_pending();
        if (len == 0 || (len < 0 && errno != EINTR && errno != EAGAIN)) {
            hang_up();
            return;
        }
    }
}

// --- Terminal ----------------------------------------------------------------

static void terminal_restore(void) {
    tcsetattr(terminal_fd, TCSANOW, &original);
}

static void terminal_raw(void) {
    struct termios raw = original;
    cfmakeraw(&raw);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(terminal_fd, TCSANOW, &raw);
    atexit(terminal_restore);
}

// --- Start -------------------------------------------------------------------

// "TERMINAL_FD PIPE_FD HEX_OF_TERMIOS"
void host_console_save(char saved[HOST_CONSOLE_SAVED_MAX]) {
    // The thread stops here for good, with nothing in its hands (unless the pipe
    // is full, and then what follows is lost).
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += 1;
    pthread_mutex_clocklock(&moving, CLOCK_MONOTONIC, &at);
    int len = snprintf(saved, HOST_CONSOLE_SAVED_MAX, "%d %d ", terminal_fd, pipe_fd);
    const uint8_t *bytes = (const uint8_t *)&original;
    for (size_t i = 0; i < sizeof(original); i++) {
        len += snprintf(saved + len, (size_t)(HOST_CONSOLE_SAVED_MAX - len), "%02x", bytes[i]);
    }
}

static bool take_over(const char *saved) {
    int used = 0;
    if (sscanf(saved, "%d %d %n", &terminal_fd, &pipe_fd, &used) != 2) {
        errno = EINVAL;
        return false;
    }
    uint8_t *bytes = (uint8_t *)&original;
    for (size_t i = 0; i < sizeof(original); i++) {
        unsigned int byte;
        if (sscanf(saved + used + 2 * i, "%2x", &byte) != 1) {
            errno = EINVAL;
            return false;
        }
        bytes[i] = (uint8_t)byte;
    }
    return true;
}

static bool put_pipe_in_place(void) {
    int ends[2];
    terminal_fd = dup(STDIN_FILENO);
    if (terminal_fd < 0 || pipe(ends) != 0) {
        return false;
    }
    pipe_fd = ends[1];
    bool good = dup2(ends[0], STDIN_FILENO) == STDIN_FILENO;
    close(ends[0]);
    return good;
}

static void on_wake_signal(int signal) {
    (void)signal;
}

bool host_console_start(const char *saved, void (*interrupt_fn)(void), bool (*pending_fn)(void)) {
    on_interrupt = interrupt_fn;
    is_pending = pending_fn;
    code_thread = pthread_self();
    if (saved != NULL) {
        if (!take_over(saved)) {
            return false;
        }
        is_terminal = isatty(terminal_fd);
    } else {
        is_terminal = tcgetattr(STDIN_FILENO, &original) == 0;
        if (!put_pipe_in_place()) {
            return false;
        }
    }
    if (is_terminal) {
        terminal_raw();
    }
    // Without SA_RESTART: its purpose is to end system calls.
    struct sigaction action = { .sa_handler = on_wake_signal };
    sigaction(WAKE_SIGNAL, &action, NULL);
    host_link_thread("console", reader_thread, NULL);
    started = true;
    return true;
}

bool host_console_started(void) {
    return started;
}

// --- Characters --------------------------------------------------------------

int host_console_read(int timeout_ms) {
    struct pollfd pollfd = { .fd = STDIN_FILENO, .events = POLLIN };
    if (poll(&pollfd, 1, timeout_ms) <= 0) {
        return -1;
    }
    unsigned char c;
    ssize_t len = read(STDIN_FILENO, &c, 1);
    return len == 1 ? c : len == 0 ? -2 : -1;
}

void host_console_write(const char *text, size_t len) {
    while (len > 0) {
        ssize_t ret = write(STDOUT_FILENO, text, len);
        if (ret < 0 && errno == EAGAIN) {
            // Whoever opened the terminal may have made it non-blocking.
            struct pollfd pollfd = { .fd = STDOUT_FILENO, .events = POLLOUT };
            poll(&pollfd, 1, 100);
        } else if (ret < 0 && errno != EINTR) {
            return;
        }
        text += ret > 0 ? ret : 0;
        len -= ret > 0 ? (size_t)ret : 0;
    }
}
