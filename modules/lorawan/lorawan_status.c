// The snapshot, and settings that may change while the MAC runs.
// SPDX-License-Identifier: MIT
#include "lorawan/lorawan_internal.h"

#include <string.h>

// A channel that an uplink at this rate may use, to tell the power.
static uint8_t some_channel(const lorawan_t *l, uint8_t dr) {
    for (uint8_t i = 0; i < lorawan_channel_count(l); ++i) {
        if (lorawan_channels_enabled(l->record.mask, i) && lorawan_channels_has_dr(l, i, dr)) {
            return i;
        }
    }
    return 0;
}

void lorawan_status(const lorawan_t *l, lorawan_status_t *status) {
    const lorawan_record_t *r = &l->record;
    uint8_t channel = some_channel(l, r->dr);
    *status = (lorawan_status_t) {
        .joined = lorawan_joined(l),
        .activation = r->activation,
        .op = (lorawan_op_t)l->op,
        .dr = r->dr,
        .power_dbm = lorawan_channels_power(l, channel, r->dr),
        .eirp_dbm = lorawan_channels_eirp(l, channel, r->dr),
        .power_index = r->power,
        .nb_trans = r->nb_trans,
        .room = lorawan_room(l, r->dr),
        .rx1_delay_s = r->rx1_delay_s,
        .rx1_offset = r->rx1_offset,
        .rx2_dr = r->rx2_dr,
        .rx2_hz = r->rx2_hz,
        .dev_addr = r->dev_addr,
        .net_id = r->net_id,
        .fcnt_up = l->fcnt_up,
        .fcnt_down = r->fcnt_down,
        .dev_nonce = r->dev_nonce,
        .join_attempts = l->join_attempts,
        .adr_ack_count = r->adr_ack_count,
        .max_duty = r->max_duty,
        .up_dwell = r->up_dwell,
        .down_dwell = r->down_dwell,
        .answers = r->answers_len,
        .drift_ppm = l->drift_ppm,
    };
    memcpy(status->ignored, l->ignored, sizeof(status->ignored));
}

void lorawan_rate(const lorawan_t *l, uint8_t dr, lorawan_phy_t *phy) {
    lorawan_channels_phy(l, phy->frequency_hz, dr < l->region->dr_count ? dr : 0, phy);
}

int lorawan_set_config(lorawan_t *l, const lorawan_config_t *config) {
    if (config->device_class != LORAWAN_CLASS_A && config->device_class != LORAWAN_CLASS_C) {
        return -NET_EINVAL;
    }
    const lorawan_config_t old = l->config;
    l->config = *config;
    l->config.region = old.region;
    l->config.sub_band = old.sub_band;
    memcpy(l->config.dev_eui, old.dev_eui, sizeof(old.dev_eui));
    l->config.random = old.random;
    l->config.random_ctx = old.random_ctx;
    return 0;
}

void lorawan_set_adr(lorawan_t *l, bool on) {
    l->config.adr = on;
}

void lorawan_set_battery(lorawan_t *l, uint8_t level) {
    l->config.battery = level;
}

void lorawan_set_duty_cycle(lorawan_t *l, bool on) {
    l->config.no_duty_cycle = !on;
}

int lorawan_set_class(lorawan_t *l, uint8_t device_class) {
    if (device_class != LORAWAN_CLASS_A && device_class != LORAWAN_CLASS_C) {
        return -NET_EINVAL;
    }
    l->config.device_class = device_class;
    return 0;
}
