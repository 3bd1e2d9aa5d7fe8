// Multicast groups of class C.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

#include <string.h>

#include "crypto/crypto.h"

int lorawan_multicast_find(const lorawan_t *l, uint32_t addr) {
    for (int i = 0; i < LORAWAN_MULTICAST_GROUPS; ++i) {
        if (l->record.group[i].addr == addr) {
            return i;
        }
    }
    return -1;
}

int lorawan_multicast_join(lorawan_t *l, const lorawan_abp_t *group) {
    if (group->dev_addr == 0) {
        return -NET_EINVAL;
    }
    int index = lorawan_multicast_find(l, group->dev_addr);
    if (index < 0) {
        index = lorawan_multicast_find(l, 0);
    }
    if (index < 0) {
        return -NET_ENOSPC;
    }
    bool same = l->record.group[index].addr == group->dev_addr &&
        memcmp(l->record.group[index].nwk_key, group->nwk_key, CRYPTO_KEY_SIZE) == 0 &&
        memcmp(l->record.group[index].app_key, group->app_key, CRYPTO_KEY_SIZE) == 0;
    if (!same) {
        l->record.group[index].addr = group->dev_addr;
        l->record.group[index].fcnt_down = 0;
        memcpy(l->record.group[index].nwk_key, group->nwk_key, CRYPTO_KEY_SIZE);
        memcpy(l->record.group[index].app_key, group->app_key, CRYPTO_KEY_SIZE);
        l->dirty = true;
    }
    return 0;
}

int lorawan_multicast_leave(lorawan_t *l, uint32_t addr) {
    int index = addr == 0 ? -1 : lorawan_multicast_find(l, addr);
    if (index < 0) {
        return -NET_ENOENT;
    }
    crypto_wipe(&l->record.group[index], sizeof(l->record.group[index]));
    l->dirty = true;
    return 0;
}
