# The module for MicroPython ports that build with make (unix, qemu).
# Only the bindings are scanned for qstrs; the other rooms are Python-free.
USOCKET_ROOMS = net inet tls crypto radio lorawan lora sigfox
SRC_USERMOD_C += $(wildcard $(USERMOD_DIR)/bindings/*.c)
SRC_USERMOD_LIB_C += $(foreach room,$(USOCKET_ROOMS),$(wildcard $(USERMOD_DIR)/$(room)/*.c))
CFLAGS_USERMOD += -I$(USERMOD_DIR)
