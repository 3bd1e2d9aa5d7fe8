// The air by itself: levels, noise, interference, who is told what.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "sim_air.h"
#include "sim_time.h"

#define MS UINT64_C(1000000)

static sim_air_radio_t radios[3];
static unsigned heard_by[3], ended_by[3];

static void heard(sim_air_radio_t *radio, const sim_air_frame_t *frame) {
    (void)frame;
    ++heard_by[radio - radios];
}

static void ended(sim_air_radio_t *radio, const sim_air_frame_t *frame) {
    (void)frame;
    ++ended_by[radio - radios];
}

static void start(uint32_t seed) {
    sim_time_reset();
    sim_air_reset(seed);
    sim_air_set_fading(0);
    memset(radios, 0, sizeof(radios));
    memset(heard_by, 0, sizeof(heard_by));
    memset(ended_by, 0, sizeof(ended_by));
    for (int i = 0; i < 3; ++i) {
        radios[i].heard = heard;
        radios[i].ended = ended;
        radios[i].x_m = 100 * i;
        sim_air_join(&radios[i]);
    }
}

static sim_air_frame_t lora(uint8_t sf, uint64_t start_ns, uint64_t end_ns) {
    return (sim_air_frame_t) {
               .start_ns = start_ns, .end_ns = end_ns, .preamble_ns = (end_ns - start_ns) / 4, .frequency = 868100000,
               .bandwidth = 125000, .power_x10 = 140, .modem = SIM_AIR_LORA, .sf = sf, .cr = 1, .len = 10,
    };
}

static void everybody_but_the_sender_hears(void) {
    start(1);
    sim_air_frame_t frame = lora(7, 0, 50 * MS);
    const sim_air_frame_t *sent = sim_air_transmit(&radios[0], &frame);
    CHECK(heard_by[0] == 0 && heard_by[1] == 1 && heard_by[2] == 1, "the others are told");
    CHECK(sent->source == radios[0].id && sent->number != 0, "source and number are filled in");
    CHECK(sim_air_next(NULL) == sent && sim_air_next(sent) == NULL, "the frame is on the air");
    sim_air_leave(&radios[2]);
    sim_air_abort(sent);
    CHECK(ended_by[1] == 1 && ended_by[2] == 0 && ended_by[0] == 0, "its early end is told to who is there");
    CHECK(sim_air_next(NULL) == NULL, "and it is gone");
}

static void ids_are_unique(void) {
    start(1);
    sim_air_radio_t own = { .id = 7000 }, same = { .id = 7000 }, late = { .id = 0 };
    sim_air_join(&own);
    sim_air_join(&same);
    sim_air_join(&late);
    CHECK(own.id == 7000 && same.id != 7000 && same.id != late.id, "an owner's id is kept if nobody has it");
    sim_air_join(&own);
    CHECK(own.id == 7000, "joining twice changes nothing");
    for (int i = 0; i < 3; ++i) {
        CHECK(radios[i].id != 0 && radios[i].id != same.id && radios[i].id != late.id, "all others have their own");
    }
}

static void levels_fall_with_distance(void) {
    start(1);
    sim_air_frame_t frame = lora(7, 0, 50 * MS);
    const sim_air_frame_t *sent = sim_air_transmit(&radios[0], &frame);
    CHECK(sim_air_rssi_x10(&radios[1], sent) == 140 - 312 - 540, "31.2 dB to one metre, 27 dB a decade");
    radios[1].x_m = 1000;
    CHECK(sim_air_rssi_x10(&radios[1], sent) == 140 - 312 - 810, "one more decade");
    sim_air_set_loss(radios[1].id, radios[0].id, 12);
    CHECK(sim_air_rssi_x10(&radios[1], sent) == 140 - 312 - 810 - 120, "a pair's extra loss, either way round");
    sim_air_set_loss(radios[0].id, radios[1].id, 3);
    CHECK(sim_air_rssi_x10(&radios[1], sent) == 140 - 312 - 810 - 30, "can be changed");
    CHECK(sim_air_noise_x10(125000) == -1740 + 510 + 60, "noise is thermal with 6 dB");
    CHECK(sim_air_snr_x10(&radios[1], sent) == 140 - 312 - 810 - 30 + 1170, "SNR is one over the other");
}

static void a_seed_gives_the_same_fading_again(void) {
    int first[20], again[20], other[20];
    int *const runs[3] = { first, again, other };
    long sum = 0;
    for (int run = 0; run < 3; ++run) {
        start(run == 2 ? 8 : 7);
        sim_air_set_fading(20);
        for (int i = 0; i < 20; ++i) {
            sim_air_frame_t frame = lora(7, sim_time_now(), sim_time_now() + MS);
            const sim_air_frame_t *sent = sim_air_transmit(&radios[0], &frame);
            runs[run][i] = sim_air_rssi_x10(&radios[1], sent);
            CHECK(runs[run][i] == sim_air_rssi_x10(&radios[1], sent), "a frame has one level at a radio");
            CHECK(runs[run][i] >= -712 - 61 && runs[run][i] <= -712 + 61, "within three standard deviations");
            sum += runs[run][i];
            sim_time_advance(sim_time_now() + 100 * MS);
        }
    }
    CHECK(memcmp(first, again, sizeof(first)) == 0, "the same seed, the same levels");
    CHECK(memcmp(first, other, sizeof(first)) != 0, "another seed, others");
    CHECK(sum / 60 > -712 - 10 && sum / 60 < -712 + 10, "around the mean");
}

static void the_level_sums_what_is_in_the_band(void) {
    start(1);
    CHECK(sim_air_level_x10(&radios[1], 868100000, 125000) == -1170, "silence is the noise");
    sim_air_frame_t frame = lora(7, 0, 50 * MS);
    sim_air_transmit(&radios[0], &frame);
    CHECK(sim_air_level_x10(&radios[1], 868100000, 125000) == -712, "a frame is far above it");
    CHECK(sim_air_level_x10(&radios[1], 868300000, 125000) == -1170, "not in the next channel");
    CHECK(sim_air_level_x10(&radios[1], 868162500, 125000) == -742, "half overlapped it is 3 dB less");
    CHECK(sim_air_level_x10(&radios[0], 868100000, 125000) == -1170, "a radio does not hear itself");
    sim_air_transmit(&radios[0], &frame);
    sim_time_advance(60 * MS);
    CHECK(sim_air_level_x10(&radios[1], 868100000, 125000) == -1170, "at the end it is gone");
}

// Does a frame at radio 1 survive another that is so many dB stronger there?
static bool survives(uint8_t sf, sim_air_frame_t other, int stronger_db) {
    start(1);
    radios[2].x_m = 0; // as far as radio 0
    sim_air_frame_t frame = lora(sf, 0, 100 * MS);
    const sim_air_frame_t *sent = sim_air_transmit(&radios[0], &frame);
    other.power_x10 = (int16_t)(140 + stronger_db * 10);
    sim_air_transmit(&radios[2], &other);
    return !sim_air_collided(&radios[1], sent, 0, 100 * MS);
}

static void capture_and_orthogonality(void) {
    sim_air_frame_t same = lora(7, 10 * MS, 80 * MS);
    CHECK(survives(7, same, -6) && !survives(7, same, -5), "6 dB more survive one's own kind");
    // Croce et al. 2018: rows of SF7 and SF12.
    sim_air_frame_t eight = lora(8, 10 * MS, 80 * MS), seven = lora(7, 10 * MS, 80 * MS), twelve = lora(12, 10 * MS, 80 * MS);
    CHECK(survives(7, eight, 8) && !survives(7, eight, 9), "SF7 bears SF8 up to 8 dB stronger");
    CHECK(survives(12, seven, 25) && !survives(12, seven, 26), "SF12 bears SF7 up to 25 dB stronger");
    CHECK(survives(7, twelve, 9) && !survives(7, twelve, 10), "SF7 bears SF12 up to 9 dB stronger");
    sim_air_frame_t inverted = same;
    inverted.iq_inverted = true;
    CHECK(survives(7, inverted, 5), "chirps of the other direction disturb little");
    sim_air_frame_t carrier = same;
    carrier.modem = SIM_AIR_CARRIER;
    CHECK(survives(7, carrier, 7) && !survives(7, carrier, 8), "a carrier is like noise: the SF's limit");
    sim_air_frame_t apart = same;
    apart.frequency += 200000;
    CHECK(survives(7, apart, 40), "another channel does not disturb");
    // BW^2 / 2^SF of SF9 at 250 kHz equals that of SF7 at 125 kHz.
    sim_air_frame_t alike = lora(9, 10 * MS, 80 * MS);
    alike.bandwidth = 250000;
    CHECK(!survives(7, alike, -2), "another bandwidth with chirps of the same slope is one's own kind");
    sim_air_frame_t brief = lora(7, 10 * MS, 10 * MS + 500000);
    CHECK(survives(7, brief, 20), "less than half a symbol is corrected");
}

static sim_air_fate_t fates[16];
static unsigned fates_seen;

static void watch(const sim_air_radio_t *radio, const sim_air_frame_t *frame, sim_air_fate_t fate) {
    (void)radio;
    (void)frame;
    fates[fates_seen++ % 16] = fate;
}

static void the_watcher_sees_a_frames_life(void) {
    start(1);
    fates_seen = 0;
    sim_air_watch(watch);
    sim_air_frame_t frame = lora(7, 0, 50 * MS);
    sim_air_transmit(&radios[0], &frame);
    sim_time_advance(200 * MS);
    CHECK(fates_seen == 3 && fates[0] == SIM_AIR_ON_AIR && fates[1] == SIM_AIR_SENT && fates[2] == SIM_AIR_NOBODY, "begun, ended, heard by nobody");
    fates_seen = 0;
    frame = lora(7, sim_time_now(), sim_time_now() + 50 * MS);
    const sim_air_frame_t *sent = sim_air_transmit(&radios[0], &frame);
    sim_time_advance(sim_time_now() + 50 * MS);
    sim_air_tell(&radios[1], sent, SIM_AIR_RECEIVED);
    sim_time_advance(sim_time_now() + 200 * MS);
    CHECK(fates_seen == 3 && fates[2] == SIM_AIR_RECEIVED, "a frame that was received has not been heard by nobody");
    fates_seen = 0;
    frame.source = 90;
    frame.number = 1;
    frame.start_ns = sim_time_now();
    frame.end_ns = frame.start_ns + 50 * MS;
    sim_air_from_outside(&frame, 10, 10);
    CHECK(fates_seen == 0 && heard_by[1] == 3 && heard_by[0] == 1, "of others' frames only what becomes of them here");
    frame.data[3] = 9;
    sim_air_from_outside(&frame, 10, 10);
    CHECK(sim_air_next(NULL)->data[3] == 9 && sim_air_next(sim_air_next(NULL)) == NULL, "given again, its data is completed");
}

static void the_pool_ends_and_recovers(void) {
    start(1);
    sim_air_frame_t frame = lora(7, 0, 50 * MS);
    unsigned sent = 0;
    while (sim_air_transmit(&radios[0], &frame) != NULL && sent < 10000) {
        ++sent;
    }
    CHECK(sent >= 32 && sent < 10000 && sim_air_dropped() == 1, "a full air refuses and counts");
    sim_time_advance(100 * MS);
    CHECK(sim_air_transmit(&radios[0], &frame) != NULL, "frames that have ended make room");
}

static void an_overlapped_frame_remembers_the_other(void) {
    start(1);
    sim_air_frame_t lone = lora(12, 0, 2000 * MS), brief = lora(12, 10 * MS, 200 * MS);
    const sim_air_frame_t *sent = sim_air_transmit(&radios[0], &lone);
    sim_air_transmit(&radios[2], &brief);
    sim_time_advance(1999 * MS);
    CHECK(sim_air_collided(&radios[1], sent, 0, 2000 * MS), "however long ago the other has ended");
}

int main(void) {
    everybody_but_the_sender_hears();
    ids_are_unique();
    levels_fall_with_distance();
    a_seed_gives_the_same_fading_again();
    the_level_sums_what_is_in_the_band();
    capture_and_orthogonality();
    the_watcher_sees_a_frames_life();
    the_pool_ends_and_recovers();
    an_overlapped_frame_remembers_the_other();
    return check_result();
}
