// SPDX-License-Identifier: MIT
#include "host_net.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lwip/memp.h"
#include "lwip/stats.h"
#include "lwip/dhcp.h"
#include "lwip/dns.h"
#include "lwip/etharp.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/sys.h"
#include "lwip/tcpip.h"

#include "host_config.h"
#include "host_link.h"
#include "net/net_errno.h"

#define ADDRESS_WAIT_MS (3000)
// How long the end of the program waits for data that is on its way.
#define LINGER_MS (500)
// A full queue into the stack is retried this often, 0.1 ms apart.
#define RECEIVE_TRIES (50)

unsigned short host_net_dns_port = 53;

static host_config_t config;
static const host_link_t *uplink; // NULL: loopback only
static struct netif netif;
static bool running; // the stack's thread
static sys_sem_t address_sem; // signalled when the interface gets an address
static u32_t started_ms; // when the interface began to ask for one
static char hostname[HOST_NET_HOSTNAME_MAX + 1] = "usocket";

// --- Frames ------------------------------------------------------------------

void host_link_thread(const char *name, void (*function)(void *), void *arg) {
    sys_thread_new(name, function, arg, 0, 0);
}

void host_link_receive(const uint8_t *frame, size_t len) {
    if (len < SIZEOF_ETH_HDR || len > HOST_FRAME_MAX) {
        return;
    }
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);
    if (p == NULL) {
        return;
    }
    pbuf_take(p, frame, (u16_t)len);
    for (int i = 0; i < RECEIVE_TRIES; i++) {
        if (netif.input(p, &netif) == ERR_OK) {
            return;
        }
        usleep(100);
    }
    pbuf_free(p);
}

static err_t link_output(struct netif *self, struct pbuf *p) {
    (void)self;
    if (p->next == NULL) {
        uplink->send(p->payload, p->len);
    } else {
        uint8_t frame[HOST_FRAME_MAX];
        if (p->tot_len > sizeof(frame)) {
            return ERR_BUF;
        }
        pbuf_copy_partial(p, frame, p->tot_len, 0);
        uplink->send(frame, p->tot_len);
    }
    return ERR_OK;
}

// --- The interface -----------------------------------------------------------

// Locally administered. The same one every time behind the user-mode router,
// where nobody else is; its own for every firmware where there may be others.
static void choose_mac(uint8_t mac[6]) {
    static const uint8_t slirp_mac[6] = { 0x02, 'u', 's', 'o', 'c', 'k' };
    memcpy(mac, slirp_mac, 6);
    if (config.has_mac) {
        memcpy(mac, config.mac, 6);
    } else if (config.kind != HOST_NET_SLIRP) {
        uint32_t random = LWIP_RAND();
        memcpy(&mac[2], &random, 4);
    }
}

static err_t netif_setup(struct netif *self) {
    self->name[0] = 'e';
    self->name[1] = 'n';
    self->hostname = hostname;
    self->mtu = 1500;
    self->hwaddr_len = 6;
    choose_mac(self->hwaddr);
    self->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP
        | NETIF_FLAG_LINK_UP;
    self->output = etharp_output;
    self->linkoutput = link_output;
    return ERR_OK;
}

static ip4_addr_t ip4_from(const uint8_t bytes[4]) {
    ip4_addr_t ip;
    IP4_ADDR(&ip, bytes[0], bytes[1], bytes[2], bytes[3]);
    return ip;
}

static void ip4_to(uint8_t bytes[4], const ip4_addr_t *ip) {
    memcpy(bytes, &ip->addr, 4);
}

static void apply_dns(void) {
    if (config.has_dns) {
        ip_addr_t ip;
        ip_addr_copy_from_ip4(ip, ip4_from(config.dns));
        dns_setserver(0, &ip);
    }
}

static void on_status(struct netif *self) {
    if (netif_is_up(self) && !ip4_addr_isany(netif_ip4_addr(self))) {
        apply_dns();
        sys_sem_signal(&address_sem);
    }
}

// Called with the stack's lock.
static void netif_start(void) {
    ip4_addr_t ip = ip4_from(config.ip);
    ip4_addr_t mask = ip4_from(config.mask);
    ip4_addr_t gateway = ip4_from(config.gateway);
    netif_add(&netif, &ip, &mask, &gateway, NULL, netif_setup, tcpip_input);
    netif_set_default(&netif);
    netif_set_status_callback(&netif, on_status);
}

// Called with the stack's lock.
static void netif_go(void) {
    netif_set_up(&netif);
    if (!config.has_ip) {
        dhcp_start(&netif);
    }
}

// --- End of the program ------------------------------------------------------

static bool data_on_its_way(void) {
    if (lwip_stats.memp[MEMP_ARP_QUEUE]->used > 0) {
        return true; // a packet waits to learn its neighbour's address
    }
    for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next) {
        if (pcb->state >= ESTABLISHED && (pcb->unsent != NULL || pcb->unacked != NULL)) {
            return true;
        }
    }
    return false;
}

// The peers see the end of the connections that the script left open. Called
// with the stack's lock.
static void say_goodbye(void) {
    struct tcp_pcb *next;
    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = next) {
        next = pcb->next;
        if (pcb->state == ESTABLISHED || pcb->state == CLOSE_WAIT) {
            tcp_shutdown(pcb, 0, 1);
        }
    }
}

// A board goes on after the script's end; a program must let the stack deliver
// what the script has sent. A thread may have been cancelled with the lock.
void host_net_finish(void) {
    if (!running) {
        return;
    }
    u32_t start = sys_now();
    bool more = true;
    while (more && sys_now() - start < LINGER_MS) {
        if (!host_core_trylock(LINGER_MS)) {
            return;
        }
        more = data_on_its_way();
        if (!more) {
            say_goodbye();
        }
        UNLOCK_TCPIP_CORE();
        if (more) {
            usleep(1000);
        }
    }
    if (uplink != NULL && uplink->flush != NULL) {
        uplink->flush();
    }
}

// --- Interface to the bindings -----------------------------------------------

static int start_once(void) {
    static const host_link_t *const links[] = {
        [HOST_NET_LOOP] = NULL,
        [HOST_NET_SLIRP] = &host_link_slirp,
        [HOST_NET_TAP] = &host_link_tap,
        [HOST_NET_HUB] = &host_link_hub,
    };
    int ret = host_config_read(&config);
    if (ret != 0) {
        return ret;
    }
    host_net_dns_port = config.dns_port;
    if (sys_sem_new(&address_sem, 0) != ERR_OK) {
        return -NET_ENOMEM;
    }
    tcpip_init(NULL, NULL);
    LOCK_TCPIP_CORE();
    uplink = links[config.kind];
    if (uplink != NULL) {
        netif_start();
    }
    apply_dns();
    running = true;
    UNLOCK_TCPIP_CORE();
    atexit(host_net_finish);
    if (uplink == NULL) {
        return 0;
    }
    ret = uplink->start(&config);
    if (ret == 0) {
        LOCK_TCPIP_CORE();
        netif_go();
        UNLOCK_TCPIP_CORE();
        started_ms = sys_now();
    }
    return ret;
}

int host_net_start(void) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static bool started;
    static int result;
    pthread_mutex_lock(&mutex);
    if (!started) {
        started = true;
        result = start_once();
    }
    pthread_mutex_unlock(&mutex);
    return result;
}

bool host_net_wait_address(uint32_t timeout_ms) {
    return sys_arch_sem_wait(&address_sem, timeout_ms) != SYS_ARCH_TIMEOUT;
}

bool host_net_settled(uint32_t timeout_ms) {
    static volatile bool settled;
    if (!settled) {
        settled = uplink == NULL || host_net_wait_address(timeout_ms) || sys_now() - started_ms >= ADDRESS_WAIT_MS;
    }
    return settled;
}

void host_net_status(host_net_status_t *status) {
    static const char *const kinds[] = {
        [HOST_NET_LOOP] = "loop",
        [HOST_NET_SLIRP] = "slirp",
        [HOST_NET_TAP] = "tap",
        [HOST_NET_HUB] = "hub",
    };
    memset(status, 0, sizeof(*status));
    LOCK_TCPIP_CORE();
    const struct netif *self = uplink != NULL ? &netif : netif_find("lo0");
    if (self != NULL) {
        status->up = netif_is_up(self);
        status->has_address = status->up && !ip4_addr_isany(netif_ip4_addr(self));
        ip4_to(status->ip, netif_ip4_addr(self));
        ip4_to(status->mask, netif_ip4_netmask(self));
        ip4_to(status->gateway, netif_ip4_gw(self));
        memcpy(status->mac, self->hwaddr, sizeof(status->mac));
    }
    ip4_to(status->dns, ip_2_ip4(dns_getserver(0)));
    status->dhcp = uplink != NULL && !config.has_ip;
    status->kind = kinds[config.kind];
    UNLOCK_TCPIP_CORE();
}

void host_net_set_up(bool up) {
    if (uplink == NULL) {
        return;
    }
    LOCK_TCPIP_CORE();
    if (up && !netif_is_up(&netif)) {
        netif_go();
    } else if (!up && netif_is_up(&netif)) {
        dhcp_release_and_stop(&netif);
        netif_set_down(&netif);
    }
    UNLOCK_TCPIP_CORE();
}

void host_net_set_address(const uint8_t ip[4], const uint8_t mask[4], const uint8_t gateway[4]) {
    if (uplink == NULL) {
        return;
    }
    ip4_addr_t ip4 = ip4_from(ip);
    ip4_addr_t mask4 = ip4_from(mask);
    ip4_addr_t gateway4 = ip4_from(gateway);
    LOCK_TCPIP_CORE();
    config.has_ip = true;
    dhcp_release_and_stop(&netif);
    netif_set_addr(&netif, &ip4, &mask4, &gateway4);
    UNLOCK_TCPIP_CORE();
}

void host_net_set_dns(const uint8_t dns[4]) {
    ip_addr_t ip;
    ip_addr_copy_from_ip4(ip, ip4_from(dns));
    LOCK_TCPIP_CORE();
    dns_setserver(0, &ip);
    UNLOCK_TCPIP_CORE();
}

bool host_net_dhcp(void) {
    if (uplink == NULL) {
        return true;
    }
    LOCK_TCPIP_CORE();
    config.has_ip = false;
    bool bound = netif_is_up(&netif) && dhcp_supplied_address(&netif);
    if (!bound) {
        while (sys_arch_sem_wait(&address_sem, 1) != SYS_ARCH_TIMEOUT) {
            // Forget addresses of before.
        }
        netif_set_up(&netif);
        dhcp_start(&netif);
    }
    UNLOCK_TCPIP_CORE();
    return bound;
}

void host_net_set_hostname(const char *name) {
    strncpy(hostname, name, HOST_NET_HOSTNAME_MAX);
}

const char *host_net_hostname(void) {
    return hostname;
}
