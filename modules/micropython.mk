# The module for MicroPython ports that build with make (unix, qemu).
# Only the bindings are scanned for qstrs; the other rooms are Python-free.
#
# USOCKET_FEATURES, set by the port or on the command line: what is in the firmware.
# sources.cmake has the same rules; tools/check_layers.py compares both.
USOCKET_FEATURES ?= inet tls lora sigfox

USOCKET_UNKNOWN := $(filter-out inet tls lora sigfox,$(USOCKET_FEATURES))
ifneq ($(USOCKET_UNKNOWN),)
$(error USOCKET_FEATURES has '$(USOCKET_UNKNOWN)': allowed are inet, tls, lora and sigfox)
endif
ifeq ($(filter inet lora sigfox,$(USOCKET_FEATURES)),)
$(error USOCKET_FEATURES is '$(USOCKET_FEATURES)': name at least one of inet, lora and sigfox)
endif
ifeq ($(filter inet,$(USOCKET_FEATURES)),)
ifneq ($(filter tls,$(USOCKET_FEATURES)),)
$(error USOCKET_FEATURES is '$(USOCKET_FEATURES)': tls needs inet)
endif
endif

# The rooms of each feature, and the bindings that no other feature needs.
USOCKET_ROOMS_inet := inet
USOCKET_ROOMS_tls := tls
USOCKET_ROOMS_lora := crypto radio lorawan lora
USOCKET_ROOMS_sigfox := crypto radio sigfox
USOCKET_BINDINGS_inet := socket_inet%
USOCKET_BINDINGS_tls := modssl% stream_net%
USOCKET_BINDINGS_lora := modlora% network_radio%
USOCKET_BINDINGS_sigfox := modsigfox% network_radio%

USOCKET_ROOMS := net $(sort $(foreach feature,$(USOCKET_FEATURES),$(USOCKET_ROOMS_$(feature))))
USOCKET_WANTED := $(foreach feature,$(USOCKET_FEATURES),$(USOCKET_BINDINGS_$(feature)))
USOCKET_OPTIONAL := $(foreach feature,inet tls lora sigfox,$(USOCKET_BINDINGS_$(feature)))
USOCKET_BINDINGS := $(notdir $(wildcard $(USERMOD_DIR)/bindings/*.c))
USOCKET_BINDINGS := $(filter-out $(USOCKET_OPTIONAL),$(USOCKET_BINDINGS)) $(filter $(USOCKET_WANTED),$(USOCKET_BINDINGS))

SRC_USERMOD_C += $(addprefix $(USERMOD_DIR)/bindings/,$(USOCKET_BINDINGS))
SRC_USERMOD_LIB_C += $(foreach room,$(USOCKET_ROOMS),$(wildcard $(USERMOD_DIR)/$(room)/*.c))
USOCKET_SWITCH = -DUSOCKET_$(1)=$(if $(filter $(2),$(USOCKET_FEATURES)),1,0)
CFLAGS_USERMOD += -I$(USERMOD_DIR) $(call USOCKET_SWITCH,INET,inet) $(call USOCKET_SWITCH,TLS,tls)
CFLAGS_USERMOD += $(call USOCKET_SWITCH,LORA,lora) $(call USOCKET_SWITCH,SIGFOX,sigfox)
