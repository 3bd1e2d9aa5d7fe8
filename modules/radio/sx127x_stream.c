// A stream of differential BPSK, for which the chips have no modem: the LoRa modem
// sends a steady carrier; for each bit that is 0 the amplifier's level goes down to
// nothing, the carrier's phase is turned, and the level comes back. Most of these
// registers are in no datasheet; the values are those that others found to work
// (docs/sigfox.md says what has to be looked at on a bench).
//
// The writes of a whole frame come from one hardware timer (hal_spi_stream): every
// time is worked out from the frame's start, so that no error adds up.
// SPDX-License-Identifier: MIT
#include "hal/hal.h"
#include "radio/sx127x.h"

#define SETTLE_US (200) // from the mode to a carrier (115 us), and a late task
#define START_SLOWER (4) // the first ramp takes so many times longer than the others
#define SECOND (10000000u) // in tenths of a microsecond
#define MARGIN_US (50)
#define AGAIN_US (1000)
#define TRIES (20)
// A crystal drifts while the amplifier warms the chip, and does not when it is warm.
#define WARM_US (500000)
#define WARM_FAST_US (50000) // above SLOW_BIT_RATE
#define SLOW_BIT_RATE (300)
#define STAYS_WARM_US (1500000)

#define PHASE (0x3e) // LoRa page
#define TURNED (0x80)
#define MANUAL_ON (0x60)
#define PA_CONFIG (0xbf) // PA_BOOST, the most
#define PA_DAC (0x87)
#define PA_DAC_RESET (0x84)
#define PA_RAMP_FAST (0x0f) // 10 us; no reset gives it, so it is the canary
#define OCP_140_MA (0x31)

typedef struct {
    uint8_t address, value;
} write_t;

// What differs between the chips.
typedef struct {
    uint8_t level, on, pa_dac; // registers
    uint8_t continuous; // RegModemConfig2
    write_t prepare[4]; // address 0: no more
    write_t restore[10];
} chip_t;

static const chip_t sx1276 = {
    .level = 0x45, .on = 0x52, .pa_dac = REG_PA_DAC_SX1276, .continuous = 0x08,
    .prepare = { { 0x36, 0x01 }, { 0x3d, 0xa1 }, { 0x44, 0x7b }, { 0x46, 0x03 } },
    .restore = {
        { 0x52, 0x00 }, { 0x45, 0x00 }, { 0x44, 0x2d }, { 0x46, 0x03 }, { 0x3d, 0xa1 }, { 0x36, 0x03 }, { PHASE, 0x00 },
        { REG_MODEM_CONFIG1, 0x72 }, { REG_MODEM_CONFIG2, 0x70 }, { REG_PA_RAMP, 0x09 },
    },
};
static const chip_t sx1272 = {
    .level = 0x4c, .on = 0x63, .pa_dac = REG_PA_DAC_SX1272, .continuous = 0x78,
    .prepare = { { 0x3d, 0xaf }, { 0x4b, 0x3e }, { 0x4d, 0x03 }, { 0 } },
    .restore = {
        { 0x63, 0x00 }, { 0x4c, 0x00 }, { 0x4b, 0x2e }, { 0x4d, 0x03 }, { 0x3d, 0xa1 }, { PHASE, 0x00 },
        { REG_MODEM_CONFIG1, 0x08 }, { REG_MODEM_CONFIG2, 0x70 }, { REG_PA_RAMP, 0x19 }, { 0 },
    },
};

typedef enum { RISE, SEEK, FALL, OFF, TURN, ON, CLIMB, END } part_t;

static struct {
    radio_stream_t what; // data: in sx127x.buffer
    const chip_t *chip;
    uint64_t origin_us; // of the writes' times
    uint32_t first; // when bit 0 starts, and what goes on now: tenths after origin
    uint32_t turn;
    uint32_t warm_us;
    uint16_t bit;
    uint8_t part; // part_t
    uint8_t step;
    uint8_t phase;
    volatile bool runs;
    bool prepared; // registers are to be restored
} stream;

/******************************************************************************/
// The writes, one by one; in the timer's interrupt

static uint32_t bit_start(uint32_t bit) {
    return stream.first + bit * SECOND / stream.what.bit_rate;
}

static bool turns(uint16_t bit) {
    return (sx127x.buffer[bit / 8] >> (7 - bit % 8) & 1) == 0;
}

static uint16_t step_at(int n) {
    return stream.what.ramp->at[n - 1];
}

// The level after step n. The limit was checked; a wild pointer must not burn the chip.
static bool set_level(hal_write_t *write, uint32_t at, int n) {
    uint8_t level = n == 0 ? 0 : stream.what.ramp->level[n - 1];
    *write = (hal_write_t) { .at = at, .address = stream.chip->level };
    write->value = level < RADIO_STREAM_LEVEL_LIMIT ? level : 0;
    return true;
}

// The PA is off from before the turn until after it, at level 0.
static bool set_around_turn(hal_write_t *write, part_t part) {
    uint32_t gate = step_at(1) / 2;
    if (part == TURN) {
        stream.phase ^= TURNED;
        *write = (hal_write_t) { .at = stream.turn, .address = PHASE, .value = stream.phase };
    } else {
        *write = (hal_write_t) { .at = stream.turn - gate, .address = stream.chip->on, .value = 0 };
        if (part == ON) {
            write->at = stream.turn + gate;
            write->value = MANUAL_ON;
        }
    }
    stream.part = part + 1;
    return true;
}

// The next bit that turns the phase, or the end.
static void seek(void) {
    while (stream.bit < stream.what.bits && !turns(stream.bit)) {
        ++stream.bit;
    }
    stream.turn = bit_start(stream.bit);
    stream.part = stream.bit < stream.what.bits ? FALL : END;
}

static bool rises(hal_write_t *write, uint32_t from, uint32_t slower) {
    if (stream.step == stream.what.ramp->steps) {
        stream.bit += stream.part == CLIMB;
        stream.part = SEEK;
        return false;
    }
    ++stream.step;
    return set_level(write, from + slower * step_at(stream.step), stream.step);
}

static bool falls(hal_write_t *write, uint32_t to) {
    if (stream.step == 0) {
        return false;
    }
    uint32_t at = to - step_at(stream.step);
    --stream.step;
    return set_level(write, at, stream.step);
}

static bool next(hal_write_t *write) {
    for (;;) {
        switch (stream.part) {
            case RISE:
                if (rises(write, 0, START_SLOWER)) {
                    return true;
                }
                break;
            case SEEK:
                seek();
                break;
            case FALL:
                if (falls(write, stream.turn)) {
                    return true;
                }
                stream.part = OFF;
                break;
            case OFF:
            case TURN:
            case ON:
                return set_around_turn(write, stream.part);
            case CLIMB:
                if (rises(write, stream.turn, 1)) {
                    return true;
                }
                break;
            default: // the end: the last bit is whole, the ramp comes after it
                stream.runs = falls(write, stream.turn + stream.what.ramp->span);
                return stream.runs;
        }
    }
}

/******************************************************************************/
// Before and after

static uint32_t warm_us(uint16_t bit_rate, uint64_t at_us) {
    if (sx127x.chip != RADIO_CHIP_SX1272 || hal_board()->tcxo || at_us < sx127x.warm_until_us) {
        return 0;
    }
    return bit_rate <= SLOW_BIT_RATE ? WARM_US : WARM_FAST_US;
}

static uint32_t before_first(const radio_stream_t *what) {
    return START_SLOWER * what->ramp->span + SECOND / what->bit_rate;
}

uint32_t radio_stream_lead_us(const radio_stream_t *what) {
    return SETTLE_US + warm_us(what->bit_rate, RADIO_NEVER) + (before_first(what) + 9) / 10;
}

void sx127x_stream_set(const radio_stream_t *what) {
    stream.what = *what;
    stream.chip = sx127x.chip == RADIO_CHIP_SX1272 ? &sx1272 : &sx1276;
    uint64_t now_us = hal_now_us();
    stream.warm_us = warm_us(what->bit_rate, what->at_us > now_us ? what->at_us : now_us);
}

uint32_t sx127x_stream_start_us(void) {
    return SETTLE_US + stream.warm_us + (before_first(&stream.what) + 9) / 10;
}

static void configure(void) {
    sx127x_set(REG_PA_CONFIG, PA_CONFIG);
    sx127x_set(REG_PA_RAMP, PA_RAMP_FAST);
    sx127x_set(REG_OCP, OCP_140_MA);
    sx127x_set(REG_MODEM_CONFIG1, 0);
    sx127x_set(REG_MODEM_CONFIG2, stream.chip->continuous);
    sx127x_set_frequency(sx127x.modulation.frequency);
}

static void write_all(const write_t *writes, size_t number) {
    for (size_t i = 0; i < number && writes[i].address != 0; ++i) {
        sx127x_write1(writes[i].address, writes[i].value);
    }
}

static void load(const uint8_t *payload) {
    (void)payload; // it is in the buffer already
    stream.prepared = true;
    write_all(stream.chip->prepare, sizeof(stream.chip->prepare) / sizeof(write_t));
    sx127x_write1(PHASE, 0);
    sx127x_write1(stream.chip->level, 0);
    sx127x_write1(stream.chip->on, MANUAL_ON);
    sx127x_write1(stream.chip->pa_dac, PA_DAC);
    sx127x.pa_dac = PA_DAC;
}

static uint8_t mode(void) {
    return MODE_TX;
}

static void launched(void) {
    uint64_t now_us = hal_now_us();
    stream.origin_us = (now_us > sx127x.at_us ? now_us : sx127x.at_us) + SETTLE_US;
    stream.first = before_first(&stream.what) + stream.warm_us * 10;
    stream.bit = 0;
    stream.part = RISE;
    stream.step = 0;
    stream.phase = 0;
    stream.runs = true;
    uint32_t end = bit_start(stream.what.bits);
    sx127x.end_us = stream.origin_us + end / 10;
    sx127x.deadline_us = stream.origin_us + (end + stream.what.ramp->span) / 10 + MARGIN_US;
    sx127x.attempts = 0;
    if (hal_spi_stream(next, stream.origin_us) < 0) {
        stream.runs = false;
        sx127x_fault();
    }
}

static bool service(uint64_t edge_us, uint64_t now_us, radio_event_t *event) {
    (void)edge_us; // no line tells of it
    if (stream.runs) {
        if (!sx127x_again(now_us, AGAIN_US, TRIES)) {
            sx127x_fault();
        }
        return false;
    }
    uint8_t in;
    if (!sx127x_read_checked(REG_PA_RAMP, &in, 1)) {
        sx127x_fault(); // the chip was reset meanwhile
        return false;
    }
    sx127x.warm_until_us = sx127x.end_us + STAYS_WARM_US;
    event->type = RADIO_TX_DONE;
    event->at_us = sx127x.end_us;
    sx127x_set_mode(MODE_STANDBY);
    sx127x_ended();
    return true;
}

static int16_t rssi(void) {
    return INT16_MIN; // never asked: nothing is received
}

void sx127x_stream_stop(void) {
    if (stream.runs) {
        stream.runs = false;
        hal_spi_stream(NULL, 0);
    }
}

// The LoRa page is needed, and sleep is where it can be had from anywhere.
void sx127x_stream_restore(void) {
    if (!stream.prepared) {
        return;
    }
    stream.prepared = false;
    sx127x.modulation.modem = SX127X_MODEM_STREAM;
    sx127x_set_mode(MODE_SLEEP);
    write_all(stream.chip->restore, sizeof(stream.chip->restore) / sizeof(write_t));
    sx127x_write1(stream.chip->pa_dac, PA_DAC_RESET);
    sx127x.pa_dac = PA_DAC_RESET;
    sx127x_forget(0, SX127X_IMAGE_SIZE - 1);
    sx127x.has_modem = false;
}

const sx127x_modem_t sx127x_stream = {
    .configure = configure,
    .load = load,
    .mode = mode,
    .launched = launched,
    .service = service,
    .rssi = rssi,
    .canary_address = REG_PA_RAMP,
    .canary = PA_RAMP_FAST,
};
