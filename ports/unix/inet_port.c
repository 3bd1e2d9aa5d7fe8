// What AF_INET asks of the host: the stack runs.
// SPDX-License-Identifier: MIT
#include "inet/inet.h"
#include "host_net.h"

int inet_port_start(void) {
    return host_net_start();
}
