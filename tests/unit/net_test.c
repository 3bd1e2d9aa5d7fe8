// The dispatcher: closed sockets, absent operations, life of a socket.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "check.h"
#include "net/net.h"

static int opened, closed, open_answer, want_seen;

static int fake_open(net_socket_t *s) {
    CHECK(s->family == NET_AF_LORA && s->type == NET_SOCK_RAW && s->proto == 7, "open sees what was asked for");
    ++opened;
    return open_answer;
}

static void fake_close(net_socket_t *s) {
    CHECK(s->ops == NULL, "a socket is already closed for others while its family closes it");
    ++closed;
}

static int fake_poll(net_socket_t *s, int want) {
    (void)s;
    want_seen = want;
    return want & NET_POLLIN;
}

static int fake_wait(net_socket_t *s, int want, uint32_t timeout_ms) {
    (void)s;
    return want + (int)timeout_ms;
}

// Only what every family must have.
static const net_ops_t bare_ops = {
    .open = fake_open,
    .close = fake_close,
    .poll = fake_poll,
    .wait = fake_wait,
};

// Every call that has an optional slot, on s; each answer must be expected.
static void check_all(net_socket_t *s, int expected, const char *sentence) {
    net_addr_t addr = { 0 };
    net_socket_t child = { 0 };
    char buf[4];
    size_t len = sizeof(buf);
    CHECK(net_bind(s, &addr) == expected, sentence);
    CHECK(net_listen(s, 1) == expected, sentence);
    CHECK(net_accept(s, &child, &addr) == expected, sentence);
    CHECK(net_connect(s, &addr) == expected, sentence);
    CHECK(net_connect_result(s) == expected, sentence);
    CHECK(net_send(s, buf, 1, NULL) == expected, sentence);
    CHECK(net_recv(s, buf, 1, 0, NULL) == expected, sentence);
    CHECK(net_recv_wait(s, buf, 1, NULL, 0) == expected, sentence);
    CHECK(net_shutdown(s, 2) == expected, sentence);
    CHECK(net_setsockopt(s, 0, 0, buf, 4) == expected, sentence);
    CHECK(net_getsockopt(s, 0, 0, buf, &len) == expected, sentence);
    CHECK(net_getname(s, true, &addr) == expected, sentence);
    CHECK(net_fileno(s) == expected, sentence);
    CHECK(child.ops == NULL, "a refused accept makes no socket");
}

int main(void) {
    net_socket_t s;
    memset(&s, 0, sizeof(s));
    check_all(&s, -NET_EBADF, "a socket that was never opened answers EBADF");

    open_answer = -NET_ENOMEM;
    CHECK(net_open(&s, &bare_ops, NET_AF_LORA, NET_SOCK_RAW, 7) == -NET_ENOMEM, "open passes the error on");
    net_close(&s);
    CHECK(closed == 0, "a socket that failed to open is not closed");

    open_answer = 0;
    CHECK(net_open(&s, &bare_ops, NET_AF_LORA, NET_SOCK_RAW, 7) == 0, "open succeeds");
    check_all(&s, -NET_EOPNOTSUPP, "an operation that the family lacks answers EOPNOTSUPP");
    CHECK(net_poll(&s, NET_POLLIN) == NET_POLLIN, "poll reaches the family");
    CHECK(want_seen == (NET_POLLIN | NET_POLLERR | NET_POLLHUP), "errors are always asked for");
    CHECK(net_wait(&s, NET_POLLOUT, 20) == NET_POLLOUT + 20, "wait reaches the family");

    net_close(&s);
    net_close(&s);
    CHECK(closed == 1, "closing twice closes once");
    check_all(&s, -NET_EBADF, "a closed socket answers EBADF");
    CHECK(net_poll(&s, NET_POLLIN) == -NET_EBADF && net_wait(&s, NET_POLLIN, 0) == -NET_EBADF,
        "poll and wait of a closed socket answer EBADF");
    CHECK(opened == 2, "open was called once for each attempt");

    CHECK(strcmp(net_errno_name(122), "EMSGSIZE") == 0, "122 is EMSGSIZE");
    CHECK(net_errno_name(9999) == NULL, "an unknown number has no name");
    return check_result();
}
