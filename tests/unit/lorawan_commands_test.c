// MAC commands of LoRaWAN 1.0.4 in both directions, as a server sees them.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "lorawan/lorawan_internal.h"
#include "lorawan_peer.h"

#define ASK(p, ...) peer_ask((p), (const uint8_t[]) { __VA_ARGS__ }, sizeof((const uint8_t[]) { __VA_ARGS__ }))
#define ANSWERED(p, ...) peer_answered((p), (const uint8_t[]) { __VA_ARGS__ }, sizeof((const uint8_t[]) { __VA_ARGS__ }))
#define SILENT(p) ((p)->uplink.fopts_len == 0)

static void start(peer_t *p, uint8_t region) {
    lorawan_config_t config = peer_config(region);
    config.adr = true;
    config.battery = 115;
    peer_start(p, &config);
    peer_abp(p);
}

static void link_adr_sets_rate_power_mask_and_repetitions(void) {
    peer_t p;
    start(&p, LORAWAN_EU868);
    ASK(&p, 0x03, 0x23, 0x05, 0x00, 0x02);
    CHECK(ANSWERED(&p, 0x03, 0x07), "a good LinkADRReq is accepted");
    CHECK(p.mac.record.dr == 2 && p.mac.record.power == 3 && p.mac.record.mask[0] == 5 && p.mac.record.nb_trans == 2, "and obeyed");
    CHECK(p.uplink.dr == 2 && p.uplink.power_dbm == 10, "the next uplink shows it");
    ASK(&p, 0x03, 0xff, 0x07, 0x00, 0x00);
    CHECK(ANSWERED(&p, 0x03, 0x07), "0xF keeps rate and power");
    CHECK(p.mac.record.dr == 2 && p.mac.record.power == 3 && p.mac.record.mask[0] == 7 && p.mac.record.nb_trans == 2, "NbTrans 0 keeps it");
    ASK(&p, 0x03, 0x57, 0x00, 0x00, 0x61);
    CHECK(ANSWERED(&p, 0x03, 0x07) && p.mac.record.mask[0] == 7, "ChMaskCntl 6 switches all on");
}

static void link_adr_refuses_as_a_whole(void) {
    peer_t p;
    start(&p, LORAWAN_EU868);
    uint8_t dr = p.mac.record.dr;
    ASK(&p, 0x03, 0x28, 0x07, 0x00, 0x01);
    CHECK(ANSWERED(&p, 0x03, 0x03), "power 8 does not exist");
    ASK(&p, 0x03, 0x80, 0x07, 0x00, 0x01);
    CHECK(ANSWERED(&p, 0x03, 0x05), "DR8 does not exist");
    ASK(&p, 0x03, 0x60, 0x07, 0x00, 0x01);
    CHECK(ANSWERED(&p, 0x03, 0x05), "no channel has DR6");
    ASK(&p, 0x03, 0x20, 0x00, 0x00, 0x01);
    CHECK(ANSWERED(&p, 0x03, 0x06), "an empty mask is refused");
    ASK(&p, 0x03, 0x20, 0x08, 0x00, 0x01);
    CHECK(ANSWERED(&p, 0x03, 0x06), "a mask with an undefined channel is refused");
    ASK(&p, 0x03, 0x20, 0x07, 0x00, 0x51);
    CHECK(ANSWERED(&p, 0x03, 0x06), "ChMaskCntl 5 is not defined in EU868");
    CHECK(p.mac.record.dr == dr && p.mac.record.power == 0 && p.mac.record.mask[0] == 7 && p.mac.record.nb_trans == 1, "refused requests change nothing");
}

static void contiguous_link_adr_is_one_block(void) {
    peer_t p;
    start(&p, LORAWAN_US915);
    ASK(&p, 0x03, 0x10, 0x00, 0x00, 0x71, 0x03, 0x22, 0x00, 0xff, 0x03);
    CHECK(ANSWERED(&p, 0x03, 0x07, 0x03, 0x07), "one answer each, all the same");
    CHECK(p.mac.record.dr == 2 && p.mac.record.power == 2 && p.mac.record.nb_trans == 3, "rate, power, repetitions of the last");
    CHECK(p.mac.record.mask[0] == 0xff00 && p.mac.record.mask[1] == 0 && p.mac.record.mask[4] == 0, "masks one after another");
    ASK(&p, 0x03, 0x10, 0x00, 0x00, 0x71, 0x03, 0xef, 0xff, 0x00, 0x01);
    CHECK(ANSWERED(&p, 0x03, 0x05, 0x03, 0x05), "one bad request refuses all");
    CHECK(p.mac.record.mask[0] == 0xff00 && p.mac.record.nb_trans == 3, "and changes nothing");
    ASK(&p, 0x03, 0xff, 0xff, 0x00, 0x01, 0x06, 0x03, 0xff, 0x00, 0xff, 0x11);
    CHECK(ANSWERED(&p, 0x03, 0x07, 0x06, 115, 7, 0x03, 0x07), "another command between them makes two blocks");
    CHECK(p.mac.record.mask[0] == 0x00ff && p.mac.record.mask[1] == 0xff00, "both are obeyed");
}

static void us915_needs_two_narrow_channels(void) {
    peer_t p;
    start(&p, LORAWAN_US915);
    ASK(&p, 0x03, 0x10, 0x00, 0x00, 0x71, 0x03, 0x10, 0x01, 0x00, 0x01);
    CHECK(ANSWERED(&p, 0x03, 0x06, 0x03, 0x06), "one channel is too few for a 125 kHz rate");
    ASK(&p, 0x03, 0x40, 0x01, 0x00, 0x71);
    CHECK(ANSWERED(&p, 0x03, 0x07) && p.uplink.channel == 64, "one wide channel is enough for DR4");
    start(&p, LORAWAN_AU915);
    ASK(&p, 0x03, 0x30, 0x00, 0x00, 0x71, 0x03, 0x30, 0x01, 0x00, 0x01);
    CHECK(ANSWERED(&p, 0x03, 0x07, 0x03, 0x07), "AU915 has no such rule");
}

static void without_adr_only_masks_are_commanded(void) {
    peer_t p;
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    peer_start(&p, &config);
    peer_abp(&p);
    ASK(&p, 0x03, 0x23, 0x05, 0x00, 0x02);
    CHECK(ANSWERED(&p, 0x03, 0x07), "a possible request is accepted");
    CHECK(p.mac.record.dr == 5 && p.mac.record.power == 0 && p.mac.record.mask[0] == 5 && p.mac.record.nb_trans == 2, "rate and power stay the application's");
    CHECK((p.uplink.fctrl & LORAWAN_FRAME_FCTRL_ADR) == 0, "the ADR bit is off");
}

static void without_adr_the_rate_keeps_a_channel(void) {
    peer_t p;
    peer_start(&p, NULL);
    peer_abp(&p);
    CHECK(lorawan_channel_set(&p.mac, 3, &(lorawan_channel_t) { 867100000, 6, 6 }) == 0, "a channel for DR6 alone");
    p.mac.record.dr = 6;
    ASK(&p, 0x03, 0xff, 0x07, 0x00, 0x01);
    CHECK(ANSWERED(&p, 0x03, 0x06) && p.mac.record.mask[0] == 0x0f, "a mask without it is refused while the application sends there");
}

static void duty_cycle_silences_the_device(void) {
    peer_t p;
    start(&p, LORAWAN_US915);
    ASK(&p, 0x04, 0x07);
    CHECK(ANSWERED(&p, 0x04), "DutyCycleReq is answered");
    uint64_t end = p.uplink.end_us;
    uint32_t airtime = p.uplink.airtime_us;
    lorawan_set_duty_cycle(&p.mac, false);
    CHECK(peer_exchange(&p, false) == 0, "the next uplink is sent");
    CHECK(p.uplink.end_us - p.uplink.airtime_us >= end + 127ull * airtime, "after 127 times its air time, whatever duty_cycle says");
    ASK(&p, 0x04, 0x00);
    CHECK(p.mac.record.max_duty == 0, "0 lifts it");
}

static void rx_param_setup_moves_the_windows(void) {
    peer_t p;
    start(&p, LORAWAN_EU868);
    ASK(&p, 0x05, 0x23, 0xd2, 0xad, 0x84);
    CHECK(ANSWERED(&p, 0x05, 0x07), "a good RXParamSetupReq is accepted");
    CHECK(p.last_window[LORAWAN_RX1].receive.dr == 3, "offset 2: DR5 becomes DR3");
    CHECK(p.last_window[LORAWAN_RX2].receive.dr == 3 && p.last_window[LORAWAN_RX2].receive.phy.frequency_hz == 869525000, "RX2 moves");
    (void)peer_exchange(&p, false);
    CHECK(ANSWERED(&p, 0x05, 0x07), "the answer sticks until a downlink");
    ASK(&p, 0x05, 0x6f, 0x00, 0x00, 0x00);
    CHECK(ANSWERED(&p, 0x05, 0x00), "offset 6, DR15 and 0 Hz are refused, and the old answer is gone");
    ASK(&p, 0x05, 0x10, 0xd2, 0xad, 0x10);
    CHECK(ANSWERED(&p, 0x05, 0x06), "a frequency outside is refused alone");
    CHECK(p.mac.record.rx1_offset == 2 && p.mac.record.rx2_dr == 3, "and nothing changes");
    start(&p, LORAWAN_US915);
    ASK(&p, 0x05, 0x03, 0x28, 0xe8, 0x8c);
    CHECK(p.uplink.fopts[1] == 0x04 || p.uplink.fopts[1] == 0x05, "US915: DR3 is not for RX2");
}

static void dev_status_tells_battery_and_margin(void) {
    peer_t p;
    start(&p, LORAWAN_EU868);
    ASK(&p, 0x06);
    CHECK(ANSWERED(&p, 0x06, 115, 7), "battery and SNR of the request");
    p.mac.last_snr_db = -40;
    lorawan_commands_t status = { (const uint8_t[]) { 0x06 }, 1 };
    lorawan_commands_handle(&p.mac, &status);
    CHECK(p.mac.record.answers[p.mac.record.answers_len - 1] == 0x20, "the margin is clipped at -32 dB");
}

static void new_channel_adds_and_removes(void) {
    peer_t p;
    start(&p, LORAWAN_EU868);
    ASK(&p, 0x07, 0x03, 0x18, 0x4f, 0x84, 0x50);
    CHECK(ANSWERED(&p, 0x07, 0x03) && lorawan_channel_hz(&p.mac, 3) == 867100000, "867.1 MHz becomes channel 3");
    ASK(&p, 0x07, 0x03, 0x00, 0x00, 0x00, 0x00);
    CHECK(ANSWERED(&p, 0x07, 0x03) && lorawan_channel_hz(&p.mac, 3) == 0, "0 Hz removes it");
    ASK(&p, 0x07, 0x00, 0x18, 0x4f, 0x84, 0x50);
    CHECK(ANSWERED(&p, 0x07, 0x00), "a default channel is not changed");
    ASK(&p, 0x07, 0x00, 0x28, 0x76, 0x84, 0x50);
    CHECK(ANSWERED(&p, 0x07, 0x03), "but may be told what it is");
    ASK(&p, 0x07, 0x10, 0x18, 0x4f, 0x84, 0x50);
    CHECK(ANSWERED(&p, 0x07, 0x00), "there is no channel 16");
    ASK(&p, 0x07, 0x0f, 0x18, 0x4f, 0x10, 0x50);
    CHECK(ANSWERED(&p, 0x07, 0x02), "a frequency outside");
    ASK(&p, 0x07, 0x0f, 0x18, 0x4f, 0x84, 0x05);
    CHECK(ANSWERED(&p, 0x07, 0x01), "rates the wrong way round");
    ASK(&p, 0x07, 0x0f, 0x18, 0x4f, 0x84, 0x80);
    CHECK(ANSWERED(&p, 0x07, 0x01), "rates that do not exist");
    CHECK(p.mac.record.mask[0] == 7, "refused channels are not there");
    start(&p, LORAWAN_US915);
    ASK(&p, 0x07, 0x03, 0x18, 0x4f, 0x84, 0x50);
    CHECK(SILENT(&p), "a fixed plan drops it without an answer");
}

static void rx_timing_setup_delays_the_windows(void) {
    peer_t p;
    start(&p, LORAWAN_EU868);
    ASK(&p, 0x08, 0x05);
    CHECK(ANSWERED(&p, 0x08), "RXTimingSetupReq is answered");
    uint64_t rx1 = p.last_window[LORAWAN_RX1].receive.start_us - p.uplink.end_us;
    uint64_t rx2 = p.last_window[LORAWAN_RX2].receive.start_us - p.uplink.end_us;
    CHECK(rx1 > 4990000 && rx1 < 5010000, "RX1 is 5 s after the uplink");
    CHECK(rx2 > 5990000 && rx2 < 6100000, "RX2 a second later");
    (void)peer_exchange(&p, false);
    CHECK(ANSWERED(&p, 0x08), "the answer sticks");
    ASK(&p, 0x08, 0x00);
    CHECK(p.mac.record.rx1_delay_s == 1 && ANSWERED(&p, 0x08), "0 is one second");
}

static void tx_param_setup_is_for_some_regions(void) {
    peer_t p;
    lorawan_status_t s;
    start(&p, LORAWAN_AS923_1);
    CHECK(p.mac.record.up_dwell == 1, "AS923 boots with the uplink dwell time on");
    ASK(&p, 0x09, 0x02);
    CHECK(ANSWERED(&p, 0x09) && p.mac.record.up_dwell == 0 && p.mac.record.down_dwell == 0, "no dwell time");
    lorawan_status(&p.mac, &s);
    CHECK(s.eirp_dbm == 12, "code 2 is 12 dBm");
    ASK(&p, 0x09, 0x35);
    lorawan_status(&p.mac, &s);
    CHECK(p.mac.record.up_dwell == 1 && p.mac.record.down_dwell == 1 && s.eirp_dbm == 16, "dwell times and 16 dBm");
    p.mac.record.up_dwell = 0;
    p.mac.record.dr = 0;
    ASK(&p, 0x09, 0x15);
    CHECK(p.mac.record.dr == 2 && p.uplink.dr == 2, "a rate that the dwell time forbids is raised");
    start(&p, LORAWAN_EU868);
    ASK(&p, 0x09, 0x35);
    CHECK(SILENT(&p) && p.mac.record.up_dwell == 0, "EU868 drops it without an answer");
}

static void dl_channel_moves_rx1(void) {
    peer_t p;
    start(&p, LORAWAN_EU868);
    ASK(&p, 0x03, 0xff, 0x01, 0x00, 0x01);
    ASK(&p, 0x0a, 0x00, 0x18, 0x4f, 0x84);
    CHECK(ANSWERED(&p, 0x0a, 0x03) && p.last_window[LORAWAN_RX1].receive.phy.frequency_hz == 867100000, "RX1 of channel 0 moves");
    CHECK(p.uplink.frequency_hz == 868100000, "uplinks stay");
    (void)peer_exchange(&p, false);
    CHECK(ANSWERED(&p, 0x0a, 0x03), "the answer sticks");
    ASK(&p, 0x0a, 0x05, 0x18, 0x4f, 0x84);
    CHECK(ANSWERED(&p, 0x0a, 0x01), "channel 5 does not exist");
    ASK(&p, 0x0a, 0xff, 0x18, 0x4f, 0x10);
    CHECK(ANSWERED(&p, 0x0a, 0x00), "neither channel nor frequency");
    start(&p, LORAWAN_AU915);
    ASK(&p, 0x0a, 0x00, 0x18, 0x4f, 0x84);
    CHECK(SILENT(&p), "a fixed plan drops it");
}

static void answer_requests(peer_t *p) {
    if (p->uplink.fopts_len > 0) {
        peer_command(p, (const uint8_t[]) { 0x02, 20, 3, 0x0d, 0x10, 0x20, 0x30, 0x40, 0x80 }, 9);
    }
}

static void link_check_and_time_are_asked(void) {
    peer_t p;
    start(&p, LORAWAN_EU868);
    lorawan_request_link(&p.mac);
    lorawan_request_time(&p.mac);
    p.on_uplink = answer_requests;
    (void)peer_exchange(&p, false);
    CHECK(ANSWERED(&p, 0x02, 0x0d), "both requests go with the next uplink");
    CHECK(p.infos == 2 && p.info.info.kind == LORAWAN_INFO_TIME, "both answers are told");
    CHECK(p.info.info.gps_s == 0x40302010 && p.info.info.gps_256 == 0x80 && p.info.info.at_us == p.uplink.end_us, "the time is that of the uplink's end");
    (void)peer_exchange(&p, false);
    CHECK(SILENT(&p), "requests are sent once");
    p.on_uplink = NULL;
    ASK(&p, 0x02, 20, 3);
    CHECK(p.infos == 2, "an answer that was not asked for is not told");
}

static void unknown_and_truncated_commands_end_the_parsing(void) {
    peer_t p;
    start(&p, LORAWAN_EU868);
    ASK(&p, 0x06, 0x80, 0x06);
    CHECK(ANSWERED(&p, 0x06, 115, 7), "after an unknown one nothing is read");
    static const uint8_t lengths[] = { 0, 0, 2, 4, 1, 4, 0, 5, 1, 1, 4, 0, 0, 5 };
    for (uint8_t cid = 2; cid <= 0x0d; ++cid) {
        for (uint8_t cut = 1; cut <= lengths[cid]; ++cut) {
            uint8_t commands[8] = { 0x06, cid };
            start(&p, LORAWAN_EU868);
            peer_ask(&p, commands, (uint8_t)(1 + cut));
            CHECK(ANSWERED(&p, 0x06, 115, 7), "a truncated command is not obeyed");
        }
    }
    start(&p, LORAWAN_EU868);
    ASK(&p, 0x03, 0x23, 0x05, 0x00, 0x02, 0x03, 0x23, 0x05);
    CHECK(ANSWERED(&p, 0x03, 0x07), "a truncated LinkADRReq is not part of the block");
}

static void answers_follow_the_requests_and_are_cut_whole(void) {
    peer_t p;
    start(&p, LORAWAN_EU868);
    ASK(&p, 0x04, 0x00, 0x06, 0x03, 0x57, 0x07, 0x00, 0x01, 0x08, 0x01);
    CHECK(ANSWERED(&p, 0x04, 0x06, 115, 7, 0x03, 0x07, 0x08), "in the order of the requests");
    uint8_t many[30];
    memset(many, 0x06, sizeof(many));
    start(&p, LORAWAN_EU868);
    peer_ask(&p, many, sizeof(many)); // in port 0: 90 bytes of answers
    peer_run(&p, 5 * PEER_SECOND);
    CHECK(p.uplink.has_port && p.uplink.port == 0 && p.uplink.fopts_len == 0, "more than 15 bytes go to port 0");
    CHECK(p.uplink.payload_len == 48 && p.uplink.payload[45] == 0x06, "what does not fit is cut at a whole answer");
    CHECK(p.uplink.mic_good, "and ciphered with NwkSKey");
    CHECK(peer_exchange(&p, false) == 0 && p.uplink.port == 1, "then application data goes again");
}

static void answers_come_before_data(void) {
    peer_t p;
    static uint8_t data[242];
    start(&p, LORAWAN_EU868);
    uint8_t six[6];
    memset(six, 0x06, sizeof(six));
    p.ctx = NULL;
    peer_ask(&p, six, 0);
    p.mac.record.answers_len = 0;
    lorawan_commands_t commands = { six, sizeof(six) };
    lorawan_commands_handle(&p.mac, &commands); // 18 bytes
    CHECK(lorawan_room(&p.mac, 5) == 0, "18 bytes of answers leave no room");
    CHECK(peer_send(&p, 1, "x", 1, false) == -NET_EBUSY, "data waits");
    peer_run(&p, 5 * PEER_SECOND);
    CHECK(p.uplink.has_port && p.uplink.port == 0 && p.uplink.payload_len == 18, "the answers are sent by themselves");
    commands.len = 2;
    lorawan_commands_handle(&p.mac, &commands);
    CHECK(lorawan_room(&p.mac, 5) == 236, "6 bytes of answers leave 236");
    CHECK(peer_send(&p, 1, data, 237, false) == -NET_EBUSY, "longer data waits for the answers");
    peer_run(&p, 5 * PEER_SECOND);
    CHECK(!p.uplink.has_port && p.uplink.fopts_len == 6, "which go in an empty frame");
    CHECK(peer_send(&p, 1, data, 242, false) == 0, "then there is room");
    CHECK(peer_send(&p, 1, data, 1, false) == -NET_EBUSY, "one frame at a time");
}

static void answer_in_both_places(peer_t *p) {
    const peer_downlink_t d = { .fopts = "\x06", .fopts_len = 1, .port = 0, .payload = "\x06", .payload_len = 1 };
    peer_answer(p, &d, LORAWAN_RX1);
}

static void fopts_and_port_0_together_are_ignored(void) {
    peer_t p;
    start(&p, LORAWAN_EU868);
    p.on_uplink = answer_in_both_places;
    (void)peer_exchange(&p, false);
    CHECK(p.mac.ignored[LORAWAN_IGNORED_FORM] == 1 && p.mac.record.answers_len == 0, "the frame is not obeyed");
}

static void a_repeated_command_is_answered_again(void) {
    peer_t p;
    start(&p, LORAWAN_EU868);
    for (int i = 0; i < 3; ++i) {
        ASK(&p, 0x05, 0x10, 0xd2, 0xad, 0x84);
        CHECK(ANSWERED(&p, 0x05, 0x07), "one answer for each request");
    }
    ASK(&p, 0x05, 0x10, 0xd2, 0xad, 0x84, 0x05, 0x20, 0xd2, 0xad, 0x84);
    CHECK(ANSWERED(&p, 0x05, 0x07, 0x05, 0x07) && p.mac.record.rx1_offset == 2, "two in one frame: both are obeyed");
}

static void certify(peer_t *p) {
    peer_downlink_t d = { .port = 224, .payload = p->ctx, .payload_len = (uint8_t)strlen(p->ctx) + (*(char *)p->ctx == 0) };
    peer_answer(p, &d, LORAWAN_RX1);
    p->on_uplink = NULL;
}

static void certification_is_obeyed_on_port_224(void) {
    peer_t p;
    lorawan_config_t config = peer_config(LORAWAN_EU868);
    config.certification = true;
    peer_start(&p, &config);
    peer_abp(&p);
    static char *const asked[] = { "\x00", "\x7f", "\x08\x01\x02\xff", "\x09" };
    static const struct {
        const char *data;
        uint8_t len;
    } answers[] = { { "\x00\x06\x01", 3 }, { "\x7f\x00\x01\x00\x00\x01\x00\x04\x00\x02\x01\x00\x04", 13 }, { "\x08\x02\x03\x00", 4 }, { "\x09\x04\x00", 3 } };
    for (int i = 0; i < 4; ++i) {
        p.ctx = asked[i];
        p.on_uplink = certify;
        CHECK(peer_exchange(&p, false) == 0, "the uplink that fetches a command ends");
        peer_run(&p, 5 * PEER_SECOND);
        CHECK(p.uplink.port == 224 && p.uplink.payload_len == answers[i].len && memcmp(p.uplink.payload, answers[i].data, answers[i].len) == 0, "TS009's answer");
    }
    p.ctx = "\x06\x01";
    p.on_uplink = certify;
    (void)peer_exchange(&p, false);
    int before = p.uplinks;
    peer_run(&p, 60 * PEER_SECOND);
    CHECK(p.uplinks - before >= 10, "periodic uplinks each 5 s");
    p.ctx = "\x03\x02";
    p.on_uplink = certify;
    peer_run(&p, 10 * PEER_SECOND);
    CHECK(p.info.info.command == LORAWAN_CERT_CLASS && p.mac.config.device_class == LORAWAN_CLASS_C, "SwitchClassReq is told");
    p.ctx = "\x7e";
    p.on_uplink = certify;
    peer_run(&p, 10 * PEER_SECOND);
    before = p.uplinks;
    peer_run(&p, 60 * PEER_SECOND);
    CHECK(p.uplinks == before && p.deliveries == 0, "DutFPort224DisableReq ends it; the application saw nothing");
}

int main(void) {
    link_adr_sets_rate_power_mask_and_repetitions();
    link_adr_refuses_as_a_whole();
    contiguous_link_adr_is_one_block();
    us915_needs_two_narrow_channels();
    without_adr_only_masks_are_commanded();
    without_adr_the_rate_keeps_a_channel();
    duty_cycle_silences_the_device();
    rx_param_setup_moves_the_windows();
    dev_status_tells_battery_and_margin();
    new_channel_adds_and_removes();
    rx_timing_setup_delays_the_windows();
    tx_param_setup_is_for_some_regions();
    dl_channel_moves_rx1();
    link_check_and_time_are_asked();
    unknown_and_truncated_commands_end_the_parsing();
    answers_follow_the_requests_and_are_cut_whole();
    answers_come_before_data();
    fopts_and_port_0_together_are_ignored();
    a_repeated_command_is_answered_again();
    certification_is_obeyed_on_port_224();
    return check_result();
}
