// The air: frames on their way from chip to chip. It decides how strong a frame
// arrives and what disturbs it; the chips decide what they make of it.
//
// Positions are metres in a plane; path loss is log-distance, with a loss that can
// be set for a pair. Noise floor and interference are those of the receiver's
// bandwidth. Deterministic with a seed. Single-threaded as sim_time.h, whose clock
// it uses. docs/simulation.md has the numbers.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_SIM_SIM_AIR_H
#define USOCKET_PORTS_SIM_SIM_AIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { SIM_AIR_LORA, SIM_AIR_FSK, SIM_AIR_CARRIER } sim_air_modem_t;

// A frame, from the first symbol of its preamble to its end.
typedef struct {
    uint64_t start_ns;
    uint64_t preamble_ns; // length of the preamble, sync word included
    uint64_t header_ns; // from the start to the end of the explicit header; 0 none
    uint64_t end_ns; // SIM_NEVER while it is not known (continuous transmit)
    uint32_t frequency; // Hz
    uint32_t bandwidth; // Hz, occupied
    int16_t power_x10; // dBm * 10 at the antenna
    uint8_t modem; // sim_air_modem_t
    uint8_t sf; // LoRa
    uint8_t cr;
    uint8_t sync[8]; // LoRa: [0]
    uint8_t sync_len;
    bool iq_inverted;
    bool implicit;
    bool crc;
    bool low_rate; // LowDataRateOptimize
    bool crc_bad; // sent with a wrong CRC, by a test
    bool crc_ibm; // FSK: IBM's CRC instead of CCITT's
    uint8_t hop_period; // LoRa: symbols between hops; 0 none
    uint32_t bit_rate; // FSK
    uint32_t deviation;
    bool whitening;
    bool fixed_len;
    uint32_t source; // the radio's id, unique on this air
    uint32_t number; // of the source's frames
    uint16_t len;
    uint8_t data[256];
} sim_air_frame_t;

typedef enum {
    SIM_AIR_ON_AIR, // its transmission begins (radio NULL)
    SIM_AIR_RECEIVED,
    SIM_AIR_COLLISION, // heard, and destroyed by another
    SIM_AIR_WEAK, // heard, and too weak for its header or payload
    SIM_AIR_NOBODY, // it ended and no radio heard it (radio NULL)
    SIM_AIR_ABORTED, // cut short; radio NULL at its sender, else at a receiver
    SIM_AIR_SENT, // it ended at its sender, its data is complete (radio NULL)
} sim_air_fate_t;

// A radio that takes part: a chip of this process.
typedef struct _sim_air_radio_t sim_air_radio_t;
struct _sim_air_radio_t {
    // A frame is (or will be) on the air; it lives until its end and a little more.
    // Not called for the radio's own frames.
    void (*heard)(sim_air_radio_t *radio, const sim_air_frame_t *frame);
    // A frame's end has moved: it was aborted, or a continuous one ended.
    void (*ended)(sim_air_radio_t *radio, const sim_air_frame_t *frame);
    char name[16];
    int32_t x_m, y_m;
    uint32_t id; // 0, or taken: sim_air_join() chooses one; else the owner's, for airs of several processes
    sim_air_radio_t *next;
};

void sim_air_reset(uint32_t seed);
void sim_air_join(sim_air_radio_t *radio);
void sim_air_leave(sim_air_radio_t *radio);

// Put a frame on the air (copied); returns the air's copy, NULL when its pool of
// frames is full (counted). source and number are filled in.
const sim_air_frame_t *sim_air_transmit(sim_air_radio_t *radio, const sim_air_frame_t *frame);
uint32_t sim_air_dropped(void);
// The sender learns more while the frame is on its way: a byte of its data (an FSK
// FIFO that is refilled), a new carrier frequency or power (hops, Sigfox).
void sim_air_put(const sim_air_frame_t *frame, size_t at, uint8_t byte);
void sim_air_retune(const sim_air_frame_t *frame, uint32_t frequency, int16_t power_x10);
// The frame will be received with a bad CRC.
void sim_air_spoil(const sim_air_frame_t *frame);
// The frame ends now instead.
void sim_air_abort(const sim_air_frame_t *frame);

// Frames on the air now or soon, one after another: NULL gives the first. Frames
// that other processes sent are given until their notice may be late no more.
const sim_air_frame_t *sim_air_next(const sim_air_frame_t *before);

// How a frame arrives at a radio: dBm * 10.
int sim_air_rssi_x10(const sim_air_radio_t *radio, const sim_air_frame_t *frame);
// Everything that a receiver of this bandwidth sees right now, noise included.
int sim_air_level_x10(const sim_air_radio_t *radio, uint32_t frequency, uint32_t bandwidth);
// Thermal noise in a bandwidth with the receiver's noise figure (6 dB).
int sim_air_noise_x10(uint32_t bandwidth);
// Signal to noise of the frame in dB * 10, and whether a frame that overlapped it
// between two times destroyed it (capture effect, orthogonal spreading factors).
int sim_air_snr_x10(const sim_air_radio_t *radio, const sim_air_frame_t *frame);
bool sim_air_collided(const sim_air_radio_t *radio, const sim_air_frame_t *frame, uint64_t from_ns, uint64_t to_ns);

// The demodulation limit of a spreading factor: signal to noise in dB * 10.
int sim_air_limit_x10(unsigned sf);

// Slow fading, another one for each frame and receiver: standard deviation in
// dB * 10; 5 after a reset.
void sim_air_set_fading(int sigma_x10);

// Notices from other processes come up to this much late: receivers put off by it
// what means "nothing was heard" (a symbol timeout, the end of a CAD). 0 after a reset.
void sim_air_set_lateness(uint64_t ns);
uint64_t sim_air_lateness(void);

// Extra loss between two radios, both ways, in dB; by id.
void sim_air_set_loss(uint32_t a, uint32_t b, int loss_db);
// What became of a frame at a radio, told by the chip, for monitors and captures.
void sim_air_tell(const sim_air_radio_t *radio, const sim_air_frame_t *frame, sim_air_fate_t fate);

// One watcher of everything: transmissions (radio NULL), and fates at radios. It
// writes captures, feeds the hub. NULL removes it.
typedef void (*sim_air_watch_t)(const sim_air_radio_t *radio, const sim_air_frame_t *frame, sim_air_fate_t fate);
void sim_air_watch(sim_air_watch_t watch);

// A frame that a radio of another process sent: source and number are its own. Its
// start may lie in the past. Given again, it tells the frame's end and its complete
// data. The watcher is not told, but for what becomes of it here.
void sim_air_from_outside(const sim_air_frame_t *frame, int32_t x_m, int32_t y_m);

#endif // USOCKET_PORTS_SIM_SIM_AIR_H
