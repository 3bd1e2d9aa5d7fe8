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

// modlora_wan.c
extern const mp_obj_fun_builtin_var_t modlora_join_obj;
extern const mp_obj_fun_builtin_fixed_t modlora_has_joined_obj;
extern const mp_obj_fun_builtin_var_t modlora_join_multicast_group_obj;
extern const mp_obj_fun_builtin_fixed_t modlora_leave_multicast_group_obj;
extern const mp_obj_fun_builtin_var_t modlora_add_channel_obj;
extern const mp_obj_fun_builtin_fixed_t modlora_remove_channel_obj;
extern const mp_obj_fun_builtin_fixed_t modlora_nvram_save_obj;
extern const mp_obj_fun_builtin_fixed_t modlora_nvram_restore_obj;
extern const mp_obj_fun_builtin_fixed_t modlora_nvram_erase_obj;
extern const mp_obj_fun_builtin_fixed_t modlora_set_battery_level_obj;
// Wait without the GIL until ask(arg) answers something else than -NET_EAGAIN, which is
// returned, or -NET_ETIMEDOUT. Raises what is pending.
int modlora_wan_wait(int (*ask)(void *arg), void *arg, mp_uint_t timeout_ms);
// Set to zero, and not optimised away.
void modlora_wan_wipe(uint8_t *data, size_t len);

// modlora_wan_status.c
extern const mp_obj_fun_builtin_fixed_t modlora_status_obj;
extern const mp_obj_fun_builtin_var_t modlora_link_check_obj;
extern const mp_obj_fun_builtin_var_t modlora_device_time_obj;
extern const mp_obj_fun_builtin_var_t modlora_compliance_test_obj;
// dBm of the next uplink, at the antenna connector. Raises.
int modlora_wan_power(void);

// modlora_events.c
extern const mp_obj_fun_builtin_var_t modlora_callback_obj;
extern const mp_obj_fun_builtin_fixed_t modlora_events_obj;
// No handler any more; the thread, if there was one, is known to be gone.
void modlora_events_forget(void);

#endif // USOCKET_BINDINGS_MODLORA_H
