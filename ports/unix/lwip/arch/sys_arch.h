// lwIP's threads, semaphores, mutexes and mailboxes on the host: POSIX threads.
// Contract: lwip/sys.h. Implemented in host/sys_arch.c.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_ARCH_SYS_ARCH_H
#define USOCKET_PORTS_UNIX_ARCH_SYS_ARCH_H

#include <pthread.h>
#include <stddef.h>

typedef struct _host_sem_t *sys_sem_t;
#define sys_sem_valid(sem) (*(sem) != NULL)
#define sys_sem_set_invalid(sem) (*(sem) = NULL)

typedef struct _host_mbox_t *sys_mbox_t;
#define sys_mbox_valid(mbox) (*(mbox) != NULL)
#define sys_mbox_set_invalid(mbox) (*(mbox) = NULL)

typedef pthread_mutex_t *sys_mutex_t;
#define sys_mutex_valid(mutex) (*(mutex) != NULL)
#define sys_mutex_set_invalid(mutex) (*(mutex) = NULL)

typedef pthread_t sys_thread_t;

// The semaphore on which a thread waits for the stack: one a thread, made when
// first needed, given back when the thread ends.
sys_sem_t *host_thread_sem_get(void);
void host_thread_sem_free(void);
#define LWIP_NETCONN_THREAD_SEM_GET() host_thread_sem_get()
#define LWIP_NETCONN_THREAD_SEM_ALLOC() ((void)host_thread_sem_get())
#define LWIP_NETCONN_THREAD_SEM_FREE() host_thread_sem_free()

// The stack's lock. lwipopts.h has the check that the caller holds it.
void host_core_lock(void);
void host_core_unlock(void);
void host_core_mark_started(void);
#define LOCK_TCPIP_CORE() host_core_lock()
#define UNLOCK_TCPIP_CORE() host_core_unlock()
#define LWIP_MARK_TCPIP_THREAD() host_core_mark_started()

// Take the lock only if that needs at most timeout_ms; 1 if taken. For the end
// of the program, when a thread may have died with it.
int host_core_trylock(unsigned int timeout_ms);

#endif // USOCKET_PORTS_UNIX_ARCH_SYS_ARCH_H
