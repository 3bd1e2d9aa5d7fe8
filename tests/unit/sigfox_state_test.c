// The counter and its record: nothing is used twice, damage is seen.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "net/net_errno.h"
#include "sigfox/sigfox_state.h"

static void a_record_comes_back(void) {
    sigfox_state_t state;
    sigfox_state_new(&state, 99);
    for (int i = 0; i < 5000; ++i) {
        CHECK(sigfox_state_take(&state), "a new counter is to be stored");
        uint8_t record[SIGFOX_STATE_RECORD_SIZE];
        sigfox_state_record(&state, record);
        sigfox_state_t again = { 0 };
        CHECK(sigfox_state_load(&again, record, sizeof(record)) == 0, "a record loads");
        CHECK(again.counter == state.counter && again.random == state.random && !again.open, "it says what was taken");
        CHECK(state.counter == (i + 1) % 4096, "counters go up by one and round at 4096");
        sigfox_state_stored(&state);
        sigfox_state_used(&state);
    }
}

static void every_damage_is_seen(void) {
    sigfox_state_t state;
    uint8_t record[SIGFOX_STATE_RECORD_SIZE];
    sigfox_state_new(&state, 1);
    sigfox_state_take(&state);
    sigfox_state_record(&state, record);
    sigfox_state_t before = { .counter = 77, .random = 5 };
    sigfox_state_t loaded = before;
    for (int bit = 0; bit < 8 * SIGFOX_STATE_RECORD_SIZE; ++bit) {
        record[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(sigfox_state_load(&loaded, record, sizeof(record)) == -NET_EIO, "one wrong bit is seen");
        record[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < sizeof(record); ++len) {
        CHECK(sigfox_state_load(&loaded, record, len) == -NET_EIO, "half a record is seen");
    }
    uint8_t blank[SIGFOX_STATE_RECORD_SIZE];
    memset(blank, 0, sizeof(blank));
    CHECK(sigfox_state_load(&loaded, blank, sizeof(blank)) == -NET_EIO, "zeros are no record");
    memset(blank, 0xff, sizeof(blank));
    CHECK(sigfox_state_load(&loaded, blank, sizeof(blank)) == -NET_EIO, "erased flash is no record");
    CHECK(memcmp(&loaded, &before, sizeof(before)) == 0, "and the state is left alone");
}

static void a_record_of_tomorrow_is_refused(void) {
    // Version 2, with a right CRC-16/GSM, computed apart from the code here.
    static const uint8_t record[SIGFOX_STATE_RECORD_SIZE] = { 0x02, 0x00, 0x05, 0x00, 0x01, 0x02, 0x03, 0x04, 0x5b, 0x3e };
    sigfox_state_t state = { 0 };
    CHECK(sigfox_state_load(&state, record, sizeof(record)) == -NET_EOPNOTSUPP, "an unknown version is not guessed at");
}

static void a_pycom_board_goes_on(void) {
    sigfox_state_t state;
    sigfox_state_new(&state, 3);
    CHECK(sigfox_state_continue(&state, 4096, 0) == -NET_EINVAL && state.counter == 0, "counters have 12 bits");
    CHECK(sigfox_state_continue(&state, 293, 7692) == 0, "a stored counter is taken over");
    sigfox_state_take(&state);
    CHECK(state.counter == 294, "the next message has the one after it");
    CHECK(sigfox_state_continue(&state, 4095, 0) == 0, "the last one too");
    sigfox_state_take(&state);
    CHECK(state.counter == 0, "after which it is 0");
}

static void an_unsent_counter_is_given_again(void) {
    sigfox_state_t state;
    sigfox_state_new(&state, 3);
    CHECK(sigfox_state_take(&state), "taken for the first time");
    CHECK(sigfox_state_take(&state) && state.counter == 1, "not stored: to be stored again");
    sigfox_state_stored(&state);
    CHECK(!sigfox_state_take(&state) && state.counter == 1, "stored, not sent: ready");
    sigfox_state_used(&state);
    CHECK(sigfox_state_take(&state) && state.counter == 2, "sent: the next one");
}

static void random_numbers_differ_between_devices_and_restarts(void) {
    int same = 0;
    sigfox_state_t a;
    sigfox_state_t b;
    sigfox_state_new(&a, 0x00a1b2c3);
    sigfox_state_new(&b, 0x00a1b2c4);
    for (int i = 0; i < 1000; ++i) {
        same += sigfox_state_random(&a) >> 8 == sigfox_state_random(&b) >> 8;
    }
    CHECK(same < 3, "neighbouring IDs do not walk together");

    // Three messages of three frames, each after a power cut: no number twice.
    uint32_t seen[9];
    sigfox_state_new(&a, 1);
    for (int message = 0; message < 3; ++message) {
        sigfox_state_take(&a);
        uint8_t record[SIGFOX_STATE_RECORD_SIZE];
        sigfox_state_record(&a, record);
        for (int frame = 0; frame < 3; ++frame) {
            seen[3 * message + frame] = sigfox_state_random(&a);
        }
        sigfox_state_load(&a, record, sizeof(record));
    }
    for (int i = 0; i < 9; ++i) {
        for (int j = 0; j < i; ++j) {
            CHECK(seen[i] != seen[j], "a restart does not repeat the frequencies");
        }
    }
}

int main(void) {
    a_record_comes_back();
    every_damage_is_seen();
    a_record_of_tomorrow_is_refused();
    a_pycom_board_goes_on();
    an_unsent_counter_is_given_again();
    random_numbers_differ_between_devices_and_restarts();
    return check_result();
}
