// The store of hal.h for tests: in memory, with a power cut at a chosen write.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "net/net_errno.h"
#include "sim_hal.h"

#define RECORDS (16)
#define NAME_MAX_LEN (15)
#define RECORD_SIZE (1024)

static struct {
    char name[NAME_MAX_LEN + 1]; // empty: free
    uint16_t len;
    uint8_t data[RECORD_SIZE];
} records[RECORDS];
static uint32_t writes;
static uint32_t cut_at = UINT32_MAX;

void sim_hal_store_clear(void) {
    memset(records, 0, sizeof(records));
    writes = 0;
    cut_at = UINT32_MAX;
}

void sim_hal_store_cut(uint32_t n) {
    cut_at = n == UINT32_MAX ? n : writes + n;
}

uint32_t sim_hal_store_writes(void) {
    return writes;
}

static int find(const char *name) {
    for (int i = 0; i < RECORDS; ++i) {
        if (strncmp(records[i].name, name, sizeof(records[i].name)) == 0) {
            return i;
        }
    }
    return -1;
}

static bool valid_name(const char *name) {
    size_t len = strlen(name);
    return len >= 1 && len <= NAME_MAX_LEN;
}

int hal_store_read(const char *name, void *buf, size_t len) {
    int i = valid_name(name) ? find(name) : -1;
    if (i < 0) {
        return -NET_ENOENT;
    }
    memcpy(buf, records[i].data, len < records[i].len ? len : records[i].len);
    return records[i].len;
}

int hal_store_write(const char *name, const void *buf, size_t len) {
    if (!valid_name(name)) {
        return -NET_EINVAL;
    }
    if (len > RECORD_SIZE) {
        return -NET_ENOSPC;
    }
    int i = find(name);
    if (i < 0 && len == 0) {
        return 0;
    }
    i = i < 0 ? find("") : i;
    if (i < 0) {
        return -NET_ENOSPC;
    }
    if (writes >= cut_at) {
        return -NET_EIO;
    }
    ++writes;
    memset(&records[i], 0, sizeof(records[i]));
    if (len != 0) {
        strcpy(records[i].name, name);
        memcpy(records[i].data, buf, len);
        records[i].len = (uint16_t)len;
    }
    return 0;
}
