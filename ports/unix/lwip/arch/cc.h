// lwIP's view of the compiler and the C library on the host.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_ARCH_CC_H
#define USOCKET_PORTS_UNIX_ARCH_CC_H

#include <endian.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/types.h>

// struct timeval and fd_set are the PC's; errno numbers too: lwIP's callers
// translate them (modules/inet).
#define LWIP_TIMEVAL_PRIVATE (0)
#define LWIP_ERRNO_STDINCLUDE

// Byte order in one instruction, and no htons() of lwIP's beside the PC's.
#define LWIP_DONT_PROVIDE_BYTEORDER_FUNCTIONS
#define lwip_htons(x) ((uint16_t)htobe16(x))
#define lwip_htonl(x) ((uint32_t)htobe32(x))

unsigned int host_random(void);
#define LWIP_RAND() (host_random())

typedef int sys_prot_t;

void host_lwip_assert(const char *text, const char *file, int line);
#define LWIP_PLATFORM_ASSERT(text) host_lwip_assert(text, __FILE__, __LINE__)

#endif // USOCKET_PORTS_UNIX_ARCH_CC_H
