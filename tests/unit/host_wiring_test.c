// hal.h on the host with a board that is wired sparingly: an SX1272 without a reset
// line, whose DIO0 and DIO1 share one input, at the PC's own speed.
// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "hal/hal.h"
#include "host_clock.h"
#include "host_radio.h"
#include "host_sim.h"
#include "host_store.h"
#include "net/net_errno.h"

static unsigned runs;
static unsigned edges;

static void run(uint64_t edge_us) {
    runs += 1;
    edges += edge_us != 0;
    hal_notify();
}

static void write_register(uint8_t address, uint8_t value) {
    hal_spi_transfer(address | 0x80, &value, NULL, 1);
}

static uint8_t read_register(uint8_t address) {
    uint8_t value = 0;
    hal_spi_transfer(address, NULL, &value, 1);
    return value;
}

// Locked: wait for a flag of RegIrqFlags.
static bool wait_flag(uint8_t flag) {
    for (int i = 0; i < 500; i++) {
        if ((read_register(0x12) & flag) != 0) {
            return true;
        }
        hal_wait(1);
    }
    return false;
}

static void set_up(void) {
    static const uint8_t frequency[3] = { 0xd9, 0x06, 0x66 };
    write_register(0x01, 0x00);
    write_register(0x01, 0x80);
    write_register(0x01, 0x81);
    hal_spi_transfer(0x86, frequency, NULL, sizeof(frequency));
    write_register(0x1d, 0x08); // 125 kHz, 4/5
    write_register(0x1e, 0x74); // SF7
    write_register(0x1f, 8); // symbols until RxTimeout
}

static void the_board_is_as_it_was_asked_for(void) {
    CHECK(hal_board()->dio == 3 && hal_board()->power_max == 14, "lines and power are the setting's");
    CHECK(hal_board()->eui[0] == 0x02 && hal_board()->eui[7] == 0x09, "and so is the EUI");
    CHECK(strcmp(host_store_where(), "memory") == 0, "the store is in memory");
    CHECK(!host_clock_simulated(), "without a factor the firmware's clock is the PC's");
    CHECK(host_clock_wall_ms(7) == 7, "and so are its sleeps");
    hal_lock();
    CHECK(hal_reset_line(true, true) == -NET_ENODEV, "there is no reset line");
    CHECK(read_register(0x42) == 0x22, "the chip is an SX1272");
    hal_unlock();
}

static void merged_lines_are_one_input(void) {
    hal_lock();
    set_up();
    edges = 0;
    write_register(0x40, 0x00); // DIO1 RxTimeout
    write_register(0x01, 0x86);
    CHECK(wait_flag(0x80), "a single receive times out");
    hal_wait(5);
    CHECK(edges == 1, "DIO1 wakes the task");
    write_register(0x40, 0x40); // DIO0 TxDone
    write_register(0x22, 1);
    write_register(0x01, 0x83);
    CHECK(wait_flag(0x08), "a frame is sent");
    hal_wait(5);
    CHECK(edges == 1, "DIO0 makes no edge while DIO1 is high");
    write_register(0x12, 0xff);
    write_register(0x01, 0x83);
    CHECK(wait_flag(0x08), "another frame is sent");
    hal_wait(5);
    CHECK(edges == 2, "it does when the flags were cleared before");
    hal_unlock();
}

static void the_time_is_the_pc_s(void) {
    hal_lock();
    uint64_t start = hal_now_us();
    while (hal_now_us() - start < 30000) {
        hal_wait(30);
    }
    host_sim_time_t time;
    host_sim_get_time(&time);
    hal_unlock();
    CHECK(time.factor_milli == 1000 && time.wall_ns == time.sim_ns, "both clocks are one");
}

static void memory_keeps_records(void) {
    uint8_t buf[HOST_STORE_RECORD_MAX + 1] = { 0 };
    char name[16];
    CHECK(hal_store_read("a", buf, sizeof(buf)) == -NET_ENOENT, "there is no record at first");
    CHECK(hal_store_write("a", "one", 3) == 0 && hal_store_write("a", "two!", 4) == 0, "one is replaced");
    CHECK(hal_store_read("a", buf, 2) == 4 && memcmp(buf, "tw", 2) == 0, "and read in part");
    CHECK(hal_store_write("a", buf, sizeof(buf)) == -NET_ENOSPC, "a record has its limit");
    CHECK(hal_store_read("a", buf, sizeof(buf)) == 4, "and the old one stays");
    int ret = 0;
    for (int i = 0; i < HOST_STORE_RECORDS + 1 && ret == 0; i++) {
        snprintf(name, sizeof(name), "r%d", i);
        ret = hal_store_write(name, "x", 1);
    }
    CHECK(ret == -NET_ENOSPC, "so has their number");
    CHECK(hal_store_write("r0", NULL, 0) == 0 && hal_store_write("b", "x", 1) == 0, "a removed one makes room");
}

int main(void) {
    setenv("USOCKET_RADIO", "sx1272,noreset,merged,dio=01,power=14,eui=0203040506070809", 1);
    setenv("USOCKET_STORE", "memory", 1);
    unsetenv("USOCKET_TIME_FACTOR");
    unsetenv("USOCKET_AIR");
    CHECK(hal_start(run) == 0, "the radio starts");
    hal_lock();
    hal_wait(20); // power-on reset: 10 ms
    hal_unlock();
    the_board_is_as_it_was_asked_for();
    merged_lines_are_one_input();
    the_time_is_the_pc_s();
    memory_keeps_records();
    CHECK(sim_chip_broken(host_radio_chip()) == 0, "no rule was broken");
    host_radio_finish();
    host_sim_finish();
    return check_result();
}
