// What a firmware with LoRaWAN calls, for the linker: everything else is thrown away.
// The port's functions and mbedTLS stay undefined; they are not what is measured.
// SPDX-License-Identifier: MIT
#include "lora/lora_wan.h"
#include "net/net.h"

static const net_ops_t *const volatile family = &lora_ops;
static void(*const volatile calls[]) (void) = {
    #define CALL(name) (void (*)(void)) name
    CALL(lora_settings_default), CALL(lora_settings_check), CALL(lora_settings_power_max), CALL(lora_start),
    CALL(lora_init), CALL(lora_deinit), CALL(lora_is_up), CALL(lora_settings), CALL(lora_reset), CALL(lora_sense),
    CALL(lora_sense_result), CALL(lora_sense_cancel), CALL(lora_airtime_us), CALL(lora_stats), CALL(lora_counters),
    CALL(lora_last_error), CALL(lora_eui), CALL(lora_events_take), CALL(lora_events_trigger), CALL(lora_events_next),
    CALL(lora_events_hook), CALL(lora_wait), CALL(lora_events_wait), CALL(lora_wan_join_otaa), CALL(lora_wan_join_abp),
    CALL(lora_wan_join_result), CALL(lora_wan_joined), CALL(lora_wan_save), CALL(lora_wan_erase),
    CALL(lora_wan_channel_add), CALL(lora_wan_channel_remove), CALL(lora_wan_multicast_join),
    CALL(lora_wan_multicast_leave), CALL(lora_wan_set_battery), CALL(lora_wan_set_certification), CALL(lora_wan_ask),
    CALL(lora_wan_answer), CALL(lora_wan_ask_cancel), CALL(lora_wan_status),
};

void _start(void) {
    (void)family->open(0);
    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); ++i) {
        calls[i]();
    }
}
