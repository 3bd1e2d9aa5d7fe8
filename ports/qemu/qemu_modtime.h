// Included by extmod/modtime.c: time.time() counts from the start of the program, in
// the year 2000, as on a board without a clock that knows the date.
// SPDX-License-Identifier: MIT
#include "py/mphal.h"

static mp_obj_t mp_time_time_get(void) {
    return mp_obj_new_int_from_uint((mp_uint_t)(mp_hal_time_ns() / 1000000000));
}
