// mbedTLS on QEMU: the block cipher that room crypto needs, with its tables in
// flash, and nothing else.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_QEMU_MBEDTLS_CONFIG_QEMU_H
#define USOCKET_PORTS_QEMU_MBEDTLS_CONFIG_QEMU_H

#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_ONLY_128_BIT_KEY_LENGTH
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT

#endif // USOCKET_PORTS_QEMU_MBEDTLS_CONFIG_QEMU_H
