// The TLS family: a decorator. A TLS connection wraps another net socket and is
// itself one, through tls_ops, so that it has the whole socket API.
//
// Python-free. Nothing here blocks but wait(). Every function returns 0 or more,
// or a negative code: above -256 an errno of net/net_errno.h, negated; below
// that a TLS failure, for tls_error_describe().
//
// Threads: every operation on a connection takes it for its duration; a second
// one meanwhile answers -NET_EAGAIN, and wait() then returns soon. A connection
// may be closed while another thread is in an operation or in wait().
// SPDX-License-Identifier: MIT
#ifndef USOCKET_TLS_TLS_H
#define USOCKET_TLS_TLS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mbedtls/build_info.h"
#include "mbedtls/ssl.h"

#include "net/net.h"

// Who is asked for a certificate, and what happens when it is bad. The values of
// ssl.CERT_*. OPTIONAL lets a client without a certificate in; a certificate that
// is there must be good, unless a verify callback has taken the decision over.
#define TLS_VERIFY_NONE (0)
#define TLS_VERIFY_OPTIONAL (1)
#define TLS_VERIFY_REQUIRED (2)

// What a connection is made from: role, certificates, keys. Shared by any number
// of connections, counted by references. It may be changed while connections use
// it; change it before the connections are opened that are to see the change.
typedef struct _tls_config_t tls_config_t;

// Called for each certificate of the peer's chain, the root first (depth counts
// down to 0). Not 0 refuses the peer; below -255 it is also what the handshake
// answers.
typedef int (*tls_verify_fn)(void *arg, const uint8_t *der, size_t len, int depth);

// Makes *config with one reference. Clients verify (REQUIRED), servers do not.
int tls_config_new(tls_config_t **config, bool server);
void tls_config_ref(tls_config_t *config);
void tls_config_unref(tls_config_t *config); // NULL is fine
bool tls_config_is_server(const tls_config_t *config);
int tls_config_verify_mode(const tls_config_t *config);
int tls_config_set_verify_mode(tls_config_t *config, int mode); // -NET_EINVAL
// NULL takes the callback away.
void tls_config_set_verify_callback(tls_config_t *config, tls_verify_fn fn, void *arg);
bool tls_config_has_ca(const tls_config_t *config);
bool tls_config_has_identity(const tls_config_t *config);
// Certificates to trust, and our own chain with its key. DER, or PEM with its
// NUL: len counts the NUL then. On failure nothing is added. The key is copied.
int tls_config_add_ca(tls_config_t *config, const uint8_t *ca, size_t len);
int tls_config_add_identity(tls_config_t *config, const uint8_t *cert, size_t cert_len,
    const uint8_t *key, size_t key_len);
// Whether the identity that was added last has a key that belongs to its
// certificate. (add_identity does not ask: upstream accepts any pair.)
bool tls_config_key_matches(const tls_config_t *config);
// The suites to offer, by mbedTLS's names, best first; an unknown one, or none, is
// refused.
int tls_config_set_ciphers(tls_config_t *config, const char *const *names, size_t count);

// The name of the index-th suite that this build has, NULL after the last.
const char *tls_cipher_name(size_t index);

// add_identity: which of the two was bad.
#define TLS_ERR_BAD_KEY (-0x4000001)
#define TLS_ERR_BAD_CERT (-0x4000002)

// One connection; the caller's memory, which must not move. Its fields are for
// the room only.
typedef struct {
    mbedtls_ssl_context ssl;
    tls_config_t *config; // one reference
    net_socket_t below;
    atomic_int lock;
    uint32_t handshake_ms; // time left to wait for the peer's handshake
    size_t pending_write; // bytes of the record that waits for room below
    tls_verify_fn verify; // the config's when the connection was opened
    void *verify_arg;
    char *hostname; // asked for; NULL if none
    uint8_t *session; // what tls_conn_save_session() gave out; NULL before
    size_t session_len;
    int error; // why it failed; answered by every operation from then on
    int bio_error; // what the socket below, or the callback, answered in this operation
    uint8_t state;
    uint8_t handshake_want; // what the handshake waits for below: NET_POLL*
    uint8_t read_want; // what the last recv waits for
    uint8_t write_want;
    bool borrowed;
    bool offload;
    bool eof;
    bool close_notify; // the peer's
    bool verified; // the peer's certificate is good
} tls_conn_t;

extern const net_ops_t tls_ops;

// How to open a connection. hostname: sent to the server, and checked against its
// certificate; NULL sends and checks none (and is then the caller's decision).
typedef struct {
    const char *hostname;
    // Resume this session if the peer agrees: bytes of tls_conn_save_session(). It
    // is passed over when it was made for another host name, or without the
    // verification that the config asks for now.
    const uint8_t *session;
    size_t session_len;
    // How long to wait for the peer during the handshake, 0 for the default.
    uint32_t handshake_ms;
    // The socket below belongs to somebody else: a failure leaves it open, and only
    // net_close() closes it.
    bool borrowed;
    // wait() may compute: it also runs the handshake. Not for sockets below, or
    // callbacks, that need a lock which the caller of wait() has released.
    bool offload;
} tls_conn_options_t;

#define TLS_HANDSHAKE_MS (10000)

// Turns *s into a TLS socket over *below, whose contents move into the
// connection: *below is closed (ops NULL) afterwards. *s and *below may be the
// same. On failure *s and *below are as before. The connection ends with
// net_close(s). below may be new, connecting or connected.
int tls_conn_open(tls_conn_t *conn, net_socket_t *s, net_socket_t *below,
    tls_config_t *config, const tls_conn_options_t *options);

// Forget a borrowed socket below: nothing is sent to it or asked of it any more.
void tls_conn_let_go(tls_conn_t *conn);

// One step of the handshake: 0 when it is done, -NET_EAGAIN when it waits for the
// peer (then wait() and come back), -NET_EINPROGRESS when TCP is still connecting,
// -NET_ENOTCONN when nobody has called connect, else why it failed.
int tls_conn_handshake(tls_conn_t *conn);
// True once a handshake is possible: the socket below has been told to connect.
bool tls_conn_started(const tls_conn_t *conn);
// True when the handshake is done and the connection works.
bool tls_conn_ready(const tls_conn_t *conn);
// Whether the peer ended the stream as TLS wants it (close_notify), and not by
// closing TCP, which anybody in between can do. recv() answers 0 in both cases.
bool tls_conn_closed_by_peer(const tls_conn_t *conn);
// The names in use, NULL before the handshake is done.
const char *tls_conn_cipher(tls_conn_t *conn);
const char *tls_conn_version(tls_conn_t *conn);
// The peer's certificate (DER), valid until the connection is used again. NULL if none.
const uint8_t *tls_conn_peer_cert(tls_conn_t *conn, size_t *len);
// The session, to resume it later: *session points into the connection and is
// valid until it ends. It holds secrets. -NET_ENOTCONN before the handshake is done.
int tls_conn_save_session(tls_conn_t *conn, const uint8_t **session, size_t *len);
// Whether these bytes are a session that this firmware can use: 0 or -NET_EINVAL.
int tls_session_check(const uint8_t *session, size_t len);

// For a TLS failure, its number (negative, mbedTLS's own) and in text its name,
// and for a refused certificate ": " and the reasons. Returns the number.
int tls_error_describe(int ret, char *text, size_t len);
// True for a certificate that was refused; *text then gets only the reasons.
bool tls_error_is_verify(int ret, char *text, size_t len);

// "Mbed TLS 3.6.6"
#define TLS_VERSION_TEXT MBEDTLS_VERSION_STRING_FULL

// Overwrite what was secret, in a way that the compiler keeps.
void tls_wipe(void *secret, size_t len);

// Random bytes, safe from any thread. The signature is mbedTLS's f_rng.
int tls_random(void *unused, unsigned char *out, size_t len);

#endif // USOCKET_TLS_TLS_H
