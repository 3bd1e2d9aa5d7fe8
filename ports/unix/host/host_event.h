// "Something happened": lets Python's poll loops (select, asyncio, sleep_ms) wake
// when the stack has worked, instead of only looking again after a while.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_HOST_EVENT_H
#define USOCKET_PORTS_UNIX_HOST_EVENT_H

// Any thread. Costs one atomic addition when nobody waits.
void host_event_signal(void);

// Sleep until a signal came that this thread has not seen yet, or timeout_ms is
// over. A signal that came since the last call returns at once, so none is lost
// between looking and sleeping.
void host_event_wait(unsigned int timeout_ms);
void host_event_wait_us(unsigned int timeout_us);

#endif // USOCKET_PORTS_UNIX_HOST_EVENT_H
