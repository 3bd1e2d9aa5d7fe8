// What Sigfox asks of the host: nothing was on this board before, unless the
// environment says so. USOCKET_SIGFOX_SECTOR=FILE: an image of a Pycom board's
// configuration sector. USOCKET_SIGFOX_NVM=SEQ[,PN[,RSSI[,FREQ]]]: its NVS values.
// SPDX-License-Identifier: MIT
#include "sigfox/sigfox_port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net_errno.h"

int sigfox_port_sector(uint8_t out[SIGFOX_PORT_SECTOR_SIZE]) {
    const char *path = getenv("USOCKET_SIGFOX_SECTOR");
    if (path == NULL || *path == '\0') {
        return -NET_ENOENT;
    }
    FILE *file = fopen(path, "rb");
    size_t len = file == NULL ? 0 : fread(out, 1, SIGFOX_PORT_SECTOR_SIZE, file);
    if (file != NULL) {
        fclose(file);
    }
    if (len != SIGFOX_PORT_SECTOR_SIZE) {
        fprintf(stderr, "usocket: USOCKET_SIGFOX_SECTOR is \"%s\": not a file of %d bytes or more\n", path,
            SIGFOX_PORT_SECTOR_SIZE);
        return -NET_ENOENT;
    }
    return 0;
}

int sigfox_port_nvm(sigfox_port_nvm_t *out) {
    const char *text = getenv("USOCKET_SIGFOX_NVM");
    if (text == NULL || *text == '\0') {
        return -NET_ENOENT;
    }
    unsigned counter = 0, random = 0;
    int rssi = 0, frequency = 0;
    if (sscanf(text, "%u,%u,%d,%d", &counter, &random, &rssi, &frequency) < 1 || counter > UINT16_MAX) {
        fprintf(stderr, "usocket: USOCKET_SIGFOX_NVM is \"%s\": allowed is SEQ[,PN[,RSSI[,FREQ]]]\n", text);
        return -NET_ENOENT;
    }
    *out = (sigfox_port_nvm_t) {
        .counter = (uint16_t)counter, .random = (uint16_t)random, .rssi_offset = (int16_t)rssi,
        .frequency_offset = (int16_t)frequency,
    };
    return 0;
}
