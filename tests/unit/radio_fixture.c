// The fixture of the radio's tests, and the second chip.
// SPDX-License-Identifier: MIT
#include "radio_fixture.h"

#include <stdio.h>
#include <string.h>

#include "radio/sx127x.h"

sim_chip_t fixture_chip;
sim_chip_t fixture_peer;
fixture_owner_t fixture;
bool fixture_dead_bus;

static fixture_wiring_t wired;
static bool in_task;
static sim_event_t peer_event; // FSK: its FIFO wants attention

void fixture_lock(void) {
    if (!in_task) {
        hal_lock();
    }
}

void fixture_unlock(void) {
    if (!in_task) {
        hal_unlock();
    }
}

static const uint32_t bandwidths[] = { 7812, 10417, 15625, 20833, 31250, 41667, 62500, 125000, 250000, 500000 };

static void event(radio_owner_t *owner, const radio_event_t *event) {
    (void)owner;
    fixture.times[fixture.events % FIXTURE_EVENTS] = event->at_us;
    ++fixture.events;
    ++fixture.of_type[event->type];
    fixture.event = *event;
    if (event->data != NULL) {
        memcpy(fixture.data, event->data, event->len);
    }
    if (fixture.on_event != NULL) {
        in_task = true;
        fixture.on_event(event);
        in_task = false;
    }
}

static uint64_t step(radio_owner_t *owner, uint64_t now_us) {
    (void)owner;
    if (fixture.on_step != NULL) {
        in_task = true;
        fixture.on_step(now_us);
        in_task = false;
    }
    return RADIO_NEVER;
}

fixture_wiring_t fixture_wiring(sim_chip_kind_t kind) {
    return (fixture_wiring_t) {
               .kind = kind,
               .board = { .dio = 0x07, .boost_from_hz = 0, .power_max = 20 },
    };
}

// The room forgets everything, as after a reset of the CPU.
static int start_room(void) {
    sim_hal_init(&fixture_chip, &wired.board, !wired.no_reset_line);
    sim_hal_set_merged(wired.merged);
    memset(&sx127x, 0, sizeof(sx127x));
    hal_lock();
    radio_release(&fixture.owner);
    hal_unlock();
    memset(&fixture, 0, sizeof(fixture));
    fixture.owner.event = event;
    fixture.owner.step = step;
    int ret = radio_start();
    if (ret == 0) {
        hal_lock();
        ret = radio_claim(&fixture.owner);
        hal_unlock();
    }
    return ret;
}

int fixture_start(const fixture_wiring_t *wiring) {
    sim_time_reset();
    memset(&peer_event, 0, sizeof(peer_event));
    sim_air_reset(1);
    sim_air_set_fading(0);
    memset(&fixture_chip, 0, sizeof(fixture_chip));
    memset(&fixture_peer, 0, sizeof(fixture_peer));
    fixture_peer.radio.x_m = 100;
    sim_chip_init(&fixture_chip, wiring->kind);
    sim_chip_init(&fixture_peer, wiring->kind);
    fixture_chip.faults.stuck = fixture_dead_bus;
    wired = *wiring;
    return start_room();
}

int fixture_restart(void) {
    return start_room();
}

int fixture_start_kind(sim_chip_kind_t kind) {
    fixture_wiring_t wiring = fixture_wiring(kind);
    return fixture_start(&wiring);
}

uint32_t fixture_broken(void) {
    for (int i = 0; i < SIM_RULE_NUMBER; ++i) {
        if (fixture_chip.broken[i] + fixture_peer.broken[i] != 0) {
            printf("rule broken: %s (%u, peer %u)\n", sim_chip_rule_name((sim_chip_rule_t)i),
                (unsigned)fixture_chip.broken[i], (unsigned)fixture_peer.broken[i]);
        }
    }
    return sim_chip_broken(&fixture_chip) + sim_chip_broken(&fixture_peer) + sim_hal_lock_faults();
}

static bool has_event(void *arg) {
    (void)arg;
    return fixture.events != 0;
}

bool fixture_wait(uint64_t us) {
    return sim_hal_run_until(has_event, NULL, us);
}

void fixture_clear(void) {
    fixture.events = 0;
    memset(fixture.of_type, 0, sizeof(fixture.of_type));
    memset(&fixture.event, 0, sizeof(fixture.event));
    memset(fixture.data, 0, sizeof(fixture.data));
}

radio_modulation_t fixture_lora(uint8_t sf, radio_bw_t bw, uint8_t cr) {
    return (radio_modulation_t) {
               .frequency = 868100000,
               .modem = RADIO_LORA,
               .lora = { .sf = sf, .bw = (uint8_t)bw, .cr = cr, .sync_word = 0x34, .preamble = 8, .crc = true },
    };
}

radio_modulation_t fixture_fsk(void) {
    return (radio_modulation_t) {
               .frequency = 868800000,
               .modem = RADIO_FSK,
               .fsk = {
                   .bit_rate = 50000, .deviation = 25000, .rx_bandwidth = 50000, .afc_bandwidth = 83300, .preamble = 5,
                   .sync = { 0xc1, 0x94, 0xc1 }, .sync_len = 3, .crc = true, .whitening = true, .shaped = true,
               },
    };
}

int fixture_transmit(const radio_modulation_t *modulation, const void *data, size_t len) {
    radio_tx_t tx = { .modulation = modulation, .power = 14, .data = data, .len = len };
    fixture_lock();
    int ret = radio_transmit(&tx);
    fixture_unlock();
    return ret;
}

int fixture_receive(const radio_modulation_t *modulation, uint16_t symbols, uint64_t at_us) {
    radio_rx_t rx = { .modulation = modulation, .symbols = symbols, .at_us = at_us };
    fixture_lock();
    int ret = radio_receive(&rx);
    fixture_unlock();
    return ret;
}

// --- the peer

void peer_write(uint8_t address, uint8_t value) {
    const uint8_t out[2] = { address | 0x80, value };
    sim_chip_spi(&fixture_peer, out, NULL, 2);
}

uint8_t peer_read(uint8_t address) {
    const uint8_t out[2] = { address, 0 };
    uint8_t in[2];
    sim_chip_spi(&fixture_peer, out, in, 2);
    return in[1];
}

static void peer_frequency(double hz) {
    uint32_t frf = (uint32_t)(hz * 524288 / 32e6 + 0.5);
    peer_write(0x06, (uint8_t)(frf >> 16));
    peer_write(0x07, (uint8_t)(frf >> 8));
    peer_write(0x08, (uint8_t)frf);
}

static void peer_errata(const radio_modulation_t *modulation) {
    static const uint8_t if_freqs[] = { 0x48, 0x44, 0x44, 0x44, 0x44, 0x44, 0x40, 0x40, 0x40 };
    bool wide = modulation->lora.bw == 9;
    uint8_t detect = modulation->lora.sf == 6 ? 5 : 3;
    peer_write(0x37, modulation->lora.sf == 6 ? 0x0c : 0x0a);
    if (fixture_peer.kind == SIM_SX1272) {
        peer_write(0x31, 0xc0 | detect);
        return;
    }
    peer_write(0x31, (wide ? 0xc0 : 0x40) | detect);
    peer_write(0x36, wide ? 0x02 : 0x03);
    if (wide) {
        peer_write(0x3a, modulation->frequency > 525000000 ? 0x64 : 0x7f);
    } else {
        peer_write(0x2f, if_freqs[modulation->lora.bw]);
        peer_write(0x30, 0);
    }
}

static const radio_modulation_t *peer_modulation;

void peer_lora(const radio_modulation_t *modulation) {
    const radio_lora_t *lora = &modulation->lora;
    peer_modulation = modulation;
    bool low = (1000.0 * (1 << lora->sf)) / bandwidths[lora->bw] > 16;
    peer_write(0x01, sim_chip_peek(&fixture_peer, 0x01) & 0x80);
    peer_write(0x01, 0x80);
    peer_write(0x09, 0x8f);
    if (fixture_peer.kind == SIM_SX1276) {
        peer_write(0x1d, (uint8_t)(lora->bw << 4 | lora->cr << 1 | (lora->implicit_len ? 1 : 0)));
        peer_write(0x1e, (uint8_t)(lora->sf << 4 | (lora->crc ? 4 : 0)));
        peer_write(0x26, (uint8_t)((low ? 8 : 0) | 4));
    } else {
        peer_write(0x1d, (uint8_t)((lora->bw - 7) << 6 | lora->cr << 3 | (lora->implicit_len ? 4 : 0) | (lora->crc ? 2 : 0) | (low ? 1 : 0)));
        peer_write(0x1e, (uint8_t)(lora->sf << 4 | 4));
    }
    peer_write(0x20, (uint8_t)(lora->preamble >> 8));
    peer_write(0x21, (uint8_t)lora->preamble);
    peer_write(0x39, lora->sync_word);
    peer_write(0x0e, 0);
    peer_write(0x0f, 0);
    peer_errata(modulation);
    peer_frequency(modulation->frequency);
}

void peer_fsk(const radio_modulation_t *modulation) {
    const radio_fsk_t *fsk = &modulation->fsk;
    peer_modulation = modulation;
    sim_time_cancel(&peer_event);
    peer_write(0x01, sim_chip_peek(&fixture_peer, 0x01) & 0x80);
    peer_write(0x01, 0x00);
    uint32_t rate = 32000000 / fsk->bit_rate;
    uint32_t deviation = (uint32_t)(fsk->deviation * 524288.0 / 32e6 + 0.5);
    const uint8_t values[][2] = {
        { 0x02, (uint8_t)(rate >> 8) }, { 0x03, (uint8_t)rate }, { 0x04, (uint8_t)(deviation >> 8) },
        { 0x05, (uint8_t)deviation }, { 0x09, 0x8f }, { 0x0d, 0x1e }, { 0x12, fsk->bit_rate < 5000 ? 0x17 : 0x0b },
        { 0x13, fsk->bit_rate < 5000 ? 0x17 : 0x12 }, { 0x1f, 0xaa }, { 0x25, (uint8_t)(fsk->preamble >> 8) },
        { 0x26, (uint8_t)fsk->preamble }, { 0x27, (uint8_t)(0x90 | (fsk->sync_len - 1)) },
        { 0x30, (uint8_t)((fsk->fixed_len ? 0 : 0x80) | (fsk->whitening ? 0x40 : 0) | (fsk->crc ? 0x10 : 0) | 8) },
        { 0x31, 0x40 }, { 0x32, fsk->fixed_len ? fsk->fixed_len : 0xff }, { 0x35, 0x80 | 15 },
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); ++i) {
        peer_write(values[i][0], values[i][1]);
    }
    for (uint8_t i = 0; i < fsk->sync_len; ++i) {
        peer_write(0x28 + i, fsk->sync[i]);
    }
    peer_frequency(modulation->frequency);
}

static void peer_iq(bool inverted, bool transmits) {
    peer_write(0x33, inverted ? (transmits ? 0x26 : 0x67) : 0x27);
    peer_write(0x3b, inverted ? 0x19 : 0x1d);
}

static uint8_t peer_fsk_sent;
static const uint8_t *peer_fsk_data;
static size_t peer_fsk_len;

// The FIFO is refilled while simulated time passes, between the driver's own steps.
static void peer_refill(sim_event_t *event) {
    while (peer_fsk_sent < peer_fsk_len && (sim_chip_peek(&fixture_peer, 0x3f) & 0x80) == 0) {
        peer_write(0x00, peer_fsk_data[peer_fsk_sent++]);
    }
    if (peer_fsk_sent < peer_fsk_len) {
        sim_time_at(event, sim_time_now() + UINT64_C(8000000000) / peer_modulation->fsk.bit_rate * 8);
    }
}

static uint8_t peer_received[257];
static size_t peer_received_len;

static void peer_send_fsk(const uint8_t *data, size_t len) {
    peer_write(0x01, 0x01);
    sim_hal_run(1000);
    if (peer_modulation->fsk.fixed_len == 0) {
        peer_write(0x00, (uint8_t)len);
    }
    peer_fsk_data = data;
    peer_fsk_len = len;
    peer_fsk_sent = 0;
    while (peer_fsk_sent < len && peer_fsk_sent < 60) {
        peer_write(0x00, data[peer_fsk_sent++]);
    }
    peer_write(0x01, 0x03);
    peer_event.fire = peer_refill;
    sim_time_at(&peer_event, sim_time_now() + UINT64_C(8000000000) / peer_modulation->fsk.bit_rate * 16);
}

void peer_send(const uint8_t *data, size_t len) {
    if (peer_modulation->modem == RADIO_FSK) {
        peer_send_fsk(data, len);
        return;
    }
    peer_write(0x01, 0x81);
    sim_hal_run(1000);
    peer_iq(peer_modulation->lora.iq_inverted, true);
    peer_frequency(peer_modulation->frequency);
    peer_write(0x12, 0xff);
    peer_write(0x0d, 0);
    for (size_t i = 0; i < len; ++i) {
        peer_write(0x00, data[i]);
    }
    peer_write(0x22, (uint8_t)len);
    peer_write(0x01, 0x83);
}

// Reads byte by byte, never the last one before PayloadReady.
static void peer_drain(sim_event_t *event) {
    uint8_t flags;
    while ((flags = sim_chip_peek(&fixture_peer, 0x3f)), (flags & 0x40) == 0 && peer_received_len < sizeof(peer_received)) {
        if ((flags & 0x24) == 0) {
            break;
        }
        peer_received[peer_received_len++] = peer_read(0x00);
    }
    sim_time_at(event, sim_time_now() + UINT64_C(8000000000) / peer_modulation->fsk.bit_rate * 4);
}

void peer_listen(void) {
    if (peer_modulation->modem == RADIO_FSK) {
        peer_write(0x01, 0x01);
        sim_hal_run(1000);
        peer_write(0x01, 0x05);
        peer_received_len = 0;
        peer_event.fire = peer_drain;
        sim_time_at(&peer_event, sim_time_now() + 1000);
        sim_hal_run(2000);
        return;
    }
    static const uint16_t shifts[] = { 7812, 10417, 15625, 20833, 31250, 41667 };
    uint8_t bw = peer_modulation->lora.bw;
    bool shifted = fixture_peer.kind == SIM_SX1276 && bw < 6;
    peer_write(0x01, 0x81);
    sim_hal_run(1000);
    peer_iq(peer_modulation->lora.iq_inverted, false);
    peer_frequency(peer_modulation->frequency + (shifted ? shifts[bw] : 0));
    peer_write(0x12, 0xff);
    if (peer_modulation->lora.implicit_len != 0) {
        peer_write(0x22, peer_modulation->lora.implicit_len);
    }
    peer_write(0x01, 0x85);
    sim_hal_run(1500);
}

int peer_frame(uint8_t *data) {
    if (peer_modulation->modem == RADIO_FSK) {
        size_t start = peer_modulation->fsk.fixed_len ? 0 : 1;
        if (peer_received_len <= start) {
            return -1;
        }
        memcpy(data, peer_received + start, peer_received_len - start);
        return (int)(peer_received_len - start);
    }
    uint8_t flags = peer_read(0x12);
    if ((flags & 0x40) == 0) {
        return -1;
    }
    peer_write(0x12, flags);
    if (flags & 0x20) {
        return -2;
    }
    peer_write(0x0d, peer_read(0x10));
    int len = peer_read(0x13);
    for (int i = 0; i < len; ++i) {
        data[i] = peer_read(0x00);
    }
    return len;
}
