// Records of hal.h in NVS, namespace "usocket", as blobs. NVS writes the new blob
// before it forgets the old one, so a power cut leaves one of them. MicroPython
// starts NVS before anything else.
// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "nvs.h"

#include "hal/hal.h"
#include "net/net_errno.h"

#define NAMESPACE "usocket"

static int error_of(esp_err_t err) {
    switch (err) {
        case ESP_OK:
            return 0;
        case ESP_ERR_NVS_NOT_FOUND:
            return -NET_ENOENT;
        case ESP_ERR_NVS_NOT_ENOUGH_SPACE:
        case ESP_ERR_NVS_VALUE_TOO_LONG:
            return -NET_ENOSPC;
        case ESP_ERR_NVS_INVALID_NAME:
        case ESP_ERR_NVS_KEY_TOO_LONG:
            return -NET_EINVAL;
        default:
            return -NET_EIO;
    }
}

// A record that is longer than buf: NVS gives all or nothing.
static esp_err_t read_part(nvs_handle_t nvs, const char *name, void *buf, size_t len, size_t has) {
    void *all = malloc(has);
    if (all == NULL) {
        return ESP_ERR_NO_MEM;
    }
    esp_err_t err = nvs_get_blob(nvs, name, all, &has);
    if (err == ESP_OK) {
        memcpy(buf, all, len);
    }
    free(all);
    return err;
}

int hal_store_read(const char *name, void *buf, size_t len) {
    nvs_handle_t nvs;
    size_t has = 0;
    int ret = error_of(nvs_open(NAMESPACE, NVS_READONLY, &nvs));
    if (ret < 0) {
        return ret; // -NET_ENOENT: nothing was ever written
    }
    esp_err_t err = nvs_get_blob(nvs, name, NULL, &has);
    if (err == ESP_OK && has > 0) {
        size_t room = len;
        err = has <= len ? nvs_get_blob(nvs, name, buf, &room) : read_part(nvs, name, buf, len, has);
    }
    nvs_close(nvs);
    ret = error_of(err);
    return ret < 0 ? ret : (int)has;
}

int hal_store_write(const char *name, const void *buf, size_t len) {
    nvs_handle_t nvs;
    int ret = error_of(nvs_open(NAMESPACE, NVS_READWRITE, &nvs));
    if (ret < 0) {
        return ret;
    }
    esp_err_t err = len == 0 ? nvs_erase_key(nvs, name) : nvs_set_blob(nvs, name, buf, len);
    if (len == 0 && err == ESP_ERR_NVS_NOT_FOUND) {
        err = ESP_OK;
    }
    if (err == ESP_OK) {
        err = nvs_commit(nvs);
    }
    nvs_close(nvs);
    return error_of(err);
}
