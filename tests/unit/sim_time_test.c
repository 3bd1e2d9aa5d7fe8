// The clock of the simulation and its events.
// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "check.h"
#include "sim_math.h"
#include "sim_time.h"

static int order[16];
static uint64_t times[16];
static int fired;

typedef struct {
    sim_event_t event;
    int name;
} named_t;

static void note(sim_event_t *event) {
    order[fired] = ((named_t *)event)->name;
    times[fired++] = sim_time_now();
}

static void start(void) {
    sim_time_reset();
    fired = 0;
}

static void events_fire_in_the_order_of_their_times(void) {
    start();
    named_t a = { { .fire = note }, 1 }, b = { { .fire = note }, 2 }, c = { { .fire = note }, 3 };
    sim_time_at(&a.event, 30);
    sim_time_at(&b.event, 10);
    sim_time_at(&c.event, 20);
    CHECK(sim_time_next() == 10, "the next event is the earliest");
    sim_time_advance(20);
    CHECK(fired == 2 && order[0] == 2 && order[1] == 3, "what is due has fired, the rest has not");
    CHECK(times[0] == 10 && times[1] == 20, "each saw its own time");
    CHECK(a.event.queued && !b.event.queued, "queued says what is still to come");
    sim_time_advance(100);
    CHECK(fired == 3 && sim_time_now() == 100 && sim_time_next() == SIM_NEVER, "all have fired");
}

static void events_of_one_time_keep_their_order(void) {
    start();
    named_t all[5];
    for (int i = 0; i < 5; ++i) {
        all[i] = (named_t) { { .fire = note }, i };
        sim_time_at(&all[i].event, 7);
    }
    sim_time_at(&all[0].event, 7); // moved: now the last
    sim_time_advance(7);
    CHECK(fired == 5 && order[0] == 1 && order[3] == 4 && order[4] == 0, "they fire as they were queued");
}

static void an_event_can_be_moved_and_cancelled(void) {
    start();
    named_t a = { { .fire = note }, 1 }, b = { { .fire = note }, 2 };
    sim_time_at(&a.event, 10);
    sim_time_at(&b.event, 20);
    sim_time_at(&a.event, 30);
    sim_time_cancel(&b.event);
    sim_time_cancel(&b.event);
    sim_time_advance(25);
    CHECK(fired == 0, "neither the old time nor the cancelled one fires");
    sim_time_advance(30);
    CHECK(fired == 1 && order[0] == 1, "the new time does");
    sim_time_at(&a.event, SIM_NEVER);
    CHECK(!a.event.queued && sim_time_next() == SIM_NEVER, "never is not queued");
}

static void the_clock_never_goes_back(void) {
    start();
    sim_time_advance(50);
    sim_time_advance(20);
    CHECK(sim_time_now() == 50, "an advance to the past changes nothing");
    named_t late = { { .fire = note }, 1 };
    sim_time_at(&late.event, 10);
    CHECK(fired == 0, "an event of the past waits for the next advance");
    sim_time_advance(50);
    CHECK(fired == 1 && times[0] == 50, "and fires then, now");
}

static named_t inner = { { .fire = note }, 2 };

static void outer_fires(sim_event_t *event) {
    (void)event;
    sim_time_advance(sim_time_now() + 100); // as an SPI transfer does
    order[fired] = 1;
    times[fired++] = sim_time_now();
}

static void an_event_may_let_time_pass(void) {
    start();
    sim_event_t outer = { .fire = outer_fires };
    named_t last = { { .fire = note }, 3 };
    sim_time_at(&outer, 10);
    sim_time_at(&inner.event, 60);
    sim_time_at(&last.event, 115);
    sim_time_advance(20);
    CHECK(fired == 2 && order[0] == 2 && order[1] == 1, "later events fire first");
    CHECK(sim_time_now() == 110, "the time that it took stays");
    sim_time_advance(115);
    CHECK(fired == 3 && order[2] == 3, "the others follow");
}

static void a_reset_forgets_all_events(void) {
    start();
    named_t a = { { .fire = note }, 1 };
    sim_time_at(&a.event, 10);
    sim_time_reset();
    sim_time_advance(20);
    CHECK(fired == 0, "nothing of before fires");
    sim_time_at(&a.event, 30); // its flag still says queued
    sim_time_advance(30);
    CHECK(fired == 1, "a forgotten event can be queued again");
}

static void decibels_are_right_to_a_tenth(void) {
    CHECK(sim_math_db_x10(1) == 0 && sim_math_db_x10(10) == 100 && sim_math_db_x10(1000000) == 600, "powers of ten");
    CHECK(sim_math_db_x10(2) == 30 && sim_math_db_x10(125000) == 510 && sim_math_db_x10(500000) == 570, "others, rounded");
    CHECK(sim_math_db_x10(UINT64_MAX) == 1927, "the greatest");
    CHECK(sim_math_add_x10(-1000, -1000) == -970, "two equal powers are 3 dB more");
    CHECK(sim_math_add_x10(-1000, -1100) == -996, "one tenth adds 0.4 dB");
    CHECK(sim_math_add_x10(-500, -1500) == -500, "next to nothing adds nothing");
}

int main(void) {
    events_fire_in_the_order_of_their_times();
    events_of_one_time_keep_their_order();
    an_event_can_be_moved_and_cancelled();
    the_clock_never_goes_back();
    an_event_may_let_time_pass();
    a_reset_forgets_all_events();
    decibels_are_right_to_a_tenth();
    return check_result();
}
