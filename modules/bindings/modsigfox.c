// network.Sigfox: the type, its constants, and what one can ask it.
// SPDX-License-Identifier: MIT
#include "py/mpthread.h"
#include "py/objstr.h"
#include "py/objtuple.h"
#include "py/runtime.h"

#include "bindings/modsigfox.h"
#include "bindings/modsocket.h"
#include "sigfox/sigfox.h"
#include "usocket_config.h"

// Of the amplifier: what frames at 100 bit/s have.
#define CARRIER_LEVEL (70)

// The one object. Methods take no notice of self: a subclass may not call our __init__.
static const mp_obj_base_t sigfox_obj = { &modsigfox_type };

static SOCKET_NORETURN void raise_why(const mp_obj_type_t *type, int ret) {
    sigfox_why_t why;
    sigfox_last_error(&why);
    mp_obj_t args[] = { MP_OBJ_NEW_SMALL_INT(-ret), mp_obj_new_str_from_cstr(why.text) };
    if (type == &mp_type_ValueError) {
        nlr_raise(mp_obj_new_exception_arg1(type, args[1]));
    }
    nlr_raise(mp_obj_new_exception_args(type, why.text[0] == 0 ? 1 : 2, args));
}

// OSError(errno, words); a value that is none is a ValueError with the words.
static int check(int ret) {
    if (ret < 0) {
        raise_why(ret == -NET_EINVAL ? &mp_type_ValueError : &mp_type_OSError, ret);
    }
    return ret;
}

static void start(void) {
    MP_THREAD_GIL_EXIT();
    int ret = sigfox_start();
    MP_THREAD_GIL_ENTER();
    check(ret);
}

/******************************************************************************/
// Life. An object on the heap is there for its finaliser: a soft reset ends what is
// under way.

static mp_obj_t life_del(mp_obj_t self_in) {
    (void)self_in;
    sigfox_deinit();
    MP_STATE_VM(modsigfox_life) = MP_OBJ_NULL;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(life_del_obj, life_del);

static const mp_rom_map_elem_t life_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&life_del_obj) },
};
static MP_DEFINE_CONST_DICT(life_locals_dict, life_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(
    life_type,
    MP_QSTR_Sigfox,
    MP_TYPE_FLAG_NONE,
    locals_dict, &life_locals_dict
    );

MP_REGISTER_ROOT_POINTER(mp_obj_t modsigfox_life);

static void begin_life(void) {
    if (MP_STATE_VM(modsigfox_life) == MP_OBJ_NULL) {
        MP_STATE_VM(modsigfox_life) = MP_OBJ_FROM_PTR(mp_obj_malloc_with_finaliser(mp_obj_base_t, &life_type));
    }
}

static int32_t get_number(qstr name, mp_obj_t value_in) {
    mp_int_t value = mp_obj_get_int(value_in);
    if (value < INT32_MIN || value > INT32_MAX) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%q does not fit 32 bits"), name);
    }
    return (int32_t)value;
}

// Of the constructor; init() has no id.
enum { ARG_ID, ARG_MODE, ARG_RCZ, ARG_FREQUENCY, ARGS };
static const mp_arg_t init_args[ARGS] = {
    { MP_QSTR_id, MP_ARG_INT, { .u_int = 0 } },
    { MP_QSTR_mode, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_INT(SIGFOX_MODE_SIGFOX) } },
    { MP_QSTR_rcz, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_INT(0) } },
    { MP_QSTR_frequency, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
};

static void init_from(const mp_arg_val_t *values) {
    sigfox_settings_t settings = {
        .mode = get_number(MP_QSTR_mode, values[ARG_MODE].u_obj),
        .rcz = get_number(MP_QSTR_rcz, values[ARG_RCZ].u_obj),
    };
    if (values[ARG_FREQUENCY].u_obj != mp_const_none) {
        settings.frequency = get_number(MP_QSTR_frequency, values[ARG_FREQUENCY].u_obj);
    }
    begin_life();
    start();
    check(sigfox_init(&settings));
}

// Sigfox(id=0, mode=SIGFOX, rcz=RCZ1, *, frequency=None): the one object; set up if it
// was not, or if told how.
static mp_obj_t sigfox_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)type;
    mp_arg_val_t values[ARGS];
    mp_arg_parse_all_kw_array(n_args, n_kw, args, ARGS, init_args, values);
    if (values[ARG_ID].u_int != 0) {
        mp_raise_msg_varg(&mp_type_OSError, MP_ERROR_TEXT("resource not available: Sigfox %d, there is only 0"),
            (int)values[ARG_ID].u_int);
    }
    if (!sigfox_is_up() || n_args > 1 || n_kw > 0) {
        init_from(values);
    }
    return MP_OBJ_FROM_PTR(&sigfox_obj);
}

static mp_obj_t sigfox_init_method(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args) {
    mp_arg_val_t values[ARGS];
    mp_arg_parse_all(n_args - 1, args + 1, kw_args, ARGS - ARG_MODE, init_args + ARG_MODE, values + ARG_MODE);
    init_from(values);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(sigfox_init_obj, 1, sigfox_init_method);

// No number, no PAC, no key.
static void sigfox_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    (void)self_in;
    (void)kind;
    sigfox_settings_t settings;
    if (!sigfox_is_up() || sigfox_settings(&settings) < 0) {
        mp_print_str(print, "<Sigfox, off>");
    } else if (settings.mode == SIGFOX_MODE_FSK) {
        mp_printf(print, "<Sigfox mode=FSK, frequency=%d>", (int)settings.frequency);
    } else {
        mp_printf(print, "<Sigfox mode=SIGFOX, rcz=RCZ%d>", (int)settings.rcz + 1);
    }
}

static mp_obj_t sigfox_reset_method(mp_obj_t self_in) {
    (void)self_in;
    check(sigfox_reset());
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(sigfox_reset_obj, sigfox_reset_method);

/******************************************************************************/
// Who the device is

static const uint8_t *get_bytes(mp_obj_t obj, size_t len, const char *what) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(obj, &buf, MP_BUFFER_READ);
    if (buf.len != len) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%s has %d bytes, not %d"), what, (int)len, (int)buf.len);
    }
    return buf.buf;
}

// sigfox.provision(id, pac, key): bytes of 4, 8 and 16
static mp_obj_t sigfox_provision_method(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    const uint8_t *id = get_bytes(args[1], 4, "an id");
    const uint8_t *pac = get_bytes(args[2], SIGFOX_PAC_SIZE, "a pac");
    const uint8_t *key = get_bytes(args[3], SIGFOX_DEVICE_KEY_SIZE, "a key");
    start();
    check(sigfox_provision(id, pac, key));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(sigfox_provision_obj, 4, 4, sigfox_provision_method);

static mp_obj_t sigfox_id(mp_obj_t self_in) {
    (void)self_in;
    uint8_t id[4], pac[SIGFOX_PAC_SIZE];
    start();
    check(sigfox_identity(id, pac));
    return mp_obj_new_bytes(id, sizeof(id));
}
static MP_DEFINE_CONST_FUN_OBJ_1(sigfox_id_obj, sigfox_id);

static mp_obj_t sigfox_pac(mp_obj_t self_in) {
    (void)self_in;
    uint8_t id[4], pac[SIGFOX_PAC_SIZE];
    start();
    check(sigfox_identity(id, pac));
    return mp_obj_new_bytes(pac, sizeof(pac));
}
static MP_DEFINE_CONST_FUN_OBJ_1(sigfox_pac_obj, sigfox_pac);

static mp_obj_t sigfox_mac(mp_obj_t self_in) {
    (void)self_in;
    start();
    return mp_obj_new_bytes(sigfox_eui(), 8);
}
static MP_DEFINE_CONST_FUN_OBJ_1(sigfox_mac_obj, sigfox_mac);

// sigfox.public_key() asks, sigfox.public_key(True) sets
static mp_obj_t sigfox_public_key_method(size_t n_args, const mp_obj_t *args) {
    start();
    int ret = check(sigfox_public_key(n_args > 1 ? mp_obj_is_true(args[1]) : -1));
    return n_args > 1 ? mp_const_none : mp_obj_new_bool(ret);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(sigfox_public_key_obj, 1, 2, sigfox_public_key_method);

// sigfox.counter() asks for the last message's, sigfox.counter(n) sets it
static mp_obj_t sigfox_counter_method(size_t n_args, const mp_obj_t *args) {
    start();
    if (n_args > 1) {
        check(sigfox_set_counter(get_number(MP_QSTR_counter, args[1])));
        return mp_const_none;
    }
    return MP_OBJ_NEW_SMALL_INT(check(sigfox_counter()));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(sigfox_counter_obj, 1, 2, sigfox_counter_method);

static mp_obj_t rssi_offset(size_t n_args, const mp_obj_t *args) {
    start();
    sigfox_offsets_t offsets;
    sigfox_offsets(&offsets);
    if (n_args < 2) {
        return MP_OBJ_NEW_SMALL_INT(offsets.rssi);
    }
    offsets.rssi = get_number(MP_QSTR_rssi_offset, args[1]);
    check(sigfox_set_offsets(&offsets));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(rssi_offset_obj, 1, 2, rssi_offset);

static mp_obj_t freq_offset(size_t n_args, const mp_obj_t *args) {
    start();
    sigfox_offsets_t offsets;
    sigfox_offsets(&offsets);
    if (n_args < 2) {
        return MP_OBJ_NEW_SMALL_INT(offsets.frequency);
    }
    offsets.frequency = get_number(MP_QSTR_freq_offset, args[1]);
    check(sigfox_set_offsets(&offsets));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(freq_offset_obj, 1, 2, freq_offset);

/******************************************************************************/
// What one can ask

static mp_obj_t sigfox_rssi_method(mp_obj_t self_in) {
    (void)self_in;
    return MP_OBJ_NEW_SMALL_INT(sigfox_rssi());
}
static MP_DEFINE_CONST_FUN_OBJ_1(sigfox_rssi_obj, sigfox_rssi_method);

static mp_obj_t sigfox_frequencies_method(mp_obj_t self_in) {
    (void)self_in;
    uint32_t uplink, downlink;
    check(sigfox_frequencies(&uplink, &downlink));
    mp_obj_t items[] = { mp_obj_new_int_from_uint(uplink), mp_obj_new_int_from_uint(downlink) };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(sigfox_frequencies_obj, sigfox_frequencies_method);

static mp_obj_t sigfox_version(mp_obj_t self_in) {
    (void)self_in;
    return mp_obj_new_str_from_cstr("usocket " USOCKET_VERSION);
}
static MP_DEFINE_CONST_FUN_OBJ_1(sigfox_version_obj, sigfox_version);

// None in zones that have nothing to tell.
static mp_obj_t sigfox_info_method(mp_obj_t self_in) {
    (void)self_in;
    int first, second;
    int ret = sigfox_info(&first, &second);
    if (ret == -NET_EOPNOTSUPP) {
        return mp_const_none;
    }
    check(ret);
    mp_obj_t items[] = { MP_OBJ_NEW_SMALL_INT(first), MP_OBJ_NEW_SMALL_INT(second) };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(sigfox_info_obj, sigfox_info_method);

// sigfox.config() asks, sigfox.config((a, b, c)) sets
static mp_obj_t sigfox_config_method(size_t n_args, const mp_obj_t *args) {
    uint32_t words[3];
    if (n_args > 1) {
        mp_obj_t *items;
        mp_obj_get_array_fixed_n(args[1], MP_ARRAY_SIZE(words), &items);
        for (size_t i = 0; i < MP_ARRAY_SIZE(words); ++i) {
            words[i] = (uint32_t)mp_obj_get_int_truncated(items[i]);
        }
        check(sigfox_set_config(words));
        return mp_const_none;
    }
    check(sigfox_config(words));
    mp_obj_t items[MP_ARRAY_SIZE(words)];
    for (size_t i = 0; i < MP_ARRAY_SIZE(words); ++i) {
        items[i] = mp_obj_new_int_from_uint(words[i]);
    }
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(sigfox_config_obj, 1, 2, sigfox_config_method);

// sigfox.cw(frequency, on[, level]): 8 s of carrier at most
static mp_obj_t sigfox_cw(size_t n_args, const mp_obj_t *args) {
    if (!mp_obj_is_true(args[2])) {
        sigfox_carrier_stop();
        return mp_const_none;
    }
    int32_t level = n_args > 3 ? get_number(MP_QSTR_level, args[3]) : CARRIER_LEVEL;
    check(sigfox_carrier(get_number(MP_QSTR_frequency, args[1]), level));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(sigfox_cw_obj, 3, 4, sigfox_cw);

// Waits for the test's end; whatever is raised meanwhile (Ctrl-C) ends it.
static void finish_test(int number, sigfox_testmode_report_t *report) {
    int ret;
    nlr_buf_t nlr;
    if (nlr_push(&nlr) != 0) {
        sigfox_testmode_stop(number);
        nlr_jump(nlr.ret_val);
    }
    do {
        MP_THREAD_GIL_EXIT();
        ret = sigfox_testmode_wait(number, report);
        MP_THREAD_GIL_ENTER();
        mp_handle_pending(true);
    } while (ret == -NET_EAGAIN);
    check(ret);
    nlr_pop();
}

static mp_obj_t dbm(const sigfox_testmode_report_t *report, int16_t value) {
    return report->good + report->bad > 0 ? MP_OBJ_NEW_SMALL_INT(value) : mp_const_none;
}

// sigfox.test_mode(mode, config): blocks; what it answers depends on the mode
static mp_obj_t sigfox_test_mode(mp_obj_t self_in, mp_obj_t mode_in, mp_obj_t config_in) {
    (void)self_in;
    int32_t mode = get_number(MP_QSTR_mode, mode_in);
    sigfox_testmode_report_t report;
    finish_test(check(sigfox_testmode_begin(mode, get_number(MP_QSTR_config, config_in))), &report);
    mp_obj_t good = MP_OBJ_NEW_SMALL_INT(report.good);
    mp_obj_t items[4] = { good, MP_OBJ_NEW_SMALL_INT(report.bad) };
    switch (mode) {
        case SIGFOX_TESTMODE_RX_PROTOCOL:
            return mp_obj_new_tuple(2, items);
        case SIGFOX_TESTMODE_RX_GFSK:
            items[1] = dbm(&report, report.rssi);
            return mp_obj_new_tuple(2, items);
        case SIGFOX_TESTMODE_RX_SENSITIVITY:
            items[2] = dbm(&report, report.rssi_min);
            items[3] = dbm(&report, report.rssi_max);
            return mp_obj_new_tuple(4, items);
        default:
            return good;
    }
}
static MP_DEFINE_CONST_FUN_OBJ_3(sigfox_test_mode_obj, sigfox_test_mode);

static mp_obj_t sigfox_last_error_method(mp_obj_t self_in) {
    (void)self_in;
    sigfox_why_t why;
    sigfox_last_error(&why);
    return mp_obj_new_str_from_cstr(why.text);
}
static MP_DEFINE_CONST_FUN_OBJ_1(sigfox_last_error_obj, sigfox_last_error_method);

static const mp_rom_map_elem_t sigfox_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_init), MP_ROM_PTR(&sigfox_init_obj) },
    { MP_ROM_QSTR(MP_QSTR_reset), MP_ROM_PTR(&sigfox_reset_obj) },
    { MP_ROM_QSTR(MP_QSTR_provision), MP_ROM_PTR(&sigfox_provision_obj) },
    { MP_ROM_QSTR(MP_QSTR_id), MP_ROM_PTR(&sigfox_id_obj) },
    { MP_ROM_QSTR(MP_QSTR_pac), MP_ROM_PTR(&sigfox_pac_obj) },
    { MP_ROM_QSTR(MP_QSTR_mac), MP_ROM_PTR(&sigfox_mac_obj) },
    { MP_ROM_QSTR(MP_QSTR_public_key), MP_ROM_PTR(&sigfox_public_key_obj) },
    { MP_ROM_QSTR(MP_QSTR_counter), MP_ROM_PTR(&sigfox_counter_obj) },
    { MP_ROM_QSTR(MP_QSTR_rssi), MP_ROM_PTR(&sigfox_rssi_obj) },
    { MP_ROM_QSTR(MP_QSTR_rssi_offset), MP_ROM_PTR(&rssi_offset_obj) },
    { MP_ROM_QSTR(MP_QSTR_freq_offset), MP_ROM_PTR(&freq_offset_obj) },
    { MP_ROM_QSTR(MP_QSTR_frequencies), MP_ROM_PTR(&sigfox_frequencies_obj) },
    { MP_ROM_QSTR(MP_QSTR_version), MP_ROM_PTR(&sigfox_version_obj) },
    { MP_ROM_QSTR(MP_QSTR_info), MP_ROM_PTR(&sigfox_info_obj) },
    { MP_ROM_QSTR(MP_QSTR_config), MP_ROM_PTR(&sigfox_config_obj) },
    { MP_ROM_QSTR(MP_QSTR_cw), MP_ROM_PTR(&sigfox_cw_obj) },
    { MP_ROM_QSTR(MP_QSTR_test_mode), MP_ROM_PTR(&sigfox_test_mode_obj) },
    { MP_ROM_QSTR(MP_QSTR_last_error), MP_ROM_PTR(&sigfox_last_error_obj) },
    { MP_ROM_QSTR(MP_QSTR_timeout), MP_ROM_PTR(&socket_timeout_type) },

    { MP_ROM_QSTR(MP_QSTR_SIGFOX), MP_ROM_INT(SIGFOX_MODE_SIGFOX) },
    { MP_ROM_QSTR(MP_QSTR_FSK), MP_ROM_INT(SIGFOX_MODE_FSK) },
    { MP_ROM_QSTR(MP_QSTR_RCZ1), MP_ROM_INT(0) },
    { MP_ROM_QSTR(MP_QSTR_RCZ2), MP_ROM_INT(1) },
    { MP_ROM_QSTR(MP_QSTR_RCZ3), MP_ROM_INT(2) },
    { MP_ROM_QSTR(MP_QSTR_RCZ4), MP_ROM_INT(3) },
    { MP_ROM_QSTR(MP_QSTR_RCZ5), MP_ROM_INT(4) },
    { MP_ROM_QSTR(MP_QSTR_RCZ6), MP_ROM_INT(5) },
    { MP_ROM_QSTR(MP_QSTR_RCZ7), MP_ROM_INT(6) },
};
static MP_DEFINE_CONST_DICT(sigfox_locals_dict, sigfox_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    modsigfox_type,
    MP_QSTR_Sigfox,
    MP_TYPE_FLAG_NONE,
    make_new, sigfox_make_new,
    print, sigfox_print,
    locals_dict, &sigfox_locals_dict
    );
