// Settings of network.LoRa: keywords of the constructor and of init(), and the
// methods that read or change one.
// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "py/runtime.h"

#include "bindings/modlora.h"
#include "lora/lora.h"
#include "usocket_config.h"

// A keyword, and the number or flag that it sets.
typedef struct {
    qstr_short_t name;
    bool flag;
    uint8_t offset;
} keyword_t;

#define NUMBER(name) { MP_QSTR_##name, false, offsetof(lora_settings_t, name) }
#define FLAG(name) { MP_QSTR_##name, true, offsetof(lora_settings_t, name) }
static const keyword_t keywords[] = {
    NUMBER(mode), NUMBER(frequency), NUMBER(tx_power), NUMBER(bandwidth), NUMBER(sf), NUMBER(preamble),
    NUMBER(coding_rate), NUMBER(power_mode), NUMBER(tx_retries), NUMBER(device_class), FLAG(tx_iq), FLAG(rx_iq),
    FLAG(public), FLAG(adr), NUMBER(region), NUMBER(sub_band), FLAG(duty_cycle),
};

static SOCKET_NORETURN void raise_value(const lora_why_t *why) {
    mp_obj_t text = mp_obj_new_str_from_cstr(why->text);
    nlr_raise(mp_obj_new_exception_arg1(&mp_type_ValueError, text));
}

static int32_t get_number(qstr name, mp_obj_t value_in) {
    mp_int_t value = mp_obj_get_int(value_in);
    if (value < INT32_MIN || value > INT32_MAX) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%q does not fit 32 bits"), name);
    }
    return value;
}

static void set(lora_settings_t *settings, const keyword_t *keyword, mp_obj_t value) {
    void *field = (char *)settings + keyword->offset;
    if (keyword->flag) {
        *(bool *)field = mp_obj_is_true(value);
    } else {
        *(int32_t *)field = get_number(keyword->name, value);
    }
}

static void apply(const lora_settings_t *settings) {
    lora_why_t why;
    if (lora_settings_check(settings, &why) < 0) {
        raise_value(&why);
    }
    modlora_check(lora_init(settings));
}

static const keyword_t *find_keyword(mp_obj_t name) {
    for (size_t i = 0; i < MP_ARRAY_SIZE(keywords); ++i) {
        if (name == MP_OBJ_NEW_QSTR(keywords[i].name)) {
            return &keywords[i];
        }
    }
    mp_raise_msg_varg(&mp_type_TypeError, MP_ERROR_TEXT("unexpected keyword argument '%s'"), mp_obj_str_get_str(name));
}

// What is not given has its default, which depends on the region.
static void settings_from(lora_settings_t *settings, mp_map_t *kw_args) {
    mp_map_elem_t *region = mp_map_lookup(kw_args, MP_OBJ_NEW_QSTR(MP_QSTR_region), MP_MAP_LOOKUP);
    int32_t number = region == NULL || region->value == mp_const_none
        ? USOCKET_LORA_REGION : get_number(MP_QSTR_region, region->value);
    lora_why_t why;
    if (lora_settings_default(settings, number, &why) < 0) {
        raise_value(&why);
    }
    mp_map_elem_t *mode = mp_map_lookup(kw_args, MP_OBJ_NEW_QSTR(MP_QSTR_mode), MP_MAP_LOOKUP);
    if (mode != NULL && mode->value == MP_OBJ_NEW_SMALL_INT(LORA_MODE_LORAWAN)) {
        settings->tx_power = lora_settings_power_max(number); // the MAC keeps the region's limit
    }
    for (size_t i = 0; i < kw_args->alloc; ++i) {
        if (!mp_map_slot_is_filled(kw_args, i) || kw_args->table[i].key == MP_OBJ_NEW_QSTR(MP_QSTR_id)) {
            continue;
        }
        const keyword_t *keyword = find_keyword(kw_args->table[i].key);
        if (kw_args->table[i].value != mp_const_none) {
            set(settings, keyword, kw_args->table[i].value);
        }
    }
}

void modlora_init_from(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args) {
    (void)args;
    if (n_args > 0) {
        mp_raise_TypeError(MP_ERROR_TEXT("settings are keyword arguments: init(mode=LoRa.LORA)"));
    }
    modlora_start();
    lora_settings_t settings;
    settings_from(&settings, kw_args);
    apply(&settings);
}

static mp_obj_t init(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args) {
    modlora_init_from(n_args - 1, args + 1, kw_args);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_KW(modlora_init_obj, 1, init);

// The place of each in keywords[].
enum { MODE, FREQUENCY, TX_POWER, BANDWIDTH, SF, PREAMBLE, CODING_RATE, POWER_MODE };

// lora.sf() reads, lora.sf(9) changes.
static mp_obj_t setting(size_t n_args, const mp_obj_t *args, size_t i) {
    lora_settings_t settings;
    if (lora_settings(&settings) < 0) {
        mp_obj_t items[] = {
            MP_OBJ_NEW_SMALL_INT(NET_ENETDOWN),
            mp_obj_new_str_from_cstr("the radio is off: call network.LoRa() first"),
        };
        nlr_raise(mp_obj_new_exception_args(&mp_type_OSError, MP_ARRAY_SIZE(items), items));
    }
    if (n_args < 2 && i == TX_POWER && settings.mode == LORA_MODE_LORAWAN) {
        return MP_OBJ_NEW_SMALL_INT(modlora_wan_power()); // what region, network and ADR leave of it
    }
    if (n_args < 2) {
        return mp_obj_new_int(*(int32_t *)((char *)&settings + keywords[i].offset));
    }
    set(&settings, &keywords[i], args[1]);
    apply(&settings);
    return mp_const_none;
}

#define SETTING(name, place) \
    static mp_obj_t name(size_t n_args, const mp_obj_t * args) { \
        return setting(n_args, args, place); \
    } \
    MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(modlora_##name##_obj, 1, 2, name)

SETTING(frequency, FREQUENCY);
SETTING(tx_power, TX_POWER);
SETTING(bandwidth, BANDWIDTH);
SETTING(sf, SF);
SETTING(preamble, PREAMBLE);
SETTING(coding_rate, CODING_RATE);
SETTING(power_mode, POWER_MODE);
