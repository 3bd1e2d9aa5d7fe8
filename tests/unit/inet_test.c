// AF_INET on a real lwIP, over its loopback interface.
// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "host_net.h"
#include "inet/inet.h"

static const net_addr_t loopback = { .family = NET_AF_INET, .inet = { { 127, 0, 0, 1 }, 7000 } };

static void open_socket(net_socket_t *s, uint8_t type, uint8_t proto) {
    CHECK(net_open(s, &inet_ops, NET_AF_INET, type, proto) == 0, "a socket opens");
}

static double now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int finish_connect(net_socket_t *s) {
    int ret;
    while ((ret = net_connect_result(s)) == -NET_EINPROGRESS) {
        net_wait(s, NET_POLLOUT, 1000);
    }
    return ret;
}

static void connect_pair(net_socket_t *listener, net_socket_t *client, net_socket_t *server) {
    open_socket(listener, NET_SOCK_STREAM, 0);
    open_socket(client, NET_SOCK_STREAM, 0);
    net_addr_t from;
    CHECK(net_bind(listener, &loopback) == 0, "a listener binds");
    CHECK(net_accept(listener, server, &from) == -NET_EINVAL, "accept needs listen first");
    CHECK(net_listen(listener, 2) == 0, "it listens");
    CHECK(net_accept(listener, server, &from) == -NET_EAGAIN, "nobody is there yet");
    CHECK(net_poll(listener, NET_POLLIN) == 0, "and poll says so");
    int ret = net_connect(client, &loopback);
    CHECK(ret == 0 || ret == -NET_EINPROGRESS, "connect begins");
    CHECK(finish_connect(client) == 0, "connect succeeds");
    CHECK(net_connect(client, &loopback) == -NET_EISCONN, "a second connect is refused");
    CHECK(net_wait(listener, NET_POLLIN, 1000) == NET_POLLIN, "waiting for a connection ends when it comes");
    CHECK(net_accept(listener, server, &from) == 0, "it is accepted");
    net_addr_t name;
    CHECK(net_getname(client, false, &name) == 0 && name.inet.port == from.inet.port, "both ends agree on the port");
    CHECK(net_getname(client, true, &name) == 0 && name.inet.port == 7000, "the peer is the listener's address");
}

static void stream_says_the_end_again_and_again(void) {
    net_socket_t listener, client, server;
    connect_pair(&listener, &client, &server);
    char buf[16];
    CHECK(net_recv(&server, buf, sizeof(buf), 0, NULL) == -NET_EAGAIN, "no data, no waiting");
    double start = now();
    CHECK(net_wait(&server, NET_POLLIN, 50) == 0, "a wait without data ends with nothing");
    CHECK(now() - start > 0.045 && now() - start < 0.5, "after its time");
    CHECK(net_send(&client, "hello", 5, NULL) == 5, "data is sent");
    CHECK(net_wait(&server, NET_POLLIN, 1000) == NET_POLLIN, "a wait ends when data comes");
    CHECK(net_recv(&server, buf, 2, NET_MSG_PEEK, NULL) == 2 && memcmp(buf, "he", 2) == 0, "peek looks");
    CHECK(net_recv(&server, buf, 2, 0, NULL) == 2 && memcmp(buf, "he", 2) == 0, "and does not take");
    CHECK(net_recv(&server, buf, 0, 0, NULL) == 0, "nothing asked for, nothing given");
    CHECK(net_recv(&server, buf, sizeof(buf), 0, NULL) == 3 && memcmp(buf, "llo", 3) == 0, "the rest follows");
    CHECK(net_shutdown(&client, 1) == 0, "the client ends its side");
    CHECK(net_wait(&server, NET_POLLIN, 1000) > 0, "the end is something to wait for");
    for (int i = 0; i < 3; ++i) {
        CHECK(net_recv(&server, buf, sizeof(buf), 0, NULL) == 0, "the end is said every time");
        CHECK(net_poll(&server, NET_POLLIN) == NET_POLLIN, "and polls as readable");
    }
    CHECK(net_send(&server, "bye", 3, NULL) == 3, "the other direction still works");
    CHECK(net_wait(&client, NET_POLLIN, 1000) == NET_POLLIN && net_recv(&client, buf, 16, 0, NULL) == 3,
        "and arrives");
    net_close(&server);
    net_close(&client);
    net_close(&listener);
}

static void stream_fills_up_and_drains(void) {
    net_socket_t listener, client, server;
    connect_pair(&listener, &client, &server);
    static char block[4096];
    long sent = 0, got = 0;
    int ret;
    while ((ret = net_send(&client, block, sizeof(block), NULL)) > 0 && sent < 1000000) {
        sent += ret;
        usleep(2000);
    }
    CHECK(ret == -NET_EAGAIN, "a stream that nobody reads fills up");
    CHECK(net_poll(&client, NET_POLLOUT) == 0, "and is not writable");
    CHECK(net_wait(&client, NET_POLLOUT, 20) == 0, "however long one waits");
    for (double end = now() + 5; got < sent && now() < end;) {
        if ((ret = net_recv(&server, block, sizeof(block), 0, NULL)) == -NET_EAGAIN) {
            net_wait(&server, NET_POLLIN, 100);
        } else if (ret > 0) {
            got += ret;
        }
    }
    CHECK(got == sent, "every byte comes out");
    CHECK(net_wait(&client, NET_POLLOUT, 1000) == NET_POLLOUT, "then there is room again");
    net_close(&server);
    net_close(&client);
    net_close(&listener);
}

static size_t fill(net_socket_t *s) {
    uint8_t buf[1000];
    size_t sum = 0;
    do {
        for (size_t i = 0; i < sizeof(buf); ++i) {
            buf[i] = (uint8_t)((sum + i) * 7);
        }
        int n = net_send(s, buf, sizeof(buf), NULL);
        sum += n > 0 ? (size_t)n : 0;
    } while (net_wait(s, NET_POLLOUT, 1000) > 0);
    return sum;
}

static bool drain(net_socket_t *s, size_t sum) {
    uint8_t buf[1000];
    int n;
    for (size_t i = 0; i < sum; i += (size_t)n) {
        n = net_recv_wait(s, buf, sizeof(buf), NULL, 5000);
        if (n <= 0) {
            return false;
        }
        for (int k = 0; k < n; ++k) {
            if (buf[k] != (uint8_t)((i + (size_t)k) * 7)) {
                return false;
            }
        }
    }
    return net_recv(s, buf, 1, 0, NULL) == -NET_EAGAIN;
}

// lwIP would answer each ACK with an ACK, as fast as the processor can.
static void two_full_windows_are_quiet(void) {
    net_socket_t listener, client, server;
    connect_pair(&listener, &client, &server);
    size_t there = fill(&client), back = fill(&server);
    clock_t before = clock(); // of the processor, by all threads: some ms, or all of the 3 s
    usleep(3000000);
    CHECK(clock() - before < CLOCKS_PER_SEC, "both ends wait for each other without a word, but for probes");
    CHECK(drain(&server, there) && drain(&client, back), "and what was sent arrives, as it was");
    net_close(&client);
    net_close(&server);
    net_close(&listener);
}

static void refusal_is_remembered(void) {
    net_socket_t s;
    open_socket(&s, NET_SOCK_STREAM, 0);
    char byte;
    CHECK(net_poll(&s, NET_POLLIN | NET_POLLOUT) == (NET_POLLOUT | NET_POLLHUP), "a new stream says that it is not connected");
    CHECK(net_send(&s, "x", 1, NULL) == -NET_ENOTCONN, "and cannot send");
    CHECK(net_recv(&s, &byte, 1, 0, NULL) == -NET_ENOTCONN, "nor receive");
    net_addr_t nobody = loopback;
    nobody.inet.port = 9;
    net_connect(&s, &nobody);
    CHECK(finish_connect(&s) == -NET_ECONNREFUSED, "a closed port refuses");
    for (int i = 0; i < 2; ++i) {
        CHECK(net_poll(&s, NET_POLLIN) == (NET_POLLIN | NET_POLLERR | NET_POLLHUP), "poll shows the error");
        CHECK(net_send(&s, "x", 1, NULL) == -NET_ECONNREFUSED, "every call repeats the reason");
        CHECK(net_recv(&s, &byte, 1, 0, NULL) == -NET_ECONNREFUSED, "every call repeats the reason");
        int error = 0;
        size_t len = sizeof(error);
        CHECK(net_getsockopt(&s, INET_SOL_SOCKET, INET_SO_ERROR, &error, &len) == 0 && error == NET_ECONNREFUSED,
            "SO_ERROR has it too");
    }
    net_close(&s);
}

static void datagrams_keep_their_borders(void) {
    net_socket_t a, b;
    open_socket(&a, NET_SOCK_DGRAM, INET_IPPROTO_TCP); // Pycom scripts say so
    open_socket(&b, NET_SOCK_DGRAM, 0);
    CHECK(net_bind(&a, &loopback) == 0, "a datagram socket binds");
    CHECK(net_send(&b, "x", 1, NULL) == -NET_EDESTADDRREQ, "without an address nothing is sent");
    static char big[70000];
    CHECK(net_send(&b, big, 65508, &loopback) == -NET_EMSGSIZE, "too long is EMSGSIZE");
    CHECK(net_send(&b, "", 0, &loopback) == 0 && net_send(&b, "abc", 3, &loopback) == 3, "two datagrams, one empty");
    char buf[8];
    net_addr_t from;
    CHECK(net_wait(&a, NET_POLLIN, 1000) == NET_POLLIN, "an empty datagram is something to read");
    CHECK(net_recv(&a, buf, sizeof(buf), 0, &from) == 0 && from.inet.ip[0] == 127, "it is empty");
    CHECK(net_wait(&a, NET_POLLIN, 1000) == NET_POLLIN, "and is not taken for an end");
    CHECK(net_recv(&a, buf, 2, 0, &from) == 2, "a datagram is cut to the buffer");
    CHECK(net_recv(&a, buf, sizeof(buf), 0, &from) == -NET_EAGAIN, "and its rest is gone");
    CHECK(net_listen(&a, 1) == -NET_EOPNOTSUPP, "datagrams do not listen");
    net_close(&a);
    net_close(&b);
}

static void *close_later(void *arg) {
    usleep(100000);
    net_close(arg);
    return NULL;
}

static void a_wait_ends_when_another_thread_closes(void) {
    net_socket_t listener, client, server;
    connect_pair(&listener, &client, &server);
    pthread_t thread;
    pthread_create(&thread, NULL, close_later, &server);
    double start = now();
    net_wait(&server, NET_POLLIN, 3000);
    CHECK(now() - start < 1, "close wakes the reader");
    pthread_join(thread, NULL);
    CHECK(net_wait(&server, NET_POLLIN, 10) == -NET_EBADF, "and the next wait says EBADF");
    net_close(&client);
    net_close(&listener);
}

typedef struct {
    net_socket_t *s;
    bool receives; // else waits
    int answer;
} reader_t;

// As the binding does it: slice by slice.
static void *read_in_slices(void *arg) {
    reader_t *reader = arg;
    char byte;
    do {
        reader->answer = reader->receives ? net_recv_wait(reader->s, &byte, 1, NULL, 1)
            : net_wait(reader->s, NET_POLLIN, 1);
    } while (reader->answer == (reader->receives ? -NET_EAGAIN : 0));
    return NULL;
}

static void a_close_at_any_moment_is_ebadf_and_hurts_nobody_else(void) {
    for (int round = 0; round < 400; ++round) {
        net_socket_t listener, client, server;
        connect_pair(&listener, &client, &server);
        reader_t reader = { .s = &server, .receives = round % 2 };
        pthread_t thread;
        pthread_create(&thread, NULL, read_in_slices, &reader);
        usleep((useconds_t)(round * 7 % 2500)); // in a slice, between two, about to begin
        net_close(&server);
        net_socket_t next; // takes the place that has become free
        open_socket(&next, NET_SOCK_DGRAM, 0);
        pthread_join(thread, NULL);
        CHECK(reader.answer == -NET_EBADF, "the reader is told that it was closed");
        CHECK(net_poll(&next, NET_POLLIN | NET_POLLOUT) == NET_POLLOUT, "and the next socket in its place works");
        net_close(&next);
        net_close(&client);
        net_close(&listener);
    }
}

static void *wait_for_ever(void *arg) {
    net_wait(arg, NET_POLLIN, NET_FOREVER);
    return NULL;
}

// More of them than there are places, as soft resets do it on an ESP32.
static void an_abandoned_socket_waits_for_no_thread_that_was_deleted(void) {
    for (int round = 0; round < 12; ++round) {
        net_socket_t s;
        open_socket(&s, NET_SOCK_DGRAM, 0);
        pthread_t thread;
        pthread_create(&thread, NULL, wait_for_ever, &s);
        usleep(20000);
        pthread_cancel(thread);
        pthread_join(thread, NULL);
        net_abandon(&s);
        CHECK(s.ops == NULL && net_poll(&s, NET_POLLIN) == -NET_EBADF, "it is closed");
        net_abandon(&s);
    }
}

static void what_came_before_a_reset_can_be_read_after_a_failed_send(void) {
    net_socket_t listener, client, server;
    connect_pair(&listener, &client, &server);
    char buf[8];
    CHECK(net_send(&client, "left", 4, NULL) == 4 && net_wait(&server, NET_POLLIN, 1000) > 0, "bytes arrive");
    CHECK(net_send(&server, "why", 3, NULL) == 3, "the peer says why");
    net_close(&server); // with the bytes not read: a reset
    for (double end = now() + 1; !(net_poll(&client, NET_POLLIN) & NET_POLLERR) && now() < end;) {
        usleep(1000);
    }
    for (int i = 0; i < 2; ++i) {
        CHECK(net_send(&client, "more", 4, NULL) == -NET_ECONNRESET, "a send finds the connection reset");
    }
    int error = 0;
    size_t len = sizeof(error);
    CHECK(net_getsockopt(&client, INET_SOL_SOCKET, INET_SO_ERROR, &error, &len) == 0 && error == NET_ECONNRESET,
        "and so does SO_ERROR");
    CHECK(net_shutdown(&client, 1) == -NET_ECONNRESET, "there is nothing to shut down");
    CHECK(net_recv(&client, buf, sizeof(buf), 0, NULL) == 3 && memcmp(buf, "why", 3) == 0, "what the peer said can be read");
    for (int i = 0; i < 2; ++i) {
        CHECK(net_recv(&client, buf, sizeof(buf), 0, NULL) == -NET_ECONNRESET, "then the reset is said, every time");
    }
    net_close(&client);
    net_close(&listener);
}

static void a_close_after_reading_all_is_no_reset(void) {
    for (int len = 1; len < 3000; len = len * 3 + 1) {
        net_socket_t listener, client, server;
        connect_pair(&listener, &client, &server);
        static char buf[4096];
        CHECK(net_send(&client, buf, (size_t)len, NULL) == len, "some bytes are sent");
        for (int got = 0; got < len;) {
            net_wait(&server, NET_POLLIN, 1000);
            int ret = net_recv(&server, buf, sizeof(buf), 0, NULL);
            CHECK(ret > 0, "and taken");
            got += ret > 0 ? ret : len;
        }
        net_close(&server);
        CHECK(net_recv_wait(&client, buf, sizeof(buf), NULL, 1000) == 0, "then the other end sees an end, not a reset");
        net_close(&client);
        net_close(&listener);
    }
}

static void a_close_with_bytes_left_is_a_reset(void) {
    net_socket_t listener, client, server;
    connect_pair(&listener, &client, &server);
    char byte;
    CHECK(net_send(&client, "left", 4, NULL) == 4 && net_wait(&server, NET_POLLIN, 1000) > 0, "bytes arrive");
    net_close(&server);
    CHECK(net_wait(&client, NET_POLLIN, 1000) & NET_POLLERR, "closing without reading them is an error at the other end");
    for (int i = 0; i < 2; ++i) {
        CHECK(net_recv(&client, &byte, 1, 0, NULL) == -NET_ECONNRESET, "which says reset, every time");
    }
    net_close(&client);
    net_close(&listener);
}

static void both_ends_shut_down_in_every_order(void) {
    for (int round = 0; round < 200; ++round) {
        net_socket_t listener, client, server;
        connect_pair(&listener, &client, &server);
        net_socket_t *first = round & 1 ? &client : &server;
        net_socket_t *second = round & 1 ? &server : &client;
        char byte;
        if (round & 2) {
            net_close(first);
        } else {
            CHECK(net_shutdown(first, 1) == 0, "one end is shut down");
        }
        if (round & 4) {
            CHECK(net_recv_wait(second, &byte, 1, NULL, 1000) == 0, "the other sees it");
        }
        CHECK(net_shutdown(second, 1) == 0, "the other end is shut down");
        if (round & 8) {
            usleep(300);
        }
        CHECK(net_recv_wait(second, &byte, 1, NULL, 1000) == 0, "and still sees the end");
        CHECK(net_recv(second, &byte, 1, 0, NULL) == 0, "every time");
        if (!(round & 2)) {
            CHECK(net_recv_wait(first, &byte, 1, NULL, 1000) == 0, "as the first does");
            CHECK(net_send(first, "x", 1, NULL) < 0, "nothing is sent any more");
        }
        CHECK(net_poll(second, NET_POLLIN) & NET_POLLIN, "poll says readable");
        net_close(&server);
        net_close(&client);
        net_close(&listener);
    }
}

static void a_listener_closes_with_connections_waiting(void) {
    net_socket_t listener, client;
    open_socket(&listener, NET_SOCK_STREAM, 0);
    open_socket(&client, NET_SOCK_STREAM, 0);
    CHECK(net_bind(&listener, &loopback) == 0 && net_bind(&listener, &loopback) == -NET_EINVAL, "a socket is bound once");
    CHECK(net_listen(&listener, 2) == 0, "it listens");
    net_connect(&client, &loopback);
    CHECK(finish_connect(&client) == 0 && net_wait(&listener, NET_POLLIN, 1000) > 0, "somebody waits to be accepted");
    net_close(&listener);
    char byte;
    CHECK(net_recv_wait(&client, &byte, 1, NULL, 1000) <= 0, "and is hung up on");
    net_close(&client);
}

static void options_keep_what_they_are_given(void) {
    static const struct {
        uint8_t type;
        int level, opt, value, expected;
    } good[] = {
        { NET_SOCK_STREAM, INET_SOL_SOCKET, INET_SO_REUSEADDR, 0, 0 },
        { NET_SOCK_STREAM, INET_SOL_SOCKET, INET_SO_KEEPALIVE, 5, 1 },
        { NET_SOCK_STREAM, INET_IPPROTO_TCP, INET_TCP_NODELAY, 1, 1 },
        { NET_SOCK_STREAM, INET_IPPROTO_TCP, 3, 7, 7 }, // TCP_KEEPIDLE
        { NET_SOCK_DGRAM, INET_SOL_SOCKET, INET_SO_BROADCAST, 1, 1 },
        { NET_SOCK_DGRAM, INET_IPPROTO_IP, INET_IP_TTL, 42, 42 },
        { NET_SOCK_DGRAM, INET_IPPROTO_IP, INET_IP_MULTICAST_TTL, 3, 3 },
        { NET_SOCK_DGRAM, INET_IPPROTO_IP, INET_IP_MULTICAST_LOOP, 1, 1 },
        { NET_SOCK_RAW, INET_IPPROTO_IP, INET_IP_TTL, 1, 1 },
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); ++i) {
        net_socket_t s;
        open_socket(&s, good[i].type, INET_IPPROTO_ICMP);
        int value = good[i].value;
        size_t len = sizeof(value);
        CHECK(net_setsockopt(&s, good[i].level, good[i].opt, &value, sizeof(value)) == 0, "an option is set");
        value = -1;
        CHECK(net_getsockopt(&s, good[i].level, good[i].opt, &value, &len) == 0 && value == good[i].expected,
            "and read back");
        net_close(&s);
    }
    net_socket_t s;
    open_socket(&s, NET_SOCK_DGRAM, 0);
    int value = 256;
    CHECK(net_setsockopt(&s, INET_IPPROTO_IP, INET_IP_TTL, &value, sizeof(value)) == -NET_EINVAL, "256 is no TTL");
    CHECK(net_setsockopt(&s, INET_IPPROTO_IP, INET_IP_TTL, "abc", 3) == -NET_EINVAL, "nor are three bytes");
    CHECK(net_setsockopt(&s, INET_IPPROTO_TCP, INET_TCP_NODELAY, &value, sizeof(value)) == -NET_ENOPROTOOPT,
        "a datagram has no TCP option");
    static const uint8_t group[8] = { 224, 0, 1, 9, 127, 0, 0, 1 }, unicast[8] = { 10, 0, 0, 1 };
    CHECK(net_setsockopt(&s, INET_IPPROTO_IP, INET_IP_ADD_MEMBERSHIP, unicast, 8) == -NET_EADDRNOTAVAIL,
        "a group is a multicast address");
    CHECK(net_setsockopt(&s, INET_IPPROTO_IP, INET_IP_ADD_MEMBERSHIP, group, 7) == -NET_EINVAL, "and has 8 bytes");
    CHECK(net_setsockopt(&s, INET_IPPROTO_IP, INET_IP_DROP_MEMBERSHIP, group, 8) == -NET_EADDRNOTAVAIL,
        "nobody leaves what he has not joined");
    net_close(&s);
}

static void sockets_run_out_and_come_back(void) {
    net_socket_t s[32];
    int n = 0, ret = 0;
    for (; n < 32; ++n) {
        if ((ret = net_open(&s[n], &inet_ops, NET_AF_INET, NET_SOCK_DGRAM, 0)) < 0) {
            break;
        }
    }
    CHECK(n == 10 && ret == -NET_ENFILE, "ten sockets as on an ESP32, the eleventh is ENFILE");
    while (n > 0) {
        net_close(&s[--n]);
    }
    open_socket(&s[0], NET_SOCK_DGRAM, 0);
    net_close(&s[0]);
}

static void names_and_options(void) {
    uint8_t ip[4];
    int handle;
    CHECK(inet_lookup_start("localhost", ip, &handle) == 0 && ip[0] == 127, "localhost needs no server");
    CHECK(inet_lookup_start("no.server.is.set", ip, &handle) == -INET_EAI_FAIL, "without a server names fail at once");
    CHECK(inet_dns_set(1, (const uint8_t[4]) { 9, 8, 7, 6 }) == 0, "a server is set");
    inet_dns_get(1, ip);
    CHECK(memcmp(ip, "\11\10\7\6", 4) == 0, "and read back");
    net_socket_t s;
    open_socket(&s, NET_SOCK_DGRAM, 0);
    int value = 0;
    size_t len = sizeof(value);
    CHECK(net_getsockopt(&s, INET_SOL_SOCKET, INET_SO_REUSEADDR, &value, &len) == 0 && value != 0,
        "SO_REUSEADDR is on by default");
    CHECK(net_setsockopt(&s, INET_SOL_SOCKET, 0x7777, &value, sizeof(value)) == -NET_ENOPROTOOPT,
        "an unknown option is ENOPROTOOPT");
    net_close(&s);
}

int main(void) {
    setenv("USOCKET_NET", "loop", 1);
    CHECK(inet_port_start() == 0, "the stack starts");
    stream_says_the_end_again_and_again();
    stream_fills_up_and_drains();
    two_full_windows_are_quiet();
    refusal_is_remembered();
    datagrams_keep_their_borders();
    a_wait_ends_when_another_thread_closes();
    a_close_at_any_moment_is_ebadf_and_hurts_nobody_else();
    an_abandoned_socket_waits_for_no_thread_that_was_deleted();
    what_came_before_a_reset_can_be_read_after_a_failed_send();
    a_close_after_reading_all_is_no_reset();
    a_close_with_bytes_left_is_a_reset();
    both_ends_shut_down_in_every_order();
    a_listener_closes_with_connections_waiting();
    options_keep_what_they_are_given();
    sockets_run_out_and_come_back();
    names_and_options();
    return check_result();
}
