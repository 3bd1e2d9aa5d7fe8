// SPDX-License-Identifier: MIT
#include "host_store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hal/hal.h"
#include "host_air.h"
#include "net/net_errno.h"

#define NAME_MAX_LEN (15)
// Each of 15 characters may become %XX; and ".new" behind it.
#define FILE_NAME_MAX (3 * NAME_MAX_LEN + 4 + 1)
#define SIBLINGS (100)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool in_memory;
static int dir_fd = -1; // its lock is held as long as it is open
static char where[4096];

// --- Memory ------------------------------------------------------------------

typedef struct {
    char name[NAME_MAX_LEN + 1];
    size_t len; // 0: free
    unsigned char data[HOST_STORE_RECORD_MAX];
} record_t;

static record_t records[HOST_STORE_RECORDS];

static record_t *find_record(const char *name) {
    for (int i = 0; i < HOST_STORE_RECORDS; i++) {
        if (records[i].len > 0 && strcmp(records[i].name, name) == 0) {
            return &records[i];
        }
    }
    return NULL;
}

static record_t *free_record(void) {
    for (int i = 0; i < HOST_STORE_RECORDS; i++) {
        if (records[i].len == 0) {
            return &records[i];
        }
    }
    return NULL;
}

static int memory_read(const char *name, void *buf, size_t len) {
    const record_t *record = find_record(name);
    if (record == NULL) {
        return -NET_ENOENT;
    }
    memcpy(buf, record->data, len < record->len ? len : record->len);
    return (int)record->len;
}

static int memory_write(const char *name, const void *buf, size_t len) {
    record_t *record = find_record(name);
    if (len == 0) {
        if (record != NULL) {
            record->len = 0;
        }
        return 0;
    }
    if (record == NULL) {
        record = free_record();
    }
    if (record == NULL || len > HOST_STORE_RECORD_MAX) {
        return -NET_ENOSPC;
    }
    strcpy(record->name, name);
    memcpy(record->data, buf, len);
    record->len = len;
    return 0;
}

// --- Files -------------------------------------------------------------------

// A record's name as a file's: what is no letter, digit, '-' or '_' becomes %XX.
static void file_name(const char *name, const char *suffix, char out[FILE_NAME_MAX]) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    for (; *name != '\0'; name++) {
        if (strchr(plain, *name) != NULL) {
            *out++ = *name;
        } else {
            out += sprintf(out, "%%%02X", (unsigned char)*name);
        }
    }
    strcpy(out, suffix);
}

static int error_of(int number) {
    return number == ENOSPC || number == EDQUOT ? -NET_ENOSPC : number == ENOENT ? -NET_ENOENT : -NET_EIO;
}

static int file_read(const char *name, void *buf, size_t len) {
    char path[FILE_NAME_MAX];
    file_name(name, "", path);
    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) != 0) {
        int ret = error_of(errno);
        if (fd >= 0) {
            close(fd);
        }
        return ret;
    }
    size_t want = len < (size_t)about.st_size ? len : (size_t)about.st_size;
    size_t have = 0;
    ssize_t got = 1;
    while (have < want && got > 0) {
        got = read(fd, (char *)buf + have, want - have);
        have += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    return have == want ? (int)about.st_size : -NET_EIO;
}

static bool write_all(int fd, const char *from, size_t len) {
    while (len > 0) {
        ssize_t done = write(fd, from, len);
        if (done <= 0) {
            return false;
        }
        from += done;
        len -= (size_t)done;
    }
    return fsync(fd) == 0;
}

// The whole new record beside the old one, and then its name: a cut leaves either.
static int file_write(const char *name, const void *buf, size_t len) {
    char path[FILE_NAME_MAX], beside[FILE_NAME_MAX];
    file_name(name, "", path);
    file_name(name, ".new", beside);
    if (len == 0) {
        if (unlinkat(dir_fd, path, 0) != 0 && errno != ENOENT) {
            return -NET_EIO;
        }
        return fsync(dir_fd) == 0 ? 0 : -NET_EIO;
    }
    int fd = openat(dir_fd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno == ENOENT ? -NET_EIO : error_of(errno);
    }
    bool good = write_all(fd, buf, len);
    int number = errno;
    close(fd);
    if (good && renameat(dir_fd, beside, dir_fd, path) == 0) {
        return fsync(dir_fd) == 0 ? 0 : -NET_EIO;
    }
    number = good ? errno : number;
    unlinkat(dir_fd, beside, 0);
    return number == ENOENT ? -NET_EIO : error_of(number);
}

// --- Which directory ---------------------------------------------------------

static void make_directories(char *path) {
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            mkdir(path, 0700);
            *at = '/';
        }
    }
    mkdir(path, 0700);
}

// Open and lock it: 0, or errno.
static int open_directory(char *path) {
    make_directories(path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int number = errno;
        close(fd);
        return number;
    }
    dir_fd = fd;
    return 0;
}

static void open_named(const char *path) {
    if (strlen(path) >= sizeof(where)) {
        fprintf(stderr, "usocket: USOCKET_STORE is longer than %zu characters\n", sizeof(where) - 1);
        return;
    }
    strcpy(where, path);
    int number = open_directory(where);
    if (number != 0) {
        fprintf(stderr, "usocket: USOCKET_STORE is \"%s\": %s. Nothing can be stored\n", path,
            number == EWOULDBLOCK ? "another firmware uses it" : strerror(number));
        where[0] = '\0';
    }
}

// The user's state directory, by the XDG base directory specification.
static bool state_directory(char *path, size_t room) {
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int len = -1;
    if (state != NULL && state[0] == '/') {
        len = snprintf(path, room, "%s", state);
    } else if (home != NULL && home[0] == '/') {
        len = snprintf(path, room, "%s/.local/state", home);
    }
    return len > 0 && (size_t)len < room;
}

static void open_default(void) {
    char state[sizeof(where) - 64];
    int number = ENOENT;
    if (state_directory(state, sizeof(state))) {
        number = EWOULDBLOCK;
        for (int i = 1; i <= SIBLINGS && number == EWOULDBLOCK; i++) {
            char sibling[16] = "";
            if (i > 1) {
                snprintf(sibling, sizeof(sibling), "-%d", i);
            }
            snprintf(where, sizeof(where), "%s/usocket/%s%s", state, host_air_name(), sibling);
            number = open_directory(where);
        }
    }
    if (number != 0) {
        fprintf(stderr, "usocket: no directory for the radio's store (%s): it is kept in memory, and lost at "
            "the end. USOCKET_STORE=DIR names one\n", strerror(number));
        in_memory = true;
    }
}

static void open_store(void) {
    const char *value = getenv("USOCKET_STORE");
    if (value != NULL && strcmp(value, "memory") == 0) {
        in_memory = true;
    } else if (value != NULL && *value != '\0') {
        open_named(value);
    } else {
        open_default();
    }
}

const char *host_store_where(void) {
    pthread_once(&once, open_store);
    return in_memory ? "memory" : where;
}

// --- hal.h -------------------------------------------------------------------

static bool good_name(const char *name) {
    size_t len = strlen(name);
    return len >= 1 && len <= NAME_MAX_LEN;
}

int hal_store_read(const char *name, void *buf, size_t len) {
    pthread_once(&once, open_store);
    if (!good_name(name)) {
        return -NET_EINVAL;
    }
    pthread_mutex_lock(&mutex);
    int ret = in_memory ? memory_read(name, buf, len) : dir_fd < 0 ? -NET_EIO : file_read(name, buf, len);
    pthread_mutex_unlock(&mutex);
    return ret;
}

int hal_store_write(const char *name, const void *buf, size_t len) {
    pthread_once(&once, open_store);
    if (!good_name(name)) {
        return -NET_EINVAL;
    }
    pthread_mutex_lock(&mutex);
    int ret = in_memory ? memory_write(name, buf, len) : dir_fd < 0 ? -NET_EIO : file_write(name, buf, len);
    pthread_mutex_unlock(&mutex);
    return ret;
}
