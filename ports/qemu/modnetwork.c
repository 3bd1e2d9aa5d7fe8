// Module `network` of a firmware without interfaces: network.LoRa and network.Sigfox
// come through module delegation (modules/bindings/network_radio.c).
// SPDX-License-Identifier: MIT
#include "py/runtime.h"

static const mp_rom_map_elem_t modnetwork_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_network) },
};
static MP_DEFINE_CONST_DICT(modnetwork_globals, modnetwork_globals_table);

const mp_obj_module_t mp_module_network = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&modnetwork_globals,
};
MP_REGISTER_MODULE(MP_QSTR_network, mp_module_network);
