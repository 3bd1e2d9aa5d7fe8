// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "mbedtls/asn1.h"
#include "mbedtls/bignum.h"
#include "mbedtls/cipher.h"
#include "mbedtls/ecp.h"
#include "mbedtls/md.h"
#include "mbedtls/pem.h"
#include "mbedtls/pk.h"
#include "mbedtls/x509_crt.h"

#include "tls/tls_internal.h"

// A code of mbedTLS is one of these, the other, or their sum.
#define LOW_BITS (0x7F)

// Codes of our own, below every one of mbedTLS's.
#define ERR_LOW (0x10000) // + a code that is all low: it would look like an errno
#define ERR_VERIFY (0x1000000) // + the reasons
#define ERR_VERIFY_MASK (0xFFFFFF)

typedef struct {
    uint16_t code; // negated
    const char *name; // without MBEDTLS_ERR_
} error_name_t;

// The public headers of mbedTLS 3.6: the modules that TLS can answer from.
static const error_name_t high_names[] = {
    { 0x1080, "PEM_NO_HEADER_FOOTER_PRESENT" },
    { 0x1100, "PEM_INVALID_DATA" },
    { 0x1180, "PEM_ALLOC_FAILED" },
    { 0x1200, "PEM_INVALID_ENC_IV" },
    { 0x1280, "PEM_UNKNOWN_ENC_ALG" },
    { 0x1300, "PEM_PASSWORD_REQUIRED" },
    { 0x1380, "PEM_PASSWORD_MISMATCH" },
    { 0x1400, "PEM_FEATURE_UNAVAILABLE" },
    { 0x1480, "PEM_BAD_INPUT_DATA" },
    { 0x1E00, "PKCS12_PASSWORD_MISMATCH" },
    { 0x1E80, "PKCS12_PBE_INVALID_FORMAT" },
    { 0x1F00, "PKCS12_FEATURE_UNAVAILABLE" },
    { 0x1F80, "PKCS12_BAD_INPUT_DATA" },
    { 0x2080, "X509_FEATURE_UNAVAILABLE" },
    { 0x2100, "X509_UNKNOWN_OID" },
    { 0x2180, "X509_INVALID_FORMAT" },
    { 0x2200, "X509_INVALID_VERSION" },
    { 0x2280, "X509_INVALID_SERIAL" },
    { 0x2300, "X509_INVALID_ALG" },
    { 0x2380, "X509_INVALID_NAME" },
    { 0x2400, "X509_INVALID_DATE" },
    { 0x2480, "X509_INVALID_SIGNATURE" },
    { 0x2500, "X509_INVALID_EXTENSIONS" },
    { 0x2580, "X509_UNKNOWN_VERSION" },
    { 0x2600, "X509_UNKNOWN_SIG_ALG" },
    { 0x2680, "X509_SIG_MISMATCH" },
    { 0x2700, "X509_CERT_VERIFY_FAILED" },
    { 0x2780, "X509_CERT_UNKNOWN_FORMAT" },
    { 0x2800, "X509_BAD_INPUT_DATA" },
    { 0x2880, "X509_ALLOC_FAILED" },
    { 0x2900, "X509_FILE_IO_ERROR" },
    { 0x2980, "X509_BUFFER_TOO_SMALL" },
    { 0x2E00, "PKCS5_PASSWORD_MISMATCH" },
    { 0x2E80, "PKCS5_FEATURE_UNAVAILABLE" },
    { 0x2F00, "PKCS5_INVALID_FORMAT" },
    { 0x2F80, "PKCS5_BAD_INPUT_DATA" },
    { 0x3000, "X509_FATAL_ERROR" },
    { 0x3080, "DHM_BAD_INPUT_DATA" },
    { 0x3100, "DHM_READ_PARAMS_FAILED" },
    { 0x3180, "DHM_MAKE_PARAMS_FAILED" },
    { 0x3200, "DHM_READ_PUBLIC_FAILED" },
    { 0x3280, "DHM_MAKE_PUBLIC_FAILED" },
    { 0x3300, "DHM_CALC_SECRET_FAILED" },
    { 0x3380, "DHM_INVALID_FORMAT" },
    { 0x3400, "DHM_ALLOC_FAILED" },
    { 0x3480, "DHM_FILE_IO_ERROR" },
    { 0x3580, "DHM_SET_GROUP_FAILED" },
    { 0x3880, "PK_BUFFER_TOO_SMALL" },
    { 0x3900, "PK_SIG_LEN_MISMATCH" },
    { 0x3980, "PK_FEATURE_UNAVAILABLE" },
    { 0x3A00, "PK_UNKNOWN_NAMED_CURVE" },
    { 0x3A80, "PK_INVALID_ALG" },
    { 0x3B00, "PK_INVALID_PUBKEY" },
    { 0x3B80, "PK_PASSWORD_MISMATCH" },
    { 0x3C00, "PK_PASSWORD_REQUIRED" },
    { 0x3C80, "PK_UNKNOWN_PK_ALG" },
    { 0x3D00, "PK_KEY_INVALID_FORMAT" },
    { 0x3D80, "PK_KEY_INVALID_VERSION" },
    { 0x3E00, "PK_FILE_IO_ERROR" },
    { 0x3E80, "PK_BAD_INPUT_DATA" },
    { 0x3F00, "PK_TYPE_MISMATCH" },
    { 0x3F80, "PK_ALLOC_FAILED" },
    { 0x4080, "RSA_BAD_INPUT_DATA" },
    { 0x4100, "RSA_INVALID_PADDING" },
    { 0x4180, "RSA_KEY_GEN_FAILED" },
    { 0x4200, "RSA_KEY_CHECK_FAILED" },
    { 0x4280, "RSA_PUBLIC_FAILED" },
    { 0x4300, "RSA_PRIVATE_FAILED" },
    { 0x4380, "RSA_VERIFY_FAILED" },
    { 0x4400, "RSA_OUTPUT_TOO_LARGE" },
    { 0x4480, "RSA_RNG_FAILED" },
    { 0x4B00, "ECP_IN_PROGRESS" },
    { 0x4C00, "ECP_SIG_LEN_MISMATCH" },
    { 0x4C80, "ECP_INVALID_KEY" },
    { 0x4D00, "ECP_RANDOM_FAILED" },
    { 0x4D80, "ECP_ALLOC_FAILED" },
    { 0x4E00, "ECP_VERIFY_FAILED" },
    { 0x4E80, "ECP_FEATURE_UNAVAILABLE" },
    { 0x4F00, "ECP_BUFFER_TOO_SMALL" },
    { 0x4F80, "ECP_BAD_INPUT_DATA" },
    { 0x5080, "MD_FEATURE_UNAVAILABLE" },
    { 0x5100, "MD_BAD_INPUT_DATA" },
    { 0x5180, "MD_ALLOC_FAILED" },
    { 0x5200, "MD_FILE_IO_ERROR" },
    { 0x5D80, "SSL_CERTIFICATE_VERIFICATION_WITHOUT_HOSTNAME" },
    { 0x5E80, "SSL_BAD_CONFIG" },
    { 0x5F00, "SSL_VERSION_MISMATCH" },
    { 0x6000, "SSL_UNEXPECTED_CID" },
    { 0x6080, "CIPHER_FEATURE_UNAVAILABLE" },
    { 0x6100, "CIPHER_BAD_INPUT_DATA" },
    { 0x6180, "CIPHER_ALLOC_FAILED" },
    { 0x6200, "CIPHER_INVALID_PADDING" },
    { 0x6280, "CIPHER_FULL_BLOCK_EXPECTED" },
    { 0x6300, "CIPHER_AUTH_FAILED" },
    { 0x6380, "CIPHER_INVALID_CONTEXT" },
    { 0x6480, "SSL_EARLY_MESSAGE" },
    { 0x6500, "SSL_ASYNC_IN_PROGRESS" },
    { 0x6580, "SSL_CONTINUE_PROCESSING" },
    { 0x6600, "SSL_ILLEGAL_PARAMETER" },
    { 0x6680, "SSL_NON_FATAL" },
    { 0x6700, "SSL_UNEXPECTED_RECORD" },
    { 0x6780, "SSL_CLIENT_RECONNECT" },
    { 0x6800, "SSL_TIMEOUT" },
    { 0x6880, "SSL_WANT_WRITE" },
    { 0x6900, "SSL_WANT_READ" },
    { 0x6A00, "SSL_BUFFER_TOO_SMALL" },
    { 0x6A80, "SSL_HELLO_VERIFY_REQUIRED" },
    { 0x6B00, "SSL_WAITING_SERVER_HELLO_RENEGO" },
    { 0x6B80, "SSL_COUNTER_WRAPPING" },
    { 0x6C00, "SSL_INTERNAL_ERROR" },
    { 0x6C80, "SSL_UNKNOWN_IDENTITY" },
    { 0x6D00, "SSL_PK_TYPE_MISMATCH" },
    { 0x6D80, "SSL_SESSION_TICKET_EXPIRED" },
    { 0x6E00, "SSL_HANDSHAKE_FAILURE" },
    { 0x6E80, "SSL_BAD_PROTOCOL_VERSION" },
    { 0x6F80, "SSL_HW_ACCEL_FALLTHROUGH" },
    { 0x7000, "SSL_CRYPTO_IN_PROGRESS" },
    { 0x7080, "SSL_FEATURE_UNAVAILABLE" },
    { 0x7100, "SSL_BAD_INPUT_DATA" },
    { 0x7180, "SSL_INVALID_MAC" },
    { 0x7200, "SSL_INVALID_RECORD" },
    { 0x7280, "SSL_CONN_EOF" },
    { 0x7300, "SSL_DECODE_ERROR" },
    { 0x7400, "SSL_NO_RNG" },
    { 0x7480, "SSL_NO_CLIENT_CERTIFICATE" },
    { 0x7500, "SSL_UNSUPPORTED_EXTENSION" },
    { 0x7580, "SSL_NO_APPLICATION_PROTOCOL" },
    { 0x7600, "SSL_PRIVATE_KEY_REQUIRED" },
    { 0x7680, "SSL_CA_CHAIN_REQUIRED" },
    { 0x7700, "SSL_UNEXPECTED_MESSAGE" },
    { 0x7780, "SSL_FATAL_ALERT_MESSAGE" },
    { 0x7800, "SSL_UNRECOGNIZED_NAME" },
    { 0x7880, "SSL_PEER_CLOSE_NOTIFY" },
    { 0x7A00, "SSL_BAD_CERTIFICATE" },
    { 0x7B00, "SSL_RECEIVED_NEW_SESSION_TICKET" },
    { 0x7B80, "SSL_CANNOT_READ_EARLY_DATA" },
    { 0x7C00, "SSL_RECEIVED_EARLY_DATA" },
    { 0x7C80, "SSL_CANNOT_WRITE_EARLY_DATA" },
    { 0x7E80, "SSL_CACHE_ENTRY_NOT_FOUND" },
    { 0x7F00, "SSL_ALLOC_FAILED" },
    { 0x7F80, "SSL_HW_ACCEL_FAILED" },
};

static const error_name_t low_names[] = {
    { 0x0001, "ERROR_GENERIC_ERROR" },
    { 0x0002, "MPI_FILE_IO_ERROR" },
    { 0x0004, "MPI_BAD_INPUT_DATA" },
    { 0x0006, "MPI_INVALID_CHARACTER" },
    { 0x0008, "MPI_BUFFER_TOO_SMALL" },
    { 0x000A, "MPI_NEGATIVE_VALUE" },
    { 0x000B, "OID_BUF_TOO_SMALL" },
    { 0x000C, "MPI_DIVISION_BY_ZERO" },
    { 0x000D, "CCM_BAD_INPUT" },
    { 0x000E, "MPI_NOT_ACCEPTABLE" },
    { 0x000F, "CCM_AUTH_FAILED" },
    { 0x0010, "MPI_ALLOC_FAILED" },
    { 0x0012, "GCM_AUTH_FAILED" },
    { 0x0014, "GCM_BAD_INPUT" },
    { 0x0016, "GCM_BUFFER_TOO_SMALL" },
    { 0x0020, "AES_INVALID_KEY_LENGTH" },
    { 0x0021, "AES_BAD_INPUT_DATA" },
    { 0x0022, "AES_INVALID_INPUT_LENGTH" },
    { 0x002A, "BASE64_BUFFER_TOO_SMALL" },
    { 0x002C, "BASE64_INVALID_CHARACTER" },
    { 0x002E, "OID_NOT_FOUND" },
    { 0x0034, "CTR_DRBG_ENTROPY_SOURCE_FAILED" },
    { 0x0036, "CTR_DRBG_REQUEST_TOO_BIG" },
    { 0x0038, "CTR_DRBG_INPUT_TOO_BIG" },
    { 0x003A, "CTR_DRBG_FILE_IO_ERROR" },
    { 0x003C, "ENTROPY_SOURCE_FAILED" },
    { 0x003D, "ENTROPY_NO_STRONG_SOURCE" },
    { 0x003E, "ENTROPY_MAX_SOURCES" },
    { 0x003F, "ENTROPY_FILE_IO_ERROR" },
    { 0x0040, "ENTROPY_NO_SOURCES_DEFINED" },
    { 0x0051, "CHACHA20_BAD_INPUT_DATA" },
    { 0x0054, "CHACHAPOLY_BAD_STATE" },
    { 0x0056, "CHACHAPOLY_AUTH_FAILED" },
    { 0x0057, "POLY1305_BAD_INPUT_DATA" },
    { 0x0060, "ASN1_OUT_OF_DATA" },
    { 0x0062, "ASN1_UNEXPECTED_TAG" },
    { 0x0064, "ASN1_INVALID_LENGTH" },
    { 0x0066, "ASN1_LENGTH_MISMATCH" },
    { 0x0068, "ASN1_INVALID_DATA" },
    { 0x006A, "ASN1_ALLOC_FAILED" },
    { 0x006C, "ASN1_BUF_TOO_SMALL" },
    { 0x006E, "ERROR_CORRUPTION_DETECTED" },
    { 0x0070, "PLATFORM_HW_ACCEL_FAILED" },
    { 0x0072, "PLATFORM_FEATURE_UNSUPPORTED" },
    { 0x0073, "SHA1_BAD_INPUT_DATA" },
    { 0x0074, "SHA256_BAD_INPUT_DATA" },
    { 0x0075, "SHA512_BAD_INPUT_DATA" },
};

static const char *find_name(const error_name_t *names, size_t count, int code) {
    for (size_t i = 0; i < count; ++i) {
        if (names[i].code == code) {
            return names[i].name;
        }
    }
    return NULL;
}

#define FIND_NAME(names, code) find_name(names, sizeof(names) / sizeof(names[0]), code)

static bool is_out_of_memory(int high, int low) {
    switch (-high) {
        case MBEDTLS_ERR_SSL_ALLOC_FAILED:
        case MBEDTLS_ERR_X509_ALLOC_FAILED:
        case MBEDTLS_ERR_PK_ALLOC_FAILED:
        case MBEDTLS_ERR_MD_ALLOC_FAILED:
        case MBEDTLS_ERR_PEM_ALLOC_FAILED:
        case MBEDTLS_ERR_CIPHER_ALLOC_FAILED:
        case MBEDTLS_ERR_ECP_ALLOC_FAILED:
            return true;
    }
    return -low == MBEDTLS_ERR_MPI_ALLOC_FAILED || -low == MBEDTLS_ERR_ASN1_ALLOC_FAILED;
}

int tls_error_from(int ret) {
    if (ret >= 0) {
        return ret;
    }
    int high = -ret & ~LOW_BITS;
    int low = -ret & LOW_BITS;
    if (is_out_of_memory(high, low)) {
        return -NET_ENOMEM;
    }
    return high == 0 ? -ERR_LOW - low : ret;
}

int tls_error_verify(uint32_t flags) {
    return -ERR_VERIFY - (int)(flags & ERR_VERIFY_MASK);
}

bool tls_error_is_verify(int ret, char *text, size_t len) {
    if (ret > -ERR_VERIFY || ret <= -ERR_VERIFY - ERR_VERIFY_MASK - 1) {
        return false;
    }
    int n = mbedtls_x509_crt_verify_info(text, len, "", (uint32_t)(-ret & ERR_VERIFY_MASK));
    // One line for each reason, and a newline behind the last.
    for (int i = 0; i < n; ++i) {
        if (text[i] == '\n') {
            text[i] = i + 1 < n ? ';' : '\0';
        }
    }
    if (n <= 0) {
        snprintf(text, len, "refused");
    }
    return true;
}

static void describe_code(int code, char *text, size_t len) {
    int high = -code & ~LOW_BITS;
    int low = -code & LOW_BITS;
    const char *high_name = FIND_NAME(high_names, high);
    const char *low_name = FIND_NAME(low_names, low);
    if ((high != 0 && high_name == NULL) || (low != 0 && low_name == NULL)) {
        snprintf(text, len, "MBEDTLS_ERR_UNKNOWN (0x%04X)", (unsigned)-code);
    } else if (high == 0) {
        snprintf(text, len, "MBEDTLS_ERR_%s", low_name);
    } else if (low == 0) {
        snprintf(text, len, "MBEDTLS_ERR_%s", high_name);
    } else {
        snprintf(text, len, "MBEDTLS_ERR_%s+MBEDTLS_ERR_%s", high_name, low_name);
    }
}

int tls_error_describe(int ret, char *text, size_t len) {
    static const char verify_prefix[] = "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED: ";
    size_t prefix = sizeof(verify_prefix) - 1;
    if (len > prefix && tls_error_is_verify(ret, text + prefix, len - prefix)) {
        memcpy(text, verify_prefix, prefix);
        return MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
    }
    if (ret == TLS_ERR_BAD_KEY) {
        snprintf(text, len, "MBEDTLS_ERR_PK_BAD_INPUT_DATA");
        return MBEDTLS_ERR_PK_BAD_INPUT_DATA;
    }
    if (ret == TLS_ERR_BAD_CERT) {
        snprintf(text, len, "MBEDTLS_ERR_X509_BAD_INPUT_DATA");
        return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
    }
    int code = ret <= -ERR_LOW ? ret + ERR_LOW : ret;
    describe_code(code, text, len);
    return code;
}
