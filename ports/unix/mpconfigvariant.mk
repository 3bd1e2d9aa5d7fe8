# Host firmware: what of the unix port is built, and what is linked to it.
PROG ?= usocket
FROZEN_MANIFEST ?= $(VARIANT_DIR)/manifest.py

# Ours instead of the port's.
MICROPY_PY_SOCKET = 0
MICROPY_PY_SSL = 0
MICROPY_SSL_MBEDTLS = 0
MICROPY_PY_BTREE = 0
MICROPY_PY_FFI = 0
# The port's switch would turn the global lock off; see mpconfigvariant.h.
MICROPY_PY_THREAD = 0
LDFLAGS += -lpthread
# Error numbers are the ESP32's. Forced into every file, since a file may include
# py/mperrno.h before anything else.
CFLAGS += -include $(VARIANT_DIR)/newlib_mperrno.h
QSTR_GLOBAL_DEPENDENCIES += $(VARIANT_DIR)/newlib_mperrno.h

# Module radiosim, which the QEMU firmware shares.
SRC_C += $(wildcard $(VARIANT_DIR)/../radiosim/*.c)
CFLAGS += -I$(VARIANT_DIR)/../radiosim

# lwIP and mbedTLS, built by CMake into USOCKET_HOST_BUILD (tools/fw.py passes
# it and the source directories).
CFLAGS += -I$(VARIANT_DIR)/lwip -I$(VARIANT_DIR)/host -I$(VARIANT_DIR)/mbedtls -I$(VARIANT_DIR)/../sim
CFLAGS += -I$(LWIP_DIR)/src/include
CFLAGS += -I$(MBEDTLS_DIR)/include -DMBEDTLS_CONFIG_FILE='"mbedtls_config_host.h"'
LDFLAGS += -Wl,--start-group $(addprefix $(USOCKET_HOST_BUILD)/lib,host_net.a host_radio.a sim.a host_lwip.a) \
	$(addprefix $(USOCKET_HOST_BUILD)/mbedtls/library/,libmbedtls.a libmbedx509.a libmbedcrypto.a) -Wl,--end-group
LDFLAGS += $(shell pkg-config --libs slirp)
LDFLAGS += -Wl,--wrap=mbedtls_ssl_config_defaults
# A board's REPL (host_repl.c).
comma := ,
SHARED_SRC_C_EXTRA += runtime/pyexec.c
LDFLAGS += $(addprefix -Wl$(comma)--wrap=mp_hal_,set_interrupt_char stdin_rx_chr \
	stdout_tx_strn stdout_tx_strn_cooked stdio_mode_raw stdio_mode_orig)
# The firmware's clock may be simulated (clock_port.c).
LDFLAGS += $(addprefix -Wl$(comma)--wrap=mp_hal_,ticks_ms ticks_us time_ns delay_ms)
$(BUILD)/extmod/modtime.o: CFLAGS += -DCLOCK_PORT_REPLACE -include $(VARIANT_DIR)/clock_port.h
# Names instead of sentences in TLS errors, as on the ESP32.
SRC_THIRDPARTY_C += lib/mbedtls_errors/esp32_mbedtls_errors.c
