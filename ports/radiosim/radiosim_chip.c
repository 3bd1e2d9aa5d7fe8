// The side of a software chip that a bench has and a board has not: its place,
// faults, counters, a record of what a driver wrote. Also of the firmware's own
// chip: radiosim.radio().
// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/runtime.h"

#include "modradiosim.h"
#include "radiosim_port.h"

static int line_of(qstr attr) {
    for (int line = 0; line < RADIOSIM_PINS; line++) {
        if (attr == radiosim_pin_qstr(line)) {
            return line;
        }
    }
    return -1;
}

// Place by assignment: chip.x = 100.
static void store_place(radiosim_obj_t *self, qstr attr, mp_obj_t *dest) {
    mp_int_t metres = mp_obj_get_int(dest[1]);
    sim_chip_t *chip = radiosim_chip(self);
    if (metres < -1000000 || metres > 1000000) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%q is %d, allowed is -1000000 to 1000000 m"), attr,
            (int)metres);
    }
    radiosim_port_lock();
    *(attr == MP_QSTR_x ? &chip->radio.x_m : &chip->radio.y_m) = (int32_t)metres;
    radiosim_port_unlock();
    dest[0] = MP_OBJ_NULL;
}

void radiosim_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    radiosim_obj_t *self = MP_OBJ_TO_PTR(self_in);
    bool is_place = attr == MP_QSTR_x || attr == MP_QSTR_y;
    int line = line_of(attr);
    if (dest[0] != MP_OBJ_NULL) {
        if (is_place && dest[1] != MP_OBJ_NULL) {
            store_place(self, attr, dest);
        }
    } else if (is_place) {
        const sim_air_radio_t *radio = &radiosim_chip(self)->radio;
        dest[0] = mp_obj_new_int(attr == MP_QSTR_x ? radio->x_m : radio->y_m);
    } else if (line >= 0 && self->own) {
        dest[0] = MP_OBJ_FROM_PTR(self->pins[line]);
    } else {
        // Native types do not look at their parents by themselves.
        mp_map_t *methods = (mp_map_t *)&radiosim_chip_locals_dict.map;
        mp_map_elem_t *found = mp_map_lookup(methods, MP_OBJ_NEW_QSTR(attr), MP_MAP_LOOKUP);
        if (found != NULL) {
            mp_convert_member_lookup(self_in, self->base.type, found->value, dest);
        } else {
            dest[1] = MP_OBJ_SENTINEL; // look among the type's own
        }
    }
}

static mp_obj_t chip_power_cycle(mp_obj_t self_in) {
    sim_chip_t *chip = radiosim_chip(MP_OBJ_TO_PTR(self_in));
    radiosim_port_lock();
    sim_chip_power_cycle(chip);
    radiosim_port_unlock();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(chip_power_cycle_obj, chip_power_cycle);

// peek(address) -> a register, without SPI.
static mp_obj_t chip_peek(mp_obj_t self_in, mp_obj_t address_in) {
    sim_chip_t *chip = radiosim_chip(MP_OBJ_TO_PTR(self_in));
    mp_int_t address = mp_obj_get_int(address_in);
    if (address < 0 || address > 0x7f) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("address is %d, allowed is 0 to 127"), (int)address);
    }
    radiosim_port_lock();
    uint8_t value = sim_chip_peek(chip, (uint8_t)address);
    radiosim_port_unlock();
    return MP_OBJ_NEW_SMALL_INT(value);
}
static MP_DEFINE_CONST_FUN_OBJ_2(chip_peek_obj, chip_peek);

// broken() -> {rule: how often}, only those that were broken.
static mp_obj_t chip_broken(mp_obj_t self_in) {
    sim_chip_t *chip = radiosim_chip(MP_OBJ_TO_PTR(self_in));
    uint32_t broken[SIM_RULE_NUMBER];
    radiosim_port_lock();
    memcpy(broken, chip->broken, sizeof(broken));
    radiosim_port_unlock();
    mp_obj_t dict = mp_obj_new_dict(0);
    for (int rule = 0; rule < SIM_RULE_NUMBER; rule++) {
        if (broken[rule] > 0) {
            const char *name = sim_chip_rule_name((sim_chip_rule_t)rule);
            mp_obj_dict_store(dict, mp_obj_new_str_from_cstr(name), mp_obj_new_int_from_uint(broken[rule]));
        }
    }
    return dict;
}
static MP_DEFINE_CONST_FUN_OBJ_1(chip_broken_obj, chip_broken);

// counters() -> (SPI transfers, SPI bytes)
static mp_obj_t chip_counters(mp_obj_t self_in) {
    sim_chip_t *chip = radiosim_chip(MP_OBJ_TO_PTR(self_in));
    radiosim_port_lock();
    uint32_t transfers = chip->spi_transfers;
    uint32_t bytes = chip->spi_bytes;
    radiosim_port_unlock();
    mp_obj_t items[2] = { mp_obj_new_int_from_uint(transfers), mp_obj_new_int_from_uint(bytes) };
    return mp_obj_new_tuple(2, items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(chip_counters_obj, chip_counters);

// faults(*, spi_bit_errors=0, stuck=False, stuck_low=False, dio_cut=0, crystal_ppb=0):
// these from now on, and no others.
static mp_obj_t chip_faults(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_spi_bit_errors, ARG_stuck, ARG_stuck_low, ARG_dio_cut, ARG_crystal_ppb };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_spi_bit_errors, MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 0 } },
        { MP_QSTR_stuck, MP_ARG_KW_ONLY | MP_ARG_BOOL, { .u_bool = false } },
        { MP_QSTR_stuck_low, MP_ARG_KW_ONLY | MP_ARG_BOOL, { .u_bool = false } },
        { MP_QSTR_dio_cut, MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 0 } },
        { MP_QSTR_crystal_ppb, MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 0 } },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);
    sim_chip_t *chip = radiosim_chip(MP_OBJ_TO_PTR(pos_args[0]));
    radiosim_port_lock();
    chip->faults = (sim_chip_faults_t) {
        .spi_bit_errors = (uint32_t)args[ARG_spi_bit_errors].u_int,
        .stuck = args[ARG_stuck].u_bool,
        .stuck_low = args[ARG_stuck_low].u_bool,
        .dio_cut = (uint8_t)args[ARG_dio_cut].u_int,
        .crystal_ppb = (int32_t)args[ARG_crystal_ppb].u_int,
    };
    radiosim_port_unlock();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(chip_faults_obj, 1, chip_faults);

static void on_write(sim_chip_t *chip, uint8_t address, uint8_t value) {
    radiosim_obj_t *self = chip->user;
    if (self->trace_len < RADIOSIM_TRACE_MAX) {
        self->trace[self->trace_len++] = (uint16_t)(address << 8 | value);
    }
}

// trace(True) records register writes, trace(False) ends it; trace() -> list of
// (address, value) since the last call, at most 4096.
static mp_obj_t chip_trace(size_t n_args, const mp_obj_t *args) {
    radiosim_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    sim_chip_t *chip = radiosim_chip(self);
    if (n_args == 2) {
        bool on = mp_obj_is_true(args[1]);
        if (on && self->trace == NULL) {
            self->trace = m_new(uint16_t, RADIOSIM_TRACE_MAX);
        }
        radiosim_port_lock();
        chip->user = self;
        self->trace_len = 0;
        chip->trace = on ? on_write : NULL;
        radiosim_port_unlock();
        return mp_const_none;
    }
    size_t done = 0;
    mp_obj_t list = mp_obj_new_list(0, NULL);
    for (;;) {
        uint16_t entry = 0;
        radiosim_port_lock();
        bool more = done < self->trace_len;
        if (more) {
            entry = self->trace[done];
        } else {
            self->trace_len = 0;
        }
        radiosim_port_unlock();
        if (!more) {
            return list;
        }
        done += 1;
        mp_obj_t pair[2] = { MP_OBJ_NEW_SMALL_INT(entry >> 8), MP_OBJ_NEW_SMALL_INT(entry & 0xff) };
        mp_obj_list_append(list, mp_obj_new_tuple(2, pair));
    }
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(chip_trace_obj, 1, 2, chip_trace);

static const mp_rom_map_elem_t chip_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_power_cycle), MP_ROM_PTR(&chip_power_cycle_obj) },
    { MP_ROM_QSTR(MP_QSTR_peek), MP_ROM_PTR(&chip_peek_obj) },
    { MP_ROM_QSTR(MP_QSTR_broken), MP_ROM_PTR(&chip_broken_obj) },
    { MP_ROM_QSTR(MP_QSTR_counters), MP_ROM_PTR(&chip_counters_obj) },
    { MP_ROM_QSTR(MP_QSTR_faults), MP_ROM_PTR(&chip_faults_obj) },
    { MP_ROM_QSTR(MP_QSTR_trace), MP_ROM_PTR(&chip_trace_obj) },
};
MP_DEFINE_CONST_DICT(radiosim_chip_locals_dict, chip_locals_table);
