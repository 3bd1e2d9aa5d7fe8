# usocket on MicroPython's qemu port, board MPS2_AN385 (Cortex-M3): LoRa, LoRaWAN and
# Sigfox on the simulated chip. The port is used as it is:
#     make -C ports/qemu BOARD_DIR=THIS_DIRECTORY USER_C_MODULES=REPOSITORY ...
# tools/fwlib/qemu.py has the whole line.
include boards/MPS2_AN385/mpconfigboard.mk

LDSCRIPT = $(BOARD_DIR)/mps2.ld
USOCKET_FEATURES = lora sigfox
USOCKET_PORTS := $(abspath $(BOARD_DIR)/..)
MICROPY_HEAP_SIZE = 131072
FROZEN_MANIFEST = $(BOARD_DIR)/manifest.py

CFLAGS += -DMP_CONFIGFILE='"mpconfig_usocket.h"'
CFLAGS += -I$(USOCKET_PORTS)/qemu -I$(USOCKET_PORTS)/sim -I$(USOCKET_PORTS)/radiosim
# The header is part of every name's definition.
QSTR_GLOBAL_DEPENDENCIES += $(BOARD_DIR)/mpconfig_usocket.h

SRC_C += $(wildcard $(USOCKET_PORTS)/qemu/*.c) $(wildcard $(USOCKET_PORTS)/radiosim/*.c)
# Files and captures of the air are for a PC.
SRC_C += $(filter-out %/sim_pcap.c,$(wildcard $(USOCKET_PORTS)/sim/*.c))

# AES of mbedTLS, which room crypto is made from.
CFLAGS += -I$(BOARD_DIR)/mbedtls -I$(MBEDTLS_DIR)/include
CFLAGS += -DMBEDTLS_CONFIG_FILE='"mbedtls_config_qemu.h"'
LIB_SRC_C += $(addprefix $(MBEDTLS_DIR)/library/,aes.c platform_util.c)

# What the port has of its own and is put aside: it reads the UART when Python asks.
comma := ,
LDFLAGS += -mthumb -mcpu=cortex-m3
LDFLAGS += $(addprefix -Wl$(comma)--wrap=mp_hal_,stdin_rx_chr stdout_tx_strn stdio_poll)
# The C library, for what the port does not need itself.
override LIBS = $(shell $(CC) $(CFLAGS) -print-libgcc-file-name) -lc
