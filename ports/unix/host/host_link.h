// Ways for Ethernet frames out of the firmware's process and into it. Knows
// nothing of lwIP, so that an implementation may include the PC's own network
// headers.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_LINK_H
#define USOCKET_PORTS_UNIX_HOST_LINK_H

#include <stdint.h>
#include <stddef.h>

#include "host_config.h"

#define HOST_FRAME_MAX (1514)

typedef struct {
    // Get ready and start to receive. Returns 0, or a negative number of
    // net/net_errno.h after saying on stderr what is wrong.
    int (*start)(const host_config_t *config);
    // Take one frame. Called with the stack's lock: must not wait. What cannot
    // be taken is dropped, as on a wire.
    void (*send)(const uint8_t *frame, size_t len);
    // At the end of the program: get rid of what was taken, at most 100 ms.
    // NULL if nothing is ever held.
    void (*flush)(void);
} host_link_t;

extern const host_link_t host_link_slirp;
extern const host_link_t host_link_tap;
extern const host_link_t host_link_hub;

// For the links: a thread that blocks all signals, and the way into the stack.
void host_link_thread(const char *name, void (*function)(void *), void *arg);
void host_link_receive(const uint8_t *frame, size_t len);

#endif // USOCKET_PORTS_UNIX_HOST_LINK_H
