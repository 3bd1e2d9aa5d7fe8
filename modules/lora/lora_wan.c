// The owner of the radio for LoRaWAN: does what the MAC says.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "hal/hal.h"
#include "lora/lora_wan_engine.h"

// Before a chip that refused is asked again.
#define RETRY_US (100000)
// What the MAC allows for in each window (its TIMER_US).
#define PUNCTUAL_US (50)
#define EARLY_MAX_US (100000)
#define SYMBOLS_MAX (1023)
// Downlinks are heard by their last 6 symbols of preamble, of 8.
#define SPARE_SYMBOLS (2)

lora_wan_t lora_wan;
static lora_wan_t *const wan = &lora_wan;
static lora_engine_t *const engine = &lora_engine;

static void tell(lorawan_event_type_t type, uint64_t at_us) {
    const lorawan_event_t event = { .type = type, .window = (lorawan_window_t)wan->window, .time_us = at_us };
    lorawan_event(&wan->mac, &event);
}

static void fsk_modulation(radio_fsk_t *fsk) {
    *fsk = (radio_fsk_t) {
        .bit_rate = 50000, .deviation = 25000, .rx_bandwidth = 50000, .afc_bandwidth = 83300, .preamble = 5,
        .sync = { 0xc1, 0x94, 0xc1 }, .sync_len = 3, .crc = true, .whitening = true, .shaped = true,
    };
}

void lora_wan_modulation(const lorawan_phy_t *phy, bool down, radio_modulation_t *modulation) {
    memset(modulation, 0, sizeof(*modulation));
    modulation->frequency = phy->frequency_hz;
    if (phy->sf == LORAWAN_FSK) {
        modulation->modem = RADIO_FSK;
        fsk_modulation(&modulation->fsk);
        return;
    }
    modulation->modem = RADIO_LORA;
    modulation->lora = (radio_lora_t) {
        .sf = phy->sf, .bw = (uint8_t)(RADIO_BW_125K + phy->bw), .cr = 1, .sync_word = phy->sync_word, .preamble = 8,
        .crc = !down, .iq_inverted = down,
    };
}

// The radio begins something else, or nothing.
static void now_doing(lora_wan_doing_t doing) {
    if (wan->doing == LORA_WAN_SENSE && doing != LORA_WAN_SENSE) {
        lora_engine_sense_known(-NET_EBUSY); // unless it is known already
    }
    wan->doing = doing;
    wan->asleep = false;
}

/******************************************************************************/
// Transmissions

static void send_frame(void) {
    radio_modulation_t modulation;
    lora_wan_modulation(&wan->tx.phy, false, &modulation);
    const radio_tx_t tx = {
        .modulation = &modulation, .power = wan->tx.power_dbm, .data = wan->tx.data,
        .len = wan->tx.len,
    };
    now_doing(LORA_WAN_SEND);
    if (radio_transmit(&tx) < 0) {
        now_doing(LORA_WAN_REST);
        tell(LORAWAN_TX_FAILED, hal_now_us());
    }
}

static void begin_transmission(const lorawan_action_t *action) {
    wan->tx.phy = action->transmit.phy;
    wan->tx.data = action->transmit.data;
    wan->tx.airtime_us = action->transmit.airtime_us;
    wan->tx.len = action->transmit.len;
    wan->tx.dr = action->transmit.dr;
    wan->tx.power_dbm = action->transmit.power_dbm;
    wan->continuous = false;
    if (action->transmit.listen_us == 0) {
        send_frame();
        return;
    }
    radio_modulation_t modulation;
    lora_wan_modulation(&action->transmit.phy, false, &modulation);
    now_doing(LORA_WAN_LISTEN);
    if (radio_sense(&modulation, action->transmit.listen_dbm, action->transmit.listen_us) < 0) {
        now_doing(LORA_WAN_REST);
        tell(LORAWAN_TX_FAILED, hal_now_us());
    }
}

static void sent(uint64_t at_us) {
    now_doing(LORA_WAN_REST);
    if (wan->transmissions < UINT8_MAX) {
        wan->transmissions += 1;
    }
    lora_stats_t *stats = &engine->sent;
    stats->sftx = wan->tx.dr;
    stats->tx_power = wan->tx.power_dbm;
    stats->tx_time_on_air = (wan->tx.airtime_us + 999) / 1000;
    stats->tx_counter += 1;
    stats->tx_frequency = wan->tx.phy.frequency_hz;
    engine->counters.tx_frames += 1;
    tell(LORAWAN_TX_DONE, at_us);
}

/******************************************************************************/
// Reception

static void listen_continuously(uint64_t now_us) {
    radio_modulation_t modulation;
    lora_wan_modulation(&wan->rxc, true, &modulation);
    const radio_rx_t rx = { .modulation = &modulation };
    now_doing(LORA_WAN_CONTINUOUS);
    if (radio_receive(&rx) < 0) {
        now_doing(LORA_WAN_REST);
        wan->retry_us = now_us + RETRY_US;
    }
}

static uint32_t symbol_us(const lorawan_phy_t *phy) {
    enum { FSK_BYTE_US = 160 };
    return phy->sf == LORAWAN_FSK ? FSK_BYTE_US : 8u << phy->sf >> phy->bw;
}

// A task that was late is asked to begin as much earlier, and to listen longer.
static void arm_window(const lorawan_action_t *action) {
    uint32_t each_us = symbol_us(&action->receive.phy);
    uint32_t symbols = action->receive.symbols + (wan->windows.early_us + each_us - 1) / each_us;
    radio_modulation_t modulation;
    lora_wan_modulation(&action->receive.phy, true, &modulation);
    wan->continuous = false;
    wan->window = action->receive.window;
    wan->windows.computed_us = action->receive.start_us;
    wan->windows.asked_us = action->receive.start_us - wan->windows.early_us;
    wan->windows.slack_us = (action->receive.symbols / 2 - SPARE_SYMBOLS) * each_us;
    const radio_rx_t rx = {
        .modulation = &modulation, .symbols = (uint16_t)(symbols < SYMBOLS_MAX ? symbols : SYMBOLS_MAX),
        .at_us = wan->windows.asked_us,
    };
    now_doing(LORA_WAN_WINDOW);
    if (radio_receive(&rx) < 0) {
        now_doing(LORA_WAN_REST);
        tell(LORAWAN_RX_TIMEOUT, hal_now_us());
    }
}

static void begin_reception(const lorawan_action_t *action) {
    wan->rx_dr = action->receive.dr;
    if (action->receive.window == LORAWAN_RXC) {
        wan->continuous = true;
        wan->rxc = action->receive.phy;
        listen_continuously(hal_now_us());
    } else {
        arm_window(action);
    }
}

// How punctual it was. What the task is late is forgotten slowly.
static void measure_window(uint64_t end_us) {
    enum { FORGET = 64, MARGIN = 4 };
    uint64_t began_us = radio_started_us();
    uint32_t late_us = began_us > wan->windows.asked_us ? (uint32_t)(began_us - wan->windows.asked_us) : 0;
    uint32_t early_us = wan->windows.early_us - wan->windows.early_us / FORGET;
    if (late_us > PUNCTUAL_US && late_us + late_us / MARGIN > early_us) {
        early_us = late_us + late_us / MARGIN;
        early_us = early_us < EARLY_MAX_US ? early_us : EARLY_MAX_US;
    }
    wan->windows.early_us = early_us > PUNCTUAL_US ? early_us : 0;
    if (began_us > wan->windows.computed_us) {
        uint32_t after_us = (uint32_t)(began_us - wan->windows.computed_us);
        wan->windows.late_us = after_us > wan->windows.late_us ? after_us : wan->windows.late_us;
        wan->windows.missed += after_us > wan->windows.slack_us;
    }
    wan->windows.opened += 1;
    wan->windows.receiver_us += end_us > began_us ? end_us - began_us : 0;
}

static void window_over(uint64_t at_us) {
    if (wan->doing == LORA_WAN_WINDOW) {
        measure_window(at_us);
        now_doing(LORA_WAN_REST);
        tell(LORAWAN_RX_TIMEOUT, at_us);
    }
}

static void frame_heard(const radio_event_t *event) {
    bool window = wan->doing == LORA_WAN_WINDOW;
    if (!window && wan->doing != LORA_WAN_CONTINUOUS) {
        return;
    }
    if (window) {
        measure_window(event->at_us);
        now_doing(LORA_WAN_REST);
    }
    wan->heard.rssi = event->rssi;
    wan->heard.snr_x4 = event->snr_x4;
    wan->heard.at_us = (uint32_t)event->at_us;
    const lorawan_event_t heard = {
        .type = LORAWAN_RX_DONE, .window = window ? (lorawan_window_t)wan->window : LORAWAN_RXC,
        .time_us = event->at_us, .data = event->data, .len = event->len, .rssi_dbm = event->rssi,
        .snr_db = (int16_t)(event->snr_x4 / 4),
    };
    lorawan_event(&wan->mac, &heard);
}

static void deliver(const lorawan_delivery_t *downlink) {
    const lora_frame_t frame = {
        .at_us = wan->heard.at_us, .rssi = wan->heard.rssi, .snr_x4 = wan->heard.snr_x4, .sf = wan->rx_dr,
        .port = downlink->port, .len = downlink->len,
    };
    wan->downlinks += 1;
    lora_events_heard(&frame);
    if (lora_queue_push(&engine->rx, &frame, downlink->data) < 0) {
        engine->counters.rx_dropped += 1;
        lora_engine_say("a downlink was dropped: %d wait to be read", engine->rx.frames, 0);
        return;
    }
    engine->counters.rx_frames += 1;
    lora_events_add(LORA_EVENT_RX);
}

/******************************************************************************/
// What the MAC says

// Port 224 asks the engine for what the MAC cannot do.
static void certify(const lorawan_action_t *action) {
    switch (action->info.command) {
        case LORAWAN_CERT_RESET: // the MAC's state is in the store: a restart finds it as it is
        case LORAWAN_CERT_JOIN:
            if (lorawan_join_again(&wan->mac, hal_now_us()) == 0) {
                wan->join_result = -NET_EAGAIN;
            }
            break;
        case LORAWAN_CERT_CLASS:
            engine->settings.device_class = action->info.arg;
            break;
        default:
            lora_engine_say("the certification command %d (continuous wave) is not supported", action->info.command, 0);
            break;
    }
}

static void informed(const lorawan_action_t *action) {
    switch (action->info.kind) {
        case LORAWAN_INFO_LINK:
            wan->link_margin = action->info.arg;
            wan->link_gateways = action->info.gateways;
            wan->answers |= LORA_WAN_ASK_LINK;
            break;
        case LORAWAN_INFO_TIME:
            wan->time_s = action->info.gps_s;
            wan->time_256 = action->info.gps_256;
            wan->time_at_us = action->info.at_us;
            wan->answers |= LORA_WAN_ASK_TIME;
            break;
        case LORAWAN_INFO_CERTIFICATION:
            certify(action);
            break;
        default: // FPending: the MAC sends a frame by itself
            break;
    }
}

static void ended(const lorawan_action_t *action) {
    if (action->result.op == LORAWAN_OP_DATA) {
        lora_wan_send_result(action);
        return;
    }
    wan->join_result = (int16_t)action->result.error;
    wan->undrop |= wan->drop && action->result.error == 0;
    if (action->result.error < 0 && action->result.error != -NET_ECANCELED) {
        lora_engine_say(action->result.error == -NET_ERANGE ? "every DevNonce is used: this DevEUI cannot join any more"
            : action->result.error == -NET_ENETUNREACH ? "joining ended: no channel is enabled that may carry a join"
            : "joining ended: radio or store failed (error %d)", -action->result.error, 0);
    }
    hal_notify();
}

static void perform(const lorawan_action_t *action) {
    switch (action->type) {
        case LORAWAN_TRANSMIT:
            begin_transmission(action);
            break;
        case LORAWAN_RECEIVE:
            begin_reception(action);
            break;
        case LORAWAN_STOP_RECEIVE:
            wan->continuous = false;
            now_doing(LORA_WAN_REST);
            break;
        case LORAWAN_STORE:
            lora_wan_store_write(action->store.data, action->store.len);
            tell(wan->store_error == 0 ? LORAWAN_STORED : LORAWAN_STORE_FAILED, hal_now_us());
            break;
        case LORAWAN_DELIVER:
            deliver(&action->deliver);
            break;
        case LORAWAN_RESULT:
            ended(action);
            break;
        case LORAWAN_INFO:
            informed(action);
            break;
        default:
            break;
    }
}

static void rest(uint64_t now_us) {
    bool free = wan->doing == LORA_WAN_REST || wan->doing == LORA_WAN_CONTINUOUS;
    if (!free || now_us < wan->retry_us) {
        return;
    }
    if (engine->sense.state == LORA_SENSE_WANTED) {
        now_doing(LORA_WAN_SENSE);
        if (lora_engine_sense_begin() < 0) {
            lora_engine_sense_known(-NET_EIO);
            now_doing(LORA_WAN_REST);
            wan->retry_us = now_us + RETRY_US;
        }
    } else if (wan->continuous && wan->doing == LORA_WAN_REST) {
        listen_continuously(now_us);
    } else if (!wan->continuous && !wan->asleep) {
        wan->asleep = radio_sleep() >= 0;
        wan->retry_us = wan->asleep ? 0 : now_us + RETRY_US;
    }
}

// Do all that the MAC wants now.
static void pump(void) {
    lorawan_action_t action;
    if (wan->cancel) {
        wan->cancel = false;
        lorawan_cancel(&wan->mac);
    }
    while (wan->up) { // it may be taken away while a record is written
        lora_wan_send_next(hal_now_us());
        if (lorawan_next(&wan->mac, hal_now_us(), &action) == LORAWAN_NONE) {
            rest(hal_now_us());
            return;
        }
        perform(&action);
    }
}

/******************************************************************************/
// The radio's side

static void sensed(const radio_event_t *event) {
    if (wan->doing == LORA_WAN_SENSE) {
        lora_engine_sense_known(!event->detected);
        now_doing(LORA_WAN_REST);
    } else if (wan->doing == LORA_WAN_LISTEN && event->detected) {
        engine->counters.lbt_busy += 1;
        wan->channel_busy = true;
        now_doing(LORA_WAN_REST);
        tell(LORAWAN_TX_BUSY, event->at_us);
    } else if (wan->doing == LORA_WAN_LISTEN) {
        send_frame();
    }
}

static void chip_failed(uint64_t at_us) {
    uint8_t was = wan->doing;
    if (was == LORA_WAN_SENSE) {
        lora_engine_sense_known(-NET_EIO);
    }
    now_doing(LORA_WAN_REST);
    wan->retry_us = 0; // it was set up anew
    if (was == LORA_WAN_SEND || was == LORA_WAN_LISTEN) {
        tell(LORAWAN_TX_FAILED, at_us);
    } else if (was == LORA_WAN_WINDOW) {
        tell(LORAWAN_RX_TIMEOUT, at_us);
    }
}

static void radio_said(radio_owner_t *owner, const radio_event_t *event) {
    (void)owner;
    switch (event->type) {
        case RADIO_TX_DONE:
            if (wan->doing == LORA_WAN_SEND) {
                sent(event->at_us);
            }
            break;
        case RADIO_RX_DONE:
            frame_heard(event);
            break;
        case RADIO_RX_CRC_ERROR:
            engine->counters.rx_crc_errors += 1;
            window_over(event->at_us);
            break;
        case RADIO_RX_TIMEOUT:
            window_over(event->at_us);
            break;
        case RADIO_SENSE_DONE:
            sensed(event);
            break;
        case RADIO_FAULT:
            chip_failed(event->at_us);
            break;
        default:
            break;
    }
    pump();
}

static uint64_t step(radio_owner_t *owner, uint64_t now_us) {
    (void)owner;
    lora_wan_request_t *request = wan->request;
    if (request != NULL && !request->done) {
        request->result = request->run(request->arg);
    }
    pump();
    if (request != NULL && wan->request == request) {
        request->done = true;
        hal_notify();
    }
    uint64_t again_us = lora_events_announce(now_us);
    uint64_t mac_us = lorawan_deadline(&wan->mac);
    again_us = mac_us < again_us ? mac_us : again_us;
    return wan->retry_us > now_us && wan->retry_us < again_us ? wan->retry_us : again_us;
}

// Class C misses what comes while the radio is away.
static bool lend(radio_owner_t *owner, bool away) {
    (void)owner;
    bool at_rest = wan->doing == LORA_WAN_REST || wan->doing == LORA_WAN_CONTINUOUS;
    if (away && (!at_rest || wan->storing || wan->request != NULL || lorawan_on_air(&wan->mac))) {
        return false;
    }
    engine->lent = away;
    now_doing(LORA_WAN_REST);
    return true;
}

const radio_owner_t lora_wan_owner = { .event = radio_said, .step = step, .lend = lend };

int lora_wan_call(int (*run)(void *arg), void *arg) {
    enum { SLICE_MS = 100 };
    lora_wan_request_t request = { .run = run, .arg = arg };
    hal_lock();
    while (wan->up && wan->request != NULL) {
        hal_wait(SLICE_MS);
    }
    if (wan->up && engine->lent) { // the task does not come by; nobody else changes the MAC
        request.result = run(arg);
        request.done = true;
    } else if (wan->up) {
        wan->request = &request;
        radio_step_soon();
        while (wan->up && !request.done) {
            hal_wait(SLICE_MS);
        }
        wan->request = NULL;
        hal_notify();
    } else {
        lora_engine_say("this needs LoRa(mode=LoRa.LORAWAN)", 0, 0);
    }
    hal_unlock();
    return request.done ? request.result : -NET_ENETDOWN;
}

/******************************************************************************/
// Life

static uint32_t random_word(void *ctx) {
    (void)ctx;
    uint32_t word;
    hal_random(&word, sizeof(word));
    return word;
}

void lora_wan_configure(const lora_settings_t *s, lorawan_config_t *config) {
    enum { BATTERY_UNKNOWN = 255 };
    bool sleeps = s->power_mode == LORA_SLEEP;
    *config = (lorawan_config_t) {
        .region = (uint8_t)s->region,
        .device_class = (uint8_t)(sleeps ? LORAWAN_CLASS_A : s->device_class),
        .sub_band = (uint8_t)s->sub_band,
        .battery = wan->begun ? wan->battery : BATTERY_UNKNOWN,
        .adr = s->adr,
        .private_network = !s->public,
        .no_duty_cycle = !s->duty_cycle,
        .certification = wan->certification,
        .max_power_dbm = (int8_t)s->tx_power,
        .antenna_dbi = hal_board()->antenna_gain,
        .clock_ppm = USOCKET_LORAWAN_CLOCK_PPM,
        .random = random_word,
    };
}

int lora_wan_begin(const lora_settings_t *settings, const lorawan_record_t *record, int len) {
    lorawan_config_t config;
    lora_wan_configure(settings, &config);
    bool same = wan->begun && wan->region == config.region && wan->sub_band == config.sub_band;
    if (same) {
        (void)lorawan_set_config(&wan->mac, &config); // checked
    } else {
        if (lorawan_init(&wan->mac, &config, hal_now_us()) < 0) {
            lora_engine_say("LoRaWAN in region %d is not in this firmware", settings->region, 0);
            return -NET_EOPNOTSUPP;
        }
        wan->begun = true;
        wan->battery = config.battery;
        wan->region = config.region;
        wan->sub_band = config.sub_band;
        wan->continuous = false;
        wan->join_result = -NET_ENOTCONN;
        lora_wan_store_restore(record, len);
    }
    if (!wan->up) {
        now_doing(LORA_WAN_REST);
        wan->retry_us = 0;
        wan->up = true;
    }
    return 0;
}

void lora_wan_abandon(void) {
    wan->cancel |= wan->in_hand != 0;
    wan->in_hand = 0;
}

void lora_wan_end(void) {
    if (wan->up) {
        wan->up = false;
        wan->cancel = true;
        wan->in_hand = 0;
        hal_notify();
    }
}
