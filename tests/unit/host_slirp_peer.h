// The PC's side of host_slirp_test: child processes with the PC's own sockets.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_TESTS_UNIT_HOST_SLIRP_PEER_H
#define USOCKET_TESTS_UNIT_HOST_SLIRP_PEER_H

#include <stdint.h>
#include <sys/types.h>

// Sends back what comes, one TCP connection and all datagrams, on 127.0.0.1.
pid_t peer_start_echo(uint16_t *tcp_port, uint16_t *udp_port);
void peer_stop(pid_t peer);

// Connects to the port, sends the text, and ends with 0 if "hello" comes back.
pid_t peer_start_client(uint16_t port, const char *text);

// A TCP port of 127.0.0.1 that nobody has.
uint16_t peer_free_port(void);

#endif // USOCKET_TESTS_UNIT_HOST_SLIRP_PEER_H
