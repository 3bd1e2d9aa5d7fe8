// What MicroPython's modtime.c calls in place of the C library's functions of these
// names; forced into that file by mpconfigvariant.mk.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_CLOCK_PORT_H
#define USOCKET_PORTS_UNIX_CLOCK_PORT_H

#include <sys/select.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_port_select(int n, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout);
int clock_port_usleep(useconds_t us);
int clock_port_gettimeofday(struct timeval *now, void *zone);
time_t clock_port_time(time_t *now);

#ifdef CLOCK_PORT_REPLACE
#define select clock_port_select
#define usleep clock_port_usleep
#define gettimeofday clock_port_gettimeofday
#define time(now) clock_port_time(now)
#endif

#endif // USOCKET_PORTS_UNIX_CLOCK_PORT_H
