// What AF_INET asks of the host: the stack runs.
// SPDX-License-Identifier: MIT
#include "inet/inet.h"
#include "host_net.h"

// So often its caller looks whether Ctrl-C was pressed.
#define SLICE_MS (100)

int inet_port_start(void) {
    int ret = host_net_start();
    return ret == 0 && !host_net_settled(SLICE_MS) ? -NET_EAGAIN : ret;
}
