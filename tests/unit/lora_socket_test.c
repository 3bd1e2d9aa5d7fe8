// Raw LoRa sockets on a fake radio: sending, receiving, listening before talking,
// and everything that can go wrong.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "fake/fake_radio.h"
#include "hal/hal.h"
#include "lora/lora.h"

static net_socket_t s;
static lora_settings_t settings;
static lora_why_t why;
static uint8_t buf[300];

// A socket on a radio that receives.
static void begin(void) {
    net_close(&s);
    lora_deinit();
    fake_radio_reset();
    lora_settings_default(&settings, LORA_EU868, NULL);
    CHECK(lora_start() == 0 && lora_init(&settings) == 0, "LoRa begins");
    fake_radio_run(100);
    CHECK(net_open(&s, &lora_ops, NET_AF_LORA, NET_SOCK_RAW, 0) == 0, "a socket opens");
    lora_events_take();
    CHECK(strcmp(fake_radio.log, "R") == 0, "the radio receives");
    fake_radio_forget_log();
}

// Wait as a blocking send does: what became of the frame.
static int finish(uint32_t timeout_ms) {
    uint64_t end = hal_now_us() + timeout_ms * 1000ULL;
    int ret;
    while ((ret = net_send_finish(&s)) == -NET_EAGAIN && hal_now_us() < end) {
        net_wait(&s, NET_SENT, (end - hal_now_us() + 999) / 1000);
    }
    return ret;
}

static const char *last_error(void) {
    lora_last_error(&why);
    return why.text;
}

static uint32_t tx_counter(void) {
    lora_stats_t stats;
    lora_stats(&stats);
    return stats.tx_counter;
}

static void nothing_works_before_init(void) {
    CHECK(net_open(&s, &lora_ops, NET_AF_LORA, NET_SOCK_RAW, 0) == -NET_ENODEV, "no socket before lora_init");
    CHECK(lora_settings(&settings) == -NET_ENETDOWN, "no settings");
    CHECK(lora_airtime_us(10) == -NET_ENETDOWN && lora_reset() == -NET_ENETDOWN, "nothing to ask");
    CHECK(lora_sense(-80, 1000) == -NET_ENETDOWN, "no channel to listen to");
    CHECK(*last_error() != 0, "and words for it");
    lora_deinit();
}

static void only_raw_sockets(void) {
    net_socket_t other;
    CHECK(net_open(&other, &lora_ops, NET_AF_LORA, NET_SOCK_DGRAM, 0) == -NET_ESOCKTNOSUPPORT, "not SOCK_DGRAM");
    CHECK(net_open(&other, &lora_ops, NET_AF_LORA, NET_SOCK_STREAM, 0) == -NET_ESOCKTNOSUPPORT, "not SOCK_STREAM");
}

static void a_frame_is_sent_after_listening(void) {
    begin();
    uint32_t before = tx_counter();
    CHECK(net_send(&s, "hello", 5, NULL) == 5, "the frame is taken");
    CHECK(net_send_finish(&s) == -NET_EAGAIN, "it has not left yet");
    uint64_t start = hal_now_us();
    CHECK(finish(1000) == 0, "it left");
    uint64_t took = hal_now_us() - start;
    CHECK(took >= 1000 + 1500 && took < 3000, "send ends when the frame does: 1 ms of listening, 1.5 ms on the air");
    fake_radio_run(1000);
    CHECK(strcmp(fake_radio.log, "STR") == 0, "listen, send, receive again");
    CHECK(fake_radio.tx_count == 1 && fake_radio.sent_len[0] == 5 && memcmp(fake_radio.sent[0], "hello", 5) == 0,
        "it is what was given");
    CHECK(lora_events_take() == LORA_EVENT_TX && lora_events_take() == 0, "an event, once");
    lora_stats_t stats;
    lora_stats(&stats);
    CHECK(stats.tx_counter == before + 1 && stats.tx_time_on_air == 2 && stats.sftx == 7 && stats.tx_power == 14
        && stats.tx_frequency == 868000000 && stats.tx_trials == 1, "statistics of the frame");
}

static void payload_sizes(void) {
    begin();
    CHECK(net_send(&s, buf, 0, NULL) == 0, "nothing is nothing");
    CHECK(finish(0) == 0, "and waits for nothing");
    CHECK(net_send(&s, buf, 256, NULL) == -NET_EMSGSIZE, "256 bytes are too many");
    CHECK(strcmp(last_error(), "a payload of 256 bytes is over 255") == 0, "in words");
    CHECK(net_send(&s, buf, 1, NULL) == 1 && finish(1000) == 0, "one byte");
    CHECK(net_send(&s, buf, 255, NULL) == 255 && finish(1000) == 0, "255 bytes");
    CHECK(fake_radio.tx_count == 2 && fake_radio.sent_len[0] == 1 && fake_radio.sent_len[1] == 255, "two frames left");
}

static void frames_back_to_back_leave_no_idle_air(void) {
    begin();
    for (int i = 0; i < LORA_TX_FRAMES; ++i) {
        buf[0] = i;
        CHECK((net_poll(&s, NET_POLLOUT) & NET_POLLOUT) && net_send(&s, buf, 100, NULL) == 100, "seven frames are taken");
    }
    CHECK(net_poll(&s, NET_POLLOUT) == 0 && net_send(&s, buf, 100, NULL) == -NET_EAGAIN, "an eighth is not");
    CHECK(*last_error() != 0, "in words");
    fake_radio_run(500000);
    CHECK(strcmp(fake_radio.log, "STNNNNNNR") == 0, "one look at the channel, the rest follows");
    CHECK(fake_radio.tx_count == 7 && fake_radio.idle_us == 0, "no idle air");
    for (int i = 0; i < LORA_TX_FRAMES; ++i) {
        CHECK(fake_radio.sent[i][0] == i, "in order");
    }
    CHECK(net_poll(&s, NET_POLLOUT) == NET_POLLOUT, "there is room again");
}

static void long_frames_follow_without_listening(void) {
    begin();
    fake_radio.no_next = true; // they do not fit beside each other in the FIFO
    for (int i = 0; i < 3; ++i) {
        net_send(&s, buf, 255, NULL);
    }
    fake_radio_run(500000);
    CHECK(strcmp(fake_radio.log, "STNTNTR") == 0, "asked once each, then sent at once after the frame before");
    CHECK(fake_radio.tx_count == 3 && fake_radio.idle_us < 100, "with next to no idle air");
}

static void a_sender_that_waits_for_each_keeps_the_channel(void) {
    begin();
    for (int i = 0; i < 4; ++i) {
        net_send(&s, buf, 20, NULL);
        CHECK(finish(1000) == 0, "sent");
        fake_radio_run(200); // what Python needs
    }
    fake_radio_run(2000);
    CHECK(strcmp(fake_radio.log, "STRTRTRTR") == 0, "a frame within 1 ms of our own goes without listening");
    net_send(&s, buf, 20, NULL);
    fake_radio_run(20000);
    CHECK(strcmp(fake_radio.log, "STRTRTRTRSTR") == 0, "later ones listen again");
}

static void each_frequency_is_listened_to(void) {
    begin();
    net_send(&s, buf, 20, NULL);
    settings.frequency = 869000000;
    lora_init(&settings);
    net_send(&s, buf, 20, NULL);
    fake_radio_run(100000);
    CHECK(strncmp(fake_radio.log, "STS", 3) == 0, "a channel that was ours says nothing of another");
}

static void a_busy_channel_is_waited_for(void) {
    begin();
    lora_counters_t before, counters;
    lora_counters(&before);
    fake_radio.busy_until_us = hal_now_us() + 300000;
    net_send(&s, "x", 1, NULL);
    CHECK(finish(2000) == 0, "the frame leaves in the end");
    CHECK(fake_radio.first_start_us > fake_radio.busy_until_us, "after the channel became free");
    CHECK(fake_radio.first_start_us < fake_radio.busy_until_us + 60000, "soon after");
    CHECK(strncmp(fake_radio.log, "SRS", 3) == 0, "it receives between two looks");
    lora_counters(&counters);
    uint32_t looks = counters.lbt_busy - before.lbt_busy;
    CHECK(looks >= 5 && looks <= 50, "each busy look is counted, and there are 5 to 50 ms between them");
}

static void a_channel_that_is_never_free_is_given_up(void) {
    begin();
    fake_radio.busy_until_us = UINT64_MAX;
    net_send(&s, "x", 1, NULL);
    uint64_t start = hal_now_us();
    CHECK(finish(60000) == -NET_EBUSY, "its own error number");
    CHECK(hal_now_us() - start >= 10000000 && hal_now_us() - start < 10200000, "after ten seconds");
    CHECK(strstr(last_error(), "channel was busy for 10 s") != NULL, "in words");
    CHECK(lora_events_take() == LORA_EVENT_TX_FAILED, "and an event");
    CHECK(fake_radio.tx_count == 0, "nothing was sent");
    fake_radio.busy_until_us = 0;
    net_send(&s, "y", 1, NULL);
    CHECK(finish(1000) == 0, "the next frame finds it free");
}

static void a_look_for_a_frame_taken_back_is_not_the_next_ones(void) {
    begin();
    for (uint64_t us = 100; us < 60000; us += 900) { // before, within and after a look
        fake_radio.busy_until_us = hal_now_us() + 100000;
        CHECK(net_send(&s, "x", 1, NULL) == 1, "a frame waits");
        fake_radio_run(us);
        CHECK(net_send_cancel(&s) == 0, "and is taken back");
        CHECK(net_send(&s, "y", 1, NULL) == 1 && finish(1000) == 0, "the next has its own time to wait");
        fake_radio_run(10000);
    }
}

static void a_timeout_takes_the_frame_back(void) {
    begin();
    fake_radio.busy_until_us = UINT64_MAX;
    net_send(&s, "x", 1, NULL);
    CHECK(finish(200) == -NET_EAGAIN, "the time is over");
    CHECK(net_send_cancel(&s) == 0, "it is taken back");
    CHECK(strstr(last_error(), "channel was not free") != NULL, "why, in words");
    CHECK(net_send_finish(&s) == -NET_ECANCELED && net_send_cancel(&s) == -NET_ENOENT, "it no longer waits");
    fake_radio.busy_until_us = 0;
    fake_radio_run(1000000);
    CHECK(fake_radio.tx_count == 0, "nothing was sent");

    net_send(&s, buf, 255, NULL);
    fake_radio_run(10000);
    CHECK(net_send_cancel(&s) == -NET_EALREADY, "a frame on the air is not taken back");
    CHECK(finish(1000) == 0, "and ends");

    net_socket_t other = { 0 };
    net_open(&other, &lora_ops, NET_AF_LORA, NET_SOCK_RAW, 0);
    fake_radio.no_next = true;
    net_send(&other, buf, 255, NULL);
    net_send(&s, buf, 10, NULL);
    fake_radio_run(10000);
    CHECK(net_send_cancel(&s) == 0 && strstr(last_error(), "1 others before it") != NULL, "one that waits behind is");
    fake_radio_run(100000);
    CHECK(fake_radio.tx_count == 2, "only the other's was sent");
    net_close(&other);
}

static void frames_are_received_with_their_numbers(void) {
    begin();
    net_addr_t from = { .port = 77 };
    CHECK(net_recv(&s, buf, 10, 0, &from) == -NET_EAGAIN && net_poll(&s, NET_POLLIN) == 0, "nothing is there");
    CHECK(fake_radio_deliver("one", 3, -50, 20), "a frame is heard");
    lora_stats_t stats;
    lora_stats(&stats);
    CHECK(stats.rssi == -50, "before anything is read, statistics are of the frame heard last");
    CHECK(fake_radio_deliver("seventh", 7, -60, -21), "another");
    CHECK(net_poll(&s, NET_POLLIN) == NET_POLLIN && lora_events_take() == LORA_EVENT_RX, "poll and events say so");
    CHECK(net_recv(&s, buf, 10, 0, NULL) == 3, "the first");
    CHECK(net_recv(&s, buf, 10, NET_MSG_PEEK, &from) == 7 && from.port == 0, "a look at the second");
    lora_stats(&stats);
    CHECK(stats.rssi == -50, "which does not count as reading");
    fake_radio_deliver("third", 5, -70, 8);
    lora_stats(&stats);
    CHECK(stats.rssi == -50 && stats.snr_x4 == 20 && stats.sfrx == 7, "statistics are of the frame that was read");
    CHECK(net_recv(&s, buf, 4, 0, NULL) == 4 && memcmp(buf, "seventh", 4) == 0, "a part of the second");
    CHECK(net_poll(&s, NET_POLLIN) == NET_POLLIN, "its rest can be read");
    lora_stats(&stats);
    CHECK(stats.rssi == -60 && stats.snr_x4 == -21, "statistics of the second");
    CHECK(net_recv(&s, buf, 4, 0, NULL) == 3 && memcmp(buf, "nth", 3) == 0, "the rest");
    CHECK(lora_events_take() == LORA_EVENT_RX, "the event of the third");
    lora_stats(&stats);
    CHECK(stats.rssi == -70, "a script that takes the event may ask before it reads");
    CHECK(net_recv(&s, buf, 10, 0, NULL) == 5, "the third");
    fake_radio_deliver("", 0, -70, 8);
    CHECK(net_poll(&s, NET_POLLIN) == 0, "a frame without bytes is no frame");
}

static void a_full_queue_drops_the_newest_and_counts(void) {
    begin();
    lora_counters_t before, after;
    lora_counters(&before);
    for (int i = 0; i < 10; ++i) {
        buf[0] = i;
        fake_radio_deliver(buf, 255, -50, 20);
    }
    fake_radio_crc_error();
    lora_counters(&after);
    CHECK(after.rx_frames - before.rx_frames == 7 && after.rx_dropped - before.rx_dropped == 3, "seven kept, three dropped");
    CHECK(after.rx_crc_errors - before.rx_crc_errors == 1, "a bad CRC is counted");
    CHECK(strstr(last_error(), "dropped: 7 wait") != NULL, "in words");
    for (int i = 0; i < 7; ++i) {
        CHECK(net_recv(&s, buf, 300, 0, NULL) == 255 && buf[0] == i, "the oldest are kept, in order");
    }
    CHECK(net_recv(&s, buf, 300, 0, NULL) == -NET_EAGAIN, "and no more");
}

static void a_wait_ends_with_the_frame(void) {
    begin();
    uint64_t start = hal_now_us();
    CHECK(net_wait(&s, NET_POLLIN, 50) == 0 && hal_now_us() - start == 50000, "a wait is bounded");
    CHECK(net_recv_wait(&s, buf, 10, NULL, 20) == -NET_EAGAIN && hal_now_us() - start == 70000, "recv_wait too");
    fake_radio_deliver("x", 1, -50, 0);
    CHECK(net_recv_wait(&s, buf, 10, NULL, 20) == 1 && hal_now_us() - start == 70000, "what is there is not waited for");
    CHECK(net_wait(&s, NET_POLLOUT, 1000) == NET_POLLOUT, "room is there at once");
}

static void power_modes(void) {
    begin();
    settings.power_mode = LORA_TX_ONLY;
    lora_init(&settings);
    fake_radio_run(1000);
    net_send(&s, "x", 1, NULL);
    CHECK(finish(1000) == 0, "TX_ONLY sends");
    fake_radio_run(1000);
    CHECK(strcmp(fake_radio.log, "ZSTZ") == 0, "and sleeps before and after");
    settings.power_mode = LORA_SLEEP;
    lora_init(&settings);
    CHECK(net_send(&s, "x", 1, NULL) == -NET_ENETDOWN && strstr(last_error(), "SLEEP") != NULL, "SLEEP does not send");
    settings.power_mode = LORA_ALWAYS_ON;
    lora_init(&settings);
    fake_radio_run(1000);
    CHECK(fake_radio_deliver("x", 1, -50, 0), "ALWAYS_ON receives again");
}

static void new_settings_hold_for_later_frames(void) {
    begin();
    net_send(&s, buf, 100, NULL);
    settings.frequency = 869000000;
    settings.tx_power = 5;
    settings.rx_iq = true;
    lora_init(&settings);
    net_send(&s, buf, 100, NULL);
    fake_radio_run(100000);
    CHECK(fake_radio.tx_count == 2, "both were sent");
    CHECK(fake_radio.sent_modulation[0].frequency == 868000000 && fake_radio.sent_power[0] == 14,
        "a frame is sent with the settings that it was given with");
    CHECK(fake_radio.sent_modulation[1].frequency == 869000000 && fake_radio.sent_power[1] == 5, "the next with the new");
    CHECK(fake_radio.rx_modulation.frequency == 869000000 && fake_radio.rx_modulation.lora.iq_inverted,
        "receiving has the new settings");
    net_send(&s, buf, 100, NULL);
    settings.tx_power = 6;
    lora_init(&settings);
    net_send(&s, buf, 100, NULL);
    fake_radio_run(100000);
    CHECK(fake_radio.sent_power[2] == 5 && fake_radio.sent_power[3] == 6, "also when only the power is new");
    fake_radio_forget_log();
    settings.tx_power = 7;
    settings.tx_iq = true;
    lora_init(&settings);
    fake_radio_run(1000);
    CHECK(fake_radio.log[0] == 0, "what concerns sending only does not disturb receiving");
}

static void the_channel_can_be_asked_for(void) {
    begin();
    CHECK(lora_sense(-80, 2000) == 0 && lora_sense(-80, 2000) == -NET_EBUSY, "one asks at a time");
    CHECK(lora_sense_result() == -NET_EAGAIN, "it takes its time");
    fake_radio_run(3000);
    CHECK(lora_sense_result() == 1, "free");
    CHECK(strcmp(fake_radio.log, "SR") == 0, "and receives again");
    fake_radio.busy_until_us = hal_now_us() + 100000;
    CHECK(lora_sense(-80, 2000) == 0, "again");
    fake_radio_run(3000);
    CHECK(lora_sense_result() == 0, "busy");
    fake_radio.busy_until_us = 0;
    for (int i = 0; i < 3; ++i) {
        net_send(&s, buf, 200, NULL);
    }
    fake_radio_run(5000);
    fake_radio_forget_log();
    CHECK(lora_sense(-80, 2000) == 0, "while frames are sent");
    fake_radio_run(200000);
    CHECK(strcmp(fake_radio.log, "SSTNR") == 0 || strcmp(fake_radio.log, "SSTR") == 0,
        "the frames in the chip end, then it is asked, then the rest is sent");
    CHECK(lora_sense_result() == 1, "and answered");
    lora_sense(-80, 2000);
    lora_sense_cancel();
    fake_radio_run(10000);
    CHECK(lora_sense(-80, 2000) == 0, "a question that was dropped does not stay");
    fake_radio_run(1000);
    fake_radio_fault();
    CHECK(lora_sense_result() == -NET_EIO, "a chip that fails answers nothing");
}

static void a_chip_that_resets_while_sending(void) {
    begin();
    net_send(&s, buf, 100, NULL);
    net_socket_t other = { 0 };
    net_open(&other, &lora_ops, NET_AF_LORA, NET_SOCK_RAW, 0);
    net_send(&other, "next", 4, NULL);
    fake_radio_run(5000);
    fake_radio_fault();
    CHECK(net_send_finish(&s) == -NET_EIO, "the sender is told");
    CHECK(strstr(last_error(), "failed while it sent a frame of 100 bytes") != NULL, "in words");
    CHECK(lora_events_take() == LORA_EVENT_TX_FAILED, "and by an event");
    CHECK(net_send_finish(&other) == -NET_EAGAIN && net_send_cancel(&other) == 0, "the one behind it waits again");
    net_send(&other, "next", 4, NULL);
    fake_radio_run(500000);
    CHECK(fake_radio.tx_count == 1 && fake_radio.sent_len[0] == 4, "and is sent, once");
    CHECK(fake_radio_deliver("x", 1, -50, 0), "and the radio receives again");
    net_close(&other);
}

static void a_chip_that_is_dead(void) {
    begin();
    fake_radio.answer = -NET_EIO;
    net_send(&s, "x", 1, NULL);
    uint64_t start = hal_now_us();
    CHECK(finish(60000) == -NET_EIO && hal_now_us() - start < 2000000, "the sender is told within two seconds");
    CHECK(strstr(last_error(), "does not answer") != NULL, "in words");
    CHECK(strlen(fake_radio.log) < 100, "the chip is not asked all the time");
    fake_radio.answer = 0;
    fake_radio_run(200000);
    CHECK(fake_radio_deliver("x", 1, -50, 0), "it receives as soon as the chip is back");
    net_send(&s, "x", 1, NULL);
    CHECK(finish(1000) == 0, "and sends");
}

static void a_reset_cancels_what_waits(void) {
    begin();
    net_send(&s, buf, 200, NULL);
    fake_radio_deliver("x", 1, -50, 0);
    fake_radio_run(5000);
    CHECK(lora_reset() == 0, "reset");
    CHECK(net_send_finish(&s) == -NET_ECANCELED, "the frame is cancelled");
    fake_radio_run(1000);
    CHECK(fake_radio_deliver("y", 1, -50, 0), "it receives again");
    CHECK(net_recv(&s, buf, 9, 0, NULL) == 1, "what was received stays");
}

static int hooked;
static bool hook_answer;
static bool hook(void) {
    ++hooked;
    return hook_answer;
}

static void a_callback_for_each_event(void) {
    begin();
    lora_events_trigger(LORA_EVENT_RX);
    hook_answer = false;
    lora_events_hook(hook);
    fake_radio_deliver("a", 1, -50, 0);
    fake_radio_deliver("b", 1, -50, 0);
    net_send(&s, "x", 1, NULL);
    fake_radio_run(100000);
    CHECK(hooked > 2, "a hook that has no room is told again");
    hook_answer = true;
    fake_radio_run(100000);
    int told = hooked;
    fake_radio_run(100000);
    CHECK(hooked == told, "one that took it is told once");
    CHECK(lora_events_take() == (LORA_EVENT_RX | LORA_EVENT_TX), "bits are set whether they are called for or not");
    CHECK(lora_events_next() == LORA_EVENT_RX && lora_events_take() == LORA_EVENT_RX, "the first call has its bit");
    CHECK(lora_events_next() == LORA_EVENT_RX && lora_events_take() == LORA_EVENT_RX, "the second as well");
    CHECK(lora_events_next() == 0, "there is none for what was not asked for");
    fake_radio_deliver("c", 1, -50, 0);
    CHECK(hooked == told + 1, "the next event is told");
    lora_events_trigger(0);
    CHECK(lora_events_next() == 0, "without a trigger nothing is due");
}

static void options_and_ports(void) {
    begin();
    net_addr_t addr = { .family = NET_AF_LORA, .port = 224 };
    CHECK(net_bind(&s, &addr) == 0 && LORA_PARAM_PORT(s.param) == 224, "port 224");
    addr.port = 225;
    CHECK(net_bind(&s, &addr) == -NET_EOPNOTSUPP && LORA_PARAM_PORT(s.param) == 224, "225 is refused and changes nothing");
    CHECK(strcmp(last_error(), "port 225 is not in 0..224") == 0, "in words");
    CHECK(net_getname(&s, false, &addr) == 0 && addr.port == 224, "the name is the port");
    int value = 5;
    CHECK(net_setsockopt(&s, LORA_SOL_LORA, LORA_SO_DR, &value, sizeof(value)) == 0, "SO_DR");
    value = 1;
    CHECK(net_setsockopt(&s, LORA_SOL_LORA, LORA_SO_CONFIRMED, &value, sizeof(value)) == 0, "SO_CONFIRMED");
    CHECK(LORA_PARAM_DR(s.param) == 5 && LORA_PARAM_CONFIRMED(s.param) == 1 && LORA_PARAM_PORT(s.param) == 224,
        "each has its bits");
    size_t len = sizeof(value);
    CHECK(net_getsockopt(&s, LORA_SOL_LORA, LORA_SO_DR, &value, &len) == 0 && value == 5, "and is read back");
    value = 16;
    CHECK(net_setsockopt(&s, LORA_SOL_LORA, LORA_SO_DR, &value, sizeof(value)) == -NET_EOPNOTSUPP, "no DR 16");
    CHECK(net_setsockopt(&s, 1, LORA_SO_DR, &value, sizeof(value)) == -NET_EOPNOTSUPP, "wrong level");
    CHECK(net_setsockopt(&s, LORA_SOL_LORA, 1, &value, sizeof(value)) == -NET_EOPNOTSUPP, "wrong option");
    CHECK(net_setsockopt(&s, LORA_SOL_LORA, LORA_SO_DR, "abc", 3) == -NET_EINVAL, "three bytes are no number");
    CHECK(net_send(&s, "x", 1, &addr) == -NET_EOPNOTSUPP, "sendto is not for LoRa");
    CHECK(net_listen(&s, 1) == -NET_EOPNOTSUPP && net_connect(&s, &addr) == -NET_EOPNOTSUPP, "nor connections");
}

static void another_owner_has_the_radio(void) {
    begin();
    lora_deinit();
    fake_radio_taken(true);
    CHECK(lora_init(&settings) == -NET_EBUSY && strstr(last_error(), "Sigfox") != NULL, "busy, in words");
    CHECK(!lora_is_up(), "LoRa stays off");
    fake_radio_taken(false);
}

static void after_deinit_everything_is_off(void) {
    begin();
    net_send(&s, buf, 100, NULL);
    fake_radio_deliver("x", 1, -50, 0);
    lora_deinit();
    CHECK(net_send_finish(&s) == -NET_ECANCELED, "what waited is cancelled");
    CHECK(net_send(&s, buf, 1, NULL) == -NET_ENETDOWN, "a socket that is left does not send");
    CHECK(net_recv(&s, buf, 1, 0, NULL) == -NET_EAGAIN, "and finds nothing");
    CHECK(lora_events_take() == 0, "no events");
    net_close(&s);
}

int main(void) {
    nothing_works_before_init();
    begin();
    only_raw_sockets();
    a_frame_is_sent_after_listening();
    payload_sizes();
    frames_back_to_back_leave_no_idle_air();
    long_frames_follow_without_listening();
    a_sender_that_waits_for_each_keeps_the_channel();
    each_frequency_is_listened_to();
    a_busy_channel_is_waited_for();
    a_channel_that_is_never_free_is_given_up();
    a_look_for_a_frame_taken_back_is_not_the_next_ones();
    a_timeout_takes_the_frame_back();
    frames_are_received_with_their_numbers();
    a_full_queue_drops_the_newest_and_counts();
    a_wait_ends_with_the_frame();
    power_modes();
    new_settings_hold_for_later_frames();
    the_channel_can_be_asked_for();
    a_chip_that_resets_while_sending();
    a_chip_that_is_dead();
    a_reset_cancels_what_waits();
    a_callback_for_each_event();
    options_and_ports();
    another_owner_has_the_radio();
    after_deinit_everything_is_off();
    return check_result();
}
