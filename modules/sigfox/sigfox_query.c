// What one can ask Sigfox, and its zone's configuration.
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "hal/hal.h"
#include "sigfox/sigfox_engine.h"

#define SENSE_LIMIT_MS (60000)

static sigfox_engine_t *const engine = &sigfox_engine;

static int say_off(void) {
    return sigfox_engine_say(-NET_ENETDOWN, "Sigfox is off: call network.Sigfox() first", 0, 0);
}

bool sigfox_is_up(void) {
    return engine->doing != SIGFOX_OFF;
}

static void fill_settings(sigfox_settings_t *settings) {
    settings->mode = sigfox_engine_is_fsk() ? SIGFOX_MODE_FSK : SIGFOX_MODE_SIGFOX;
    settings->rcz = engine->rcz;
    settings->frequency = (int32_t)engine->frequency;
}

int sigfox_settings(sigfox_settings_t *settings) {
    hal_lock();
    int ret = sigfox_is_up() ? 0 : say_off();
    if (ret == 0) {
        fill_settings(settings);
    }
    hal_unlock();
    return ret;
}

int sigfox_frequencies(uint32_t *uplink, uint32_t *downlink) {
    sigfox_settings_t settings;
    int ret = sigfox_settings(&settings);
    if (ret == 0 && settings.mode == SIGFOX_MODE_FSK) {
        *uplink = *downlink = (uint32_t)settings.frequency;
    } else if (ret == 0) {
        *uplink = sigfox_zone(settings.rcz)->uplink_hz;
        *downlink = sigfox_zone(settings.rcz)->downlink_hz;
    }
    return ret;
}

int sigfox_rssi(void) {
    return engine->rssi;
}

const uint8_t *sigfox_eui(void) {
    return hal_board()->eui;
}

// -NET_EOPNOTSUPP: a zone without anything to configure, or FSK.
static int configurable(void) {
    if (!sigfox_is_up()) {
        return say_off();
    }
    int access = sigfox_zone(engine->rcz)->access;
    if (sigfox_engine_is_fsk() || (access != SIGFOX_ZONE_SENSE && access != SIGFOX_ZONE_HOPPING)) {
        return sigfox_engine_say(-NET_EOPNOTSUPP, "RCZ%d has nothing to configure: RCZ2 to RCZ5 have", engine->rcz + 1, 0);
    }
    return access;
}

int sigfox_config(uint32_t words[3]) {
    hal_lock();
    int ret = configurable();
    if (ret >= 0) {
        memcpy(words, engine->config, sizeof(engine->config));
    }
    hal_unlock();
    return ret < 0 ? ret : 0;
}

static bool has_channels(const sigfox_zone_t *zone, const uint32_t words[3]) {
    int channel = sigfox_zone_macro_nth(words, 0);
    return channel != 0 && sigfox_zone_macro_hz(zone, channel) != 0;
}

static int set_config(const uint32_t words[3]) {
    int access = configurable();
    if (access < 0) {
        return access;
    }
    if (engine->tx_count > 0) {
        return sigfox_engine_say(-NET_EBUSY, "a message is under way: wait until it has ended", 0, 0);
    }
    if (access == SIGFOX_ZONE_SENSE && (words[1] == 0 || words[1] > SENSE_LIMIT_MS)) {
        return sigfox_engine_say(-NET_EINVAL, "a limit of %d ms is out of range 1..60000", (int32_t)words[1], 0);
    }
    if (access == SIGFOX_ZONE_HOPPING && !has_channels(sigfox_zone(engine->rcz), words)) {
        return sigfox_engine_say(-NET_EINVAL, "the words name none of the macro channels 1 to 86", 0, 0);
    }
    memcpy(engine->config, words, sizeof(engine->config));
    engine->channel = 0;
    return sigfox_engine_configure();
}

int sigfox_set_config(const uint32_t words[3]) {
    hal_lock();
    int ret = set_config(words);
    hal_unlock();
    return ret;
}

int sigfox_info(int *first, int *second) {
    hal_lock();
    int ret = configurable();
    if (ret == SIGFOX_ZONE_SENSE) {
        *first = engine->schedule.report.frames;
        *second = engine->schedule.report.senses;
    } else if (ret == SIGFOX_ZONE_HOPPING) {
        int channel = sigfox_zone_macro_nth(engine->config, 0);
        bool one = sigfox_zone_macro_nth(engine->config, 1) == 0;
        *first = one && sigfox_zone_macro_hz(sigfox_zone(engine->rcz), channel) == sigfox_zone(engine->rcz)->uplink_hz;
        *second = sigfox_schedule_micro_free(&engine->schedule, hal_now_us());
    }
    hal_unlock();
    return ret < 0 ? ret : 0;
}

void sigfox_last_error(sigfox_why_t *why) {
    hal_lock();
    why->text[0] = 0;
    if (engine->error.format != NULL) {
        snprintf(why->text, sizeof(why->text), engine->error.format, (int)engine->error.a, (int)engine->error.b);
    }
    hal_unlock();
}
