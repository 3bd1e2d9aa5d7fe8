// In place of the user-mode network, where a program cannot have libslirp.
// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "host_link.h"
#include "net/net_errno.h"

static int noslirp_link_start(const host_config_t *config) {
    (void)config;
    fprintf(stderr, "usocket: USOCKET_NET is slirp, which the 32-bit firmware has not got:"
        " set it to loop, tap:NAME or hub:PORT,ip=A.B.C.D/N\n");
    return -NET_EINVAL;
}

static void noslirp_link_send(const uint8_t *frame, size_t len) {
    (void)frame;
    (void)len;
}

const host_link_t host_link_slirp = { .start = noslirp_link_start, .send = noslirp_link_send };
