// Events of network.LoRa: the bits that a script asks for, and the handler that is
// called for each. Where there are threads the handler has one of its own, so it
// may block; elsewhere it is a scheduled callback.
// SPDX-License-Identifier: MIT
#include "py/mpthread.h"
#include "py/runtime.h"

#include "bindings/modlora.h"
#include "lora/lora.h"

// How long the thread sleeps at most; it is woken by each event.
#define THREAD_SLICE_MS (1000)
// As on Pycom's firmware. On a PC the port's default is right.
#define THREAD_STACK_SIZE (sizeof(void *) == 4 ? 8192 : 0)

MP_REGISTER_ROOT_POINTER(mp_obj_t modlora_handler[2]); // and its argument; MP_OBJ_NULL: none

// Call the handler for everything that is due. It may set another one.
static void call_handler(void) {
    while (MP_STATE_VM(modlora_handler)[0] != MP_OBJ_NULL && lora_events_next() != 0) {
        // An exception in it is printed and ends that call only.
        mp_call_function_1_protected(MP_STATE_VM(modlora_handler)[0], MP_STATE_VM(modlora_handler)[1]);
    }
}

#if MICROPY_PY_THREAD
static bool thread_runs; // changed with the GIL

static mp_obj_t thread_entry(void) {
    while (MP_STATE_VM(modlora_handler)[0] != MP_OBJ_NULL) {
        MP_THREAD_GIL_EXIT();
        lora_events_wait(THREAD_SLICE_MS);
        MP_THREAD_GIL_ENTER();
        call_handler();
    }
    thread_runs = false;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(thread_entry_obj, thread_entry);

// Through the module, so that a new release's way of making threads is its own affair.
static void begin_calls(void) {
    if (thread_runs) {
        return;
    }
    mp_obj_t module = mp_import_name(MP_QSTR__thread, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    mp_obj_t stack_size = mp_load_attr(module, MP_QSTR_stack_size);
    mp_obj_t old_size = mp_call_function_1(stack_size, MP_OBJ_NEW_SMALL_INT(THREAD_STACK_SIZE));
    mp_obj_t start = mp_load_attr(module, MP_QSTR_start_new_thread);
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        thread_runs = true;
        mp_call_function_2(start, MP_OBJ_FROM_PTR(&thread_entry_obj), mp_const_empty_tuple);
        nlr_pop();
    } else {
        thread_runs = false;
        MP_STATE_VM(modlora_handler)[0] = MP_OBJ_NULL;
        mp_call_function_1(stack_size, old_size);
        nlr_jump(nlr.ret_val);
    }
    mp_call_function_1(stack_size, old_size);
}
#else
static mp_obj_t scheduled(mp_obj_t arg) {
    (void)arg;
    call_handler();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(scheduled_obj, scheduled);

static bool schedule(void) {
    return mp_sched_schedule(MP_OBJ_FROM_PTR(&scheduled_obj), mp_const_none);
}

static void begin_calls(void) {
    lora_events_hook(schedule);
}
#endif

void modlora_events_forget(void) {
    MP_STATE_VM(modlora_handler)[0] = MP_OBJ_NULL;
    MP_STATE_VM(modlora_handler)[1] = MP_OBJ_NULL;
    #if MICROPY_PY_THREAD
    thread_runs = false;
    #endif
}

// lora.callback(trigger, handler=None, arg=None): None in the first two ends it.
static mp_obj_t callback(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_trigger, ARG_handler, ARG_arg };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_trigger, MP_ARG_REQUIRED | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_handler, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_arg, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);
    mp_obj_t trigger_in = args[ARG_trigger].u_obj, handler = args[ARG_handler].u_obj, arg = args[ARG_arg].u_obj;
    if (trigger_in == mp_const_none || handler == mp_const_none) {
        MP_STATE_VM(modlora_handler)[0] = MP_OBJ_NULL;
        lora_events_trigger(0);
        return mp_const_none;
    }
    mp_int_t trigger = mp_obj_get_int(trigger_in);
    if (trigger < 0 || trigger > (LORA_EVENT_RX | LORA_EVENT_TX | LORA_EVENT_TX_FAILED)) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("trigger %d is not a sum of RX_PACKET_EVENT 1, "
            "TX_PACKET_EVENT 2, TX_FAILED_EVENT 4"), (int)trigger);
    }
    if (!mp_obj_is_callable(handler)) {
        mp_raise_TypeError(MP_ERROR_TEXT("handler cannot be called"));
    }
    MP_STATE_VM(modlora_handler)[0] = handler;
    MP_STATE_VM(modlora_handler)[1] = arg == mp_const_none ? MP_OBJ_FROM_PTR(&modlora_obj) : arg;
    lora_events_trigger(trigger);
    begin_calls();
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_KW(modlora_callback_obj, 1, callback);

static mp_obj_t events(mp_obj_t self_in) {
    (void)self_in;
    return MP_OBJ_NEW_SMALL_INT(lora_events_take());
}
MP_DEFINE_CONST_FUN_OBJ_1(modlora_events_obj, events);
