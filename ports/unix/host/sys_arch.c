// lwIP's operating system on the host: POSIX threads. Contract: lwip/sys.h.
//
// A Python thread that is inside lwIP may be interrupted by a signal whose
// handler runs and returns (garbage collection); waits go on afterwards. At the
// end of the program it may be cancelled anywhere: nothing here waits for such a
// thread, and what it may still be registered for is leaked, not freed.
// SPDX-License-Identifier: MIT
#define _GNU_SOURCE // recursive mutexes, waits on the monotonic clock, thread names
#include <stdatomic.h>
#include <sched.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "lwip/opt.h"
#include "lwip/stats.h"
#include "lwip/sys.h"

#define THREAD_STACK_SIZE (512 * 1024)

void host_lwip_assert(const char *text, const char *file, int line) {
    fprintf(stderr, "lwIP: assertion \"%s\" failed at %s:%d\n", text, file, line);
    abort();
}

static void check(int ret, const char *what) {
    if (ret != 0) {
        host_lwip_assert(what, __FILE__, ret);
    }
}

// lwIP's counters are plain integers, and objects are made by every thread.
#define COUNT(what) \
    do { \
        sys_prot_t level = sys_arch_protect(); \
        what; \
        sys_arch_unprotect(level); \
    } while (0)

// --- Time ------------------------------------------------------------------

u32_t sys_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (u32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

u32_t sys_jiffies(void) {
    return sys_now();
}

static struct timespec deadline_after(u32_t ms) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec += 1;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static void cond_init(pthread_cond_t *cond) {
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    check(pthread_cond_init(cond, &attr), "pthread_cond_init");
    pthread_condattr_destroy(&attr);
}

// Wait on cond until at, or for ever if at is NULL. False when the time is over.
static bool cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *at) {
    if (at == NULL) {
        pthread_cond_wait(cond, mutex);
        return true;
    }
    return pthread_cond_timedwait(cond, mutex, at) != ETIMEDOUT;
}

// --- Random numbers --------------------------------------------------------

// The system's generator, 64 numbers at a time.
unsigned int host_random(void) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static unsigned int pool[64];
    static size_t left;
    pthread_mutex_lock(&mutex);
    if (left == 0) {
        check(getrandom(pool, sizeof(pool), 0) != (ssize_t)sizeof(pool), "getrandom");
        left = sizeof(pool) / sizeof(pool[0]);
    }
    unsigned int number = pool[--left];
    pthread_mutex_unlock(&mutex);
    return number;
}

// --- Short critical sections -----------------------------------------------

// lwIP enters these dozens of times for each packet, nests them, and holds them for
// a few instructions: a spin lock, as the ESP32 has it, and not a mutex.
static atomic_int protect_taken;
static _Thread_local unsigned protect_depth;

sys_prot_t sys_arch_protect(void) {
    if (protect_depth++ == 0) {
        while (atomic_exchange_explicit(&protect_taken, 1, memory_order_acquire)) {
            sched_yield();
        }
    }
    return 0;
}

void sys_arch_unprotect(sys_prot_t value) {
    (void)value;
    if (--protect_depth == 0) {
        atomic_store_explicit(&protect_taken, 0, memory_order_release);
    }
}

// --- The stack's lock ------------------------------------------------------

static pthread_mutex_t core_mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile pthread_t core_holder;

void host_core_lock(void) {
    pthread_mutex_lock(&core_mutex);
    core_holder = pthread_self();
}

int host_core_trylock(unsigned int timeout_ms) {
    struct timespec at = deadline_after(timeout_ms);
    if (pthread_mutex_clocklock(&core_mutex, CLOCK_MONOTONIC, &at) != 0) {
        return 0;
    }
    core_holder = pthread_self();
    return 1;
}

void host_core_unlock(void) {
    core_holder = 0;
    pthread_mutex_unlock(&core_mutex);
}

// Until the stack's thread runs, lwIP initialises itself without the lock.
static volatile bool core_started;

void host_core_mark_started(void) {
    core_started = true;
}

void host_core_assert(void) {
    if (core_started && !pthread_equal(core_holder, pthread_self())) {
        host_lwip_assert("the stack's lock is not held by this thread", __FILE__, __LINE__);
    }
}

// --- Mutexes ---------------------------------------------------------------

err_t sys_mutex_new(sys_mutex_t *mutex) {
    *mutex = malloc(sizeof(**mutex));
    if (*mutex == NULL) {
        COUNT(SYS_STATS_INC(mutex.err));
        return ERR_MEM;
    }
    check(pthread_mutex_init(*mutex, NULL), "pthread_mutex_init");
    COUNT(SYS_STATS_INC_USED(mutex));
    return ERR_OK;
}

void sys_mutex_lock(sys_mutex_t *mutex) {
    pthread_mutex_lock(*mutex);
}

void sys_mutex_unlock(sys_mutex_t *mutex) {
    pthread_mutex_unlock(*mutex);
}

void sys_mutex_free(sys_mutex_t *mutex) {
    COUNT(SYS_STATS_DEC(mutex.used));
    pthread_mutex_destroy(*mutex);
    free(*mutex);
}

// --- Semaphores ------------------------------------------------------------

struct _host_sem_t {
    pthread_mutex_t mutex;
    pthread_cond_t signalled;
    unsigned int count;
    unsigned int waiting;
};

err_t sys_sem_new(sys_sem_t *sem, u8_t count) {
    *sem = calloc(1, sizeof(**sem));
    if (*sem == NULL) {
        COUNT(SYS_STATS_INC(sem.err));
        return ERR_MEM;
    }
    check(pthread_mutex_init(&(*sem)->mutex, NULL), "pthread_mutex_init");
    cond_init(&(*sem)->signalled);
    (*sem)->count = count;
    COUNT(SYS_STATS_INC_USED(sem));
    return ERR_OK;
}

void sys_sem_signal(sys_sem_t *sem) {
    struct _host_sem_t *self = *sem;
    pthread_mutex_lock(&self->mutex);
    self->count += 1;
    if (self->waiting > 0) {
        pthread_cond_signal(&self->signalled);
    }
    pthread_mutex_unlock(&self->mutex);
}

u32_t sys_arch_sem_wait(sys_sem_t *sem, u32_t timeout) {
    struct _host_sem_t *self = *sem;
    struct timespec at;
    if (timeout != 0) {
        at = deadline_after(timeout);
    }
    u32_t ret = 0;
    pthread_mutex_lock(&self->mutex);
    self->waiting += 1;
    while (self->count == 0 && ret == 0) {
        if (!cond_wait(&self->signalled, &self->mutex, timeout == 0 ? NULL : &at)) {
            ret = self->count == 0 ? SYS_ARCH_TIMEOUT : 0;
        }
    }
    if (ret == 0) {
        self->count -= 1;
    }
    self->waiting -= 1;
    pthread_mutex_unlock(&self->mutex);
    return ret;
}

void sys_sem_free(sys_sem_t *sem) {
    COUNT(SYS_STATS_DEC(sem.used));
    pthread_cond_destroy(&(*sem)->signalled);
    pthread_mutex_destroy(&(*sem)->mutex);
    free(*sem);
}

// --- The semaphore of a thread ---------------------------------------------

static __thread sys_sem_t thread_sem;
static pthread_key_t thread_sem_key;
static pthread_once_t thread_sem_once = PTHREAD_ONCE_INIT;

static void thread_sem_destroy(void *arg) {
    sys_sem_t sem = arg;
    // A thread that was cancelled while it waited: the stack may still signal.
    if (sem->waiting == 0) {
        sys_sem_free(&sem);
    }
}

static void thread_sem_key_create(void) {
    check(pthread_key_create(&thread_sem_key, thread_sem_destroy), "pthread_key_create");
}

sys_sem_t *host_thread_sem_get(void) {
    if (thread_sem == NULL) {
        pthread_once(&thread_sem_once, thread_sem_key_create);
        check(sys_sem_new(&thread_sem, 0), "no memory for a thread's semaphore");
        pthread_setspecific(thread_sem_key, thread_sem);
    }
    return &thread_sem;
}

void host_thread_sem_free(void) {
    if (thread_sem != NULL) {
        pthread_setspecific(thread_sem_key, NULL);
        sys_sem_free(&thread_sem);
        thread_sem = NULL;
    }
}

// --- Mailboxes -------------------------------------------------------------

struct _host_mbox_t {
    pthread_mutex_t mutex;
    pthread_cond_t not_empty;
    pthread_cond_t not_full;
    unsigned int readers; // waiting for a message
    unsigned int writers; // waiting for room
    unsigned int size;
    unsigned int first;
    unsigned int used;
    bool closing;
    void *slots[];
};

err_t sys_mbox_new(sys_mbox_t *mbox, int size) {
    unsigned int slots = size > 0 ? (unsigned int)size : 1;
    struct _host_mbox_t *self = calloc(1, sizeof(*self) + slots * sizeof(void *));
    *mbox = self;
    if (self == NULL) {
        COUNT(SYS_STATS_INC(mbox.err));
        return ERR_MEM;
    }
    self->size = slots;
    check(pthread_mutex_init(&self->mutex, NULL), "pthread_mutex_init");
    cond_init(&self->not_empty);
    cond_init(&self->not_full);
    COUNT(SYS_STATS_INC_USED(mbox));
    return ERR_OK;
}

// Threads that still wait are sent away first: readers with NULL.
void sys_mbox_free(sys_mbox_t *mbox) {
    struct _host_mbox_t *self = *mbox;
    pthread_mutex_lock(&self->mutex);
    self->closing = true;
    pthread_cond_broadcast(&self->not_empty);
    pthread_cond_broadcast(&self->not_full);
    while (self->readers > 0 || self->writers > 0) {
        // The last one to leave signals.
        pthread_cond_wait(&self->not_full, &self->mutex);
    }
    pthread_mutex_unlock(&self->mutex);
    pthread_cond_destroy(&self->not_empty);
    pthread_cond_destroy(&self->not_full);
    pthread_mutex_destroy(&self->mutex);
    free(self);
    COUNT(SYS_STATS_DEC(mbox.used));
}

// Called with the mutex held by a waiter that leaves.
static void leave(struct _host_mbox_t *self, unsigned int *waiters) {
    *waiters -= 1;
    if (self->closing && self->readers == 0 && self->writers == 0) {
        pthread_cond_broadcast(&self->not_full);
    }
}

static void put(struct _host_mbox_t *self, void *msg) {
    unsigned int slot = self->first + self->used;
    self->slots[slot >= self->size ? slot - self->size : slot] = msg;
    self->used += 1;
    if (self->readers > 0) {
        pthread_cond_signal(&self->not_empty);
    }
}

static void take(struct _host_mbox_t *self, void **msg) {
    if (msg != NULL) {
        *msg = self->slots[self->first];
    }
    self->first = self->first + 1 == self->size ? 0 : self->first + 1;
    self->used -= 1;
    if (self->writers > 0) {
        pthread_cond_signal(&self->not_full);
    }
}

void sys_mbox_post(sys_mbox_t *mbox, void *msg) {
    struct _host_mbox_t *self = *mbox;
    pthread_mutex_lock(&self->mutex);
    if (self->used == self->size) {
        self->writers += 1;
        while (self->used == self->size && !self->closing) {
            cond_wait(&self->not_full, &self->mutex, NULL);
        }
        leave(self, &self->writers);
    }
    if (self->used < self->size && !self->closing) {
        put(self, msg);
    }
    pthread_mutex_unlock(&self->mutex);
}

err_t sys_mbox_trypost(sys_mbox_t *mbox, void *msg) {
    struct _host_mbox_t *self = *mbox;
    err_t ret = ERR_OK;
    pthread_mutex_lock(&self->mutex);
    if (self->used == self->size) {
        COUNT(SYS_STATS_INC(mbox.err));
        ret = ERR_MEM;
    } else {
        put(self, msg);
    }
    pthread_mutex_unlock(&self->mutex);
    return ret;
}

err_t sys_mbox_trypost_fromisr(sys_mbox_t *mbox, void *msg) {
    return sys_mbox_trypost(mbox, msg);
}

u32_t sys_arch_mbox_tryfetch(sys_mbox_t *mbox, void **msg) {
    struct _host_mbox_t *self = *mbox;
    u32_t ret = SYS_MBOX_EMPTY;
    pthread_mutex_lock(&self->mutex);
    if (self->used > 0) {
        take(self, msg);
        ret = 0;
    }
    pthread_mutex_unlock(&self->mutex);
    return ret;
}

u32_t sys_arch_mbox_fetch(sys_mbox_t *mbox, void **msg, u32_t timeout) {
    struct _host_mbox_t *self = *mbox;
    u32_t ret = 0;
    pthread_mutex_lock(&self->mutex);
    if (self->used == 0) {
        struct timespec at;
        if (timeout != 0) {
            at = deadline_after(timeout);
        }
        self->readers += 1;
        while (self->used == 0 && !self->closing && ret == 0) {
            if (!cond_wait(&self->not_empty, &self->mutex, timeout == 0 ? NULL : &at)) {
                ret = self->used == 0 ? SYS_ARCH_TIMEOUT : 0;
            }
        }
        leave(self, &self->readers);
    }
    if (self->used > 0) {
        take(self, msg);
    } else if (msg != NULL) {
        *msg = NULL;
    }
    pthread_mutex_unlock(&self->mutex);
    return ret;
}

// --- Threads ---------------------------------------------------------------

typedef struct {
    lwip_thread_fn function;
    void *arg;
} thread_start_t;

static void *thread_run(void *arg) {
    thread_start_t start = *(thread_start_t *)arg;
    free(arg);
    start.function(start.arg);
    return NULL;
}

// Signals are for Python's threads: the stack's own block them all, else Ctrl-C
// could be taken by a thread that nobody waits for.
sys_thread_t sys_thread_new(const char *name, lwip_thread_fn function, void *arg, int stack, int prio) {
    (void)stack; // counted in words of a microcontroller
    (void)prio;
    thread_start_t *start = malloc(sizeof(*start));
    check(start == NULL, "no memory for a thread");
    *start = (thread_start_t) { .function = function, .arg = arg };

    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, THREAD_STACK_SIZE);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    check(pthread_create(&thread, &attr, thread_run, start), "pthread_create");
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_setname_np(thread, name);
    return thread;
}

void sys_init(void) {
    // Everything is initialised statically or when first used.
}
