// Who the device is, its counter and its calibration, in the store; and what the
// firmware before left. Keys leave this room in frames' authentication only.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "crypto/crypto.h"
#include "hal/hal.h"
#include "sigfox/sigfox_engine.h"
#include "sigfox/sigfox_port.h"

#define IDENTITY_RECORD "sigfox.id" // number 4, most significant first, PAC 8, key 16, CRC 2
#define OFFSETS_RECORD "sigfox.offsets"
#define STATE_RECORD "sigfox"
#define IDENTITY_SIZE (4 + SIGFOX_PAC_SIZE + SIGFOX_DEVICE_KEY_SIZE + 2)
#define FREQUENCY_OFFSET_MAX (100000)
#define RSSI_OFFSET_MAX (100)

static sigfox_engine_t *const engine = &sigfox_engine;

// Number, PAC, key, as both the record and Pycom's sector have them.
static void take_identity(const uint8_t *from) {
    engine->device.id = (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
    memcpy(engine->device.key, from + 4 + SIGFOX_PAC_SIZE, SIGFOX_DEVICE_KEY_SIZE);
}

static void read_identity(void) {
    uint8_t record[IDENTITY_SIZE];
    uint8_t sector[SIGFOX_PORT_SECTOR_SIZE];
    bool whole = hal_store_read(IDENTITY_RECORD, record, sizeof(record)) == IDENTITY_SIZE;
    uint16_t crc = (uint16_t)(record[IDENTITY_SIZE - 2] << 8 | record[IDENTITY_SIZE - 1]);
    if (whole && crc == sigfox_frame_crc16(record, IDENTITY_SIZE - 2)) {
        take_identity(record);
        memcpy(engine->pac, record + 4, SIGFOX_PAC_SIZE);
    } else if (sigfox_port_sector(sector) == 0) {
        take_identity(sector + 8);
        memcpy(engine->pac, sector + 12, SIGFOX_PAC_SIZE);
    }
    crypto_wipe(record, sizeof(record));
    crypto_wipe(sector, sizeof(sector));
}

// nvm NULL: nothing was left.
static void read_state(const sigfox_port_nvm_t *nvm) {
    uint8_t record[SIGFOX_STATE_RECORD_SIZE];
    sigfox_state_t *state = &engine->schedule.state;
    uint32_t noise;
    hal_random(&noise, sizeof(noise));
    sigfox_state_new(state, noise ^ engine->device.id);
    int len = hal_store_read(STATE_RECORD, record, sizeof(record));
    if (len != -NET_ENOENT) {
        engine->state_bad = len < 0 || sigfox_state_load(state, record, (size_t)len) < 0;
    } else if (nvm != NULL) {
        engine->state_bad = sigfox_state_continue(state, nvm->counter, nvm->random) < 0;
    }
    sigfox_state_stir(state, noise);
}

static void read_offsets(const sigfox_port_nvm_t *nvm) {
    sigfox_offsets_t offsets;
    if (hal_store_read(OFFSETS_RECORD, &offsets, sizeof(offsets)) == sizeof(offsets)) {
        engine->offsets = offsets;
    } else if (nvm != NULL) {
        engine->offsets = (sigfox_offsets_t) { .frequency = nvm->frequency_offset, .rssi = nvm->rssi_offset };
    }
}

void sigfox_identity_read(void) {
    sigfox_port_nvm_t nvm;
    bool left = sigfox_port_nvm(&nvm) == 0;
    read_identity();
    read_state(left ? &nvm : NULL);
    read_offsets(left ? &nvm : NULL);
}

static bool is_busy(void) {
    return engine->tx_count > 0;
}

static int say_busy(void) {
    return sigfox_engine_say(-NET_EBUSY, "a message is under way: wait until it has ended", 0, 0);
}

static int configure(void) {
    bool on = engine->doing != SIGFOX_OFF && !sigfox_engine_is_fsk();
    return on ? sigfox_engine_configure() : 0;
}

static int store(const char *name, const void *record, size_t len) {
    int ret = hal_store_write(name, record, len);
    return ret < 0 ? sigfox_engine_say(ret, "the store does not take the record (errno %d)", -ret, 0) : 0;
}

static int keep_identity(const uint8_t record[IDENTITY_SIZE]) {
    sigfox_device_t before = engine->device;
    if (is_busy()) {
        return say_busy();
    }
    take_identity(record);
    int ret = 0;
    if (!sigfox_device_provisioned(&engine->device)) {
        ret = sigfox_engine_say(-NET_EINVAL, "a number or key of all zeros or ones is none", 0, 0);
    } else {
        ret = store(IDENTITY_RECORD, record, IDENTITY_SIZE);
    }
    if (ret < 0) {
        engine->device = before;
    } else {
        memcpy(engine->pac, record + 4, SIGFOX_PAC_SIZE);
        ret = configure();
    }
    crypto_wipe(&before, sizeof(before));
    return ret;
}

int sigfox_provision(const uint8_t id[4], const uint8_t pac[SIGFOX_PAC_SIZE], const uint8_t key[SIGFOX_DEVICE_KEY_SIZE]) {
    uint8_t record[IDENTITY_SIZE];
    memcpy(record, id, 4);
    memcpy(record + 4, pac, SIGFOX_PAC_SIZE);
    memcpy(record + 4 + SIGFOX_PAC_SIZE, key, SIGFOX_DEVICE_KEY_SIZE);
    uint16_t crc = sigfox_frame_crc16(record, IDENTITY_SIZE - 2);
    record[IDENTITY_SIZE - 2] = (uint8_t)(crc >> 8);
    record[IDENTITY_SIZE - 1] = (uint8_t)crc;
    hal_lock();
    int ret = keep_identity(record);
    hal_unlock();
    crypto_wipe(record, sizeof(record));
    return ret;
}

int sigfox_identity(uint8_t id[4], uint8_t pac[SIGFOX_PAC_SIZE]) {
    hal_lock();
    int ret = 0;
    if (!sigfox_device_provisioned(&engine->device)) {
        ret = sigfox_engine_say(-NET_ENETDOWN, "this device has no Sigfox number and key: use sigfox.provision()", 0, 0);
    } else {
        for (int i = 0; i < 4; ++i) {
            id[i] = (uint8_t)(engine->device.id >> (24 - 8 * i));
        }
        memcpy(pac, engine->pac, SIGFOX_PAC_SIZE);
    }
    hal_unlock();
    return ret;
}

int sigfox_public_key(int set) {
    hal_lock();
    int ret = 0;
    if (set >= 0 && is_busy()) {
        ret = say_busy();
    } else if (set >= 0) {
        engine->public_key = set != 0;
        ret = configure();
    }
    ret = ret < 0 ? ret : engine->public_key;
    hal_unlock();
    return ret;
}

int sigfox_counter(void) {
    hal_lock();
    int ret = engine->schedule.state.counter;
    if (engine->state_bad) {
        ret = sigfox_engine_say(-NET_EIO, "the stored message counter is damaged: set it with sigfox.counter()", 0, 0);
    }
    hal_unlock();
    return ret;
}

static int set_counter(int32_t counter) {
    if (counter < 0 || counter > SIGFOX_FRAME_COUNTER_MASK) {
        return sigfox_engine_say(-NET_EINVAL, "counter %d out of range 0..4095", counter, 0);
    }
    if (is_busy()) {
        return say_busy();
    }
    sigfox_state_t state = engine->schedule.state;
    uint8_t record[SIGFOX_STATE_RECORD_SIZE];
    sigfox_state_continue(&state, (uint16_t)counter, 0);
    sigfox_state_record(&state, record);
    int ret = store(STATE_RECORD, record, sizeof(record));
    if (ret == 0) {
        engine->schedule.state = state;
        engine->state_bad = false;
    }
    return ret;
}

int sigfox_set_counter(int32_t counter) {
    hal_lock();
    int ret = set_counter(counter);
    hal_unlock();
    return ret;
}

void sigfox_offsets(sigfox_offsets_t *offsets) {
    hal_lock();
    *offsets = engine->offsets;
    hal_unlock();
}

int sigfox_set_offsets(const sigfox_offsets_t *offsets) {
    hal_lock();
    int ret;
    if (offsets->frequency < -FREQUENCY_OFFSET_MAX || offsets->frequency > FREQUENCY_OFFSET_MAX) {
        ret = sigfox_engine_say(-NET_EINVAL, "frequency offset %d out of range -100000..100000 Hz", offsets->frequency, 0);
    } else if (offsets->rssi < -RSSI_OFFSET_MAX || offsets->rssi > RSSI_OFFSET_MAX) {
        ret = sigfox_engine_say(-NET_EINVAL, "RSSI offset %d out of range -100..100 dB", offsets->rssi, 0);
    } else {
        ret = store(OFFSETS_RECORD, offsets, sizeof(*offsets));
        engine->offsets = ret == 0 ? *offsets : engine->offsets;
    }
    hal_unlock();
    return ret;
}
