// network.Sigfox.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_BINDINGS_MODSIGFOX_H
#define USOCKET_BINDINGS_MODSIGFOX_H

#include "py/obj.h"

extern const mp_obj_type_t modsigfox_type;

#endif // USOCKET_BINDINGS_MODSIGFOX_H
