// Socket options of AF_INET: one table of what is a number in the connection's
// control block, and the few that are not. All of it runs in lwIP's context.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/priv/tcpip_priv.h"
#include "lwip/sockets.h" // SO_* and struct ip_mreq
#include "lwip/tcp.h"
#include "lwip/udp.h"

#include "inet/inet_conn.h"

typedef struct {
    struct tcpip_api_call_data call; // must be first
    struct netconn *conn;
    int level;
    int opt;
    bool set;
    int value;
    int ret;
} option_call_t;

static void bit_option(option_call_t *o, uint8_t *flags, uint8_t bit) {
    if (!o->set) {
        o->value = (*flags & bit) != 0;
    } else if (o->value) {
        *flags |= bit;
    } else {
        *flags &= (uint8_t) ~bit;
    }
}

static void byte_option(option_call_t *o, uint8_t *field) {
    if (!o->set) {
        o->value = *field;
    } else if (o->value < 0 || o->value > 255) {
        o->ret = -NET_EINVAL;
    } else {
        *field = (uint8_t)o->value;
    }
}

static void int_option(option_call_t *o, u32_t *field, u32_t unit) {
    if (!o->set) {
        o->value = (int)(*field / unit);
    } else if (o->value <= 0 || (u32_t)o->value > UINT32_MAX / unit) {
        o->ret = -NET_EINVAL;
    } else {
        *field = (u32_t)o->value * unit;
    }
}

static void socket_option(option_call_t *o) {
    struct ip_pcb *pcb = o->conn->pcb.ip;
    switch (o->opt) {
        case SO_REUSEADDR:
            bit_option(o, &pcb->so_options, SOF_REUSEADDR);
            break;
        case SO_KEEPALIVE:
            bit_option(o, &pcb->so_options, SOF_KEEPALIVE);
            break;
        case SO_BROADCAST:
            bit_option(o, &pcb->so_options, SOF_BROADCAST);
            break;
        default:
            o->ret = -NET_ENOPROTOOPT;
    }
}

static void ip_option(option_call_t *o) {
    struct udp_pcb *udp = NETCONNTYPE_GROUP(o->conn->type) == NETCONN_UDP ? o->conn->pcb.udp : NULL;
    if (o->opt == IP_TTL) {
        byte_option(o, &o->conn->pcb.ip->ttl);
    } else if (o->opt == IP_TOS) {
        byte_option(o, &o->conn->pcb.ip->tos);
    } else if (udp != NULL && o->opt == IP_MULTICAST_TTL) {
        byte_option(o, &udp->mcast_ttl);
    } else if (udp != NULL && o->opt == IP_MULTICAST_LOOP) {
        bit_option(o, &udp->flags, UDP_FLAGS_MULTICAST_LOOP);
    } else {
        o->ret = -NET_ENOPROTOOPT;
    }
}

static void tcp_option(option_call_t *o) {
    struct tcp_pcb *tcp = o->conn->pcb.tcp;
    if (NETCONNTYPE_GROUP(o->conn->type) != NETCONN_TCP || tcp->state == LISTEN) {
        o->ret = -NET_ENOPROTOOPT;
        return;
    }
    switch (o->opt) {
        case TCP_NODELAY:
            if (!o->set) {
                o->value = tcp_nagle_disabled(tcp) != 0;
            } else if (o->value) {
                tcp_nagle_disable(tcp);
            } else {
                tcp_nagle_enable(tcp);
            }
            break;
        case TCP_KEEPALIVE:
            int_option(o, &tcp->keep_idle, 1);
            break;
        case TCP_KEEPIDLE:
            int_option(o, &tcp->keep_idle, 1000);
            break;
        #if LWIP_TCP_KEEPALIVE
        case TCP_KEEPINTVL:
            int_option(o, &tcp->keep_intvl, 1000);
            break;
        case TCP_KEEPCNT:
            int_option(o, &tcp->keep_cnt, 1);
            break;
        #endif
        default:
            o->ret = -NET_ENOPROTOOPT;
    }
}

static err_t option_do(struct tcpip_api_call_data *call) {
    option_call_t *o = (option_call_t *)call;
    if (o->conn->pcb.ip == NULL) {
        o->ret = -NET_ENOTCONN; // lwIP has freed a broken connection
    } else if (o->level == SOL_SOCKET) {
        socket_option(o);
    } else if (o->level == IPPROTO_IP) {
        ip_option(o);
    } else if (o->level == IPPROTO_TCP) {
        tcp_option(o);
    } else {
        o->ret = -NET_ENOPROTOOPT;
    }
    return ERR_OK;
}

static int option_call(net_socket_t *s, option_call_t *o) {
    o->conn = inet_conn(s->fd)->conn;
    err_t err = tcpip_api_call(option_do, &o->call);
    return err == ERR_OK ? o->ret : inet_error(err);
}

/******************************************************************************/
// Options whose value is not a number

static int set_membership(net_socket_t *s, bool join, const void *value, size_t len) {
    struct ip_mreq mreq;
    if (len != sizeof(mreq) || s->type != NET_SOCK_DGRAM) {
        return s->type != NET_SOCK_DGRAM ? -NET_EOPNOTSUPP : -NET_EINVAL;
    }
    memcpy(&mreq, value, sizeof(mreq));
    ip_addr_t group, interface;
    ip_addr_set_ip4_u32_val(group, mreq.imr_multiaddr.s_addr);
    ip_addr_set_ip4_u32_val(interface, mreq.imr_interface.s_addr);
    if (!ip_addr_ismulticast(&group)) {
        return -NET_EADDRNOTAVAIL;
    }
    // The stack counts members, the connection remembers to leave: inet_conn.h.
    return inet_conn_group(inet_conn(s->fd), &group, &interface, join);
}

typedef struct {
    struct tcpip_api_call_data call; // must be first
    struct netconn *conn;
    bool set;
    uint8_t ip[4];
    const char *device;
    int ret;
} interface_call_t;

static err_t interface_do(struct tcpip_api_call_data *call) {
    interface_call_t *c = (interface_call_t *)call;
    struct ip_pcb *pcb = c->conn->pcb.ip;
    if (pcb == NULL) {
        c->ret = -NET_ENOTCONN;
    } else if (c->device != NULL) {
        struct netif *netif = c->device[0] == '\0' ? NULL : netif_find(c->device);
        if (netif == NULL && c->device[0] != '\0') {
            c->ret = -NET_ENODEV;
        } else {
            pcb->netif_idx = netif == NULL ? NETIF_NO_INDEX : netif_get_index(netif);
        }
    } else if (c->set) {
        ip4_addr_t ip;
        IP4_ADDR(&ip, c->ip[0], c->ip[1], c->ip[2], c->ip[3]);
        udp_set_multicast_netif_addr(c->conn->pcb.udp, &ip);
    } else {
        memcpy(c->ip, udp_get_multicast_netif_addr(c->conn->pcb.udp), 4);
    }
    return ERR_OK;
}

static int interface_call(net_socket_t *s, interface_call_t *c) {
    c->conn = inet_conn(s->fd)->conn;
    err_t err = tcpip_api_call(interface_do, &c->call);
    return err == ERR_OK ? c->ret : inet_error(err);
}

// struct ifreq, or just the name: at most 6 characters ("st1", "en0").
static int bind_to_device(net_socket_t *s, const void *value, size_t len) {
    char name[8] = { 0 };
    for (size_t i = 0; i < len && ((const char *)value)[i] != '\0'; ++i) {
        if (i == sizeof(name) - 1) {
            return -NET_ENODEV;
        }
        name[i] = ((const char *)value)[i];
    }
    interface_call_t c = { .device = name };
    return interface_call(s, &c);
}

/******************************************************************************/

// A value that is a number: an int, or a single byte.
static bool get_number(const void *value, size_t len, int *number) {
    if (len == sizeof(*number)) {
        memcpy(number, value, sizeof(*number));
        return true;
    }
    if (len == 1) {
        *number = *(const uint8_t *)value;
        return true;
    }
    return false;
}

int inet_setsockopt(net_socket_t *s, int level, int opt, const void *value, size_t len) {
    if (level == IPPROTO_IP && (opt == IP_ADD_MEMBERSHIP || opt == IP_DROP_MEMBERSHIP)) {
        return set_membership(s, opt == IP_ADD_MEMBERSHIP, value, len);
    }
    if (level == IPPROTO_IP && opt == IP_MULTICAST_IF && s->type == NET_SOCK_DGRAM) {
        interface_call_t c = { .set = true };
        if (len != sizeof(c.ip)) {
            return -NET_EINVAL;
        }
        memcpy(c.ip, value, sizeof(c.ip));
        return interface_call(s, &c);
    }
    if (level == SOL_SOCKET && opt == SO_BINDTODEVICE) {
        return bind_to_device(s, value, len);
    }
    option_call_t o = { .level = level, .opt = opt, .set = true };
    if (!get_number(value, len, &o.value)) {
        return -NET_EINVAL;
    }
    return option_call(s, &o);
}

int inet_getsockopt(net_socket_t *s, int level, int opt, void *value, size_t *len) {
    int number;
    if (level == SOL_SOCKET && opt == SO_ERROR) {
        number = inet_pending_error(s);
    } else if (level == SOL_SOCKET && opt == SO_TYPE) {
        number = s->type;
    } else if (level == IPPROTO_IP && opt == IP_MULTICAST_IF && s->type == NET_SOCK_DGRAM) {
        interface_call_t c = { 0 };
        int ret = interface_call(s, &c);
        if (ret < 0) {
            return ret;
        }
        memcpy(&number, c.ip, sizeof(c.ip));
    } else {
        option_call_t o = { .level = level, .opt = opt };
        int ret = option_call(s, &o);
        if (ret < 0) {
            return ret;
        }
        number = o.value;
    }
    if (*len >= sizeof(number)) {
        memcpy(value, &number, sizeof(number));
        *len = sizeof(number);
    } else if (*len == 1) {
        *(uint8_t *)value = (uint8_t)number;
    } else {
        return -NET_EINVAL;
    }
    return 0;
}
