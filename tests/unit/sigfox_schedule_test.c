// The schedule in virtual time: every zone, every way a message can end.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "net/net_errno.h"
#include "sigfox_rig.h"

#define MS (1000ull)
#define SECOND (1000000ull)

static const uint8_t twelve[12] = { 'h', 'e', 'l', 'l', 'o', ' ', 's', 'i', 'g', 'f', 'o', 'x' };

static sigfox_schedule_message_t bytes(uint8_t repeats, bool downlink) {
    return (sigfox_schedule_message_t) {
               .type = SIGFOX_FRAME_BYTES, .repeats = repeats, .downlink = downlink, .payload = twelve, .len = sizeof(twelve),
    };
}

static sigfox_network_uplink_t heard(const rig_t *rig, int n) {
    sigfox_network_uplink_t uplink = { 0 };
    const rig_event_t *send = rig_find(rig, RIG_SEND, n);
    if (send != NULL) {
        sigfox_network_uplink(rig->device.key, send->bits, send->len, &uplink);
    }
    return uplink;
}

static int sends(const rig_t *rig) {
    int number = 0;
    while (rig_find(rig, RIG_SEND, number) != NULL) {
        ++number;
    }
    return number;
}

static bool in_band(const sigfox_zone_t *zone, uint32_t hz) {
    uint32_t half = SIGFOX_ZONE_WIDTH_HZ / 2 - zone->epsilon_hz;
    return hz >= zone->uplink_hz - half && hz <= zone->uplink_hz + half;
}

// From the end of frame n to the start of the next, less the listening in between.
static uint64_t gap(const rig_t *rig, int n) {
    uint64_t start = rig_find(rig, RIG_SEND, n + 1)->at_us;
    if (rig_find(rig, RIG_SENSE, n + 1) != NULL) {
        start = rig_find(rig, RIG_SENSE, n + 1)->at_us;
    }
    return start - rig_find(rig, RIG_SENT, n)->at_us;
}

static void uplinks_go_out_in_every_zone(void) {
    for (int number = 0; number < SIGFOX_ZONE_NUMBER; ++number) {
        for (uint8_t repeats = 0; repeats <= 2; ++repeats) {
            const sigfox_zone_t *zone = sigfox_zone(number);
            rig_t rig;
            rig_start(&rig, number, 41);
            sigfox_schedule_message_t message = bytes(repeats, false);
            CHECK(rig_send(&rig, &message) == 0 && rig.result.error == 0, "the message is sent");
            CHECK(rig.result.result == SIGFOX_SCHEDULE_OK && rig.schedule.report.frames == repeats + 1, "with all its frames");
            CHECK(sends(&rig) == repeats + 1 && rig_find(&rig, RIG_RECEIVE, 0) == NULL, "and no window is opened");
            CHECK(rig.log[0].kind == RIG_STORED && rig.log[0].value == 42 && rig.stores == 1, "the counter is stored first, and once");
            for (int n = 0; n <= repeats; ++n) {
                sigfox_network_uplink_t uplink = heard(&rig, n);
                CHECK(uplink.rank == n + 1 && uplink.counter == 42 && !uplink.downlink, "each frame has its rank and the same counter");
                CHECK(uplink.len == 12 && memcmp(uplink.payload, twelve, 12) == 0, "and the payload");
                CHECK(in_band(zone, rig_find(&rig, RIG_SEND, n)->hz), "inside the zone's limits");
                CHECK(n == 0 || gap(&rig, n - 1) == zone->gap_ms * MS, "the gap is the zone's");
                CHECK(n == 0 || rig_find(&rig, RIG_SEND, n)->hz != rig_find(&rig, RIG_SEND, n - 1)->hz, "on another frequency");
            }
        }
    }
}

static void downlinks_arrive_in_every_zone(void) {
    for (int number = 0; number < SIGFOX_ZONE_NUMBER; ++number) {
        const sigfox_zone_t *zone = sigfox_zone(number);
        rig_t rig;
        rig_start(&rig, number, 4094);
        memcpy(rig.answer, "DOWNLINK", 8);
        rig.replies[0] = RIG_ANSWER;
        sigfox_schedule_message_t message = bytes(0, true);
        CHECK(rig_send(&rig, &message) == 0 && rig.result.result == SIGFOX_SCHEDULE_OK, "the exchange succeeds");
        CHECK(sends(&rig) == 4 && rig.schedule.report.frames == 3, "a request has three frames whatever was asked for");
        uint32_t first = rig_find(&rig, RIG_SEND, 0)->hz;
        CHECK(rig_find(&rig, RIG_SEND, 1)->hz == first + zone->offset_hz, "frame 2 above frame 1");
        CHECK(rig_find(&rig, RIG_SEND, 2)->hz == first - zone->offset_hz, "frame 3 below it");
        CHECK(gap(&rig, 0) == 500 * MS && gap(&rig, 1) == 500 * MS, "with 500 ms between them");
        const rig_event_t *window = rig_find(&rig, RIG_RECEIVE, 0);
        uint64_t end = rig_find(&rig, RIG_SENT, 0)->at_us;
        CHECK(window->at_us == end + zone->window_after_ms * MS, "the window opens so long after the end of frame 1");
        CHECK(window->until_us == window->at_us + zone->window_ms * MS, "and lasts as long as the zone says");
        CHECK(window->hz == first + zone->downlink_hz - zone->uplink_hz, "at a fixed distance from frame 1");
        const rig_event_t *deliver = rig_find(&rig, RIG_DELIVER, 0);
        CHECK(deliver->len == 8 && memcmp(deliver->bits, "DOWNLINK", 8) == 0 && deliver->value == -110, "payload and strength are handed out");
        sigfox_network_uplink_t confirmation = heard(&rig, 3);
        CHECK(confirmation.control && confirmation.rank == 1 && confirmation.payload[0] == 9, "one frame confirms it");
        CHECK(heard(&rig, 0).counter == 4095 && confirmation.counter == 0, "with the next counter, round the end");
        CHECK(rig.stores == 2 && rig_find(&rig, RIG_STORED, 1)->at_us < rig_find(&rig, RIG_SEND, 3)->at_us, "which is stored first");
        uint64_t after = rig_find(&rig, RIG_SEND, 3)->at_us - rig_find(&rig, RIG_FRAME, 0)->at_us;
        CHECK(after == 2000 * MS + (zone->access == SIGFOX_ZONE_SENSE ? 5 * MS : 0), "two seconds after the downlink");
        CHECK(in_band(zone, rig_find(&rig, RIG_SEND, 3)->hz) && rig.schedule.report.confirmed, "inside the band, and it is reported");
    }
}

static void other_frames_do_not_end_the_window(void) {
    rig_t rig;
    rig_start(&rig, SIGFOX_ZONE_RC1, 7);
    rig.replies[0] = RIG_FOREIGN;
    rig.replies[1] = RIG_OLD;
    rig.replies[2] = RIG_NOISE;
    rig.replies[3] = RIG_ANSWER;
    sigfox_schedule_message_t message = bytes(2, true);
    rig_send(&rig, &message);
    CHECK(rig.schedule.report.rejected == 3 && rig.schedule.report.downlink, "three are turned away, the fourth is taken");
    CHECK(rig_find(&rig, RIG_RECEIVE, 3)->until_us == rig_find(&rig, RIG_RECEIVE, 0)->until_us, "the window's end does not move");
    CHECK(rig_find(&rig, RIG_RECEIVE, 1)->at_us == rig_find(&rig, RIG_FRAME, 0)->at_us, "and listening goes on at once");
}

static void silence_ends_with_no_downlink(void) {
    rig_t rig;
    rig_start(&rig, SIGFOX_ZONE_RC3, 7);
    rig.replies[0] = RIG_OLD;
    sigfox_schedule_message_t message = bytes(2, true);
    uint64_t begin = rig.now_us;
    rig_send(&rig, &message);
    CHECK(rig.result.result == SIGFOX_SCHEDULE_NO_DOWNLINK && rig.result.error == -NET_EAGAIN, "nothing came");
    CHECK(rig.schedule.report.frames == 3 && !rig.schedule.report.downlink && sends(&rig) == 3, "but the uplink was sent");
    CHECK(rig.now_us == begin + (5 + 2080 + 19000 + 33500) * MS, "at the end of the window");
    CHECK(rig_send(&rig, &message) == 0 && heard(&rig, 0).counter == 9, "the next message has the next counter");
}

static void a_slow_store_delays_the_confirmation_or_ends_it(void) {
    for (uint32_t ms = 1000; ms <= 5000; ms += 2000) {
        rig_t rig;
        rig_start(&rig, SIGFOX_ZONE_RC1, 7);
        rig.replies[0] = RIG_ANSWER;
        rig.store_ms = ms;
        sigfox_schedule_message_t message = bytes(2, true);
        rig_send(&rig, &message);
        CHECK(rig.result.error == 0 && rig.schedule.report.downlink, "the downlink is there");
        CHECK(rig.schedule.report.confirmed == (ms < 4000), "after four seconds nobody waits for the confirmation");
        uint64_t late = ms < 4000 ? rig_find(&rig, RIG_SEND, 3)->at_us - rig_find(&rig, RIG_FRAME, 0)->at_us : 0;
        CHECK(late == (ms == 1000 ? 2000 * MS : ms == 3000 ? 3000 * MS : 0), "before that it goes out as soon as it can");
    }
}

// Listen before talk.

static void a_busy_channel_keeps_the_counter(void) {
    rig_t rig;
    rig_start(&rig, SIGFOX_ZONE_RC5, 7);
    rig.busy = 1;
    sigfox_schedule_message_t message = bytes(2, false);
    uint64_t begin = rig.now_us;
    rig_send(&rig, &message);
    CHECK(rig.result.result == SIGFOX_SCHEDULE_CHANNEL_BUSY && rig.result.error == -NET_EBUSY, "the channel was busy");
    CHECK(rig.now_us == begin + 5 * SECOND && sends(&rig) == 0, "for five seconds, and nothing was sent");
    const rig_event_t *sense = rig_find(&rig, RIG_SENSE, 0);
    CHECK(sense->hz == 923300000 && sense->value == -65, "the middle of the band was listened to");
    rig.busy = 0;
    rig_send(&rig, &message);
    CHECK(heard(&rig, 0).counter == 8 && rig.stores == 1, "the counter that was stored is used for the next message");
    rig.busy = 1;
    rig_send(&rig, &message);
    CHECK(rig.stores == 2, "the next is stored");
    rig_restart(&rig, SIGFOX_ZONE_RC5);
    rig.busy = 0;
    rig_send(&rig, &message);
    CHECK(heard(&rig, 0).counter == 10, "and wasted when the power goes");
}

static void a_busy_repeat_is_left_out(void) {
    for (uint32_t busy = 0; busy < 8; busy += 2) {
        rig_t rig;
        rig_start(&rig, SIGFOX_ZONE_RC3, 7);
        rig.busy = busy;
        sigfox_schedule_message_t message = bytes(2, false);
        rig_send(&rig, &message);
        int number = 3 - __builtin_popcount(busy);
        CHECK(rig.result.result == SIGFOX_SCHEDULE_OK && rig.schedule.report.frames == number, "the message counts as sent");
        CHECK(rig.schedule.report.senses == 3, "each frame listened");
        uint64_t limit = (8000 - 2 * 50 - 2080) * MS / 2;
        for (int n = 1; n < 3; ++n) {
            const rig_event_t *sense = rig_find(&rig, RIG_SENSE, n);
            CHECK(sense->until_us - sense->at_us == limit, "for its share of the eight seconds");
        }
        uint64_t last = rig_find(&rig, RIG_SEND, number - 1)->at_us;
        CHECK(last <= rig_find(&rig, RIG_SENT, 0)->at_us + 8 * SECOND, "the last begins within eight seconds of the first");
    }
}

static void a_busy_confirmation_keeps_its_counter(void) {
    rig_t rig;
    rig_start(&rig, SIGFOX_ZONE_RC3, 7);
    rig.replies[0] = RIG_ANSWER;
    rig.busy = 1 << 3;
    sigfox_schedule_message_t message = bytes(2, true);
    rig_send(&rig, &message);
    CHECK(rig.result.error == 0 && rig.schedule.report.downlink && !rig.schedule.report.confirmed, "the downlink is there, unconfirmed");
    uint64_t from = rig_find(&rig, RIG_FRAME, 0)->at_us;
    const rig_event_t *sense = rig_find(&rig, RIG_SENSE, 3);
    CHECK(sense->at_us == from + 2000 * MS && sense->until_us == from + 4000 * MS, "the confirmation had until four seconds after it");
    message = bytes(0, false);
    rig.busy = 0;
    rig_send(&rig, &message);
    CHECK(heard(&rig, 0).counter == 9 && rig.stores == 2, "its counter goes to the next message");
}

// Air time.

static uint64_t air_in_hour(const uint64_t (*list)[2], int number, uint64_t end) {
    uint64_t air = 0;
    for (int i = 0; i < number; ++i) {
        uint64_t from = list[i][0] + 3600 * SECOND > end ? list[i][0] : end - 3600 * SECOND;
        air += list[i][1] > from && list[i][1] <= end ? list[i][1] - from : 0;
    }
    return air;
}

static void the_duty_cycle_holds(int zone) {
    static uint64_t list[2000][2];
    rig_t rig;
    int number = 0;
    int deferred = 0;
    rig_start(&rig, zone, 0);
    uint64_t begin = rig.now_us;
    for (int i = 0; rig.now_us < begin + 8 * 3600 * SECOND; ++i) {
        sigfox_schedule_message_t message = bytes((uint8_t)(i % 3), i % 4 == 0);
        message.len = 1 + (size_t)(i % 12);
        rig.replies[0] = i % 8 == 0 ? RIG_ANSWER : RIG_SILENCE;
        uint64_t when = sigfox_schedule_when(&rig.schedule, &message, rig.now_us);
        CHECK((rig_send(&rig, &message) == -NET_ENOBUFS) == (when > rig.now_us || rig.logged == 0), "without air time a message is refused");
        if (rig.logged == 0) {
            ++deferred;
            message.wait_us = when - rig.now_us - 1;
            CHECK(rig_send(&rig, &message) == -NET_ENOBUFS, "a microsecond too little is too little");
            message.wait_us += 1;
            CHECK(rig_send(&rig, &message) == 0, "who waits long enough may send");
            CHECK(rig.log[0].kind == RIG_WAIT && rig.log[0].until_us == when && rig_find(&rig, RIG_SEND, 0)->at_us == when, "at the time that was named");
        }
        for (int n = 0; n < sends(&rig); ++n, ++number) {
            list[number][0] = rig_find(&rig, RIG_SEND, n)->at_us;
            list[number][1] = rig_find(&rig, RIG_SENT, n)->at_us;
        }
    }
    int over = 0;
    for (int i = 0; i < number; ++i) {
        over += air_in_hour(list, number, list[i][1]) > 36 * SECOND;
    }
    CHECK(over == 0, "no hour holds more than 36 seconds");
    CHECK(deferred > 20 && number > 100, "and the limit was reached again and again");
}

static void a_request_needs_room_for_its_confirmation(void) {
    rig_t rig;
    rig_start(&rig, SIGFOX_ZONE_RC1, 0);
    sigfox_schedule_message_t message = bytes(2, true);
    sigfox_duty_add(&rig.schedule.duty, rig.now_us, 28000000);
    CHECK(sigfox_schedule_when(&rig.schedule, &message, rig.now_us) == rig.now_us, "28 s, three frames and a confirmation are 36 s");
    sigfox_duty_add(&rig.schedule.duty, rig.now_us, 1000);
    CHECK(sigfox_schedule_when(&rig.schedule, &message, rig.now_us) > rig.now_us, "a millisecond more is too much");
    message.downlink = false;
    CHECK(sigfox_schedule_when(&rig.schedule, &message, rig.now_us) == rig.now_us, "but not without the confirmation");
}

static void a_cancelled_frame_counts_as_sent(void) {
    rig_t rig;
    rig_start(&rig, SIGFOX_ZONE_RC1, 0);
    rig.cancel_at = 1;
    sigfox_schedule_message_t message = bytes(2, false);
    rig_send(&rig, &message);
    CHECK(sigfox_duty_used_ms(&rig.schedule.duty, rig.now_us) == 2080, "it may have been on the air");
}

static void a_duty_cycle_can_be_lifted_and_is_only_where_it_belongs(void) {
    static const int free_zones[] = { SIGFOX_ZONE_RC3, SIGFOX_ZONE_RC5, SIGFOX_ZONE_RC6, SIGFOX_ZONE_RC3_LDC, SIGFOX_ZONE_RC1 };
    for (size_t z = 0; z < sizeof(free_zones) / sizeof(free_zones[0]); ++z) {
        rig_t rig;
        rig_start(&rig, free_zones[z], 0);
        rig.schedule.settings.unlimited = free_zones[z] == SIGFOX_ZONE_RC1;
        sigfox_schedule_message_t message = bytes(2, false);
        int refused = 0;
        for (int i = 0; i < 20; ++i) {
            refused += rig_send(&rig, &message) != 0;
        }
        CHECK(refused == 0, "20 messages in a row are sent");
    }
}

static void hopping_zones_pause_and_never_stay(int zone_number) {
    const sigfox_zone_t *zone = sigfox_zone(zone_number);
    uint64_t last_end[6] = { 0 };
    rig_t rig;
    rig_start(&rig, zone_number, 0);
    CHECK(sigfox_schedule_micro_free(&rig.schedule, rig.now_us) == 6, "at first all channels are free");
    for (int i = 0; i < 300; ++i) {
        sigfox_schedule_message_t message = bytes(2, i & 1);
        rig.replies[0] = i & 2 ? RIG_ANSWER : RIG_SILENCE;
        bool rested = i == 0 || rig.now_us >= rig.schedule.last_end_us + 20 * SECOND;
        CHECK(rig_send(&rig, &message) == (rested ? 0 : -NET_ENOBUFS), "only after a pause does it start at once");
        if (!rested) {
            message.wait_us = 20 * SECOND;
            CHECK(rig_send(&rig, &message) == 0, "the pause is 20 seconds at most");
        }
        for (int n = 0; n < sends(&rig); ++n) {
            const rig_event_t *send = rig_find(&rig, RIG_SEND, n);
            uint8_t bit = sigfox_zone_micro_bit(zone, zone->uplink_hz, send->hz);
            int micro = __builtin_ctz(bit);
            CHECK(send->at_us >= last_end[micro] + 20 * SECOND, "a micro channel rests for 20 seconds");
            last_end[micro] = rig_find(&rig, RIG_SENT, n)->at_us;
            CHECK(last_end[micro] - send->at_us <= 400 * MS, "and is held for 400 ms at most");
        }
        if (!message.downlink) {
            CHECK(sigfox_schedule_micro_free(&rig.schedule, rig.now_us) == 3, "three frames take three channels");
            CHECK(sigfox_schedule_when(&rig.schedule, &message, rig.now_us) == rig.now_us + 20 * SECOND, "the next waits 20 seconds from the last frame");
        }
    }
}

static void another_macro_channel_moves_the_message(void) {
    rig_t rig;
    rig_start(&rig, SIGFOX_ZONE_RC2, 0);
    sigfox_schedule_message_t message = bytes(2, false);
    message.macro_channel = 9;
    rig_send(&rig, &message);
    for (int n = 0; n < 3; ++n) {
        uint32_t hz = rig_find(&rig, RIG_SEND, n)->hz;
        CHECK(hz > 904600000 - 75000 && hz < 904600000 + 75000, "each frame is in channel 9");
    }
    rig_start(&rig, SIGFOX_ZONE_RC1, 0);
    CHECK(rig_send(&rig, &message) == -NET_EINVAL, "other zones have no macro channels");
}

static void short_gaps_keep_bursts_short(void) {
    rig_t rig;
    rig_start(&rig, SIGFOX_ZONE_RC3_LDC, 0);
    rig.schedule.settings.gap_ms = 10;
    sigfox_schedule_message_t message = bytes(2, false);
    rig_send(&rig, &message);
    CHECK(gap(&rig, 0) == 50 * MS, "over four seconds: the gap becomes 50 ms");
    rig.schedule.settings.gap_ms = 100;
    rig_send(&rig, &message);
    CHECK(gap(&rig, 0) == 100 * MS, "longer gaps stay");
    rig.schedule.settings.gap_ms = 10;
    message.len = 1;
    rig_send(&rig, &message);
    CHECK(gap(&rig, 0) == 10 * MS, "three short frames fit: the gap stays");
}

// What can go wrong.

static void a_power_cut_never_repeats_a_counter(void) {
    for (int zone = SIGFOX_ZONE_RC1; zone <= SIGFOX_ZONE_RC3; ++zone) {
        for (int cut = 0; cut < 14; ++cut) {
            for (int late = 0; late < 2; ++late) {
                rig_t rig;
                rig_start(&rig, zone, 4090);
                rig.replies[0] = RIG_ANSWER;
                rig.cut_at = cut;
                rig.cut_late = late;
                sigfox_schedule_message_t message = bytes(2, true);
                rig_send(&rig, &message);
                int last = 4090;
                for (int n = 0; n < sends(&rig); ++n) {
                    last = heard(&rig, n).counter;
                }
                int stored = rig.stores;
                rig_restart(&rig, zone);
                message = bytes(0, false);
                message.wait_us = 60 * SECOND;
                rig_send(&rig, &message);
                int step = (heard(&rig, 0).counter - last) & 0xfff;
                CHECK(step >= 1, "a counter that was on the air is never used again");
                CHECK(step <= 2, "and one is wasted at most");
                CHECK(heard(&rig, 0).counter == ((4090 + stored + 1) & 0xfff), "the store decides");
            }
        }
    }
}

static void a_failed_store_sends_nothing(void) {
    rig_t rig;
    rig_start(&rig, SIGFOX_ZONE_RC1, 7);
    rig.fail_at = 0;
    sigfox_schedule_message_t message = bytes(2, false);
    rig_send(&rig, &message);
    CHECK(rig.result.result == SIGFOX_SCHEDULE_NOT_STORED && rig.result.error == -NET_ENOSPC, "it is said");
    CHECK(rig.logged == 0, "and nothing was sent");
    rig.fail_at = -1;
    rig_send(&rig, &message);
    CHECK(rig.stores == 1 && heard(&rig, 0).counter == 8, "the counter is stored with the next message");
}

static void a_confirmation_that_cannot_be_stored_is_not_sent(void) {
    rig_t rig;
    rig_start(&rig, SIGFOX_ZONE_RC1, 7);
    rig.replies[0] = RIG_ANSWER;
    rig.fail_at = 6; // STORE, three frames, RECEIVE, DELIVER, STORE
    sigfox_schedule_message_t message = bytes(2, true);
    rig_send(&rig, &message);
    CHECK(rig.result.error == 0 && rig.schedule.report.downlink && !rig.schedule.report.confirmed, "the user has the downlink all the same");
    CHECK(sends(&rig) == 3 && rig.stores == 1, "no confirmation went out");
}

static void a_failing_radio_ends_the_message(void) {
    for (int fail = 1; fail <= 4; ++fail) {
        rig_t rig;
        rig_start(&rig, SIGFOX_ZONE_RC1, 7);
        rig.fail_at = fail;
        sigfox_schedule_message_t message = bytes(2, true);
        rig_send(&rig, &message);
        CHECK(rig.result.result == SIGFOX_SCHEDULE_RADIO_FAILED && rig.result.error == -NET_EIO, "it is said");
        CHECK(rig.schedule.report.frames == fail - 1, "and how far it got");
        rig.fail_at = -1;
        rig_send(&rig, &message);
        CHECK(heard(&rig, 0).counter == 9, "the counter may have been on the air and is not used again");
    }
}

static void a_message_can_be_cancelled_at_any_point(void) {
    for (int zone = SIGFOX_ZONE_RC1; zone <= SIGFOX_ZONE_RC3; ++zone) {
        for (int at = 0; at < 8; ++at) {
            rig_t rig;
            rig_start(&rig, zone, 7);
            rig.cancel_at = at;
            sigfox_schedule_message_t message = bytes(2, true);
            rig_send(&rig, &message);
            bool ended = rig.actions <= at;
            CHECK(ended || (rig.result.result == SIGFOX_SCHEDULE_CANCELLED && rig.result.error == -NET_ECANCELED), "it ends at once");
            rig.cancel_at = -1;
            message.wait_us = 60 * SECOND;
            CHECK(rig_send(&rig, &message) == 0 && sends(&rig) == 3, "and the next one is sent as ever");
        }
    }
}

static void what_start_refuses_changes_nothing(void) {
    rig_t rig;
    rig_start(&rig, SIGFOX_ZONE_RC1, 7);
    sigfox_schedule_t before = rig.schedule;
    sigfox_schedule_message_t message = bytes(3, false);
    CHECK(rig_send(&rig, &message) == -NET_EINVAL, "three repeats are too many");
    message = bytes(2, false);
    message.len = 13;
    CHECK(rig_send(&rig, &message) == -NET_EMSGSIZE, "13 bytes are too many");
    message.len = 0;
    CHECK(rig_send(&rig, &message) == -NET_EINVAL, "no bytes are a bit or an empty message");
    message = (sigfox_schedule_message_t) { .type = SIGFOX_FRAME_CONFIRMATION };
    CHECK(rig_send(&rig, &message) == -NET_EINVAL, "a confirmation is not the user's to send");
    message = (sigfox_schedule_message_t) { .type = SIGFOX_FRAME_KEEP_ALIVE, .downlink = true };
    CHECK(rig_send(&rig, &message) == -NET_EINVAL, "a keep-alive asks for nothing");
    CHECK(memcmp(&before, &rig.schedule, sizeof(before)) == 0, "nothing has changed");
    message = bytes(2, false);
    rig.device.id = 0xffffffff;
    CHECK(rig_send(&rig, &message) == -NET_ENETDOWN, "without an ID there is no network");
    sigfox_schedule_t blank = { 0 };
    sigfox_schedule_action_t action;
    CHECK(sigfox_schedule_start(&blank, &message, 0, &action) == -NET_ENETDOWN, "nor without a zone");
    rig_start(&rig, SIGFOX_ZONE_RC1, 7);
    CHECK(sigfox_schedule_start(&rig.schedule, &message, 0, &action) == 0, "one message starts");
    CHECK(sigfox_schedule_start(&rig.schedule, &message, 0, &action) == -NET_EBUSY, "a second waits for its end");
    CHECK(sigfox_schedule_configure(&rig.schedule, &before.settings) == -NET_EBUSY, "and so do settings");
}

static int configured(int zone, uint16_t bit_rate, uint16_t gap_ms, uint16_t confirm_ms) {
    sigfox_schedule_t s = { 0 };
    sigfox_schedule_settings_t settings;
    sigfox_schedule_defaults(&settings, sigfox_zone(zone));
    settings.bit_rate = bit_rate;
    settings.gap_ms = gap_ms;
    settings.confirm_ms = confirm_ms;
    return sigfox_schedule_configure(&s, &settings);
}

static void settings_keep_the_ranges(void) {
    CHECK(configured(SIGFOX_ZONE_RC1, 600, 0, 1400) == 0 && configured(SIGFOX_ZONE_RC1, 100, 2000, 4000) == 0, "the ends are allowed");
    CHECK(configured(SIGFOX_ZONE_RC2, 100, 500, 2000) == -NET_EINVAL, "100 bit/s does not hop");
    CHECK(configured(SIGFOX_ZONE_RC1, 300, 500, 2000) == -NET_EINVAL, "300 bit/s does not exist");
    CHECK(configured(SIGFOX_ZONE_RC1, 100, 2001, 2000) == -NET_EINVAL, "gaps end at two seconds");
    CHECK(configured(SIGFOX_ZONE_RC1, 100, 500, 1399) == -NET_EINVAL && configured(SIGFOX_ZONE_RC1, 100, 500, 4001) == -NET_EINVAL, "confirmations are neither early nor late");
    sigfox_schedule_t s = { 0 };
    sigfox_schedule_settings_t settings = { .bit_rate = 100 };
    CHECK(sigfox_schedule_configure(&s, &settings) == -NET_EINVAL, "a zone is needed");
}

static void every_kind_of_message_goes_out(void) {
    rig_t rig;
    rig_start(&rig, SIGFOX_ZONE_RC6, 0);
    sigfox_schedule_message_t message = { .type = SIGFOX_FRAME_BIT, .bit = true };
    rig_send(&rig, &message);
    CHECK(heard(&rig, 0).indicator == 3 && heard(&rig, 0).len == 0 && !heard(&rig, 0).control, "a bit that is 1");
    message.bit = false;
    message.downlink = true;
    rig_send(&rig, &message);
    CHECK(heard(&rig, 0).indicator == 2 && heard(&rig, 2).downlink, "a bit that is 0, with a request");
    message = (sigfox_schedule_message_t) { .type = SIGFOX_FRAME_EMPTY };
    rig_send(&rig, &message);
    CHECK(heard(&rig, 0).indicator == 0 && heard(&rig, 0).len == 0, "nothing at all");
    message.type = SIGFOX_FRAME_KEEP_ALIVE;
    message.repeats = 2;
    rig_send(&rig, &message);
    CHECK(heard(&rig, 0).control && heard(&rig, 2).rank == 3 && heard(&rig, 2).payload[0] == 8, "a keep-alive in three frames");
}

// Events out of turn must neither confuse it nor make it send what is not stored.
static void events_out_of_turn_do_no_harm(void) {
    uint32_t random = 1;
    uint8_t noise[SIGFOX_DOWNLINK_FRAME_SIZE] = { 0 };
    rig_t rig;
    rig_start(&rig, SIGFOX_ZONE_RC3, 7);
    sigfox_schedule_message_t message = bytes(2, true);
    sigfox_schedule_action_t action = { 0 };
    int stored = 7;
    int bad = 0;
    for (int i = 0; i < 200000; ++i) {
        random = random * 1664525 + 1013904223;
        rig.now_us += random >> 10;
        if (sigfox_schedule_idle(&rig.schedule)) {
            bad += sigfox_schedule_start(&rig.schedule, &message, rig.now_us, &action) != 0;
        } else {
            bool was_store = action.type == SIGFOX_SCHEDULE_STORE;
            sigfox_schedule_event_t event = { .type = (uint8_t)(random >> 29) % 5, .frame = noise, .now_us = rig.now_us };
            sigfox_schedule_action_t next;
            sigfox_schedule_step(&rig.schedule, &event, &next);
            stored = was_store && event.type == SIGFOX_SCHEDULE_DONE ? rig.schedule.state.counter : stored;
            action = next.type == SIGFOX_SCHEDULE_NONE ? action : next;
        }
        bad += action.type == SIGFOX_SCHEDULE_TRANSMIT && rig.schedule.frame.counter != stored;
    }
    CHECK(bad == 0, "only stored counters are sent");
    sigfox_schedule_step(&rig.schedule, &(sigfox_schedule_event_t) { .type = SIGFOX_SCHEDULE_CANCEL }, &action);
    sigfox_schedule_step(&rig.schedule, &(sigfox_schedule_event_t) { .type = SIGFOX_SCHEDULE_DONE }, &action);
    CHECK(action.type == SIGFOX_SCHEDULE_NONE, "an event without a message asks for nothing");
}

static void an_early_timeout_changes_nothing(void) {
    rig_t rig;
    rig_start(&rig, SIGFOX_ZONE_RC3, 7);
    sigfox_schedule_message_t message = bytes(2, true);
    sigfox_schedule_action_t action;
    sigfox_schedule_start(&rig.schedule, &message, rig.now_us, &action);
    sigfox_schedule_step(&rig.schedule, &(sigfox_schedule_event_t) { .type = SIGFOX_SCHEDULE_DONE, .now_us = rig.now_us }, &action);
    uint64_t until = action.until_us;
    CHECK(action.type == SIGFOX_SCHEDULE_LISTEN, "it listens");
    sigfox_schedule_step(&rig.schedule, &(sigfox_schedule_event_t) { .type = SIGFOX_SCHEDULE_TIMEOUT, .now_us = until - 1 }, &action);
    CHECK(action.type == SIGFOX_SCHEDULE_NONE, "and goes on listening");
    sigfox_schedule_step(&rig.schedule, &(sigfox_schedule_event_t) { .type = SIGFOX_SCHEDULE_TIMEOUT, .now_us = until }, &action);
    CHECK(action.type == SIGFOX_SCHEDULE_RESULT, "until the time has come");
}

int main(void) {
    a_slow_store_delays_the_confirmation_or_ends_it();
    a_request_needs_room_for_its_confirmation();
    a_cancelled_frame_counts_as_sent();
    an_early_timeout_changes_nothing();
    uplinks_go_out_in_every_zone();
    downlinks_arrive_in_every_zone();
    other_frames_do_not_end_the_window();
    silence_ends_with_no_downlink();
    a_busy_channel_keeps_the_counter();
    a_busy_repeat_is_left_out();
    a_busy_confirmation_keeps_its_counter();
    the_duty_cycle_holds(SIGFOX_ZONE_RC1);
    the_duty_cycle_holds(SIGFOX_ZONE_RC7);
    a_duty_cycle_can_be_lifted_and_is_only_where_it_belongs();
    hopping_zones_pause_and_never_stay(SIGFOX_ZONE_RC2);
    hopping_zones_pause_and_never_stay(SIGFOX_ZONE_RC4);
    another_macro_channel_moves_the_message();
    short_gaps_keep_bursts_short();
    a_power_cut_never_repeats_a_counter();
    a_failed_store_sends_nothing();
    a_confirmation_that_cannot_be_stored_is_not_sent();
    a_failing_radio_ends_the_message();
    a_message_can_be_cancelled_at_any_point();
    what_start_refuses_changes_nothing();
    settings_keep_the_ranges();
    every_kind_of_message_goes_out();
    events_out_of_turn_do_no_harm();
    return check_result();
}
