// TLS connections over a pair of fake sockets: tls_test DIRECTORY_OF_CERTIFICATES
// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "tls/tls.h"

/******************************************************************************/
// Two sockets that talk through memory, and do what the network does at its worst

typedef struct _fake_t {
    struct _fake_t *peer;
    uint8_t inbox[65536]; // what the peer sent
    size_t head, tail;
    size_t room; // what send accepts before it says EAGAIN
    size_t chunk; // the most that one send or recv moves; every other one says EAGAIN if 1
    bool hungry; // the turn of EAGAIN
    bool eof; // the peer has closed
    bool closed;
    int error; // what send and recv answer
    int sends_to_reset; // counts down: with the last one the peer hangs up on our sends; 0: never
    bool reset; // it has
    int connect_answer; // connect_result
    int waits; // calls of wait
    int wait_want;
    int closes;
    int abandons;
} fake_t;

static fake_t fakes[2];

static bool stutter(fake_t *f) {
    if (f->chunk == 1) {
        f->hungry = !f->hungry;
        return f->hungry;
    }
    return false;
}

static int fake_send(net_socket_t *s, const void *buf, size_t len, const net_addr_t *to) {
    (void)to;
    fake_t *f = s->ctx;
    if (f->error != 0) {
        return f->error;
    }
    if (f->reset) {
        return -NET_ECONNRESET;
    }
    f->reset = f->sends_to_reset > 0 && --f->sends_to_reset == 0;
    size_t n = len < f->chunk ? len : f->chunk;
    n = n < f->room ? n : f->room;
    if (n == 0 || stutter(f)) {
        return -NET_EAGAIN;
    }
    if (f->peer->tail + n > sizeof(f->peer->inbox)) {
        abort();
    }
    memcpy(f->peer->inbox + f->peer->tail, buf, n);
    f->peer->tail += n;
    f->room -= n;
    return (int)n;
}

static int fake_recv(net_socket_t *s, void *buf, size_t len, int flags, net_addr_t *from) {
    (void)flags;
    (void)from;
    fake_t *f = s->ctx;
    if (f->error != 0) {
        return f->error;
    }
    size_t n = f->tail - f->head;
    if (n == 0) {
        return f->eof ? 0 : -NET_EAGAIN;
    }
    n = n < len ? n : len;
    n = n < f->chunk ? n : f->chunk;
    if (stutter(f)) {
        return -NET_EAGAIN;
    }
    memcpy(buf, f->inbox + f->head, n);
    f->head += n;
    if (f->head == f->tail) {
        f->head = f->tail = 0;
    }
    return (int)n;
}

static int fake_poll(net_socket_t *s, int want) {
    fake_t *f = s->ctx;
    int bits = f->tail != f->head || f->eof ? NET_POLLIN : 0;
    return (bits | (f->room > 0 ? NET_POLLOUT : 0)) & want;
}

static int fake_wait(net_socket_t *s, int want, uint32_t timeout_ms) {
    (void)timeout_ms;
    fake_t *f = s->ctx;
    ++f->waits;
    f->wait_want = want;
    return fake_poll(s, want);
}

static void fake_close(net_socket_t *s) {
    fake_t *f = s->ctx;
    ++f->closes;
    f->closed = true;
    f->peer->eof = true;
}

static void fake_abandon(net_socket_t *s) {
    ++((fake_t *)s->ctx)->abandons;
    fake_close(s);
}

static int fake_shutdown(net_socket_t *s, int how) {
    ((fake_t *)s->ctx)->peer->eof = how != 0;
    return 0;
}

static int fake_connect(net_socket_t *s, const net_addr_t *to) {
    (void)to;
    fake_t *f = s->ctx;
    f->connect_answer = -NET_EINPROGRESS;
    return -NET_EINPROGRESS;
}

static int fake_connect_result(net_socket_t *s) {
    return ((fake_t *)s->ctx)->connect_answer;
}

static const net_ops_t fake_ops = {
    .close = fake_close,
    .abandon = fake_abandon,
    .poll = fake_poll,
    .wait = fake_wait,
    .connect = fake_connect,
    .connect_result = fake_connect_result,
    .send = fake_send,
    .recv = fake_recv,
    .shutdown = fake_shutdown,
};

/******************************************************************************/
// Two connections

static const char *directory;

typedef struct {
    uint8_t data[8192];
    size_t len; // of PEM with its NUL
} file_t;

static file_t load(const char *name) {
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        printf("%s: no such file; run tls_certs.sh first\n", path);
        exit(1);
    }
    file_t file;
    file.len = fread(file.data, 1, sizeof(file.data) - 1, f);
    fclose(f);
    file.data[file.len] = '\0';
    if (strstr(name, ".pem") != NULL) {
        ++file.len;
    }
    return file;
}

static net_socket_t client, server;
static tls_conn_t client_conn, server_conn;
static tls_config_t *client_config, *server_config;

static tls_config_t *new_config(bool is_server, const char *ca, const char *identity) {
    tls_config_t *config = NULL;
    CHECK(tls_config_new(&config, is_server) == 0, "a config can be made");
    if (ca != NULL) {
        file_t file = load(ca);
        CHECK(tls_config_add_ca(config, file.data, file.len) == 0, "a CA is accepted");
    }
    if (identity != NULL) {
        char name[64];
        snprintf(name, sizeof(name), "%s.pem", identity);
        file_t cert = load(name);
        snprintf(name, sizeof(name), "%s.key.pem", identity);
        file_t key = load(name);
        CHECK(tls_config_add_identity(config, cert.data, cert.len, key.data, key.len) == 0,
            "a certificate and its key are accepted");
    }
    return config;
}

static void reset_fakes(size_t chunk) {
    memset(fakes, 0, sizeof(fakes));
    for (int i = 0; i < 2; ++i) {
        fakes[i].peer = &fakes[1 - i];
        fakes[i].room = SIZE_MAX;
        fakes[i].chunk = chunk;
    }
}

static int open_conn(tls_conn_t *conn, net_socket_t *s, fake_t *fake, tls_config_t *config,
    const tls_conn_options_t *options) {
    *s = (net_socket_t) { .ops = &fake_ops, .family = NET_AF_INET, .type = NET_SOCK_STREAM, .ctx = fake };
    return tls_conn_open(conn, s, s, config, options);
}

static void open_pair(const char *hostname) {
    tls_conn_options_t options = { .hostname = hostname };
    CHECK(open_conn(&client_conn, &client, &fakes[0], client_config, &options) == 0, "a client opens");
    options.hostname = NULL;
    CHECK(open_conn(&server_conn, &server, &fakes[1], server_config, &options) == 0, "a server opens");
}

// Each in turn until both are done, or one fails. Fills what each answered last.
static void shake(int *client_ret, int *server_ret) {
    *client_ret = *server_ret = -NET_EAGAIN;
    for (int i = 0; i < 100000 && (*client_ret == -NET_EAGAIN || *server_ret == -NET_EAGAIN); ++i) {
        if (*client_ret == -NET_EAGAIN) {
            *client_ret = tls_conn_handshake(&client_conn);
        }
        if (*server_ret == -NET_EAGAIN) {
            *server_ret = tls_conn_handshake(&server_conn);
        }
    }
}

static void begin(const char *ca, const char *server_identity, const char *hostname, size_t chunk) {
    reset_fakes(chunk);
    client_config = new_config(false, ca, NULL);
    server_config = new_config(true, NULL, server_identity);
    open_pair(hostname);
}

static void end(void) {
    net_close(&client);
    net_close(&server);
    tls_config_unref(client_config);
    tls_config_unref(server_config);
    CHECK(fakes[0].closes == 1 && fakes[1].closes == 1, "each socket below is closed exactly once");
}

static void expect_connected(void) {
    int client_ret, server_ret;
    shake(&client_ret, &server_ret);
    CHECK(client_ret == 0 && server_ret == 0, "the handshake succeeds on both sides");
}

// Moves len bytes, in both senses of the word.
static void transfer(net_socket_t *from, net_socket_t *to, size_t len) {
    uint8_t *sent = malloc(len), *got = malloc(len + 1);
    for (size_t i = 0; i < len; ++i) {
        sent[i] = (uint8_t)(i * 7 + len);
    }
    size_t n_sent = 0, n_got = 0;
    for (int i = 0; i < 10000000 && n_got < len; ++i) {
        if (n_sent < len) {
            int ret = net_send(from, sent + n_sent, len - n_sent, NULL);
            n_sent += ret > 0 ? (size_t)ret : 0;
        }
        int ret = net_recv(to, got + n_got, len + 1 - n_got, 0, NULL);
        n_got += ret > 0 ? (size_t)ret : 0;
    }
    CHECK(n_sent == len && n_got == len && memcmp(sent, got, len) == 0, "what is sent arrives, once and in order");
    free(sent);
    free(got);
}

static bool is_code(int ret, int number, const char *words) {
    char text[200];
    if (ret > -256 || tls_error_describe(ret, text, sizeof(text)) != number || strstr(text, words) == NULL) {
        printf("    got %d (%s)\n", ret, ret > -256 ? "errno" : text);
        return false;
    }
    return true;
}

#define VERIFY_FAILED (-0x2700)
#define FATAL_ALERT (-0x7780)

/******************************************************************************/
// Behaviours

static void data_goes_both_ways(size_t chunk) {
    begin("root.pem", "server", "server.test", chunk);
    CHECK(tls_conn_cipher(&client_conn) == NULL, "no cipher before the handshake");
    expect_connected();
    CHECK(strncmp(tls_conn_version(&client_conn), "TLSv1.", 6) == 0, "the version is known");
    CHECK(tls_conn_cipher(&client_conn) != NULL, "the cipher is known");
    transfer(&client, &server, 1);
    transfer(&server, &client, chunk == 1 ? 3000 : 20000);
    transfer(&client, &server, chunk == 1 ? 3000 : 20000);
    file_t cert = load("server.der");
    size_t len;
    const uint8_t *der = tls_conn_peer_cert(&client_conn, &len);
    CHECK(der != NULL && len == cert.len && memcmp(der, cert.data, len) == 0, "the server's certificate is known");
    end();
}

static void close_says_goodbye(void) {
    begin("root.pem", "server", "server.test", SIZE_MAX);
    expect_connected();
    char buf[8];
    CHECK(net_send(&server, "bye", 3, NULL) == 3, "data goes before the close");
    net_close(&server);
    CHECK(net_recv(&client, buf, sizeof(buf), 0, NULL) == 3, "data before a close arrives");
    for (int i = 0; i < 2; ++i) {
        CHECK(net_recv(&client, buf, sizeof(buf), 0, NULL) == 0, "the end is 0, as often as it is asked");
        CHECK(net_poll(&client, NET_POLLIN) & NET_POLLIN, "the end is readable");
    }
    CHECK(tls_conn_closed_by_peer(&client_conn), "close_notify was sent by close");
    CHECK(net_recv(&server, buf, sizeof(buf), 0, NULL) == -NET_EBADF, "a closed socket answers EBADF");
    end();
}

static void truncation_is_the_end_but_not_a_goodbye(void) {
    begin("root.pem", "server", "server.test", SIZE_MAX);
    expect_connected();
    char buf[8];
    fakes[0].eof = true;
    CHECK(net_recv(&client, buf, sizeof(buf), 0, NULL) == 0, "TCP's end is the end");
    CHECK(!tls_conn_closed_by_peer(&client_conn), "but it is known that nobody said so");
    end();
}

static void garbage_is_refused(void) {
    begin("root.pem", "server", "server.test", SIZE_MAX);
    memcpy(fakes[0].inbox, "HTTP/1.0 400 Bad", 16);
    fakes[0].tail = 16;
    int ret = tls_conn_handshake(&client_conn);
    CHECK(is_code(ret, -0x7200, "MBEDTLS_ERR_SSL_INVALID_RECORD"), "plain text is no TLS record");
    char byte;
    CHECK(net_send(&client, "x", 1, NULL) == ret && net_recv(&client, &byte, 1, 0, NULL) == ret
        && net_connect_result(&client) == ret, "every later operation answers the same");
    CHECK(net_poll(&client, NET_POLLIN) == (NET_POLLIN | NET_POLLERR | NET_POLLHUP), "poll says that it is broken");
    CHECK(fakes[1].tail > fakes[1].head, "the peer is told");
    end();
}

static void changed_data_is_refused(void) {
    begin("root.pem", "server", "server.test", SIZE_MAX);
    expect_connected();
    char buf[8];
    net_send(&server, "12345678", 8, NULL);
    fakes[0].inbox[fakes[0].tail - 1] ^= 1;
    int ret = net_recv(&client, buf, sizeof(buf), 0, NULL);
    CHECK(is_code(ret, -0x7180, "MBEDTLS_ERR_SSL_INVALID_MAC"), "a changed byte is noticed");
    CHECK(net_recv(&client, buf, sizeof(buf), 0, NULL) == ret, "and ends the connection");
    end();
}

static void bad_peers_are_refused(void) {
    static const struct {
        const char *ca, *hostname, *words;
    } rows[] = {
        { "stranger.pem", "server.test", "not correctly signed by the trusted CA" },
        { "root.pem", "other.test", "does not match with the expected CN" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        begin(rows[i].ca, "server", rows[i].hostname, SIZE_MAX);
        int client_ret, server_ret;
        shake(&client_ret, &server_ret);
        CHECK(is_code(client_ret, VERIFY_FAILED, "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED: "), "the name of the failure");
        CHECK(is_code(client_ret, VERIFY_FAILED, rows[i].words), "a bad certificate is refused with the reason");
        CHECK(is_code(server_ret, FATAL_ALERT, "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE"), "the peer is told");
        CHECK(net_send(&client, "x", 1, NULL) == client_ret, "nothing can be sent");
        end();
    }
}

static void the_reason_is_told_also_to_who_is_still_writing(void) {
    begin("stranger.pem", "server", "server.test", SIZE_MAX);
    fakes[1].sends_to_reset = 2; // ServerHello and Certificate
    int client_ret, server_ret;
    shake(&client_ret, &server_ret);
    CHECK(is_code(client_ret, VERIFY_FAILED, "trusted CA"), "a client refuses when it has seen the certificate");
    CHECK(fakes[1].reset, "and has hung up while the server was writing the rest");
    CHECK(is_code(server_ret, FATAL_ALERT, "FATAL_ALERT"), "the server finds the alert that came before");
    end();
}

static void optional_means_good_or_absent(void) {
    static const struct {
        const char *identity;
        bool good;
    } rows[] = { { NULL, true }, { "client", true }, { "intruder", false } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        reset_fakes(SIZE_MAX);
        client_config = new_config(false, "root.pem", rows[i].identity);
        server_config = new_config(true, "root.pem", "server");
        tls_config_set_verify_mode(server_config, TLS_VERIFY_OPTIONAL);
        open_pair("server.test");
        int client_ret, server_ret;
        shake(&client_ret, &server_ret);
        if (rows[i].good) {
            CHECK(server_ret == 0, "a client without, or with a good certificate is let in");
        } else {
            CHECK(is_code(server_ret, VERIFY_FAILED, "not correctly signed"), "a bad certificate is not");
        }
        end();
    }
    reset_fakes(SIZE_MAX);
    client_config = new_config(false, "stranger.pem", NULL);
    tls_config_set_verify_mode(client_config, TLS_VERIFY_OPTIONAL);
    server_config = new_config(true, NULL, "server");
    open_pair("server.test");
    int client_ret, server_ret;
    shake(&client_ret, &server_ret);
    CHECK(is_code(client_ret, VERIFY_FAILED, "not correctly signed"), "a client does not let a bad server pass either");
    end();
}

static void mutual_authentication(void) {
    static const char *const identities[] = { "client", "intruder", NULL };
    for (size_t i = 0; i < 3; ++i) {
        reset_fakes(SIZE_MAX);
        client_config = new_config(false, "root.pem", identities[i]);
        server_config = new_config(true, "root.pem", "server");
        tls_config_set_verify_mode(server_config, TLS_VERIFY_REQUIRED);
        open_pair("server.test");
        int client_ret, server_ret;
        shake(&client_ret, &server_ret);
        size_t len;
        if (i == 0) {
            CHECK(client_ret == 0 && server_ret == 0, "a client with a certificate is let in");
            CHECK(tls_conn_peer_cert(&server_conn, &len) != NULL, "the server knows its certificate");
        } else if (i == 1) {
            CHECK(is_code(server_ret, VERIFY_FAILED, "not correctly signed"), "a stranger's certificate is refused");
        } else {
            CHECK(is_code(server_ret, -0x7480, "MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE"), "no certificate is refused");
            char byte;
            int ret = client_ret == 0 ? net_recv(&client, &byte, 1, 0, NULL) : client_ret;
            CHECK(is_code(ret, FATAL_ALERT, "FATAL_ALERT"), "and the client is told");
        }
        end();
    }
}

static int verify_depths, verify_answer;

static int verify(void *arg, const uint8_t *der, size_t len, int depth) {
    CHECK(arg == &verify_depths && der[0] == 0x30 && len > 100, "the callback sees each certificate");
    verify_depths |= 1 << depth;
    return verify_answer;
}

static void the_callback_decides(void) {
    for (verify_answer = 0; verify_answer < 2; ++verify_answer) {
        reset_fakes(SIZE_MAX);
        verify_depths = 0;
        client_config = new_config(false, NULL, NULL);
        server_config = new_config(true, NULL, "server");
        tls_config_set_verify_mode(client_config, TLS_VERIFY_OPTIONAL);
        tls_config_set_verify_callback(client_config, verify, &verify_depths);
        open_pair("server.test");
        int client_ret, server_ret;
        shake(&client_ret, &server_ret);
        CHECK(verify_depths == 1, "it is called for the only certificate of the chain");
        if (verify_answer == 0) {
            CHECK(client_ret == 0 && server_ret == 0, "its 0 lets a certificate without CA pass");
        } else {
            CHECK(is_code(client_ret, -1, "MBEDTLS_ERR_ERROR_GENERIC_ERROR"), "its 1 refuses");
        }
        end();
    }
}

static void whole_handshake(void) {
    expect_connected();
    transfer(&server, &client, 1); // where TLS 1.3 sends its tickets
}

static int client_callbacks;

static int count_callbacks(void *arg, const uint8_t *der, size_t len, int depth) {
    (void)arg;
    (void)der;
    (void)len;
    (void)depth;
    ++client_callbacks;
    return 0;
}

// A copy of the session of a client that verifies nothing; replaces *copy.
static void session_made_without_verification(uint8_t **copy, size_t *len, tls_config_t *config) {
    reset_fakes(SIZE_MAX);
    client_config = new_config(false, NULL, NULL);
    tls_config_set_verify_mode(client_config, TLS_VERIFY_NONE);
    server_config = config;
    tls_config_ref(config);
    open_pair(NULL);
    whole_handshake();
    const uint8_t *session;
    CHECK(tls_conn_save_session(&client_conn, &session, len) == 0, "such a session can be saved too");
    *copy = realloc(*copy, *len);
    memcpy(*copy, session, *len);
    end();
}

static void sessions_resume(void) {
    begin("root.pem", "server", "server.test", SIZE_MAX);
    whole_handshake();
    const uint8_t *session, *again;
    size_t len, again_len;
    CHECK(tls_conn_save_session(&client_conn, &session, &len) == 0, "a session can be saved");
    CHECK(tls_conn_save_session(&client_conn, &again, &again_len) == 0 && again == session && again_len == len,
        "also twice");
    uint8_t *copy = malloc(len);
    memcpy(copy, session, len);
    CHECK(tls_session_check(copy, len) == 0, "it is a session");
    CHECK(tls_session_check(copy, len / 2) == -NET_EINVAL, "half of it is none");
    net_close(&client);
    net_close(&server);

    // The second time no certificate is sent: the callback is not called.
    reset_fakes(SIZE_MAX);
    tls_config_set_verify_callback(client_config, count_callbacks, NULL);
    tls_conn_options_t options = { .hostname = "server.test", .session = copy, .session_len = len };
    CHECK(open_conn(&client_conn, &client, &fakes[0], client_config, &options) == 0, "a session can be offered");
    options = (tls_conn_options_t) { 0 };
    CHECK(open_conn(&server_conn, &server, &fakes[1], server_config, &options) == 0, "a server opens");
    expect_connected();
    CHECK(client_callbacks == 0, "the server resumes: nothing is verified again");
    transfer(&client, &server, 100);
    end();

    // One made without verification, or for another host, is no way around it.
    tls_config_t *config = new_config(true, NULL, "server");
    session_made_without_verification(&copy, &len, config);
    static const struct {
        const char *ca, *hostname;
        bool resumes;
    } rows[] = { { "stranger.pem", NULL, false }, { NULL, NULL, true }, { NULL, "server.test", false } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        reset_fakes(SIZE_MAX);
        client_config = new_config(false, rows[i].ca, NULL);
        server_config = config;
        tls_config_ref(config);
        if (rows[i].ca == NULL) {
            tls_config_set_verify_mode(client_config, TLS_VERIFY_NONE);
        }
        options = (tls_conn_options_t) { .hostname = rows[i].hostname, .session = copy, .session_len = len };
        open_conn(&client_conn, &client, &fakes[0], client_config, &options);
        options = (tls_conn_options_t) { 0 };
        open_conn(&server_conn, &server, &fakes[1], server_config, &options);
        int client_ret, server_ret;
        tls_conn_handshake(&client_conn);
        tls_conn_handshake(&server_conn);
        // The server's first flight: the whole one has the certificate in it.
        bool whole = fakes[0].tail > 300;
        shake(&client_ret, &server_ret);
        CHECK(whole != rows[i].resumes, "a session is offered only where it would pass today");
        CHECK(rows[i].ca == NULL || is_code(client_ret, VERIFY_FAILED, "not correctly signed"),
            "an unverified session does not pass for a verified one");
        end();
    }
    tls_config_unref(config);
    free(copy);
}

static void connect_goes_through_both_layers(void) {
    reset_fakes(SIZE_MAX);
    fakes[0].connect_answer = -NET_ENOTCONN;
    client_config = new_config(false, "root.pem", NULL);
    server_config = new_config(true, NULL, "server");
    open_pair("server.test");
    net_addr_t addr = { .family = NET_AF_INET };
    CHECK(!tls_conn_started(&client_conn), "an unconnected socket waits for connect");
    CHECK(net_send(&client, "x", 1, NULL) == -NET_ENOTCONN, "nothing goes before it");
    CHECK(net_connect(&client, &addr) == -NET_EINPROGRESS, "connect begins with TCP");
    CHECK(net_connect(&client, &addr) == -NET_EALREADY, "a second one is told so");
    CHECK(net_send(&client, "x", 1, NULL) == -NET_EAGAIN, "data has to wait");
    fakes[0].connect_answer = 0;
    int client_ret = -NET_EINPROGRESS, server_ret = -NET_EINPROGRESS;
    for (int i = 0; i < 100 && (client_ret != 0 || server_ret != 0); ++i) {
        client_ret = net_connect_result(&client);
        server_ret = net_connect_result(&server);
    }
    CHECK(client_ret == 0 && server_ret == 0, "connect_result carries the handshake on until it is done");
    transfer(&client, &server, 10);
    end();

    begin("root.pem", "server", "server.test", SIZE_MAX);
    net_close(&client);
    fakes[0].connect_answer = -NET_ECONNREFUSED;
    tls_conn_options_t options = { .hostname = "server.test" };
    net_socket_t s = { .ops = &fake_ops, .ctx = &fakes[0] };
    CHECK(tls_conn_open(&client_conn, &s, &s, client_config, &options) == -NET_ECONNREFUSED && s.ops == &fake_ops,
        "a socket that failed to connect is not wrapped and not touched");
    end();
}

static void poll_and_wait_ask_for_the_right_thing(void) {
    begin("root.pem", "server", "server.test", SIZE_MAX);
    fakes[0].room = 0;
    CHECK(tls_conn_handshake(&client_conn) == -NET_EAGAIN, "no room for the first message");
    CHECK(net_poll(&client, NET_POLLIN) == 0, "so that a reader is not ready");
    fakes[0].room = SIZE_MAX;
    CHECK(net_poll(&client, NET_POLLIN) == NET_POLLIN, "but is when there is room");
    CHECK(net_wait(&client, NET_POLLIN, 100) != 0 && fakes[0].wait_want == (NET_POLLOUT), "wait waits for room");
    expect_connected();
    CHECK(net_poll(&client, NET_POLLIN | NET_POLLOUT) == NET_POLLOUT, "a quiet connection can be written to");
    net_send(&server, "123456", 6, NULL);
    CHECK(net_poll(&client, NET_POLLIN) == NET_POLLIN, "data below is readable");
    char buf[3];
    CHECK(net_recv(&client, buf, 3, 0, NULL) == 3 && fakes[0].tail == fakes[0].head, "the rest is inside TLS");
    CHECK(net_poll(&client, NET_POLLIN) == NET_POLLIN, "and still readable");
    fakes[0].waits = 0;
    CHECK(net_wait(&client, NET_POLLIN, 100) != 0 && fakes[0].waits == 0, "waiting for it does not wait");
    CHECK(net_recv(&client, buf, 3, 0, NULL) == 3, "the rest arrives");
    CHECK(net_poll(&client, NET_POLLIN) == 0, "then nothing is readable");
    CHECK(net_recv(&client, buf, 3, 0, NULL) == -NET_EAGAIN, "then there is nothing");
    end();
}

static void a_record_without_room_is_kept(void) {
    begin("root.pem", "server", "server.test", SIZE_MAX);
    expect_connected();
    fakes[0].room = 10;
    CHECK(net_send(&client, "hello", 5, NULL) == -NET_EAGAIN, "no room for the record");
    CHECK(net_poll(&client, NET_POLLOUT) == 0, "so that a writer is not ready");
    fakes[0].room = SIZE_MAX;
    CHECK(net_send(&client, "hell", 4, NULL) == -NET_EINVAL, "less than before is a mistake");
    CHECK(net_send(&client, "hello", 5, NULL) == 5, "the same again goes");
    char buf[16];
    CHECK(net_recv(&server, buf, sizeof(buf), 0, NULL) == 5, "and arrives once");
    CHECK(net_recv(&server, buf, sizeof(buf), 0, NULL) == -NET_EAGAIN, "and only once");
    end();
}

static void handshakes_end_in_time(void) {
    begin("root.pem", "server", "server.test", SIZE_MAX);
    CHECK(tls_conn_handshake(&client_conn) == -NET_EAGAIN, "the server says nothing");
    int waits = 0;
    while (waits < 1000 && net_wait(&client, NET_POLLOUT, 100) == 0) {
        ++waits;
    }
    CHECK(waits == TLS_HANDSHAKE_MS / 100 - 1, "waiting for a silent server ends after the time given");
    CHECK(is_code(net_connect_result(&client), -0x6800, "MBEDTLS_ERR_SSL_TIMEOUT"), "with a timeout");
    end();
}

static void errors_of_the_socket_below_keep_their_number(void) {
    begin("root.pem", "server", "server.test", SIZE_MAX);
    fakes[0].error = -NET_ECONNRESET;
    CHECK(tls_conn_handshake(&client_conn) == -NET_ECONNRESET, "a reset during the handshake is a reset");
    CHECK(net_send(&client, "x", 1, NULL) == -NET_ECONNRESET, "and ends the connection");
    end();
    begin("root.pem", "server", "server.test", SIZE_MAX);
    fakes[0].eof = true;
    CHECK(is_code(tls_conn_handshake(&client_conn), -0x7280, "MBEDTLS_ERR_SSL_CONN_EOF"),
        "a peer that hangs up during the handshake is an error");
    end();
}

static void bad_files_are_refused(void) {
    tls_config_t *config = new_config(true, NULL, NULL);
    file_t cert = load("server.pem"), key = load("server.key.pem"), other = load("client.key.pem");
    CHECK(tls_config_add_ca(config, (const uint8_t *)"!", 1) == TLS_ERR_BAD_CERT, "no certificate");
    CHECK(tls_config_add_ca(config, key.data, key.len) == TLS_ERR_BAD_CERT, "a key is no certificate");
    CHECK(!tls_config_has_ca(config), "a bad CA is not taken");
    CHECK(tls_config_add_identity(config, cert.data, cert.len, cert.data, cert.len) == TLS_ERR_BAD_KEY, "no key");
    CHECK(tls_config_add_identity(config, key.data, key.len, key.data, key.len) == TLS_ERR_BAD_CERT, "no certificate");
    CHECK(!tls_config_has_identity(config), "a bad identity is not taken");
    CHECK(tls_config_add_identity(config, cert.data, cert.len, other.data, other.len) == 0
        && !tls_config_key_matches(config), "somebody else's key is noticed when asked");
    file_t der = load("server.der"), key_der = load("server.key.der"), ca_der = load("root.der");
    CHECK(tls_config_add_identity(config, der.data, der.len, key_der.data, key_der.len) == 0
        && tls_config_key_matches(config), "DER is accepted");
    CHECK(tls_config_add_ca(config, ca_der.data, ca_der.len) == 0, "also of a CA");
    static const char *const none[] = { "TLS-NO-SUCH-SUITE" };
    CHECK(is_code(tls_config_set_ciphers(config, none, 1), -0x5E80, "MBEDTLS_ERR_SSL_BAD_CONFIG"), "no such suite");
    CHECK(tls_config_set_verify_mode(config, 3) == -NET_EINVAL, "no such mode");
    tls_config_unref(config);
}

static void rsa_and_chosen_ciphers_work(void) {
    begin("root.pem", "rsa", "server.test", SIZE_MAX);
    net_close(&client);
    net_close(&server);
    static const char *const suites[] = { "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256" };
    CHECK(tls_config_set_ciphers(client_config, suites, 1) == 0, "a suite can be chosen");
    reset_fakes(SIZE_MAX);
    open_pair("server.test");
    expect_connected();
    CHECK(strcmp(tls_conn_cipher(&client_conn), suites[0]) == 0, "and is the one that is used");
    transfer(&client, &server, 100);
    end();
}

static void somebody_else_is_in_the_connection(void) {
    begin("root.pem", "server", "server.test", SIZE_MAX);
    expect_connected();
    char byte;
    int idle = atomic_exchange(&client_conn.lock, 1); // as another thread would have it
    CHECK(net_recv(&client, &byte, 1, 0, NULL) == -NET_EAGAIN, "a second user has to wait");
    CHECK(net_wait(&client, NET_POLLIN, 1000) != 0 && fakes[0].wait_want == 0,
        "and does so without asking for data");
    net_close(&client);
    CHECK(fakes[0].closes == 0, "close leaves the connection to its user");
    atomic_store(&client_conn.lock, 2);
    CHECK(tls_conn_handshake(&client_conn) == -NET_EAGAIN, "which nobody else gets any more");
    atomic_store(&client_conn.lock, idle);
    client = (net_socket_t) { .ops = &tls_ops, .ctx = &client_conn };
    end();
}

// A thread was deleted in it, by a soft reset; or nobody was in it.
static void an_abandoned_connection_waits_for_nobody(void) {
    for (int busy = 0; busy < 2; ++busy) {
        begin("root.pem", "server", "server.test", SIZE_MAX);
        expect_connected();
        size_t said = fakes[1].tail;
        atomic_store(&client_conn.lock, busy);
        net_abandon(&client);
        CHECK(fakes[0].abandons == 1 && fakes[0].closes == 1, "so is the socket below");
        CHECK((fakes[1].tail > said) == (busy == 0), "goodbye is said by a connection that is at rest");
        net_abandon(&client);
        end();
    }
}

static void random_bytes_differ(void) {
    uint8_t a[32] = { 0 }, b[32] = { 0 }, long_one[3000] = { 0 };
    CHECK(tls_random(NULL, a, 32) == 0 && tls_random(NULL, b, 32) == 0 && memcmp(a, b, 32) != 0, "two draws differ");
    CHECK(tls_random(NULL, long_one, sizeof(long_one)) == 0
        && memcmp(long_one + 2900, (uint8_t[100]) { 0 }, 100) != 0, "a long draw is filled to its end");
}

static void error_names(void) {
    CHECK(is_code(-0x2702, -0x2702, "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED+MBEDTLS_ERR_MPI_FILE_IO_ERROR"),
        "a sum has both names");
    CHECK(is_code(-0x6F80, -0x6F80, "MBEDTLS_ERR_SSL"), "one of SSL");
    CHECK(is_code(-0x7FFF, -0x7FFF, "UNKNOWN (0x7FFF)"), "an unknown one has its number");
}

int main(int argc, char **argv) {
    if (argc != 2) {
        printf("usage: tls_test DIRECTORY\n");
        return 1;
    }
    directory = argv[1];
    data_goes_both_ways(SIZE_MAX);
    data_goes_both_ways(1);
    data_goes_both_ways(100);
    close_says_goodbye();
    truncation_is_the_end_but_not_a_goodbye();
    garbage_is_refused();
    changed_data_is_refused();
    bad_peers_are_refused();
    the_reason_is_told_also_to_who_is_still_writing();
    optional_means_good_or_absent();
    mutual_authentication();
    the_callback_decides();
    sessions_resume();
    connect_goes_through_both_layers();
    poll_and_wait_ask_for_the_right_thing();
    a_record_without_room_is_kept();
    handshakes_end_in_time();
    errors_of_the_socket_below_keep_their_number();
    bad_files_are_refused();
    rsa_and_chosen_ciphers_work();
    somebody_else_is_in_the_connection();
    an_abandoned_connection_waits_for_nobody();
    random_bytes_differ();
    error_names();
    return check_result();
}
