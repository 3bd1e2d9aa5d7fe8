// Module `qemu`: what this firmware cost so far.
// SPDX-License-Identifier: MIT
#include "py/objtuple.h"
#include "py/runtime.h"

#include "qemu_board.h"
#include "qemu_radio.h"

// task() -> what the radio task cost since the start or task_reset(): times in ns of
// the processor, which are instructions where QEMU counts them (-icount shift=N: 2**N ns
// each); the model of the chip is not in them.
static mp_obj_t modqemu_task(void) {
    static const qstr fields[] = {
        MP_QSTR_steps, MP_QSTR_sum_ns, MP_QSTR_worst_ns, MP_QSTR_worst_transfers, MP_QSTR_worst_at_us,
        MP_QSTR_stack_used, MP_QSTR_stack_size,
    };
    qemu_radio_task_t task;
    qemu_radio_task(&task);
    mp_obj_t items[] = {
        mp_obj_new_int_from_uint(task.steps),
        mp_obj_new_int_from_ull(task.sum_ns),
        mp_obj_new_int_from_uint(task.worst_ns),
        mp_obj_new_int_from_uint(task.worst_transfers),
        mp_obj_new_int_from_ull(task.worst_at_us),
        mp_obj_new_int_from_uint(task.stack_used),
        mp_obj_new_int_from_uint(task.stack_size),
    };
    return mp_obj_new_attrtuple(fields, MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_0(modqemu_task_obj, modqemu_task);

static mp_obj_t modqemu_task_reset(void) {
    qemu_radio_task_forget();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(modqemu_task_reset_obj, modqemu_task_reset);

// stack() -> (bytes of Python's stack that were in use at most, its size)
static mp_obj_t modqemu_stack(void) {
    mp_obj_t items[2] = {
        mp_obj_new_int_from_uint(qemu_stack_main_used()),
        MP_OBJ_NEW_SMALL_INT(QEMU_STACK_MAIN_SIZE),
    };
    return mp_obj_new_tuple(2, items);
}
static MP_DEFINE_CONST_FUN_OBJ_0(modqemu_stack_obj, modqemu_stack);

static const mp_rom_map_elem_t modqemu_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_qemu) },
    { MP_ROM_QSTR(MP_QSTR_task), MP_ROM_PTR(&modqemu_task_obj) },
    { MP_ROM_QSTR(MP_QSTR_task_reset), MP_ROM_PTR(&modqemu_task_reset_obj) },
    { MP_ROM_QSTR(MP_QSTR_stack), MP_ROM_PTR(&modqemu_stack_obj) },
};
static MP_DEFINE_CONST_DICT(modqemu_globals, modqemu_globals_table);

const mp_obj_module_t mp_module_qemu = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&modqemu_globals,
};
MP_REGISTER_MODULE(MP_QSTR_qemu, mp_module_qemu);
