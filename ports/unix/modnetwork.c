// Module `network` of the host firmware. WLAN stands for the firmware's network
// interface, whatever that is (docs/host-firmware.md), in the words of upstream's
// WLAN and of Pycom's, so that the first lines of a board's script do their work.
// It reports what the interface really is; networks' names and passwords are
// taken and kept, and have no effect.
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "py/objstr.h"
#include "py/objtuple.h"
#include "py/runtime.h"

#include "host_net.h"
#include "inet/inet.h"
#include "modnetwork.h"
#include "net/net_errno.h"

// ESP32's numbers for WLAN.status().
enum { STAT_IDLE = 1000, STAT_CONNECTING = 1001, STAT_GOT_IP = 1010 };
// Pycom's modes and kinds of protection.
enum { MODE_STA = 1, MODE_AP = 2, MODE_STA_AP = 3 };
enum { SEC_OPEN = 0, SEC_WEP = 1, SEC_WPA = 2, SEC_WPA2 = 3, SEC_WPA2_ENT = 5 };
enum { ANT_INT = 0, ANT_EXT = 1, ANT_MANUAL = 2 };

typedef struct {
    mp_obj_base_t base;
    bool is_ap;
    bool disconnected; // by disconnect(); active all the same
    mp_obj_t ssid;
    mp_obj_t auth;
} wlan_obj_t;

static wlan_obj_t wlan_sta = { { &wlan_type }, .ssid = MP_ROM_NONE, .auth = MP_ROM_NONE };
static wlan_obj_t wlan_ap = { { &wlan_type }, .is_ap = true, .ssid = MP_ROM_NONE, .auth = MP_ROM_NONE };
MP_REGISTER_ROOT_POINTER(mp_obj_t wlan_strings[2]); // ssid and auth of wlan_sta

void network_start(void) {
    int ret;
    do {
        MP_THREAD_GIL_EXIT();
        ret = inet_port_start();
        MP_THREAD_GIL_ENTER();
        mp_handle_pending(true);
    } while (ret == -NET_EAGAIN);
    if (ret != 0) {
        mp_raise_OSError(-ret);
    }
}

static void set_up(bool up) {
    MP_THREAD_GIL_EXIT();
    host_net_set_up(up);
    MP_THREAD_GIL_ENTER();
}

static void only_station(const wlan_obj_t *self) {
    if (self->is_ap) {
        mp_raise_msg(&mp_type_OSError, MP_ERROR_TEXT("the host firmware has no access point, use STA"));
    }
}

static bool is_connected(const wlan_obj_t *self) {
    host_net_status_t status;
    host_net_status(&status);
    return !self->is_ap && status.has_address;
}

// --- Life --------------------------------------------------------------------

static void remember(wlan_obj_t *self, mp_obj_t ssid, mp_obj_t auth) {
    self->ssid = MP_STATE_VM(wlan_strings)[0] = ssid;
    self->auth = MP_STATE_VM(wlan_strings)[1] = auth;
}

static void apply_hostname(mp_obj_t name) {
    if (name != mp_const_none) {
        network_set_hostname(name);
    }
}

// WLAN.init() and the constructor: Pycom's arguments.
static void wlan_init_helper(wlan_obj_t *self, size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_mode, ARG_ssid, ARG_auth, ARG_hostname };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_mode, MP_ARG_INT, { .u_int = MODE_STA } },
        { MP_QSTR_ssid, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_auth, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_hostname, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        // No effect: there is no radio.
        { MP_QSTR_channel, MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 1 } },
        { MP_QSTR_antenna, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_power_save, MP_ARG_KW_ONLY | MP_ARG_BOOL, { .u_bool = false } },
        { MP_QSTR_hidden, MP_ARG_KW_ONLY | MP_ARG_BOOL, { .u_bool = false } },
        { MP_QSTR_bandwidth, MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 0 } },
        { MP_QSTR_max_tx_pwr, MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 0 } },
        { MP_QSTR_country, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_protocol, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    only_station(self);
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args, pos_args, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);
    mp_int_t mode = args[ARG_mode].u_int;
    if (mode < MODE_STA || mode > MODE_STA_AP) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("mode is %d, use WLAN.STA"), (int)mode);
    }
    if (mode != MODE_STA) {
        only_station(&wlan_ap);
    }
    apply_hostname(args[ARG_hostname].u_obj);
    network_start();
    if (args[ARG_ssid].u_obj != mp_const_none) {
        remember(self, args[ARG_ssid].u_obj, args[ARG_auth].u_obj);
    }
}

// WLAN(id=0, ...): upstream gives the interface, Pycom a number that is always 0.
static mp_obj_t wlan_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)type;
    mp_int_t id = 0;
    if (n_args > 0) {
        id = mp_obj_get_int(args[0]);
        n_args -= 1;
        args += 1;
    }
    if (id != 0 && id != 1) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("interface is %d, use STA_IF"), (int)id);
    }
    network_start();
    wlan_obj_t *self = id == 0 ? &wlan_sta : &wlan_ap;
    if (n_args > 0 || n_kw > 0) {
        mp_map_t kw_args;
        mp_map_init_fixed_table(&kw_args, n_kw, args + n_args);
        wlan_init_helper(self, n_args, args, &kw_args);
    }
    return MP_OBJ_FROM_PTR(self);
}

static mp_obj_t wlan_init(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args) {
    wlan_init_helper(MP_OBJ_TO_PTR(args[0]), n_args - 1, args + 1, kw_args);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(wlan_init_obj, 1, wlan_init);

static mp_obj_t wlan_deinit(mp_obj_t self_in) {
    wlan_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (!self->is_ap) {
        set_up(false);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(wlan_deinit_obj, wlan_deinit);

static mp_obj_t wlan_active(size_t n_args, const mp_obj_t *args) {
    wlan_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    if (n_args == 2) {
        bool up = mp_obj_is_true(args[1]);
        if (up) {
            only_station(self);
        }
        if (!self->is_ap) {
            self->disconnected = false;
            set_up(up);
        }
    }
    host_net_status_t status;
    host_net_status(&status);
    return mp_obj_new_bool(!self->is_ap && (status.up || self->disconnected));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(wlan_active_obj, 1, 2, wlan_active);

// --- Connection --------------------------------------------------------------

// connect(ssid, key) as upstream, connect(ssid, auth=(WLAN.WPA2, key)) as Pycom.
static mp_obj_t wlan_connect(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_ssid, ARG_auth, ARG_hostname = 5 };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_ssid, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_auth, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } }, // or the key
        { MP_QSTR_key, MP_ARG_KW_ONLY | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_bssid, MP_ARG_OBJ | MP_ARG_KW_ONLY, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_timeout, MP_ARG_OBJ | MP_ARG_KW_ONLY, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_hostname, MP_ARG_OBJ | MP_ARG_KW_ONLY, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_ca_certs, MP_ARG_OBJ | MP_ARG_KW_ONLY, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_keyfile, MP_ARG_OBJ | MP_ARG_KW_ONLY, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_certfile, MP_ARG_OBJ | MP_ARG_KW_ONLY, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_identity, MP_ARG_OBJ | MP_ARG_KW_ONLY, { .u_rom_obj = MP_ROM_NONE } },
    };
    wlan_obj_t *self = MP_OBJ_TO_PTR(pos_args[0]);
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);
    only_station(self);
    if (args[ARG_ssid].u_obj != mp_const_none) {
        mp_obj_str_get_str(args[ARG_ssid].u_obj); // str or bytes
        remember(self, args[ARG_ssid].u_obj, args[ARG_auth].u_obj);
    }
    apply_hostname(args[ARG_hostname].u_obj);
    self->disconnected = false;
    set_up(true);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(wlan_connect_obj, 1, wlan_connect);

static mp_obj_t wlan_disconnect(mp_obj_t self_in) {
    wlan_obj_t *self = MP_OBJ_TO_PTR(self_in);
    only_station(self);
    self->disconnected = true;
    set_up(false);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(wlan_disconnect_obj, wlan_disconnect);

static mp_obj_t wlan_isconnected(mp_obj_t self_in) {
    return mp_obj_new_bool(is_connected(MP_OBJ_TO_PTR(self_in)));
}
static MP_DEFINE_CONST_FUN_OBJ_1(wlan_isconnected_obj, wlan_isconnected);

static mp_obj_t wlan_status(size_t n_args, const mp_obj_t *args) {
    if (n_args == 2) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("the host firmware has no radio, so no '%s'"),
            mp_obj_str_get_str(args[1]));
    }
    wlan_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    host_net_status_t status;
    host_net_status(&status);
    int ret = STAT_IDLE;
    if (is_connected(self)) {
        ret = STAT_GOT_IP;
    } else if (!self->is_ap && status.up) {
        ret = STAT_CONNECTING;
    }
    return MP_OBJ_NEW_SMALL_INT(ret);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(wlan_status_obj, 1, 2, wlan_status);

// There is no radio that could hear any.
static mp_obj_t wlan_scan(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    only_station(MP_OBJ_TO_PTR(args[0]));
    return mp_obj_new_list(0, NULL);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(wlan_scan_obj, 1, wlan_scan);

// --- Addresses ---------------------------------------------------------------

static mp_obj_t wlan_ifconfig(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_config, ARG_id };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_config, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_id, MP_ARG_KW_ONLY | MP_ARG_INT, { .u_int = 0 } },
    };
    wlan_obj_t *self = MP_OBJ_TO_PTR(pos_args[0]);
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);
    mp_obj_t config = args[ARG_config].u_obj;
    // Pycom: ifconfig(id, ...); the number comes first.
    if (config == mp_const_none || mp_obj_is_int(config)) {
        return network_ifconfig_get(!self->is_ap);
    }
    only_station(self);
    network_ifconfig_set(config);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(wlan_ifconfig_obj, 1, wlan_ifconfig);

static mp_obj_t wlan_ipconfig(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args) {
    only_station(MP_OBJ_TO_PTR(args[0]));
    return network_ipconfig(n_args - 1, args + 1, kw_args);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(wlan_ipconfig_obj, 1, wlan_ipconfig);

static mp_obj_t mac_bytes(void) {
    host_net_status_t status;
    host_net_status(&status);
    return mp_obj_new_bytes(status.mac, sizeof(status.mac));
}

// Pycom's: the addresses of both interfaces. There is one.
static mp_obj_t wlan_mac(mp_obj_t self_in) {
    (void)self_in;
    static const qstr fields[] = { MP_QSTR_sta_mac, MP_QSTR_ap_mac };
    mp_obj_t items[] = { mac_bytes(), mac_bytes() };
    return mp_obj_new_attrtuple(fields, 2, items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(wlan_mac_obj, wlan_mac);

// --- Settings ----------------------------------------------------------------

static mp_obj_t config_get(wlan_obj_t *self, mp_obj_t name_in) {
    qstr name = mp_obj_str_get_qstr(name_in);
    switch (name) {
        case MP_QSTR_mac:
            return mac_bytes();
        case MP_QSTR_hostname:
        case MP_QSTR_dhcp_hostname:
            return network_get_hostname();
        case MP_QSTR_ssid:
        case MP_QSTR_essid:
            return self->ssid == mp_const_none ? MP_OBJ_NEW_QSTR(MP_QSTR_) : self->ssid;
        default:
            mp_raise_msg_varg(&mp_type_ValueError,
                MP_ERROR_TEXT("no setting '%q' here: mac, hostname, ssid"), name);
    }
}

static mp_obj_t wlan_config(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args) {
    wlan_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    if (n_args == 2 && kw_args->used == 0) {
        return config_get(self, args[1]);
    }
    if (n_args != 1) {
        mp_raise_TypeError(MP_ERROR_TEXT("either one name or settings as name=value"));
    }
    for (size_t i = 0; i < kw_args->alloc; i++) {
        if (!mp_map_slot_is_filled(kw_args, i)) {
            continue;
        }
        qstr name = mp_obj_str_get_qstr(kw_args->table[i].key);
        if (name == MP_QSTR_hostname || name == MP_QSTR_dhcp_hostname) {
            network_set_hostname(kw_args->table[i].value);
        }
        // The radio's (channel, txpower, pm, ...) have nothing to act on.
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(wlan_config_obj, 1, wlan_config);

static mp_obj_t wlan_mode(size_t n_args, const mp_obj_t *args) {
    if (n_args == 2 && mp_obj_get_int(args[1]) != MODE_STA) {
        only_station(&wlan_ap);
    }
    return n_args == 2 ? mp_const_none : MP_OBJ_NEW_SMALL_INT(MODE_STA);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(wlan_mode_obj, 1, 2, wlan_mode);

static mp_obj_t wlan_ssid(mp_obj_t self_in) {
    wlan_obj_t *self = MP_OBJ_TO_PTR(self_in);
    return self->ssid;
}
static MP_DEFINE_CONST_FUN_OBJ_1(wlan_ssid_obj, wlan_ssid);

static mp_obj_t wlan_auth(mp_obj_t self_in) {
    wlan_obj_t *self = MP_OBJ_TO_PTR(self_in);
    return self->auth;
}
static MP_DEFINE_CONST_FUN_OBJ_1(wlan_auth_obj, wlan_auth);

static void wlan_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    (void)kind;
    host_net_status_t status;
    host_net_status(&status);
    wlan_obj_t *self = MP_OBJ_TO_PTR(self_in);
    mp_printf(print, "<WLAN %s on %s>", self->is_ap ? "AP" : "STA", status.kind);
}

static const mp_rom_map_elem_t wlan_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_init), MP_ROM_PTR(&wlan_init_obj) },
    { MP_ROM_QSTR(MP_QSTR_deinit), MP_ROM_PTR(&wlan_deinit_obj) },
    { MP_ROM_QSTR(MP_QSTR_active), MP_ROM_PTR(&wlan_active_obj) },
    { MP_ROM_QSTR(MP_QSTR_connect), MP_ROM_PTR(&wlan_connect_obj) },
    { MP_ROM_QSTR(MP_QSTR_disconnect), MP_ROM_PTR(&wlan_disconnect_obj) },
    { MP_ROM_QSTR(MP_QSTR_isconnected), MP_ROM_PTR(&wlan_isconnected_obj) },
    { MP_ROM_QSTR(MP_QSTR_status), MP_ROM_PTR(&wlan_status_obj) },
    { MP_ROM_QSTR(MP_QSTR_scan), MP_ROM_PTR(&wlan_scan_obj) },
    { MP_ROM_QSTR(MP_QSTR_ifconfig), MP_ROM_PTR(&wlan_ifconfig_obj) },
    { MP_ROM_QSTR(MP_QSTR_ipconfig), MP_ROM_PTR(&wlan_ipconfig_obj) },
    { MP_ROM_QSTR(MP_QSTR_config), MP_ROM_PTR(&wlan_config_obj) },
    { MP_ROM_QSTR(MP_QSTR_mac), MP_ROM_PTR(&wlan_mac_obj) },
    { MP_ROM_QSTR(MP_QSTR_mode), MP_ROM_PTR(&wlan_mode_obj) },
    { MP_ROM_QSTR(MP_QSTR_ssid), MP_ROM_PTR(&wlan_ssid_obj) },
    { MP_ROM_QSTR(MP_QSTR_auth), MP_ROM_PTR(&wlan_auth_obj) },

    { MP_ROM_QSTR(MP_QSTR_IF_STA), MP_ROM_INT(0) },
    { MP_ROM_QSTR(MP_QSTR_IF_AP), MP_ROM_INT(1) },
    { MP_ROM_QSTR(MP_QSTR_STA), MP_ROM_INT(MODE_STA) },
    { MP_ROM_QSTR(MP_QSTR_AP), MP_ROM_INT(MODE_AP) },
    { MP_ROM_QSTR(MP_QSTR_STA_AP), MP_ROM_INT(MODE_STA_AP) },
    { MP_ROM_QSTR(MP_QSTR_OPEN), MP_ROM_INT(SEC_OPEN) },
    { MP_ROM_QSTR(MP_QSTR_WEP), MP_ROM_INT(SEC_WEP) },
    { MP_ROM_QSTR(MP_QSTR_WPA), MP_ROM_INT(SEC_WPA) },
    { MP_ROM_QSTR(MP_QSTR_WPA2), MP_ROM_INT(SEC_WPA2) },
    { MP_ROM_QSTR(MP_QSTR_WPA2_ENT), MP_ROM_INT(SEC_WPA2_ENT) },
    { MP_ROM_QSTR(MP_QSTR_INT_ANT), MP_ROM_INT(ANT_INT) },
    { MP_ROM_QSTR(MP_QSTR_EXT_ANT), MP_ROM_INT(ANT_EXT) },
    { MP_ROM_QSTR(MP_QSTR_MAN_ANT), MP_ROM_INT(ANT_MANUAL) },
};
static MP_DEFINE_CONST_DICT(wlan_locals_dict, wlan_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    wlan_type,
    MP_QSTR_WLAN,
    MP_TYPE_FLAG_NONE,
    make_new, wlan_make_new,
    print, wlan_print,
    locals_dict, &wlan_locals_dict
    );

// --- Module ------------------------------------------------------------------

static const mp_rom_map_elem_t network_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_network) },
    { MP_ROM_QSTR(MP_QSTR_WLAN), MP_ROM_PTR(&wlan_type) },
    { MP_ROM_QSTR(MP_QSTR_hostname), MP_ROM_PTR(&network_hostname_obj) },
    { MP_ROM_QSTR(MP_QSTR_country), MP_ROM_PTR(&network_country_obj) },
    { MP_ROM_QSTR(MP_QSTR_ipconfig), MP_ROM_PTR(&network_ipconfig_obj) },
    { MP_ROM_QSTR(MP_QSTR_STA_IF), MP_ROM_INT(0) },
    { MP_ROM_QSTR(MP_QSTR_AP_IF), MP_ROM_INT(1) },
    { MP_ROM_QSTR(MP_QSTR_STAT_IDLE), MP_ROM_INT(STAT_IDLE) },
    { MP_ROM_QSTR(MP_QSTR_STAT_CONNECTING), MP_ROM_INT(STAT_CONNECTING) },
    { MP_ROM_QSTR(MP_QSTR_STAT_GOT_IP), MP_ROM_INT(STAT_GOT_IP) },
};
static MP_DEFINE_CONST_DICT(network_globals, network_globals_table);

// Global, so that network.LoRa and network.Sigfox can be added to it.
const mp_obj_module_t mp_module_network = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&network_globals,
};
MP_REGISTER_MODULE(MP_QSTR_network, mp_module_network);
