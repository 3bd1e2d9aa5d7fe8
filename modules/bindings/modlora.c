// network.LoRa: the type, its constants, and what one can ask it.
// SPDX-License-Identifier: MIT
#include "py/mphal.h"
#include "py/mpthread.h"
#include "py/objstr.h"
#include "py/objtuple.h"
#include "py/runtime.h"

#include "bindings/modlora.h"
#include "lora/lora_wan.h"
#include "usocket_config.h"

// ischannel_free() with one argument, as older firmware of Pycom's had it.
#define SENSE_MS_DEFAULT (2)
#define SENSE_MS_MAX (10000)
// Frames of our own that may have to end first, at their longest.
#define SENSE_LIMIT_MS (60000)

const mp_obj_base_t modlora_obj = { &modlora_type };

void modlora_raise(int ret) {
    lora_why_t why;
    lora_last_error(&why);
    mp_obj_t args[] = { MP_OBJ_NEW_SMALL_INT(-ret), mp_obj_new_str_from_cstr(why.text) };
    nlr_raise(mp_obj_new_exception_args(&mp_type_OSError, why.text[0] == 0 ? 1 : 2, args));
}

int modlora_check(int ret) {
    if (ret < 0) {
        modlora_raise(ret);
    }
    return ret;
}

void modlora_start(void) {
    MP_THREAD_GIL_EXIT();
    int ret = lora_start();
    MP_THREAD_GIL_ENTER();
    modlora_check(ret);
}

/******************************************************************************/
// Life. An object on the heap is there for its finaliser: a soft reset must end
// the engine's work and forget the handler.

static mp_obj_t life_del(mp_obj_t self_in) {
    (void)self_in;
    lora_deinit();
    modlora_events_forget();
    MP_STATE_VM(modlora_life) = MP_OBJ_NULL;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(life_del_obj, life_del);

static const mp_rom_map_elem_t life_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&life_del_obj) },
};
static MP_DEFINE_CONST_DICT(life_locals_dict, life_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(
    life_type,
    MP_QSTR_LoRa,
    MP_TYPE_FLAG_NONE,
    locals_dict, &life_locals_dict
    );

MP_REGISTER_ROOT_POINTER(mp_obj_t modlora_life);

static void begin_life(void) {
    if (MP_STATE_VM(modlora_life) == MP_OBJ_NULL) {
        MP_STATE_VM(modlora_life) = MP_OBJ_FROM_PTR(mp_obj_malloc_with_finaliser(mp_obj_base_t, &life_type));
    }
}

// LoRa(id=0, *, ...): the one object; set up if it was not, or if told how.
static mp_obj_t lora_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)type;
    mp_arg_check_num(n_args, n_kw, 0, 1, true);
    mp_map_t kw_args;
    mp_map_init_fixed_table(&kw_args, n_kw, args + n_args);
    mp_map_elem_t *id = mp_map_lookup(&kw_args, MP_OBJ_NEW_QSTR(MP_QSTR_id), MP_MAP_LOOKUP);
    mp_int_t number = id != NULL ? mp_obj_get_int(id->value) : n_args > 0 ? mp_obj_get_int(args[0]) : 0;
    if (number != 0) {
        mp_raise_msg_varg(&mp_type_OSError, MP_ERROR_TEXT("resource not available: LoRa %d, there is only 0"), (int)number);
    }
    if (!lora_is_up() || n_kw > (id != NULL)) {
        begin_life();
        modlora_init_from(0, NULL, &kw_args);
    }
    return MP_OBJ_FROM_PTR(&modlora_obj);
}

static void lora_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    (void)self_in;
    (void)kind;
    lora_settings_t s;
    if (lora_settings(&s) < 0) {
        mp_print_str(print, "<LoRa, off>");
        return;
    }
    if (s.mode == LORA_MODE_LORAWAN) {
        mp_printf(print, "<LoRa mode=LORAWAN, region=%d, joined=%s>", (int)s.region, lora_wan_joined() ? "True" : "False");
        return;
    }
    static const uint16_t khz[] = { 125, 250, 500 };
    mp_printf(print, "<LoRa mode=LORA, frequency=%d, tx_power=%d, bandwidth=%d kHz, sf=%d, coding_rate=4/%d>",
        (int)s.frequency, (int)s.tx_power, khz[s.bandwidth], (int)s.sf, (int)s.coding_rate + 4);
}

static mp_obj_t lora_reset_method(mp_obj_t self_in) {
    (void)self_in;
    modlora_check(lora_reset());
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(lora_reset_obj, lora_reset_method);

/******************************************************************************/
// What one can ask

static mp_obj_t lora_stats_method(mp_obj_t self_in) {
    (void)self_in;
    static const qstr fields[] = {
        MP_QSTR_rx_timestamp, MP_QSTR_rssi, MP_QSTR_snr, MP_QSTR_sfrx, MP_QSTR_sftx, MP_QSTR_tx_trials,
        MP_QSTR_tx_power, MP_QSTR_tx_time_on_air, MP_QSTR_tx_counter, MP_QSTR_tx_frequency,
    };
    lora_stats_t stats;
    lora_stats(&stats);
    mp_obj_t items[] = {
        mp_obj_new_int_from_uint(stats.rx_timestamp),
        MP_OBJ_NEW_SMALL_INT(stats.rssi),
        mp_obj_new_float((mp_float_t)stats.snr_x4 / 4),
        MP_OBJ_NEW_SMALL_INT(stats.sfrx),
        MP_OBJ_NEW_SMALL_INT(stats.sftx),
        MP_OBJ_NEW_SMALL_INT(stats.tx_trials),
        MP_OBJ_NEW_SMALL_INT(stats.tx_power),
        mp_obj_new_int_from_uint(stats.tx_time_on_air),
        mp_obj_new_int_from_uint(stats.tx_counter),
        mp_obj_new_int_from_uint(stats.tx_frequency),
    };
    return mp_obj_new_attrtuple(fields, MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(lora_stats_obj, lora_stats_method);

static mp_obj_t lora_counters_method(mp_obj_t self_in) {
    (void)self_in;
    static const qstr fields[] = {
        MP_QSTR_rx_frames, MP_QSTR_rx_dropped, MP_QSTR_rx_crc_errors, MP_QSTR_tx_frames, MP_QSTR_tx_failed,
        MP_QSTR_tx_cancelled, MP_QSTR_lbt_busy, MP_QSTR_faults, MP_QSTR_lost_edges,
    };
    lora_counters_t c;
    lora_counters(&c);
    const uint32_t values[] = {
        c.rx_frames, c.rx_dropped, c.rx_crc_errors, c.tx_frames, c.tx_failed, c.tx_cancelled, c.lbt_busy, c.faults,
        c.lost_edges,
    };
    mp_obj_t items[MP_ARRAY_SIZE(values)];
    for (size_t i = 0; i < MP_ARRAY_SIZE(values); ++i) {
        items[i] = mp_obj_new_int_from_uint(values[i]);
    }
    return mp_obj_new_attrtuple(fields, MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(lora_counters_obj, lora_counters_method);

static mp_obj_t lora_last_error_method(mp_obj_t self_in) {
    (void)self_in;
    lora_why_t why;
    lora_last_error(&why);
    return mp_obj_new_str_from_cstr(why.text);
}
static MP_DEFINE_CONST_FUN_OBJ_1(lora_last_error_obj, lora_last_error_method);

// lora.airtime(length): ms, rounded up
static mp_obj_t lora_airtime(mp_obj_t self_in, mp_obj_t len_in) {
    (void)self_in;
    mp_int_t len = mp_obj_get_int(len_in);
    if (len < 0 || len > LORA_PAYLOAD_MAX) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("length %d out of range 0..255"), (int)len);
    }
    int32_t us = lora_airtime_us(len);
    if (us < 0) {
        modlora_raise(us);
    }
    return MP_OBJ_NEW_SMALL_INT((us + 999) / 1000);
}
static MP_DEFINE_CONST_FUN_OBJ_2(lora_airtime_obj, lora_airtime);

static mp_obj_t lora_mac(mp_obj_t self_in) {
    (void)self_in;
    modlora_start();
    return mp_obj_new_bytes(lora_eui(), 8);
}
static MP_DEFINE_CONST_FUN_OBJ_1(lora_mac_obj, lora_mac);

// Ask the engine and wait without the GIL.
static int sense(int16_t threshold, uint32_t time_us) {
    int ret = lora_sense(threshold, time_us);
    if (ret < 0) {
        return ret;
    }
    mp_uint_t start = mp_hal_ticks_ms();
    while ((ret = lora_sense_result()) == -NET_EAGAIN && mp_hal_ticks_ms() - start < SENSE_LIMIT_MS) {
        MP_THREAD_GIL_EXIT();
        lora_wait(USOCKET_WAIT_SLICE_MS);
        MP_THREAD_GIL_ENTER();
        nlr_buf_t nlr;
        if (nlr_push(&nlr) == 0) {
            mp_handle_pending(true);
            nlr_pop();
        } else {
            lora_sense_cancel();
            nlr_jump(nlr.ret_val);
        }
    }
    if (ret == -NET_EAGAIN) {
        lora_sense_cancel();
        ret = -NET_EBUSY;
    }
    return ret;
}

// lora.ischannel_free(rssi_threshold[, time_ms])
static mp_obj_t lora_ischannel_free(size_t n_args, const mp_obj_t *args) {
    mp_int_t threshold = mp_obj_get_int(args[1]);
    mp_int_t time_ms = n_args > 2 ? mp_obj_get_int(args[2]) : SENSE_MS_DEFAULT;
    if (threshold < INT16_MIN || threshold > INT16_MAX) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("threshold %d is no dBm value"), (int)threshold);
    }
    if (time_ms < 1 || time_ms > SENSE_MS_MAX) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("time_ms %d out of range 1..10000"), (int)time_ms);
    }
    return mp_obj_new_bool(modlora_check(sense(threshold, time_ms * 1000)));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(lora_ischannel_free_obj, 2, 3, lora_ischannel_free);

static const mp_rom_map_elem_t lora_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_init), MP_ROM_PTR(&modlora_init_obj) },
    { MP_ROM_QSTR(MP_QSTR_frequency), MP_ROM_PTR(&modlora_frequency_obj) },
    { MP_ROM_QSTR(MP_QSTR_tx_power), MP_ROM_PTR(&modlora_tx_power_obj) },
    { MP_ROM_QSTR(MP_QSTR_bandwidth), MP_ROM_PTR(&modlora_bandwidth_obj) },
    { MP_ROM_QSTR(MP_QSTR_sf), MP_ROM_PTR(&modlora_sf_obj) },
    { MP_ROM_QSTR(MP_QSTR_preamble), MP_ROM_PTR(&modlora_preamble_obj) },
    { MP_ROM_QSTR(MP_QSTR_coding_rate), MP_ROM_PTR(&modlora_coding_rate_obj) },
    { MP_ROM_QSTR(MP_QSTR_power_mode), MP_ROM_PTR(&modlora_power_mode_obj) },
    { MP_ROM_QSTR(MP_QSTR_callback), MP_ROM_PTR(&modlora_callback_obj) },
    { MP_ROM_QSTR(MP_QSTR_events), MP_ROM_PTR(&modlora_events_obj) },
    { MP_ROM_QSTR(MP_QSTR_stats), MP_ROM_PTR(&lora_stats_obj) },
    { MP_ROM_QSTR(MP_QSTR_counters), MP_ROM_PTR(&lora_counters_obj) },
    { MP_ROM_QSTR(MP_QSTR_last_error), MP_ROM_PTR(&lora_last_error_obj) },
    { MP_ROM_QSTR(MP_QSTR_ischannel_free), MP_ROM_PTR(&lora_ischannel_free_obj) },
    { MP_ROM_QSTR(MP_QSTR_airtime), MP_ROM_PTR(&lora_airtime_obj) },
    { MP_ROM_QSTR(MP_QSTR_mac), MP_ROM_PTR(&lora_mac_obj) },
    { MP_ROM_QSTR(MP_QSTR_reset), MP_ROM_PTR(&lora_reset_obj) },
    { MP_ROM_QSTR(MP_QSTR_join), MP_ROM_PTR(&modlora_join_obj) },
    { MP_ROM_QSTR(MP_QSTR_has_joined), MP_ROM_PTR(&modlora_has_joined_obj) },
    { MP_ROM_QSTR(MP_QSTR_join_multicast_group), MP_ROM_PTR(&modlora_join_multicast_group_obj) },
    { MP_ROM_QSTR(MP_QSTR_leave_multicast_group), MP_ROM_PTR(&modlora_leave_multicast_group_obj) },
    { MP_ROM_QSTR(MP_QSTR_add_channel), MP_ROM_PTR(&modlora_add_channel_obj) },
    { MP_ROM_QSTR(MP_QSTR_remove_channel), MP_ROM_PTR(&modlora_remove_channel_obj) },
    { MP_ROM_QSTR(MP_QSTR_nvram_save), MP_ROM_PTR(&modlora_nvram_save_obj) },
    { MP_ROM_QSTR(MP_QSTR_nvram_restore), MP_ROM_PTR(&modlora_nvram_restore_obj) },
    { MP_ROM_QSTR(MP_QSTR_nvram_erase), MP_ROM_PTR(&modlora_nvram_erase_obj) },
    { MP_ROM_QSTR(MP_QSTR_set_battery_level), MP_ROM_PTR(&modlora_set_battery_level_obj) },
    { MP_ROM_QSTR(MP_QSTR_compliance_test), MP_ROM_PTR(&modlora_compliance_test_obj) },
    { MP_ROM_QSTR(MP_QSTR_link_check), MP_ROM_PTR(&modlora_link_check_obj) },
    { MP_ROM_QSTR(MP_QSTR_device_time), MP_ROM_PTR(&modlora_device_time_obj) },
    { MP_ROM_QSTR(MP_QSTR_status), MP_ROM_PTR(&modlora_status_obj) },
    { MP_ROM_QSTR(MP_QSTR_timeout), MP_ROM_PTR(&socket_timeout_type) },

    { MP_ROM_QSTR(MP_QSTR_LORA), MP_ROM_INT(LORA_MODE_LORA) },
    { MP_ROM_QSTR(MP_QSTR_LORAWAN), MP_ROM_INT(LORA_MODE_LORAWAN) },
    { MP_ROM_QSTR(MP_QSTR_OTAA), MP_ROM_INT(0) },
    { MP_ROM_QSTR(MP_QSTR_ABP), MP_ROM_INT(1) },
    { MP_ROM_QSTR(MP_QSTR_ALWAYS_ON), MP_ROM_INT(LORA_ALWAYS_ON) },
    { MP_ROM_QSTR(MP_QSTR_TX_ONLY), MP_ROM_INT(LORA_TX_ONLY) },
    { MP_ROM_QSTR(MP_QSTR_SLEEP), MP_ROM_INT(LORA_SLEEP) },
    { MP_ROM_QSTR(MP_QSTR_BW_125KHZ), MP_ROM_INT(0) },
    { MP_ROM_QSTR(MP_QSTR_BW_250KHZ), MP_ROM_INT(1) },
    { MP_ROM_QSTR(MP_QSTR_BW_500KHZ), MP_ROM_INT(2) },
    { MP_ROM_QSTR(MP_QSTR_CODING_4_5), MP_ROM_INT(1) },
    { MP_ROM_QSTR(MP_QSTR_CODING_4_6), MP_ROM_INT(2) },
    { MP_ROM_QSTR(MP_QSTR_CODING_4_7), MP_ROM_INT(3) },
    { MP_ROM_QSTR(MP_QSTR_CODING_4_8), MP_ROM_INT(4) },
    { MP_ROM_QSTR(MP_QSTR_RX_PACKET_EVENT), MP_ROM_INT(LORA_EVENT_RX) },
    { MP_ROM_QSTR(MP_QSTR_TX_PACKET_EVENT), MP_ROM_INT(LORA_EVENT_TX) },
    { MP_ROM_QSTR(MP_QSTR_TX_FAILED_EVENT), MP_ROM_INT(LORA_EVENT_TX_FAILED) },
    { MP_ROM_QSTR(MP_QSTR_CLASS_A), MP_ROM_INT(LORA_CLASS_A) },
    { MP_ROM_QSTR(MP_QSTR_CLASS_C), MP_ROM_INT(LORA_CLASS_C) },
    { MP_ROM_QSTR(MP_QSTR_AS923), MP_ROM_INT(LORA_AS923) },
    { MP_ROM_QSTR(MP_QSTR_AU915), MP_ROM_INT(LORA_AU915) },
    { MP_ROM_QSTR(MP_QSTR_CN470), MP_ROM_INT(LORA_CN470) },
    { MP_ROM_QSTR(MP_QSTR_EU433), MP_ROM_INT(LORA_EU433) },
    { MP_ROM_QSTR(MP_QSTR_EU868), MP_ROM_INT(LORA_EU868) },
    { MP_ROM_QSTR(MP_QSTR_IN865), MP_ROM_INT(LORA_IN865) },
    { MP_ROM_QSTR(MP_QSTR_US915), MP_ROM_INT(LORA_US915) },
    { MP_ROM_QSTR(MP_QSTR_KR920), MP_ROM_INT(LORA_KR920) },
    { MP_ROM_QSTR(MP_QSTR_RU864), MP_ROM_INT(LORA_RU864) },
    { MP_ROM_QSTR(MP_QSTR_AS923_2), MP_ROM_INT(LORA_AS923_2) },
    { MP_ROM_QSTR(MP_QSTR_AS923_3), MP_ROM_INT(LORA_AS923_3) },
    { MP_ROM_QSTR(MP_QSTR_AS923_4), MP_ROM_INT(LORA_AS923_4) },
};
static MP_DEFINE_CONST_DICT(lora_locals_dict, lora_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    modlora_type,
    MP_QSTR_LoRa,
    MP_TYPE_FLAG_NONE,
    make_new, lora_make_new,
    print, lora_print,
    locals_dict, &lora_locals_dict
    );
