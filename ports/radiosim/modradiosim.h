// What the files of module `radiosim` share: a software chip as a Python object.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_RADIOSIM_MODRADIOSIM_H
#define USOCKET_PORTS_RADIOSIM_MODRADIOSIM_H

#include "py/obj.h"

#include "sim_chip.h"

// Lines of a chip by number: its DIOs, then these.
enum { RADIOSIM_RESET = SIM_CHIP_DIOS, RADIOSIM_CS, RADIOSIM_PINS };

#define RADIOSIM_TRACE_MAX (4096)

typedef struct _radiosim_pin_obj_t radiosim_pin_obj_t;

// A chip. The firmware's own has no pins and no SPI here: the driver has them.
typedef struct {
    mp_obj_base_t base;
    sim_chip_t *chip; // NULL after deinit()
    bool own; // chip was made for this object
    bool selected;
    radiosim_pin_obj_t *pins[RADIOSIM_PINS];
    uint32_t edges; // bit 2n: DIOn rose, 2n+1: it fell, and its handler was not called yet
    uint16_t *trace; // address and value, NULL: not recorded
    size_t trace_len;
} radiosim_obj_t;

struct _radiosim_pin_obj_t {
    mp_obj_base_t base;
    radiosim_obj_t *owner;
    uint8_t line;
    bool output;
    bool level; // of an output
    uint8_t trigger;
    mp_obj_t handler;
};

extern const mp_obj_type_t radiosim_pin_type;
extern const mp_obj_type_t radiosim_sx1276_type;
extern const mp_obj_type_t radiosim_sx1272_type;
extern const mp_obj_type_t radiosim_chip_type; // the firmware's
extern const mp_obj_dict_t radiosim_chip_locals_dict;

// The chip, or ValueError after deinit().
sim_chip_t *radiosim_chip(radiosim_obj_t *self);
radiosim_obj_t *radiosim_new(const mp_obj_type_t *type, sim_chip_t *chip, bool own);
void radiosim_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest);

radiosim_pin_obj_t *radiosim_pin_new(radiosim_obj_t *owner, int line);
qstr radiosim_pin_qstr(int line);
// sim_chip_edge_t of chips that Python made: any thread, with the simulation's lock.
void radiosim_pin_edge(sim_chip_t *chip, int dio, bool level);

#endif // USOCKET_PORTS_RADIOSIM_MODRADIOSIM_H
