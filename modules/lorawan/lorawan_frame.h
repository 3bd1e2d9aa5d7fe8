// LoRaWAN 1.0 frames as bytes: build, check, cipher, derive keys. No state.
//
// Calls answer 0, or -NET_EIO when the cipher refused.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_LORAWAN_LORAWAN_FRAME_H
#define USOCKET_LORAWAN_LORAWAN_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LORAWAN_FRAME_JOIN_REQUEST (0)
#define LORAWAN_FRAME_JOIN_ACCEPT (1)
#define LORAWAN_FRAME_DATA_UP (2)
#define LORAWAN_FRAME_DATA_DOWN (3)
#define LORAWAN_FRAME_CONFIRMED_UP (4)
#define LORAWAN_FRAME_CONFIRMED_DOWN (5)

#define LORAWAN_FRAME_FCTRL_ADR (0x80)
#define LORAWAN_FRAME_FCTRL_ADR_ACK_REQ (0x40)
#define LORAWAN_FRAME_FCTRL_ACK (0x20)
#define LORAWAN_FRAME_FCTRL_PENDING (0x10)

#define LORAWAN_FRAME_FOPTS_MAX (15)
#define LORAWAN_FRAME_JOIN_REQUEST_LEN (23)
#define LORAWAN_FRAME_MIC_LEN (4)
// MHDR, FHDR without FOpts, MIC.
#define LORAWAN_FRAME_DATA_MIN (12)

uint16_t lorawan_frame_le16(const uint8_t *at);
uint32_t lorawan_frame_le24(const uint8_t *at);
uint32_t lorawan_frame_le32(const uint8_t *at);
void lorawan_frame_put_le32(uint8_t *at, uint32_t value);

// A data frame; pointers go into the bytes it was parsed from.
typedef struct {
    uint8_t type;
    uint8_t fctrl;
    uint8_t fopts_len;
    bool has_port;
    uint8_t port;
    uint8_t payload_len;
    uint16_t fcnt16;
    uint32_t addr;
    uint8_t *fopts;
    uint8_t *payload;
} lorawan_frame_t;

// False if the bytes are no data frame: length, major version, FOpts with FPort 0.
bool lorawan_frame_parse(uint8_t *data, size_t len, lorawan_frame_t *frame);

// What makes MIC and cipher of a data frame unique.
typedef struct {
    const uint8_t *key;
    uint32_t addr;
    uint32_t fcnt;
    bool down;
} lorawan_frame_nonce_t;

// MIC of the bytes in front of it.
int lorawan_frame_mic(const lorawan_frame_nonce_t *nonce, const uint8_t *data, size_t len, uint8_t mic[LORAWAN_FRAME_MIC_LEN]);
// In place; the same call ciphers and deciphers.
int lorawan_frame_cipher(const lorawan_frame_nonce_t *nonce, uint8_t *data, size_t len);

// Writes LORAWAN_FRAME_JOIN_REQUEST_LEN bytes. EUIs most significant byte first.
typedef struct {
    const uint8_t *key;
    const uint8_t *join_eui;
    const uint8_t *dev_eui;
    uint16_t dev_nonce;
} lorawan_frame_join_t;

int lorawan_frame_join_request(const lorawan_frame_join_t *join, uint8_t *out);

// A decrypted Join-Accept.
typedef struct {
    uint32_t join_nonce;
    uint32_t net_id;
    uint32_t dev_addr;
    uint8_t dl_settings;
    uint8_t rx_delay;
    const uint8_t *cflist; // 16 bytes in the frame, or NULL
} lorawan_frame_accept_t;

// Decrypts in place. -NET_EINVAL length or type; -NET_EACCES MIC.
int lorawan_frame_join_accept(const uint8_t *key, uint8_t *data, size_t len, lorawan_frame_accept_t *accept);

// Session keys of 1.0: which is 1 for NwkSKey, 2 for AppSKey.
int lorawan_frame_session_key(const lorawan_frame_join_t *join, const lorawan_frame_accept_t *accept, uint8_t which, uint8_t out[16]);

#endif // USOCKET_LORAWAN_LORAWAN_FRAME_H
