// Module `host`: what only a firmware that is a program can say of itself.
// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>

#include "py/objlist.h"
#include "py/runtime.h"

#include "host_mem.h"
#include "host_net.h"
#include "host_repl.h"
#include "host_sim.h"
#include "host_stats.h"
#include "host_store.h"

// net_stats() -> {name: (used, max, err)}, the names of host_stats.h.
static mp_obj_t modhost_net_stats(void) {
    host_stat_t stats[HOST_STATS_MAX];
    int ret = host_net_start();
    if (ret != 0) {
        mp_raise_OSError(-ret);
    }
    size_t number = host_stats(stats, HOST_STATS_MAX);
    mp_obj_t dict = mp_obj_new_dict(number);
    for (size_t i = 0; i < number; i++) {
        mp_obj_t items[3] = {
            mp_obj_new_int_from_uint(stats[i].used),
            mp_obj_new_int_from_uint(stats[i].max),
            mp_obj_new_int_from_uint(stats[i].err),
        };
        mp_obj_dict_store(dict, mp_obj_new_str_from_cstr(stats[i].name), mp_obj_new_tuple(3, items));
    }
    return dict;
}
static MP_DEFINE_CONST_FUN_OBJ_0(modhost_net_stats_obj, modhost_net_stats);

// fail_alloc(n): let the n-th next allocation of the stack fail; 0 none, -1 all.
static mp_obj_t modhost_fail_alloc(mp_obj_t n_in) {
    host_mem_fail((int)mp_obj_get_int(n_in));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(modhost_fail_alloc_obj, modhost_fail_alloc);

// open_files() -> number of the process's descriptors.
static mp_obj_t modhost_open_files(void) {
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL) {
        mp_raise_OSError(errno);
    }
    int number = 0;
    for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        number += entry->d_name[0] != '.';
    }
    closedir(directory);
    return MP_OBJ_NEW_SMALL_INT(number - 1); // the directory itself
}
static MP_DEFINE_CONST_FUN_OBJ_0(modhost_open_files_obj, modhost_open_files);

// sim_time() -> (simulated time in us, time factor, whether the time is held)
static mp_obj_t modhost_sim_time(void) {
    uint64_t now = host_sim_now();
    host_sim_time_t time;
    host_sim_get_time(&time);
    mp_obj_t items[3] = {
        mp_obj_new_int_from_ull(now / 1000),
        mp_obj_new_float((mp_float_t)time.factor_milli / 1000),
        mp_obj_new_bool(time.hold_ns <= now),
    };
    return mp_obj_new_tuple(3, items);
}
static MP_DEFINE_CONST_FUN_OBJ_0(modhost_sim_time_obj, modhost_sim_time);

// store() -> where the radio's records are kept.
static mp_obj_t modhost_store(void) {
    return mp_obj_new_str_from_cstr(host_store_where());
}
static MP_DEFINE_CONST_FUN_OBJ_0(modhost_store_obj, modhost_store);

// repl(): a board's REPL on standard input and output; does not return.
static mp_obj_t modhost_repl(void) {
    host_repl_run();
}
static MP_DEFINE_CONST_FUN_OBJ_0(modhost_repl_obj, modhost_repl);

static const mp_rom_map_elem_t modhost_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_host) },
    { MP_ROM_QSTR(MP_QSTR_net_stats), MP_ROM_PTR(&modhost_net_stats_obj) },
    { MP_ROM_QSTR(MP_QSTR_fail_alloc), MP_ROM_PTR(&modhost_fail_alloc_obj) },
    { MP_ROM_QSTR(MP_QSTR_open_files), MP_ROM_PTR(&modhost_open_files_obj) },
    { MP_ROM_QSTR(MP_QSTR_sim_time), MP_ROM_PTR(&modhost_sim_time_obj) },
    { MP_ROM_QSTR(MP_QSTR_store), MP_ROM_PTR(&modhost_store_obj) },
    { MP_ROM_QSTR(MP_QSTR_repl), MP_ROM_PTR(&modhost_repl_obj) },
};
static MP_DEFINE_CONST_DICT(modhost_globals, modhost_globals_table);

const mp_obj_module_t mp_module_host = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&modhost_globals,
};
MP_REGISTER_MODULE(MP_QSTR_host, mp_module_host);
