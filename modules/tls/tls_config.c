// SPDX-License-Identifier: MIT
#include <string.h>

#include "mbedtls/platform.h"
#if defined(MBEDTLS_SSL_PROTO_TLS1_3) || defined(MBEDTLS_USE_PSA_CRYPTO)
#include "psa/crypto.h"
#endif

#include "tls/tls_internal.h"

// A day, as OpenSSL's servers give it.
#define TICKET_LIFETIME_S (86400)

// Tables that mbedTLS fills at their first use, which is not safe from two threads.
static int init_library(void) {
    mbedtls_ssl_list_ciphersuites();
    mbedtls_ecp_grp_id_list();
    #if defined(MBEDTLS_SSL_PROTO_TLS1_3) || defined(MBEDTLS_USE_PSA_CRYPTO)
    if (psa_crypto_init() != PSA_SUCCESS) {
        return -NET_ENOMEM;
    }
    #endif
    return 0;
}

int tls_config_new(tls_config_t **out, bool server) {
    int ret = init_library();
    if (ret < 0) {
        return ret;
    }
    tls_config_t *config = mbedtls_calloc(1, sizeof(*config));
    if (config == NULL) {
        return -NET_ENOMEM;
    }
    atomic_init(&config->refs, 1);
    atomic_flag_clear(&config->handshake);
    config->server = server;
    mbedtls_ssl_config_init(&config->ssl);
    ret = mbedtls_ssl_config_defaults(&config->ssl,
        server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
        MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (ret != 0) {
        tls_config_unref(config);
        return tls_error_from(ret);
    }
    mbedtls_ssl_conf_rng(&config->ssl, tls_random, NULL);
    tls_config_set_verify_mode(config, server ? TLS_VERIFY_NONE : TLS_VERIFY_REQUIRED);
    *out = config;
    return 0;
}

void tls_config_ref(tls_config_t *config) {
    atomic_fetch_add(&config->refs, 1);
}

static void free_certificate(mbedtls_x509_crt *cert) {
    if (cert != NULL) {
        mbedtls_x509_crt_free(cert);
        mbedtls_free(cert);
    }
}

static void free_identity(tls_identity_t *identity) {
    mbedtls_pk_free(&identity->key);
    mbedtls_x509_crt_free(&identity->cert);
    mbedtls_free(identity);
}

void tls_config_unref(tls_config_t *config) {
    if (config == NULL || atomic_fetch_sub(&config->refs, 1) != 1) {
        return;
    }
    mbedtls_ssl_config_free(&config->ssl);
    free_certificate(config->ca);
    for (tls_identity_t *next, *id = config->identities; id != NULL; id = next) {
        next = id->next;
        free_identity(id);
    }
    for (tls_ciphers_t *next, *list = config->ciphers; list != NULL; list = next) {
        next = list->next;
        mbedtls_free(list);
    }
    #if defined(MBEDTLS_SSL_TICKET_C)
    if (config->has_ticket) {
        mbedtls_ssl_ticket_free(&config->ticket);
    }
    #endif
    mbedtls_free(config);
}

bool tls_config_is_server(const tls_config_t *config) {
    return config->server;
}

int tls_config_verify_mode(const tls_config_t *config) {
    return config->verify_mode;
}

int tls_config_set_verify_mode(tls_config_t *config, int mode) {
    if (mode < TLS_VERIFY_NONE || mode > TLS_VERIFY_REQUIRED) {
        return -NET_EINVAL;
    }
    config->verify_mode = (uint8_t)mode;
    mbedtls_ssl_conf_authmode(&config->ssl, mode); // the same numbers
    return 0;
}

void tls_config_set_verify_callback(tls_config_t *config, tls_verify_fn fn, void *arg) {
    config->verify = NULL;
    config->verify_arg = arg;
    config->verify = fn;
}

bool tls_config_has_ca(const tls_config_t *config) {
    return config->ca != NULL;
}

bool tls_config_has_identity(const tls_config_t *config) {
    return config->identities != NULL;
}

int tls_config_add_ca(tls_config_t *config, const uint8_t *data, size_t len) {
    mbedtls_x509_crt *ca = mbedtls_calloc(1, sizeof(*ca));
    if (ca == NULL) {
        return -NET_ENOMEM;
    }
    mbedtls_x509_crt_init(ca);
    // Positive: some certificates of a bundle are of a kind unknown here.
    int ret = mbedtls_x509_crt_parse(ca, data, len);
    if (ret < 0 || ca->raw.p == NULL) {
        free_certificate(ca);
        ret = tls_error_from(ret);
        return ret == -NET_ENOMEM ? ret : TLS_ERR_BAD_CERT;
    }
    if (config->ca == NULL) {
        config->ca = ca;
        mbedtls_ssl_conf_ca_chain(&config->ssl, ca, NULL);
        return 0;
    }
    // One store links the new ones, whoever walks the list meanwhile.
    mbedtls_x509_crt *last = config->ca;
    while (last->next != NULL) {
        last = last->next;
    }
    last->next = ca;
    return 0;
}

// Whether the key is the certificate's, as far as this build of mbedTLS can tell.
static bool key_matches(const tls_identity_t *identity) {
    #if defined(MBEDTLS_PK_WRITE_C)
    enum { SIZE = 1100 }; // RSA with 8192 bits
    unsigned char *buf = mbedtls_calloc(2, SIZE);
    if (buf == NULL) {
        return true;
    }
    // Both are written to the end of their buffer.
    int cert_len = mbedtls_pk_write_pubkey_der(&identity->cert.pk, buf, SIZE);
    int key_len = mbedtls_pk_write_pubkey_der(&identity->key, buf + SIZE, SIZE);
    bool match = cert_len <= 0 || key_len <= 0
        || (cert_len == key_len
            && memcmp(buf + SIZE - cert_len, buf + 2 * SIZE - key_len, (size_t)key_len) == 0);
    mbedtls_free(buf);
    return match;
    #else
    (void)identity;
    return true;
    #endif
}

static int parse_identity(tls_identity_t *identity, const uint8_t *cert, size_t cert_len,
    const uint8_t *key, size_t key_len) {
    int ret = mbedtls_pk_parse_key(&identity->key, key, key_len, NULL, 0, tls_random, NULL);
    if (ret != 0) {
        ret = tls_error_from(ret);
        return ret == -NET_ENOMEM ? ret : TLS_ERR_BAD_KEY;
    }
    ret = mbedtls_x509_crt_parse(&identity->cert, cert, cert_len);
    if (ret != 0) {
        ret = tls_error_from(ret);
        return ret == -NET_ENOMEM ? ret : TLS_ERR_BAD_CERT;
    }
    return 0;
}

bool tls_config_key_matches(const tls_config_t *config) {
    return config->identities == NULL || key_matches(config->identities);
}

static void offer_tickets(tls_config_t *config) {
    #if defined(MBEDTLS_SSL_TICKET_C) && defined(MBEDTLS_SSL_SESSION_TICKETS)
    if (!config->server || config->has_ticket) {
        return;
    }
    mbedtls_ssl_ticket_init(&config->ticket);
    int ret = mbedtls_ssl_ticket_setup(&config->ticket, tls_random, NULL,
        MBEDTLS_CIPHER_AES_256_GCM, TICKET_LIFETIME_S);
    if (ret != 0) {
        // Without tickets clients do the whole handshake each time: it still works.
        mbedtls_ssl_ticket_free(&config->ticket);
        return;
    }
    config->has_ticket = true;
    mbedtls_ssl_conf_session_tickets_cb(&config->ssl, mbedtls_ssl_ticket_write,
        mbedtls_ssl_ticket_parse, &config->ticket);
    #else
    (void)config;
    #endif
}

int tls_config_add_identity(tls_config_t *config, const uint8_t *cert, size_t cert_len,
    const uint8_t *key, size_t key_len) {
    tls_identity_t *identity = mbedtls_calloc(1, sizeof(*identity));
    if (identity == NULL) {
        return -NET_ENOMEM;
    }
    mbedtls_x509_crt_init(&identity->cert);
    mbedtls_pk_init(&identity->key);
    int ret = parse_identity(identity, cert, cert_len, key, key_len);
    if (ret == 0) {
        ret = tls_error_from(
            mbedtls_ssl_conf_own_cert(&config->ssl, &identity->cert, &identity->key));
    }
    if (ret != 0) {
        free_identity(identity);
        return ret;
    }
    identity->next = config->identities;
    config->identities = identity;
    offer_tickets(config);
    return 0;
}

int tls_config_set_ciphers(tls_config_t *config, const char *const *names, size_t count) {
    tls_ciphers_t *list = mbedtls_calloc(1, sizeof(*list) + (count + 1) * sizeof(int));
    if (list == NULL) {
        return -NET_ENOMEM;
    }
    for (size_t i = 0; i < count; ++i) {
        list->ids[i] = mbedtls_ssl_get_ciphersuite_id(names[i]);
        if (list->ids[i] == 0) {
            count = 0;
        }
    }
    if (count == 0) {
        mbedtls_free(list);
        return MBEDTLS_ERR_SSL_BAD_CONFIG;
    }
    list->next = config->ciphers;
    config->ciphers = list;
    mbedtls_ssl_conf_ciphersuites(&config->ssl, list->ids);
    return 0;
}

const char *tls_cipher_name(size_t index) {
    const int *ids = mbedtls_ssl_list_ciphersuites();
    for (size_t i = 0; ids[i] != 0; ++i) {
        if (i == index) {
            return mbedtls_ssl_get_ciphersuite_name(ids[i]);
        }
    }
    return NULL;
}
