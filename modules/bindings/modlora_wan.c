// network.LoRa in LoRaWAN mode: joining, the stored session, channels, groups.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/mphal.h"
#include "py/mpthread.h"
#include "py/runtime.h"

#include "bindings/modlora.h"
#include "lora/lora_wan.h"
#include "usocket_config.h"

#define EUI_SIZE (8)
#define KEY_SIZE (16)
enum { OTAA = 0, ABP = 1 };
// join() without a timeout: one walk through the join rates of EU868, with the pauses
// that the duty cycle wants, takes less.
#define JOIN_DEFAULT_MS (300000)
// A frame on the air and its receive windows, before a join or a save can begin.
#define BUSY_LIMIT_MS (20000)
#define BUSY_SLICE_MS (50)

// Sleep without the GIL until something happens; raises what is pending.
static void sleep_slice(mp_uint_t ms) {
    MP_THREAD_GIL_EXIT();
    lora_wait(ms);
    MP_THREAD_GIL_ENTER();
    mp_handle_pending(true);
}

static mp_uint_t slice_of(mp_uint_t start_ms, mp_uint_t timeout_ms) {
    mp_uint_t elapsed = mp_hal_ticks_ms() - start_ms;
    return elapsed >= timeout_ms ? 0 : MIN(timeout_ms - elapsed, USOCKET_WAIT_SLICE_MS);
}

int modlora_wan_wait(int (*ask)(void *arg), void *arg, mp_uint_t timeout_ms) {
    mp_uint_t start = mp_hal_ticks_ms();
    int ret;
    while ((ret = ask(arg)) == -NET_EAGAIN) {
        mp_uint_t slice = slice_of(start, timeout_ms);
        if (slice == 0) {
            return -NET_ETIMEDOUT;
        }
        sleep_slice(slice);
    }
    return ret;
}

// The call may have to wait for the radio task: without the GIL, and again while a
// frame is on the air.
static int call_when_free(int (*call)(const void *arg), const void *arg) {
    mp_uint_t start = mp_hal_ticks_ms();
    for (;;) {
        MP_THREAD_GIL_EXIT();
        int ret = call(arg);
        MP_THREAD_GIL_ENTER();
        if (ret != -NET_EBUSY || mp_hal_ticks_ms() - start > BUSY_LIMIT_MS) {
            return ret;
        }
        sleep_slice(BUSY_SLICE_MS);
    }
}

/******************************************************************************/
// Joining

// The bytes themselves never appear in a message.
static void get_bytes(mp_obj_t obj, const char *name, uint8_t *out, size_t len) {
    mp_buffer_info_t data;
    if (!mp_get_buffer(obj, &data, MP_BUFFER_READ)) {
        mp_raise_msg_varg(&mp_type_TypeError, MP_ERROR_TEXT("%s must be bytes, not %s"), name, mp_obj_get_type_str(obj));
    }
    if (data.len != len) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%s has %d bytes, not %d"), name, (int)data.len, (int)len);
    }
    memcpy(out, data.buf, len);
}

// An address as servers show it, or what struct.unpack(">l") makes of it.
static uint32_t get_address(mp_obj_t obj, const char *name) {
    bool is_int = mp_obj_is_int(obj);
    if (!is_int || mp_obj_is_true(mp_binary_op(MP_BINARY_OP_LESS, obj, mp_obj_new_int(INT32_MIN)))
        || mp_obj_is_true(mp_binary_op(MP_BINARY_OP_MORE, obj, mp_obj_new_int_from_uint(UINT32_MAX)))) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%s must be an int of 32 bits"), name);
    }
    return (uint32_t)mp_obj_get_int_truncated(obj);
}

static uint8_t get_rate(mp_obj_t dr_in) {
    if (dr_in == mp_const_none) {
        return LORAWAN_DR_AUTO;
    }
    mp_int_t dr = mp_obj_get_int(dr_in);
    if (dr < 0 || dr > 15) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("invalid join data rate %d"), (int)dr);
    }
    return dr;
}

static int start_otaa(const void *arg) {
    return lora_wan_join_otaa(arg);
}

static int start_abp(const void *arg) {
    return lora_wan_join_abp(arg);
}

static void join_otaa(size_t n, const mp_obj_t *auth, uint8_t dr) {
    uint8_t dev_eui[EUI_SIZE], join_eui[EUI_SIZE], app_key[KEY_SIZE];
    if (n < 2 || n > 3) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("auth for OTAA is (app_eui, app_key) or "
            "(dev_eui, app_eui, app_key), not %d items"), (int)n);
    }
    if (n == 3) {
        get_bytes(auth[0], "dev_eui", dev_eui, EUI_SIZE);
    } else {
        memcpy(dev_eui, lora_eui(), EUI_SIZE);
    }
    get_bytes(auth[n - 2], "app_eui", join_eui, EUI_SIZE);
    get_bytes(auth[n - 1], "app_key", app_key, KEY_SIZE);
    const lorawan_otaa_t otaa = { .dev_eui = dev_eui, .join_eui = join_eui, .app_key = app_key, .dr = dr };
    int ret = call_when_free(start_otaa, &otaa);
    modlora_wan_wipe(app_key, sizeof(app_key));
    if (ret == -NET_EINVAL) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("invalid join data rate %d"), (int)dr);
    }
    modlora_check(ret);
}

static void start_session(size_t n, const mp_obj_t *auth) {
    uint8_t nwk_key[KEY_SIZE], app_key[KEY_SIZE];
    if (n != 3) {
        mp_raise_msg_varg(&mp_type_ValueError,
            MP_ERROR_TEXT("auth for ABP is (dev_addr, nwk_swkey, app_swkey), not %d items"), (int)n);
    }
    lorawan_abp_t abp = { .dev_addr = get_address(auth[0], "dev_addr"), .nwk_key = nwk_key, .app_key = app_key };
    get_bytes(auth[1], "nwk_swkey", nwk_key, KEY_SIZE);
    get_bytes(auth[2], "app_swkey", app_key, KEY_SIZE);
    int ret = call_when_free(start_abp, &abp);
    modlora_wan_wipe(nwk_key, sizeof(nwk_key));
    modlora_wan_wipe(app_key, sizeof(app_key));
    modlora_check(ret);
}

void modlora_wan_wipe(uint8_t *data, size_t len) {
    for (volatile uint8_t *at = data; len > 0; --len) {
        *at++ = 0;
    }
}

static int join_ended(void *arg) {
    (void)arg;
    return lora_wan_join_result();
}

static void check_mode(void) {
    lora_settings_t settings;
    if (lora_settings(&settings) < 0 || settings.mode != LORA_MODE_LORAWAN) {
        mp_raise_msg(&mp_type_OSError, MP_ERROR_TEXT("the requested operation is not possible: LoRaWAN needs "
            "LoRa(mode=LoRa.LORAWAN)"));
    }
}

// lora.join(activation, *, auth, dr=None, timeout=None): timeout in ms
static mp_obj_t lora_join(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_activation, ARG_auth, ARG_dr, ARG_timeout };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_activation, MP_ARG_REQUIRED | MP_ARG_INT, { .u_int = 0 } },
        { MP_QSTR_auth, MP_ARG_REQUIRED | MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_dr, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_timeout, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);
    check_mode();
    mp_int_t activation = args[ARG_activation].u_int;
    mp_obj_t timeout_in = args[ARG_timeout].u_obj;
    mp_int_t timeout_ms = timeout_in == mp_const_none ? JOIN_DEFAULT_MS : mp_obj_get_int(timeout_in);
    if (activation != OTAA && activation != ABP) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("invalid activation %d: OTAA 0 or ABP 1"), (int)activation);
    }
    if (timeout_ms < 0) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("timeout %d is negative"), (int)timeout_ms);
    }
    size_t n;
    mp_obj_t *auth;
    mp_obj_get_array(args[ARG_auth].u_obj, &n, &auth);
    if (activation == ABP) {
        start_session(n, auth);
        return mp_const_none;
    }
    join_otaa(n, auth, get_rate(args[ARG_dr].u_obj));
    if (timeout_ms > 0) {
        int ret = modlora_wan_wait(join_ended, NULL, timeout_ms);
        if (ret == -NET_ETIMEDOUT) {
            socket_raise(ret); // joining goes on
        }
        modlora_check(ret);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_KW(modlora_join_obj, 1, lora_join);

static mp_obj_t lora_has_joined(mp_obj_t self_in) {
    (void)self_in;
    return mp_obj_new_bool(lora_wan_joined());
}
MP_DEFINE_CONST_FUN_OBJ_1(modlora_has_joined_obj, lora_has_joined);

/******************************************************************************/
// Multicast

// lora.join_multicast_group(mcAddress, mcNwkKey, mcAppKey)
static mp_obj_t lora_join_multicast_group(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_mcAddress, ARG_mcNwkKey, ARG_mcAppKey };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_mcAddress, MP_ARG_REQUIRED | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_mcNwkKey, MP_ARG_REQUIRED | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_mcAppKey, MP_ARG_REQUIRED | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);
    uint8_t nwk_key[KEY_SIZE], app_key[KEY_SIZE];
    const lorawan_abp_t group = {
        .dev_addr = get_address(args[ARG_mcAddress].u_obj, "mcAddress"), .nwk_key = nwk_key, .app_key = app_key,
    };
    get_bytes(args[ARG_mcNwkKey].u_obj, "mcNwkKey", nwk_key, KEY_SIZE);
    get_bytes(args[ARG_mcAppKey].u_obj, "mcAppKey", app_key, KEY_SIZE);
    MP_THREAD_GIL_EXIT();
    int ret = lora_wan_multicast_join(&group);
    MP_THREAD_GIL_ENTER();
    modlora_wan_wipe(nwk_key, sizeof(nwk_key));
    modlora_wan_wipe(app_key, sizeof(app_key));
    if (ret == -NET_ENETDOWN) {
        modlora_raise(ret);
    }
    return mp_obj_new_bool(ret == 0);
}
MP_DEFINE_CONST_FUN_OBJ_KW(modlora_join_multicast_group_obj, 1, lora_join_multicast_group);

static mp_obj_t lora_leave_multicast_group(mp_obj_t self_in, mp_obj_t address_in) {
    (void)self_in;
    uint32_t address = get_address(address_in, "mcAddress");
    MP_THREAD_GIL_EXIT();
    int ret = lora_wan_multicast_leave(address);
    MP_THREAD_GIL_ENTER();
    if (ret == -NET_ENETDOWN) {
        modlora_raise(ret);
    }
    return mp_obj_new_bool(ret == 0);
}
MP_DEFINE_CONST_FUN_OBJ_2(modlora_leave_multicast_group_obj, lora_leave_multicast_group);

/******************************************************************************/
// Channels. What the region refuses is silently ignored, as published scripts expect;
// last_error() tells.

static SOCKET_NORETURN void raise_refused(int ret) {
    lora_why_t why;
    if (ret != -NET_ERANGE && ret != -NET_EINVAL) {
        modlora_raise(ret);
    }
    lora_last_error(&why);
    nlr_raise(mp_obj_new_exception_arg1(&mp_type_ValueError, mp_obj_new_str_from_cstr(why.text)));
}

static uint8_t get_byte(mp_int_t value, const char *what) {
    if (value < 0 || value > UINT8_MAX) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%s %d out of range"), what, (int)value);
    }
    return value;
}

// lora.add_channel(index, *, frequency, dr_min, dr_max)
static mp_obj_t lora_add_channel(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_index, ARG_frequency, ARG_dr_min, ARG_dr_max };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_index, MP_ARG_REQUIRED | MP_ARG_INT, { .u_int = 0 } },
        { MP_QSTR_frequency, MP_ARG_REQUIRED | MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 0 } },
        { MP_QSTR_dr_min, MP_ARG_REQUIRED | MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 0 } },
        { MP_QSTR_dr_max, MP_ARG_REQUIRED | MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 0 } },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);
    check_mode();
    uint8_t index = get_byte(args[ARG_index].u_int, "channel");
    uint8_t dr_min = get_byte(args[ARG_dr_min].u_int, "dr_min"), dr_max = get_byte(args[ARG_dr_max].u_int, "dr_max");
    mp_int_t frequency = args[ARG_frequency].u_int;
    MP_THREAD_GIL_EXIT();
    int ret = lora_wan_channel_add(index, frequency < 0 ? 0 : frequency, dr_min, dr_max);
    MP_THREAD_GIL_ENTER();
    if (ret < 0) {
        raise_refused(ret);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_KW(modlora_add_channel_obj, 1, lora_add_channel);

static mp_obj_t lora_remove_channel(mp_obj_t self_in, mp_obj_t index_in) {
    (void)self_in;
    check_mode();
    uint8_t index = get_byte(mp_obj_get_int(index_in), "channel");
    MP_THREAD_GIL_EXIT();
    int ret = lora_wan_channel_remove(index);
    MP_THREAD_GIL_ENTER();
    if (ret < 0) {
        raise_refused(ret);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(modlora_remove_channel_obj, lora_remove_channel);

/******************************************************************************/
// The session in the store

static int save(const void *arg) {
    (void)arg;
    return lora_wan_save();
}

static mp_obj_t lora_nvram_save(mp_obj_t self_in) {
    (void)self_in;
    check_mode();
    modlora_check(call_when_free(save, NULL));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(modlora_nvram_save_obj, lora_nvram_save);

// The start has restored already what there was: nothing is left to do.
static mp_obj_t lora_nvram_restore(mp_obj_t self_in) {
    (void)self_in;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(modlora_nvram_restore_obj, lora_nvram_restore);

static mp_obj_t lora_nvram_erase(mp_obj_t self_in) {
    (void)self_in;
    MP_THREAD_GIL_EXIT();
    int ret = lora_wan_erase();
    MP_THREAD_GIL_ENTER();
    modlora_check(ret);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(modlora_nvram_erase_obj, lora_nvram_erase);

static mp_obj_t lora_set_battery_level(mp_obj_t self_in, mp_obj_t level_in) {
    (void)self_in;
    mp_int_t level = mp_obj_get_int(level_in);
    if (level < 0 || level > UINT8_MAX) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("battery level %d out of range: 0 external power, "
            "1..254, 255 unknown"), (int)level);
    }
    check_mode();
    MP_THREAD_GIL_EXIT();
    int ret = lora_wan_set_battery(level);
    MP_THREAD_GIL_ENTER();
    modlora_check(ret);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(modlora_set_battery_level_obj, lora_set_battery_level);
