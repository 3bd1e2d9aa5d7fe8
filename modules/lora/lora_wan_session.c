// Joining, the session's settings, and the snapshot.
// SPDX-License-Identifier: MIT
#include "hal/hal.h"
#include "lora/lora_wan_engine.h"

static lora_wan_t *const wan = &lora_wan;
static lora_engine_t *const engine = &lora_engine;

/******************************************************************************/
// Joining

static int join_answer(int ret) {
    if (ret == -NET_EBUSY) {
        lorawan_cancel(&wan->mac);
        lora_engine_say("a frame is on the air: joining begins after it", 0, 0);
    } else if (ret == -NET_ERANGE) {
        lora_engine_say("every DevNonce is used: this DevEUI cannot join any more", 0, 0);
    } else if (ret < 0) {
        lora_engine_say("invalid join data rate: the region has none of that number", 0, 0);
    }
    return ret;
}

static int join_otaa(void *arg) {
    int ret = lorawan_join_otaa(&wan->mac, arg, hal_now_us());
    if (ret == 0) {
        wan->join_result = -NET_EAGAIN;
    }
    return join_answer(ret);
}

static int join_abp(void *arg) {
    int ret = lorawan_join_abp(&wan->mac, arg);
    if (ret == 0) {
        wan->join_result = 0;
        wan->undrop |= wan->drop;
    }
    return join_answer(ret);
}

int lora_wan_join_otaa(const lorawan_otaa_t *otaa) {
    return lora_wan_call(join_otaa, (void *)otaa);
}

int lora_wan_join_abp(const lorawan_abp_t *abp) {
    return lora_wan_call(join_abp, (void *)abp);
}

int lora_wan_join_result(void) {
    hal_lock();
    int ret = wan->up ? wan->join_result : -NET_ENETDOWN;
    hal_unlock();
    return ret;
}

bool lora_wan_joined(void) {
    hal_lock();
    bool joined = wan->up && lorawan_joined(&wan->mac);
    hal_unlock();
    return joined;
}

/******************************************************************************/
// Settings

typedef struct {
    uint32_t frequency_hz;
    uint8_t index;
    uint8_t dr_min;
    uint8_t dr_max;
} channel_t;

static int channel_add(void *arg) {
    const channel_t *c = arg;
    int count = lorawan_channel_count(&wan->mac);
    if (c->index >= count) {
        lora_engine_say("channel %d out of range 0..%d", c->index, count - 1);
        return -NET_ERANGE;
    }
    int max = lorawan_max_dr(&wan->mac);
    if (c->dr_min > c->dr_max || c->dr_max > max) {
        lora_engine_say("invalid argument(s) value: dr_min must not be over dr_max, nor dr_max over %d", max, 0);
        return -NET_EINVAL;
    }
    const lorawan_channel_t channel = { .frequency_hz = c->frequency_hz, .dr_min = c->dr_min, .dr_max = c->dr_max };
    if (lorawan_channel_set(&wan->mac, c->index, &channel) < 0) {
        lora_engine_say("channel %d was not added: the region has no such channel at %d Hz", c->index,
            (int32_t)c->frequency_hz);
    }
    return 0;
}

int lora_wan_channel_add(uint8_t index, uint32_t frequency_hz, uint8_t dr_min, uint8_t dr_max) {
    channel_t channel = { frequency_hz, index, dr_min, dr_max };
    return lora_wan_call(channel_add, &channel);
}

static int channel_remove(void *arg) {
    uint8_t index = *(uint8_t *)arg;
    int ret = lorawan_channel_remove(&wan->mac, index);
    if (ret == -NET_EPERM) {
        lora_engine_say("channel %d was not removed: it is a default channel of the region", index, 0);
        return 0;
    }
    if (ret < 0) {
        lora_engine_say("channel %d out of range 0..%d", index, lorawan_channel_count(&wan->mac) - 1);
        return -NET_ERANGE;
    }
    return 0;
}

int lora_wan_channel_remove(uint8_t index) {
    return lora_wan_call(channel_remove, &index);
}

static int multicast_join(void *arg) {
    int ret = lorawan_multicast_join(&wan->mac, arg);
    if (ret < 0) {
        lora_engine_say(ret == -NET_ENOSPC ? "there are %d multicast groups already" : "0 is no multicast address",
            LORAWAN_MULTICAST_GROUPS, 0);
    }
    return ret;
}

int lora_wan_multicast_join(const lorawan_abp_t *group) {
    return lora_wan_call(multicast_join, (void *)group);
}

static int multicast_leave(void *arg) {
    int ret = lorawan_multicast_leave(&wan->mac, *(uint32_t *)arg);
    if (ret < 0) {
        lora_engine_say("not in this multicast group", 0, 0);
    }
    return ret;
}

int lora_wan_multicast_leave(uint32_t address) {
    return lora_wan_call(multicast_leave, &address);
}

static int set_battery(void *arg) {
    wan->battery = *(uint8_t *)arg;
    lorawan_set_battery(&wan->mac, wan->battery);
    return 0;
}

int lora_wan_set_battery(uint8_t level) {
    return lora_wan_call(set_battery, &level);
}

static int set_certification(void *arg) {
    lorawan_config_t config;
    wan->certification = *(bool *)arg;
    lora_wan_configure(&engine->settings, &config);
    return lorawan_set_config(&wan->mac, &config);
}

int lora_wan_set_certification(bool on) {
    return lora_wan_call(set_certification, &on);
}

/******************************************************************************/
// The snapshot

int lora_wan_status(lora_wan_status_t *status) {
    hal_lock();
    if (!wan->up) {
        lora_engine_say("this needs LoRa(mode=LoRa.LORAWAN)", 0, 0);
        hal_unlock();
        return -NET_ENETDOWN;
    }
    lorawan_status(&wan->mac, &status->mac);
    status->device_class = (uint8_t)engine->settings.device_class;
    status->battery = wan->battery;
    status->adr = engine->settings.adr;
    status->duty_cycle = engine->settings.duty_cycle;
    status->certification = wan->certification;
    status->wait_ms = (uint32_t)(lorawan_wait_us(&wan->mac, hal_now_us()) / 1000);
    status->windows = wan->windows.opened;
    status->windows_missed = wan->windows.missed;
    status->window_late_us = wan->windows.late_us;
    status->window_early_us = wan->windows.early_us;
    status->receiver_ms = (uint32_t)(wan->windows.receiver_us / 1000);
    status->downlinks = wan->downlinks;
    status->link_margin = wan->link_margin;
    status->link_gateways = wan->link_gateways;
    hal_unlock();
    return 0;
}
