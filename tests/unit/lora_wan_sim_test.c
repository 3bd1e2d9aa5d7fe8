// LoRaWAN on the driver and the software chip, in virtual time, with a second chip as
// the gateway: when windows open, what they cost, and what a late task does to them.
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "hal/hal.h"
#include "lora/lora_settings.h"
#include "lora/lora_wan_engine.h"
#include "lorawan/lorawan_frame.h"
#include "radio_fixture.h"

#define CHANNEL_HZ (868100000)
#define MODE_TX (0x83)
// A downlink is heard by this many symbols of its preamble, and the standard lets the
// network be late by this.
#define PREAMBLE_NEEDED (6)
#define NETWORK_US (20)

static const uint8_t nwk_key[16] = { 1 }, app_key[16] = { 2 };
static const lorawan_abp_t session = { .dev_addr = 0x26011bda, .nwk_key = nwk_key, .app_key = app_key };
static net_socket_t s;
static lora_settings_t settings;

/******************************************************************************/
// The gateway

static struct {
    uint8_t sf;
    bool answers;
    int32_t late_us;
    int32_t delay_us; // of the window that it uses
    uint32_t fcnt_down;
    uint64_t lead_us; // from writing the mode to the first symbol
    uint64_t end_us;  // of the last uplink
    uint64_t down_us; // of the last downlink's first symbol
    unsigned uplinks;
    sim_event_t event;
} gateway;

static uint64_t mode_us; // the device's receiver was started

static unsigned windows;

static void trace(sim_chip_t *chip, uint8_t address, uint8_t value) {
    (void)chip;
    if (address == 0x01 && (value & 7) >= 5) {
        mode_us = hal_now_us();
        ++windows;
    }
}

static size_t build_ack(uint8_t *out) {
    out[0] = 0x60;
    lorawan_frame_put_le32(out + 1, session.dev_addr);
    out[5] = LORAWAN_FRAME_FCTRL_ACK;
    out[6] = (uint8_t)gateway.fcnt_down;
    out[7] = (uint8_t)(gateway.fcnt_down >> 8);
    const lorawan_frame_nonce_t nonce = { nwk_key, session.dev_addr, gateway.fcnt_down++, true };
    lorawan_frame_mic(&nonce, out, 8, out + 8);
    return 12;
}

static void tune(uint32_t hz) {
    uint32_t frf = (uint32_t)(((uint64_t)hz << 19) / 32000000);
    peer_write(0x06, (uint8_t)(frf >> 16));
    peer_write(0x07, (uint8_t)(frf >> 8));
    peer_write(0x08, (uint8_t)frf);
}

static void transmit(sim_event_t *event) {
    (void)event;
    peer_write(0x01, MODE_TX);
}

// The answer lies in the FIFO long before its time.
static void prepare(sim_event_t *event) {
    uint8_t frame[16];
    size_t len = build_ack(frame);
    peer_write(0x01, 0x81);
    peer_write(0x33, 0x26); // IQ inverted
    peer_write(0x3b, 0x19);
    tune(CHANNEL_HZ);
    peer_write(0x0d, 0);
    for (size_t i = 0; i < len; ++i) {
        peer_write(0x00, frame[i]);
    }
    peer_write(0x22, (uint8_t)len);
    event->fire = transmit;
    uint64_t at_us = gateway.end_us + (uint64_t)(gateway.delay_us + gateway.late_us) - gateway.lead_us;
    sim_time_at(event, at_us * 1000);
}

static void watch(const sim_air_radio_t *radio, const sim_air_frame_t *frame, sim_air_fate_t fate) {
    if (radio != NULL || fate != SIM_AIR_ON_AIR) {
        return;
    }
    if (frame->iq_inverted) {
        gateway.down_us = frame->start_ns / 1000;
        return;
    }
    ++gateway.uplinks;
    gateway.end_us = frame->end_ns / 1000;
    if (gateway.answers) {
        gateway.event.fire = prepare;
        sim_time_at(&gateway.event, (gateway.end_us + 500000) * 1000);
    }
}

static void gateway_rate(uint8_t sf) {
    static radio_modulation_t modulation;
    modulation = fixture_lora(sf, RADIO_BW_125K, 1);
    modulation.frequency = CHANNEL_HZ;
    gateway.sf = sf;
    peer_lora(&modulation);
    peer_write(0x01, 0x81);
    sim_hal_run(1000);
}

/******************************************************************************/
// The device

static void forget_firmware(void) {
    net_close(&s);
    lora_deinit();
    memset(&lora_wan, 0, sizeof(lora_wan));
}

static void take_radio_in(int32_t region) {
    hal_lock();
    radio_release(&fixture.owner);
    hal_unlock();
    CHECK(lora_start() == 0, "the radio is found");
    lora_settings_default(&settings, region, NULL);
    settings.mode = LORA_MODE_LORAWAN;
    settings.duty_cycle = false;
    settings.tx_retries = 0;
    CHECK(lora_settings_check(&settings, NULL) == 0 && lora_init(&settings) == 0, "LoRaWAN begins");
}

static void take_radio(void) {
    take_radio_in(LORA_EU868);
}

static void begin_in(sim_chip_kind_t kind, int32_t region, uint32_t channel_hz) {
    forget_firmware();
    sim_hal_store_clear();
    CHECK(fixture_start_kind(kind) == 0, "the chip is found");
    fixture_chip.trace = trace;
    memset(&gateway, 0, sizeof(gateway));
    gateway.delay_us = 1000000;
    gateway.lead_us = 115;
    sim_air_watch(watch);
    take_radio_in(region);
    CHECK(lora_wan_join_abp(&session) == 0 && lora_wan_joined(), "a session by ABP");
    for (uint8_t i = 0; i < 3; ++i) {
        CHECK(lora_wan_channel_add(i, channel_hz, 0, 5) == 0, "one channel for all");
    }
    CHECK(net_open(&s, &lora_ops, NET_AF_LORA, NET_SOCK_RAW, 0) == 0, "a socket opens");
}

static void begin(sim_chip_kind_t kind) {
    begin_in(kind, LORA_EU868, CHANNEL_HZ);
}

static void option(int opt, int value) {
    CHECK(net_setsockopt(&s, LORA_SOL_LORA, opt, &value, sizeof(value)) == 0, "an option is taken");
}

static int finish(uint32_t timeout_ms) {
    uint64_t end = hal_now_us() + timeout_ms * 1000ull;
    int ret;
    while ((ret = net_send_finish(&s)) == -NET_EAGAIN && hal_now_us() < end) {
        net_wait(&s, NET_SENT, 100);
    }
    return ret;
}

static int uplink(size_t len) {
    static const uint8_t data[242];
    CHECK(net_send(&s, data, len, NULL) == (int)len, "an uplink is taken");
    return finish(60000);
}

static int64_t opened_us(void) {
    radio_modulation_t modulation = fixture_lora(7, RADIO_BW_125K, 1);
    return (int64_t)(mode_us + radio_rx_start_us(&modulation));
}

/******************************************************************************/

static void windows_open_in_time(sim_chip_kind_t kind) {
    int64_t worst = 0;
    begin(kind);
    gateway.answers = true;
    option(LORA_SO_CONFIRMED, 1);
    for (int i = 0; i < 60; ++i) {
        uint8_t dr = (uint8_t)(i % 6);
        option(LORA_SO_DR, dr);
        gateway_rate((uint8_t)(12 - dr));
        windows = 0;
        CHECK(uplink(10) == 0, "each uplink is acknowledged in RX1");
        CHECK(windows == 1, "with one window: RX2 is not opened after that");
        int64_t error = llabs(opened_us() - (int64_t)lora_wan.windows.computed_us);
        worst = error > worst ? error : worst;
    }
    printf("windows open %lld us from the computed instant at most\n", (long long)worst);
    CHECK(worst <= 50, "windows open within 50 us of the computed instant");
    lora_wan_status_t status;
    CHECK(lora_wan_status(&status) == 0 && status.windows_missed == 0 && status.mac.fcnt_up == 60, "none is missed");
    CHECK_RULES();
}

static void windows_are_no_longer_than_needed(void) {
    begin(SIM_SX1276);
    for (uint8_t dr = 0; dr < 6; ++dr) {
        option(LORA_SO_DR, dr);
        uint64_t before_us = lora_wan.windows.receiver_us;
        CHECK(uplink(10) == 0, "an uplink without an answer");
        uint32_t took_us = (uint32_t)(lora_wan.windows.receiver_us - before_us);
        uint32_t symbol_us = 8u << (12 - dr), rx2_us = 8u << 12;
        uint32_t minimum_us = PREAMBLE_NEEDED * (symbol_us + rx2_us);
        printf("DR%d: receiver on for %u us in RX1 and RX2, minimum %u us\n", dr, took_us, minimum_us);
        CHECK(took_us <= minimum_us + 3 * symbol_us + 2000, "the receiver is on for what a preamble needs");
    }
}

// The downlink comes as late, or as early, as the standard and the clock may make it.
static void early_and_late_downlinks_are_heard(void) {
    begin(SIM_SX1276);
    option(LORA_SO_CONFIRMED, 1);
    gateway.answers = true;
    for (int i = 0; i < 6; ++i) {
        static const int32_t late_us[] = { -20, 20, -50, 50, 0, -70 };
        gateway.late_us = late_us[i];
        option(LORA_SO_DR, 5);
        gateway_rate(7);
        CHECK(uplink(10) == 0, "a downlink within clock and network tolerance is heard");
    }
    gateway.late_us = 20000;
    CHECK(uplink(10) == -NET_ETIMEDOUT, "one that is 20 ms late is not, and no ACK is said");
    lora_why_t why;
    lora_last_error(&why);
    CHECK(strcmp(why.text, "no ACK: the frame was sent 1 times") == 0, "in words");
}

// The radio task comes up to max_us late for each of its deadlines.
static unsigned missed_with_late_task(uint32_t max_us) {
    begin(SIM_SX1276);
    option(LORA_SO_CONFIRMED, 1);
    option(LORA_SO_DR, 5);
    gateway_rate(7);
    gateway.answers = true;
    sim_hal_set_late(max_us);
    unsigned lost = 0;
    for (int i = 0; i < 200; ++i) {
        lost += uplink(10) != 0;
    }
    sim_hal_set_late(0);
    lora_wan_status_t status;
    (void)lora_wan_status(&status);
    printf("task up to %5u us late: %u of 200 downlinks lost, %u windows too late, opened %u us early, "
        "receiver on for %u ms per uplink\n", (unsigned)max_us, lost, (unsigned)status.windows_missed,
        (unsigned)status.window_early_us, (unsigned)status.receiver_ms / 200);
    return lost;
}

static void a_late_task_learns(void) {
    CHECK(missed_with_late_task(0) == 0, "a punctual task loses nothing");
    CHECK(missed_with_late_task(1000) == 0, "nor does one that is 1 ms late");
    CHECK(missed_with_late_task(5000) <= 4, "at 5 ms it loses at most 2 %, before it has learned");
    CHECK(missed_with_late_task(20000) <= 6, "at 20 ms at most 3 %");
}

static void class_c_hears_between_uplinks(void) {
    begin(SIM_SX1276);
    settings.device_class = LORA_CLASS_C;
    CHECK(lora_init(&settings) == 0 && lora_wan_joined(), "class C by a second init, the session stays");
    sim_hal_run(100000);
    CHECK((sim_chip_peek(&fixture_chip, 0x01) & 7) == 5, "the receiver is on");
    CHECK(uplink(10) == 0, "an uplink goes between");
    sim_hal_run(50000);
    CHECK((sim_chip_peek(&fixture_chip, 0x01) & 7) == 5, "and it is on again");
    CHECK(lora_reset() == 0, "also after a reset of the chip");
    sim_hal_run(300000);
    CHECK((sim_chip_peek(&fixture_chip, 0x01) & 7) == 5, "it comes back");
    settings.power_mode = LORA_SLEEP;
    CHECK(lora_init(&settings) == 0, "told to sleep");
    sim_hal_run(100000);
    CHECK((sim_chip_peek(&fixture_chip, 0x01) & 7) == 0, "it sleeps");
    CHECK_RULES();
}

static void a_power_cut_reuses_no_counter(void) {
    begin(SIM_SX1276);
    option(LORA_SO_DR, 5);
    uint32_t next = 0;
    for (uint32_t cut = 0; cut < 12; ++cut) {
        sim_hal_store_cut(cut);
        for (int i = 0; i < 12; ++i) {
            (void)uplink(10);
        }
        lora_wan_status_t status;
        (void)lora_wan_status(&status);
        CHECK(status.mac.fcnt_up >= next, "counters do not go back");
        next = status.mac.fcnt_up;
        forget_firmware();
        sim_hal_store_cut(UINT32_MAX);
        CHECK(fixture_restart() == 0, "the CPU starts again");
        fixture_chip.trace = trace;
        take_radio();
        CHECK(lora_wan_joined(), "the session is there without a join");
        (void)lora_wan_status(&status);
        CHECK(status.mac.fcnt_up >= gateway.uplinks / 100 && status.mac.fcnt_up <= next + 8, "at most the reserve is wasted");
        next = status.mac.fcnt_up > next ? status.mac.fcnt_up : next;
        CHECK(net_open(&s, &lora_ops, NET_AF_LORA, NET_SOCK_RAW, 0) == 0, "a socket opens");
        option(LORA_SO_DR, 5);
    }
    (void)lora_wan_erase();
    forget_firmware();
    CHECK(fixture_restart() == 0, "the CPU starts again");
    take_radio();
    CHECK(!lora_wan_joined(), "an erased session is not restored");
}

static void a_store_that_fails_sends_nothing(void) {
    begin(SIM_SX1276);
    sim_hal_store_cut(0);
    unsigned before = gateway.uplinks;
    int ret = 0;
    for (int i = 0; i < 12 && ret == 0; ++i) {
        ret = uplink(10);
    }
    CHECK(ret == -NET_EIO && gateway.uplinks - before <= 8, "only counters that are reserved are used");
    lora_why_t why;
    lora_last_error(&why);
    CHECK(strstr(why.text, "could not be stored") != NULL, "in words");
    sim_hal_store_cut(UINT32_MAX);
    CHECK(uplink(10) == 0, "when the store is back, it goes on");
}

static void a_chip_that_fails_is_told(void) {
    begin(SIM_SX1276);
    option(LORA_SO_DR, 0);
    CHECK(net_send(&s, "x", 1, NULL) == 1, "an uplink is taken");
    sim_hal_run(300000);
    sim_chip_power_cycle(&fixture_chip);
    CHECK(finish(60000) == -NET_EIO, "the sender is told");
    sim_hal_run(500000);
    CHECK(uplink(1) == 0, "and the next one goes");
}

static void modes_take_turns(void) {
    begin(SIM_SX1276);
    CHECK(net_send(&s, "x", 1, NULL) == 1, "an uplink is taken");
    lora_settings_t raw;
    lora_settings_default(&raw, LORA_EU868, NULL);
    CHECK(lora_init(&raw) == 0, "raw LoRa takes the radio at once");
    CHECK(finish(1000) == -NET_ECANCELED, "what waited is cancelled");
    CHECK(net_send(&s, "raw", 3, NULL) == 3 && finish(1000) == 0, "a raw frame is sent");
    CHECK(lora_wan_save() == -NET_ENETDOWN, "LoRaWAN is off");
    CHECK(lora_init(&settings) == 0 && lora_wan_joined(), "LoRaWAN comes back with its session");
    sim_hal_run(20000000);
    CHECK(uplink(1) == 0, "and sends");
    CHECK_RULES();
}

static void the_air_time_of_an_hour_is_kept(void) {
    begin(SIM_SX1276);
    settings.duty_cycle = true;
    CHECK(lora_init(&settings) == 0, "the duty cycle is kept");
    static const uint8_t buf[51];
    option(LORA_SO_DR, 0);
    int sent = 0;
    uint64_t start_us = hal_now_us();
    while (uplink(51) == 0 && sent < 100) {
        ++sent;
    }
    CHECK(sent == 12, "1 % of an hour is twelve frames of 2.8 s");
    CHECK(net_send_cancel(&s) == -NET_ENOENT && net_send_finish(&s) == -NET_EDQUOT, "the next one does not go in a minute");
    lora_why_t why;
    lora_last_error(&why);
    int seconds = 0;
    CHECK(sscanf(why.text, "the frame was not sent: its share of air time is used up, it could go in %d s", &seconds) == 1,
        "in words, with the seconds");
    CHECK(seconds > 3000 && seconds < 3900, "that are left of the hour");
    CHECK(net_send(&s, buf, 51, NULL) == 51 && finish(4000000) == 0, "who waits so long sends");
    CHECK(hal_now_us() - start_us > 3600000000ull, "after the hour");
}

// KR920 listens for 5 ms before it talks.
static void a_busy_channel_is_waited_for(void) {
    static radio_modulation_t modulation;
    begin_in(SIM_SX1276, LORA_KR920, 922100000);
    option(LORA_SO_DR, 5);
    lora_counters_t before, after;
    lora_counters(&before);
    CHECK(uplink(10) == 0, "a free channel is used");
    lora_counters(&after);
    CHECK(after.lbt_busy == before.lbt_busy, "at once");
    modulation = fixture_lora(10, RADIO_BW_125K, 1);
    modulation.frequency = 922100000;
    peer_lora(&modulation);
    fixture_peer.radio.x_m = 10; // loud
    static const uint8_t noise[200];
    peer_send(noise, sizeof(noise));
    sim_hal_run(20000);
    uint64_t start_us = hal_now_us();
    unsigned frames = gateway.uplinks;
    CHECK(net_send(&s, "x", 1, NULL) == 1, "an uplink is taken while somebody talks");
    while (gateway.uplinks == frames && hal_now_us() - start_us < 20000000) {
        sim_hal_run(1000);
    }
    lora_counters(&after);
    CHECK(after.lbt_busy > before.lbt_busy, "the channel was found busy");
    CHECK(hal_now_us() - start_us > 1500000, "the uplink goes after the other frame");
    CHECK(finish(60000) == 0, "and is sent");
    modulation = fixture_lora(12, RADIO_BW_125K, 1);
    modulation.frequency = 922100000;
    peer_lora(&modulation);
    peer_send(noise, sizeof(noise));
    sim_hal_run(20000);
    CHECK(net_send(&s, "x", 1, NULL) == 1 && finish(1000) == -NET_EAGAIN, "a timeout comes first");
    CHECK(net_send_cancel(&s) == -NET_ENOENT && net_send_finish(&s) == -NET_EBUSY, "that has a reason of its own");
}

int main(void) {
    windows_open_in_time(SIM_SX1272);
    windows_open_in_time(SIM_SX1276);
    windows_are_no_longer_than_needed();
    early_and_late_downlinks_are_heard();
    a_late_task_learns();
    class_c_hears_between_uplinks();
    a_power_cut_reuses_no_counter();
    a_store_that_fails_sends_nothing();
    a_chip_that_fails_is_told();
    modes_take_turns();
    the_air_time_of_an_hour_is_kept();
    a_busy_channel_is_waited_for();
    return check_result();
}
