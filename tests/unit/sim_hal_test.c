// The HAL on a software chip: edges, deadlines, waiting, the store and its cuts.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "net/net_errno.h"
#include "sim_hal.h"

static sim_chip_t chip;
static const hal_board_t board = { .dio = 0x03 };
static unsigned calls;
static uint64_t last_edge, last_call;

static void task(uint64_t edge_us) {
    ++calls;
    last_edge = edge_us;
    last_call = hal_now_us();
}

static void put(uint8_t address, uint8_t value) {
    hal_lock();
    hal_spi_transfer(address | 0x80, &value, NULL, 1);
    hal_unlock();
}

static void start(void) {
    sim_time_reset();
    sim_air_reset(1);
    memset(&chip, 0, sizeof(chip));
    sim_chip_init(&chip, SIM_SX1276);
    sim_hal_init(&chip, &board, true);
    calls = 0;
    hal_start(task);
    sim_hal_run(10);
}

// A single reception that times out after so many symbols of 1.024 ms: DIO1 rises.
static void time_out(uint8_t symbols) {
    put(0x12, 0xff);
    put(0x01, 0x00);
    put(0x01, 0x80);
    put(0x1e, 0x70);
    put(0x1f, symbols);
    put(0x01, 0x86);
}

static void an_edge_wakes_the_task(void) {
    start();
    CHECK(calls == 1 && last_edge == 0, "the task is called soon after the start");
    time_out(10);
    sim_hal_run(9000);
    CHECK(calls == 1, "nothing, no call");
    sim_hal_run(3000);
    CHECK(calls == 2 && last_edge > 10000 && last_call == last_edge, "an edge calls it, with its time");
    sim_hal_set_latency(100, 0, 1);
    time_out(10);
    sim_hal_run(20000);
    CHECK(calls == 3 && last_call == last_edge + 100, "the latency lies between");
    sim_hal_set_latency(0, 50, 1);
    for (int i = 0; i < 20; ++i) {
        time_out(4);
        sim_hal_run(10000);
        CHECK(last_call >= last_edge && last_call <= last_edge + 51, "jitter stays in its range");
    }
    CHECK(sim_hal_lock_faults() == 0, "the lock was held where it must be");
}

static void a_merged_line_has_one_edge(void) {
    start();
    sim_hal_set_merged(true);
    time_out(4);
    sim_hal_run(10000);
    CHECK(calls == 2, "the first flag wakes");
    put(0x12, 0xff);
    put(0x40, 0x80); // DIO0 CadDone, DIO1 RxTimeout
    for (int merged = 1; merged >= 0; --merged) {
        sim_hal_set_merged(merged);
        put(0x12, 0xff);
        put(0x01, 0x87);
        sim_hal_run(10000);
        CHECK(calls == 3 + (merged ? 0 : 1), "CadDone wakes");
        put(0x01, 0x86);
        sim_hal_run(10000);
        CHECK(sim_chip_dio(&chip, 0) && sim_chip_dio(&chip, 1), "both lines are high");
        CHECK(calls == (merged ? 3 : 5), "a second line makes no edge while the merged one is high");
    }
    calls = 2;
    sim_hal_set_deaf(true);
    time_out(4);
    sim_hal_run(10000);
    CHECK(calls == 2, "a deaf board sees none at all");
}

static void deadlines_are_kept(void) {
    start();
    hal_wake_at(5000);
    sim_hal_run(4900);
    CHECK(calls == 1, "not before");
    sim_hal_run(200);
    CHECK(calls == 2 && last_call == 5000 && last_edge == 0, "at its time");
    hal_wake_at(6000);
    hal_wake_at(HAL_NEVER);
    sim_hal_run(5000);
    CHECK(calls == 2, "the last call counts");
    hal_wake_at(100);
    sim_hal_run(1);
    CHECK(calls == 3, "a past one is due at once");
    hal_wake();
    hal_wake();
    sim_hal_run(1);
    CHECK(calls == 4, "wakes are merged");
}

static void notifying(uint64_t edge_us) {
    task(edge_us);
    hal_notify();
}

static void waiting_lets_time_pass(void) {
    start();
    sim_hal_init(&chip, &board, true);
    hal_start(notifying);
    sim_hal_run(1);
    hal_wake_at(hal_now_us() + 5000);
    uint64_t before = hal_now_us();
    hal_lock();
    hal_wait(100);
    CHECK(hal_now_us() == before + 5000, "until the task notifies");
    hal_wait(10);
    hal_unlock();
    CHECK(hal_now_us() == before + 15000, "at most the time that was given");
    CHECK(sim_hal_lock_faults() == 0, "the lock is held again afterwards");
    hal_wait(1);
    CHECK(sim_hal_lock_faults() != 0, "waiting without it is a fault");
}

static void reset_reaches_the_chip(void) {
    start();
    put(0x06, 0x11);
    hal_lock();
    CHECK(hal_reset_line(true, false) == 0 && hal_reset_line(false, false) == 0, "there is a line");
    hal_unlock();
    sim_hal_run(5000);
    CHECK(sim_chip_peek(&chip, 0x06) == 0x6c, "the register is as new");
    sim_hal_init(&chip, &board, false);
    hal_lock();
    CHECK(hal_reset_line(true, false) == -NET_ENODEV, "a board without it says so");
    hal_unlock();
}

static void records_survive_and_cuts_leave_the_old_one(void) {
    char got[32] = "";
    sim_hal_store_clear();
    CHECK(hal_store_read("session", got, sizeof(got)) == -NET_ENOENT, "nothing yet");
    CHECK(hal_store_write("session", "first", 5) == 0, "a write");
    CHECK(hal_store_read("session", got, 3) == 5 && memcmp(got, "fir", 3) == 0, "read answers the whole length");
    sim_hal_store_cut(1);
    CHECK(hal_store_write("session", "second", 6) == 0, "the next write still works");
    CHECK(hal_store_write("session", "third", 5) == -NET_EIO, "the one after it is cut");
    CHECK(hal_store_write("counter", "1", 1) == -NET_EIO, "and so are all others");
    CHECK(hal_store_read("session", got, sizeof(got)) == 6 && memcmp(got, "second", 6) == 0, "the old record stays");
    sim_hal_store_cut(UINT32_MAX);
    CHECK(hal_store_write("session", NULL, 0) == 0 && hal_store_read("session", got, 1) == -NET_ENOENT, "length 0 removes");
    CHECK(hal_store_write("", "x", 1) == -NET_EINVAL && hal_store_write("sixteen letters!", "x", 1) == -NET_EINVAL, "names have 1 to 15 characters");
    static const uint8_t big[2000];
    CHECK(hal_store_write("big", big, sizeof(big)) == -NET_ENOSPC, "a record has its limit");
    CHECK(sim_hal_store_writes() == 3, "writes that worked are counted");
}

int main(void) {
    an_edge_wakes_the_task();
    a_merged_line_has_one_edge();
    deadlines_are_kept();
    waiting_lets_time_pass();
    reset_reaches_the_chip();
    records_survive_and_cuts_leave_the_old_one();
    return check_result();
}
