// The radios in module network, which is the port's: network.LoRa and
// network.Sigfox come through module delegation. One function for all, since a module has one delegate.
// SPDX-License-Identifier: MIT
#include "py/runtime.h"

#include "bindings/modlora.h"
#include "bindings/modsigfox.h"
#include "usocket_config.h"

static const struct {
    qstr_short_t name;
    const mp_obj_type_t *type;
} types[] = {
    #if USOCKET_LORA
    { MP_QSTR_LoRa, &modlora_type },
    #endif
    #if USOCKET_SIGFOX
    { MP_QSTR_Sigfox, &modsigfox_type },
    #endif
};

// Asked by the network module for a name that it does not have itself.
void network_radio_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    (void)self_in;
    if (dest[0] != MP_OBJ_NULL) {
        return; // a store or delete: not ours
    }
    for (size_t i = 0; i < MP_ARRAY_SIZE(types); ++i) {
        if (types[i].name == attr) {
            dest[0] = MP_OBJ_FROM_PTR(types[i].type);
            return;
        }
    }
}

extern const mp_obj_module_t mp_module_network;
MP_REGISTER_MODULE_DELEGATION(mp_module_network, network_radio_attr);
