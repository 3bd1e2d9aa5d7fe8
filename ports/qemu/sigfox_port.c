// What Sigfox asks of the port: nothing was on this board before.
// SPDX-License-Identifier: MIT
#include "sigfox/sigfox_port.h"

#include "net/net_errno.h"

int sigfox_port_sector(uint8_t out[SIGFOX_PORT_SECTOR_SIZE]) {
    (void)out;
    return -NET_ENOENT;
}

int sigfox_port_nvm(sigfox_port_nvm_t *out) {
    (void)out;
    return -NET_ENOENT;
}
