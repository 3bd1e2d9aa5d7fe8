// What lwIP asks on the way.
// SPDX-License-Identifier: MIT
#include <stdbool.h>

#include "lwip/tcp.h"

#include "host_lwip_hooks.h"

// lwIP 2.2 takes a bare ACK at the edge of a window of 0 for one outside it, and
// answers with an ACK (tcp_receive). Where both ends are lwIP and both windows are
// full, each answers the other for ever; over loopback that never leaves lwIP's
// thread. An ACK that brings no news is dropped here, which ends it.
err_t host_hook_tcp_input(const struct tcp_pcb *pcb, const struct tcp_hdr *header, const struct pbuf *data) {
    if (pcb->state < ESTABLISHED || pcb->rcv_wnd != 0 || data->tot_len != 0) {
        return ERR_OK;
    }
    bool bare = (TCPH_FLAGS(header) & (TCP_SYN | TCP_FIN | TCP_RST)) == 0;
    bool news = header->seqno != pcb->rcv_nxt || header->ackno != pcb->lastack || header->wnd != pcb->snd_wnd;
    return bare && !news ? ERR_VAL : ERR_OK;
}
