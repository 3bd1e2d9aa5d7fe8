# The peer of the benchmarks: the host firmware with the ESP32 port's own socket
# module in place of ours, compiled where it lies in MicroPython's source tree.
# USER_C_MODULES is the folder above this one; see ../bench_build.py.
# The path is relative to MicroPython's top folder, which make searches.
SRC_USERMOD_C += ports/esp32/modsocket.c
SRC_USERMOD_LIB_C += shared/netutils/netutils.c
# The port looks into the rooms' headers; none of their code is linked.
CFLAGS_USERMOD += -I$(USERMOD_DIR)/include -I$(USERMOD_DIR)/../../../modules

# That file compares signed with unsigned and leaves arguments unused.
$(BUILD)/ports/esp32/modsocket.o: CFLAGS += -Wno-sign-compare
