// Names over lwIP's resolver, so that the caller can wait in slices: lwIP's own
// getaddrinfo would block for many seconds with no way to interrupt it.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "lwip/dns.h"
#include "lwip/priv/tcpip_priv.h"
#include "lwip/sys.h"

#include "inet/inet.h"

// As many as lwIP itself can have under way (DNS_MAX_REQUESTS).
#define N_LOOKUPS (4)

typedef enum {
    LOOKUP_FREE,
    LOOKUP_RUNNING,
    LOOKUP_DONE,
    LOOKUP_CANCELLED, // nobody waits; freed when lwIP reports
} lookup_state_t;

// Guarded by SYS_ARCH_PROTECT: written by the caller and by lwIP's thread.
static struct {
    lookup_state_t state;
    int result;
    uint32_t ip; // network byte order
    sys_sem_t sem; // made once, on first use
    bool has_sem;
} lookups[N_LOOKUPS];

static int lookup_alloc(void) {
    int handle = -1;
    SYS_ARCH_DECL_PROTECT(lev);
    SYS_ARCH_PROTECT(lev);
    for (int i = 0; i < N_LOOKUPS && handle < 0; ++i) {
        if (lookups[i].state == LOOKUP_FREE) {
            lookups[i].state = LOOKUP_RUNNING;
            handle = i;
        }
    }
    SYS_ARCH_UNPROTECT(lev);
    return handle;
}

static void lookup_free(int handle) {
    // Take a signal that came after the last wait.
    sys_arch_sem_wait(&lookups[handle].sem, 1);
    lookups[handle].state = LOOKUP_FREE;
}

// Called by lwIP in its thread; ip is NULL when the name was not found.
static void lookup_found(const char *name, const ip_addr_t *ip, void *arg) {
    (void)name;
    int handle = (int)(intptr_t)arg;
    SYS_ARCH_DECL_PROTECT(lev);
    SYS_ARCH_PROTECT(lev);
    bool wanted = lookups[handle].state == LOOKUP_RUNNING;
    if (wanted) {
        lookups[handle].result = ip == NULL ? -INET_EAI_FAIL : 0;
        lookups[handle].ip = ip == NULL ? 0 : ip4_addr_get_u32(ip_2_ip4(ip));
        lookups[handle].state = LOOKUP_DONE;
    } else {
        lookups[handle].state = LOOKUP_FREE;
    }
    SYS_ARCH_UNPROTECT(lev);
    if (wanted) {
        sys_sem_signal(&lookups[handle].sem);
    }
}

typedef struct {
    struct tcpip_api_call_data call; // must be first
    const char *name;
    int handle;
    ip_addr_t ip;
} lookup_call_t;

static err_t lookup_do(struct tcpip_api_call_data *call) {
    lookup_call_t *c = (lookup_call_t *)call;
    return dns_gethostbyname_addrtype(c->name, &c->ip, lookup_found, (void *)(intptr_t)c->handle,
        LWIP_DNS_ADDRTYPE_IPV4);
}

int inet_lookup_start(const char *name, uint8_t ip[4], int *handle) {
    int h = lookup_alloc();
    if (h < 0) {
        return -INET_EAI_MEMORY;
    }
    if (!lookups[h].has_sem) {
        if (sys_sem_new(&lookups[h].sem, 0) != ERR_OK) {
            lookups[h].state = LOOKUP_FREE;
            return -INET_EAI_MEMORY;
        }
        lookups[h].has_sem = true;
    }
    lookup_call_t call = { .name = name, .handle = h };
    err_t err = tcpip_api_call(lookup_do, &call.call);
    if (err == ERR_INPROGRESS) {
        *handle = h;
        return -NET_EAGAIN;
    }
    lookups[h].state = LOOKUP_FREE;
    if (err != ERR_OK) {
        return err == ERR_MEM ? -INET_EAI_MEMORY : -INET_EAI_FAIL;
    }
    memcpy(ip, &ip_2_ip4(&call.ip)->addr, 4);
    return 0;
}

int inet_lookup_wait(int handle, uint32_t timeout_ms, uint8_t ip[4]) {
    sys_arch_sem_wait(&lookups[handle].sem, timeout_ms == 0 ? 1 : timeout_ms);
    SYS_ARCH_DECL_PROTECT(lev);
    SYS_ARCH_PROTECT(lev);
    bool done = lookups[handle].state == LOOKUP_DONE;
    SYS_ARCH_UNPROTECT(lev);
    if (!done) {
        return -NET_EAGAIN;
    }
    int result = lookups[handle].result;
    if (result == 0) {
        memcpy(ip, &lookups[handle].ip, 4);
    }
    lookup_free(handle);
    return result;
}

void inet_lookup_cancel(int handle) {
    SYS_ARCH_DECL_PROTECT(lev);
    SYS_ARCH_PROTECT(lev);
    bool done = lookups[handle].state == LOOKUP_DONE;
    if (!done) {
        lookups[handle].state = LOOKUP_CANCELLED;
    }
    SYS_ARCH_UNPROTECT(lev);
    if (done) {
        lookup_free(handle);
    }
}

void inet_dns_get(unsigned index, uint8_t ip[4]) {
    const ip_addr_t *server = dns_getserver(index);
    memcpy(ip, &ip_2_ip4(server)->addr, 4);
}

typedef struct {
    struct tcpip_api_call_data call; // must be first
    unsigned index;
    ip_addr_t ip;
} dns_set_call_t;

static err_t dns_set_do(struct tcpip_api_call_data *call) {
    dns_set_call_t *c = (dns_set_call_t *)call;
    dns_setserver(c->index, &c->ip);
    return ERR_OK;
}

int inet_dns_set(unsigned index, const uint8_t ip[4]) {
    dns_set_call_t call = { .index = index };
    IP_ADDR4(&call.ip, ip[0], ip[1], ip[2], ip[3]);
    return tcpip_api_call(dns_set_do, &call.call) == ERR_OK ? 0 : -NET_EIO;
}
