// The LoRa modem.
// SPDX-License-Identifier: MIT
#include "hal/hal.h"
#include "radio/radio_airtime.h"
#include "radio/sx127x.h"

#define TICK_US (1000000) // a continuous receiver is looked after so often
#define BLIND_TICK_US (5000) // the same where DIO0 is not wired
#define MARGIN_US (1000) // what may be late before the flags are read without an edge
#define TX_TRIES (20) // 1 ms each
#define IRQ_MASKED (IRQ_FHSS_CHANGE) // also the canary: no reset gives it
#define CRC_ON_PAYLOAD (0x40)
#define DIO0_TX_DONE (0x40)
#define DIO0_CAD_DONE (0x80)

// RegFifoRxCurrentAddr to RegHopChannel: all about a frame received, in one read.
enum {
    RX_CURRENT = 0,
    RX_FLAGS = REG_IRQ_FLAGS - REG_FIFO_RX_CURRENT,
    RX_BYTES = REG_RX_NB_BYTES - REG_FIFO_RX_CURRENT,
    RX_STAT = REG_MODEM_STAT - REG_FIFO_RX_CURRENT,
    RX_SNR = REG_PKT_SNR - REG_FIFO_RX_CURRENT,
    RX_RSSI = REG_PKT_RSSI - REG_FIFO_RX_CURRENT,
    RX_HOP = REG_HOP_CHANNEL - REG_FIFO_RX_CURRENT,
    RX_SIZE
};

static const radio_lora_t *settings(void) {
    return &sx127x.modulation.lora;
}

static bool receives(void) {
    return sx127x.op != SX127X_TX;
}

static void set_modem_sx1272(const radio_lora_t *lora) {
    uint8_t config1 = (uint8_t)((lora->bw - RADIO_BW_125K) << 6 | lora->cr << 3);
    config1 |= lora->implicit_len != 0 ? 0x04 : 0;
    config1 |= lora->crc ? 0x02 : 0;
    config1 |= radio_airtime_low_rate(lora) ? 0x01 : 0;
    sx127x_set(REG_MODEM_CONFIG1, config1);
}

static void set_modem_sx1276(const radio_lora_t *lora) {
    sx127x_set(REG_MODEM_CONFIG1, (uint8_t)(lora->bw << 4 | lora->cr << 1 | (lora->implicit_len != 0 ? 1 : 0)));
    sx127x_set(REG_MODEM_CONFIG3, 0x04 | (radio_airtime_low_rate(lora) ? 0x08 : 0)); // AGC on
}

// RegModemConfig2 has the upper bits of the symbol timeout, which stay as they are
// when it does not matter. Bit 2 is the AGC in one chip and the CRC in the other.
static void set_modem(const radio_lora_t *lora) {
    uint16_t symbols = (uint16_t)(sx127x.image[REG_MODEM_CONFIG2] & 3) << 8 | sx127x.image[REG_SYMB_TIMEOUT];
    if (sx127x.op == SX127X_RX && sx127x.symbols != 0) {
        symbols = sx127x.symbols;
    }
    bool bit2 = true;
    if (sx127x.chip == RADIO_CHIP_SX1272) {
        set_modem_sx1272(lora);
    } else {
        set_modem_sx1276(lora);
        bit2 = lora->crc;
    }
    sx127x_set(REG_MODEM_CONFIG2, (uint8_t)(lora->sf << 4 | (bit2 ? 0x04 : 0) | symbols >> 8));
    sx127x_set(REG_SYMB_TIMEOUT, (uint8_t)symbols);
    sx127x_set16(REG_LORA_PREAMBLE, lora->preamble);
    sx127x_set(REG_DETECTION_THRESHOLD, lora->sf == 6 ? 0x0c : 0x0a);
    sx127x_set(REG_SYNC_WORD, lora->sync_word);
}

// Bits and values as the drivers of the chip's maker have them; the datasheet's text
// on them is wrong.
static void set_iq(bool inverted) {
    uint8_t first = 0x27;
    if (inverted) {
        first = receives() ? 0x67 : 0x26;
    }
    sx127x_set(REG_INVERT_IQ, first);
    sx127x_set(REG_INVERT_IQ2, inverted ? 0x19 : 0x1d);
}

static void set_constants(void) {
    sx127x_set(REG_PA_RAMP, sx127x.chip == RADIO_CHIP_SX1272 ? 0x19 : 0x09); // 40 us
    sx127x_set(REG_LNA, 0x23); // most gain; 150 % current in the high band
    sx127x_set(REG_FIFO_RX_BASE, 0);
    sx127x_set(REG_IRQ_MASK, IRQ_MASKED);
    sx127x_set(REG_MAX_PAYLOAD_LENGTH, RADIO_PAYLOAD_MAX);
    sx127x_set(REG_HOP_PERIOD, 0);
}

static void configure(void) {
    static const uint8_t mapping[] = { [SX127X_TX] = DIO0_TX_DONE, [SX127X_CAD] = DIO0_CAD_DONE, [SX127X_SENSE] = 0 };
    const radio_modulation_t *modulation = &sx127x.modulation;
    set_constants();
    set_modem(settings());
    set_iq(settings()->iq_inverted);
    sx127x_errata_lora(modulation);
    sx127x_set(REG_DIO_MAPPING1, mapping[sx127x.op]);
    if (receives()) {
        sx127x_set_frequency(sx127x_errata_rx_frequency(modulation));
        if (settings()->implicit_len != 0) {
            sx127x_set(REG_LORA_PAYLOAD_LENGTH, settings()->implicit_len);
        }
    } else {
        sx127x_set_frequency(modulation->frequency);
        sx127x_set_power(modulation->frequency, sx127x.power);
        sx127x_set(REG_LORA_PAYLOAD_LENGTH, sx127x.len);
        sx127x_set(REG_FIFO_TX_BASE, 0);
    }
}

static void load(const uint8_t *payload) {
    if (sx127x.flags_dirty) {
        sx127x_write1(REG_IRQ_FLAGS, 0xff);
        sx127x.flags_dirty = false;
    }
    if (sx127x.op != SX127X_TX) {
        return;
    }
    sx127x.base = 0;
    sx127x_write1(REG_FIFO_ADDR_PTR, 0);
    sx127x_write(REG_FIFO, payload, sx127x.len);
    if (sx127x.next_len != 0) { // it came while the chip slept
        uint8_t len = sx127x.next_len;
        sx127x.next_len = 0;
        sx127x_lora_next(payload + sx127x.len, len);
    }
}

// Two frames lie at the two ends of the FIFO, so that they fit when their sum does.
static uint8_t next_base(uint8_t len) {
    return sx127x.base == 0 ? (uint8_t)(256 - len) : 0;
}

void sx127x_lora_next(const uint8_t *payload, uint8_t len) {
    sx127x.next_len = len;
    sx127x_write1(REG_FIFO_ADDR_PTR, next_base(len));
    sx127x_write(REG_FIFO, payload, len);
}

static uint8_t mode(void) {
    static const uint8_t modes[] = { [SX127X_TX] = MODE_TX, [SX127X_CAD] = MODE_CAD, [SX127X_SENSE] = MODE_RX };
    if (sx127x.op == SX127X_RX) {
        return sx127x.symbols != 0 ? MODE_RX_SINGLE : MODE_RX;
    }
    return modes[sx127x.op];
}

static uint32_t tick_us(void) {
    return hal_board()->dio & 1 ? TICK_US : BLIND_TICK_US;
}

static void launched(void) {
    uint32_t symbol_us = radio_airtime_symbol_us(settings());
    sx127x.attempts = 0;
    sx127x.end_us = sx127x.start_us;
    switch (sx127x.op) {
        case SX127X_TX:
            sx127x.end_us += radio_airtime_us(&sx127x.modulation, sx127x.len);
            sx127x.deadline_us = sx127x.end_us + MARGIN_US;
            break;
        case SX127X_RX:
            sx127x.end_us += (uint64_t)sx127x.symbols * symbol_us;
            sx127x.deadline_us = sx127x.end_us + (sx127x.symbols != 0 ? symbol_us / 2 + MARGIN_US / 4 : tick_us());
            break;
        default: // CAD
            sx127x.end_us += 2 * symbol_us + symbol_us / 4;
            sx127x.deadline_us = sx127x.end_us + MARGIN_US;
    }
}

// The chip went to standby by itself. The line falls with the flags.
static void finish(void) {
    sx127x_mode_is(MODE_STANDBY);
    sx127x_write1(REG_IRQ_FLAGS, 0xff);
    sx127x.flags_dirty = false;
    sx127x_ended();
}

static int rssi_offset(void) {
    if (sx127x.chip == RADIO_CHIP_SX1272) {
        return -139;
    }
    return sx127x.modulation.frequency < SX127X_LOW_BAND_HZ ? -164 : -157;
}

// Only what has to lie between the end of one frame and the start of the next.
static void start_next(void) {
    uint8_t len = sx127x.next_len;
    sx127x.base = next_base(len);
    sx127x.len = len;
    sx127x.next_len = 0;
    sx127x_set(REG_FIFO_TX_BASE, sx127x.base);
    sx127x_set(REG_LORA_PAYLOAD_LENGTH, len);
    sx127x_flush();
    sx127x_write1(REG_IRQ_FLAGS, IRQ_TX_DONE);
    sx127x_set_mode(MODE_TX);
    sx127x.start_us = hal_now_us() + radio_tx_start_us();
    launched();
}

// A bit read wrong must not cut a frame short: what comes too early is read again.
static bool has_sent(uint8_t flags, uint64_t now_us) {
    if ((flags & IRQ_TX_DONE) != 0 && now_us + 2 * MARGIN_US < sx127x.end_us) {
        flags = sx127x_read1(REG_IRQ_FLAGS);
    }
    return (flags & IRQ_TX_DONE) != 0;
}

static bool service_tx(uint64_t edge_us, uint64_t now_us, radio_event_t *event) {
    uint8_t in[2];
    if (!sx127x_read_checked(REG_IRQ_MASK, in, sizeof(in))) {
        sx127x_fault();
        return false;
    }
    if (!has_sent(in[1], now_us)) {
        if (!sx127x_again(now_us, MARGIN_US, TX_TRIES)) {
            sx127x_fault();
        }
        return false;
    }
    sx127x_count_lost(edge_us, 1);
    event->type = RADIO_TX_DONE;
    event->at_us = edge_us != 0 ? edge_us : now_us < sx127x.end_us ? now_us : sx127x.end_us;
    if (sx127x.next_len != 0) {
        start_next();
    } else {
        finish();
    }
    return true;
}

// What FEI calls positive is a sender that is too low.
static int32_t frequency_error(void) {
    uint8_t in[3];
    sx127x_read(REG_FEI, in, sizeof(in));
    int32_t fei = (in[0] & 0x0f) << 16 | in[1] << 8 | in[2];
    if (fei & 0x80000) {
        fei -= 0x100000;
    }
    // FEI * 2^24 / 32 MHz * bandwidth / 500 kHz; 2^24 / 32e6 = 2048 / 3906.25
    return -(fei * 2048 / 3906) / radio_airtime_divider(settings()->bw);
}

static void read_quality(const uint8_t *in, radio_event_t *event) {
    event->snr_x4 = (int8_t)in[RX_SNR];
    event->cr = in[RX_STAT] >> 5;
    int rssi = rssi_offset() + in[RX_RSSI] + (in[RX_RSSI] >> 4);
    event->rssi = (int16_t)(event->snr_x4 < 0 ? rssi + event->snr_x4 / 4 : rssi);
    event->frequency_error = frequency_error();
}

// With an explicit header the sender says whether there is a CRC; without one no
// error is ever flagged.
static bool is_good(const uint8_t *in) {
    bool unprotected = settings()->crc && settings()->implicit_len == 0 && (in[RX_HOP] & CRC_ON_PAYLOAD) == 0;
    return (in[RX_FLAGS] & IRQ_CRC_ERROR) == 0 && !unprotected && in[RX_BYTES] != 0;
}

// Flags first: from then on the next frame raises an edge.
static void take_frame(const uint8_t *in, radio_event_t *event) {
    if (sx127x.symbols != 0) {
        finish();
    } else {
        sx127x_write1(REG_IRQ_FLAGS, in[RX_FLAGS]);
        sx127x.deadline_us = hal_now_us() + tick_us();
    }
    read_quality(in, event);
    event->type = RADIO_RX_DONE;
    if (!is_good(in)) {
        ++sx127x.counters.crc_errors;
        event->type = RADIO_RX_CRC_ERROR;
        return;
    }
    sx127x_write1(REG_FIFO_ADDR_PTR, in[RX_CURRENT]);
    event->len = in[RX_BYTES];
    event->data = sx127x.buffer;
    sx127x_read(REG_FIFO, sx127x.buffer, event->len);
}

// Nothing has come. A receiver that goes on is checked; one that should have given
// up may be in the middle of a frame.
static void look_after_receiver(uint64_t now_us) {
    if (sx127x.symbols == 0) {
        sx127x.deadline_us = now_us + tick_us();
        if (!sx127x_still_receives()) {
            sx127x_fault();
        }
        return;
    }
    uint32_t symbol_us = radio_airtime_symbol_us(settings());
    sx127x.deadline_us = now_us + (symbol_us > MARGIN_US ? symbol_us : MARGIN_US);
    if (now_us > sx127x.end_us + radio_airtime_us(&sx127x.modulation, RADIO_PAYLOAD_MAX) + TICK_US) {
        sx127x_fault();
    }
}

static bool service_rx(uint64_t edge_us, uint64_t now_us, radio_event_t *event) {
    uint8_t in[RX_SIZE];
    if (!sx127x_read_checked(REG_FIFO_RX_CURRENT, in, sizeof(in))) {
        sx127x_fault();
        return false;
    }
    event->at_us = edge_us != 0 ? edge_us : now_us;
    if (in[RX_FLAGS] & IRQ_RX_DONE) {
        sx127x_count_lost(edge_us, 1);
        take_frame(in, event);
        return true;
    }
    if (sx127x.symbols != 0 && (in[RX_FLAGS] & IRQ_RX_TIMEOUT)) {
        sx127x_count_lost(edge_us, 2);
        finish();
        event->type = RADIO_RX_TIMEOUT;
        return true;
    }
    if (now_us >= sx127x.deadline_us) {
        look_after_receiver(now_us);
    }
    return false;
}

static bool service_cad(uint64_t edge_us, uint64_t now_us, radio_event_t *event) {
    uint8_t in[2];
    bool answers = sx127x_read_checked(REG_IRQ_MASK, in, sizeof(in));
    if (answers && (in[1] & IRQ_CAD_DONE)) {
        sx127x_count_lost(edge_us, 1);
        event->type = RADIO_CAD_DONE;
        event->detected = (in[1] & IRQ_CAD_DETECTED) != 0;
        event->at_us = edge_us != 0 ? edge_us : now_us;
        finish();
        return true;
    }
    if (!answers || !sx127x_again(now_us, MARGIN_US, TX_TRIES)) {
        sx127x_fault();
    }
    return false;
}

static bool service(uint64_t edge_us, uint64_t now_us, radio_event_t *event) {
    switch (sx127x.op) {
        case SX127X_TX:
            return service_tx(edge_us, now_us, event);
        case SX127X_RX:
            return service_rx(edge_us, now_us, event);
        default:
            return service_cad(edge_us, now_us, event);
    }
}

static int16_t rssi(void) {
    return (int16_t)(rssi_offset() + sx127x_read1(REG_RSSI));
}

const sx127x_modem_t sx127x_lora = {
    .configure = configure,
    .load = load,
    .mode = mode,
    .launched = launched,
    .service = service,
    .rssi = rssi,
    .canary_address = REG_IRQ_MASK,
    .canary = IRQ_MASKED,
};
