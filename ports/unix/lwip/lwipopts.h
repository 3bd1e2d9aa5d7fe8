// lwIP on the host firmware: the options of an ESP-IDF build, so that a script
// meets the same limits, sizes and error numbers on the PC as on an ESP32.
// Values are ESP-IDF 5.x defaults (Kconfig of its lwip component) unless the line
// says why not.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_UNIX_LWIPOPTS_H
#define USOCKET_PORTS_UNIX_LWIPOPTS_H

#include <stddef.h>

// System: a tcpip thread, and callers that take its lock instead of posting to
// it. ESP-IDF posts by default and can lock; our code works with both.
#define NO_SYS (0)
#define SYS_LIGHTWEIGHT_PROT (1)
#define LWIP_TCPIP_CORE_LOCKING (1)
#define LWIP_TCPIP_CORE_LOCKING_INPUT (0)
// A check that costs a comparison (ESP-IDF: CONFIG_LWIP_CHECK_THREAD_SAFETY).
void host_core_assert(void);
#define LWIP_ASSERT_CORE_LOCKED() host_core_assert()
#define LWIP_NETCONN (1)
#define LWIP_SOCKET (1)
#define LWIP_NETCONN_SEM_PER_THREAD (1)
#define LWIP_NETCONN_FULLDUPLEX (1)
#define TCPIP_THREAD_NAME "tiT"
// Called after every message that the stack's thread has dealt with.
void host_event_signal(void);
#define LWIP_TCPIP_THREAD_ALIVE() host_event_signal()
#define TCPIP_MBOX_SIZE (32)
#define DEFAULT_TCP_RECVMBOX_SIZE (6)
#define DEFAULT_UDP_RECVMBOX_SIZE (6)
#define DEFAULT_RAW_RECVMBOX_SIZE (6)
#define DEFAULT_ACCEPTMBOX_SIZE (6)

// Memory comes from the heap, as on ESP-IDF; here through functions that count
// and, in tests, refuse (host_mem.c).
#define MEM_CUSTOM_ALLOCATOR (1)
#define MEMP_MEM_MALLOC (1)
#define MEM_ALIGNMENT (8) // 4 on the ESP32: pointers here have 8 bytes
void *host_mem_malloc(size_t size);
void *host_mem_calloc(size_t count, size_t size);
void host_mem_free(void *ptr);
#define MEM_CUSTOM_MALLOC host_mem_malloc
#define MEM_CUSTOM_CALLOC host_mem_calloc
#define MEM_CUSTOM_FREE host_mem_free

#define MEMP_NUM_NETCONN (10)
#define MEMP_NUM_RAW_PCB (16)
#define MEMP_NUM_TCP_PCB (16)
#define MEMP_NUM_TCP_PCB_LISTEN (16)
#define MEMP_NUM_UDP_PCB (16)

// Link and IP.
#define LWIP_IPV4 (1)
#define LWIP_IPV6 (0) // the page is IPv4 only
#define ARP_QUEUEING (1)
#define IP_FORWARD (0)
#define IP_REASSEMBLY (0)
#define IP_FRAG (1)
#define LWIP_ICMP (1)
#define LWIP_BROADCAST_PING (0)
#define LWIP_MULTICAST_PING (0)
#define LWIP_RAW (1)
#define LWIP_IGMP (1)
#define LWIP_RAND_FOR_IGMP (1)

#define LWIP_DHCP (1)
// ESP-IDF asks the network for half a second whether the offered address is
// free. Behind the PC's user-mode network nobody else can have it.
#define DHCP_DOES_ARP_CHECK (0)
#define LWIP_DHCP_DOES_ACD_CHECK (0)
#define LWIP_DNS (1)
#define DNS_MAX_SERVERS (3)
// Port 53, or the one that a test sets (host_net.h): only root can serve on 53.
extern unsigned short host_net_dns_port;
#define DNS_SERVER_PORT host_net_dns_port

// TCP.
#define LWIP_TCP (1)
#define TCP_MSS (1440)
#define TCP_WND (5760)
#define TCP_SND_BUF (5760)
#define TCP_SND_QUEUELEN ((4 * (TCP_SND_BUF) + (TCP_MSS - 1)) / (TCP_MSS))
#define TCP_QUEUE_OOSEQ (1)
#define TCP_OOSEQ_MAX_PBUFS (4)
#define LWIP_TCP_SACK_OUT (0)
#define TCP_OVERSIZE TCP_MSS
#define TCP_LISTEN_BACKLOG (1)
#define TCP_MAXRTX (12)
#define TCP_SYNMAXRTX (12)
#define TCP_TMR_INTERVAL (250)
#define TCP_MSL (60000)
#define LWIP_TCP_KEEPALIVE (1)
#define LWIP_WND_SCALE (0)

#define LWIP_UDP (1)
#define LWIP_NETBUF_RECVINFO (0)

// Interfaces.
#define LWIP_NETIF_HOSTNAME (1)
#define LWIP_NETIF_API (1)
#define LWIP_NETIF_STATUS_CALLBACK (1)
#define LWIP_NETIF_TX_SINGLE_PBUF (1)
#define LWIP_HAVE_LOOPIF (1)
#define LWIP_NETIF_LOOPBACK (1)
#define LWIP_LOOPBACK_MAX_PBUFS (8)
// The host's driver threads run their own start-up, not lwIP's loopif poll.
#define LWIP_NETIF_LOOPBACK_MULTITHREADING (1)

// Sockets.
#define LWIP_COMPAT_SOCKETS (0)
#define LWIP_POSIX_SOCKETS_IO_NAMES (0)
// ESP-IDF gives sockets the highest descriptors below FD_SETSIZE, 64 there.
#define LWIP_SOCKET_OFFSET (64 - MEMP_NUM_NETCONN)
#define LWIP_SOCKET_SELECT (1)
#define LWIP_SOCKET_POLL (1)
#define LWIP_SO_SNDTIMEO (1)
#define LWIP_SO_RCVTIMEO (1)
#define LWIP_SO_LINGER (0)
#define LWIP_SO_RCVBUF (0)
#define SO_REUSE (1)
#define SO_REUSE_RXTOALL (1)

#define CHECKSUM_CHECK_IP (0)
#define CHECKSUM_CHECK_UDP (0)
#define CHECKSUM_CHECK_ICMP (1)

// Statistics are off on ESP-IDF; tests here use them to prove that nothing leaks.
#define LWIP_STATS (1)
#define MEMP_STATS (1)
#define MEM_STATS (0) // host_mem.c counts
#define SYS_STATS (1)
#define LINK_STATS (0)
#define ETHARP_STATS (0)
#define IP_STATS (0)
#define ICMP_STATS (0)
#define IGMP_STATS (0)
#define UDP_STATS (0)
#define TCP_STATS (0)
#define LWIP_STATS_LARGE (1)

#define LWIP_DEBUG (0)

#endif // USOCKET_PORTS_UNIX_LWIPOPTS_H
