// network.LoRa in LoRaWAN mode: what one can ask it, and the network.
// SPDX-License-Identifier: MIT
#include "py/mphal.h"
#include "py/mpthread.h"
#include "py/objtuple.h"
#include "py/runtime.h"

#include "bindings/modlora.h"
#include "lora/lora_wan.h"

// link_check() and device_time() without a timeout: an uplink and its windows.
#define ANSWER_DEFAULT_MS (60000)

static mp_obj_t text(const char *words) {
    return mp_obj_new_str_from_cstr(words);
}

static mp_obj_t number(uint32_t value) {
    return mp_obj_new_int_from_uint(value);
}

static void get_status(lora_wan_status_t *status) {
    modlora_check(lora_wan_status(status));
}

int modlora_wan_power(void) {
    lora_wan_status_t status;
    get_status(&status);
    return status.mac.power_dbm;
}

// lora.status(): a named tuple. It has no keys in it.
static mp_obj_t lora_status(mp_obj_t self_in) {
    (void)self_in;
    static const char *const activations[] = { "none", "OTAA", "ABP" };
    static const char *const doing[] = { "nothing", "joining", "sending" };
    static const qstr fields[] = {
        MP_QSTR_joined, MP_QSTR_activation, MP_QSTR_doing, MP_QSTR_wait_ms, MP_QSTR_dev_addr, MP_QSTR_net_id,
        MP_QSTR_dr, MP_QSTR_tx_power, MP_QSTR_eirp, MP_QSTR_room, MP_QSTR_nb_trans, MP_QSTR_fcnt_up, MP_QSTR_fcnt_down,
        MP_QSTR_rx1_delay, MP_QSTR_rx1_offset, MP_QSTR_rx2_dr, MP_QSTR_rx2_frequency, MP_QSTR_device_class, MP_QSTR_adr,
        MP_QSTR_adr_ack_count, MP_QSTR_duty_cycle, MP_QSTR_max_duty, MP_QSTR_dev_nonce, MP_QSTR_join_attempts,
        MP_QSTR_downlinks, MP_QSTR_ignored, MP_QSTR_clock_ppm, MP_QSTR_windows, MP_QSTR_windows_missed,
        MP_QSTR_window_late_us, MP_QSTR_window_early_us, MP_QSTR_receiver_ms, MP_QSTR_battery,
    };
    lora_wan_status_t s;
    get_status(&s);
    mp_obj_t ignored[LORAWAN_IGNORED_KINDS]; // form, address, MIC, replay
    for (size_t i = 0; i < LORAWAN_IGNORED_KINDS; ++i) {
        ignored[i] = MP_OBJ_NEW_SMALL_INT(s.mac.ignored[i]);
    }
    mp_obj_t items[] = {
        mp_obj_new_bool(s.mac.joined), text(activations[s.mac.activation]), text(doing[s.mac.op]), number(s.wait_ms),
        number(s.mac.dev_addr), number(s.mac.net_id), number(s.mac.dr), MP_OBJ_NEW_SMALL_INT(s.mac.power_dbm),
        MP_OBJ_NEW_SMALL_INT(s.mac.eirp_dbm), number(s.mac.room), number(s.mac.nb_trans), number(s.mac.fcnt_up),
        number(s.mac.fcnt_down), number(s.mac.rx1_delay_s), number(s.mac.rx1_offset), number(s.mac.rx2_dr),
        number(s.mac.rx2_hz), number(s.device_class), mp_obj_new_bool(s.adr), number(s.mac.adr_ack_count),
        mp_obj_new_bool(s.duty_cycle), number(s.mac.max_duty), number(s.mac.dev_nonce), number(s.mac.join_attempts),
        number(s.downlinks), mp_obj_new_tuple(LORAWAN_IGNORED_KINDS, ignored), MP_OBJ_NEW_SMALL_INT(s.mac.drift_ppm),
        number(s.windows), number(s.windows_missed), number(s.window_late_us), number(s.window_early_us),
        number(s.receiver_ms), number(s.battery),
    };
    _Static_assert(MP_ARRAY_SIZE(items) == MP_ARRAY_SIZE(fields), "a value for each field");
    return mp_obj_new_attrtuple(fields, MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_1(modlora_status_obj, lora_status);

/******************************************************************************/
// Questions to the network: an uplink without data, and what its windows bring

typedef struct {
    int number;
    uint8_t what;
    lora_wan_answer_t answer;
} question_t;

static int answered(void *arg) {
    question_t *q = arg;
    return lora_wan_answer(q->number, q->what, &q->answer);
}

// False: nobody answered.
static bool ask(question_t *q, size_t n_args, const mp_obj_t *args) {
    mp_int_t timeout_ms = n_args > 1 && args[1] != mp_const_none ? mp_obj_get_int(args[1]) : ANSWER_DEFAULT_MS;
    if (timeout_ms <= 0) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("timeout %d is not over 0 ms"), (int)timeout_ms);
    }
    MP_THREAD_GIL_EXIT();
    q->number = lora_wan_ask(q->what);
    MP_THREAD_GIL_ENTER();
    modlora_check(q->number);
    nlr_buf_t nlr;
    if (nlr_push(&nlr) != 0) {
        lora_wan_ask_cancel(q->number);
        nlr_jump(nlr.ret_val);
    }
    int ret = modlora_wan_wait(answered, q, timeout_ms);
    nlr_pop();
    if (ret == -NET_ETIMEDOUT) {
        lora_wan_ask_cancel(q->number); // if it still waits
        return false;
    }
    modlora_check(ret);
    return true;
}

// lora.link_check([timeout]) -> (margin, gateways), or None when nobody answered
static mp_obj_t lora_link_check(size_t n_args, const mp_obj_t *args) {
    static const qstr fields[] = { MP_QSTR_margin, MP_QSTR_gateways };
    question_t q = { .what = LORA_WAN_ASK_LINK };
    if (!ask(&q, n_args, args)) {
        return mp_const_none;
    }
    mp_obj_t items[] = { MP_OBJ_NEW_SMALL_INT(q.answer.margin), MP_OBJ_NEW_SMALL_INT(q.answer.gateways) };
    return mp_obj_new_attrtuple(fields, MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(modlora_link_check_obj, 1, 2, lora_link_check);

// lora.device_time([timeout]) -> (GPS seconds, microseconds) of now, or None
static mp_obj_t lora_device_time(size_t n_args, const mp_obj_t *args) {
    static const qstr fields[] = { MP_QSTR_seconds, MP_QSTR_microseconds };
    question_t q = { .what = LORA_WAN_ASK_TIME };
    if (!ask(&q, n_args, args)) {
        return mp_const_none;
    }
    mp_obj_t items[] = { number(q.answer.gps_s), number(q.answer.gps_us) };
    return mp_obj_new_attrtuple(fields, MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(modlora_device_time_obj, 1, 2, lora_device_time);

// lora.compliance_test([enable[, state[, link_check]]]): without an argument what is the
// case. The state machine is the MAC's; the other two are taken and do nothing.
static mp_obj_t lora_compliance_test(size_t n_args, const mp_obj_t *args) {
    static const qstr fields[] = {
        MP_QSTR_enabled, MP_QSTR_running, MP_QSTR_state, MP_QSTR_tx_confirmed, MP_QSTR_downlink_counter,
        MP_QSTR_link_check, MP_QSTR_demod_margin, MP_QSTR_nbr_gateways,
    };
    if (n_args > 1) {
        bool on = mp_obj_is_true(args[1]);
        MP_THREAD_GIL_EXIT();
        int ret = lora_wan_set_certification(on);
        MP_THREAD_GIL_ENTER();
        modlora_check(ret);
        return mp_const_none;
    }
    lora_wan_status_t s;
    get_status(&s);
    mp_obj_t items[] = {
        mp_obj_new_bool(s.certification), mp_obj_new_bool(s.certification && s.mac.joined),
        MP_OBJ_NEW_SMALL_INT(s.certification), mp_const_false, number(s.downlinks), mp_const_false,
        MP_OBJ_NEW_SMALL_INT(s.link_margin), MP_OBJ_NEW_SMALL_INT(s.link_gateways),
    };
    return mp_obj_new_attrtuple(fields, MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(modlora_compliance_test_obj, 1, 4, lora_compliance_test);
