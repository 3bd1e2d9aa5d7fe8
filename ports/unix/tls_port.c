// What upstream's `tls` module needs on the host firmware.
// SPDX-License-Identifier: MIT
#include "py/mpconfig.h"

#include "mbedtls/ssl.h"

// DTLS servers send cookies, as ESP-IDF's mbedTLS does, but before MicroPython
// 1.26 the module does not set any up, and mbedTLS's default then refuses every
// client. Linked in place of the function it calls (-Wl,--wrap).
int __real_mbedtls_ssl_config_defaults(mbedtls_ssl_config *conf, int endpoint, int transport, int preset);
int __wrap_mbedtls_ssl_config_defaults(mbedtls_ssl_config *conf, int endpoint, int transport, int preset);

int __wrap_mbedtls_ssl_config_defaults(mbedtls_ssl_config *conf, int endpoint, int transport, int preset) {
    int ret = __real_mbedtls_ssl_config_defaults(conf, endpoint, transport, preset);
    #if MICROPY_VERSION < MICROPY_MAKE_VERSION(1, 26, 0)
    if (ret == 0 && endpoint == MBEDTLS_SSL_IS_SERVER && transport == MBEDTLS_SSL_TRANSPORT_DATAGRAM) {
        mbedtls_ssl_conf_dtls_cookies(conf, NULL, NULL, NULL);
    }
    #endif
    return ret;
}
