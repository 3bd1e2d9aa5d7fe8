// What survives: the MAC's record, and the mark that its session is not wanted.
// SPDX-License-Identifier: MIT
#include "hal/hal.h"
#include "lora/lora_wan_engine.h"

#define RECORD "lorawan"
// There: the session of the record is dropped at the next start.
#define DROP "lorawan.drop"

static lora_wan_t *const wan = &lora_wan;

int lora_wan_store_read(lorawan_record_t *record) {
    uint8_t mark;
    wan->drop = hal_store_read(DROP, &mark, sizeof(mark)) > 0;
    return hal_store_read(RECORD, record, sizeof(*record));
}

static const char *refusal(int error) {
    switch (error) {
        case -NET_EPROTONOSUPPORT:
            return "the stored LoRaWAN state is foreign or of another version: join anew; DevNonce begins at 0 again";
        case -NET_EADDRNOTAVAIL:
            return "the stored LoRaWAN session is of another region: join anew; DevNonce goes on";
        default:
            return "the stored LoRaWAN state is damaged: join anew; DevNonce begins at 0 again";
    }
}

void lora_wan_store_restore(const lorawan_record_t *record, int len) {
    int error = len < 0 ? len : lorawan_restore(&wan->mac, record, (size_t)len);
    if (error < 0 && error != -NET_ENOENT) {
        lora_engine_say(refusal(error), 0, 0);
    }
    if (error >= 0 && wan->drop) {
        lorawan_forget(&wan->mac);
        wan->undrop = true;
    }
}

void lora_wan_store_write(const void *data, size_t len) {
    bool undrop = wan->undrop;
    wan->storing = true;
    hal_unlock();
    int error = hal_store_write(RECORD, data, len);
    if (error == 0 && undrop) {
        error = hal_store_write(DROP, NULL, 0);
    }
    hal_lock();
    wan->storing = false;
    wan->store_error = (int16_t)(error < 0 ? error : 0);
    if (error < 0) {
        lora_engine_say("the LoRaWAN state could not be stored (error %d): nothing is sent that needs it", -error, 0);
    } else if (undrop) {
        wan->drop = wan->undrop = false;
    }
    hal_notify();
}

static int save(void *arg) {
    (void)arg;
    wan->undrop |= wan->drop;
    return lorawan_save(&wan->mac);
}

int lora_wan_save(void) {
    int ret = lora_wan_call(save, NULL);
    return ret < 0 ? ret : wan->store_error; // the task has written it
}

int lora_wan_erase(void) {
    static const uint8_t mark = 1;
    int ret = hal_store_write(DROP, &mark, sizeof(mark));
    hal_lock();
    if (ret == 0) {
        wan->drop = true;
        wan->undrop = false;
    } else {
        lora_engine_say("the store could not be written (error %d)", -ret, 0);
    }
    hal_unlock();
    return ret < 0 ? -NET_EIO : 0;
}
