// What the files of network.LoRa share.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_BINDINGS_MODLORA_H
#define USOCKET_BINDINGS_MODLORA_H

#include "py/obj.h"

#include "bindings/modsocket.h"

extern const mp_obj_type_t modlora_type;
// The one LoRa object. Methods take no notice of self: a subclass whose __init__
// does not call ours has none.
extern const mp_obj_base_t modlora_obj;

// Raise OSError(errno, words of lora.last_error()).
SOCKET_NORETURN void modlora_raise(int ret);
// Raise for a negative number.
int modlora_check(int ret);

// Find the radio, without the GIL; raises.
void modlora_start(void);

// modlora_settings.c: keywords of LoRa() and init(); the settings one by one.
void modlora_init_from(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args);
extern const mp_obj_fun_builtin_var_t modlora_init_obj;
extern const mp_obj_fun_builtin_var_t modlora_frequency_obj;
extern const mp_obj_fun_builtin_var_t modlora_tx_power_obj;
extern const mp_obj_fun_builtin_var_t modlora_bandwidth_obj;
extern const mp_obj_fun_builtin_var_t modlora_sf_obj;
extern const mp_obj_fun_builtin_var_t modlora_preamble_obj;
extern const mp_obj_fun_builtin_var_t modlora_coding_rate_obj;
extern const mp_obj_fun_builtin_var_t modlora_power_mode_obj;

// modlora_events.c
extern const mp_obj_fun_builtin_var_t modlora_callback_obj;
extern const mp_obj_fun_builtin_fixed_t modlora_events_obj;
// No handler any more; the thread, if there was one, is known to be gone.
void modlora_events_forget(void);

#endif // USOCKET_BINDINGS_MODLORA_H
