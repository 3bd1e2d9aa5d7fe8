// Hooks that lwIP calls (LWIP_HOOK_FILENAME); defined in host/host_hooks.c.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_LWIP_HOOKS_H
#define USOCKET_PORTS_UNIX_HOST_LWIP_HOOKS_H

#include "lwip/err.h"
#include "lwip/pbuf.h"
#include "lwip/prot/tcp.h"

struct tcp_pcb;

// ERR_OK to go on with a TCP segment, else it is dropped.
err_t host_hook_tcp_input(const struct tcp_pcb *pcb, const struct tcp_hdr *header, const struct pbuf *data);

#endif // USOCKET_PORTS_UNIX_HOST_LWIP_HOOKS_H
