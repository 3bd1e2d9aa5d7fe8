// Two owners of one radio: claims, and a radio that is lent and comes back.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "net/net_errno.h"
#include "radio_fixture.h"

typedef struct {
    radio_owner_t owner; // first
    bool lends;
    unsigned away, back, steps, events;
} party_t;

static party_t lora, sigfox;

static void on_event(radio_owner_t *owner, const radio_event_t *event) {
    (void)event;
    ++((party_t *)owner)->events;
}

static uint64_t on_step(radio_owner_t *owner, uint64_t now_us) {
    (void)now_us;
    ++((party_t *)owner)->steps;
    return RADIO_NEVER;
}

static bool on_lend(radio_owner_t *owner, bool away) {
    party_t *party = (party_t *)owner;
    party->away += away;
    party->back += !away;
    return party->lends;
}

static void begin(bool has_lend, bool lends) {
    CHECK(fixture_start_kind(SIM_SX1276) == 0, "the chip is found");
    hal_lock();
    radio_release(&fixture.owner);
    hal_unlock();
    lora = (party_t) { .owner = { on_event, on_step, has_lend ? on_lend : NULL }, .lends = lends };
    sigfox = (party_t) { .owner = { on_event, on_step, NULL } };
    hal_lock();
    CHECK(radio_claim(&lora.owner) == 0, "the radio is claimed");
    hal_unlock();
    sim_hal_run(1000);
}

static void end(void) {
    hal_lock();
    radio_release(&sigfox.owner);
    radio_release(&lora.owner);
    hal_unlock();
    CHECK_RULES();
}

static void free_radio_is_anybodys(void) {
    begin(false, false);
    hal_lock();
    radio_release(&lora.owner);
    CHECK(radio_borrow(&sigfox.owner) == 0, "nobody has it: borrowing is claiming");
    CHECK(radio_claim(&lora.owner) == -NET_EBUSY, "and then it is taken");
    hal_unlock();
    end();
}

static void owner_without_lend_keeps_it(void) {
    begin(false, false);
    hal_lock();
    CHECK(radio_borrow(&sigfox.owner) == -NET_EBUSY, "it is refused at once");
    hal_unlock();
    end();
}

static void lent_radio_comes_back(void) {
    begin(true, true);
    hal_lock();
    CHECK(radio_borrow(&sigfox.owner) == 0 && lora.away == 1, "the owner is asked, and lends");
    CHECK(radio_claim(&lora.owner) == 0, "its claim still holds");
    hal_unlock();
    sim_hal_run(1000);
    unsigned steps = lora.steps;
    CHECK(sigfox.steps > 0, "the borrower is called");
    hal_lock();
    radio_step_soon();
    hal_unlock();
    sim_hal_run(1000);
    CHECK(lora.steps == steps, "the lender is not");
    hal_lock();
    radio_release(&sigfox.owner);
    hal_unlock();
    sim_hal_run(1000);
    CHECK(lora.back == 1 && lora.steps > steps, "then it is told, and called again");
    end();
}

static void waiter_gets_it_when_it_can(void) {
    begin(true, false);
    hal_lock();
    CHECK(radio_borrow(&sigfox.owner) == -NET_EAGAIN, "the owner is busy");
    hal_unlock();
    sim_hal_run(1000);
    CHECK(sigfox.steps == 0, "and keeps it");
    lora.lends = true;
    hal_lock();
    radio_step_soon();
    hal_unlock();
    sim_hal_run(1000);
    CHECK(sigfox.steps > 0, "after its next step the other has it");
    hal_lock();
    radio_release(&sigfox.owner);
    hal_unlock();
    sim_hal_run(1000);
    unsigned steps = sigfox.steps;
    hal_lock();
    radio_step_soon();
    hal_unlock();
    sim_hal_run(1000);
    CHECK(sigfox.steps == steps && lora.back == 1, "once");
    end();
}

static void waiter_can_give_up(void) {
    begin(true, false);
    hal_lock();
    CHECK(radio_borrow(&sigfox.owner) == -NET_EAGAIN, "the owner is busy");
    radio_release(&sigfox.owner);
    hal_unlock();
    lora.lends = true;
    hal_lock();
    radio_step_soon();
    hal_unlock();
    sim_hal_run(1000);
    CHECK(sigfox.steps == 0, "whoever gave up does not get it");
    end();
}

static void waiter_gets_a_radio_that_becomes_free(void) {
    begin(true, false);
    hal_lock();
    CHECK(radio_borrow(&sigfox.owner) == -NET_EAGAIN, "the owner is busy");
    radio_release(&lora.owner);
    hal_unlock();
    sim_hal_run(1000);
    CHECK(sigfox.steps > 0, "the owner's end is enough");
    end();
}

static void lender_that_ends_gets_nothing_back(void) {
    begin(true, true);
    hal_lock();
    CHECK(radio_borrow(&sigfox.owner) == 0, "the radio is lent");
    radio_release(&lora.owner);
    radio_release(&sigfox.owner);
    hal_unlock();
    unsigned steps = lora.steps;
    sim_hal_run(1000);
    CHECK(lora.back == 0 && lora.steps == steps, "whoever released it meanwhile is left alone");
    end();
}

static void work_in_hand_ends_with_lending(void) {
    begin(true, true);
    radio_modulation_t m = fixture_lora(12, RADIO_BW_125K, 1);
    CHECK(fixture_receive(&m, 0, 0) == 0, "the owner receives");
    sim_hal_run(10000);
    hal_lock();
    CHECK(radio_borrow(&sigfox.owner) == 0, "the radio is lent");
    hal_unlock();
    CHECK((sim_chip_peek(&fixture_chip, 0x01) & 7) == 0, "the chip sleeps");
    sim_hal_run(3000000);
    CHECK(lora.events == 0 && sigfox.events == 0, "and nobody is told of anything");
    end();
}

int main(void) {
    free_radio_is_anybodys();
    owner_without_lend_keeps_it();
    lent_radio_comes_back();
    waiter_gets_it_when_it_can();
    waiter_can_give_up();
    waiter_gets_a_radio_that_becomes_free();
    lender_that_ends_gets_nothing_back();
    work_in_hand_ends_with_lending();
    return check_result();
}
