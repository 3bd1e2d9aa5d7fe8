// lwIP's view of a bare compiler with its C library, to compile modules/inet for
// the processors of boards; the options are the host firmware's (ports/unix/lwip).
// SPDX-License-Identifier: MIT
#ifndef USOCKET_TESTS_SIZE_ARCH_CC_H
#define USOCKET_TESTS_SIZE_ARCH_CC_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/types.h>

#define BYTE_ORDER LITTLE_ENDIAN
#define LWIP_TIMEVAL_PRIVATE (0)
#define LWIP_ERRNO_STDINCLUDE
#define LWIP_RAND() ((unsigned int)rand())

typedef int sys_prot_t;

void size_lwip_assert(const char *text);
#define LWIP_PLATFORM_ASSERT(text) size_lwip_assert(text)

#endif // USOCKET_TESTS_SIZE_ARCH_CC_H
