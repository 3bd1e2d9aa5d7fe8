// SPDX-License-Identifier: MIT
#include "host_slirp_peer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// Nothing outlives a test that hangs.
#define LIFE_S (50)

static int open_socket(int type, uint16_t *port) {
    struct sockaddr_in addr = { .sin_family = AF_INET };
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, type, 0);
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0
        || getsockname(fd, (struct sockaddr *)&addr, &len) != 0) {
        abort();
    }
    *port = ntohs(addr.sin_port);
    return fd;
}

uint16_t peer_free_port(void) {
    uint16_t port;
    close(open_socket(SOCK_STREAM, &port));
    return port;
}

static void echo_tcp(int fd) {
    char buf[4096];
    ssize_t len = recv(fd, buf, sizeof(buf), 0);
    if (len <= 0 || send(fd, buf, (size_t)len, MSG_NOSIGNAL) != len) {
        _exit(0);
    }
}

static void echo_udp(int fd) {
    char buf[4096];
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);
    ssize_t len = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &from_len);
    if (len >= 0) {
        sendto(fd, buf, (size_t)len, 0, (struct sockaddr *)&from, from_len);
    }
}

static void echo_forever(int listener, int datagrams) {
    int connection = -1;
    for (;;) {
        struct pollfd fds[3] = {
            { .fd = listener, .events = POLLIN },
            { .fd = datagrams, .events = POLLIN },
            { .fd = connection, .events = POLLIN },
        };
        poll(fds, 3, -1);
        if (fds[0].revents != 0 && connection < 0) {
            connection = accept(listener, NULL, NULL);
        }
        if (fds[1].revents != 0) {
            echo_udp(datagrams);
        }
        if (fds[2].revents != 0) {
            char peek;
            if (recv(connection, &peek, 1, MSG_PEEK) <= 0) {
                close(connection);
                connection = -1;
            } else {
                echo_tcp(connection);
            }
        }
    }
}

pid_t peer_start_echo(uint16_t *tcp_port, uint16_t *udp_port) {
    int listener = open_socket(SOCK_STREAM, tcp_port);
    int datagrams = open_socket(SOCK_DGRAM, udp_port);
    listen(listener, 1);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(LIFE_S);
        echo_forever(listener, datagrams);
    }
    close(listener);
    close(datagrams);
    return pid;
}

void peer_stop(pid_t peer) {
    kill(peer, SIGTERM);
    waitpid(peer, NULL, 0);
}

static int run_client(uint16_t port, const char *text) {
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
        return 1;
    }
    send(fd, text, strlen(text), MSG_NOSIGNAL);
    char answer[8] = "";
    recv(fd, answer, 5, MSG_WAITALL);
    return strcmp(answer, "hello") == 0 ? 0 : 2;
}

pid_t peer_start_client(uint16_t port, const char *text) {
    pid_t pid = fork();
    if (pid == 0) {
        alarm(LIFE_S);
        _exit(run_client(port, text));
    }
    return pid;
}
