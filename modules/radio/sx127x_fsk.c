// The FSK modem in packet mode. Its FIFO has 64 bytes: longer packets are written and
// read in pieces. Edges wake, but deadlines carry it: where lines are merged the FIFO
// level hides the end of the packet, and some boards wire only DIO0.
// SPDX-License-Identifier: MIT
#include "hal/hal.h"
#include "radio/radio_airtime.h"
#include "radio/sx127x.h"

#define FIFO_SIZE (64)
#define THRESHOLD (31) // FifoLevel: more bytes than this
#define TX_PIECE (FIFO_SIZE - THRESHOLD - 1)
#define RX_PIECE (THRESHOLD - 1) // erratum 3.1: must not empty it
#define POLL_BYTES (24) // from THRESHOLD it leaves room for 9 more
#define TICK_US (1000000)
#define MARGIN_US (1000)
#define TRIES (20)
#define CANARY (0x05) // in the level of the low battery detector, which is off
#define CRYSTAL_HZ (32000000)
#define RESTART_RX (0x40)

// RegLowBat (the canary) to RegIrqFlags2, in one read.
enum { FLAGS1 = REG_IRQ_FLAGS1 - REG_LOW_BAT, FLAGS2 = REG_IRQ_FLAGS2 - REG_LOW_BAT, FLAGS_SIZE };

static const radio_fsk_t *settings(void) {
    return &sx127x.modulation.fsk;
}

static uint32_t bytes_us(uint32_t bytes) {
    return radio_airtime_bytes_us(settings(), bytes);
}

// The narrowest filter that is wide enough: 32 MHz / (mantissa * 2^(exponent + 2)).
static uint8_t bandwidth_code(uint32_t hz) {
    for (uint8_t exponent = 7; exponent > 0; --exponent) {
        for (uint8_t mantissa = 24; mantissa >= 16; mantissa -= 4) {
            if (CRYSTAL_HZ / ((uint32_t)mantissa << (exponent + 2)) >= hz) {
                return (uint8_t)((mantissa - 16) / 4 << 3 | exponent);
            }
        }
    }
    return 1; // 250 kHz
}

static void set_rate(const radio_fsk_t *fsk) {
    sx127x_set16(REG_BITRATE, (uint16_t)((CRYSTAL_HZ + fsk->bit_rate / 2) / fsk->bit_rate));
    sx127x_set16(REG_FDEV, (uint16_t)sx127x_steps(fsk->deviation));
    sx127x_set(REG_RX_BW, bandwidth_code(fsk->rx_bandwidth));
    sx127x_set(REG_AFC_BW, bandwidth_code(fsk->afc_bandwidth != 0 ? fsk->afc_bandwidth : fsk->rx_bandwidth));
    if (sx127x.chip == RADIO_CHIP_SX1272) { // shaping is in RegOpMode there
        sx127x_set(REG_PA_RAMP, 0x19);
    } else {
        sx127x_set(REG_PA_RAMP, fsk->shaped ? 0x29 : 0x09);
    }
}

static void set_packet(const radio_fsk_t *fsk) {
    sx127x_set16(REG_FSK_PREAMBLE, fsk->preamble);
    sx127x_set(REG_SYNC_CONFIG, (uint8_t)(0x90 | (fsk->sync_len - 1))); // restart by itself
    for (uint8_t i = 0; i < fsk->sync_len; ++i) {
        sx127x_set(REG_SYNC_VALUE + i, fsk->sync[i]);
    }
    uint8_t config1 = 0x08; // a packet with a bad CRC is kept, to be counted
    config1 |= fsk->fixed_len == 0 ? 0x80 : 0;
    config1 |= fsk->whitening ? 0x40 : 0;
    config1 |= fsk->crc ? 0x10 : 0;
    sx127x_set(REG_PACKET_CONFIG1, config1);
    sx127x_set(REG_PACKET_CONFIG2, 0x40); // packet mode
    sx127x_set(REG_FSK_PAYLOAD_LENGTH, fsk->fixed_len != 0 ? fsk->fixed_len : RADIO_PAYLOAD_MAX);
}

static void set_constants(void) {
    sx127x_set(REG_LNA, 0x23);
    sx127x_set(REG_RX_CONFIG, 0x1e); // AFC and AGC, by the preamble
    sx127x_set(REG_RSSI_CONFIG, 0xd2);
    sx127x_set(REG_PREAMBLE_DETECT, 0xaa); // 2 bytes, 10 chips of error
    sx127x_set(REG_OSC, 0x07); // no clock output
    sx127x_set(REG_FIFO_THRESH, 0x80 | THRESHOLD); // sending starts with the first byte
    sx127x_set(REG_LOW_BAT, CANARY);
    sx127x_set(REG_DIO_MAPPING1, 0x00); // DIO0 PacketSent or PayloadReady, DIO1 FifoLevel
}

static void configure(void) {
    set_constants();
    set_rate(settings());
    set_packet(settings());
    sx127x_set_frequency(sx127x.modulation.frequency);
    if (sx127x.op == SX127X_TX) {
        sx127x_set_power(sx127x.modulation.frequency, sx127x.power);
    }
}

static void push(uint16_t number) {
    sx127x_write(REG_FIFO, sx127x.buffer + sx127x.done, number);
    sx127x.done += number;
}

// Flags go with the mode; a FIFO left full by an operation before is emptied.
static void load(const uint8_t *payload) {
    (void)payload; // it is in the buffer already, with its length before it
    sx127x.done = 0;
    sx127x.total = 0;
    if (sx127x.flags_dirty) {
        sx127x_write1(REG_IRQ_FLAGS2, IRQ2_FIFO_OVERRUN);
        sx127x.flags_dirty = false;
    }
    if (sx127x.op == SX127X_TX) {
        sx127x.total = sx127x.len + (settings()->fixed_len == 0 ? 1 : 0);
        push(sx127x.total < FIFO_SIZE ? sx127x.total : FIFO_SIZE);
    }
}

static uint8_t mode(void) {
    return sx127x.op == SX127X_TX ? MODE_TX : MODE_RX;
}

// Packets that the FIFO cannot hold must be found before it overflows.
static uint32_t idle_us(void) {
    uint8_t dio = hal_board()->dio;
    bool fits = settings()->fixed_len != 0 && settings()->fixed_len <= FIFO_SIZE;
    bool blind = (dio & 1) == 0 || (!fits && (dio & 2) == 0);
    return blind ? bytes_us(POLL_BYTES) : TICK_US;
}

static void launched(void) {
    sx127x.attempts = 0;
    if (sx127x.op == SX127X_TX) {
        sx127x.end_us = sx127x.start_us + radio_airtime_us(&sx127x.modulation, sx127x.len);
        sx127x.deadline_us = sx127x.end_us + MARGIN_US;
        if (sx127x.done < sx127x.total) {
            uint32_t before = (uint32_t)settings()->preamble + settings()->sync_len;
            sx127x.deadline_us = sx127x.start_us + bytes_us(before + FIFO_SIZE - THRESHOLD);
        }
        return;
    }
    sx127x.end_us = RADIO_NEVER;
    sx127x.deadline_us = sx127x.start_us + idle_us();
    if (sx127x.symbols != 0) {
        sx127x.end_us = sx127x.start_us + bytes_us(sx127x.symbols);
        sx127x.deadline_us = sx127x.end_us < sx127x.deadline_us ? sx127x.end_us : sx127x.deadline_us;
    }
}

static void finish(void) {
    sx127x_set_mode(MODE_STANDBY);
    sx127x_ended();
}

static bool read_flags(uint8_t *in) {
    if (!sx127x_read_checked(REG_LOW_BAT, in, FLAGS_SIZE)) {
        sx127x_fault();
        return false;
    }
    return true;
}

// The packet is broken when the FIFO ran dry before its end.
static void refill(uint8_t flags2, uint64_t now_us) {
    if (flags2 & IRQ2_FIFO_EMPTY) {
        sx127x_fault();
        return;
    }
    if (flags2 & IRQ2_FIFO_LEVEL) {
        sx127x.deadline_us = now_us + bytes_us(2);
        return;
    }
    uint16_t left = sx127x.total - sx127x.done;
    push(left < TX_PIECE ? left : TX_PIECE);
    sx127x.deadline_us = sx127x.done < sx127x.total ? now_us + bytes_us(TX_PIECE - 2) : sx127x.end_us + MARGIN_US;
}

static bool service_tx(uint64_t edge_us, uint64_t now_us, radio_event_t *event) {
    uint8_t in[FLAGS_SIZE];
    if (!read_flags(in)) {
        return false;
    }
    if (sx127x.done < sx127x.total) {
        refill(in[FLAGS2], now_us);
        return false;
    }
    if ((in[FLAGS2] & IRQ2_PACKET_SENT) == 0) {
        if (!sx127x_again(now_us, MARGIN_US, TRIES)) {
            sx127x_fault();
        }
        return false;
    }
    sx127x_count_lost(edge_us, 1);
    event->type = RADIO_TX_DONE;
    event->at_us = edge_us != 0 ? edge_us : now_us < sx127x.end_us ? now_us : sx127x.end_us;
    finish();
    return true;
}

static int16_t rssi(void) {
    return (int16_t)-(sx127x_read1(REG_FSK_RSSI) / 2);
}

static void pull(uint16_t number) {
    sx127x_read(REG_FIFO, sx127x.buffer + sx127x.done, number);
    sx127x.done += number;
}

// The first bytes: how strong, and how many.
static void begin_packet(void) {
    sx127x.rssi = rssi();
    uint8_t in[2];
    sx127x_read(REG_AFC, in, sizeof(in));
    sx127x.afc = (int16_t)(in[0] << 8 | in[1]);
    if (settings()->fixed_len != 0) {
        sx127x.total = settings()->fixed_len;
    } else {
        pull(1);
        sx127x.total = sx127x.buffer[0] + 1;
    }
}

// Ready for the next packet, without what is left of this one.
static void drop(void) {
    sx127x_write1(REG_IRQ_FLAGS2, IRQ2_FIFO_OVERRUN);
    sx127x_write1(REG_RX_CONFIG, sx127x.image[REG_RX_CONFIG] | RESTART_RX);
}

static void end_packet(bool good, radio_event_t *event) {
    uint16_t start = settings()->fixed_len == 0 ? 1 : 0;
    event->type = good ? RADIO_RX_DONE : RADIO_RX_CRC_ERROR;
    event->rssi = sx127x.rssi;
    event->frequency_error = sx127x.afc * 61;
    if (good) {
        event->data = sx127x.buffer + start;
        event->len = sx127x.total - start;
    } else {
        ++sx127x.counters.crc_errors;
    }
    sx127x.done = 0;
    sx127x.total = 0;
    if (sx127x.symbols != 0) {
        finish();
    } else {
        sx127x.deadline_us = hal_now_us() + idle_us();
    }
}

// A piece, but never the last byte before the packet is known to be complete.
static void take_piece(uint64_t now_us) {
    if (sx127x.done == 0) {
        begin_packet();
    }
    uint16_t left = sx127x.total > sx127x.done ? sx127x.total - sx127x.done - 1 : 0;
    uint16_t room = RX_PIECE - (sx127x.done == 1 ? 1 : 0);
    pull(left < room ? left : room);
    left = sx127x.total - sx127x.done;
    sx127x.deadline_us = now_us + bytes_us(left < POLL_BYTES ? left + 2 : POLL_BYTES);
}

static bool take_packet(uint8_t flags2, radio_event_t *event) {
    bool good = (flags2 & IRQ2_FIFO_OVERRUN) == 0 && (!settings()->crc || (flags2 & IRQ2_CRC_OK) != 0);
    if (sx127x.done == 0) {
        begin_packet();
    }
    good = good && sx127x.total - sx127x.done <= FIFO_SIZE && sx127x.total > 1;
    if (good) {
        pull(sx127x.total - sx127x.done);
    } else {
        drop();
    }
    end_packet(good, event);
    return true;
}

// Nothing has come in time. A packet may have begun; the sync word ends the wait.
static bool look_after_receiver(uint8_t flags1, uint64_t now_us, radio_event_t *event) {
    if (sx127x.symbols == 0) {
        sx127x.deadline_us = now_us + idle_us();
        if (!sx127x_still_receives()) {
            sx127x_fault();
        }
        return false;
    }
    uint32_t longest = radio_airtime_us(&sx127x.modulation, RADIO_PAYLOAD_MAX);
    bool comes = (flags1 & (IRQ1_SYNC | IRQ1_PREAMBLE)) != 0 && now_us < sx127x.end_us + longest;
    if (comes || now_us < sx127x.end_us) {
        sx127x.deadline_us = now_us + bytes_us(POLL_BYTES);
        return false;
    }
    event->type = RADIO_RX_TIMEOUT;
    finish();
    return true;
}

static bool service_rx(uint64_t edge_us, uint64_t now_us, radio_event_t *event) {
    uint8_t in[FLAGS_SIZE];
    if (!read_flags(in)) {
        return false;
    }
    event->at_us = edge_us != 0 ? edge_us : now_us;
    if (in[FLAGS2] & (IRQ2_PAYLOAD_READY | IRQ2_FIFO_OVERRUN)) {
        return take_packet(in[FLAGS2], event);
    }
    if (in[FLAGS2] & IRQ2_FIFO_LEVEL) {
        take_piece(now_us);
        return false;
    }
    if (now_us < sx127x.deadline_us) {
        return false;
    }
    if (sx127x.done != 0) { // between two pieces
        sx127x.deadline_us = now_us + bytes_us(4);
        if (!sx127x_again(now_us, 0, UINT8_MAX)) {
            drop();
            end_packet(false, event);
            return true;
        }
        return false;
    }
    return look_after_receiver(in[FLAGS1], now_us, event);
}

static bool service(uint64_t edge_us, uint64_t now_us, radio_event_t *event) {
    if (sx127x.op == SX127X_TX) {
        return service_tx(edge_us, now_us, event);
    }
    return service_rx(edge_us, now_us, event);
}

const sx127x_modem_t sx127x_fsk = {
    .configure = configure,
    .load = load,
    .mode = mode,
    .launched = launched,
    .service = service,
    .rssi = rssi,
    .canary_address = REG_LOW_BAT,
    .canary = CANARY,
};
