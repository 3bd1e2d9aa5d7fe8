// hal.h on the host: simulated time with threads. Runs 100 times as fast as the
// PC's clock, so that what the PC's load costs would be seen.
// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "hal/hal.h"
#include "host_air_message.h"
#include "host_clock.h"
#include "host_radio.h"
#include "host_radio_config.h"
#include "host_sim.h"
#include "host_store.h"
#include "net/net_errno.h"

#define MS (1000000ull)

// What the task does next, and what it saw; with the lock.
static void (*job)(void);
static uint64_t edge_us;
static uint64_t run_us;
static unsigned runs;

static void run(uint64_t edge) {
    runs += 1;
    run_us = hal_now_us();
    if (edge != 0) {
        edge_us = edge;
    }
    void (*now)(void) = job;
    job = NULL;
    if (now != NULL) {
        now();
    }
    hal_notify();
}

// Let the task do it, and wait until the task has run so often.
static void let_task(void (*what)(void), unsigned times) {
    hal_lock();
    job = what;
    runs = 0;
    hal_wake();
    for (int i = 0; i < 100 && runs < times; i++) {
        hal_wait(60000);
    }
    CHECK(runs >= times, "the task runs");
    hal_unlock();
}

// --- Time --------------------------------------------------------------------

static uint64_t before_us, after_us;

static void be_slow(void) {
    before_us = hal_now_us();
    usleep(20000); // two seconds of simulated time
    after_us = hal_now_us();
}

static void time_stands_while_the_task_works(void) {
    let_task(be_slow, 1);
    CHECK(before_us == after_us, "simulated time stands while the task is slow");
    usleep(1000);
    CHECK(hal_now_us() > after_us + 1000000, "and catches up afterwards");
}

static uint64_t due_us;

static void be_slow_with_a_deadline(void) {
    due_us = hal_now_us() + 1234;
    hal_wake_at(due_us);
    usleep(20000);
}

static void a_deadline_is_not_missed_by_a_slow_task(void) {
    let_task(be_slow_with_a_deadline, 2);
    CHECK(run_us == due_us, "the task is called at the deadline's time, to the microsecond");
}

static void set_past_deadline(void) {
    hal_wake_at(1);
}

static void a_deadline_in_the_past_is_at_once(void) {
    let_task(set_past_deadline, 2);
    hal_lock();
    hal_wake_at(HAL_NEVER);
    hal_unlock();
}

static void an_spi_transfer_takes_its_time(void) {
    hal_lock();
    uint8_t in[256];
    uint64_t start = hal_now_us();
    int ret = hal_spi_transfer(0x40, NULL, in, sizeof(in));
    uint64_t took = hal_now_us() - start;
    CHECK(ret == 0, "a transfer of 256 bytes is allowed");
    CHECK(took >= 257 * 8 / 10 && took < 220, "it takes 257 bytes at 10 MHz, and no more");
    CHECK(hal_spi_transfer(0x40, NULL, in, 257) == -NET_EINVAL, "more bytes are not");
    hal_unlock();
}

static void a_wait_is_in_simulated_time(void) {
    hal_lock();
    uint64_t start = hal_now_us();
    while (hal_now_us() - start < 1000000) {
        hal_wait((uint32_t)(1000 - (hal_now_us() - start) / 1000));
    }
    hal_unlock();
    host_sim_time_t time;
    host_sim_get_time(&time);
    CHECK(time.factor_milli == 100000, "the factor is the one of the environment");
}

static void time_never_steps_back(void) {
    uint64_t last = 0;
    bool good = true;
    for (int i = 0; i < 20000; i++) {
        uint64_t now = hal_now_us();
        good = good && now >= last;
        last = now;
        if (i % 100 == 0) {
            hal_wake();
        }
    }
    CHECK(good, "the time never steps back");
}

static void a_hold_is_kept_exactly(void) {
    host_sim_lock();
    host_sim_time_t time;
    host_sim_get_time(&time);
    uint64_t hold = sim_time_now() + 500 * MS;
    time.hold_ns = hold;
    host_sim_set_time(&time);
    host_sim_unlock();
    usleep(30000); // three seconds
    CHECK(host_sim_now() == hold, "time stops where it is held");
    host_sim_lock();
    host_sim_wait(hold + MS, 5);
    CHECK(sim_time_now() == hold, "a wait in held time ends by the PC's clock");
    time.hold_ns = SIM_NEVER;
    host_sim_set_time(&time);
    host_sim_unlock();
    usleep(1000);
    CHECK(host_sim_now() > hold, "and goes on when it is not");
}

static void the_firmware_s_clock_is_the_simulated_one(void) {
    CHECK(host_clock_simulated(), "a factor makes the clock a simulated one");
    uint64_t until = host_clock_ns() + 300 * MS;
    while (!host_clock_sleep(until, 1)) {
    }
    CHECK(host_clock_ns() >= until, "a sleep ends when its time has come");
    CHECK(host_clock_wall_ms(1000) == 10 && host_clock_wall_ms(1) == 1, "lwIP sleeps in the PC's time");
    CHECK(host_clock_wall_ms(UINT32_MAX) == UINT32_MAX, "and for ever when it should");
}

// --- The chip ----------------------------------------------------------------

static void write_register(uint8_t address, uint8_t value) {
    hal_spi_transfer(address | 0x80, &value, NULL, 1);
}

static uint8_t read_register(uint8_t address) {
    uint8_t value = 0;
    hal_spi_transfer(address, NULL, &value, 1);
    return value;
}

// Datasheet sections 4.1.6 and 4.1.2: LoRa in Sleep, Standby, TxDone on DIO0.
static void send_frame(void) {
    static const uint8_t frequency[3] = { 0xd9, 0x06, 0x66 };
    static const uint8_t payload[10] = "0123456789";
    write_register(0x01, 0x00);
    write_register(0x01, 0x80);
    write_register(0x01, 0x81);
    hal_spi_transfer(0x86, frequency, NULL, sizeof(frequency));
    write_register(0x40, 0x40);
    write_register(0x0d, 0x80);
    write_register(0x0e, 0x80);
    hal_spi_transfer(0x80, payload, NULL, sizeof(payload));
    write_register(0x22, sizeof(payload));
    write_register(0x01, 0x83);
    before_us = hal_now_us();
}

static void a_frame_s_end_is_an_edge_at_its_time(void) {
    edge_us = 0;
    let_task(send_frame, 2);
    hal_lock();
    CHECK(read_register(0x12) == 0x08, "TxDone is flagged");
    // SF7, 125 kHz, 4/5, 10 bytes, no CRC: 12.25 + 8 + 3 * 5 symbols of 1.024 ms.
    uint64_t took = edge_us - before_us;
    CHECK(took >= 36096 && took < 36600, "the edge comes after the air time and the PLL's start");
    CHECK(run_us - edge_us < 5, "the task is told at the edge's time");
    write_register(0x12, 0xff);
    hal_unlock();
}

static void the_reset_line_resets(void) {
    hal_lock();
    CHECK(hal_reset_line(true, false) == 0, "the line can be driven");
    hal_wait(1);
    CHECK(hal_reset_line(false, false) == 0, "and let go");
    hal_unlock();
    let_task(NULL, 1);
    hal_lock();
    uint64_t start = hal_now_us();
    while (hal_now_us() - start < 6000) {
        hal_wait(6);
    }
    CHECK(read_register(0x42) == 0x12, "the chip answers after 5 ms");
    CHECK(read_register(0x01) == 0x09, "and is in FSK standby, low frequency mode on");
    CHECK(sim_chip_broken(host_radio_chip()) == 0, "no rule was broken");
    hal_unlock();
}

// --- Settings ----------------------------------------------------------------

static void settings_are_read(void) {
    host_radio_config_t config;
    CHECK(host_radio_config_parse(NULL, &config) == 0 && config.present && config.kind == SIM_SX1276,
        "the default is an SX1276");
    CHECK(config.board.dio == 3 && config.reset_line && !config.merged, "with DIO0, DIO1 and a reset line");
    CHECK(host_radio_config_parse("none", &config) == 0 && !config.present, "there may be none");
    CHECK(host_radio_config_parse("sx1272,noreset,merged,dio=012,pa=rfo,tcxo=5000,power=14,gain=-2,spi=8000000,"
        "eui=0011223344556677", &config) == 0, "everything can be set");
    CHECK(config.kind == SIM_SX1272 && !config.reset_line && config.merged && config.board.dio == 7, "wiring");
    CHECK(config.board.boost_from_hz == UINT32_MAX && config.board.power_max == 14, "power");
    CHECK(config.board.tcxo && config.board.tcxo_us == 5000 && config.board.antenna_gain == -2, "TCXO, antenna");
    CHECK(config.spi_hz == 8000000 && config.has_eui && config.board.eui[7] == 0x77, "SPI, EUI");
}

static void wrong_settings_are_refused(void) {
    static const char *const wrong[] = {
        "sx1262", ",", "sx1276,", "sx1276,dio=6", "sx1276,dio=x", "sx1276,pa=", "sx1276,tcxo=99999", "sx1276,power=21",
        "sx1276,gain=x", "sx1276,spi=1", "sx1276,eui=00112233445566", "sx1276,eui=001122334455667g", "sx1276,noresets",
        "sx1276,wifi", "none,noreset",
    };
    host_radio_config_t config;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        int ret = host_radio_config_parse(wrong[i], &config);
        if (strcmp(wrong[i], "sx1276,") == 0) {
            CHECK(ret == 0, "an empty part is none");
        } else {
            CHECK(ret == -NET_EINVAL && !config.present, wrong[i]);
        }
    }
}

// --- Store, random -----------------------------------------------------------

static void records_are_kept(void) {
    uint8_t buf[600], big[600];
    memset(big, 0x5a, sizeof(big));
    CHECK(hal_store_read("none", buf, sizeof(buf)) == -NET_ENOENT, "a record that is not there");
    CHECK(hal_store_write("lora", "first", 5) == 0, "a record is written");
    CHECK(hal_store_write("lora", "second!", 7) == 0, "and replaced");
    CHECK(hal_store_read("lora", buf, 3) == 7 && memcmp(buf, "sec", 3) == 0, "a short read says the whole length");
    CHECK(hal_store_read("lora", buf, sizeof(buf)) == 7 && memcmp(buf, "second!", 7) == 0, "all of it is there");
    CHECK(hal_store_write("../a b", big, sizeof(big)) == 0, "any name does");
    CHECK(hal_store_read("../a b", buf, sizeof(buf)) == sizeof(big) && memcmp(buf, big, sizeof(big)) == 0,
        "and means its own record");
    CHECK(hal_store_write("lora", NULL, 0) == 0, "a record is removed");
    CHECK(hal_store_read("lora", buf, sizeof(buf)) == -NET_ENOENT, "and gone");
    CHECK(hal_store_write("lora", NULL, 0) == 0, "removing it again is no error");
    CHECK(hal_store_write("", "x", 1) == -NET_EINVAL, "a record has a name");
    CHECK(hal_store_write("sixteen letters!", "x", 1) == -NET_EINVAL, "of 15 characters at most");
}

static void records_are_files(const char *directory) {
    char path[600];
    CHECK(strcmp(host_store_where(), directory) == 0, "the directory is the one of USOCKET_STORE");
    snprintf(path, sizeof(path), "%s/%%2E%%2E%%2Fa%%20b", directory);
    CHECK(access(path, R_OK) == 0, "a record is a file of its name");
    strcat(path, ".new");
    CHECK(access(path, R_OK) != 0, "and nothing else is left");
}

// The outputs of splitmix64 for this seed begin with 599ed017fb08fc85,
// 2c73f08458540fa5, 883ebce5a3f27c77, as published with the algorithm.
static void a_seed_makes_random_numbers_repeatable(void) {
    static const uint8_t expected[3] = { 0x59, 0x2c, 0x88 };
    uint8_t got[3];
    hal_random(got, sizeof(got));
    CHECK(memcmp(got, expected, sizeof(got)) == 0, "the sequence is the seed's");
}

// --- Messages ----------------------------------------------------------------

static void a_frame_survives_its_message(void) {
    host_air_frame_t in = { .stage = HOST_AIR_COMPLETE, .x_m = -5, .y_m = 7 };
    in.frame = (sim_air_frame_t) {
        .start_ns = 0x0102030405060708, .preamble_ns = 3, .header_ns = 4, .end_ns = 0x1102030405060708,
        .frequency = 868100000, .bandwidth = 125000, .power_x10 = -15, .modem = SIM_AIR_LORA, .sf = 9, .cr = 2,
        .sync = { 0x34 }, .sync_len = 1, .iq_inverted = true, .crc = true, .low_rate = true, .hop_period = 5,
        .source = 0x01000201, .number = 77, .len = 256,
    };
    memset(in.frame.data, 0xa5, sizeof(in.frame.data));
    uint8_t message[HOST_AIR_MESSAGE_MAX];
    size_t len = host_air_put_frame(message, &in);
    host_air_frame_t out;
    CHECK(len <= sizeof(message) && host_air_type(message, len) == HOST_AIR_FRAME, "it is a frame's");
    CHECK(host_air_get_frame(message, len, &out) && memcmp(&in, &out, sizeof(in)) == 0, "and tells all of it");
    bool refused = true;
    for (size_t shorter = 4; shorter < len; shorter++) {
        refused = refused && !host_air_get_frame(message, shorter, &out);
    }
    CHECK(refused, "no shorter one is taken");
    message[2] += 1;
    CHECK(host_air_type(message, len) == 0, "nor one of another version");
}

static const char *directory;

static void settings_of_the_process(void) {
    setenv("USOCKET_TIME_FACTOR", "100", 1);
    setenv("USOCKET_STORE", directory, 1);
    setenv("USOCKET_SEED", "1234567", 1);
    unsetenv("USOCKET_RADIO");
    unsetenv("USOCKET_AIR");
}

int main(void) {
    static char template[] = "/tmp/usocket-store-XXXXXX";
    directory = mkdtemp(template);
    settings_of_the_process();
    a_seed_makes_random_numbers_repeatable();
    settings_are_read();
    wrong_settings_are_refused();
    CHECK(hal_start(run) == 0 && hal_start(run) == 0, "the radio starts once");
    time_stands_while_the_task_works();
    a_deadline_is_not_missed_by_a_slow_task();
    a_deadline_in_the_past_is_at_once();
    an_spi_transfer_takes_its_time();
    a_wait_is_in_simulated_time();
    time_never_steps_back();
    a_hold_is_kept_exactly();
    the_firmware_s_clock_is_the_simulated_one();
    a_frame_s_end_is_an_edge_at_its_time();
    the_reset_line_resets();
    records_are_kept();
    records_are_files(directory);
    a_frame_survives_its_message();
    host_radio_finish();
    host_sim_finish();
    char command[100];
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    CHECK(system(command) == 0, "nothing is left behind");
    return check_result();
}
