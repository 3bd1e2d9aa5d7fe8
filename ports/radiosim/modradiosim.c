// Module `radiosim`: software SX1276 and SX1272 chips as objects with the protocol
// of machine.SPI and pins like machine.Pin's, so that a driver written for boards
// runs on them unchanged.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/gc.h"
#include "py/runtime.h"

#include "modradiosim.h"
#include "radiosim_port.h"

#define SPI_HZ_MAX (10000000)

// --- Life --------------------------------------------------------------------

sim_chip_t *radiosim_chip(radiosim_obj_t *self) {
    if (self->chip == NULL) {
        mp_raise_ValueError(MP_ERROR_TEXT("the chip is gone after deinit()"));
    }
    return self->chip;
}

radiosim_obj_t *radiosim_new(const mp_obj_type_t *type, sim_chip_t *chip, bool own) {
    radiosim_obj_t *self = mp_obj_malloc_with_finaliser(radiosim_obj_t, type);
    memset((char *)self + sizeof(self->base), 0, sizeof(*self) - sizeof(self->base));
    for (int line = 0; own && line < RADIOSIM_PINS; line++) {
        self->pins[line] = radiosim_pin_new(self, line);
    }
    self->chip = chip;
    self->own = own;
    return self;
}

// SX1276(x=0, y=0, name=None)
static mp_obj_t radiosim_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *all_args) {
    enum { ARG_x, ARG_y, ARG_name };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_x, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_y, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_name, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all_kw_array(n_args, n_kw, all_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);
    const char *name = args[ARG_name].u_obj == mp_const_none ? NULL : mp_obj_str_get_str(args[ARG_name].u_obj);
    int ret = radiosim_port_start();
    if (ret != 0) {
        mp_raise_OSError(-ret);
    }
    sim_chip_t *chip = radiosim_port_chip_new();
    if (chip == NULL) {
        gc_collect(); // those that nobody holds any more
        chip = radiosim_port_chip_new();
    }
    if (chip == NULL) {
        mp_raise_msg(&mp_type_MemoryError, MP_ERROR_TEXT("no room for another chip: deinit() one"));
    }
    radiosim_obj_t *self = radiosim_new(type, chip, true);
    chip->user = self;
    chip->edge = radiosim_pin_edge;
    chip->spi_hz = SPI_HZ_MAX;
    radiosim_port_lock();
    if (name != NULL) {
        strncpy(chip->radio.name, name, sizeof(chip->radio.name) - 1);
    }
    sim_chip_init(chip, type == &radiosim_sx1272_type ? SIM_SX1272 : SIM_SX1276);
    radiosim_port_unlock();
    if (args[ARG_x].u_obj != mp_const_none) {
        chip->radio.x_m = mp_obj_get_int(args[ARG_x].u_obj);
    }
    if (args[ARG_y].u_obj != mp_const_none) {
        chip->radio.y_m = mp_obj_get_int(args[ARG_y].u_obj);
    }
    return MP_OBJ_FROM_PTR(self);
}

// Also the finaliser. A firmware's chip stays.
static mp_obj_t radiosim_deinit(mp_obj_t self_in) {
    radiosim_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->own && self->chip != NULL) {
        radiosim_port_lock();
        sim_chip_deinit(self->chip);
        radiosim_port_unlock();
        radiosim_port_chip_free(self->chip);
        self->chip = NULL;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(radiosim_deinit_obj, radiosim_deinit);

// --- machine.SPI -------------------------------------------------------------

static mp_obj_t radiosim_init(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_baudrate, ARG_polarity, ARG_phase, ARG_bits, ARG_firstbit, ARG_sck, ARG_mosi, ARG_miso };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_baudrate, MP_ARG_INT, { .u_int = SPI_HZ_MAX } },
        { MP_QSTR_polarity, MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 0 } },
        { MP_QSTR_phase, MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 0 } },
        { MP_QSTR_bits, MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 8 } },
        { MP_QSTR_firstbit, MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 0 } },
        { MP_QSTR_sck, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_mosi, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_miso, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);
    sim_chip_t *chip = radiosim_chip(MP_OBJ_TO_PTR(pos_args[0]));
    mp_int_t baudrate = args[ARG_baudrate].u_int;
    if (args[ARG_polarity].u_int != 0 || args[ARG_phase].u_int != 0 || args[ARG_bits].u_int != 8
        || args[ARG_firstbit].u_int != 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("the chip speaks polarity 0, phase 0, 8 bits, MSB first"));
    }
    if (baudrate < 1000 || baudrate > SPI_HZ_MAX) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("baudrate is %d, allowed is 1000 to 10000000"),
            (int)baudrate);
    }
    chip->spi_hz = (uint32_t)baudrate;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(radiosim_init_obj, 1, radiosim_init);

// Bytes on the bus. Without cs the chip neither listens nor speaks.
static void transfer(radiosim_obj_t *self, const uint8_t *out, uint8_t *in, size_t len) {
    sim_chip_t *chip = radiosim_chip(self);
    radiosim_port_lock_bus();
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = self->selected ? sim_chip_spi_byte(chip, out[i]) : 0xff;
        if (in != NULL) {
            in[i] = byte;
        }
    }
    radiosim_port_unlock();
}

static mp_obj_t radiosim_write(mp_obj_t self_in, mp_obj_t buf_in) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(buf_in, &buf, MP_BUFFER_READ);
    transfer(MP_OBJ_TO_PTR(self_in), buf.buf, NULL, buf.len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(radiosim_write_obj, radiosim_write);

static mp_obj_t radiosim_readinto(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[1], &buf, MP_BUFFER_WRITE);
    memset(buf.buf, n_args == 3 ? (int)mp_obj_get_int(args[2]) : 0, buf.len);
    transfer(MP_OBJ_TO_PTR(args[0]), buf.buf, buf.buf, buf.len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(radiosim_readinto_obj, 2, 3, radiosim_readinto);

static mp_obj_t radiosim_read(size_t n_args, const mp_obj_t *args) {
    mp_int_t len = mp_obj_get_int(args[1]);
    if (len < 0) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("nbytes is %d, allowed is 0 and more"), (int)len);
    }
    vstr_t vstr;
    vstr_init_len(&vstr, (size_t)len);
    memset(vstr.buf, n_args == 3 ? (int)mp_obj_get_int(args[2]) : 0, vstr.len);
    transfer(MP_OBJ_TO_PTR(args[0]), (uint8_t *)vstr.buf, (uint8_t *)vstr.buf, vstr.len);
    return mp_obj_new_bytes_from_vstr(&vstr);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(radiosim_read_obj, 2, 3, radiosim_read);

static mp_obj_t radiosim_write_readinto(mp_obj_t self_in, mp_obj_t out_in, mp_obj_t in_in) {
    mp_buffer_info_t out, in;
    mp_get_buffer_raise(out_in, &out, MP_BUFFER_READ);
    mp_get_buffer_raise(in_in, &in, MP_BUFFER_WRITE);
    if (out.len != in.len) {
        mp_raise_ValueError(MP_ERROR_TEXT("buffers must be the same length"));
    }
    transfer(MP_OBJ_TO_PTR(self_in), out.buf, in.buf, in.len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(radiosim_write_readinto_obj, radiosim_write_readinto);

// --- Types -------------------------------------------------------------------

static void radiosim_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    (void)kind;
    radiosim_obj_t *self = MP_OBJ_TO_PTR(self_in);
    const char *name = self->chip == NULL ? "(gone)" : self->chip->radio.name;
    const char *kind_name = self->chip != NULL && self->chip->kind == SIM_SX1272 ? "SX1272" : "SX1276";
    mp_printf(print, "<%s %s>", kind_name, name);
}

static const mp_rom_map_elem_t radiosim_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&radiosim_deinit_obj) },
    { MP_ROM_QSTR(MP_QSTR_deinit), MP_ROM_PTR(&radiosim_deinit_obj) },
    { MP_ROM_QSTR(MP_QSTR_init), MP_ROM_PTR(&radiosim_init_obj) },
    { MP_ROM_QSTR(MP_QSTR_read), MP_ROM_PTR(&radiosim_read_obj) },
    { MP_ROM_QSTR(MP_QSTR_readinto), MP_ROM_PTR(&radiosim_readinto_obj) },
    { MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&radiosim_write_obj) },
    { MP_ROM_QSTR(MP_QSTR_write_readinto), MP_ROM_PTR(&radiosim_write_readinto_obj) },
    { MP_ROM_QSTR(MP_QSTR_MSB), MP_ROM_INT(0) },
    { MP_ROM_QSTR(MP_QSTR_LSB), MP_ROM_INT(1) },
};
static MP_DEFINE_CONST_DICT(radiosim_locals_dict, radiosim_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    radiosim_chip_type,
    MP_QSTR_Chip,
    MP_TYPE_FLAG_NONE,
    print, radiosim_print,
    attr, radiosim_attr,
    locals_dict, &radiosim_chip_locals_dict
    );

MP_DEFINE_CONST_OBJ_TYPE(
    radiosim_sx1276_type,
    MP_QSTR_SX1276,
    MP_TYPE_FLAG_NONE,
    make_new, radiosim_make_new,
    print, radiosim_print,
    attr, radiosim_attr,
    locals_dict, &radiosim_locals_dict
    );

MP_DEFINE_CONST_OBJ_TYPE(
    radiosim_sx1272_type,
    MP_QSTR_SX1272,
    MP_TYPE_FLAG_NONE,
    make_new, radiosim_make_new,
    print, radiosim_print,
    attr, radiosim_attr,
    locals_dict, &radiosim_locals_dict
    );

// radio() -> the firmware's chip, as radiosim has chips, without SPI and pins.
static mp_obj_t radiosim_radio(void) {
    sim_chip_t *chip = radiosim_port_radio();
    if (chip == NULL) {
        mp_raise_msg(&mp_type_OSError, MP_ERROR_TEXT("the radio has not been started, or there is none"));
    }
    if (MP_STATE_VM(radiosim_own) == NULL) {
        MP_STATE_VM(radiosim_own) = radiosim_new(&radiosim_chip_type, chip, false);
    }
    return MP_OBJ_FROM_PTR(MP_STATE_VM(radiosim_own));
}
MP_REGISTER_ROOT_POINTER(void *radiosim_own);
static MP_DEFINE_CONST_FUN_OBJ_0(modradiosim_radio_obj, radiosim_radio);

// At the first import, again after a soft reset: then the heap is a new one.
static mp_obj_t modradiosim_init(void) {
    MP_STATE_VM(radiosim_own) = NULL;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(modradiosim_init_obj, modradiosim_init);

static const mp_rom_map_elem_t radiosim_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_radiosim) },
    { MP_ROM_QSTR(MP_QSTR___init__), MP_ROM_PTR(&modradiosim_init_obj) },
    { MP_ROM_QSTR(MP_QSTR_SX1276), MP_ROM_PTR(&radiosim_sx1276_type) },
    { MP_ROM_QSTR(MP_QSTR_SX1272), MP_ROM_PTR(&radiosim_sx1272_type) },
    { MP_ROM_QSTR(MP_QSTR_Pin), MP_ROM_PTR(&radiosim_pin_type) },
    { MP_ROM_QSTR(MP_QSTR_radio), MP_ROM_PTR(&modradiosim_radio_obj) },
};
static MP_DEFINE_CONST_DICT(radiosim_globals, radiosim_globals_table);

const mp_obj_module_t mp_module_radiosim = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&radiosim_globals,
};
MP_REGISTER_MODULE(MP_QSTR_radiosim, mp_module_radiosim);
