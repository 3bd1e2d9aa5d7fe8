// The pins of a software chip, as machine.Pin objects: cs and reset are the
// driver's outputs, dio0 to dio5 its inputs. A handler given to irq() is scheduled
// on edges; edges that come before it has run are one.
// SPDX-License-Identifier: MIT
#include "py/mphal.h"
#include "py/runtime.h"
#include "extmod/virtpin.h"

#include "modradiosim.h"
#include "radiosim_port.h"

// machine.Pin's numbers on the ESP32.
enum { MODE_IN = 1, MODE_OUT = 3, MODE_OPEN_DRAIN = 7 };
enum { PULL_DOWN = 1, PULL_UP = 2 };
enum { IRQ_RISING = 1, IRQ_FALLING = 2 };

qstr radiosim_pin_qstr(int line) {
    static const uint16_t names[RADIOSIM_PINS] = {
        MP_QSTR_dio0, MP_QSTR_dio1, MP_QSTR_dio2, MP_QSTR_dio3, MP_QSTR_dio4, MP_QSTR_dio5,
        [RADIOSIM_RESET] = MP_QSTR_reset, [RADIOSIM_CS] = MP_QSTR_cs,
    };
    return names[line];
}

radiosim_pin_obj_t *radiosim_pin_new(radiosim_obj_t *owner, int line) {
    radiosim_pin_obj_t *self = mp_obj_malloc(radiosim_pin_obj_t, &radiosim_pin_type);
    self->owner = owner;
    self->line = (uint8_t)line;
    self->output = false;
    self->level = true; // both lines rest high
    self->trigger = 0;
    self->handler = mp_const_none;
    return self;
}

static bool is_dio(const radiosim_pin_obj_t *self) {
    return self->line < SIM_CHIP_DIOS;
}

// --- Levels ------------------------------------------------------------------

// Drive the chip's line by what the pin is set to.
static void drive(radiosim_pin_obj_t *self) {
    sim_chip_t *chip = radiosim_chip(self->owner);
    radiosim_port_lock();
    if (self->line == RADIOSIM_RESET) {
        sim_chip_reset_line(chip, self->output ? self->level : -1);
    } else {
        bool selected = self->output && !self->level;
        if (selected != self->owner->selected) {
            self->owner->selected = selected;
            sim_chip_select(chip, selected);
        }
    }
    radiosim_port_unlock();
}

static void set_level(radiosim_pin_obj_t *self, bool level) {
    if (is_dio(self)) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%q is an output of the chip"),
            radiosim_pin_qstr(self->line));
    }
    self->level = level;
    drive(self);
}

static bool get_level(radiosim_pin_obj_t *self) {
    if (!is_dio(self)) {
        return self->level;
    }
    sim_chip_t *chip = radiosim_chip(self->owner);
    radiosim_port_lock();
    bool level = sim_chip_dio(chip, self->line);
    radiosim_port_unlock();
    return level;
}

static mp_obj_t pin_value(size_t n_args, const mp_obj_t *args) {
    radiosim_pin_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    if (n_args == 1) {
        return MP_OBJ_NEW_SMALL_INT(get_level(self));
    }
    set_level(self, mp_obj_is_true(args[1]));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(pin_value_obj, 1, 2, pin_value);

static mp_obj_t pin_call(mp_obj_t self_in, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 1, false);
    mp_obj_t full[2] = { self_in, n_args == 0 ? mp_const_none : args[0] };
    return pin_value(n_args + 1, full);
}

static mp_obj_t pin_on(mp_obj_t self_in) {
    set_level(MP_OBJ_TO_PTR(self_in), true);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(pin_on_obj, pin_on);

static mp_obj_t pin_off(mp_obj_t self_in) {
    set_level(MP_OBJ_TO_PTR(self_in), false);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(pin_off_obj, pin_off);

// machine.Signal and the like.
static mp_uint_t pin_ioctl(mp_obj_t self_in, mp_uint_t request, uintptr_t arg, int *error) {
    (void)error;
    radiosim_pin_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (request == MP_PIN_READ) {
        return get_level(self);
    }
    if (request == MP_PIN_WRITE) {
        set_level(self, arg != 0);
        return 0;
    }
    return (mp_uint_t)-1;
}
static const mp_pin_p_t pin_protocol = { .ioctl = pin_ioctl };

// --- Settings ----------------------------------------------------------------

static mp_obj_t pin_init(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_mode, ARG_pull, ARG_value, ARG_drive, ARG_hold };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_mode, MP_ARG_INT, { .u_int = -1 } },
        { MP_QSTR_pull, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_value, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_drive, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_hold, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);
    radiosim_pin_obj_t *self = MP_OBJ_TO_PTR(pos_args[0]);
    mp_int_t mode = args[ARG_mode].u_int;
    if (mode != -1 && mode != MODE_IN && mode != MODE_OUT && mode != MODE_OPEN_DRAIN) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("mode is %d, use Pin.IN or Pin.OUT"), (int)mode);
    }
    if (is_dio(self)) {
        if (mode == MODE_OUT || args[ARG_value].u_obj != mp_const_none) {
            set_level(self, false); // raises
        }
        return mp_const_none;
    }
    if (mode != -1) {
        self->output = mode != MODE_IN;
    }
    if (args[ARG_value].u_obj != mp_const_none) {
        self->level = mp_obj_is_true(args[ARG_value].u_obj);
    }
    drive(self);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(pin_init_obj, 1, pin_init);

// --- Interrupts --------------------------------------------------------------

static uint32_t edge_bit(int dio, bool level) {
    return 1u << (2 * dio + (level ? 0 : 1));
}

static void call_handlers(radiosim_obj_t *owner) {
    for (int dio = 0; dio < SIM_CHIP_DIOS; dio++) {
        radiosim_port_lock();
        uint32_t bits = edge_bit(dio, true) | edge_bit(dio, false);
        bool came = (owner->edges & bits) != 0;
        owner->edges &= ~bits;
        radiosim_port_unlock();
        mp_obj_t handler = owner->pins[dio]->handler;
        if (came && handler != mp_const_none) {
            mp_call_function_1(handler, MP_OBJ_FROM_PTR(owner->pins[dio]));
        }
    }
}

static mp_obj_t run_handlers(mp_obj_t owner_in) {
    call_handlers(MP_OBJ_TO_PTR(owner_in));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(run_handlers_obj, run_handlers);

void radiosim_pin_edge(sim_chip_t *chip, int dio, bool level) {
    radiosim_obj_t *owner = chip->user;
    radiosim_pin_obj_t *pin = owner->pins[dio];
    if ((pin->trigger & (level ? IRQ_RISING : IRQ_FALLING)) == 0) {
        return;
    }
    owner->edges |= edge_bit(dio, level);
    // Refused when the scheduler's queue is full: the next edge tries again.
    mp_sched_schedule(MP_OBJ_FROM_PTR(&run_handlers_obj), MP_OBJ_FROM_PTR(owner));
    radiosim_port_signal();
}

static mp_obj_t pin_irq(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_handler, ARG_trigger, ARG_hard, ARG_priority, ARG_wake };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_handler, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_trigger, MP_ARG_INT, { .u_int = IRQ_RISING | IRQ_FALLING } },
        { MP_QSTR_hard, MP_ARG_BOOL, { .u_bool = false } }, // there are no interrupts: scheduled all the same
        { MP_QSTR_priority, MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 1 } },
        { MP_QSTR_wake, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);
    radiosim_pin_obj_t *self = MP_OBJ_TO_PTR(pos_args[0]);
    mp_obj_t handler = args[ARG_handler].u_obj;
    mp_int_t trigger = args[ARG_trigger].u_int;
    if (!is_dio(self)) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%q is an input of the chip, nothing interrupts"),
            radiosim_pin_qstr(self->line));
    }
    if (handler != mp_const_none && !mp_obj_is_callable(handler)) {
        mp_raise_TypeError(MP_ERROR_TEXT("handler must be None or a function"));
    }
    if ((trigger & ~(IRQ_RISING | IRQ_FALLING)) != 0) {
        mp_raise_msg_varg(&mp_type_ValueError,
            MP_ERROR_TEXT("trigger is %d, use Pin.IRQ_RISING, Pin.IRQ_FALLING or both"), (int)trigger);
    }
    radiosim_port_lock();
    self->handler = handler;
    self->trigger = handler == mp_const_none ? 0 : (uint8_t)trigger;
    self->owner->edges &= ~(edge_bit(self->line, true) | edge_bit(self->line, false));
    radiosim_port_unlock();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(pin_irq_obj, 1, pin_irq);

// --- Type --------------------------------------------------------------------

static mp_obj_t pin_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)type;
    (void)n_args;
    (void)n_kw;
    (void)args;
    mp_raise_ValueError(MP_ERROR_TEXT("a PC has no pins; a chip of radiosim has: radiosim.SX1276().dio0"));
}

static void pin_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    (void)kind;
    radiosim_pin_obj_t *self = MP_OBJ_TO_PTR(self_in);
    mp_printf(print, "Pin(%q)", radiosim_pin_qstr(self->line));
}

static const mp_rom_map_elem_t pin_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_init), MP_ROM_PTR(&pin_init_obj) },
    { MP_ROM_QSTR(MP_QSTR_value), MP_ROM_PTR(&pin_value_obj) },
    { MP_ROM_QSTR(MP_QSTR_on), MP_ROM_PTR(&pin_on_obj) },
    { MP_ROM_QSTR(MP_QSTR_off), MP_ROM_PTR(&pin_off_obj) },
    { MP_ROM_QSTR(MP_QSTR_irq), MP_ROM_PTR(&pin_irq_obj) },

    { MP_ROM_QSTR(MP_QSTR_IN), MP_ROM_INT(MODE_IN) },
    { MP_ROM_QSTR(MP_QSTR_OUT), MP_ROM_INT(MODE_OUT) },
    { MP_ROM_QSTR(MP_QSTR_OPEN_DRAIN), MP_ROM_INT(MODE_OPEN_DRAIN) },
    { MP_ROM_QSTR(MP_QSTR_PULL_UP), MP_ROM_INT(PULL_UP) },
    { MP_ROM_QSTR(MP_QSTR_PULL_DOWN), MP_ROM_INT(PULL_DOWN) },
    { MP_ROM_QSTR(MP_QSTR_IRQ_RISING), MP_ROM_INT(IRQ_RISING) },
    { MP_ROM_QSTR(MP_QSTR_IRQ_FALLING), MP_ROM_INT(IRQ_FALLING) },
};
static MP_DEFINE_CONST_DICT(pin_locals_dict, pin_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    radiosim_pin_type,
    MP_QSTR_Pin,
    MP_TYPE_FLAG_NONE,
    make_new, pin_make_new,
    print, pin_print,
    call, pin_call,
    protocol, &pin_protocol,
    locals_dict, &pin_locals_dict
    );
